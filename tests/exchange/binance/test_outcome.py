"""What an answer proves: every row of the table, through both doors, and nothing that is not in it."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.exchange import outcome
from adapters.exchange.binance.codes import CODES
from adapters.exchange.outcome import (
    Accepted,
    Answered,
    Ask,
    Duplicate,
    Missing,
    NotExecuted,
    Raised,
    Rejected,
    Unknown,
    Verdict,
    is_silent,
    with_secrets_masked,
)
from adapters.secret import MASK, Secret
from messages.statement import verbatim
from messages.types import RejectReason

interpret = partial(outcome.interpret, codes=CODES)
interpret_raised = partial(outcome.interpret_raised, codes=CODES)
interpret_submit = partial(interpret, Ask.SUBMIT)

URL = "https://fapi.binance.com/fapi/v1/order"
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"
ORDER = b'{"orderId":22542179,"clientOrderId":"abjournal00000001a0001","status":"NEW","executedQty":"0"}'


def error(code: int, text: str) -> bytes:
    return json.dumps({"code": code, "msg": text}).encode()


# One line per row of "What an answer proves": name, ask, status, body, expected class and its marks.
ROWS: list[tuple[str, Ask, int, bytes, type[Verdict], dict[str, object]]] = [
    ("-1007 on 408", Ask.SUBMIT, 408, error(-1007, "Timeout waiting for response."), Unknown, {}),
    ("-1007 on 400", Ask.SUBMIT, 400, error(-1007, "Timeout waiting for response."), Unknown, {}),
    ("504", Ask.SUBMIT, 504, b"", Unknown, {}),
    ("-1000", Ask.SUBMIT, 400, error(-1000, "An unknown error occured."), Unknown, {}),
    ("-1001", Ask.SUBMIT, 500, error(-1001, "Internal error; unable to process."), Unknown, {}),
    ("-1006", Ask.SUBMIT, 400, error(-1006, "An unexpected response was received."), Unknown, {}),
    (
        "503 unknown error",
        Ask.SUBMIT,
        503,
        error(-1000, "Unknown error, please check your request or try again later."),
        Unknown,
        {},
    ),
    ("503 unknown error as text", Ask.SUBMIT, 503, b"Unknown error, please check your request", Unknown, {}),
    ("500", Ask.SUBMIT, 500, b"", Unknown, {}),
    ("502", Ask.SUBMIT, 502, HTML, Unknown, {}),
    ("520", Ask.SUBMIT, 520, HTML, Unknown, {}),
    ("503 html of a gateway", Ask.SUBMIT, 503, b"<h1>Service Unavailable.</h1>", Unknown, {}),
    ("503 failure", Ask.SUBMIT, 503, b"Service Unavailable.", NotExecuted, {"retry_after_ms": 200}),
    (
        "503 failure as json",
        Ask.SUBMIT,
        503,
        error(-1, "Service Unavailable."),
        NotExecuted,
        {"retry_after_ms": 200, "throttled": False},
    ),
    ("-1008", Ask.SUBMIT, 503, error(-1008, "Request throttled."), NotExecuted, {"throttled": False}),
    ("200 empty", Ask.SUBMIT, 200, b"", Unknown, {}),
    ("200 html", Ask.SUBMIT, 200, HTML, Unknown, {}),
    ("200 truncated", Ask.SUBMIT, 200, ORDER[:-5], Unknown, {}),
    ("200 without id", Ask.SUBMIT, 200, b"{}", Unknown, {}),
    ("200 of a list", Ask.SUBMIT, 200, b"[]", Unknown, {}),
    ("429", Ask.SUBMIT, 429, error(-1003, "Too many requests"), NotExecuted, {"throttled": True}),
    ("418", Ask.SUBMIT, 418, error(-1003, "banned"), NotExecuted, {"throttled": True}),
    ("-1003", Ask.SUBMIT, 400, error(-1003, "Too many requests"), NotExecuted, {"throttled": True}),
    ("-1015", Ask.SUBMIT, 400, error(-1015, "Too many new orders"), NotExecuted, {"throttled": True}),
    ("403 html", Ask.SUBMIT, 403, HTML, NotExecuted, {"throttled": False}),
    ("-1021", Ask.SUBMIT, 400, error(-1021, "Timestamp outside recvWindow"), NotExecuted, {"resync": True}),
    (
        "-5028",
        Ask.SUBMIT,
        400,
        error(-5028, "Timestamp outside ME recvWindow"),
        NotExecuted,
        {"resync": True},
    ),
    ("-2010", Ask.SUBMIT, 400, error(-2010, "NEW_ORDER_REJECTED"), Rejected, {"reason": RejectReason.OTHER}),
    (
        "-2018",
        Ask.SUBMIT,
        400,
        error(-2018, "Balance is insufficient."),
        Rejected,
        {"reason": RejectReason.INSUFFICIENT_MARGIN},
    ),
    (
        "-2019",
        Ask.SUBMIT,
        400,
        error(-2019, "Margin is insufficient."),
        Rejected,
        {"reason": RejectReason.INSUFFICIENT_MARGIN, "code": "-2019", "text": "Margin is insufficient."},
    ),
    ("-4164", Ask.SUBMIT, 400, error(-4164, "notional"), Rejected, {"reason": RejectReason.FILTER}),
    ("-1111", Ask.SUBMIT, 400, error(-1111, "Precision"), Rejected, {"reason": RejectReason.FILTER}),
    ("-2022", Ask.SUBMIT, 400, error(-2022, "ReduceOnly"), Rejected, {"reason": RejectReason.REDUCE_ONLY}),
    ("-2021", Ask.SUBMIT, 400, error(-2021, "trigger"), Rejected, {"reason": RejectReason.WOULD_TRIGGER}),
    ("-4116", Ask.SUBMIT, 400, error(-4116, "ClientOrderId is duplicated."), Duplicate, {}),
    ("-2011 on cancel", Ask.CANCEL, 400, error(-2011, "Unknown order sent."), Missing, {}),
    ("-2013 on query", Ask.QUERY, 400, error(-2013, "Order does not exist."), Missing, {}),
    # Beyond the table.
    ("accepted", Ask.SUBMIT, 200, ORDER, Accepted, {"venue_order_id": "22542179"}),
    ("canceled", Ask.CANCEL, 200, ORDER, Accepted, {"venue_order_id": "22542179"}),
    (
        "conditional canceled",
        Ask.CANCEL,
        200,
        b'{"algoId":2146760,"clientAlgoId":"x","code":"200","msg":"success"}',
        Accepted,
        {"venue_order_id": "2146760"},
    ),
    ("-2011 on submit", Ask.SUBMIT, 400, error(-2011, "Unknown order sent."), Unknown, {}),
    ("-2013 on submit", Ask.SUBMIT, 400, error(-2013, "Order does not exist."), Unknown, {}),
    ("-2019 on 500", Ask.SUBMIT, 500, error(-2019, "Margin is insufficient."), Unknown, {}),
    ("bybit's server timeout", Ask.SUBMIT, 200, error(10000, "Server Timeout"), Unknown, {}),
    ("404", Ask.SUBMIT, 404, error(-5000, "Path is invalid"), Unknown, {}),
    ("setting", Ask.SETTING, 200, b'{"leverage":5,"symbol":"BTCUSDT"}', Answered, {}),
    ("margin type already set", Ask.SETTING, 400, error(-4046, "No need to change"), Answered, {}),
    ("empty read", Ask.READ, 200, b"", Unknown, {}),
    ("read", Ask.READ, 200, b"[]", Answered, {"value": []}),
]


@pytest.mark.parametrize(
    ("ask", "status", "body", "expected", "marks"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_an_answer_off_the_wire_proves_what_the_table_says(
    ask: Ask, status: int, body: bytes, expected: type[Verdict], marks: dict[str, object]
) -> None:
    verdict = interpret(ask, status, {}, body)
    assert type(verdict) is expected
    assert {name: getattr(verdict, name) for name in marks} == marks


@pytest.mark.parametrize("code", [-4047, -4048, -4067, -4068, -4168, -4169, -4202, -4531, -4999])
def test_a_setting_that_the_venue_refuses_is_refused_in_its_words(code: int) -> None:
    verdict = interpret(Ask.SETTING, 400, {}, error(code, "not under these assets"))
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.text) == (str(code), "not under these assets")


@pytest.mark.parametrize("code", [-4046, -4059, -4171])
def test_a_setting_that_is_as_asked_for_is_answered(code: int) -> None:
    assert interpret(Ask.SETTING, 400, {}, error(code, "no need to change")) == Answered(value={})


@pytest.mark.parametrize("code", [-1000, -1001, -1007])
def test_a_fault_within_the_venue_refuses_no_setting(code: int) -> None:
    assert isinstance(interpret(Ask.SETTING, 400, {}, error(code, "internal")), Unknown)


# The same rows as ccxt 4.5.90 raises them: class names along the MRO, and the text it writes.
EXCEPTIONS: list[tuple[str, Ask, Raised, type[Verdict], dict[str, object]]] = [
    (
        "read timeout",
        Ask.SUBMIT,
        Raised(classes=("RequestTimeout", "NetworkError"), text=f"binanceusdm POST {URL}"),
        Unknown,
        {},
    ),
    (
        "-1007",
        Ask.SUBMIT,
        Raised(classes=("RequestTimeout",), text='binanceusdm {"code":-1007,"msg":"Timeout"}'),
        Unknown,
        {},
    ),
    (
        "-1001",
        Ask.SUBMIT,
        Raised(classes=("OperationFailed",), text='binanceusdm {"code":-1001,"msg":"Internal"}'),
        Unknown,
        {},
    ),
    (
        "503 with the words of its status line only",
        Ask.SUBMIT,
        Raised(
            classes=("ExchangeNotAvailable",),
            text=f"binanceusdm POST {URL} 503 Service Unavailable Unknown error, please",
        ),
        Unknown,
        {},
    ),
    (
        "503 with an empty body",
        Ask.SUBMIT,
        Raised(classes=("ExchangeNotAvailable",), text=f"binanceusdm POST {URL} 503 Service Unavailable "),
        Unknown,
        {},
    ),
    (
        "503 failure",
        Ask.SUBMIT,
        Raised(
            classes=("ExchangeNotAvailable",),
            text=f"binanceusdm POST {URL} 503 Service Unavailable Service Unavailable.",
        ),
        NotExecuted,
        {"retry_after_ms": 200},
    ),
    (
        "-1008",
        Ask.SUBMIT,
        Raised(classes=("OperationFailed",), text='binanceusdm {"code":-1008,"msg":"Request throttled"}'),
        NotExecuted,
        {},
    ),
    (
        "reset",
        Ask.SUBMIT,
        Raised(classes=("ExchangeNotAvailable", "ServerDisconnectedError"), text=f"binanceusdm POST {URL}"),
        Unknown,
        {},
    ),
    (
        "refused connection",
        Ask.SUBMIT,
        Raised(
            classes=("ExchangeNotAvailable", "ClientConnectorError"), text=f"binanceusdm POST {URL}", never_sent=True
        ),
        NotExecuted,
        {"throttled": False},
    ),
    (
        "429",
        Ask.SUBMIT,
        Raised(
            classes=("DDoSProtection",),
            text='binanceusdm 429 Too Many Requests {"code":-1003,"msg":"x"}',
            headers=(("Retry-After", "7"),),
        ),
        NotExecuted,
        {"throttled": True, "retry_after_ms": 7_000},
    ),
    (
        "418 by class alone",
        Ask.SUBMIT,
        Raised(classes=("DDoSProtection",), text="binanceusdm"),
        NotExecuted,
        {"throttled": True},
    ),
    (
        "a key revoked after it worked is raised as DDoSProtection",
        Ask.SUBMIT,
        Raised(
            classes=("DDoSProtection",), text='binanceusdm {"code":-2015,"msg":"Invalid API-key, IP, or permissions"}'
        ),
        Rejected,
        {"reason": RejectReason.PERMISSION},
    ),
    (
        "403 html",
        Ask.SUBMIT,
        Raised(classes=("ExchangeNotAvailable",), text=f"binanceusdm POST {URL} 403 Forbidden <html>"),
        NotExecuted,
        {},
    ),
    (
        "-1021",
        Ask.SUBMIT,
        Raised(classes=("InvalidNonce",), text='binanceusdm {"code":-1021,"msg":"Timestamp"}'),
        NotExecuted,
        {"resync": True},
    ),
    (
        "-2019",
        Ask.SUBMIT,
        Raised(classes=("InsufficientFunds",), text='binanceusdm {"code":-2019,"msg":"Margin is insufficient."}'),
        Rejected,
        {"reason": RejectReason.INSUFFICIENT_MARGIN, "text": "Margin is insufficient."},
    ),
    (
        "-4116 is no DuplicateOrderId",
        Ask.SUBMIT,
        Raised(classes=("InvalidOrder",), text='binanceusdm {"code":-4116,"msg":"duplicated"}'),
        Duplicate,
        {},
    ),
    (
        "a class without a code",
        Ask.SUBMIT,
        Raised(classes=("InvalidOrder", "ExchangeError"), text="binanceusdm no"),
        Unknown,
        {},
    ),
    (
        "payload cut by the network",
        Ask.SUBMIT,
        Raised(classes=("ExchangeError",), text=f"binanceusdm POST {URL}"),
        Unknown,
        {},
    ),
    (
        "-2011",
        Ask.CANCEL,
        Raised(classes=("OrderNotFound",), text='binanceusdm {"code":-2011,"msg":"Unknown"}'),
        Missing,
        {},
    ),
    ("-2013", Ask.QUERY, Raised(classes=("OrderNotFound",), text='binanceusdm {"code":-2013,"msg":"no"}'), Missing, {}),
]


@pytest.mark.parametrize(
    ("ask", "raised", "expected", "marks"), [row[1:] for row in EXCEPTIONS], ids=[r[0] for r in EXCEPTIONS]
)
def test_an_exception_proves_what_the_table_says(
    ask: Ask, raised: Raised, expected: type[Verdict], marks: dict[str, object]
) -> None:
    verdict = interpret_raised(ask, raised)
    assert type(verdict) is expected
    assert {name: getattr(verdict, name) for name in marks} == marks


def test_an_answer_about_another_order_proves_nothing() -> None:
    assert isinstance(interpret_submit(200, {}, ORDER, client_order_id="abjournal00000001a0001"), Accepted)
    assert isinstance(interpret_submit(200, {}, ORDER, client_order_id="somebody else's"), Unknown)


def test_retry_after_is_read_from_the_header_whatever_its_case_and_from_the_ban_text() -> None:
    header = interpret_submit(429, [("retry-after", "12")], b"")
    assert isinstance(header, NotExecuted)
    assert header.retry_after_ms == 12_000
    ban = interpret_submit(418, {}, error(-1003, "IP banned until 1700000060000."), now_ms=1_700_000_000_000)
    assert isinstance(ban, NotExecuted)
    assert (ban.retry_after_ms, ban.throttled) == (60_000, True)
    unreadable = interpret_submit(418, {"Retry-After": "some time next week"}, b"")
    assert isinstance(unreadable, NotExecuted)
    assert unreadable.retry_after_ms == 120_000


@pytest.mark.parametrize(
    ("now_ms", "pause_ms"),
    [(1_792_567_650_000, 30_000), (1_792_567_680_000, 0), (1_792_567_690_000, 0), (0, 120_000)],
)
def test_retry_after_may_be_a_date(now_ms: int, pause_ms: int) -> None:
    """RFC 9110, 10.2.3. One that has passed is no pause; without our own time it says nothing."""
    verdict = interpret_submit(418, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", now_ms=now_ms)
    assert isinstance(verdict, NotExecuted)
    assert (verdict.retry_after_ms, verdict.throttled) == (pause_ms, True)


@pytest.mark.parametrize(
    ("status", "headers", "code", "pause_ms"),
    [
        (429, {"Retry-After": "7"}, -1003, 7_000),
        (429, {}, -1003, 60_000),
        (429, {}, None, 60_000),
        (418, {"Retry-After": "300"}, None, 300_000),
        (418, {}, -1003, 120_000),
        (418, {"Retry-After": "99999999"}, None, 3 * 24 * 3_600_000),
        (400, {}, -1003, 60_000),
        (400, {}, -1015, 10_000),
    ],
)
def test_a_throttling_says_how_long_to_be_quiet_with_and_without_a_header(
    status: int, headers: dict[str, str], code: int | None, pause_ms: int
) -> None:
    body = error(code, "Too many requests.") if code else b"<html>"
    for ask in Ask:
        verdict = interpret(ask, status, headers, body, now_ms=1_700_000_000_000)
        assert isinstance(verdict, NotExecuted)
        assert (verdict.retry_after_ms, verdict.throttled) == (pause_ms, True)


def test_who_did_not_answer_is_told_from_who_answered_strangely() -> None:
    silent = [
        interpret(Ask.SUBMIT, 502, {}, b"<html>"),
        interpret(Ask.READ, 200, {}, b""),
        interpret(Ask.CANCEL, 408, {}, error(-1007, "Timeout waiting for response from backend server.")),
        interpret(Ask.SUBMIT, 503, {}, error(-1, "Service Unavailable.")),
        interpret_raised(Ask.QUERY, Raised(classes=("NetworkError",), text="reset")),
    ]
    spoken = [
        interpret(Ask.SUBMIT, 400, {}, error(-9_999, "something new")),
        *(interpret(ask, status, {}, b"Bad request") for ask in Ask for status in (400, 404, 409, 422)),
        interpret(Ask.READ, 429, {}, b""),
        interpret(Ask.READ, 400, {}, error(-1021, "Timestamp")),
        interpret(Ask.SUBMIT, 400, {}, error(-2019, "Margin is insufficient.")),
    ]
    assert [is_silent(verdict) for verdict in silent] == [True] * len(silent)
    assert [is_silent(verdict) for verdict in spoken] == [False] * len(spoken)


def test_masking_secrets_keeps_the_code_of_what_the_adapter_says_itself() -> None:
    ours, theirs = interpret_submit(200, {}, b""), interpret_submit(502, {}, b"hunter2 is down")
    assert isinstance(ours, Unknown)
    assert isinstance(theirs, Unknown)
    masked = with_secrets_masked(theirs, (Secret("hunter2"),))
    assert isinstance(masked, Unknown)
    assert (masked.cause, masked.cause.code) == (f"502 {MASK} is down", "")
    kept = with_secrets_masked(ours, (Secret("200"),))
    assert isinstance(kept, Unknown)
    assert (kept.cause, kept.cause.code) == ("200 without a readable order", "venue.no_order")


def test_a_verdict_never_shows_a_secret() -> None:
    signature, listen_key = "f" * 64, "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"
    text = f"binanceusdm DELETE {URL}?timestamp=1&signature={signature} 502 Bad Gateway listenKey={listen_key}"
    verdict = interpret_raised(Ask.CANCEL, Raised(classes=("ExchangeNotAvailable",), text=text))
    assert isinstance(verdict, Unknown)
    assert signature not in verdict.cause
    assert listen_key not in verdict.cause
    assert "502" in verdict.cause


LISTED = {int(code) for code in (*CODES.rejected, *CODES.not_executed, *CODES.duplicate)}


@given(
    code=st.integers(-9_999, 20_000).filter(lambda code: code not in LISTED | {0, 200}),
    status=st.sampled_from([200, 400, 401, 500]),
)
def test_a_code_that_is_not_listed_is_unknown(code: int, status: int) -> None:
    assert isinstance(interpret(Ask.SUBMIT, status, {}, error(code, "whatever")), Unknown)


@given(
    ask=st.sampled_from(Ask),
    status=st.integers(0, 999),
    headers=st.lists(st.tuples(st.text(), st.text())),
    body=st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["code", "msg", "orderId", "clientOrderId"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode()),
    now_ms=st.integers(0, 2**45),
)
def test_no_answer_raises(ask: Ask, status: int, headers: list[tuple[str, str]], body: bytes, now_ms: int) -> None:
    verdict = interpret(ask, status, headers, body, client_order_id="x", now_ms=now_ms)
    assert isinstance(verdict, Accepted | Answered | Rejected | Missing | Duplicate | NotExecuted | Unknown)


@given(
    ask=st.sampled_from(Ask),
    classes=st.lists(st.sampled_from(["RequestTimeout", "DDoSProtection", "InvalidOrder", "ExchangeError"])).map(tuple),
    text=st.text() | st.from_regex(r"binanceusdm (GET|POST) \S+ [0-9]{3} .*\{\"code\":-?[0-9]{1,5}"),
)
def test_no_exception_raises(ask: Ask, classes: tuple[str, ...], text: str) -> None:
    verdict = interpret_raised(ask, Raised(classes=classes, text=text))
    assert isinstance(verdict, Answered | Rejected | Missing | Duplicate | NotExecuted | Unknown)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"1" * 10_000, b'{"orderId":1e9999999999999999999}', b'{"orderId":NaN}']
)
def test_a_hostile_body_is_unknown(body: bytes) -> None:
    assert isinstance(interpret_submit(200, {}, body), Unknown)


@pytest.mark.parametrize(
    ("reason", "listed"),
    [
        (RejectReason.FILTER, "-4135 -4210 -4211"),
        (RejectReason.PERMISSION, "-1109 -4202 -4203 -4205 -4206 -4401 -4402 -4403 -4411"),
        (RejectReason.OTHER, "-4130 -4136 -4168 -4208 -4209 -4509 -4531 -5037 -5038 -5039 -5040"),
    ],
)
@pytest.mark.parametrize("ask", [Ask.SUBMIT, Ask.CANCEL, Ask.SETTING, Ask.READ])
def test_a_code_of_what_the_account_or_the_order_may_not_refuses_every_request(
    ask: Ask, reason: RejectReason, listed: str
) -> None:
    for code in listed.split():
        verdict = interpret(ask, 400, {}, f'{{"code": {code}, "msg": "words"}}'.encode())
        assert verdict == Rejected(reason=reason, code=code, text="words"), code


@pytest.mark.parametrize("ask", list(Ask))
def test_an_unlisted_code_refuses_a_setting_and_leaves_everything_else_to_be_asked_after(ask: Ask) -> None:
    verdict = interpret(ask, 400, {}, b'{"code": -9999, "msg": "words"}')
    if ask is Ask.SETTING:
        assert verdict == Rejected(reason=RejectReason.OTHER, code="-9999", text="words")
    else:
        assert verdict == Unknown(cause=verbatim("400 -9999 words"), answered=True, refused=True)


@pytest.mark.parametrize("ask", list(Ask))
@pytest.mark.parametrize("code", ["-1000", "-1001", "-1006", "-1007"])
def test_a_fault_of_the_venues_own_refuses_nothing_not_even_a_setting(ask: Ask, code: str) -> None:
    verdict = interpret(ask, 400, {}, f'{{"code": {code}, "msg": "words"}}'.encode())
    assert verdict == Unknown(cause=verbatim(f"400 {code} words"), answered=True)
