"""Where the kills fell, and which faults met them, as tables for people."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

MOMENTS = (
    "before the intent",
    "intent durable, not at the venue",
    "at the venue, not answered",
    "answered, not journalled",
    "outcome journalled",
)
"""Of one command, by what of it is durable and what the venue had done at the instant of the kill."""


def histogram(rows: Iterable[Sequence[int | str]]) -> Iterator[str]:
    """`rows`: seed, test, stage, kills of that stage in that test, place in MOMENTS, commands found there."""
    seeds: set[str] = set()
    kills: dict[str, dict[str, int]] = defaultdict(dict)
    fell: dict[str, list[int]] = defaultdict(lambda: [0] * len(MOMENTS))
    for seed, test, stage, count, moment, times in rows:
        seeds.add(str(seed))
        kills[str(stage)][str(test)] = int(count)
        fell[str(stage)][int(moment)] += int(times)
    total = sum(sum(of_stage.values()) for of_stage in kills.values())
    yield f"{total} kills, ALBRA_KILL_SEED={', '.join(sorted(seeds))}; commands by how far they had come:"
    yield f"{'':20}{'kills':>6}  " + "  ".join(f"{moment:>{len(moment)}}" for moment in MOMENTS)
    for stage, counts in fell.items():
        cells = "  ".join(f"{count:>{len(moment)}}" for count, moment in zip(counts, MOMENTS, strict=True))
        yield f"{stage:20}{sum(kills[stage].values()):>6}  {cells}"
    sums = [sum(column) for column in zip(*fell.values(), strict=True)]
    cells = "  ".join(f"{count:>{len(moment)}}" for count, moment in zip(sums, MOMENTS, strict=True))
    yield f"{'all':20}{total:>6}  {cells}"


def faults(rows: Iterable[Sequence[int | str]]) -> Iterator[str]:
    """`rows`: fault, whether it struck before or after the kill, how often."""
    times: dict[str, Counter[str]] = defaultdict(Counter)
    for fault, when, count in rows:
        times[str(fault)][str(when)] += int(count)
    total = sum((each for each in times.values()), Counter[str]())
    yield f"faults of the venue: {total['before']} before the kills, {total['after']} from then on"
    for fault, found in sorted(times.items()):
        yield f"{fault:40}{found['before']:>6}{found['after']:>6}"
