"""A valid configuration: frozen values with units in their names, secrets that cannot be printed.

The only declaration of each key: bounds, default, description, path in the file, and conversion. The JSON Schema, the
reading, the defaults and docs/configuration.md derive from these classes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path

from adapters.config import patterns
from adapters.config import schema as s
from adapters.config.conversions import by_number, hours, milliseconds, minute, narrowest_first, pairs, unless_none
from adapters.config.schema import key, section
from adapters.secret import Secret
from messages.discrepancy_type import Action, DiscrepancyType
from messages.types import AccountId, MarginMode, PositionMode, Symbol, TriggerPrice

WEBHOOK_SECRET_MIN = 16
_MILLISECONDS_A_DAY = 86_400_000
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PLACES = ("live", "demo", "testnet")
_ACTIONS = tuple(action.value for action in Action)
_CHAT = "a Telegram user id or chat id"
_A_ZONE = "a time zone such as UTC or Asia/Seoul"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """Journal, logs, lock, control address and the embedded venue's account live under `path` (absolute)."""

    path: Path = key(
        s.text_or(
            "var",
            "Directory of journal, logs, lock and control address; relative to this file.",
            r"^[^\x00-\x1f\x7f]+$",
            "text that is the path of a directory",
        ),
        take=Path,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsConfig:
    """Per account, amounts in USDT; None: no such limit. A day of `daily_loss` begins in `timezone`."""

    order_notional: Decimal | None = key(s.limit("Of one order."))
    symbol_exposure: Decimal | None = key(s.limit("Of one symbol."))
    account_exposure: Decimal | None = key(s.limit("Of the account."))
    openings_per_minute: int | None = key(
        {
            "type": ["integer", "null"],
            "description": "Rate of openings.",
            "minimum": 1,
            "maximum": 100_000,
            "default": None,
        }
    )
    daily_loss: Decimal | None = key(
        s.limit("Realized within a day; then nothing opens until the next one, or `albra resume`.")
    )
    timezone: str = key(
        s.text_or("UTC", "Where a day begins, for the daily loss: a name such as Asia/Seoul.", patterns.ZONE, _A_ZONE)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """One account at one exchange. `embedded` ones trade on the paper venue inside this process.

    `limits` are those that hold for it: its own, and the common ones where it has none.
    """

    account: AccountId
    exchange: str = key(
        s.choice(
            "Which exchange. Without keys the account trades on the embedded paper venue.",
            "binanceusdm",
            "binanceusdm",
            "paper",
        )
    )
    environment: str = key(
        s.choice(
            "The exchange's own, or one where it gives play money; each has accounts and keys of its own.",
            "live",
            *_PLACES,
        )
    )
    api_key: Secret | None = key(
        {**s.secret("API key, best written as ${NAME}."), "pattern": patterns.KEY, "expects": patterns.KEY_SAYS}
    )
    api_secret: Secret | None = key(
        {
            **s.secret("API secret, best written as ${NAME}; or a private key in PEM form."),
            "pattern": f"{patterns.KEY}|{patterns.PEM}",
            "expects": f"{patterns.KEY_SAYS}, or a private key in PEM form",
        }
    )
    base_url: str | None = key(
        s.text(
            "Another server speaking the same API, REST and WebSocket; its paths are the exchange's.",
            patterns.SERVER,
            "http://host[:port] or https://host[:port], without a path",
        )
    )
    stream_url: str | None = key(
        s.text(
            "Where its websockets are, if elsewhere.",
            patterns.SOCKETS,
            "ws://host[:port] or wss://host[:port], without a path",
        )
    )
    proxy: Secret | None = key(
        {
            **s.secret("What requests and websockets both go through; best written as ${NAME} if it has a password."),
            "pattern": patterns.PROXY,
            "expects": "http://, https://, socks4://, socks5:// or socks5h:// with [user:password@]host:port",
        }
    )
    position_mode: PositionMode = key(
        s.choice("Whether long and short of one symbol net or stand side by side.", "one_way", "one_way", "hedge"),
        take=PositionMode,
    )
    set_position_mode: bool | None = key(
        {
            "type": ["boolean", "null"],
            "description": "Set the position mode at the exchange where it differs, which a flat account allows; else"
            " it is a fault. Left out: set for `hedge`, and for every embedded account.",
            "default": None,
        }
    )
    margin_mode: MarginMode | None = key(
        s.optional(
            "Margin of every symbol: set where nothing is open, else a discrepancy; left out: as it is.",
            "cross",
            "isolated",
        ),
        take=unless_none(MarginMode),
    )
    budget_share: int = key(
        s.integer(
            "Percent of the exchange's request and order limits that may be used; others may share the address.",
            80,
            minimum=10,
            maximum=100,
        )
    )
    budget_reserve: int = key(
        s.integer(
            "Percent of that share which only reducing, protecting and canceling may use.", 25, minimum=5, maximum=90
        )
    )
    limits: LimitsConfig = section(
        "Limits of this account, each in place of the one that holds for all.", without=("timezone",)
    )
    recv_window_ms: int = key(
        s.integer("How long the exchange may take to accept a request.", 3000, minimum=100, maximum=60_000)
    )
    timeout_ms: int = key(
        s.integer("How long an answer of the exchange is waited for.", 10_000, minimum=100, maximum=120_000)
    )

    @property
    def embedded(self) -> bool:
        return self.exchange == "paper"

    @property
    def place(self) -> str:
        """Return the venue for people: `binanceusdm demo`, `binanceusdm at http://127.0.0.1:8080`."""
        if self.embedded:
            return "the embedded paper venue"
        environment = f" {self.environment}" if self.environment != "live" or self.base_url is None else ""
        server = f" at {self.base_url}" if self.base_url else ""
        sockets = f", websockets at {self.stream_url}" if self.stream_url else ""
        return f"{self.exchange}{environment}{server}{sockets}{', through a proxy' if self.proxy else ''}"

    @property
    def sets_position_mode(self) -> bool:
        """Return whether the account's position mode is set at the venue: hedge mode is set explicitly, one-way may be
        our default.
        """
        if self.set_position_mode is None:
            return self.embedded or self.position_mode is PositionMode.HEDGE
        return self.set_position_mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperConfig:
    """The embedded paper venue: the seed of its prices, how often they move, its port (0: any)."""

    seed: int = key(s.integer("Seed of its prices.", 1, minimum=0, maximum=2**63 - 1))
    tick_ms: int = key(s.integer("How often its prices move.", 250, minimum=1, maximum=60_000))
    port: int = key(s.integer("Where it listens on loopback; 0: any free port.", 0, minimum=0, maximum=65_535))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBusConfig:
    """`max_queue_size` bounds each mailbox at the door; `worker_count` threads run the position actors."""

    max_queue_size: int = key(s.integer("Bound of each mailbox.", 1000, minimum=1, maximum=1_000_000))
    worker_count: int = key(s.integer("Threads that run position actors.", 3, minimum=1, maximum=64))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIntervalsConfig:
    """Reconciliation intervals; the file has them in seconds."""

    fast_ms: int = key(s.seconds("With open positions or working orders.", 60), at="fast", take=milliseconds)
    normal_ms: int = key(s.seconds("Otherwise.", 300), at="normal", take=milliseconds)
    slow_ms: int = key(s.seconds("Deep: trades, orders, leverage.", 3600), at="slow", take=milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationConfig:
    """The action for each type; `overrides` are (account, symbol, type, action), narrowest first, None: any.

    `price` and `critical_share` are shares, notionals are in quote currency.
    """

    check_intervals: CheckIntervalsConfig = section("Seconds between checks.")
    policy: tuple[tuple[str, str], ...] = key(
        s.group(
            "What is done about each type of discrepancy.",
            **{each.value: s.choice(each.meaning, each.default_action.value, *_ACTIONS) for each in DiscrepancyType},
        ),
        take=pairs,
    )
    overrides: tuple[tuple[AccountId | None, Symbol | None, str, str], ...] = key(
        s.named(
            "Other actions for an account, a symbol, or account/SYMBOL; the narrowest counts.",
            "^([a-z0-9_]{1,32}|[A-Z0-9]{5,30}|[a-z0-9_]{1,32}/[A-Z0-9]{5,30})$",
            "an account, a symbol such as BTCUSDT, or account/SYMBOL",
            s.group(
                "Actions by type.",
                **{each.value: s.optional(each.meaning, *_ACTIONS) for each in DiscrepancyType},
            ),
        ),
        take=narrowest_first,
    )
    observations: tuple[tuple[str, int], ...] = key(
        s.group(
            "How often the same must be seen before it counts.",
            **{
                each.value: s.integer(each.meaning, each.default_observations, minimum=1, maximum=100)
                for each in DiscrepancyType
            },
        ),
        take=pairs,
    )
    attribution: str = key(
        s.choice("Who bears a reduction that no manual position can bear.", "ask", "ask", "pro_rata", "newest_first")
    )
    attempts: int = key(
        s.integer("Automatic repairs of one discrepancy before you are asked.", 3, minimum=0, maximum=100)
    )
    observation_gap_ms: int = key(
        s.seconds("Between two observations, at least.", 2), at="observation_gap", take=milliseconds
    )
    retention_days: int = key(s.integer("How long an ended discrepancy is listed.", 90, minimum=1, maximum=36_500))
    price: Decimal = key(
        s.share("Entry prices may differ by this share.", "0.001"), at="thresholds.price", take=Decimal
    )
    warning_notional: Decimal = key(
        s.amount("Misbelieved exposure that is a warning, in quote currency.", 10),
        at="thresholds.warning_notional",
        take=Decimal,
    )
    critical_notional: Decimal = key(
        s.amount("And critical, where it is also a large share of what is held.", 1000),
        at="thresholds.critical_notional",
        take=Decimal,
    )
    critical_share: Decimal = key(s.share("That share.", "0.5"), at="thresholds.critical_share", take=Decimal)
    stuck_ms: int = key(
        s.seconds("A state that should pass, and did not for so long, is a mismatch.", 30),
        at="thresholds.stuck",
        take=milliseconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase2Config:
    """`enabled: false` means watch only: everything is observed and reported, nothing is sent."""

    enabled: bool = key(
        s.flag("false: watch only; everything is compared and reported, nothing is sent.", default=True)
    )
    event_bus: EventBusConfig = section("Mailboxes.")
    reconciliation: ReconciliationConfig = section("Comparison of belief and venue.", thresholds="How bad is it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """`users` maps a Telegram user id to owner, trader or viewer; `languages` and `timezones` use ids, too.

    `quiet_minutes`: minutes of the day in which only CRITICAL notices are sent.
    """

    enabled: bool = key(s.flag("Whether the chat is connected.", default=False))
    token: Secret | None = key(
        {
            **s.secret("Bot token, best written as ${TELEGRAM_TOKEN}."),
            "pattern": patterns.BOTFATHER,
            "expects": "a bot token as BotFather shows it: digits, a colon, then letters, digits, _ and -",
        }
    )
    api_base_url: str = key(
        s.text_or(
            "https://api.telegram.org/bot",
            "The Bot API's base.",
            patterns.BOT,
            "http://host[:port]/bot or https://host[:port]/bot, /bot at its end",
        )
    )
    users: tuple[tuple[int, str], ...] = key(
        s.named(
            "Who may speak to the bot: user id -> role.",
            "^[1-9][0-9]{0,17}$",
            "a Telegram user id",
            {"type": "string", "enum": ["owner", "trader", "viewer"]},
        ),
        take=by_number,
    )
    chats: tuple[int, ...] = key(
        {
            "type": ["array", "null"],
            "description": "Chats that are spoken to; groups have negative ids.",
            "items": {"type": "integer", "minimum": -(2**52), "maximum": 2**52},
            "default": [],
        }
    )
    languages: tuple[tuple[int, str], ...] = key(
        s.named(
            "Who reads another language: user or chat id -> en or ko.",
            patterns.CHAT_ID,
            _CHAT,
            {"type": "string", "enum": ["en", "ko"], "default": "en"},
        ),
        take=by_number,
    )
    timezone: str = key(
        s.text_or("UTC", "The clock of what people read: a name such as Asia/Seoul.", patterns.ZONE, _A_ZONE)
    )
    timezones: tuple[tuple[int, str], ...] = key(
        s.named(
            "Who has another clock: user or chat id -> time zone.",
            patterns.CHAT_ID,
            _CHAT,
            {"type": "string", "pattern": patterns.ZONE, "expects": "a time zone such as Asia/Seoul", "default": "UTC"},
        ),
        take=by_number,
    )
    quiet_minutes: tuple[int, int] | None = key(
        s.text(
            "Only CRITICAL is sent between these times of each reader's clock, such as 23:00-07:00.",
            patterns.HOURS,
            "hours such as 23:00-07:00",
        ),
        at="quiet_hours",
        take=unless_none(hours),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierConfig:
    """Rates are messages a minute to one chat; None: never. `weekly_day` counts from 0, Monday."""

    high_per_minute: int = key(s.integer("Warnings.", 10, minimum=1, maximum=60), at="per_minute.high")
    medium_per_minute: int = key(s.integer("What happened as asked.", 5, minimum=1, maximum=60), at="per_minute.medium")
    low_per_minute: int = key(s.integer("Routine.", 2, minimum=1, maximum=60), at="per_minute.low")
    cooldown_ms: int = key(
        s.seconds("Identical notices within this time are counted, not repeated.", 300),
        at="cooldown",
        take=milliseconds,
    )
    digest_ms: int = key(s.seconds("Routine notices are gathered this long.", 3600), at="digest", take=milliseconds)
    repeat_critical_ms: int | None = key(
        {
            **s.limit("Seconds after which a CRITICAL notice comes again until acknowledged; left out: once."),
            "minimum": 10,
            "maximum": 86_400,
        },
        at="repeat_critical",
        take=unless_none(milliseconds),
    )
    daily_minute: int | None = key(
        s.text("Time of the daily report, such as 08:00.", patterns.TIME, "a time such as 08:00"),
        at="daily_report",
        take=unless_none(minute),
    )
    weekly_day: int | None = key(
        {
            "type": ["string", "null"],
            "description": "Weekday on which a weekly report follows the daily one.",
            "enum": list(_WEEKDAYS),
            "default": None,
        },
        at="weekly_report",
        take=unless_none(_WEEKDAYS.index),
    )
    webhook_url: Secret | None = key(s.address("Takes a JSON POST per notice."), at="webhook.url")
    webhook_after_ms: int = key(
        s.seconds("How long the chat has for a CRITICAL notice before the webhook is called.", 60),
        at="webhook.after",
        take=milliseconds,
    )
    ping_url: Secret | None = key(s.address("Takes a GET."), at="ping.url")
    ping_ms: int = key(s.seconds("Pause between calls.", 60), at="ping.every", take=milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionConfig:
    """A position whose stop is refused, or triggered and not executed, is closed by market after `close_after_ms`.

    `trigger` is the price that sets off stops and targets.
    """

    close_after_ms: int = key(
        s.integer(
            "A position whose stop is refused, or triggered and not executed, is closed by market after this time.",
            30_000,
            minimum=0,
            maximum=_MILLISECONDS_A_DAY,
        )
    )
    trigger: TriggerPrice = key(
        s.choice("The price that sets off stops and targets.", "mark", "mark", "last"), take=TriggerPrice
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesConfig:
    """How long a limit entry rests (0: until it is canceled), and whether an orderly stop takes it off the book."""

    good_for_s: int = key(
        s.integer(
            "Time in force of a resting entry, where the exchange supports it; 0: it rests until canceled.",
            86_400,
            minimum=0,
            maximum=90 * 86_400,
        )
    )
    cancel_on_stop: bool = key(s.flag("Whether an orderly stop takes them off the book.", default=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlConfig:
    """Where the control API listens; loopback only, port 0: any."""

    host: str = key(s.choice("Loopback only.", "127.0.0.1", "127.0.0.1", "::1", "localhost"))
    port: int = key(s.integer("0: any free port.", 0, minimum=0, maximum=65_535))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookStrategy:
    """A strategy's alerts: the secret in their body, and their account (None: the only one)."""

    strategy: str
    secret: Secret = key(
        {
            **s.secret("Stands in every alert; best written as ${NAME}."),
            "minLength": WEBHOOK_SECRET_MIN,
            "expects": f"at least {WEBHOOK_SECRET_MIN} characters, drawn at random",
        }
    )
    account: AccountId | None = key(
        {
            "type": ["string", "null"],
            "description": "The account it trades on; left out where there is only one.",
            "default": None,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfig:
    """Where alerts of chart services are accepted, and their maximum age."""

    enabled: bool = key(s.flag("Whether alerts are taken.", default=False))
    host: str = key(
        s.text_or(
            "127.0.0.1",
            "Where it listens; loopback unless named otherwise. Put a TLS proxy before it.",
            r"^[A-Za-z0-9_.:\-]{1,255}$",
            "an address or host name",
        )
    )
    port: int = key(s.integer("0: any free port; it is written to control.json.", 0, minimum=0, maximum=65_535))
    max_age_ms: int = key(
        s.integer("An alert whose timestamp is further from now is refused.", 60_000, minimum=1_000, maximum=3_600_000)
    )
    strategies: tuple[WebhookStrategy, ...] = key(
        s.named(
            "Strategies by name.",
            "^[A-Za-z0-9_]{1,32}$",
            "1 to 32 letters, digits and _",
            s.schema_of(WebhookStrategy, "One strategy's alerts."),
        ),
        take=lambda tree: tuple(s.build(WebhookStrategy, each, strategy=name) for name, each in tree.items()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """Lowest level kept; log files are turned at `file_bytes` and the newest `keep_files` stay."""

    level: str = key(s.choice("Lowest level kept.", "INFO", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
    file_bytes: int = key(s.integer("A log file is turned at this size.", 50_000_000, minimum=10_000, maximum=2**40))
    keep_files: int = key(s.integer("How many turned files stay.", 10, minimum=1, maximum=10_000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole, with every default filled in. `source` is its file, None for built-in values.

    `paper_asked`: every account trades on paper on purpose.
    """

    source: Path | None
    language: str = key(s.choice("Language of what people read.", "en", "en", "ko"))
    storage: StorageConfig = section("Where everything durable is.")
    accounts: tuple[AccountConfig, ...] = key(
        s.named(
            "Accounts by name; left out: one, `main`, on the embedded paper venue.",
            patterns.NAME,
            "1 to 32 of a-z, 0-9 and _",
            s.schema_of(AccountConfig, "One account at one exchange."),
            default={"main": {}},
        ),
        take=lambda tree: tuple(s.build(AccountConfig, each, account=AccountId(name)) for name, each in tree.items()),
    )
    paper: PaperConfig = section("The embedded paper venue.")
    phase2: Phase2Config = section("The supervisor, in the words of the original system.")
    telegram: TelegramConfig = section("Chat.")
    notifier: NotifierConfig = section(
        "Which notices are sent, and how often.",
        per_minute="Messages to one chat; CRITICAL knows no limit.",
        webhook="A second channel for CRITICAL, when the chat is down or slow.",
        ping="A dead man's switch: called as long as Albra lives.",
    )
    limits: LimitsConfig = section("Per account, in USDT; openings beyond them are refused. Left out: no such limit.")
    protection: ProtectionConfig = section("Stops and targets.")
    entries: EntriesConfig = section("Limit entries that rest at the exchange.")
    control: ControlConfig = section("The control API; its address and token are written under the storage path.")
    webhook: WebhookConfig = section("Alerts of chart services (TradingView) as commands: POST /v1/webhook/STRATEGY.")
    log: LogConfig = section("Logs.")
    paper_asked: bool = False

    def on_paper(self) -> "Config":
        """Return the configuration with every account on the embedded paper venue, even with keys."""
        moved = {"exchange": "paper", "api_key": None, "api_secret": None, "environment": "live"}
        bare = {"base_url": None, "stream_url": None, "proxy": None}
        accounts = tuple(replace(account, **moved, **bare) for account in self.accounts)  # type: ignore[arg-type]
        return replace(self, accounts=accounts, paper_asked=True)

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret, for masking."""
        return tuple(_secrets(self))


def _secrets(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _secrets(each)
    elif is_dataclass(value):
        for name in fields(value):
            yield from _secrets(getattr(value, name.name))


SCHEMA: s.JsonSchema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Albra configuration",
    **s.schema_of(Config, "config.yaml; every key may be left out. ${NAME} in a value is taken from the environment."),
}
