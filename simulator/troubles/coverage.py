"""Which troubles have met a position in which state, at which moment of its orders: told, counted, and tabulated."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_lowercase

from messages.types import PositionState
from simulator.troubles.catalog import TROUBLES
from simulator.troubles.reach import why_unreachable
from simulator.troubles.situation import Moment

Cell = tuple[str, str, str]
"""Trouble, state of the position, moment."""
Cells = Counter[Cell]
STATES = tuple(state for state in PositionState if not state.terminal)


def all_cells() -> Iterator[Cell]:
    for name in TROUBLES:
        for state in STATES:
            for moment in Moment:
                yield name, state.value, moment.value


def reachable() -> list[Cell]:
    """What a run of a few thousand seeds has to reach."""
    return [cell for cell in all_cells() if not why_unreachable(*cell)]


MISSED_SHOWN = 50
"""A few seeds reach a few cells; the list of all others would bury the result."""


def table(cells: Mapping[Cell, int]) -> str:
    """One line a trouble; per state how often each moment was met, or the letter of the reason why it cannot be."""
    letters = _letters()
    lines = [f"met {' / '.join(Moment)}:", f"{'':24}" + "".join(f"{state.value[:11]:>16}" for state in STATES)]
    for name, trouble in TROUBLES.items():
        marks = (
            "/".join(_mark(cells, (name, state.value, moment.value), letters) for moment in Moment) for state in STATES
        )
        lines.append(f"{trouble.row:>3} {name:<20}" + "".join(f"{mark:>16}" for mark in marks))
    lines += [f"  {letters[why]}: {number} cells unreachable: {why}" for why, number in _reasons().items()]
    missed = [cell for cell in reachable() if not cells.get(cell)]
    lines.append(f"{len(reachable()) - len(missed)} of {len(reachable())} reachable cells reached")
    if len(missed) <= MISSED_SHOWN:
        lines += [f"  not reached: {', '.join(cell)}" for cell in missed]
    else:
        lines.append(f"  {len(missed)} cells not reached; `--coverage FILE` lists them")
    unexpected = [cell for cell, count in cells.items() if count and why_unreachable(*cell)]
    lines += [f"  reached by chance, where no plan leads on purpose: {', '.join(cell)}" for cell in sorted(unexpected)]
    return "\n".join(lines)


def _reasons() -> Counter[str]:
    """Why cells cannot be reached, in the order of the table, with their numbers."""
    return Counter(why for cell in all_cells() if (why := why_unreachable(*cell)))


def _letters() -> dict[str, str]:
    """Few enough for one each."""
    return dict(zip(_reasons(), ascii_lowercase, strict=False))


def _mark(cells: Mapping[Cell, int], cell: Cell, letters: Mapping[str, str]) -> str:
    count = cells.get(cell, 0)
    why = why_unreachable(*cell)
    if why and not count:
        return letters[why]
    return str(count) if count < 1000 else f"{count // 1000}k"


def write(path: Path, cells: Mapping[Cell, int]) -> None:
    """As JSON: every cell with its count, or why it cannot be reached."""
    rows = [
        {"trouble": name, "row": TROUBLES[name].row, "state": state, "moment": moment, "reached": cells.get(cell, 0)}
        | ({"unreachable": why} if (why := why_unreachable(*cell)) else {})
        for cell in all_cells()
        for name, state, moment in (cell,)
    ]
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
