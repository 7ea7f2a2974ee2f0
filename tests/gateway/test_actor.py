"""The actor in a simulated system, with a venue that answers by its moods, and failing lives."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from actors.gateway.actions import SECOND
from actors.gateway.actor import GatewayActor, gateway_address
from actors.gateway.runtime_state import GatewayMemory
from actors.runtime import Actor, ActorSystem, Context, SimulatedDispatcher, TraceHash
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.priority import PRIORITY
from messages.types import ClientOrderId, OrderStatus
from tests.gateway import stage
from tests.gateway.shifty import FINAL, ShiftyVenue
from tests.gateway.stage import ID, MAIN

GATEWAY = gateway_address(MAIN)


class Ear(Actor[Message]):
    def __init__(self, context: Context, heard: list[Message]) -> None:
        super().__init__(context)
        self._heard = heard

    def receive(self, message: Message) -> None:
        self._heard.append(message)


@dataclass
class BrittleVenue(ShiftyVenue):
    """Its port raises on one call, before or after the request took its way."""

    breaks_on: int = 0
    after: bool = False
    calls: int = 0

    def break_on_call(self, number: int, *, after: bool) -> None:
        self.breaks_on, self.after, self.calls = number, after, 0

    def request(self, message: Message) -> None:
        self.calls += 1
        if self.calls == self.breaks_on and not self.after:
            raise OSError("the port broke before it sent")
        super().request(message)
        if self.calls == self.breaks_on:
            raise OSError("the port broke after it sent")


class World:
    def __init__(self, *moods: str, seed: int = 1) -> None:
        self.dispatcher = SimulatedDispatcher(seed)
        self.trace = TraceHash()
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock, observer=self.trace)
        self.heard: list[Message] = []
        self.notices: list[Message] = []
        self.venue = BrittleVenue(moods, self._deliver, self._later)
        self.memory = GatewayMemory.fresh(self.dispatcher.clock)
        self.lives = 0
        self.system.spawn("supervisor", lambda context: Ear(context, self.heard))
        self.system.spawn("notifier", lambda context: Ear(context, self.notices))
        self.system.spawn(GATEWAY, self._be_born)
        self.tell(stage.venue_up())
        self.dispatcher.advance(SECOND)

    def _be_born(self, context: Context) -> GatewayActor:
        self.lives += 1
        return GatewayActor(context, account=MAIN, venue=self.venue, memory=self.memory)

    def _deliver(self, message: Message) -> None:
        self.system.tell(GATEWAY, message)

    def _later(self, delay_ns: int, what: Callable[[], None]) -> None:
        self.dispatcher.call_later(delay_ns, what)

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.system.tell(GATEWAY, message)

    def finals(self, name: ClientOrderId = ID) -> list[type]:
        return [type(m) for m in self.heard if isinstance(m, FINAL) and m.client_order_id == name]


def test_an_order_goes_out_and_its_answer_comes_back() -> None:
    world = World()
    world.tell(stage.opening())
    world.dispatcher.advance(SECOND)
    assert world.venue.executed == {ID: 1}
    assert world.finals() == [r.OrderAccepted]


def test_a_lost_answer_is_doubt_first_and_then_the_order_as_it_is() -> None:
    world = World()
    world.venue._moods = iter(["answer lost"])
    world.tell(stage.opening())
    world.dispatcher.advance(5 * SECOND)
    told = [type(m) for m in world.heard if isinstance(m, r.AboutOrder)]
    assert told == [r.OutcomeUnknown, r.OrderReport]
    assert world.venue.submits == {ID: 1}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("submit", [stage.opening(), stage.emergency(), stage.protection()])
def test_a_life_that_fails_while_it_hands_over_does_not_double_the_order(submit: q.SubmitOrder, *, after: bool) -> None:
    """The runtime delivers the submit again to the next life: it is asked after, not sent again."""
    world = World()
    world.venue.break_on_call(1, after=after)
    world.tell(submit)
    world.dispatcher.advance(120 * SECOND)
    assert world.lives == 2
    assert world.venue.submits.get(ID, 0) == (1 if after else 0)
    assert world.finals()[-1] is (r.OrderReport if after else r.OrderAbsent)


def test_a_life_that_fails_loses_no_order_that_waited_in_it() -> None:
    world = World()
    world.tell(stage.venue_down(), stage.reducing(stage.order_id(1)), stage.reducing(stage.order_id(2)))
    world.dispatcher.advance(SECOND)
    world.venue.break_on_call(2, after=True)
    world.tell(stage.venue_up())
    world.dispatcher.advance(120 * SECOND)
    assert world.lives == 2
    assert world.venue.executed == {stage.order_id(1): 1, stage.order_id(2): 1}


def test_a_message_that_is_not_for_a_gateway_is_put_aside_and_the_rest_goes_on() -> None:
    world = World()
    world.tell(r.Recovered(), stage.opening())
    world.dispatcher.advance(60 * SECOND)
    assert world.venue.executed == {ID: 1}
    assert world.lives > 1


def test_a_cancel_told_after_its_submit_overtakes_it_in_the_mailbox_and_both_stay_here() -> None:
    """The mailbox delivers the cancel first: CRITICAL before MEDIUM."""
    world = World()
    world.tell(stage.opening(), stage.cancel())
    world.dispatcher.advance(20 * SECOND)
    assert world.venue.executed == {}
    assert world.finals() == [r.OrderRejected]


def test_what_the_venue_says_of_an_order_keeps_its_order() -> None:
    world = World()
    world.tell(stage.report(), stage.fill(), stage.report(status=OrderStatus.FILLED, filled=stage.ONE))
    world.dispatcher.advance(SECOND)
    told = [m for m in world.heard if isinstance(m, r.AboutOrder)]
    assert told == [stage.report(), stage.fill(), stage.report(status=OrderStatus.FILLED, filled=stage.ONE)]


def test_a_venue_that_comes_up_late_finds_a_gateway_that_was_never_stuck() -> None:
    world = World()
    world.tell(stage.venue_down())
    world.dispatcher.advance(400 * SECOND)
    world.tell(stage.venue_up(), stage.opening())
    world.dispatcher.advance(SECOND)
    assert world.finals() == [r.OrderAccepted]
    assert [type(m) for m in world.notices] == [q.Notify] * 3


def trace(seed: int) -> str:
    world = World("answer lost", "not executed", "late", seed=seed)
    for number in range(1, 6):
        world.tell(stage.opening(stage.order_id(1, number)), stage.cancel(stage.order_id(1, number)))
        world.tell(stage.protection(stage.order_id(2, number)))
    world.dispatcher.advance(60 * SECOND)
    assert len(world.heard) > 10
    return world.trace.digest()


def test_the_same_seed_tells_the_same_story() -> None:
    assert trace(3) == trace(3)
