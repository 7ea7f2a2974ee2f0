"""What an answer proves. Pure: no exchange library, no clock.

One question is asked of every answer and every error: was the request certainly done, certainly not
done, or perhaps done? Two doors lead to the exchange's table (`codes`): `interpret` takes an HTTP answer as
it came off the wire, `interpret_raised` what an exchange library raised when there was none.

The rejection of an order is only by whitelist: every code, status, class and text that is not listed is
`Unknown`, because taking a live order for a failed one doubles it, while asking once more costs a request.
A setting is not doubled: any code of the venue's refuses it, but those of its own faults.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeAlias

from adapters.exchange.codes import VenueCodes
from adapters.exchange.redaction import scrub
from adapters.exchange.rows import Row
from adapters.secret import Secret
from messages.statement import Statement, verbatim
from messages.types import RejectReason, VenueOrderId
from messages.wording import Venue
from messages.wording.common import Common

Headers: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

MAX_RETRY_AFTER_MS = 3 * 24 * 3600 * 1000
"""The longest ban that an exchange documents."""
UNSENT_RETRY_MS = 500


class Ask(StrEnum):
    """What was asked; the same code proves different things."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    QUERY = "query"
    SETTING = "setting"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The venue has the order, and this is how it describes it. Answers cancels and queries, too."""

    venue_order_id: VenueOrderId
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A read or a setting was answered with this value."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The request was not executed, and a repetition would be refused too. `text` is the venue's."""

    reason: RejectReason
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The venue knows no such live order (cancel) or no such order (query). That alone proves nothing."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An open order has this client order id already, and only we use it: it is ours. Fetch and adopt it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExecuted:
    """Certainly not done, and worth another try later. `resync`: our clock is off, measure it first.

    `alone`: the venue throttles this account; it throttles an address, and all accounts behind it, otherwise.
    """

    retry_after_ms: int
    cause: Statement
    throttled: bool = False
    alone: bool = False
    resync: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Perhaps done. `answered`: the request was answered for what it is, in words that no table has.

    `refused`: these words are no fault of its own, so the request is over, whatever became of it.
    """

    cause: Statement
    answered: bool = False
    refused: bool = False


Verdict: TypeAlias = Accepted | Answered | Rejected | Missing | Duplicate | NotExecuted | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What a library raised in place of an answer.

    `classes` are the names along the exception's MRO, and those of what caused it. `never_sent` is
    true only where the connection was never made, so that not one byte of the request left.
    """

    classes: tuple[str, ...]
    text: str
    never_sent: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def interpret(
    ask: Ask,
    status: int,
    headers: Headers,
    body: bytes,
    *,
    codes: VenueCodes,
    client_order_id: str | None = None,
    now_ms: int = 0,
) -> Verdict:
    """Judge one HTTP answer. Never raises.

    `client_order_id`, where given, must be the one the answered order names: an answer about another
    order proves nothing about ours. `now_ms` (0: unknown) turns "banned until" into a duration.
    """
    value = decode(body)
    refusal = _refusal(value, codes)
    if refusal is not None:
        code, text = refusal
        retry_ms = _retry_ms(codes, headers, text, now_ms)
        return _judge(ask, codes, status=status, code=code, text=text, retry_ms=retry_ms)
    if 200 <= status < 300:
        return _judge_success(ask, codes, value, client_order_id)
    text = _plain(body)
    retry_ms = _retry_ms(codes, headers, text, now_ms)
    return _judge(ask, codes, status=status, code=None, text=text, retry_ms=retry_ms)


def interpret_raised(ask: Ask, raised: Raised, *, codes: VenueCodes, now_ms: int = 0) -> Verdict:
    """Judge an exception. Never raises.

    The class alone is not enough: the code and the status are read from the text.
    """
    cause = Common.RAISED(kind=raised.classes[0] if raised.classes else "error", text=scrub(raised.text))
    if raised.never_sent:
        return NotExecuted(retry_after_ms=UNSENT_RETRY_MS, cause=cause)
    code = _last(codes.code_in_text, raised.text)
    if "RequestTimeout" in raised.classes and code is None:
        return Unknown(cause=cause)
    spelled = _search(_STATUS, raised.text)
    status = int(spelled) if spelled is not None else 0
    if status == 0 and "DDoSProtection" in raised.classes and code is None:
        status = 429
    retry_ms = _retry_ms(codes, raised.headers, raised.text, now_ms)
    if code is None and status == 0:
        return Unknown(cause=cause)
    return _judge(ask, codes, status=status, code=code, text=raised.text, retry_ms=retry_ms)


def decode(body: bytes) -> object:
    """The JSON value of an answer, numbers exact; None where it is not whole, valid JSON."""
    try:
        value: object = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value


def _judge(ask: Ask, codes: VenueCodes, *, status: int, code: str | None, text: str, retry_ms: int | None) -> Verdict:
    """The one table behind both doors. `status` 0: not known."""
    cause = _cause(codes, status, code, text)
    # "Elsewhere" is said by what stands before the venue, which may have passed the request on all the same.
    if 300 <= status < 400:
        return Unknown(cause=cause)
    if status in codes.quiet_statuses:
        delay_ms = codes.quiet_statuses[status] if retry_ms is None else retry_ms
        alone = code in codes.of_account
        return NotExecuted(retry_after_ms=delay_ms, cause=cause, throttled=True, alone=alone)
    if code is not None and code in codes.not_executed:
        rule = codes.not_executed[code]
        return NotExecuted(
            retry_after_ms=rule.retry_after_ms if retry_ms is None else retry_ms,
            cause=cause,
            throttled=rule.throttled,
            alone=code in codes.of_account,
            resync=rule.resync,
        )
    # A server's fault proves nothing, whatever else it says, except in the venue's own words for "failed".
    if status >= 500 or status == 408:
        return _judge_server_fault(codes, text, cause)
    if code is not None:
        return _judge_code(ask, codes, code, text, cause)
    if status == 403:
        # "HTTP 403 … the WAF Limit (Web Application Firewall) has been violated": it stands before the venue.
        delay_ms = codes.firewall_retry_ms if retry_ms is None else retry_ms
        return NotExecuted(retry_after_ms=delay_ms, cause=cause)
    return Unknown(cause=cause, answered=400 <= status < 500)


def _judge_server_fault(codes: VenueCodes, text: str, cause: Statement) -> Verdict:
    folded = text.casefold()
    if any(words in folded for words in codes.unknown_texts):
        return Unknown(cause=cause)
    for words, retry_after_ms in codes.not_executed_texts:
        if words in folded and "<" not in folded:
            return NotExecuted(retry_after_ms=retry_after_ms, cause=cause)
    return Unknown(cause=cause)


def _judge_code(ask: Ask, codes: VenueCodes, code: str, text: str, cause: Statement) -> Verdict:
    if code in codes.missing.get(ask, frozenset()):
        return Missing(code=code, text=_said(codes, text))
    if ask is Ask.SUBMIT and code in codes.duplicate:
        return Duplicate(code=code, text=_said(codes, text))
    if ask is Ask.SETTING and code in codes.already_set:
        return Answered(value={})
    reason = codes.rejected.get(code)
    if reason is None and code in codes.unclear:
        return Unknown(cause=cause, answered=True)
    if reason is None and ask is Ask.SETTING:
        reason = RejectReason.OTHER  # what is set twice is set once: asking for it again costs nothing
    if reason is None:
        return Unknown(cause=cause, answered=True, refused=True)
    return Rejected(reason=reason, code=code, text=_said(codes, text))


def _judge_success(ask: Ask, codes: VenueCodes, value: object, client_order_id: str | None) -> Verdict:
    """A 200 proves only what its body says: empty, HTML and truncated bodies come with status 200, too."""
    if ask in (Ask.READ, Ask.SETTING):
        if isinstance(value, (dict, list)):
            return Answered(value=value)
        return Unknown(cause=Venue.NO_BODY())
    row = _row_in(value, codes)
    if row is None:
        return Unknown(cause=Venue.NO_ORDER())
    identifiers = (row.get(field) for field in codes.order_id_fields)
    identifier = next((found for found in identifiers if found not in (None, "")), None)
    if not isinstance(identifier, (int, str)) or isinstance(identifier, bool):
        return Unknown(cause=Venue.NO_ORDER_ID())
    named = next((row[field] for field in codes.client_id_fields if field in row), None)
    if client_order_id is not None and named is not None and named != client_order_id:
        return Unknown(cause=Venue.OTHER_ORDER())
    return Accepted(venue_order_id=VenueOrderId(str(identifier)), row=row)


# ccxt writes `NAME POST https://… 503 Service Unavailable {…}` and `NAME 429 Too Many …`.
_STATUS = re.compile(r"(?:(?:GET|POST|PUT|DELETE) \S+|^\w+) ([1-5]\d\d)\b")


def _row_in(value: object, codes: VenueCodes) -> Row | None:
    """The order that an answer is about: the answer itself, or what its envelope holds (of a list, the first)."""
    if not isinstance(value, dict):
        return None
    row = value.get(codes.row_field) if codes.row_field else value
    if isinstance(row, list):
        row = row[0] if row else None
    return row if isinstance(row, dict) else None


def _refusal(value: object, codes: VenueCodes) -> tuple[str, str] | None:
    """(code, text) where the body is the venue's error; some cancels say "code": "200" and mean success.

    What an order's own row says counts before its envelope, which may say success over a refused order.
    """
    if not isinstance(value, dict):
        return None
    row = _row_in(value, codes) or {}
    for holder, code_field, text_field in (
        (row, codes.row_code_field, codes.row_text_field),
        (value, codes.code_field, codes.text_field),
    ):
        code = str(holder.get(code_field, "0"))
        if code_field and code not in codes.success:
            return code, str(holder.get(text_field, ""))
    return None


def _retry_ms(codes: VenueCodes, headers: Headers, text: str, now_ms: int) -> int | None:
    """What the venue asks us to wait; None where it names no time that can be read."""
    banned = None if codes.banned_until is None else _search(codes.banned_until, text)
    if banned is not None and now_ms > 0:
        return max(0, min(int(banned) - now_ms, MAX_RETRY_AFTER_MS))
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    for name, value in pairs:
        if str(name).lower() == "retry-after":
            return _pause_ms(str(value).strip(), now_ms)
    return None


def _pause_ms(text: str, now_ms: int) -> int | None:
    """A Retry-After: whole seconds, or a date (RFC 9110, 10.2.3), which a proxy before the venue may write."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(int(text) * 1000, MAX_RETRY_AFTER_MS)
    try:
        until_ms = int(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError, TypeError):
        return None
    return max(0, min(until_ms - now_ms, MAX_RETRY_AFTER_MS)) if now_ms > 0 else None


def _search(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return None if match is None else match[1]


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    """The innermost of several codes is the order's own; an envelope's comes first."""
    found = pattern.findall(text)
    return found[-1] if found else None


def _plain(body: bytes) -> str:
    return body[:4096].decode("utf-8", errors="replace").strip()


def _said(codes: VenueCodes, text: str) -> str:
    """The venue's own words where the text is a library's wrapping of them."""
    match = codes.words_in_text.search(text)
    return scrub(match[1] if match else text)


def _cause(codes: VenueCodes, status: int, code: str | None, text: str) -> Statement:
    parts = [str(status) if status else "", code or "", _said(codes, text)]
    return verbatim(" ".join(part for part in parts if part))


def in_words(verdict: Verdict) -> Statement:
    """What was answered, where that is not what was asked for."""
    match verdict:
        case Rejected(code=code, text=text) | Missing(code=code, text=text) | Duplicate(code=code, text=text):
            return Common.ANSWERED(code=code, text=text) if code else verbatim(text)
        case NotExecuted(cause=cause) | Unknown(cause=cause):
            return cause
        case Accepted() | Answered():
            return Venue.OTHER_ANSWER()


def is_silent(verdict: Verdict) -> bool:
    """Whether the venue itself did not answer: nothing came, a server failed, or what came cannot be read."""
    if isinstance(verdict, Unknown):
        return not verdict.answered
    return isinstance(verdict, NotExecuted) and not (verdict.throttled or verdict.resync)


def with_secrets_masked(verdict: Verdict, secrets: tuple[Secret, ...]) -> Verdict:
    """The verdict with its texts free of these literal secrets."""
    if isinstance(verdict, (NotExecuted, Unknown)):
        # A statement with a code is ours, and has no outside text in it.
        return verdict if verdict.cause.code else replace(verdict, cause=verbatim(scrub(verdict.cause, secrets)))
    if isinstance(verdict, (Rejected, Missing, Duplicate)):
        return replace(verdict, text=scrub(verdict.text, secrets))
    return verdict
