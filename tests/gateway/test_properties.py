"""The whole core against a venue of changing moods: whatever happens, one intent has at most one effect (I1)."""

import heapq
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.actions import MINUTE, MS, SECOND
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.types import ClientOrderId, OrderStatus
from tests.gateway import stage
from tests.gateway.shifty import FINAL, MOODS, ShiftyVenue
from tests.gateway.stage import Stage

SUBMITS = (stage.opening, stage.reducing, stage.emergency, stage.protection)


class Drama:
    """A stage with that venue behind it. Requests reach the venue, answers come back, lives end."""

    def __init__(self, moods: list[str]) -> None:
        self.play = Stage()
        self.pending: list[tuple[int, int, Callable[[], None]]] = []
        self.count = 0
        self.seen = 0
        self.venue = ShiftyVenue(moods, self.hear, self.later)

    def later(self, delay_ns: int, what: Callable[[], None]) -> None:
        self.count += 1
        heapq.heappush(self.pending, (self.play.clock.monotonic + delay_ns, self.count, what))

    def hear(self, message: Message) -> None:
        self.play.tell(message)
        self._hand_over()

    def new_life(self) -> None:
        self.play.start()
        self._hand_over()

    def _hand_over(self) -> None:
        while self.seen < len(self.play.sent):
            self.seen += 1
            self.venue.request(self.play.sent[self.seen - 1])

    def advance(self, by_ns: int) -> None:
        end = self.play.clock.monotonic + by_ns
        while (next_ns := self._next()) <= end:
            if self.pending and self.pending[0][0] == next_ns:
                self.play.clock.monotonic = next_ns
                heapq.heappop(self.pending)[2]()
            else:
                self.play.advance(next_ns - self.play.clock.monotonic)
            self._hand_over()
        self.play.clock.monotonic = end

    def _next(self) -> int:
        times = [*self.play.timers.values(), *(at for at, _, _ in self.pending[:1])]
        return min(times, default=1 << 80)

    def finals(self, name: ClientOrderId) -> list[r.AboutOrder]:
        return [m for m in self.play.said if isinstance(m, FINAL) and m.client_order_id == name]


STEPS = st.one_of(
    st.tuples(st.just("submit"), st.integers(1, 4), st.integers(0, 3)),
    st.tuples(st.just("cancel"), st.integers(1, 5), st.just(0)),
    st.tuples(st.just("resolve"), st.integers(1, 5), st.just(0)),
    st.tuples(st.just("advance"), st.sampled_from([0, 10, 300, 2_000, 40_000]), st.just(0)),
    st.tuples(st.sampled_from(["new life", "down", "up"]), st.just(0), st.just(0)),
)


def act(drama: Drama, intents: dict[ClientOrderId, q.SubmitOrder], step: tuple[str, int, int]) -> None:
    kind, number, form = step
    name = stage.order_id(1, number)
    match kind:
        case "submit":
            drama.hear(intents.setdefault(name, SUBMITS[form](name)))  # the same message when told again
        case "cancel":
            drama.hear(stage.cancel(name))
        case "resolve":
            drama.hear(stage.resolve(name))
        case "advance":
            drama.advance(number * MS)
        case "new life":
            drama.new_life()
        case "down":
            drama.hear(stage.venue_down())
        case _:
            drama.hear(stage.venue_up())


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(MOODS), max_size=40), st.lists(STEPS, max_size=25))
def test_one_intent_has_one_effect_and_in_the_end_one_true_outcome(
    moods: list[str], script: list[tuple[str, int, int]]
) -> None:
    drama = Drama(moods)
    intents: dict[ClientOrderId, q.SubmitOrder] = {}
    wanted_gone: set[ClientOrderId] = set()
    for step in script:
        act(drama, intents, step)
        if step[0] == "cancel":
            wanted_gone.add(stage.order_id(1, step[1]))
    drama.hear(stage.venue_up())
    drama.advance(6 * MINUTE + 5 * SECOND)  # between two sweeps

    venue, gateway = drama.venue, drama.play.gateway
    for name in intents:
        assert venue.executed.get(name, 0) <= 1
        assert venue.submits.get(name, 0) <= 1 + venue.declined.get(name, 0)
        finals = drama.finals(name)
        assert finals, f"{name} has no outcome"
        nowhere = [m for m in finals if isinstance(m, (r.OrderAbsent, r.OrderRejected))]
        assert bool(nowhere) != (name in venue.executed), f"{nowhere} against {venue.executed}"
        assert len([m for m in nowhere if isinstance(m, r.OrderAbsent)]) <= 1 + repeated(script, name)
    assert not wanted_gone & venue.working
    assert len(gateway._orders.resolutions) == 0
    assert gateway._context.requests.outstanding_total == gateway._context.requests.queued_total == 0
    assert drama.play.memory.promises == {}


def repeated(script: list[tuple[str, int, int]], name: ClientOrderId) -> int:
    """How often somebody asked about it: every question may be answered, the same one not twice."""
    return sum(stage.order_id(1, number) == name for kind, number, _ in script if kind != "advance") + sum(
        kind == "new life" for kind, _, _ in script
    )


@given(st.lists(STEPS, max_size=30))
def test_the_same_messages_at_the_same_times_have_the_same_consequences(script: list[tuple[str, int, int]]) -> None:
    def run() -> list[Message]:
        drama = Drama(list(MOODS))
        intents: dict[ClientOrderId, q.SubmitOrder] = {}
        for step in script:
            act(drama, intents, step)
        drama.advance(MINUTE)
        return drama.play.sent + drama.play.said

    assert run() == run()


def test_the_moods_reach_every_kind_of_outcome() -> None:
    """Otherwise the property above would prove less than it says."""
    reached = set()
    for mood in MOODS:
        drama = Drama([mood])
        drama.hear(stage.opening())
        drama.advance(2 * MINUTE)
        reached |= {type(m) for m in drama.finals(stage.ID)}
        drama.hear(stage.cancel())
        drama.advance(2 * MINUTE)
        statuses = {m.status for m in drama.finals(stage.ID) if isinstance(m, r.OrderReport)}
        assert mood in ("request lost", "refused") or OrderStatus.CANCELED in statuses
    assert reached == set(FINAL)


def test_a_wandering_request_is_never_called_absent() -> None:
    drama = Drama(["late"])
    drama.hear(stage.opening())
    drama.advance(30 * SECOND)
    assert [type(m) for m in drama.finals(stage.ID)] == [r.OrderReport]
