"""Rows, events and answers that were recorded at Binance, Bybit and OKX: what each means, and what each proves.

`payloads/*.json` names the source of every one. Rows of Bybit and OKX go through ccxt's own parsers; those of Binance
through ours and through ccxt's, which must agree.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from adapters.exchange import unified
from adapters.exchange.binance import normalize
from adapters.exchange.binance.codes import BYBIT, OKX, VenueCodes
from adapters.exchange.binance.events import UserEvents
from adapters.exchange.binance.normalize import Stamp
from adapters.exchange.outcome import Ask, Raised, interpret, interpret_raised
from adapters.exchange.rows import MalformedError
from adapters.exchange.unified import BYBIT_WORDS, OKX_WORDS, Words
from messages.ids import client_order_id
from messages.statement import verbatim
from messages.types import AccountId, ClientOrderId, JournalId, Symbol, VenueOrderId

STAMP = Stamp(account=AccountId("main"), ts_init=7)
OURS = client_order_id(JournalId("journal0"), 1, 1)
FOLDER = Path(__file__).parent / "payloads"
BINANCE_DOC, BYBIT_DOC, OKX_DOC = (
    json.loads((FOLDER / f"{name}.json").read_text()) for name in ("binance", "bybit", "okx")
)
LANGUAGES: dict[str, tuple[dict[str, Any], Words, VenueCodes]] = {
    "bybit": (BYBIT_DOC, BYBIT_WORDS, BYBIT),
    "okx": (OKX_DOC, OKX_WORDS, OKX),
}


def has(value: object, wanted: dict[str, Any]) -> bool:
    """The value has these fields: numbers to the last digit, everything else as it is spelled."""
    for name, text in wanted.items():
        told = getattr(value, name)
        assert (told, type(told)) == (Decimal(text), Decimal) if isinstance(told, Decimal) else str(told) == text, name
    return True


def parser(venue: str) -> Any:
    """ccxt's parser of a venue, which knows the venue's markets and speaks in strings."""
    exchange = getattr(ccxt, venue)()
    exchange.number = str
    rows = LANGUAGES[venue][0]["markets"]
    if venue == "okx":
        exchange.set_markets([exchange.parse_market(each["row"]) for each in rows])
        return exchange

    def listed(params: dict[str, Any]) -> dict[str, Any]:
        """What the venue would answer: everything of one category, nothing that is yet to be launched."""
        found = [] if "status" in params else [r["row"] for r in rows if r["category"] == params["category"]]
        return {"result": {"category": params["category"], "list": found}}

    exchange.publicGetV5MarketInstrumentsInfo = listed
    exchange.set_markets(
        [m for each in ("linear", "inverse") for m in exchange.fetch_future_markets({"category": each})]
    )
    return exchange


PARSERS = {venue: parser(venue) for venue in LANGUAGES}
ROWS = [(venue, case) for venue, (doc, _, _) in LANGUAGES.items() for case in doc["cases"]]
MARKETS = [(venue, each) for venue, (doc, _, _) in LANGUAGES.items() for each in doc["markets"]]
ANSWERS = [(venue, each) for venue, (doc, _, _) in LANGUAGES.items() for each in doc["answers"]]


def named(parameter: object) -> str:
    if isinstance(parameter, dict):
        return str(parameter.get("name") or parameter["row"].get("symbol") or parameter["row"]["instId"])
    return str(parameter)


@pytest.mark.parametrize(("venue", "case"), ROWS, ids=named)
def test_a_recorded_row_of_another_venue_means_this(venue: str, case: dict[str, Any]) -> None:
    exchange, words = PARSERS[venue], LANGUAGES[venue][1]
    parse = {"order": exchange.parse_order, "trade": exchange.parse_trade, "position": exchange.parse_position}
    row = parse[case["kind"]](case["row"])
    market = exchange.market(row["symbol"])
    read: dict[str, Any] = {
        "order": lambda: unified.order_of(row, market, words, STAMP),
        "trade": lambda: unified.fill_of(row, market, words, STAMP, ClientOrderId("mine")),
        "position": lambda: unified.position_of(row, market),
    }
    meaning = read[case["kind"]]()
    assert meaning is None if case["means"] is None else has(meaning, case["means"])
    assert {name: str(row[name]) for name in case.get("unified", {})} == case.get("unified", {})


@pytest.mark.parametrize(("venue", "each"), MARKETS, ids=named)
def test_the_rules_of_a_recorded_market_are_in_base_units_and_inverse_ones_are_refused(
    venue: str, each: dict[str, Any]
) -> None:
    exchange, words = PARSERS[venue], LANGUAGES[venue][1]
    market = exchange.markets_by_id[each["row"].get("instId") or each["row"]["symbol"]][0]
    if each["means"] == "refused":
        with pytest.raises(MalformedError, match="no linear perpetual"):
            unified.instrument_of(market, words)
    else:
        assert has(unified.instrument_of(market, words), each["means"])


@pytest.mark.parametrize(("venue", "each"), ANSWERS, ids=named)
def test_a_recorded_answer_of_another_venue_proves_this_and_no_more(venue: str, each: dict[str, Any]) -> None:
    codes = LANGUAGES[venue][2]
    body, status = json.dumps(each["body"]), each.get("status", 200)
    ask, ours = Ask(each["ask"]), each.get("client_order_id") or None
    verdict = interpret(ask, status, (), body.encode(), client_order_id=ours, codes=codes)
    assert type(verdict).__name__ == each["proves"]
    assert has(verdict, each.get("fields", {}))
    if each["proves"] not in ("Accepted", "Answered") and ours is None:
        raised = Raised(classes=("ExchangeError",), text=f"{venue} {body}")
        assert type(interpret_raised(ask, raised, codes=codes)) is type(verdict), "a raised answer proves the same"


@pytest.mark.parametrize("venue", LANGUAGES)
@pytest.mark.parametrize("state", ["Levitating", ""])
def test_a_state_that_no_venue_documents_is_not_guessed(venue: str, state: str) -> None:
    exchange, words = PARSERS[venue], LANGUAGES[venue][1]
    [case, *_] = [case for name, case in ROWS if name == venue and case["kind"] == "order"]
    row = exchange.parse_order({**case["row"], words.state_field: state})
    with pytest.raises(MalformedError, match="not documented"):
        unified.order_of(row, exchange.market(row["symbol"]), words, STAMP)


def test_a_stop_of_okx_that_fired_is_triggered_though_ccxt_calls_it_closed() -> None:
    [case] = [case for case in OKX_DOC["cases"] if case["name"] == "a resting trigger order"]
    exchange = PARSERS["okx"]
    row = exchange.parse_order({**case["row"], "state": "effective", "ordId": "7"})
    assert row["status"] == "closed"
    assert unified.order_of(row, exchange.market(row["symbol"]), OKX_WORDS, STAMP).status == "triggered"


@pytest.mark.parametrize("case", BINANCE_DOC["cases"], ids=named)
def test_a_recorded_row_of_binance_means_this(case: dict[str, Any]) -> None:
    row = case["row"]
    readings: dict[str, Any] = {
        "order": lambda: normalize.order_report(row, STAMP),
        "conditional": lambda: normalize.conditional_report(row, None, STAMP),
        "trade": lambda: normalize.trade_report(row, STAMP, ClientOrderId("mine")),
        "position": lambda: normalize.position_list([row], {}).rows[0],
    }
    assert has(readings[case["kind"]](), case["means"])


@pytest.mark.parametrize("case", BINANCE_DOC["events"], ids=named)
def test_a_recorded_event_of_binance_tells_this(case: dict[str, Any]) -> None:
    events, event = UserEvents(), case["event"]
    if case.get("ours"):
        event = {**event, "o": {**event["o"], "caid": OURS}}
    fed = events.feed(event, STAMP)
    assert [type(lookup).__name__ for lookup in fed.lookups] == case.get("asks", [])
    assert fed.listen_key_expired is case.get("expired", False)
    reports = fed.reports
    if case.get("given_up"):
        key = (Symbol(event["o"]["s"]), VenueOrderId(str(event["o"]["i"])))
        reports = events.give_up(key, verbatim("nobody's child"), STAMP, proven=True)
    told = [report for report in reports if type(report).__name__ != "OrderReport" or case.get("ours")]
    assert [type(report).__name__ for report in told] == [name for name, _ in case["tells"]]
    assert all(has(report, fields) for report, (_, fields) in zip(told, case["tells"], strict=True))


def test_ccxt_reads_the_recorded_rows_of_binance_as_we_do() -> None:
    exchange: Any = ccxt.binanceusdm()
    exchange.number = str
    btc: dict[str, Any] = dict.fromkeys(("spot", "margin", "option", "future", "inverse"), False)
    btc |= dict.fromkeys(("swap", "linear", "contract"), True)
    btc |= {"id": "BTCUSDT", "symbol": "BTC/USDT:USDT", "base": "BTC", "quote": "USDT", "settle": "USDT"}
    btc |= {"contractSize": "1", "type": "swap", "precision": {}, "limits": {}}
    eth = {**btc, "id": "ETHUSDT", "symbol": "ETH/USDT:USDT", "base": "ETH"}
    exchange.set_markets([btc, eth])
    [row] = [case["row"] for case in BINANCE_DOC["cases"] if case["kind"] == "order"]
    order, ours = exchange.parse_order(row), normalize.order_report(row, STAMP)
    assert (order["clientOrderId"], order["id"], order["side"], order["amount"]) == (
        ours.client_order_id, ours.venue_order_id, ours.side, str(ours.quantity)
    )  # fmt: skip
    [row] = [case["row"] for case in BINANCE_DOC["cases"] if case["kind"] == "trade"]
    trade, fill = exchange.parse_trade(row), normalize.trade_report(row, STAMP, ClientOrderId(""))
    assert (trade["id"], trade["order"], trade["price"], trade["amount"], trade["fee"]["cost"]) == (
        fill.trade_id, fill.venue_order_id, str(fill.price), str(fill.quantity), str(fill.fee)
    )  # fmt: skip
