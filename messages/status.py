"""The system's status as rows: their values for programs, and which of them need attention. Pure.

Chat, API and doctor share one rule. It judges rows about the present; counters since the start never fall, so they are
not judged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from messages.statement import NOTHING, Argument, Statement, word
from messages.wording.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """One line: `section` and `name` are statements, the figures of `value` its arguments."""

    section: Statement
    name: Statement
    value: Statement = NOTHING


Rows = tuple[StatusRow, ...]


class Level(StrEnum):
    """ACT: a person has to act. LOOK: something is wrong, and Albra handles it."""

    ACT = "ACT"
    LOOK = "LOOK"
    CALM = "CALM"

    @property
    def rank(self) -> int:
        """Return the sort key, the most urgent first."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One reason of a verdict. `about` names a position or account; `since_ns` is wall time, 0: unknown."""

    level: Level
    section: Statement
    name: Statement
    reason: Statement
    about: str = ""
    since_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The overall verdict with its concerns, the most urgent first."""

    level: Level = Level.CALM
    concerns: tuple[Concern, ...] = ()


CIRCUIT_OPEN, CIRCUIT_HALF_OPEN = word("circuit open"), word("circuit half open")
"""Half open is no trouble: the next request passes, and until there is one nothing can close the circuit."""
_ZERO = frozenset(
    {
        (Status.POSITIONS.code, Status.IN_DOUBT.code),
        (Status.POSITIONS.code, Status.BROKEN.code),
        (Status.POSITIONS.code, Status.UNPROTECTED.code),
        (Status.RECONCILIATION.code, Status.ESCALATED.code),
        (Status.CHAT.code, Status.UNSEEN.code),
    }
)
"""(section, name) of rows that need attention above zero; a gateway's unknown outcomes are left out, since their
positions report them.
"""
_GOOD: Mapping[Status, frozenset[Status]] = {
    Status.OPENINGS: frozenset({Status.ALLOWED, Status.POSSIBLE}),
    Status.QUARANTINED: frozenset({Status.NONE}),
    Status.VENUE: frozenset({Status.UP}),
    Status.STREAM: frozenset({Status.UP}),
    Status.BREAKER: frozenset({Status.CLOSED}),
    Status.DISK: frozenset({Status.WELL}),
    Status.TELEGRAM: frozenset({Status.UP, Status.CONNECTING, Status.NOT_CONFIGURED}),
}
_GOOD_CODES = {name.code: frozenset(value.code for value in values) for name, values in _GOOD.items()}


def row(section: Statement, name: Status, value: Statement | int | None = None) -> StatusRow:
    """Return a row; a number is its own value."""
    if isinstance(value, int):
        value = Status.NUMBER(n=value)
    return StatusRow(section=section, name=name(), value=NOTHING if value is None else value)


def several(parts: Sequence[Statement], otherwise: Status = Status.NONE) -> Statement:
    """Return several statements as one value."""
    return Status.LIST(parts=tuple(parts)) if parts else otherwise()


def troubles(rows: Iterable[StatusRow]) -> Rows:
    """Return the rows that need attention, in order."""
    return tuple(each for each in rows if _is_trouble(each))


def _is_trouble(each: StatusRow) -> bool:
    code = each.name.code
    if (each.section.code, code) in _ZERO:
        return each.value.args.get("n") != 0
    if code == Status.BREAKER.code and each.value.code == Status.LIST.code:
        circuits = each.value.args["parts"]
        assert isinstance(circuits, tuple)
        return any(isinstance(c, Statement) and c.args["phase"] == CIRCUIT_OPEN for c in circuits)
    return code in _GOOD_CODES and each.value.code not in _GOOD_CODES[code]


def why_not_ready(rows: Iterable[StatusRow]) -> str:
    """Return the code of the reason why openings are impossible; empty when every account can open.

    `paused`: openings are paused by command or by a limit.
    """
    found = {(each.section, each.name.code): each.value for each in rows}
    for (section, name), value in found.items():
        if name != Status.OPENINGS.code or value.code in _GOOD_CODES[name]:
            continue
        if value.code == Status.PAUSED.code:
            return "paused"
        why = found.get((section, Status.BECAUSE.code), value)
        return why.key or "waiting"
    return ""


def figures(rows: Iterable[StatusRow]) -> dict[str, dict[str, Any]]:
    """Return section -> name -> value for programs: number, boolean, null, code, object of figures, or list."""
    sections: dict[str, dict[str, Any]] = {}
    for each in rows:
        sections.setdefault(str(each.section), {})[str(each.name)] = _figure(each.value)
    return sections


def _figure(value: Argument) -> Any:
    match value:
        case Statement(code=Status.NUMBER.code | Status.MOMENT.code | Status.LIST.code):
            return _figure(next(iter(value.args.values())))
        case Statement(code=Status.YES.code):
            return True
        case Statement(code=Status.NO.code):
            return False
        case Statement() if value.args:
            return {name: _figure(each) for name, each in value.args.items()}
        case str():
            return str(value) or None
        case Decimal():
            return float(value)
        case tuple():
            return [_figure(each) for each in value]
        case _:
            return value
