"""How far the clocks are apart: what a measurement is worth against what is known."""

from adapters.exchange.offset import Offset, better, refuted, sampled

SECOND = 1_000_000_000
HOUR = 3600 * SECOND

SKEW_MS = 1_000


def sample(ahead_ms: int, round_trip_ms: int, now_ns: int = 0) -> Offset:
    """A measurement whose two ways took equally long."""
    before_ms = 1_700_000_000_000
    server_ms = before_ms + round_trip_ms // 2 - ahead_ms
    return sampled(before_ms=before_ms, server_ms=server_ms, round_trip_ms=round_trip_ms, now_ns=now_ns)


def test_with_nothing_known_the_slowest_answer_is_better() -> None:
    assert better(Offset(), sample(6_000, 9_000)).ahead_ms == 6_000


def test_a_slow_answer_does_not_replace_what_is_known_better() -> None:
    known = sample(10, 20)
    assert better(known, sample(400, 1_300, SECOND)) is known


def test_a_slow_answer_that_contradicts_what_is_known_replaces_it() -> None:
    """The clocks are six seconds apart, known to 10 ms, and the link takes 1.3 s: the clock was set."""
    assert better(sample(0, 20), sample(6_000, 1_300, SECOND)).ahead_ms == 6_000


def test_what_the_venue_refuted_gives_way_to_any_sample() -> None:
    assert better(refuted(sample(0, 20)), sample(300, 1_300, SECOND)).ahead_ms == 300


def test_of_several_samples_the_surest_is_kept() -> None:
    known = Offset()
    for each in (sample(5_000, 4_000), sample(5_900, 2_600), sample(5_500, 3_800)):
        known = better(known, each)
    assert known.ahead_ms == 5_900


def test_what_was_known_well_gets_old() -> None:
    known = sample(10, 20)
    assert better(known, sample(20, 60, SECOND)) is known
    assert better(known, sample(20, 60, HOUR)).ahead_ms == 20


def test_close_is_what_the_venue_lets_a_timestamp_be_ahead() -> None:
    assert not Offset().close(0, SKEW_MS)
    assert sample(0, 1_900).close(0, SKEW_MS)
    assert not sample(0, 2_100).close(0, SKEW_MS)
    assert not sample(0, 1_900).close(HOUR, SKEW_MS)
