"""Parses a text to a request, or to a refusal that shows the usage. Pure.

Parsing is strict: an ambiguous text is refused (`1,000` is a thousand to some and one to others). Phones turn `--` into
a dash and change quotes; such forms are accepted where they are clear.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from actors.language.words import N_
from messages.ids import parse_position_id
from messages.types import (
    CALLBACK_LEAST,
    CALLBACK_MOST,
    CALLBACK_STEP,
    AccountId,
    Attribution,
    PositionId,
    PositionSide,
    StrategyId,
    Symbol,
)

TEXT_MOST = 500
LEVERAGE_MOST = 1_000
COUNT_MOST = 100
_COMMAND = re.compile(r"/([a-z0-9_]{1,32})(?:@(\w{1,64}))?", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(r"[A-Z0-9]{5,30}")
_UNIFIED = re.compile(r"([A-Z0-9]{1,20})/([A-Z0-9]{2,10}):([A-Z0-9]{2,10})")
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?|\.[0-9]{1,18}", re.ASCII)
_ORDINAL = re.compile(r"#([0-9]{1,12})", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_DISCREPANCY = re.compile(r"d[0-9]{1,9}", re.IGNORECASE | re.ASCII)
_ALIASES = {"start": "help", "acknowledge": "ack", "closeall": "close_all"}
_DASHES = "-‐‑‒–—−"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A parsed request. `ordinal` names a position in short: `#17`."""

    name: str
    symbol: Symbol | None = None
    position_id: PositionId | None = None
    ordinal: int | None = None
    side: PositionSide | None = None
    quantity: Decimal | None = None
    percent: Decimal | None = None
    account: AccountId | None = None
    strategy: StrategyId | None = None
    leverage: int | None = None
    limit_price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    trailing: Decimal | None = None
    add: Decimal | None = None
    count: int | None = None
    page: int = 1
    discrepancy: str | None = None
    apply: Attribution | None = None
    taker: StrategyId | None = None

    @property
    def names_position(self) -> bool:
        return self.position_id is not None or self.ordinal is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a text is no request. `name`: the command whose usage helps, empty when unknown."""

    name: str
    why: str
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A command's usage and purpose; both are messages for the catalogs."""

    form: str
    does: str
    places: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_PLACE_NAMES: Mapping[str, str] = {
    "position": N_("SYMBOL|POSITION"),
    "discrepancy": N_("DISCREPANCY"),
    "symbol": N_("SYMBOL"),
    "side": "long|short",
    "quantity": N_("QTY"),
    "taker": N_("STRATEGY"),
}
_SIDES = {"long": PositionSide.LONG, "short": PositionSide.SHORT, "롱": PositionSide.LONG, "숏": PositionSide.SHORT}
_MODIFIES = frozenset({"stop_loss", "take_profit", "trailing", "leverage", "add"})
COMMANDS: Mapping[str, Usage] = {
    "phase2_status": Usage(form=N_("/phase2_status"), does=N_("messages, positions, reconciliation, health")),
    "reconcile": Usage(form=N_("/reconcile [SYMBOL]"), does=N_("compare with the venue now"), places=("symbol?",)),
    "position_states": Usage(form=N_("/position_states"), does=N_("states, transitions, time in state")),
    "discrepancies": Usage(
        form=N_("/discrepancies [SYMBOL] [N]"),
        does=N_("what differed from the venue, newest first"),
        places=("symbol?", "count?"),
    ),
    "ack": Usage(
        form=N_("/ack DISCREPANCY [apply=pro_rata|newest_first]"),
        does=N_("acknowledge a discrepancy"),
        places=("discrepancy",),
        options=("apply",),
    ),
    "positions": Usage(form=N_("/positions"), does=N_("what is held")),
    "position": Usage(form=N_("/position SYMBOL|POSITION"), does=N_("one position in full"), places=("position",)),
    "open": Usage(
        form=N_(
            "/open SYMBOL long|short QTY [sl=P] [tp=P] [trailing=%] [limit=P] [leverage=N] [strategy=S] [account=A]"
        ),
        does=N_("open a position"),
        places=("symbol", "side", "quantity"),
        options=("stop_loss", "take_profit", "trailing", "limit_price", "leverage", "strategy", "account"),
    ),
    "close": Usage(
        form=N_("/close SYMBOL|POSITION [50%] [strategy=S] [account=A]"),
        does=N_("close a position, in part or whole"),
        places=("position", "percent?"),
        options=("strategy", "account", "percent", "side"),
    ),
    "close_all": Usage(form=N_("/close_all [account=A]"), does=N_("close everything now"), options=("account",)),
    "modify": Usage(
        form=N_("/modify SYMBOL|POSITION [sl=P] [tp=P] [trailing=%] [leverage=N] [add=QTY]"),
        does=N_("move stop or target (0 removes it), set leverage, add"),
        places=("position",),
        options=("stop_loss", "take_profit", "trailing", "leverage", "add", "strategy", "account"),
    ),
    "assign": Usage(
        form=N_("/assign SYMBOL|POSITION STRATEGY [account=A]"),
        does=N_("hand a manual position to a strategy"),
        places=("position", "taker"),
        options=("account",),
    ),
    "settle": Usage(
        form=N_("/settle SYMBOL|POSITION [account=A]"),
        does=N_("write off what is unknown of a position"),
        places=("position",),
        options=("strategy", "account", "side"),
    ),
    "pause": Usage(
        form=N_("/pause [SYMBOL|POSITION]"),
        does=N_("hold openings, or one position"),
        places=("position?",),
        options=("account",),
    ),
    "resume": Usage(
        form=N_("/resume [SYMBOL|POSITION]"), does=N_("lift the hold"), places=("position?",), options=("account",)
    ),
    "balance": Usage(form=N_("/balance [account=A]"), does=N_("wallet and margin"), options=("account",)),
    "status": Usage(form=N_("/status"), does=N_("positions and accounts in short")),
    "health": Usage(form=N_("/health"), does=N_("is everything well")),
    "logs": Usage(form=N_("/logs [N]"), does=N_("the latest lines of the log"), places=("count?",)),
    "history": Usage(form=N_("/history SYMBOL|POSITION"), does=N_("every event of a position"), places=("position",)),
    "accounts": Usage(form=N_("/accounts"), does=N_("accounts and their venues")),
    "strategies": Usage(form=N_("/strategies"), does=N_("what each strategy holds")),
    "help": Usage(form=N_("/help"), does=N_("what can be said here")),
}
"""Every command, the original system's four first. A place with `?` is optional."""

_OPTIONS: Mapping[str, str] = {
    "sl": "stop_loss", "stop": "stop_loss", "stop_loss": "stop_loss", "stoploss": "stop_loss",
    "tp": "take_profit", "target": "take_profit", "take_profit": "take_profit", "takeprofit": "take_profit",
    "limit": "limit_price", "price": "limit_price",
    "leverage": "leverage", "lev": "leverage",
    "strategy": "strategy", "account": "account", "percent": "percent", "side": "side", "page": "page",
    "trailing": "trailing", "trail": "trailing", "add": "add", "apply": "apply",
}  # fmt: skip


class _Unclear(Exception):  # noqa: N818 - a result for the parser
    def __init__(self, why: str, found: str) -> None:
        self.why, self.found = why, found


def parse(text: str, bot_name: str = "") -> Request | Refusal | None:
    """Parse a text; None for a text that is no command, or one for another bot."""
    if len(text) > TEXT_MOST:
        return Refusal(name="", why=N_("That is too long for a command."))
    words = text.split()
    match = _COMMAND.fullmatch(words[0]) if words else None
    if match is None:
        return None
    if match[2] and bot_name and match[2].lower() != bot_name.lower():
        return None
    name = _ALIASES.get(match[1].lower(), match[1].lower())
    if name not in COMMANDS:
        return Refusal(name="", why=N_("There is no command {found}."), found=f"/{name}")
    try:
        return _request(name, words[1:])
    except _Unclear as unclear:
        return Refusal(name=name, why=unclear.why, found=unclear.found)


def _request(name: str, words: list[str]) -> Request:
    usage = COMMANDS[name]
    given: dict[str, Any] = {}
    places = list(usage.places)
    while words:
        word = words.pop(0)
        option, value = _option(word, words, usage)
        if option:
            _put(given, option, _OPTION_READERS[option](value), word)
            continue
        _place(given, places, word)
    missing = [place for place in places if not place.endswith("?")]
    if missing:
        raise _Unclear(
            N_("Something is missing: {found}."),
            _PLACE_NAMES[missing[0]],
        )
    if name == "modify" and not _MODIFIES & given.keys():
        raise _Unclear(N_("Something is missing: {found}."), "sl=P / tp=P / trailing=% / leverage=N / add=QTY")
    if name == "open" and any(given.get(price) == 0 for price in ("stop_loss", "take_profit", "trailing")):
        raise _Unclear(N_("A price must be above zero, not {found}."), "0")
    return Request(name=name, **given)


def _option(word: str, rest: list[str], usage: Usage) -> tuple[str, str]:
    """Return (option, value) of a word that begins an option; its value may be the next word."""
    dashed = word[:1] in _DASHES and not _NUMBER.fullmatch(word.lstrip(_DASHES))  # -1 is no option, but no number
    key, equals, value = word.lstrip(_DASHES).partition("=")
    option = _OPTIONS.get(key.lower().replace("-", "_"), "")
    if not option:
        if dashed or equals:
            raise _Unclear(N_("{found} is not known here."), word)
        return "", ""
    if option != "page" and option not in usage.options:
        raise _Unclear(N_("{found} is not known here."), word)
    if not equals:
        if not rest:
            raise _Unclear(N_("Something is missing: {found}."), f"{key}=…")
        value = rest.pop(0)
    return option, value


def _place(given: dict[str, Any], places: list[str], word: str) -> None:
    while places:
        place = places[0]
        name = place.rstrip("?")
        try:
            found = _PLACE_READERS[name](word)
        except _Unclear:
            if place.endswith("?") and len(places) > 1:
                places.pop(0)
                continue
            raise
        places.pop(0)
        for key, value in found.items():
            _put(given, key, value, word)
        return
    if word.lower().endswith("x") and "leverage" not in given and _WHOLE.fullmatch(word[:-1]) and "side" in given:
        _put(given, "leverage", _leverage(word), word)
        return
    raise _Unclear(N_("{found} is one word too many."), word)


def _put(given: dict[str, Any], key: str, value: Any, word: str) -> None:
    if key in given:
        raise _Unclear(N_("{found} says twice what was said."), word)
    given[key] = value


def _symbol(word: str) -> Symbol:
    upper = word.upper() if word.isascii() else ""
    unified = _UNIFIED.fullmatch(upper)
    if unified is not None and unified[2] == unified[3]:
        return Symbol(unified[1] + unified[2])
    if _PLAIN.fullmatch(upper) and not upper.isdigit():
        return Symbol(upper)
    raise _Unclear(N_("{found} is no symbol such as BTCUSDT or BTC/USDT:USDT."), word)


def _position(word: str) -> dict[str, Any]:
    ordinal = _ORDINAL.fullmatch(word)
    if ordinal is not None:
        return {"ordinal": int(ordinal[1])}
    if parse_position_id(word) is not None:
        return {"position_id": PositionId(word)}
    if "." in word:
        raise _Unclear(N_("{found} is no position id such as main.BTCUSDT.long.manual.1."), word)
    return {"symbol": _symbol(word)}


def _number(word: str) -> Decimal:
    if not _NUMBER.fullmatch(word):
        raise _Unclear(N_("{found} is not clear as a number: write plain digits such as 0.01."), word)
    return Decimal(word)


def _positive(word: str) -> Decimal:
    number = _number(word)
    if not number:
        raise _Unclear(N_("{found} must be above zero."), word)
    return number


def _percent(word: str) -> Decimal:
    number = _positive(word.removesuffix("%"))
    if number > 100:
        raise _Unclear(N_("{found} is more than 100 %."), word)
    return number


def _trailing(word: str) -> Decimal:
    """Parse a callback rate in percent; zero removes the stop."""
    rate = _number(word.removesuffix("%"))
    if rate and (not CALLBACK_LEAST <= rate <= CALLBACK_MOST or rate % CALLBACK_STEP):
        raise _Unclear(N_("{found} is no callback rate from 0.1 to 20, in steps of 0.01."), word)
    return rate


def _percent_sign(word: str) -> Decimal:
    if not word.endswith("%"):
        raise _Unclear(N_("{found} is not clear: write a part as 50%."), word)
    return _percent(word)


def _side(word: str) -> PositionSide:
    side = _SIDES.get(word.lower())
    if side is not None:
        return side
    raise _Unclear(N_("{found} is neither long nor short."), word)


def _leverage(word: str) -> int:
    digits = word.lower().removesuffix("x")
    if not _WHOLE.fullmatch(digits) or not 1 <= int(digits) <= LEVERAGE_MOST:
        raise _Unclear(N_("{found} is no leverage such as 5."), word)
    return int(digits)


def _count(word: str) -> int:
    if not _WHOLE.fullmatch(word) or not 1 <= int(word) <= COUNT_MOST:
        raise _Unclear(N_("{found} is no number from 1 to 100."), word)
    return int(word)


def _discrepancy(word: str) -> dict[str, Any]:
    if not _DISCREPANCY.fullmatch(word):
        raise _Unclear(N_("{found} is no discrepancy such as d3; /discrepancies lists them."), word)
    return {"discrepancy": word.lower()}


def _attribution(word: str) -> Attribution:
    if word.lower() not in (Attribution.PRO_RATA, Attribution.NEWEST_FIRST):
        raise _Unclear(N_("{found} is neither pro_rata nor newest_first."), word)
    return Attribution(word.lower())


def _named(pattern: str, why: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if not re.fullmatch(pattern, word, re.ASCII):
            raise _Unclear(why, word)
        return word

    return read


_PLACE_READERS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "symbol": lambda word: {"symbol": _symbol(word)},
    "position": _position,
    "side": lambda word: {"side": _side(word)},
    "quantity": lambda word: {"quantity": _positive(word)},
    "percent": lambda word: {"percent": _percent_sign(word)},
    "count": lambda word: {"count": _count(word)},
    "discrepancy": _discrepancy,
    "taker": lambda word: {"taker": _OPTION_READERS["strategy"](word)},
}
_OPTION_READERS: Mapping[str, Callable[[str], Any]] = {
    "stop_loss": _number,
    "take_profit": _number,
    "limit_price": _positive,
    "trailing": _trailing,
    "add": _positive,
    "leverage": _leverage,
    "percent": _percent,
    "side": _side,
    "page": _count,
    "apply": _attribution,
    "strategy": _named(r"[A-Za-z0-9_]{1,32}", N_("{found} is no strategy's name.")),
    "account": _named(r"[a-z0-9_]{1,32}", N_("{found} is no account's name.")),
}
