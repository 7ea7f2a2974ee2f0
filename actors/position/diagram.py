"""Renders docs/states.md: `python -m actors.position.diagram > docs/states.md`.

The cells come from the table. Which changes of state occur cannot be read off it, since a state follows from all
that is known of a position; so they are declared here, and the tests verify that exactly these are observed.
"""

import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from actors.position.table import STATES, TABLE, Cell, CellKind
from messages.types import PositionState

S = PositionState

_ARROWS: Mapping[tuple[PositionState, PositionState], str] = {
    (S.PENDING, S.OPENING): ("OpenPosition SettingApplied"),
    (S.PENDING, S.ACTIVE): ("AdoptPosition"),
    (S.PENDING, S.FAILED): ("SettingRefused SettlePosition"),
    (S.PENDING, S.CANCELLED): ("CancelEntry ClosePosition EmergencyClose SettingApplied Woken"),
    (S.OPENING, S.ACTIVE): ("FillReport OrderAbsent OrderRejected OrderReport"),
    (S.OPENING, S.MODIFYING): ("ClosePosition FillReport OrderAbsent OrderRejected OrderReport"),
    (S.OPENING, S.MODIFIED): ("FillReport OrderAbsent OrderRejected OrderReport"),
    (S.OPENING, S.PAUSED): ("FillReport OrderAbsent OrderRejected OrderReport"),
    (S.OPENING, S.RECONCILING): ("FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.OPENING, S.CLOSING): (
        "CancelEntry ClosePosition EmergencyClose FillReport OrderAbsent OrderRejected OrderReport Woken"
    ),
    (S.OPENING, S.FAILED): ("OrderAbsent OrderRejected OrderReport SettlePosition"),
    (S.OPENING, S.CANCELLED): ("OrderAbsent OrderReport"),
    (S.ACTIVE, S.OPENING): ("FillReport OrderReport"),
    (S.ACTIVE, S.MODIFYING): ("ClosePosition ModifyPosition Woken"),
    (S.ACTIVE, S.MODIFIED): ("AdjustPosition"),
    (S.ACTIVE, S.PAUSED): ("AdjustPosition PausePosition RulesChanged"),
    (S.ACTIVE, S.RECONCILING): ("FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.ACTIVE, S.CLOSING): (
        "AdjustPosition ClosePosition EmergencyClose FillReport OrderAbsent OrderRejected OrderReport Woken"
    ),
    (S.ACTIVE, S.CLOSED): ("AdjustPosition FillReport"),
    (S.MODIFYING, S.OPENING): ("FillReport OrderReport"),
    (S.MODIFYING, S.ACTIVE): (
        "FillReport ModifyPosition OrderAbsent OrderAccepted OrderRejected OrderReport SettingApplied SettingRefused "
        "SettlePosition Woken"
    ),
    (S.MODIFYING, S.MODIFIED): ("AdjustPosition FillReport ModifyPosition OrderAccepted OrderRejected OrderReport"),
    (S.MODIFYING, S.PAUSED): ("FillReport OrderRejected OrderReport PausePosition RulesChanged"),
    (S.MODIFYING, S.RECONCILING): ("FillReport FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.MODIFYING, S.CLOSING): (
        "AdjustPosition ClosePosition EmergencyClose FillReport OrderAbsent OrderRejected OrderReport Woken"
    ),
    (S.MODIFYING, S.CLOSED): ("FillReport"),
    (S.MODIFIED, S.OPENING): ("FillReport OrderReport"),
    (S.MODIFIED, S.ACTIVE): ("ResumePosition"),
    (S.MODIFIED, S.MODIFYING): ("ClosePosition ModifyPosition OrderAbsent"),
    (S.MODIFIED, S.PAUSED): ("PausePosition"),
    (S.MODIFIED, S.RECONCILING): ("FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.MODIFIED, S.CLOSING): ("ClosePosition EmergencyClose FillReport OrderRejected OrderReport Woken"),
    (S.MODIFIED, S.CLOSED): ("AdjustPosition FillReport"),
    (S.PAUSED, S.OPENING): ("FillReport OrderReport"),
    (S.PAUSED, S.ACTIVE): ("ResumePosition"),
    (S.PAUSED, S.MODIFYING): ("ClosePosition OrderReport ResumePosition"),
    (S.PAUSED, S.RECONCILING): ("FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.PAUSED, S.CLOSING): (
        "AdjustPosition ClosePosition EmergencyClose FillReport OrderAbsent OrderRejected OrderReport Woken"
    ),
    (S.PAUSED, S.CLOSED): ("FillReport"),
    (S.RECONCILING, S.OPENING): ("FillReport OrderAbsent OrderAccepted OrderRejected OrderReport"),
    (S.RECONCILING, S.ACTIVE): ("FillReport OrderAbsent OrderAccepted OrderRejected OrderReport SettlePosition"),
    (S.RECONCILING, S.MODIFYING): ("FillReport OrderAbsent OrderAccepted OrderRejected OrderReport"),
    (S.RECONCILING, S.MODIFIED): ("FillReport OrderAbsent OrderAccepted OrderRejected OrderReport"),
    (S.RECONCILING, S.PAUSED): ("FillReport OrderAbsent OrderAccepted OrderRejected OrderReport"),
    (S.RECONCILING, S.CLOSING): (
        "AdjustPosition FillReport OrderAbsent OrderAccepted OrderRejected OrderReport SettlePosition"
    ),
    (S.RECONCILING, S.CLOSED): ("AdjustPosition FillReport OrderAbsent OrderRejected OrderReport SettlePosition"),
    (S.RECONCILING, S.FAILED): ("OrderAbsent OrderRejected SettlePosition"),
    (S.RECONCILING, S.CANCELLED): ("OrderAbsent OrderRejected OrderReport SettlePosition"),
    (S.CLOSING, S.OPENING): ("AdjustPosition FillReport OrderAbsent OrderReport"),
    (S.CLOSING, S.ACTIVE): ("FillReport OrderAbsent OrderReport SettlePosition"),
    (S.CLOSING, S.MODIFYING): ("AdjustPosition FillReport OrderAbsent OrderReport"),
    (S.CLOSING, S.MODIFIED): ("AdjustPosition FillReport OrderReport"),
    (S.CLOSING, S.PAUSED): ("FillReport OrderAbsent OrderReport"),
    (S.CLOSING, S.RECONCILING): ("FillReport FillsFetched OrderReport OutcomeUnknown Recovered"),
    (S.CLOSING, S.CLOSED): ("AdjustPosition FillReport OrderAbsent OrderRejected OrderReport SettlePosition Woken"),
    (S.CLOSING, S.FAILED): ("OrderReport"),
    (S.CLOSING, S.CANCELLED): ("OrderAbsent OrderRejected OrderReport"),
    (S.CLOSED, S.MODIFYING): ("FillReport"),
    (S.CLOSED, S.PAUSED): ("FillReport"),
    (S.CLOSED, S.RECONCILING): ("FillReport FillsFetched"),
    (S.CLOSED, S.CLOSING): ("FillReport OrderReport"),
    (S.FAILED, S.OPENING): ("FillReport OrderAccepted OrderReport"),
    (S.FAILED, S.ACTIVE): ("FillReport"),
    (S.FAILED, S.MODIFYING): ("FillReport"),
    (S.FAILED, S.RECONCILING): ("FillsFetched OrderReport"),
    (S.CANCELLED, S.OPENING): ("FillReport OrderReport"),
    (S.CANCELLED, S.ACTIVE): ("FillReport"),
    (S.CANCELLED, S.RECONCILING): ("FillsFetched OrderReport"),
    (S.CANCELLED, S.CLOSING): ("FillReport OrderReport"),
}
"""Every change of state that occurs, and the messages that set it off."""

TRANSITIONS: frozenset[tuple[PositionState, str, PositionState]] = frozenset(
    (before, message, after) for (before, after), messages in _ARROWS.items() for message in messages.split()
)

MEANING: Mapping[PositionState, str] = MappingProxyType(
    {
        S.PENDING: "Admitted; its leverage is being set. Nothing that could open it has been sent.",
        S.OPENING: "The entry is sent or resting, perhaps filled in part; what is filled is protected already.",
        S.ACTIVE: "Held, and nothing is under way.",
        S.MODIFYING: "A part is being closed or added, its protection is being moved, or its leverage changed.",
        S.MODIFIED: "Its quantity was changed outside of Albra; it stays protected, and waits to be accepted (resume).",
        S.PAUSED: (
            "Held by hand: protected, can be closed, is not changed otherwise. Or dust that no order can close: less "
            "than a minimum, or than a step."
        ),
        S.RECONCILING: "An outcome or a fill is not known yet, or more was sold than held. Reducing still passes.",
        S.CLOSING: "The whole is being closed, a protective order fired, or the last orders are taken off the book.",
        S.CLOSED: "Was held and is flat; none of its orders lives.",
        S.FAILED: "Never held: leverage or entry was refused, or the entry never reached the venue.",
        S.CANCELLED: "Never held: the entry was called off, expired, or was canceled by the venue.",
    }
)

_HEAD = """\
# The states of a position

<!-- Generated: python -m actors.position.diagram > docs/states.md -->

A position is in one of eleven states. A message meets a state in exactly one cell of the table below, and the cell
says what happens: a rule records what the message tells, or the message is ignored or refused for a reason that is
given. What the position then needs (an entry, a reduction, protection, cleaning up) and which state it is in follow
from all that is known of it, so the same message may lead to several states.
"""
_DOUBT = """\
Whatever is under way, doubt about a live order or about the quantity shows as RECONCILING, and the position goes back
to what it was doing when that is settled.
"""
_REVIVAL = """\
These states are terminal: no command changes them, no order of theirs lives, and their key is free for another
position. Only the venue's own word brings them back, when it proves that a conclusion was wrong; the owner then gets a
CRITICAL notice.
"""


def render() -> str:
    """The whole document."""
    doubt = {arrow for arrow in _ARROWS if S.RECONCILING in arrow and not arrow[0].terminal}
    revival = {arrow for arrow in _ARROWS if arrow[0].terminal}
    ordinary = _ARROWS.keys() - doubt - revival
    parts = [
        _HEAD,
        _table(("state", "meaning"), ((s, MEANING[s]) for s in STATES)),
        "## Ordinary life\n",
        _mermaid(ordinary),
        f"## Doubt\n\n{_DOUBT}",
        _mermaid(doubt),
        f"## Dead ends, and what still revives them\n\n{_REVIVAL}",
        _table(("terminal state", "becomes", "by"), _rows(revival)),
        _mermaid(revival),
        "## Every change of state\n",
        _table(("from", "to", "by"), _rows(_ARROWS)),
        *_cells(),
    ]
    return "\n".join(parts)


def _ordered(arrows: Iterable[tuple[PositionState, PositionState]]) -> list[tuple[PositionState, PositionState]]:
    return sorted(arrows, key=lambda arrow: (STATES.index(arrow[0]), STATES.index(arrow[1])))


def _rows(arrows: Iterable[tuple[PositionState, PositionState]]) -> Iterable[tuple[str, ...]]:
    return ((before, after, _ARROWS[before, after].replace(" ", ", ")) for before, after in _ordered(arrows))


def _mermaid(arrows: Iterable[tuple[PositionState, PositionState]]) -> str:
    chosen = _ordered(arrows)
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    if (S.PENDING, S.OPENING) in chosen:
        lines.append("    [*] --> PENDING")
    lines += [f"    {before} --> {after}: {_label(_ARROWS[before, after])}" for before, after in chosen]
    ends = sorted({after for _, after in chosen if after.terminal}, key=STATES.index)
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join([*lines, "```", ""])


def _label(messages: str) -> str:
    """Long lists stand in the table; a diagram with all of them cannot be read."""
    names = messages.split()
    shown = ", ".join(names[:LABEL_MOST])
    return shown if len(names) <= LABEL_MOST else f"{shown} and {len(names) - LABEL_MOST} more"


LABEL_MOST = 3


def _cells() -> list[str]:
    """The table, and the reasons it refers to by letter and number."""
    reasons: dict[tuple[CellKind, str], str] = {}
    rows = []
    for message, row in TABLE.items():
        rows.append((f"**{message.__name__}**", *(_mark(row[state], reasons) for state in STATES)))
    listed = [(f"`{mark}`", kind, why) for (kind, why), mark in reasons.items()]
    return [
        "## Every cell\n",
        "The name of a rule (`actors/position/command_rules.py` and `report_rules.py`), or why nothing happens:",
        "`i…` ignored, `r…` refused.\n",
        _table(("message", *STATES), rows),
        "### Why nothing happens\n",
        _table(("mark", "kind", "why"), listed),
        "A refusal is answered to whoever asked, and recorded. A rule may refuse as well, where the numbers of a",
        "command are impossible or a report contradicts what is known.\n",
    ]


def _mark(cell: Cell, reasons: dict[tuple[CellKind, str], str]) -> str:
    if cell.rule is not None:
        return f"`{cell.rule.__name__}`"
    key = (cell.kind, cell.why)
    if key not in reasons:
        reasons[key] = f"{cell.kind[0]}{1 + sum(kind is cell.kind for kind, _ in reasons)}"
    return reasons[key]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    lines = [_line(names), _line("---" for _ in names), *(_line(row) for row in rows)]
    return "\n".join([*lines, ""])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(render())  # noqa: TID251 - a file of ours
