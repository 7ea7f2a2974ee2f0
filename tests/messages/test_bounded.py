"""A bounded map forgets its oldest entries, and no others."""

from hypothesis import given
from hypothesis import strategies as st

from messages.bounded import BoundedMap


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
