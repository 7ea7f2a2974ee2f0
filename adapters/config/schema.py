"""The configuration's shape, as JSON Schema (draft 2020-12): the one source of keys, bounds and defaults.

Beyond the standard's words: `expects` says in plain words what a pattern means, `secret` marks what is
never shown. Everything else a JSON Schema validator understands; `document.py` walks the same data.
"""

from decimal import Decimal
from typing import Any

JsonSchema = dict[str, Any]

_URL = r"^https?://[A-Za-z0-9_.\-\[\]:]+(/[A-Za-z0-9_.\-/]*)?$"
_BOT = r"^https?://[A-Za-z0-9_.\-\[\]:]+(/[A-Za-z0-9_.\-/]*)?/bot$"
"""The token follows at once: without the ending it would become part of a host's name or port."""
_SERVER = r"^https?://[A-Za-z0-9_.\-\[\]:]+/?$"
_SOCKETS = r"^wss?://[A-Za-z0-9_.\-\[\]:]+/?$"
_PROXY = r"^(https?|socks[45]|socks5h)://([^\s@/:]+(:[^\s@/]*)?@)?([A-Za-z0-9_.\-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}/?$"
_KEY = r"^[!#-&(-_a-~]+$"
"""Printable, without spaces, quotes and line ends: what a venue hands out, and nothing that came along with it."""
_KEY_SAYS = "printable characters without spaces, quotes and line ends"
_BOTFATHER = r"^([0-9]+:[A-Za-z0-9_\-]+|.*\$\{[A-Za-z_][A-Za-z0-9_]*\}.*)$"
"""What BotFather shows, or where it is taken from."""
_PEM = r"^-----BEGIN [A-Z ]*PRIVATE KEY-----\s[A-Za-z0-9+/=\s]+-----END [A-Z ]*PRIVATE KEY-----\s*$"
_ADDRESS = r"^https?://\S+$"
_ZONE = r"^[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,2}$"
_CHAT_ID = r"^-?[1-9][0-9]{0,17}$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"
WEBHOOK_SECRET_MIN = 16
_MILLISECONDS_A_DAY = 86_400_000


def _group(description: str, /, **properties: JsonSchema) -> JsonSchema:
    return {
        "type": ["object", "null"],
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        "default": {},
    }


def _integer(description: str, default: int, *, minimum: int, maximum: int) -> JsonSchema:
    return {
        "type": "integer",
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
        "default": default,
    }


def _seconds(description: str, default: int) -> JsonSchema:
    return {
        "type": "number",
        "description": description,
        "exclusiveMinimum": 0,
        "maximum": 86_400,
        "default": default,
    }


def _limit(description: str) -> JsonSchema:
    return {"type": ["number", "null"], "description": description, "exclusiveMinimum": 0, "default": None}


def _choice(description: str, default: str, *values: str) -> JsonSchema:
    return {"type": "string", "description": description, "enum": list(values), "default": default}


def _optional(description: str, *values: str) -> JsonSchema:
    return {
        "type": ["string", "null"],
        "description": description,
        "pattern": f"^({'|'.join(values)})$",
        "expects": "one of " + ", ".join(values),
        "default": None,
    }


def _share(description: str, default: str) -> JsonSchema:
    return {"type": "number", "description": description, "minimum": 0, "maximum": 1, "default": Decimal(default)}


def _amount(description: str, default: int) -> JsonSchema:
    return {"type": "number", "description": description, "minimum": 0, "default": default}


def _flag(description: str, *, default: bool) -> JsonSchema:
    return {"type": "boolean", "description": description, "default": default}


def _secret(description: str) -> JsonSchema:
    return {
        "type": ["string", "null"],
        "description": description,
        "minLength": 1,
        "secret": True,
        "default": None,
    }


def _per_chat(description: str, value: JsonSchema) -> JsonSchema:
    return {
        "type": ["object", "null"],
        "description": description,
        "propertyNames": {"pattern": _CHAT_ID, "expects": "a Telegram user id or chat id"},
        "additionalProperties": value,
        "default": {},
    }


def _address(description: str) -> JsonSchema:
    """An address to call: often a secret in itself, so it is never shown."""
    return {**_secret(description), "pattern": _ADDRESS, "expects": "http://… or https://…"}


def _text(description: str, pattern: str, expects: str) -> JsonSchema:
    return {
        "type": ["string", "null"],
        "description": description,
        "pattern": pattern,
        "expects": expects,
        "default": None,
    }


def _limits(description: str, **more: JsonSchema) -> JsonSchema:
    return _group(
        description,
        order_notional=_limit("Of one order."),
        symbol_exposure=_limit("Of one symbol."),
        account_exposure=_limit("Of the account."),
        openings_per_minute={
            "type": ["integer", "null"],
            "description": "Rate of openings.",
            "minimum": 1,
            "maximum": 100_000,
            "default": None,
        },
        daily_loss=_limit("Realized within a day; then nothing opens until the next one, or `albra resume`."),
        **more,
    )


_ACTIONS = (
    *("UPDATE_SYSTEM", "UPDATE_EXCHANGE", "CREATE_POSITION", "CLOSE_POSITION"),
    *("MANUAL_INTERVENTION", "IGNORE", "RETRY"),
)
_DISCREPANCIES = {
    "POSITION_NOT_IN_SYSTEM": ("Held at the venue, unknown here.", "CREATE_POSITION"),
    "POSITION_NOT_IN_EXCHANGE": ("Believed, not at the venue.", "UPDATE_SYSTEM"),
    "SIZE_MISMATCH": ("Another quantity.", "UPDATE_SYSTEM"),
    "SIDE_MISMATCH": ("The other side.", "UPDATE_SYSTEM"),
    "PRICE_MISMATCH": ("Another entry price.", "UPDATE_SYSTEM"),
    "LEVERAGE_MISMATCH": ("Another leverage; only UPDATE_EXCHANGE changes it there.", "UPDATE_SYSTEM"),
    "STATE_MISMATCH": ("A state that should have passed.", "RETRY"),
    "OVERSOLD": ("One strategy sold more than it held: what a neighbor on the leg held is gone.", "UPDATE_SYSTEM"),
    "ORPHAN_ORDER": ("An order of ours without a position.", "UPDATE_EXCHANGE"),
    "PROTECTION_MISSING": ("A stop that is not on the book.", "RETRY"),
    "PROTECTION_MISMATCH": ("A stop of another size.", "UPDATE_EXCHANGE"),
    "MARGIN_MODE_MISMATCH": ("Another margin mode.", "MANUAL_INTERVENTION"),
    "POSITION_MODE_MISMATCH": ("Another position mode.", "MANUAL_INTERVENTION"),
}
_ABSENT = ("POSITION_NOT_IN_EXCHANGE", "PROTECTION_MISSING")

_PLACES = ("live", "demo", "testnet")
_ACCOUNT = _group(
    "One account at one exchange.",
    exchange=_choice(
        "Which exchange. Without keys the account trades on the embedded paper venue.",
        "binanceusdm",
        "binanceusdm",
        "paper",
    ),
    environment=_choice(
        "The exchange's own, or one where it gives play money; each has accounts and keys of its own.", "live", *_PLACES
    ),
    api_key={**_secret("API key, best written as ${NAME}."), "pattern": _KEY, "expects": _KEY_SAYS},
    api_secret={
        **_secret("API secret, best written as ${NAME}; or a private key in PEM form."),
        "pattern": f"{_KEY}|{_PEM}",
        "expects": f"{_KEY_SAYS}, or a private key in PEM form",
    },
    base_url=_text(
        "Another server speaking the same API, REST and WebSocket; its paths are the exchange's.",
        _SERVER,
        "http://host[:port] or https://host[:port], without a path",
    ),
    stream_url=_text(
        "Where its websockets are, if elsewhere.", _SOCKETS, "ws://host[:port] or wss://host[:port], without a path"
    ),
    proxy={
        **_secret("What requests and websockets both go through; best written as ${NAME} if it has a password."),
        "pattern": _PROXY,
        "expects": "http://, https://, socks4://, socks5:// or socks5h:// with [user:password@]host:port",
    },
    position_mode=_choice(
        "Whether long and short of one symbol net or stand side by side.", "one_way", "one_way", "hedge"
    ),
    set_position_mode={
        "type": ["boolean", "null"],
        "description": "Set the position mode at the exchange where it differs, which a flat account allows; else it is"
        " a fault. Left out: set for `hedge`, and for every embedded account.",
        "default": None,
    },
    margin_mode={
        **_optional(
            "Margin of every symbol: set where nothing is open, else a discrepancy; left out: as it is.",
            "cross",
            "isolated",
        ),
    },
    budget_share=_integer(
        "Percent of the exchange's request and order limits that may be used; others may share the address.",
        80,
        minimum=10,
        maximum=100,
    ),
    budget_reserve=_integer(
        "Percent of that share which only reducing, protecting and canceling may use.", 25, minimum=5, maximum=90
    ),
    limits=_limits("Limits of this account, each in place of the one that holds for all."),
    recv_window_ms=_integer("How long the exchange may take to accept a request.", 3000, minimum=100, maximum=60_000),
    timeout_ms=_integer("How long an answer of the exchange is waited for.", 10_000, minimum=100, maximum=120_000),
)

SCHEMA: JsonSchema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Albra configuration",
    **_group(
        "config.yaml; every key may be left out. ${NAME} in a value is taken from the environment.",
        language=_choice("Language of what people read.", "en", "en", "ko"),
        storage=_group(
            "Where everything durable is.",
            path={
                "type": "string",
                "description": "Directory of journal, logs, lock and control address; relative to this file.",
                "pattern": r"^[^\x00-\x1f\x7f]+$",
                "expects": "text that is the path of a directory",
                "default": "var",
            },
        ),
        accounts={
            "type": ["object", "null"],
            "description": "Accounts by name; left out: one, `main`, on the embedded paper venue.",
            "propertyNames": {"pattern": "^[a-z0-9_]{1,32}$", "expects": "1 to 32 of a-z, 0-9 and _"},
            "additionalProperties": _ACCOUNT,
            "default": {"main": {}},
        },
        paper=_group(
            "The embedded paper venue.",
            seed=_integer("Seed of its prices.", 1, minimum=0, maximum=2**63 - 1),
            tick_ms=_integer("How often its prices move.", 250, minimum=1, maximum=60_000),
            port=_integer("Where it listens on loopback; 0: any free port.", 0, minimum=0, maximum=65_535),
        ),
        phase2=_group(
            "The supervisor, in the words of the original system.",
            enabled=_flag("false: watch only; everything is compared and reported, nothing is sent.", default=True),
            event_bus=_group(
                "Mailboxes.",
                max_queue_size=_integer("Bound of each mailbox.", 1000, minimum=1, maximum=1_000_000),
                worker_count=_integer("Threads that run position actors.", 3, minimum=1, maximum=64),
            ),
            reconciliation=_group(
                "Comparison of belief and venue.",
                check_intervals=_group(
                    "Seconds between checks.",
                    fast=_seconds("With open positions or working orders.", 60),
                    normal=_seconds("Otherwise.", 300),
                    slow=_seconds("Deep: trades, orders, leverage.", 3600),
                ),
                policy=_group(
                    "What is done about each type of discrepancy.",
                    **{kind: _choice(text, default, *_ACTIONS) for kind, (text, default) in _DISCREPANCIES.items()},
                ),
                overrides={
                    "type": ["object", "null"],
                    "description": "Other actions for an account, a symbol, or account/SYMBOL; the narrowest counts.",
                    "propertyNames": {
                        "pattern": "^([a-z0-9_]{1,32}|[A-Z0-9]{5,30}|[a-z0-9_]{1,32}/[A-Z0-9]{5,30})$",
                        "expects": "an account, a symbol such as BTCUSDT, or account/SYMBOL",
                    },
                    "additionalProperties": _group(
                        "Actions by type.",
                        **{kind: _optional(text, *_ACTIONS) for kind, (text, _) in _DISCREPANCIES.items()},
                    ),
                    "default": {},
                },
                observations=_group(
                    "How often the same must be seen before it counts.",
                    **{
                        kind: _integer(text, 3 if kind in _ABSENT else 2, minimum=1, maximum=100)
                        for kind, (text, _) in _DISCREPANCIES.items()
                    },
                ),
                attribution=_choice(
                    "Who bears a reduction that no manual position can bear.", "ask", "ask", "pro_rata", "newest_first"
                ),
                attempts=_integer(
                    "Automatic repairs of one discrepancy before you are asked.", 3, minimum=0, maximum=100
                ),
                observation_gap=_seconds("Between two observations, at least.", 2),
                retention_days=_integer("How long an ended discrepancy is listed.", 90, minimum=1, maximum=36_500),
                thresholds=_group(
                    "How bad is it.",
                    price=_share("Entry prices may differ by this share.", "0.001"),
                    warning_notional=_amount("Misbelieved exposure that is a warning, in quote currency.", 10),
                    critical_notional=_amount("And critical, where it is also a large share of what is held.", 1000),
                    critical_share=_share("That share.", "0.5"),
                    stuck=_seconds("A state that should pass, and did not for so long, is a mismatch.", 30),
                ),
            ),
        ),
        telegram=_group(
            "Chat.",
            enabled=_flag("Whether the chat is connected.", default=False),
            token={
                **_secret("Bot token, best written as ${TELEGRAM_TOKEN}."),
                "pattern": _BOTFATHER,
                "expects": "a bot token as BotFather shows it: digits, a colon, then letters, digits, _ and -",
            },
            api_base_url={
                "type": "string",
                "description": "The Bot API's base.",
                "pattern": _BOT,
                "expects": "http://host[:port]/bot or https://host[:port]/bot, /bot at its end",
                "default": "https://api.telegram.org/bot",
            },
            users={
                "type": ["object", "null"],
                "description": "Who may speak to the bot: user id -> role.",
                "propertyNames": {"pattern": "^[1-9][0-9]{0,17}$", "expects": "a Telegram user id"},
                "additionalProperties": {"type": "string", "enum": ["owner", "trader", "viewer"]},
                "default": {},
            },
            chats={
                "type": ["array", "null"],
                "description": "Chats that are spoken to; groups have negative ids.",
                "items": {"type": "integer", "minimum": -(2**52), "maximum": 2**52},
                "default": [],
            },
            languages=_per_chat(
                "Who reads another language: user or chat id -> en or ko.",
                {"type": "string", "enum": ["en", "ko"], "default": "en"},
            ),
            timezone={
                "type": "string",
                "description": "The clock of what people read: a name such as Asia/Seoul.",
                "pattern": _ZONE,
                "expects": "a time zone such as UTC or Asia/Seoul",
                "default": "UTC",
            },
            timezones=_per_chat(
                "Who has another clock: user or chat id -> time zone.",
                {"type": "string", "pattern": _ZONE, "expects": "a time zone such as Asia/Seoul", "default": "UTC"},
            ),
            quiet_hours=_text(
                "Only CRITICAL is told between these times of each reader's clock, such as 23:00-07:00.",
                _HOURS,
                "hours such as 23:00-07:00",
            ),
        ),
        notifier=_group(
            "What is told, and how often.",
            per_minute=_group(
                "Messages to one chat; CRITICAL knows no limit.",
                high=_integer("Warnings.", 10, minimum=1, maximum=60),
                medium=_integer("What happened as asked.", 5, minimum=1, maximum=60),
                low=_integer("Routine.", 2, minimum=1, maximum=60),
            ),
            cooldown=_seconds("Identical notices within this time are counted, not repeated.", 300),
            digest=_seconds("Routine notices are gathered this long.", 3600),
            repeat_critical={
                **_limit("Seconds after which a CRITICAL notice comes again until acknowledged; left out: once."),
                "minimum": 10,
                "maximum": 86_400,
            },
            daily_report=_text("Time of the daily report, such as 08:00.", _TIME, "a time such as 08:00"),
            weekly_report={
                "type": ["string", "null"],
                "description": "Weekday on which a weekly report follows the daily one.",
                "enum": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
                "default": None,
            },
            webhook=_group(
                "A second channel for CRITICAL, when the chat is down or slow.",
                url=_address("Takes a JSON POST per notice."),
                after=_seconds("How long the chat has for a CRITICAL notice before the webhook is called.", 60),
            ),
            ping=_group(
                "A dead man's switch: called as long as Albra lives.",
                url=_address("Takes a GET."),
                every=_seconds("Pause between calls.", 60),
            ),
        ),
        limits=_limits(
            "Per account, in USDT; openings beyond them are refused. Left out: no such limit.",
            timezone={
                "type": "string",
                "description": "Where a day begins, for the daily loss: a name such as Asia/Seoul.",
                "pattern": r"^[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+){0,2}$",
                "expects": "a time zone such as UTC or Asia/Seoul",
                "default": "UTC",
            },
        ),
        protection=_group(
            "Stops and targets.",
            close_after_ms=_integer(
                "A position whose stop is refused, or triggered and not executed, is closed by market after this time.",
                30_000,
                minimum=0,
                maximum=_MILLISECONDS_A_DAY,
            ),
            trigger=_choice("The price that sets off stops and targets.", "mark", "mark", "last"),
        ),
        entries=_group(
            "Limit entries that rest at the exchange.",
            good_for_s=_integer(
                "A resting entry ends by itself after this time, where the exchange can do that; 0: never.",
                86_400,
                minimum=0,
                maximum=90 * 86_400,
            ),
            cancel_on_stop=_flag("Whether an orderly stop takes them off the book.", default=True),
        ),
        control=_group(
            "The control API; its address and token are written under the storage path.",
            host=_choice("Loopback only.", "127.0.0.1", "127.0.0.1", "::1", "localhost"),
            port=_integer("0: any free port.", 0, minimum=0, maximum=65_535),
        ),
        webhook=_group(
            "Alerts of chart services (TradingView) as commands: POST /v1/webhook/STRATEGY.",
            enabled=_flag("Whether alerts are taken.", default=False),
            host={
                "type": "string",
                "description": "Where it listens; loopback unless named otherwise. Put a TLS proxy before it.",
                "pattern": r"^[A-Za-z0-9_.:\-]{1,255}$",
                "expects": "an address or host name",
                "default": "127.0.0.1",
            },
            port=_integer("0: any free port; it is written to control.json.", 0, minimum=0, maximum=65_535),
            max_age_ms=_integer(
                "An alert whose timestamp is further from now is refused.", 60_000, minimum=1_000, maximum=3_600_000
            ),
            strategies={
                "type": ["object", "null"],
                "description": "Strategies by name.",
                "propertyNames": {"pattern": "^[A-Za-z0-9_]{1,32}$", "expects": "1 to 32 letters, digits and _"},
                "additionalProperties": _group(
                    "One strategy's alerts.",
                    secret={
                        **_secret("Stands in every alert; best written as ${NAME}."),
                        "minLength": WEBHOOK_SECRET_MIN,
                        "expects": f"at least {WEBHOOK_SECRET_MIN} characters that nobody can guess",
                    },
                    account={
                        "type": ["string", "null"],
                        "description": "The account it trades on; left out where there is only one.",
                        "default": None,
                    },
                ),
                "default": {},
            },
        ),
        log=_group(
            "Logs.",
            level=_choice("Lowest level kept.", "INFO", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
            file_bytes=_integer("A log file is turned at this size.", 50_000_000, minimum=10_000, maximum=2**40),
            keep_files=_integer("How many turned files stay.", 10, minimum=1, maximum=10_000),
        ),
    ),
}


def types(schema: JsonSchema) -> tuple[str, ...]:
    """The JSON types that a schema allows."""
    kind = schema["type"]
    return (kind,) if isinstance(kind, str) else tuple(kind)


def default(schema: JsonSchema) -> Any:
    """What stands where nothing is written; groups are filled from their keys' defaults."""
    value = schema.get("default")
    if "object" not in types(schema):
        return tuple(value) if isinstance(value, list) else value
    if "properties" in schema:
        return {key: default(child) for key, child in schema["properties"].items()}
    return {key: default(schema["additionalProperties"]) for key in value or {}}
