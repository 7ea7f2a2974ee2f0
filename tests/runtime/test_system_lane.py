"""Signals, and mailboxes that are suspended while a step waits for the journal."""

from actors.runtime import Context, RestartPolicy
from messages.priority import Priority
from tests.runtime.world import (
    SECOND,
    Critical,
    High,
    Low,
    Medium,
    hand,
    keeper,
    numbers,
    simulated,
)


def test_signals_are_delivered_before_anything_else() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    system.tell("a", Critical(n=1))
    system.signal("a", Low(n=2))
    dispatcher.run_until_idle()
    assert numbers(kept) == [2, 1]


def test_a_step_suspends_until_its_commit_is_signaled() -> None:
    system, dispatcher = simulated()
    journal: list[object] = []
    done: list[object] = []

    def receive(context: Context, message: object) -> None:
        done.append(message)
        context.suspend()
        context.tell("journal", message)

    system.spawn("journal", keeper(journal))
    system.spawn("position", hand(receive, lambda context, _message: context.resume()))
    for n in range(3):
        system.tell("position", Medium(n=n))
    system.tell("position", Critical(n=9))
    dispatcher.run_until_idle()
    assert numbers(done) == [9]
    for order in ([9, 0], [9, 0, 1], [9, 0, 1, 2]):
        system.signal("position", Low())
        dispatcher.run_until_idle()
        assert numbers(done) == order == numbers(journal)


def test_a_suspended_actor_takes_no_steps_however_much_it_is_told() -> None:
    system, dispatcher = simulated()
    system.spawn("a", keeper([]), suspended=True)
    dispatcher.run_until_idle()
    before = dispatcher.steps
    for n in range(100):
        system.tell("a", High(n=n))
        system.tell("a", Critical(n=n))
    dispatcher.advance(SECOND)
    assert dispatcher.steps == before
    (actor,) = system.metrics().actors
    assert actor.suspended
    assert actor.waiting[Priority.HIGH] == 100


def test_each_life_of_a_recovering_actor_begins_suspended() -> None:
    system, dispatcher = simulated()
    lives: list[int] = []
    kept: list[object] = []

    def receive(_context: Context, message: object) -> None:
        if len(lives) == 1:
            raise ValueError("only once")
        kept.append(message)

    def start(context: Context) -> None:
        lives.append(context.incarnation)
        context.tell("journal", Medium(n=context.incarnation))

    asked: list[object] = []
    system.spawn("journal", keeper(asked))
    system.spawn("a", hand(receive, lambda context, _message: context.resume(), start), suspended=True)
    system.tell("a", Medium(n=5))
    dispatcher.run_until_idle()
    assert (numbers(asked), kept) == ([1], [])
    system.signal("a", Low())
    dispatcher.advance(SECOND)
    assert (numbers(asked), kept) == ([1, 2], [])
    system.signal("a", Low())
    dispatcher.run_until_idle()
    assert numbers(kept) == [5]


def test_an_actor_that_died_while_suspended_by_itself_begins_anew_open() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    fail = [True]

    def receive(context: Context, message: object) -> None:
        context.suspend()
        if fail:
            fail.pop()
            raise ValueError("in the middle of a step")
        kept.append(message)

    system.spawn("a", hand(receive))
    system.tell("a", Medium(n=1))
    dispatcher.advance(SECOND)
    assert numbers(kept) == [1]


def test_a_signal_that_fails_is_redelivered_and_then_parked() -> None:
    system, dispatcher = simulated()
    seen: list[int] = []

    def on_signal(context: Context, _message: object) -> None:
        seen.append(context.incarnation)
        raise ValueError("no")

    system.spawn("a", hand(lambda _context, _message: None, on_signal), policy=RestartPolicy(redeliveries=1))
    system.signal("a", Low(n=4))
    dispatcher.advance(10 * SECOND)
    assert seen == [1, 2]
    assert [letter.message for letter in system.dead_letters.latest()] == [Low(n=4)]


def test_the_context_of_a_dead_life_is_inert() -> None:
    system, dispatcher = simulated()
    contexts: list[Context] = []
    kept: list[object] = []

    def receive(_context: Context, message: object) -> None:
        if len(contexts) == 1:
            raise ValueError("die once")
        kept.append(message)

    system.spawn("a", hand(receive, start=contexts.append))
    system.tell("a", Medium(n=1))
    dispatcher.advance(SECOND)
    first, second = contexts
    second.schedule("k", SECOND, Medium(n=3))
    first.suspend()
    first.schedule("k", 0, Medium(n=2))
    first.cancel("k")
    dispatcher.advance(2 * SECOND)
    assert numbers(kept) == [1, 3]
