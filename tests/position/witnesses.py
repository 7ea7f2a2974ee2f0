"""Lives that together pass through every declared transition.

When the machine changes, `python -m tests.position.witnesses` looks for them anew, among the known seeds and the
fresh ones of a range that may be given: it prints the arrows for `actors/position/diagram.py` and the seeds for this
file. A new arrow deserves a look before it is declared. Of the arrows that are there, one life in some ten thousand
still passes through one that nobody has seen; what it means is the same as of the others.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Iterable

from actors.position.table import STATES, TABLE
from messages.types import PositionState
from tests.position.histories import RARE, scene
from tests.position.story import Story
from tests.position.world import World, live_through

Arrow = tuple[PositionState, str, PositionState]

HAPPENINGS_MOST = 60
SEARCHED = 60_000
SEEDS: tuple[int, ...] = (
    5,
    25,
    26,
    28,
    37,
    45,
    61,
    105,
    148,
    170,
    179,
    216,
    241,
    276,
    298,
    454,
    490,
    519,
    566,
    592,
    678,
    687,
    731,
    764,
    887,
    899,
    964,
    1400,
    1582,
    1846,
    1975,
    2064,
    2176,
    2456,
    2541,
    2803,
    2902,
    3005,
    3411,
    3429,
    3567,
    4029,
    4823,
    5071,
    6149,
    6268,
    7067,
    7659,
    8407,
    8436,
    8463,
    8570,
    8927,
    9144,
    9735,
    11116,
    11568,
    12555,
    14745,
    15338,
    15738,
    16069,
    17591,
    17927,
    18890,
    22129,
    24557,
    27121,
    27215,
    28241,
    29316,
    31214,
    32624,
    38726,
    40327,
    43962,
    44968,
    45691,
    46490,
    53614,
    55389,
    57123,
    59860,
    104325,
    133280,
    200657,
    202092,
)


def life(seed: int) -> World:
    """The same life for the same seed."""
    rng = random.Random(seed)
    return live_through(rng.randrange, rng.randrange(5, HAPPENINGS_MOST))


def seen_in_cells() -> set[Arrow]:
    """What the table's scenes and the rare histories pass through."""
    seen: set[Arrow] = set().union(*(history().transitions for history in RARE))
    for message in TABLE:
        for state in STATES:
            shown = scene(state, message)
            shown.story.tell(shown.message)
            seen |= shown.story.transitions
    return seen


def search(seeds: Iterable[int]) -> tuple[set[Arrow], list[int]]:
    """All that is seen, and few seeds that see it: each is kept for something that no cell and no earlier one saw."""
    seen, kept = seen_in_cells(), []
    for seed in seeds:
        new = life(seed).story.transitions - seen
        if new:
            kept.append(seed)
            seen |= new
    covered, needed = seen_in_cells(), []
    for seed in reversed(kept):  # the late ones saw the rare ones, and much of the rest
        new = life(seed).story.transitions - covered
        if new:
            needed.append(seed)
            covered |= new
    assert covered == seen
    return seen, sorted(needed)


def main() -> None:
    Story.declared = frozenset()
    first, end = (int(word) for word in sys.argv[1:]) if len(sys.argv) > 1 else (0, SEARCHED)
    seen, seeds = search(dict.fromkeys([*SEEDS, *range(first, end)]))
    arrows: dict[tuple[PositionState, PositionState], list[str]] = defaultdict(list)
    for before, message, after in sorted(seen, key=lambda a: (STATES.index(a[0]), STATES.index(a[2]), a[1])):
        arrows[before, after].append(message)
    lines = [f'    (S.{before}, S.{after}): ("{" ".join(names)}"),' for (before, after), names in arrows.items()]
    sys.stdout.write("\n".join(lines) + f"\n\nSEEDS = {tuple(seeds)}\n")


if __name__ == "__main__":
    main()
