"""One budget for all accounts behind an address: it is kept to, each has its turn, and closing waits for none."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.gateway.actions import SECOND
from actors.gateway.budget import Policy
from actors.gateway.lane import Lane
from actors.gateway.shared_budget import PATIENCE_NS, SharedBudget
from tests.gateway.stage import HandClock

LIMIT = 2_400
POLICY = Policy()
LIST, POSITIONS, CANCEL = 80, 5, 3
CONNECTING = 21


class Street:
    """An address at a venue with Binance's limit, and the accounts that ask behind it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.clock = HandClock()
        self.address = SharedBudget(self.clock)
        self.address.learn(limit)
        self.sent: list[tuple[int, str, int]] = []

    def ask(self, who: str, lane: Lane, weight: int, *, answered: bool = True) -> bool:
        """One request, which leaves and is answered at once where it may."""
        if not self.address.take(who, lane, weight, POLICY):
            return False
        self.address.left(weight)
        self.sent.append((self.clock.monotonic, who, weight))
        if answered:
            self.address.came(weight, None)
            self.address.completed(who, weight)
        return True

    def within_a_minute(self) -> int:
        """The most that left within any minute."""
        ends = (at_ns for at_ns, _, _ in self.sent)
        return max((sum(w for at, _, w in self.sent if end - 60 * SECOND < at <= end) for end in ends), default=0)


def test_forty_accounts_that_read_everything_stay_within_the_one_limit_and_each_is_read() -> None:
    street = Street()
    names = [f"a{number}" for number in range(40)]
    owed = {(name, weight) for name in names for weight in (LIST, POSITIONS)}
    for _ in range(10 * 60):
        for name, weight in sorted(owed):
            if street.ask(name, Lane.READING, weight):
                owed.discard((name, weight))
        street.clock.monotonic += SECOND
    assert not owed
    assert street.within_a_minute() <= LIMIT * 60 // 100


def test_positions_go_on_for_all_while_lists_of_orders_take_turns() -> None:
    street = Street()
    names = [f"a{number}" for number in range(40)]
    positions: Counter[str] = Counter()
    lists: Counter[str] = Counter()
    for second in range(20 * 60):
        for number, name in enumerate(names):
            if second % 60 >= number % 60 and positions[name] <= second // 60:
                positions[name] += street.ask(name, Lane.READING, POSITIONS)
            lists[name] += street.ask(name, Lane.READING, LIST)
        street.clock.monotonic += SECOND
    assert min(positions.values()) >= 19
    assert max(lists.values()) - min(lists.values()) <= 1
    assert min(lists.values()) >= 2
    assert street.within_a_minute() <= LIMIT * 60 // 100


@pytest.mark.parametrize("lane", [Lane.EMERGENCY, Lane.PROTECTION, Lane.REDUCING])
def test_what_reduces_leaves_at_once_however_many_wait_to_read(lane: Lane) -> None:
    street = Street()
    for number, _ in itertools.product(range(40), range(5)):
        street.ask(f"a{number}", Lane.READING, LIST)
        street.ask(f"a{number}", Lane.OPENING, 1)
    assert not street.ask("a39", Lane.READING, LIST)
    assert all(street.ask(f"a{number}", lane, CANCEL) for number in range(40))


def test_forty_connections_begin_as_the_limit_bears_them() -> None:
    street = Street()
    waiting = [f"a{number}" for number in range(40)]
    for _ in range(240):
        for name in tuple(waiting):
            if street.address.turn(name, CONNECTING):
                street.address.left(CONNECTING)
                street.sent.append((street.clock.monotonic, name, CONNECTING))
                street.address.came(CONNECTING, None)
                street.address.turned(name, CONNECTING)
                waiting.remove(name)
        street.clock.monotonic += SECOND // 2
    assert not waiting
    assert street.within_a_minute() <= LIMIT * 60 // 100


def test_a_connection_waits_for_no_reading_since_a_close_waits_for_the_connection() -> None:
    street = Street()
    asked = iter(f"a{number}" for number in range(10_000))
    while street.ask(next(asked), Lane.READING, POSITIONS):
        pass
    assert not street.address.turn("late", CONNECTING)
    begun = sum(street.address.turn(f"late{number}", CONNECTING, connecting=True) for number in range(25))
    assert begun >= 20
    assert street.ask("late0", Lane.REDUCING, CANCEL), "what is kept for closing is not used up"


def test_a_connection_hardly_waits_for_what_another_program_uses() -> None:
    """Three quarters of the limit: accounts that have a close to send connect in the same minute, and leave room."""
    street = Street()
    street.address.left(1)
    street.address.came(1, LIMIT * 3 // 4)
    connected = sum(street.address.turn(f"late{number}", CONNECTING, connecting=True) for number in range(25))
    assert connected >= 15
    assert street.ask("late0", Lane.EMERGENCY, CANCEL), "what is kept for closing is not used up"
    assert not street.address.turn("late0", CONNECTING)


def test_another_programs_use_of_the_address_is_left_room_and_shown_by_whoever_hears_of_it() -> None:
    street = Street()
    street.address.left(1)
    street.address.came(1, 1_700)
    assert street.address.use().others == 1_699
    assert not street.ask("a1", Lane.READING, POSITIONS)
    assert not street.ask("a2", Lane.OPENING, 1)
    assert street.ask("a3", Lane.PROTECTION, CANCEL)
    street.clock.monotonic += 63 * SECOND
    assert street.ask("a1", Lane.READING, POSITIONS)
    assert street.address.use().others == 0


def test_others_who_leave_our_reads_no_room_are_told_once_with_the_figures_and_again_after_an_hour() -> None:
    street, told = Street(), []
    street.clock.monotonic += 63 * SECOND
    for _ in range(3 * 60):
        street.ask("a1", Lane.PROTECTION, CANCEL)
        street.address.came(0, 1_703)
        told += [use] if (use := street.address.crowded(POLICY)) is not None else []
        street.clock.monotonic += 60 * SECOND
    assert [(use.limit, use.others + use.ours) for use in told] == [(LIMIT, 1_703)] * 3
    assert told[0].others == 1_700
    assert told[0].until_ns == 123 * SECOND


def test_others_within_what_is_left_to_them_are_not_told() -> None:
    street = Street()
    street.clock.monotonic += 63 * SECOND
    while street.ask("a1", Lane.READING, POSITIONS):
        pass
    street.address.came(0, street.address.use().used + LIMIT * 20 // 100)
    assert street.address.crowded(POLICY) is None


def test_what_an_earlier_run_has_used_is_not_taken_for_another_program() -> None:
    street = Street()
    street.address.came(0, 2_000)
    assert street.address.crowded(POLICY) is None


def test_what_is_on_its_way_is_held_for_it() -> None:
    street = Street()
    granted = sum(street.address.take(f"a{number}", Lane.READING, LIST, POLICY) for number in range(40))
    assert granted * LIST <= LIMIT * 60 // 100


def test_a_gateway_that_begins_anew_holds_nothing_of_its_former_life() -> None:
    street = Street()
    while street.address.take("a1", Lane.READING, POSITIONS, POLICY):
        pass
    assert not street.address.take("a2", Lane.READING, POSITIONS, POLICY)
    street.address.begin("a1")
    assert street.address.take("a2", Lane.READING, POSITIONS, POLICY)


def test_who_asks_no_more_keeps_nobody_waiting() -> None:
    street = Street()
    while street.ask("a0", Lane.READING, POSITIONS):
        pass
    for number in range(20):
        assert not street.ask(f"gone{number}", Lane.READING, POSITIONS)
    street.clock.monotonic += 62 * SECOND + PATIENCE_NS
    assert street.ask("late", Lane.READING, POSITIONS)


def test_a_venue_without_limits_holds_nothing_back() -> None:
    street = Street(limit=0)
    assert all(street.ask("a", Lane.READING, LIST) for _ in range(1_000))


Asked = tuple[Lane, int, int, int]
ASKED = st.tuples(st.sampled_from(Lane), st.integers(0, 9), st.integers(1, 90), st.integers(0, 20))


@given(st.lists(ASKED, max_size=200))
def test_no_minute_holds_more_than_the_limit_whatever_is_asked(asked: list[Asked]) -> None:
    street = Street()
    for lane, who, weight, later_s in asked:
        street.ask(f"a{who}", lane, weight)
        street.clock.monotonic += later_s * SECOND // 10
    assert street.within_a_minute() <= LIMIT * 95 // 100
