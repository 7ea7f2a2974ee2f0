"""Alerts from chart services (TradingView and similar) as commands: POST /v1/webhook/{strategy}.

It has an address of its own, since it may be exposed to the internet, which the control API may not. Such services
cannot set headers, so the body holds the strategy's secret; it is compared in constant time and never shown. The right
secret always passes; an address with repeated wrong ones only gets 429, and other senders behind it are not affected.
An alert has one effect: its id determines the command id, and the supervisor repeats its answer to a repetition.
Another content under that id, and a timestamp too far from now, are refused. Refusals are counted and reported, the
first at once and the rest together.
"""

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from aiohttp import web

from adapters.config.values import WebhookConfig, WebhookStrategy
from adapters.control.answers import errors_as_json, failure
from adapters.control.auth_throttle import AuthThrottle
from adapters.control.refusals import Refusal, Refusals
from adapters.listening.body import BodyRefused, document, read_text
from adapters.listening.door import prove
from messages import fields
from messages.decimals import plain
from messages.fields import FieldError
from messages.requests import Notify

BODY_MAX = 16_384
READY_PAUSE_S = 0.5
"""Pause before an early alert is submitted to the supervisor again."""
NOT_READY = 503
ACTIONS = ("buy", "sell", "close")
_ID = re.compile(r"[ -~]{1,128}")
_MILLISECONDS = re.compile(r"[0-9]{13}")
"""Covers 2001 to 2286; a time in seconds has ten digits."""
_CONTRACT_SUFFIX = re.compile(r"\.P$|PERP$")
"""How TradingView marks a perpetual ({{ticker}}): BTCUSDT.P."""
_NO_SECRET = b"\0" * 32

Carry = Callable[[str, Mapping[str, Any]], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One parsed alert. `sent_ms`: its own timestamp."""

    strategy: str
    id: str
    sent_ms: int
    action: str
    symbol: str
    quantity: Decimal | None
    stop: Decimal | None
    target: Decimal | None
    leverage: int | None

    @property
    def command_id(self) -> str:
        """A function of the alert's id: repeated after a restart, the alert still has one effect."""
        return f"hook-{sha256(f'{self.strategy}{chr(0)}{self.id}'.encode()).hexdigest()[:32]}"


FIELDS: Mapping[str, fields.Kind[Any]] = {
    "symbol": fields.symbol,
    "quantity": fields.quantity,
    "stop": fields.price,
    "target": fields.price,
    "leverage": fields.leverage,
}
"""The fields of an alert that become a command's."""
_OPENS = ("quantity",)


class Webhook:
    """`carry_out(command, body)` does what POST /v1/commands/{command} does."""

    def __init__(
        self,
        config: WebhookConfig,
        carry_out: Carry,
        now_ns: Callable[[], int] = time.time_ns,
        *,
        notify: Callable[[Notify], object] = lambda _notice: None,
    ) -> None:
        self._config = config
        self._strategies = {each.strategy: each for each in config.strategies}
        self._carry_out = carry_out
        self._now_ns = now_ns
        self._throttle = AuthThrottle()
        self._refusals = Refusals(notify)

    def application(self) -> web.Application:
        application = web.Application(middlewares=[errors_as_json])
        application.add_routes([web.post("/v1/webhook/{strategy}", self._alert)])
        return application

    async def _alert(self, request: web.Request) -> web.Response:
        name = request.match_info["strategy"]
        try:
            body = _document(await read_text(request, BODY_MAX))
            strategy = self._authentic(name, body)
            if strategy is None:
                return self._wrong_secret(request)
            prove(request)
            _nothing_in(request.query)
            return await self._take(read(name, body), strategy)
        except BodyRefused:
            self._refusals.count(Refusal.UNREADABLE, request.remote)
            raise
        except FieldError as error:
            self._refusals.count(Refusal.UNREADABLE if error.field == "body" else Refusal.FIELD, request.remote)
            raise

    def _wrong_secret(self, request: web.Request) -> web.Response:
        """Return 401, or only 429 to a throttled address."""
        self._refusals.count(Refusal.GUESS, request.remote)
        address, now_ms = _sender(request), self._now_ns() // 1_000_000
        if not (wait_ms := self._throttle.wait_ms(address, now_ms)):
            self._throttle.on_failure(address, now_ms)
            return failure(401, "the secret is missing or wrong")
        seconds = -(-wait_ms // 1_000)
        answer = failure(429, f"too many wrong secrets came from here: try again in {seconds} s")
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def _authentic(self, name: str, body: Mapping[str, Any]) -> WebhookStrategy | None:
        """Return the strategy when the body proves its secret; an unknown strategy takes the same time."""
        strategy = self._strategies.get(name)
        given = body.get("secret")
        expected = strategy.secret.reveal().encode() if strategy is not None else _NO_SECRET
        right = hmac.compare_digest(given.encode(errors="surrogatepass") if isinstance(given, str) else b"", expected)
        return strategy if right else None

    async def _take(self, alert: Alert, strategy: WebhookStrategy) -> web.Response:
        now_ms = self._now_ns() // 1_000_000
        age_ms = now_ms - alert.sent_ms
        if abs(age_ms) > self._config.max_age_ms:
            where = "old" if age_ms > 0 else "ahead"
            text = (
                f"the alert is {_span(abs(age_ms))} {where}, at most {_span(self._config.max_age_ms)} are taken:"
                " nothing was done"
            )
            self._refusals.count(Refusal.AGE)
            return failure(409, text)
        command, body = to_command(alert, strategy, self._config.max_age_ms)
        last_ms = alert.sent_ms + self._config.max_age_ms - int(READY_PAUSE_S * 1_000)
        answer = await self._carry_out(command, body)
        while answer.status == NOT_READY and self._now_ns() // 1_000_000 < last_ms:
            await asyncio.sleep(
                READY_PAUSE_S
            )  # Chart services send an alert once, so it waits here up to its maximum age.
            answer = await self._carry_out(command, body)
        if answer.status == 409:
            self._refusals.count(Refusal.REFUSED)
        elif answer.status == NOT_READY:
            self._refusals.count(Refusal.NOT_READY)
        return answer


def _span(time_ms: int) -> str:
    """Return a duration in its two largest units."""
    seconds = time_ms // 1_000
    for unit, size, below, below_size in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // below_size} {below}"
    return f"{time_ms / 1_000:g} s"


def _nothing_in(query: Mapping[str, str]) -> None:
    """Raise FieldError for a query: an alert is read from its body only."""
    if parameter := next(iter(query), None):
        raise FieldError("nothing", parameter, "query")


def _sender(request: web.Request) -> str:
    """Return the sender's address; behind a local proxy, the last one that the proxy wrote."""
    remote = request.remote or ""
    seen = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    return seen if seen and remote in ("127.0.0.1", "::1") else remote


def read(strategy: str, body: Mapping[str, Any]) -> Alert:
    """Parse an alert. Raises FieldError naming the field; never shows the secret."""
    known = ("secret", "id", "timestamp", "action", *FIELDS)
    if unknown := next((key for key in body if key not in known), None):
        raise FieldError("one of " + ", ".join(known), unknown, "body")
    given: dict[str, Any] = {
        name: _read(name, kind, _plain(name, body[name])) for name, kind in FIELDS.items() if body.get(name) is not None
    }
    action = body.get("action")
    if not isinstance(action, str) or action.lower() not in ACTIONS:
        raise FieldError("buy, sell or close", action, "action")
    for name in ("symbol", *(_OPENS if action.lower() != "close" else ())):
        if name not in given:
            raise FieldError("a value", None, name)
    if action.lower() == "close" and (beyond := next((n for n in ("stop", "target", "leverage") if n in given), None)):
        raise FieldError("nothing beside action close", body[beyond], beyond)
    identity = body.get("id")
    if isinstance(identity, int) and not isinstance(identity, bool):
        identity = str(identity)
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise FieldError("an id of this alert, 1 to 128 plain characters", identity, "id")
    terms: dict[str, Any] = {name: given.get(name) for name in FIELDS}
    return Alert(
        strategy=strategy,
        id=identity,
        sent_ms=_read("timestamp", instant_ms, body.get("timestamp")),
        action=action.lower(),
        **terms,
    )


def to_command(alert: Alert, strategy: WebhookStrategy, max_age_ms: int) -> tuple[str, dict[str, Any]]:
    """Return the command's name and body. An opening expires when the alert would be too old."""
    about = {"command_id": alert.command_id, "symbol": alert.symbol, "strategy": strategy.strategy}
    if strategy.account is not None:
        about["account"] = strategy.account
    prices = {
        "quantity": alert.quantity,
        "stop_loss": alert.stop,
        "take_profit": alert.target,
    }
    terms: dict[str, Any] = {name: plain(value) for name, value in prices.items() if value is not None}
    if alert.action == "close":
        return "close", about | terms
    if alert.leverage is not None:
        terms["leverage"] = alert.leverage
    side = {"buy": "long", "sell": "short"}[alert.action]
    expires_at_ns = (alert.sent_ms + max_age_ms) * 1_000_000
    return "open", about | terms | {"side": side, "expires_at_ns": expires_at_ns}


def instant_ms(value: object) -> int:
    """Return ms since the epoch, from such a number or ISO 8601 in UTC as TradingView's {{timenow}}:
    2026-01-31T12:00:00Z.
    """
    expected = "milliseconds since the epoch, or a UTC instant such as 2026-01-31T12:00:00Z"
    digits = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(digits, str) and _MILLISECONDS.fullmatch(digits):
        return int(digits)
    if isinstance(value, str) and value.isascii():
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise FieldError(expected, value) from None
        if moment.tzinfo is not None:
            return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    raise FieldError(expected, value)


def _document(text: str) -> Mapping[str, Any]:
    """Parse the body as JSON, whatever its content type. Errors repeat nothing of it, since the secret may be
    anywhere.
    """
    try:
        value = document(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise FieldError("a JSON object", "something else", "body")
    return value


def _plain(name: str, value: object) -> object:
    """Return a symbol without a chart service's suffix for perpetuals."""
    return _CONTRACT_SUFFIX.sub("", value.upper()) if name == "symbol" and isinstance(value, str) else value


def _read(name: str, parse: Callable[[object], Any], value: object) -> Any:
    try:
        return parse(value)
    except FieldError as error:
        error.field = name
        raise
