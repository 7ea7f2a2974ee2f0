"""Decides what an answer proves. Pure: no exchange library, no clock.

Every answer and error is certainly done, certainly not done, or perhaps done. Two functions apply the exchange's table
(`codes`): `interpret` judges a raw HTTP answer, `interpret_raised` an exception that a library raised without one.

An order is rejected only by a listed code, status, class or text; everything else is `Unknown`. A live order taken for
a failed one is doubled, while a query costs one request. A setting is not doubled: any code but an internal venue error
refuses it.
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
    """The kind of request; the same code proves different things."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    QUERY = "query"
    SETTING = "setting"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The venue has the order, described by its row. Also answers cancels and queries."""

    venue_order_id: VenueOrderId
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The value that answers a read or a setting."""

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Not executed, and a repetition would be refused too. `text` is the venue's."""

    reason: RejectReason
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The venue knows no live order (cancel) or no order (query) of this id. That alone proves nothing."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An open order has this client order id; the ids are only ours, so fetch and adopt it."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExecuted:
    """Not executed; may be repeated later. `resync`: measure the clock offset first.

    `alone`: the throttle concerns this account; otherwise an address and every account behind it.
    """

    retry_after_ms: int
    cause: Statement
    throttled: bool = False
    alone: bool = False
    resync: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Perhaps done. `answered`: the venue answered this request with a text that no table lists.

    `refused`: the text is no internal venue error, so the request is no longer in transit.
    """

    cause: Statement
    answered: bool = False
    refused: bool = False


Verdict: TypeAlias = Accepted | Answered | Rejected | Missing | Duplicate | NotExecuted | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An exception that a library raised instead of an answer.

    `classes`: class names of the MRO, and of the exception's causes. `never_sent`: no connection was made, so no byte
    of the request left.
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
    """Apply the table. `status` 0: not known."""
    cause = _cause(codes, status, code, text)
    # A gateway before the venue answers "elsewhere", and may still have passed the request on.
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
    # A 5xx proves nothing, except with the venue's documented text for "failed".
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
        reason = RejectReason.OTHER  # a setting may be repeated at no cost
    if reason is None:
        return Unknown(cause=cause, answered=True, refused=True)
    return Rejected(reason=reason, code=code, text=_said(codes, text))


def _judge_success(ask: Ask, codes: VenueCodes, value: object, client_order_id: str | None) -> Verdict:
    """Judge a 200 by its body: empty, HTML and truncated bodies come with status 200, too."""
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
    """Return the order's row: the answer itself, or the one in its envelope (of a list, the first)."""
    if not isinstance(value, dict):
        return None
    row = value.get(codes.row_field) if codes.row_field else value
    if isinstance(row, list):
        row = row[0] if row else None
    return row if isinstance(row, dict) else None


def _refusal(value: object, codes: VenueCodes) -> tuple[str, str] | None:
    """Return (code, text) of an error body; some cancels have "code": "200" and mean success.

    An order's own row counts before its envelope, which may report success over a refused order.
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
    """Return the wait that the venue asks for, in ms; None when it names no readable time."""
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
    """Return the last match: the order's own code comes after its envelope's."""
    found = pattern.findall(text)
    return found[-1] if found else None


def _plain(body: bytes) -> str:
    return body[:4096].decode("utf-8", errors="replace").strip()


def _said(codes: VenueCodes, text: str) -> str:
    """Return the venue's message inside a library's text, else the text."""
    match = codes.words_in_text.search(text)
    return scrub(match[1] if match else text)


def _cause(codes: VenueCodes, status: int, code: str | None, text: str) -> Statement:
    parts = [str(status) if status else "", code or "", _said(codes, text)]
    return verbatim(" ".join(part for part in parts if part))


def in_words(verdict: Verdict) -> Statement:
    """Return an unsuccessful verdict as a statement."""
    match verdict:
        case Rejected(code=code, text=text) | Missing(code=code, text=text) | Duplicate(code=code, text=text):
            return Common.ANSWERED(code=code, text=text) if code else verbatim(text)
        case NotExecuted(cause=cause) | Unknown(cause=cause):
            return cause
        case Accepted() | Answered():
            return Venue.OTHER_ANSWER()


def is_silent(verdict: Verdict) -> bool:
    """Return whether the venue gave no usable answer: none came, a server failed, or it is unreadable."""
    if isinstance(verdict, Unknown):
        return not verdict.answered
    return isinstance(verdict, NotExecuted) and not (verdict.throttled or verdict.resync)


def with_secrets_masked(verdict: Verdict, secrets: tuple[Secret, ...]) -> Verdict:
    """Return the verdict with these literal secrets masked."""
    if isinstance(verdict, (NotExecuted, Unknown)):
        # A statement with a code contains no outside text.
        return verdict if verdict.cause.code else replace(verdict, cause=verbatim(scrub(verdict.cause, secrets)))
    if isinstance(verdict, (Rejected, Missing, Duplicate)):
        return replace(verdict, text=scrub(verdict.text, secrets))
    return verdict
