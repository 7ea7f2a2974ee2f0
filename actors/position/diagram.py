"""Draws docs/states.md from the table, the transitions and the meanings: `python -m actors.position.diagram > FILE`."""

import sys
from collections.abc import Iterable

from actors.position.table import STATES, TABLE, Cell, CellKind
from actors.position.transitions import MEANING, TRANSITIONS, Cause
from messages.types import PositionState

S = PositionState
Arrow = tuple[PositionState, PositionState]

_HEAD = """\
# The states of a position

<!-- Generated: python -m actors.position.diagram > docs/states.md -->

A position is in one of eleven states. A message meets a state in exactly one cell of the table below, and the cell
says what happens: a rule records what the message tells, or the message is ignored or refused for a reason that is
given. What the position then needs (an entry, a reduction, protection, cancels) and which state it is in follow from
all that is known of it, so the same message may lead to several states. `actors/position/machine.py` begins with the
theory: the five small machines that a position is made of.
"""
_CAUSES = """\
| cause | is |
|---|---|
| command | a command to this position |
| order | a report about one of its orders: answer, fill, end, doubt |
| market | a report about its symbol or leg: leverage set or refused, rules changed |
| time | a deadline, found passed by a timer, a restart, or whatever message comes first |
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
    arrows = [(before, after) for before in STATES for after in STATES if after in TRANSITIONS[before]]
    revival = [arrow for arrow in arrows if arrow[0].terminal]
    doubt = [arrow for arrow in arrows if S.RECONCILING in arrow and arrow not in revival]
    ordinary = [arrow for arrow in arrows if arrow not in doubt and arrow not in revival]
    parts = [
        _HEAD,
        _table(("state", "meaning"), ((s, MEANING[s]) for s in STATES)),
        "## Ordinary life\n",
        _mermaid(ordinary),
        f"## Doubt\n\n{_DOUBT}",
        _mermaid(doubt),
        f"## Dead ends, and what still revives them\n\n{_REVIVAL}",
        _mermaid(revival),
        f"## Every change of state\n\n{_CAUSES}",
        _table(("from", "to", "by", "when"), (_row(arrow) for arrow in arrows)),
        *_cells(),
    ]
    return "\n".join(parts)


def _row(arrow: Arrow) -> tuple[str, ...]:
    before, after = arrow
    transition = TRANSITIONS[before][after]
    return before, after, _names(transition.causes), transition.when


def _names(causes: Cause) -> str:
    return ", ".join(str(cause.name).lower() for cause in causes)


def _mermaid(arrows: Iterable[Arrow]) -> str:
    chosen = list(arrows)
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    if (S.PENDING, S.OPENING) in chosen:
        lines.append("    [*] --> PENDING")
    lines += [f"    {before} --> {after}: {_names(TRANSITIONS[before][after].causes)}" for before, after in chosen]
    ends = sorted({after for _, after in chosen if after.terminal}, key=STATES.index)
    lines += [f"    {end} --> [*]" for end in ends]
    return "\n".join([*lines, "```", ""])


def _cells() -> list[str]:
    """The table, and the reasons that it refers to by letter and number."""
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
        "A refusal answers a command, and is recorded. A rule may refuse as well, where the numbers of a command are",
        "impossible or a report contradicts what is known.\n",
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
