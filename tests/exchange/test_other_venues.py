"""Answers that were recorded at Bybit and OKX: envelopes, and codes of an order's own row, prove what they say."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.exchange.codes import VenueCodes
from adapters.exchange.outcome import Ask, Raised, interpret, interpret_raised
from tests.exchange.binance.test_recorded import has, named
from tests.exchange.other_venues import BYBIT, OKX

TABLES: dict[str, VenueCodes] = {"bybit": BYBIT, "okx": OKX}
FOLDER = Path(__file__).parent / "payloads"
ANSWERS = [(venue, each) for venue in TABLES for each in json.loads((FOLDER / f"{venue}.json").read_text())["answers"]]


@pytest.mark.parametrize(("venue", "each"), ANSWERS, ids=named)
def test_a_recorded_answer_proves_this_and_no_more(venue: str, each: dict[str, Any]) -> None:
    codes = TABLES[venue]
    body, status = json.dumps(each["body"]), each.get("status", 200)
    ask, ours = Ask(each["ask"]), each.get("client_order_id") or None
    verdict = interpret(ask, status, (), body.encode(), client_order_id=ours, codes=codes)
    assert type(verdict).__name__ == each["proves"]
    assert has(verdict, each.get("fields", {}))
    if each["proves"] not in ("Accepted", "Answered") and ours is None:
        raised = Raised(classes=("ExchangeError",), text=f"{venue} {body}")
        assert type(interpret_raised(ask, raised, codes=codes)) is type(verdict), "a raised answer proves the same"
