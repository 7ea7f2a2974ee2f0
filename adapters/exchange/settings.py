"""What one account's connection needs to know, and the small things its parts share."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from adapters.exchange import addresses, registry
from adapters.secret import Secret
from messages.backoff import backoff
from messages.base import Message
from messages.types import AccountId, MarginMode, PositionMode

if TYPE_CHECKING:
    from adapters.exchange.venue import Dialect

SETTLED_S = 30.0
"""A socket that lived this long had been opened well: exchanges count connections, some 300 in five minutes."""
VALIDITY_MARGIN_MS = 1_000
"""From a request's last valid moment to when its effect can be queried; ours, generous."""


class Clock(Protocol):
    """Wall time may jump; durations are measured on the monotonic clock."""

    def time_ns(self) -> int: ...

    def monotonic_ns(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """One account at one exchange.

    `set_position_mode`: change the account's mode where it differs, instead of refusing to work.
    `margin_mode`: what every symbol is set to; None leaves them as they are. `watch_only`: nothing is set.
    `settings_max_age_ms`, `rules_max_age_ms`: how old leverage and margin mode of the symbols, and their rules, may be
    before they are read anew.
    `environment`: the exchange's own, or its demo or test one, each with accounts and keys of its own.
    `marks_silent_ms`: prices come every second or three; a market socket that brings none for so long is opened anew.
    `base_url`: another server that speaks the same API, REST and websocket (`http://127.0.0.1:8080`); `stream_url`:
    where its websockets are, if elsewhere. `proxy`: what both go through (`http://user:password@host:port`).
    """

    exchange: str
    api_key: Secret
    api_secret: Secret
    environment: str = addresses.LIVE
    base_url: str | None = None
    stream_url: str | None = None
    proxy: Secret | None = None
    position_mode: PositionMode = PositionMode.ONE_WAY
    set_position_mode: bool = False
    margin_mode: MarginMode | None = None
    watch_only: bool = False
    recv_window_ms: int = 3_000
    timeout_ms: int = 10_000
    probe_interval_ms: int = 10_000
    settings_max_age_ms: int = 300_000
    rules_max_age_ms: int = 3_600_000
    listen_key_refresh_ms: int = 20 * 60_000
    stream_ping_ms: int = 20_000
    marks_silent_ms: int = 30_000
    backoff_min_ms: int = 250
    backoff_max_ms: int = 30_000

    @property
    def dialect(self) -> "Dialect":
        """How its exchange is spoken to. Raises ValueError for one that is not supported."""
        return registry.dialect(self.exchange)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.api_key, self.api_secret, *addresses.proxy_secrets(self.proxy))

    @property
    def where(self) -> str:
        """The venue that is meant: an environment of the exchange, or another server."""
        host = urlsplit(self.base_url).netloc if self.base_url else ""
        if self.environment == addresses.LIVE:
            return host or addresses.LIVE
        return f"{self.environment}/{host}" if host else self.environment

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.exchange} {self.where}"

    @property
    def address(self) -> str:
        """What a venue counts requests by: its own host, and the address that we reach it from."""
        via = addresses.proxy_place(self.proxy)
        home = registry.home_of(self.exchange, self.base_url) if self.base_url else self.environment
        place = f"{self.exchange}@{home}" if home else urlsplit(self.base_url or "").netloc
        return f"{place} through {via}" if via else place

    @property
    def validity_window_ms(self) -> int:
        """After this long a request cannot take effect any more."""
        return self.recv_window_ms + self.dialect.capabilities.accepted_skew_ms + VALIDITY_MARGIN_MS

    @property
    def identity(self) -> str:
        """Exchange, place and a fingerprint of the key, which tells nothing of it."""
        digest = sha256(f"albra account fingerprint\0{self.exchange}\0{self.api_key.reveal()}".encode()).hexdigest()
        return f"{self.exchange}@{self.where}#{digest[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What every part of one account's connection shares. `deliver` may be called from the adapter's thread only."""

    account: AccountId
    settings: ExchangeSettings
    clock: Clock
    deliver: Callable[[Message], None]


class Backoff:
    """Doubling delays with jitter, so that many clients do not come back in step. Bounded, never giving up."""

    def __init__(self, settings: ExchangeSettings, jitter: Callable[[], float]) -> None:
        """`jitter` gives numbers in [0, 1)."""
        self._least_ms = settings.backoff_min_ms
        self._most_ms = settings.backoff_max_ms
        self._jitter = jitter
        self._failures = 0
        self._hurried = asyncio.Event()

    def reset(self) -> None:
        self._failures = 0

    def after(self, lived_s: float) -> None:
        """What was opened has ended. Only a long life was a success: venues count connections, and ban flapping."""
        if lived_s >= SETTLED_S:
            self.reset()

    def next_s(self, at_least_ms: int = 0) -> float:
        """Seconds to wait now: half fixed, half random, and no less than the venue asked for."""
        delay_ms = backoff(self._least_ms, self._most_ms, self._failures)
        self._failures += 1
        return max(at_least_ms, delay_ms * (1 + self._jitter()) / 2) / 1000

    async def rest(self) -> None:
        """Wait as long as it is time to, or until `hurry`."""
        self._hurried.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.next_s()):
                await self._hurried.wait()

    def hurry(self) -> None:
        """What kept it from opening is over: the wait under way ends now. Those after it are as long as they were."""
        self._hurried.set()
