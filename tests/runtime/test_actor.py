"""Where our actors meet pykka's conventions."""

import pykka
import pytest

from actors.runtime import Actor, Context, SimulatedDispatcher
from messages.lifecycle import ActorFailed
from tests.runtime.world import Critical, Hand, Low, Medium, hand, keeper, numbers, simulated


def born(kept: list[object]) -> tuple[Hand, SimulatedDispatcher]:
    system, dispatcher = simulated()
    made: list[Hand] = []

    def factory(context: Context) -> Hand:
        made.append(keeper(kept)(context))
        return made[-1]

    system.spawn("position/1", factory)
    dispatcher.run_until_idle()
    (actor,) = made
    return actor, dispatcher


def test_an_actor_is_a_pykka_actor_named_after_its_address() -> None:
    actor, _dispatcher = born([])
    assert isinstance(actor, pykka.Actor)
    assert str(actor.actor_ref) == "Hand (position/1)"
    assert actor.actor_ref.is_alive()


def test_pykkas_own_reference_tells_by_priority() -> None:
    kept: list[object] = []
    actor, dispatcher = born(kept)
    actor.actor_ref.tell(Low(n=1))
    actor.actor_ref.tell(Critical(n=2))
    dispatcher.run_until_idle()
    assert numbers(kept) == [2, 1]


def test_pykkas_stop_is_an_orderly_stop() -> None:
    kept: list[object] = []
    actor, dispatcher = born(kept)
    actor.actor_ref.tell(Low(n=1))
    actor.stop()
    dispatcher.run_until_idle()
    assert numbers(kept) == [1]
    assert not actor.actor_ref.is_alive()


def test_asking_raises_at_once_instead_of_blocking_a_worker() -> None:
    actor, _dispatcher = born([])
    with pytest.raises(RuntimeError, match="actors only tell"):
        actor.actor_ref.ask(Medium())


def test_an_actor_is_not_started_outside_a_system() -> None:
    with pytest.raises(TypeError, match="spawn Hand through an ActorSystem"):
        Hand.start()


def test_actors_stay_out_of_pykkas_global_registry() -> None:
    before = len(pykka.ActorRegistry.get_all())
    born([])
    assert len(pykka.ActorRegistry.get_all()) == before


def test_a_signal_to_an_actor_without_signals_says_so() -> None:
    system, dispatcher = simulated()
    reasons: list[str] = []

    class Plain(Actor[object]):
        def receive(self, message: object) -> None:
            raise AssertionError(message)

    system.subscribe(ActorFailed, lambda message: reasons.append(message.reason))  # type: ignore[attr-defined]
    system.spawn("plain", Plain)
    system.signal("plain", Low(n=1))
    dispatcher.run_until_idle()
    assert reasons == ["NotImplementedError: Plain at plain got a signal: Low(n=1)"]


def test_a_ref_is_an_address_that_can_be_kept_and_compared() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    ref = system.spawn("a", keeper(kept))
    again = system.spawn("b", hand(lambda _c, _m: None))
    assert ref != again
    assert len({ref, again}) == 2
    assert repr(ref) == "Ref('a')"
    ref.tell(Medium(n=1))
    dispatcher.run_until_idle()
    assert numbers(kept) == [1]
