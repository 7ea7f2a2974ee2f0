"""Lives that together pass through every declared transition, by each of its causes.

When the machine changes, `python -m tests.position.witnesses [FIRST END]` looks for them anew, among the known seeds
and those of the range: it prints what is missing, and the seeds for this file. A transition that is not declared
deserves a look before it is.
"""

import random
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from actors.position.table import STATES, TABLE
from actors.position.transitions import TRANSITIONS
from tests.position.growing import grow_through
from tests.position.histories import scene
from tests.position.rare import RARE
from tests.position.story import Arrow, Story
from tests.position.world import World, live_through

HAPPENINGS_MOST = 60
Life = tuple[str, int]
"""Which kind, and its seed."""
# fmt: off
WITNESSES: Mapping[str, tuple[int, ...]] = {
    "life": (
        25, 26, 216, 276, 490, 566, 592, 1400, 1846, 2803, 3567, 4029, 6149, 8436, 8463, 8570, 9144, 9735, 11116,
        14745, 16069, 17591, 17927, 24557, 40327, 46490, 53614, 59860, 133280,
    ),
    "grow": (
        300, 348, 474, 1009,
    ),
}
# fmt: on


def life(seed: int) -> World:
    """The same life for the same seed."""
    rng = random.Random(seed)
    return live_through(rng.randrange, rng.randrange(5, HAPPENINGS_MOST))


def grow(seed: int) -> World:
    """The same growing life for the same seed."""
    rng = random.Random(seed)
    return grow_through(rng.randrange, rng.randrange(5, HAPPENINGS_MOST))


LIVES: Mapping[str, Callable[[int], World]] = {"life": life, "grow": grow}


def witnesses() -> tuple[Life, ...]:
    return tuple((kind, seed) for kind, seeds in WITNESSES.items() for seed in seeds)


def declared() -> set[Arrow]:
    """Each declared transition, once for each of its causes."""
    return {
        (before, cause, after)
        for before, row in TRANSITIONS.items()
        for after, transition in row.items()
        for cause in transition.causes
    }


@cache
def seen_in_cells() -> frozenset[Arrow]:
    """What the table's scenes and the rare histories pass through."""
    seen: set[Arrow] = set().union(*(history().transitions for history in RARE))
    for message in TABLE:
        for state in STATES:
            shown = scene(state, message)
            shown.story.tell(shown.message)
            seen |= shown.story.transitions
    return frozenset(seen)


def seen_in(lives: Iterable[Life]) -> set[Arrow]:
    return set().union(*(LIVES[kind](seed).story.transitions for kind, seed in lives))


def search(lives: Iterable[Life]) -> tuple[set[Arrow], list[Life]]:
    """All that is seen, and few lives that see it: each is kept for something that no cell and no earlier one saw."""
    seen, kept = set(seen_in_cells()), []
    for one in lives:
        new = seen_in([one]) - seen
        if new:
            kept.append(one)
            seen |= new
    covered, needed = set(seen_in_cells()), []
    for one in reversed(kept):  # the late ones saw the rare ones, and much of the rest
        new = seen_in([one]) - covered
        if new:
            needed.append(one)
            covered |= new
    assert covered == seen
    return seen, sorted(needed)


def main() -> None:
    Story.strict = False
    first, end = (int(word) for word in sys.argv[1:]) if len(sys.argv) > 1 else (0, 0)
    fresh = ((kind, seed) for seed in range(first, end) for kind in LIVES)
    seen, lives = search([*witnesses(), *fresh])
    for title, arrows in (("not declared", seen - declared()), ("never seen", declared() - seen)):
        for before, cause, after in sorted(arrows, key=lambda a: (STATES.index(a[0]), STATES.index(a[2]))):
            sys.stdout.write(f"{title}: {before} -> {after} by {cause.name}\n")
    for kind in LIVES:
        sys.stdout.write(f"{kind}: {tuple(seed for one, seed in lives if one == kind)}\n")


if __name__ == "__main__":
    main()
