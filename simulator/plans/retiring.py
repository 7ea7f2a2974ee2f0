"""A position whose history is damaged, and the owner who clears its symbol at the venue and retires it.

Drawn from a stream of its own, from `FIRST_SEED` on, as the strange faults are. He says it too early, too, and opens on
the symbol before and afterwards.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from messages import events as e
from messages.ids import parse_position_id
from messages.reconciliation import DiscrepancyDetected
from simulator.environment.plan import Act, Kill, Plan, stream
from simulator.environment.truth import RECONCILERS, Ledger
from simulator.plans.strange import FIRST_SEED

RETIRED_SHARE = 15
"""One sprint in so many."""
FLIP, FLATTEN, RETIRE = "flip a bit", "flatten what is damaged", "retire what is damaged"
DOWN_MS = 2_000
PROOF_MS = 45_000
"""A leg that is flat is proven to be within that, where nothing comes between."""


def with_retirement(plan: Plan) -> Plan:
    random = stream(plan.seed, "retirement")
    opens = [act for act in plan.acts if act.do == "open"]
    if plan.seed < FIRST_SEED or plan.bursts or not opens or random.randrange(RETIRED_SHARE):
        return plan
    return retiring(plan, random, random.choice(opens))


def retiring(plan: Plan, random: Random, opening: Act) -> Plan:
    """`opening` is done again, by others, before and after."""
    flipped_ms = opening.at_ms + random.randrange(2_000, 6_000)
    flat_ms = flipped_ms + random.randrange(5_000, 15_000)
    until_ms = flat_ms + PROOF_MS
    later = Act(at_ms=0, do="open", symbol=opening.symbol, account=opening.account, side=opening.side, slot=-1)
    acts = [
        Act(at_ms=flipped_ms, do=FLIP),
        *(replace(later, at_ms=at_ms, strategy=f"early{at_ms}") for at_ms in (flipped_ms + 6_000, flat_ms + 3_000)),
        Act(at_ms=flat_ms, do=FLATTEN),
        *(Act(at_ms=at_ms, do=RETIRE) for at_ms in range(flipped_ms + 4_000, until_ms, random.randrange(3_000, 9_000))),
        *(replace(later, at_ms=until_ms + more_ms, strategy=f"late{more_ms}") for more_ms in (2_000, 4_000)),
    ]
    safety_ms = max(plan.safety_ms, until_ms + 10_000)
    return replace(plan, safety_ms=safety_ms, acts=tuple(sorted((*plan.acts, *acts), key=lambda act: act.at_ms)))


def kill_that_damages(ledger: Ledger) -> Kill | None:
    """The process dies, and a bit flips in the history of the oldest position that is not over."""
    live = [ordinal for ordinal, position in sorted(ledger.positions.items()) if not position.state.terminal]
    return Kill(moment="once", count=1, down_ms=DOWN_MS, flipped=live[0]) if live else None


def retired(ledger: Ledger) -> dict[int, e.PositionRetired]:
    """By ordinal: what the supervisor's own history says to be retired."""
    found = (event for event in ledger.events.get(0, ()) if isinstance(event, e.PositionRetired))
    return {parsed[1]: event for event in found if (parsed := parse_position_id(event.position_id)) is not None}


def open_questions(ledger: Ledger) -> list[str]:
    """The discrepancies that name a position which is damaged and not retired: the latest of each."""
    over, names = retired(ledger), {}
    for event in ledger.events.get(RECONCILERS, ()):
        if isinstance(event, DiscrepancyDetected):
            parsed = parse_position_id(event.discrepancy.target)
            if parsed is not None and parsed[1] in ledger.damaged and parsed[1] not in over:
                names[parsed[1]] = event.discrepancy.discrepancy_id
    return list(names.values())


def flatten(ledger: Ledger, take_off: Callable[[Act], None], act: Act) -> None:
    """What `albra flatten --break-glass` does, for the symbols of what is damaged."""
    over = retired(ledger)
    for ordinal, position in ledger.damaged.items():
        if ordinal not in over:
            take_off(replace(act, account=str(position.key.account), symbol=str(position.key.symbol)))
