"""One change against the simulation alone: `python -m tests.strength.trial SPRINTS FIRST`, the change by environment.

Prints two lines: what caught it and after how many sprints, or nothing; and whether a sprint came by the changed line.
"""

import sys

from tests.strength import planted  # before anything that loads the module

REACHED, MISSED = "reached", "not reached"


def caught_by(sprints: int, first: int) -> str:
    """What showed in the first sprint that was not well; empty where all of them were."""
    from simulator.world import simulate

    for number, seed in enumerate(range(first, first + sprints), start=1):
        outcome = simulate(seed, size="sprint")
        if outcome.violation is not None:
            return f"{outcome.violation.invariant} after {number}"
    return ""


def main() -> None:
    sprints, first = (int(word) for word in sys.argv[1:3])
    try:
        said = caught_by(sprints, first)
    except Exception as error:  # noqa: BLE001 - whatever it is, it shows
        said = f"{type(error).__name__}"
    sys.stdout.write(f"{said}\n{REACHED if planted.reached else MISSED}\n")


if __name__ == "__main__":
    main()
