"""Lives that bring a position into the state that a trap of the same plan waits for, and leave it to chance when.

The traps of every day are drawn with these: what is drawn here differently gives each seed another history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from messages.types import PositionSide, PositionState
from simulator.environment.plan import SYMBOLS, Act, Trap
from simulator.troubles.situation import Moment

S = PositionState
Leaning = Mapping[tuple[str, str], PositionSide]


def life_for(
    random: Random, slot: int, trap: Trap, accounts: Sequence[tuple[str, bool]], leaning: Leaning
) -> list[Act]:
    """One position, opened soon after the trap is set, by a strategy that nobody else is."""
    account, _ = random.choice(accounts)
    symbol = random.choice(SYMBOLS)
    opening = Act(
        at_ms=trap.from_ms + random.randrange(100, 3_000),
        do="open",
        slot=slot,
        account=account,
        symbol=symbol,
        strategy=f"aim{slot}",
        side=leaning[account, symbol],
        lots=4,
        stop_ppm=10_000,
        offset_ppm=random.choice((0, 0, 4_000)) if trap.state == S.OPENING else 0,
        leverage=random.randrange(2, 20) if trap.state == S.PENDING else 0,
    )
    at_ms = opening.at_ms + random.randrange(3_000, 6_000)
    return [opening, *(replace(act, slot=slot, account=account, symbol=symbol) for act in _then(random, trap, at_ms))]


def _then(random: Random, trap: Trap, at_ms: int) -> list[Act]:
    stop = Act(at_ms=at_ms, do="move stop", stop_ppm=random.choice((7_000, 8_000, 9_000)))
    part = Act(at_ms=at_ms, do="close part", percent=random.choice((25, 50)))
    soon_ms = at_ms + random.choice((1, 5, 20, 60, 200))
    busy = trap.moment in (Moment.UNSENT, Moment.SENT)
    match trap.state:
        case S.PAUSED:
            paused = Act(at_ms=soon_ms, do="pause")
            return [stop, paused] if busy or random.randrange(2) else [paused]
        case S.MODIFIED:
            reduced = Act(at_ms=at_ms, do="hand reduce")
            return [reduced, replace(reduced, at_ms=at_ms + 8_000), replace(stop, at_ms=at_ms + 16_000)]
        case S.MODIFYING:
            return [random.choice((stop, part, Act(at_ms=at_ms, do="add"), Act(at_ms=at_ms, do="lever", leverage=7)))]
        case S.RECONCILING:
            again = replace(part, at_ms=at_ms + 1_500)
            return [part, replace(stop, at_ms=soon_ms), again, Act(at_ms=at_ms + 3_000, do="close")]
        case S.CLOSING:
            return [Act(at_ms=at_ms, do=random.choice(("close", "emergency")))]
        case S.ACTIVE:
            return [stop, part]
        case _:
            return []


def helpers_for(random: Random, trap: Trap) -> list[Trap]:
    """Troubles that have to come first: a death for what befalls the recovering, a doubt for the doubted."""
    helpers = []
    if trap.state == S.RECONCILING:
        state = random.choice((S.OPENING, S.MODIFYING, S.ACTIVE))
        trouble = random.choice(("done, unanswered", "lost before effect"))
        helpers.append(Trap(trouble=trouble, state=state, moment=Moment.UNSENT, from_ms=trap.from_ms))
    if trap.moment == Moment.RECOVERY:
        before = random.choice((Moment.UNSENT, Moment.SENT, Moment.SENT, Moment.ACKED))
        if trap.state in (S.PENDING, S.RECONCILING):
            before = random.choice((Moment.UNSENT, Moment.SENT))
        helpers.append(Trap(trouble="killed", state=trap.state, moment=before, from_ms=trap.from_ms))
    return helpers
