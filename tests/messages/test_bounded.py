"""A bounded map forgets its oldest entries, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from messages.bounded import GAPS_LEAST, BoundedMap


@given(st.lists(st.tuples(st.integers(0, 9), st.integers())), st.integers(1, 5))
def test_it_holds_the_latest_new_keys(entries: list[tuple[int, int]], most: int) -> None:
    expected: dict[int, int] = {}
    for key, value in entries:
        expected[key] = value
        while len(expected) > most:
            del expected[next(iter(expected))]
    assert list(BoundedMap(most, entries).items()) == list(expected.items())


def test_setdefault_and_update_keep_the_bound() -> None:
    kept: BoundedMap[int, str] = BoundedMap(2)
    kept.update({1: "a", 2: "b", 3: "c"})
    assert kept.setdefault(4, "d") == "d"
    assert list(kept) == [3, 4]


def test_a_key_that_is_moved_to_the_end_is_the_youngest() -> None:
    kept = BoundedMap(2, [(1, "a"), (2, "b")])
    kept.move_to_end(1)
    kept[3] = "c"
    assert list(kept) == [1, 3]


def test_what_is_kept_and_its_order_outlive_every_packing() -> None:
    kept: BoundedMap[int, int] = BoundedMap(7)
    expected: dict[int, int] = {}
    for number in range(20 * GAPS_LEAST):
        key = number * 7919 % 23
        kept[key] = expected[key] = number
        while len(expected) > 7:
            del expected[next(iter(expected))]
        if number % 5 == 0:
            oldest = next(iter(expected))
            kept.move_to_end(oldest)
            expected[oldest] = expected.pop(oldest)
        if number % 11 == 0:
            assert kept.pop(key) == expected.pop(key)
        assert list(kept.items()) == list(expected.items())
        assert kept.get(key) == expected.get(key)


def test_an_entry_takes_no_more_memory_however_many_have_gone() -> None:
    full = BoundedMap(10_000, ((number, None) for number in range(10_000)))
    before = full.__sizeof__()
    full.update((number, None) for number in range(10_000, 100_000))
    assert (len(full), full.__sizeof__()) == (10_000, before)
