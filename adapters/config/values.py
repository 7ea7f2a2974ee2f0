"""What a valid configuration is: frozen values with units in their names, secrets that cannot be printed."""

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from adapters.secret import Secret
from messages.types import AccountId, MarginMode, PositionMode, Symbol, TriggerPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """Journal, logs, lock, control address and the embedded venue's account live under `path` (absolute)."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """One account at one exchange. `embedded` ones trade on the paper venue inside this process.

    `limits` are those that hold for it: its own, and the common ones where it has none.
    """

    account: AccountId
    exchange: str
    api_key: Secret | None
    api_secret: Secret | None
    environment: str
    base_url: str | None
    stream_url: str | None
    proxy: Secret | None
    position_mode: PositionMode
    set_position_mode: bool | None
    margin_mode: MarginMode | None
    budget_share: int
    budget_reserve: int
    limits: "LimitsConfig"
    recv_window_ms: int
    timeout_ms: int

    @property
    def embedded(self) -> bool:
        return self.exchange == "paper"

    @property
    def place(self) -> str:
        """Where it trades, for people: `binanceusdm demo`, `binanceusdm at http://127.0.0.1:8080`."""
        if self.embedded:
            return "the embedded paper venue"
        environment = f" {self.environment}" if self.environment != "live" or self.base_url is None else ""
        server = f" at {self.base_url}" if self.base_url else ""
        sockets = f", websockets at {self.stream_url}" if self.stream_url else ""
        return f"{self.exchange}{environment}{server}{sockets}{', through a proxy' if self.proxy else ''}"

    @property
    def sets_position_mode(self) -> bool:
        """Hedge mode is nobody's default: who has it in the configuration wants it. One-way mode may be ours alone."""
        if self.set_position_mode is None:
            return self.embedded or self.position_mode is PositionMode.HEDGE
        return self.set_position_mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperConfig:
    """The embedded paper venue: the seed of its prices, how often they move, its port (0: any)."""

    seed: int
    tick_ms: int
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBusConfig:
    """`max_queue_size` bounds each mailbox at the door; `worker_count` threads run the position actors."""

    max_queue_size: int
    worker_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIntervalsConfig:
    """Reconciliation intervals; the file has them in seconds."""

    fast_ms: int
    normal_ms: int
    slow_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationConfig:
    """What is done about each type; `overrides` are (account, symbol, type, action), narrowest first, None: any.

    `price` and `critical_share` are shares, notionals are in quote currency.
    """

    check_intervals: CheckIntervalsConfig
    policy: tuple[tuple[str, str], ...]
    overrides: tuple[tuple[AccountId | None, Symbol | None, str, str], ...]
    observations: tuple[tuple[str, int], ...]
    attribution: str
    attempts: int
    observation_gap_ms: int
    retention_days: int
    price: Decimal
    warning_notional: Decimal
    critical_notional: Decimal
    critical_share: Decimal
    stuck_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase2Config:
    """`enabled: false` means watch only: everything is observed and reported, nothing is sent."""

    enabled: bool
    event_bus: EventBusConfig
    reconciliation: ReconciliationConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """`users` pairs a Telegram user id with owner, trader or viewer; `languages` and `timezones` have ids, too.

    `quiet_minutes`: between these minutes of the day only CRITICAL is told.
    """

    enabled: bool
    token: Secret | None
    api_base_url: str
    users: tuple[tuple[int, str], ...]
    chats: tuple[int, ...]
    languages: tuple[tuple[int, str], ...]
    timezone: str
    timezones: tuple[tuple[int, str], ...]
    quiet_minutes: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierConfig:
    """Rates are messages a minute to one chat; None: never. `weekly_day` counts from 0, Monday."""

    high_per_minute: int
    medium_per_minute: int
    low_per_minute: int
    cooldown_ms: int
    digest_ms: int
    repeat_critical_ms: int | None
    daily_minute: int | None
    weekly_day: int | None
    webhook_url: Secret | None
    webhook_after_ms: int
    ping_url: Secret | None
    ping_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsConfig:
    """Per account, amounts in USDT; None: no such limit. A day of `daily_loss` begins in `timezone`."""

    order_notional: Decimal | None
    symbol_exposure: Decimal | None
    account_exposure: Decimal | None
    openings_per_minute: int | None
    daily_loss: Decimal | None
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionConfig:
    """A position whose stop is refused, or triggered and not executed, is closed by market after `close_after_ms`.

    `trigger` is the price that sets off stops and targets.
    """

    close_after_ms: int
    trigger: TriggerPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesConfig:
    """How long a limit entry rests (0: until it is canceled), and whether an orderly stop takes it off the book."""

    good_for_s: int
    cancel_on_stop: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlConfig:
    """Where the control API listens; loopback only, port 0: any."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookStrategy:
    """Whose alerts are taken: the secret in their body, and the account they trade on (None: the only one)."""

    strategy: str
    secret: Secret
    account: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfig:
    """Where alerts of chart services are taken, and how old one may be."""

    enabled: bool
    host: str
    port: int
    max_age_ms: int
    strategies: tuple[WebhookStrategy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """Lowest level kept; log files are turned at `file_bytes` and the newest `keep_files` stay."""

    level: str
    file_bytes: int
    keep_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole, with every default filled in. `source` is its file, None for built-in values.

    `paper_asked`: every account trades on paper on purpose.
    """

    source: Path | None
    language: str
    storage: StorageConfig
    accounts: tuple[AccountConfig, ...]
    paper: PaperConfig
    phase2: Phase2Config
    telegram: TelegramConfig
    notifier: NotifierConfig
    limits: LimitsConfig
    protection: ProtectionConfig
    entries: EntriesConfig
    control: ControlConfig
    webhook: WebhookConfig
    log: LogConfig
    paper_asked: bool = False

    def on_paper(self) -> "Config":
        """The same with every account on the embedded paper venue, whatever keys it has."""
        moved = {"exchange": "paper", "api_key": None, "api_secret": None, "environment": "live"}
        bare = {"base_url": None, "stream_url": None, "proxy": None}
        accounts = tuple(replace(account, **moved, **bare) for account in self.accounts)  # type: ignore[arg-type]
        return replace(self, accounts=accounts, paper_asked=True)

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret, for masking."""
        found = [self.telegram.token, self.notifier.webhook_url, self.notifier.ping_url]
        for account in self.accounts:
            found += [account.api_key, account.api_secret, account.proxy]
        found += [each.secret for each in self.webhook.strategies]
        return tuple(secret for secret in found if secret is not None)
