"""Text to request: what is clear is taken, what is not is refused with the usage."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.telegram.grammar import COMMANDS, Refusal, Request, parse
from messages.types import PositionSide

LONG = PositionSide.LONG

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("/positions", {"name": "positions"}),
    ("/POSITIONS@Albra_Bot", {"name": "positions"}),
    ("/start", {"name": "help"}),
    ("/open btcusdt long 0.01", {"symbol": "BTCUSDT", "side": LONG, "quantity": Decimal("0.01")}),
    ("/open btc/usdt:usdt LONG .5 5x", {"symbol": "BTCUSDT", "quantity": Decimal("0.5"), "leverage": 5}),
    ("/open BTCUSDT long 1 --stop-loss 58000", {"stop_loss": Decimal(58000)}),
    ("/open BTCUSDT long 1 —stop-loss 58000", {"stop_loss": Decimal(58000)}),  # a phone's dash
    ("/open BTCUSDT long 1 sl=58000 tp 65000", {"stop_loss": Decimal(58000), "take_profit": Decimal(65000)}),
    ("/open BTCUSDT long 1 limit=60000 strategy=grid_1 account=main", {"limit_price": Decimal(60000)}),
    ("/open BTCUSDT 롱 0.01", {"side": LONG}),
    ("/open BTCUSDT 숏 0.01 5X", {"side": PositionSide.SHORT, "leverage": 5}),
    ("/open   BTC/usdt:USDT\n long\t0.01", {"symbol": "BTCUSDT", "quantity": Decimal("0.01")}),
    ("/open 1000PEPEUSDT long 1000", {"symbol": "1000PEPEUSDT"}),
    ("/ack D12", {"name": "ack", "discrepancy": "d12"}),
    ("/acknowledge d3 apply=newest_first", {"discrepancy": "d3", "apply": "newest_first"}),
    ("/closeall", {"name": "close_all"}),
    ("/close #17 25%", {"ordinal": 17, "percent": Decimal(25)}),
    ("/close BTCUSDT percent=25", {"symbol": "BTCUSDT", "percent": Decimal(25)}),
    ("/close main.BTCUSDT.long.manual.1", {"position_id": "main.BTCUSDT.long.manual.1"}),
    ("/modify #1 sl=0", {"stop_loss": Decimal(0)}),
    ("/modify #1 leverage=5 add=0.5 trailing=1.5%", {"leverage": 5, "add": Decimal("0.5"), "trailing": Decimal("1.5")}),
    ("/discrepancies 5", {"count": 5, "symbol": None}),
    ("/discrepancies ethusdt 5", {"count": 5, "symbol": "ETHUSDT"}),
    ("/pause", {"symbol": None, "ordinal": None}),
]

REFUSED: list[tuple[str, str]] = [
    ("/open BTCUSDT long 1,000", "not clear as a number"),
    ("/open BTCUSDT long 1.000,5", "not clear as a number"),
    ("/open BTCUSDT long 1e3", "not clear as a number"),
    ("/open BTCUSDT long 1,5", "not clear as a number"),
    ("/open BTCUSDT long 1'000", "not clear as a number"),
    ("/open BTCUSDT long 1_000", "not clear as a number"),
    ("/open BTCUSDT long ０.１", "not clear as a number"),
    ("/open BTCUSDT long ٣", "not clear as a number"),
    ("/open BTCUSDT long ½", "not clear as a number"),
    ("/open BTCUSDT long Ⅷ", "not clear as a number"),
    ("/open BTCUSDT long 0x10", "not clear as a number"),
    ("/open BTCUSDT long NaN", "not clear as a number"),
    ("/open BTCUSDT long Infinity", "not clear as a number"),
    ("/open BTCUSDT long +1", "not clear as a number"),
    ("/open BTCUSDT long 1.0.0", "not clear as a number"),
    ("/open BTCUSDT long $100", "not clear as a number"),
    ("/open BTCUSDT long 1 sl=-5", "not clear as a number"),
    ("/open BTCUSDT long 1 sl=−5", "not clear as a number"),
    ("/open BTCUSDT long 0.0000000000000000001", "not clear as a number"),
    ("/open BTCUSDT long 9999999999999999", "not clear as a number"),
    ("/open BTCUSDT long 1\u200b", "not clear as a number"),
    ("/open ВТСUSDT long 1", "no symbol"),  # Cyrillic letters that look Latin
    ("/open ＢＴＣUSDT long 1", "no symbol"),
    ("/open BTC/ETH:USDT long 1", "no symbol"),
    ("/open BTCUSD_PERP long 1", "no symbol"),
    ("/open 12345 long 1", "no symbol"),
    ("/open BTCUSDT long 1 leverage=２", "no leverage"),
    ("/close BTCUSDT ５０%", "not clear as a number"),
    ("/close #１", "no symbol"),
    ("/ack 3", "no discrepancy"),
    ("/ack d3 apply=all", "neither pro_rata"),
    ("/open BTCUSDT long 1k", "not clear as a number"),
    ("/open BTCUSDT long ١", "not clear as a number"),
    ("/open BTCUSDT long -1", "not clear as a number"),
    ("/open BTCUSDT long 0", "must be above zero"),
    ("/open BTCUSDT long 5.", "not clear as a number"),
    ("/open BTCUSDT 1 long", "neither long nor short"),
    ("/open BTCUSDT long", "missing"),
    ("/open BTCUSDT long 1 sl", "missing"),
    ("/open BTCUSDT long 1 sl=0", "above zero"),
    ("/open BTCUSDT long 1 sl=1 sl=2", "twice"),
    ("/open BTCUSDT long 1 2", "one word too many"),
    ("/open BTCUSDT long 1 0x", "no leverage"),
    ("/open BTC-USDT long 1", "no symbol"),
    ("/modify #1 trailing=0.155%", "callback rate"),
    ("/modify #1 trailing=20.5", "callback rate"),
    ("/close BTCUSDT 50", "50%"),
    ("/close BTCUSDT 150%", "100 %"),
    ("/close main.BTCUSDT.long", "no position id"),
    ("/close", "missing"),
    ("/modify #1", "missing"),
    ("/logs 0", "1 to 100"),
    ("/logs 1000", "1 to 100"),
    ("/close_all yes", "one word too many"),
    ("/close_all strategy=x", "not known here"),
    ("/sell BTCUSDT", "no command"),
    ("/" + "x" * 600, "too long"),
]


@pytest.mark.parametrize(("text", "expected"), TAKEN)
def test_what_is_clear_is_taken(text: str, expected: dict[str, Any]) -> None:
    found = parse(text, "albra_bot")
    assert isinstance(found, Request)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_not_clear_is_refused_with_its_reason(text: str, why: str) -> None:
    found = parse(text, "albra_bot")
    assert isinstance(found, Refusal)
    assert why in found.why
    assert not found.name or found.name in COMMANDS


@pytest.mark.parametrize("text", ["hello", "", "/", "positions", "/positions@other_bot", "/ positions"])
def test_what_is_no_command_of_ours_is_left_alone(text: str) -> None:
    assert parse(text, "albra_bot") is None


@given(st.text(max_size=200))
def test_no_text_breaks_the_grammar(text: str) -> None:
    assert isinstance(parse(text), Request | Refusal | None)
    assert isinstance(parse("/open " + text), Request | Refusal)


WORDS = st.sampled_from(
    [
        "BTCUSDT",
        "long",
        "short",
        "0.01",
        "1,0",
        "50%",
        "#3",
        "sl=1",
        "tp",
        "—sl",
        "5x",
        "account=main",
        "page=2",
        "=",
        "%",
    ]
)


@given(st.sampled_from(sorted(COMMANDS)), st.lists(WORDS, max_size=7))
def test_a_request_never_holds_what_its_command_does_not_know(name: str, words: list[str]) -> None:
    found = parse(f"/{name} {' '.join(words)}")
    assert isinstance(found, Request | Refusal)
    if isinstance(found, Request):
        assert found.name == name
        assert found.quantity is None or (name == "open" and found.quantity > 0)
        assert found.percent is None or (name == "close" and 0 < found.percent <= 100)
        assert name != "close_all" or (found.symbol, found.ordinal, found.position_id) == (None, None, None)


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_a_plain_number_is_read_exactly(number: Decimal) -> None:
    found = parse(f"/modify #1 sl={number:f}")
    assert isinstance(found, Request)
    assert found.stop_loss == number
