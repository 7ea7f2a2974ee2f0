"""What seeds have found, each as the smallest plan that shows it. The seed is the one that was first to fail."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment, Quirks
from messages.base import Message
from messages.events import EntryAbandoned, OpeningsPaused, OrderIntended, OrderRefused
from messages.requests import Notify, Reply
from messages.types import PositionSide, PositionState, RejectReason, Severity
from simulator.environment.disk import STEADY
from simulator.environment.network import CALM, START_MS, Weather, Window
from simulator.environment.plan import Act, Kill, Plan, Trap
from simulator.environment.transport import simulated_transport
from simulator.outcome import Outcome
from simulator.plans.retiring import FLATTEN, FLIP, RETIRE
from simulator.plans.settled import SILENT
from simulator.world import World, simulate

LONG = PositionSide.LONG


def plan(*acts: Act, faults: tuple[Fault, ...] = (), weather: Weather = CALM, kills: tuple[Kill, ...] = ()) -> Plan:
    """A calm day but for what is named."""
    return Plan(
        seed=1,
        safety_ms=40_000,
        hedge=False,
        volatility_ppm=0,
        faults=FaultPlan(faults=faults),
        weather=weather,
        disk=STEADY,
        acts=acts,
        kills=kills,
    )


def holds(what: Plan) -> Outcome:
    outcome = simulate(what.seed, plan=what)
    assert outcome.violation is None, outcome.violation
    return outcome


def refusals(what: Plan) -> list[RejectReason]:
    """Why orders of the first position are not at the venue, after a run in which every invariant holds."""
    with simulated_transport():
        world = World(what)
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    return [event.reason for event in world.ledger.events[1] if isinstance(event, OrderRefused)]


class Ears(World):
    """A world that remembers what the outside was told."""

    def __init__(self, plan: Plan) -> None:
        self.told: list[Message] = []
        super().__init__(plan)

    def _hear(self, message: Message) -> None:
        self.told.append(message)
        super()._hear(message)


def told(what: Plan) -> list[Message]:
    """All that was shown, in a run in which every invariant holds."""
    with simulated_transport():
        world = Ears(what)
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    return world.told


def refused(what: Plan) -> list[str]:
    """Why commands were not accepted, each reason once, in a run in which every invariant holds."""
    return list(dict.fromkeys(each.text for each in told(what) if isinstance(each, Reply) and not each.accepted))


BEING_REDUCED = "main.SOLUSDT.long.alpha.1 is being reduced, its stops may rest on SOLUSDT still; try again soon"


def opening(at_ms: int, slot: int, strategy: str, **fields: Any) -> Act:
    act = Act(at_ms=at_ms, do="open", slot=slot, symbol="SOLUSDT", strategy=strategy, side=LONG, lots=2)
    return replace(act, **fields)


def test_a_critical_notice_is_not_taken_for_the_notice_of_the_step_before() -> None:
    """Seed 99, I7: a stop in doubt for two seconds; the notice of it bore the number of an earlier one."""
    lost = ANSWERS["empty_200"].at(Moment.BEFORE_EFFECT, method="POST", path="/algoOrder")
    notices = [
        (each.severity, each.notice_id)
        for each in told(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), faults=(lost,)))
        if isinstance(each, Notify) and each.severity in (Severity.WARNING, Severity.CRITICAL)
    ]
    assert [severity for severity, _ in notices] == [Severity.WARNING, Severity.CRITICAL]
    assert notices[0][1] != notices[1][1]


def test_a_reduction_that_waits_is_called_back_when_the_stop_has_done_its_work() -> None:
    """Seed 1197, I8: held back by a ban, it sold once more what was a neighbor's by then."""
    refused = ANSWERS["unavailable_503"].at(
        Moment.BEFORE_EFFECT, method="POST", path="/order", side="SELL", count=0, until_ms=START_MS + 15_000
    )
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=5_000, do="close part", slot=0, percent=50),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    assert refusals(plan(*acts, faults=(refused,))) == [RejectReason.NEVER_SENT]


def test_a_stop_that_waits_is_called_back_when_another_has_done_its_work() -> None:
    """Seed 1795388227005, I8: a new stop waited out a ban, and left for a position that was flat by then."""
    refused = ANSWERS["unavailable_503"].at(
        Moment.BEFORE_EFFECT, method="POST", path="/algoOrder", nth=2, count=0, until_ms=START_MS + 15_000
    )
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=5_000, do="move stop", slot=0, stop_ppm=8_000),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    assert refusals(plan(*acts, faults=(refused,))) == [RejectReason.NEVER_SENT]


def test_nobody_opens_on_a_leg_that_another_close_is_clearing() -> None:
    """Seed 113, I8: the close was filled, nobody heard of it, and its stop was left to eat the newcomer."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=6_000, do="close", slot=0),
        opening(6_500, 1, "beta"),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    silence = tuple(Window(what=what, from_ms=5_900, until_ms=12_000) for what in ("deaf", "mute"))
    assert refused(plan(*acts, weather=Weather(windows=silence))) == [BEING_REDUCED]


def test_a_process_boots_beside_the_notifiers_own_history() -> None:
    """Seed 3: any restart after the first notice failed."""
    killed = (Kill(moment="order", count=2, down_ms=1_000), Kill(moment="durable", count=3, down_ms=1_000))
    outcome = holds(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), kills=killed))
    assert outcome.deaths == 2


def test_a_close_counts_before_its_view_has_come() -> None:
    """Seed 47, I8: a close and an opening on its leg in the same instant."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=8_000, do="emergency", slot=0),
        opening(8_000, 1, "beta"),
    )
    for seed in range(1, 6):
        assert refused(replace(plan(*acts), seed=seed)) == [BEING_REDUCED]


def test_nobody_opens_on_a_leg_while_a_part_of_it_is_being_closed() -> None:
    """Seed 718, I8: the part was sold, nobody heard of it, and the stop for the whole took the rest from a neighbor."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=6_000, do="close part", slot=0, percent=50),
        opening(6_500, 1, "beta"),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    silence = tuple(Window(what=what, from_ms=5_900, until_ms=12_000) for what in ("deaf", "mute"))
    assert refused(plan(*acts, weather=Weather(windows=silence))) == [BEING_REDUCED]


def test_nobody_opens_on_a_leg_whose_stop_is_still_for_more_than_is_held() -> None:
    """Seed 22057, I8: the smaller stop was in doubt, the larger one fired and took the rest from a neighbor."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=6_000, do="close part", slot=0, percent=50),
        opening(7_000, 1, "beta"),
        Act(at_ms=8_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    doubt = ANSWERS["timeout_408"].at(Moment.BEFORE_EFFECT, method="POST", path="/algoOrder", nth=2)
    assert refused(plan(*acts, faults=(doubt,))) == [BEING_REDUCED]


def test_a_restart_adopts_nobody_a_second_time() -> None:
    """Seed 300, I5: the reconciler missed the view of a position, adopted it by hand, and canceled its stop."""
    killed = (Kill(moment="order", count=2, down_ms=2_000),)
    for seed in range(1, 9):
        outcome = holds(replace(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), kills=killed), seed=seed))
        assert (outcome.deaths, outcome.positions) == (1, 1)


def test_faults_of_a_kind_that_strikes_nothing_leave_a_calm_day_calm() -> None:
    """The plans above fail for their own reasons only."""
    never = Fault(kind=FaultKind.RESET, nth=10_000)
    outcome = holds(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), faults=(never,)))
    assert not outcome.faults
    assert outcome.converged_ms == 0


def test_a_ban_that_another_request_met_holds_back_openings() -> None:
    """Seed 24, I10: a reading of the clock was told of the ban, and openings went on."""
    banned = replace(ANSWERS["banned_418"].fault, method="GET", path="/time", retry_after_s=15, nth=2)
    with simulated_transport():
        world = World(plan(opening(12_000, 0, "alpha"), faults=(banned,)))
        outcome = world.run()
    assert (outcome.violation, outcome.faults["STATUS banned_418"]) == (None, 1)
    filled_ms = [order.updated_ms - START_MS for orders in world.books.orders.values() for order in orders]
    assert min(filled_ms) > 25_000


def test_a_pause_that_is_said_again_after_a_restart_holds_nothing_a_second_time() -> None:
    """I14: the answer was lost with the process; openings had been allowed again when the pause was repeated."""
    acts = (Act(at_ms=5_000, do="pause openings"), Act(at_ms=7_000, do="resume openings"))
    with simulated_transport():
        world = World(plan(*acts, kills=(Kill(moment="durable", count=1, down_ms=1_000),)))
        outcome = world.run()
    assert (outcome.deaths, outcome.violation) == (1, None)
    assert [type(event) for event in world.ledger.events[0]].count(OpeningsPaused) == 1


def test_an_opening_that_waited_for_its_leverage_is_asked_again_before_it_leaves() -> None:
    """Seed 71314, I8: by then a neighbor's stop had fired, and its target rested still to take what was opened."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000, target_ppm=50_000),
        opening(6_000, 1, "beta", leverage=10),
        Act(at_ms=7_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    slow = ANSWERS["timeout_408"].at(Moment.BEFORE_EFFECT, method="POST", path="/leverage", symbol="SOLUSDT")
    stuck = ANSWERS["unavailable_503"].at(
        Moment.BEFORE_EFFECT, method="DELETE", path="/algoOrder", count=0, until_ms=START_MS + 15_000
    )
    outcome = holds(plan(*acts, faults=(slow, stuck)))
    assert (outcome.faults["STATUS timeout_408"], outcome.faults["STATUS unavailable_503"] > 0) == (1, True)


def test_a_stop_and_the_one_in_its_place_never_rest_together_beside_a_neighbor() -> None:
    """Seed 500813, I8: both fired while the process was dead, and the second sold what was the neighbor's."""
    acts = (
        opening(3_000, 0, "alpha"),
        opening(4_000, 1, "beta", stop_ppm=10_000),
        Act(at_ms=7_000, do="add", slot=1, lots=1),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    outcome = holds(plan(*acts, kills=(Kill(moment="order", count=5, down_ms=8_000),)))
    assert (outcome.deaths, outcome.positions) == (1, 2)


def test_a_stop_that_moves_beside_a_neighbor_is_gone_before_the_next_one_rests() -> None:
    """Seed 500813, I8: whoever is killed between the two has none for that while, and his neighbor keeps his own."""
    acts = (
        opening(3_000, 0, "alpha"),
        opening(4_000, 1, "beta", stop_ppm=10_000),
        Act(at_ms=7_000, do="move stop", slot=1, stop_ppm=8_000),
        Act(at_ms=9_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
    )
    for count in range(1, 6):
        holds(plan(*acts, kills=(Kill(moment="order", count=count, down_ms=8_000),)))


def test_a_position_whose_actor_fails_while_its_stop_is_in_doubt_is_told_as_unprotected() -> None:
    """Day seed 500020, I7: the timer that tells of a missing stop was the very message that its actor failed on."""
    lost = ANSWERS["timeout_408"].at(Moment.LATER, method="POST", path="/algoOrder")
    lost = replace(lost, effect_delay_ms=8_000)
    poison = Trap(trouble="poison", state="RECONCILING", moment="sent without answer")
    what = replace(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), faults=(lost,)), traps=(poison,))
    texts = [each.text for each in told(what) if isinstance(each, Notify) and each.severity is Severity.CRITICAL]
    assert any("its actor failed" in text and "not covered by its stop" in text for text in texts)


def test_an_entry_that_is_said_to_be_canceled_is_found_at_the_next_sweep() -> None:
    """Seed 6100002, I5: it rested all the same, and only the slow comparison of orders would have found it."""
    lie = Fault(kind=FaultKind.MISREPORTED_CANCELED, method="GET", path="/order", client_id="ab")
    acts = (opening(3_000, 0, "alpha", stop_ppm=10_000, offset_ppm=4_000),)
    killed = (Kill(moment="order", count=1, down_ms=1_000),)
    with simulated_transport():
        world = World(plan(*acts, faults=(lie,), kills=killed))
        outcome = world.run()
    assert (outcome.violation, outcome.faults["MISREPORTED_CANCELED"]) == (None, 1)
    named = [type(event) for event in world.ledger.events[1]]
    assert EntryAbandoned in named, "not by the reconciler, whose orders are compared every few minutes"


def test_a_position_is_protected_by_the_rules_as_they_are_when_coarser_ones_have_passed() -> None:
    """Seed 200, I7: reduced below a minimum that had been given up, it was dust, with a stop for the whole."""
    acts = (
        replace(opening(3_000, 0, "alpha", stop_ppm=10_000), symbol="BTCUSDT", lots=4),
        Act(at_ms=6_000, do="change filters", symbol="BTCUSDT", for_ms=20_000),
        Act(at_ms=6_500, do="close part", slot=0, percent=50),
    )
    holds(plan(*acts))


@pytest.mark.parametrize(("lots", "words"), [(2, "is dust"), (4, "the rest is below the venue's quantity step")])
def test_a_part_that_a_coarser_step_leaves_undone_is_told(lots: int, words: str) -> None:
    """Day 2500001421, I20: on hold, and dust by then, it was called reduced though nothing had been closed."""
    acts = (
        replace(opening(3_000, 0, "alpha"), symbol="BTCUSDT", lots=lots),
        Act(at_ms=15_000, do="pause", slot=0),
        Act(at_ms=16_000, do="change filters", symbol="BTCUSDT", for_ms=20_000),
        Act(at_ms=17_000, do="close part", slot=0, percent=25),
    )
    assert any(isinstance(each, Notify) and words in each.text for each in told(plan(*acts)))


def test_half_of_a_position_that_is_less_than_a_step_by_now_is_missed() -> None:
    """Day 2419292, I6: sold by hand while nobody listened; by the rules of the next start it was no difference."""
    acts = (
        replace(opening(3_000, 0, "alpha"), symbol="BTCUSDT", lots=4),
        Act(at_ms=8_000, do="kill", for_ms=4_000),
        Act(at_ms=9_000, do="hand reduce", account="main", symbol="BTCUSDT"),
        Act(at_ms=10_000, do="change filters", symbol="BTCUSDT", for_ms=500_000),
    )
    holds(replace(plan(*acts), safety_ms=300_000))


def test_a_position_that_is_less_than_a_step_by_now_is_missed_when_it_is_gone() -> None:
    """Day 2401136, I6: the same, and all of it was closed."""
    acts = (
        replace(opening(3_000, 0, "alpha"), symbol="BTCUSDT", lots=2),
        Act(at_ms=8_000, do="kill", for_ms=4_000),
        Act(at_ms=9_000, do="hand close", account="main", symbol="BTCUSDT"),
        Act(at_ms=10_000, do="change filters", symbol="BTCUSDT", for_ms=500_000),
    )
    holds(replace(plan(*acts), safety_ms=300_000))


def test_an_order_whose_query_lags_behind_the_book_is_not_sent_again() -> None:
    """Half is sold, answer and events are lost, and a query by its id finds nothing for longer than its validity."""
    faults = (
        ANSWERS["read_timeout"].at(Moment.AFTER_EFFECT, method="POST", path="/order", nth=2),
        ANSWERS["query_not_found_2013"].at(Moment.BEFORE_EFFECT, method="GET", path="/order", client_id="ab", count=12),
        Fault(kind=FaultKind.EVENT_LOST, count=0, from_ms=START_MS + 6_000),
    )
    half = Act(at_ms=7_000, do="close part", slot=0, percent=50)
    with simulated_transport():
        world = World(plan(opening(3_000, 0, "alpha", stop_ppm=10_000), half, faults=faults))
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    sold = [event for event in world.ledger.events[1] if isinstance(event, OrderIntended) and event.purpose == "reduce"]
    assert len(sold) == 1, sold


def test_what_a_human_sold_of_two_strategies_ends_with_their_close_though_nobody_said_whose_it_was() -> None:
    """The venue was flat, and one of them went on closing what had been sold of the leg, for ever."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        opening(4_000, 1, "beta", stop_ppm=20_000),
        Act(at_ms=8_000, do="hand reduce", account="main", symbol="SOLUSDT"),
        Act(at_ms=20_000, do="close all"),
    )
    what = replace(plan(*acts), safety_ms=30_000)
    texts = [each.text for each in told(what) if isinstance(each, Notify)]
    assert any("SIZE_MISMATCH" in text and "needs you" in text for text in texts)
    assert sum("close refused" in text for text in texts) in (1, 2, 3), "within seconds of the close"
    assert not any("not covered by its stop" in text for text in texts), "of what does not exist"


def test_what_sells_of_an_entry_that_was_written_off_takes_from_no_position() -> None:
    """Day 860000546: the stop beside its close sold it, and reduce-only did not end the close at flat."""
    lost = ANSWERS["read_timeout"].at(Moment.AFTER_EFFECT, method="POST", path="/order")
    silent = tuple(replace(each, from_ms=START_MS + 5_500, until_ms=START_MS + 60_000) for each in (lost, *SILENT))
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        opening(6_000, 1, "beta", stop_ppm=20_000),
        Act(at_ms=45_000, do="settle", slot=1),
        Act(at_ms=46_500, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
        Act(at_ms=48_000, do="close", slot=0),
    )
    mute = replace(CALM, windows=(Window(what="mute", from_ms=5_500, until_ms=60_000),))
    what = replace(plan(*acts, faults=silent, weather=mute), safety_ms=50_000)
    with simulated_transport():
        world = World(what)
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    assert world.books.nets[1] < 0, "the close has sold beside the stop"


def eaten_beside_a_silent_position(*acts: Act, safety_ms: int = 40_000) -> World:
    """Two protections of the second fire at once and sell what is the third's, which is closed; the first is damaged.

    The venue refuses to reduce by more than there is. Every invariant holds.
    """
    before = (
        opening(3_000, 0, "alpha", lots=1),
        opening(4_000, 1, "beta", stop_ppm=10_000),
        opening(5_000, 2, "gamma"),
        Act(at_ms=7_000, do="trail", slot=1, stop_ppm=10_000),
        Act(at_ms=10_000, do=FLIP),
        Act(at_ms=20_000, do="move price", symbol="SOLUSDT", offset_ppm=-15_000),
        Act(at_ms=23_000, do="close", slot=2),
    )
    strict = FaultPlan(quirks=Quirks(cap_reduce_only=False))
    with simulated_transport():
        world = World(replace(plan(*before, *acts), faults=strict, safety_ms=safety_ms))
        outcome = world.run()
    assert outcome.violation is None, outcome.violation
    assert (set(world.ledger.damaged), world.books.nets) == ({1}, {1: Decimal(1), 2: Decimal(-2), 3: Decimal(2)})
    return world


def test_a_close_whose_share_a_neighbor_has_sold_waits_for_the_owner_of_a_silent_position() -> None:
    """Day 2500000892, I20: nothing is booked beside what is silent, and the venue refuses the close until then."""
    world = eaten_beside_a_silent_position()
    assert world.ledger.positions[3].quantity == 2
    assert any(isinstance(event, OrderRefused) for event in world.ledger.events[3])


def test_a_close_whose_share_a_neighbor_has_sold_is_over_once_the_silent_position_is_retired() -> None:
    """Day 2500000892: the owner clears the symbol, and whoever was closing bears what was sold of it."""
    retiring = (Act(at_ms=at_ms, do=RETIRE) for at_ms in range(45_000, 120_000, 5_000))
    world = eaten_beside_a_silent_position(Act(at_ms=40_000, do=FLATTEN), *retiring, safety_ms=130_000)
    left = {ordinal: (each.state, each.quantity) for ordinal, each in world.ledger.positions.items()}
    assert left == dict.fromkeys((2, 3), (PositionState.CLOSED, Decimal(0)))


def test_what_was_told_of_a_bare_position_stays_told_when_later_steps_are_lost() -> None:
    """Day 872000012, I7: the notice outlived the loss, and the loss had said nothing of the stop."""
    acts = (
        opening(3_000, 0, "alpha", stop_ppm=10_000),
        Act(at_ms=6_000, do="pause openings", account="main", symbol="BTCUSDT"),
        Act(at_ms=7_800, do="close part", slot=0, percent=25),
    )
    unanswered = ANSWERS["read_timeout"].at(Moment.BEFORE_EFFECT, method="GET", path="/algoOrder", count=6)
    late = replace(unanswered, from_ms=START_MS + 9_000)
    traps = (
        Trap(trouble="lost before effect", state="ACTIVE", moment="before send"),
        Trap(trouble="killed", state="RECONCILING", moment="before send", from_ms=7_800),
        Trap(trouble="log damaged", state="RECONCILING", moment="during recovery", from_ms=7_800),
    )
    assert holds(replace(plan(*acts, faults=(late,)), traps=traps)).faults["lost tail"] == 1


def test_a_loss_whose_hold_is_lost_is_told_with_the_one_that_took_it() -> None:
    """Day 2700001502, I16: fifteen steps, then the start's hold and three more; what was told were four."""
    acts = (opening(3_000, 0, "alpha", stop_ppm=10_000), opening(20_000, 1, "beta", stop_ppm=10_000))
    kills = (
        Kill(moment="durable", count=6, down_ms=4_000, lost=3),
        Kill(moment="durable", count=1, down_ms=4_000, lost=2),
    )
    assert holds(plan(*acts, kills=kills)).faults["lost tail"] == 2
