from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.mailbox import AGE_LIMIT, CRITICAL_RUN, Mailbox
from actors.runtime.priorities import SIGNAL, Priorities
from messages.priority import Priority
from tests.runtime.world import ALL, PRIORITIES, Critical, High, Low, Medium, Say


def mailbox() -> Mailbox:
    return Mailbox(Priorities(PRIORITIES), lambda _rank: None)


def drain(box: Mailbox) -> list[object]:
    taken = []
    while (message := box.take()) is not None:
        taken.append(message)
    return taken


@given(st.lists(st.sampled_from(ALL), max_size=200))
def test_nothing_is_lost_and_each_priority_is_first_in_first_out(classes: list[type[Say]]) -> None:
    box = mailbox()
    put = [message(n=n) for n, message in enumerate(classes)]
    for message in put:
        box.put(message)
    taken = drain(box)
    for one in ALL:
        assert [m for m in taken if type(m) is one] == [m for m in put if type(m) is one]
    assert len(taken) == len(put)


@given(st.lists(st.sampled_from((*ALL, None, None, None)), max_size=400))
def test_a_critical_message_is_overtaken_by_nothing_unless_48_of_its_kind_went_before(
    steps: list[type[Say] | None],
) -> None:
    box, run = mailbox(), 0
    for n, step in enumerate(steps):
        if step is not None:
            box.put(step(n=n))
            continue
        critical_waits = bool(box.lanes[Priority.CRITICAL])
        taken = box.take()
        run = run + 1 if critical_waits else 0
        if critical_waits and type(taken) is not Critical:
            assert run > CRITICAL_RUN
            run = 0


def test_the_last_of_800_critical_messages_comes_within_a_handful_of_its_turn() -> None:
    """The system before us took priorities round-robin: its last one came 796th of 800, behind the rest."""
    box = mailbox()
    for n in range(800):
        for one in ALL:
            box.put(one(n=n))
    taken = drain(box)
    last = max(place for place, message in enumerate(taken) if type(message) is Critical)
    assert last < 800 + 800 // CRITICAL_RUN + 1


def test_low_is_served_while_higher_messages_never_cease() -> None:
    box = mailbox()
    for n in range(10):
        box.put(Low(n=n))
    served = 0
    for n in range(10 * 3 * (AGE_LIMIT + 1)):
        box.put(High(n=n))
        box.put(Medium(n=n))
        served += type(box.take()) is Low
    assert served == 10


def test_low_is_served_during_a_flood_of_critical_ones() -> None:
    box = mailbox()
    box.put(Low())
    flood = []
    for n in range(CRITICAL_RUN + 1):
        box.put(Critical(n=n))
        flood.append(type(box.take()))
    assert Low in flood


def test_a_suspended_mailbox_gives_nothing_and_keeps_the_order() -> None:
    box = mailbox()
    box.suspended = True
    for n in range(5):
        box.put(Medium(n=n))
    assert box.take() is None
    assert not box.ready()
    box.suspended = False
    assert drain(box) == [Medium(n=n) for n in range(5)]


def test_what_is_put_back_comes_first_in_its_lane() -> None:
    box = mailbox()
    box.put(Medium(n=1))
    box.put(Medium(n=2))
    first = box.take()
    box.put(Critical())
    assert first is not None
    box.put_back(first, Priority.MEDIUM)
    assert drain(box) == [Critical(), Medium(n=1), Medium(n=2)]


def test_a_put_wakes_once_per_schedule_and_a_critical_one_or_a_signal_always() -> None:
    woken: list[int] = []
    box = Mailbox(Priorities(PRIORITIES), woken.append)
    box.put(Low())
    box.scheduled = True
    box.put(Low())
    box.put_signal(Low())
    box.put(Critical())
    assert woken == [Priority.LOW, SIGNAL, Priority.CRITICAL]


def test_messages_that_compare_equal_stay_in_their_own_lanes() -> None:
    """Lanes must be told apart by rank: two deques with equal contents are equal."""
    box = mailbox()
    box.lanes[Priority.HIGH].extend(deque([0, 1]))
    box.lanes[Priority.MEDIUM].extend(deque([0, 1]))
    assert drain(box) == [0, 1, 0, 1]


def test_a_subclass_travels_with_its_base_and_a_stranger_is_medium_and_listed() -> None:
    class Nearer(Critical):
        __slots__ = ()

    class Stranger:
        pass

    priorities = Priorities(PRIORITIES)
    assert priorities[Nearer] == Priority.CRITICAL
    assert priorities[Stranger] == Priority.MEDIUM
    assert priorities.unranked == {Stranger}
