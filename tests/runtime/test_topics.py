import gc

from actors.runtime import Context
from messages.lifecycle import SubscriberDropped
from tests.runtime.world import Critical, High, Low, Medium, Say, hand, keeper, numbers, simulated


def test_functions_are_held_strongly_and_do_run() -> None:
    """The system before us held them weakly: they were collected and never ran."""
    system, _dispatcher = simulated()
    heard: list[object] = []

    def register() -> None:
        def listener(message: object) -> None:
            heard.append(message)

        system.subscribe(High, listener)

    register()
    gc.collect()
    system.publish(High(n=1))
    assert numbers(heard) == [1]


def test_actors_hear_the_classes_they_subscribed_to_and_their_subclasses_once() -> None:
    system, dispatcher = simulated()
    exact: list[object] = []
    wide: list[object] = []

    def subscribing(*classes: type) -> object:
        def start(context: Context) -> None:
            for one in classes:
                context.subscribe(one)

        return start

    system.spawn("exact", hand(lambda _c, m: exact.append(m), start=subscribing(High)))  # type: ignore[arg-type]
    system.spawn("wide", hand(lambda _c, m: wide.append(m), start=subscribing(Say, High, High)))  # type: ignore[arg-type]
    dispatcher.run_until_idle()
    for n, one in enumerate((Critical, High, Medium, Low)):
        system.publish(one(n=n))
    dispatcher.run_until_idle()
    assert numbers(exact) == [1]
    assert sorted(numbers(wide)) == [0, 1, 2, 3]


def test_a_stopped_subscriber_is_dropped() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", hand(lambda _c, m: kept.append(m), start=lambda context: context.subscribe(High)))
    dispatcher.run_until_idle()
    assert system.metrics().subscriptions == 1
    system.stop_actor("a")
    dispatcher.run_until_idle()
    assert system.metrics().subscriptions == 0
    system.publish(High())
    assert system.dead_letters.count() == 0


def test_an_address_that_never_opened_is_dropped_when_something_is_published() -> None:
    system, _dispatcher = simulated()
    system.subscribe(High, "nobody")
    system.publish(High())
    assert system.metrics().subscriptions == 0


def test_a_subscription_outlives_a_crash() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []

    def receive(context: Context, message: object) -> None:
        if context.incarnation == 1:
            raise ValueError("first life")
        kept.append(message)

    system.spawn("a", hand(receive))
    system.subscribe(High, "a")
    system.publish(High(n=1))
    dispatcher.run_until_idle()
    system.publish(High(n=2))
    dispatcher.advance(10**9)
    assert numbers(kept) == [1, 2]


def test_a_function_that_raises_is_dropped_with_a_word_and_harms_neither_publisher_nor_neighbor() -> None:
    system, _dispatcher = simulated()
    heard: list[object] = []
    dropped: list[object] = []

    def broken(_message: object) -> None:
        raise RuntimeError("broken pipe")

    system.subscribe(High, broken)
    system.subscribe(High, heard.append)
    system.subscribe(SubscriberDropped, dropped.append)
    system.publish(High(n=1))
    system.publish(High(n=2))
    assert numbers(heard) == [1, 2]
    (word,) = dropped
    assert isinstance(word, SubscriberDropped)
    assert "broken" in word.address
    assert word.reason == "RuntimeError: broken pipe"


def test_who_unsubscribes_hears_no_more() -> None:
    system, dispatcher = simulated()
    kept: list[object] = []
    system.spawn("a", keeper(kept))
    system.subscribe(High, "a")
    system.publish(High(n=1))
    system.unsubscribe(High, "a")
    system.publish(High(n=2))
    dispatcher.run_until_idle()
    assert numbers(kept) == [1]


def test_a_listener_may_subscribe_and_publish_while_it_is_called() -> None:
    """The system before us re-entered its own lock here and hung."""
    system, _dispatcher = simulated()
    heard: list[object] = []

    def listener(message: object) -> None:
        heard.append(message)
        if isinstance(message, High):
            system.subscribe(Low, heard.append)
            system.publish(Low(n=2))

    system.subscribe(High, listener)
    system.publish(High(n=1))
    assert numbers(heard) == [1, 2]
