"""The actor runtime against plain pykka threads, in the same run and with the same messages.

`python -m benchmarks.runtime [quick]` prints medians and ranges. Every figure has its own fresh
process, so that ten thousand threads of one leave nothing behind for the next.
"""

import gc
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pykka

from actors.runtime import Actor, ActorSystem, Context, Placement, ThreadDispatcher
from benchmarks.report import Row, at_least, environment, median_ratio, print_rows, row
from messages.priority import Priority

WORKERS = 3
BACKLOG = 100_000
POOLED = 1_000
ROUNDS = 4
SPACING_NS = 5_000_000
"""CRITICAL messages are due at this distance while the backlog lasts, whether the sender is on time or not.

Much closer together, the sender itself cannot keep up: against three busy threads it gets the
interpreter lock every few milliseconds, and what is measured is its own queue.
"""
_PAGE_KIB = 4


class SystemClock:
    time_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Low:
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class High:
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Critical:
    due_ns: int = 0
    told_ns: int = 0


PRIORITIES = {
    Critical: Priority.CRITICAL,
    High: Priority.HIGH,
    Medium: Priority.MEDIUM,
    Low: Priority.LOW,
}
MIX = (*(Medium(n=n) for n in range(8)), *(Low(n=n) for n in range(4)), *(High(n=n) for n in range(3)), Critical())


class Countdown(Actor[object]):
    """Releases `done` after its share of messages."""

    def __init__(self, context: Context, left: int, done: threading.Semaphore) -> None:
        super().__init__(context)
        self._left, self._done = left, done

    def receive(self, message: object) -> None:  # noqa: ARG002
        self._left -= 1
        if not self._left:
            self._done.release()


class PykkaCountdown(pykka.ThreadingActor):
    """The same on a plain pykka thread."""

    use_daemon_thread = True

    def __init__(self, left: int, done: threading.Semaphore) -> None:
        super().__init__()
        self._left, self._done = left, done

    def on_receive(self, message: object) -> None:  # noqa: ARG002
        self._left -= 1
        if not self._left:
            self._done.release()


def _system(workers: int = WORKERS) -> ActorSystem:
    return ActorSystem(ThreadDispatcher(SystemClock(), workers), PRIORITIES, SystemClock())


def _tells_per_second(tells: Sequence[Callable[[object], None]], each: int, done: threading.Semaphore) -> float:
    messages = [MIX[n % len(MIX)] for n in range(each)]
    gc.collect()
    started = time.perf_counter()
    for message in messages:
        for tell in tells:
            tell(message)
    for _ in tells:
        done.acquire()
    return len(tells) * each / (time.perf_counter() - started)


def throughput_ours(actors: int, each: int) -> dict[str, float]:
    """Routed tells a second: each looks its address up in the system's table."""
    system, done = _system(), threading.Semaphore(0)
    for n in range(actors):
        system.spawn(f"a{n}", partial(Countdown, left=each, done=done))
    tells = [partial(system.tell, f"a{n}") for n in range(actors)]
    _until_started(system, actors)
    rate = _tells_per_second(tells, each, done)
    system.shutdown(10_000)
    return {"rate": rate}


def throughput_pykka(actors: int, each: int) -> dict[str, float]:
    """Tells a second straight to pykka's references, without priorities and without any lookup."""
    done = threading.Semaphore(0)
    refs = [PykkaCountdown.start(each, done) for _ in range(actors)]
    return {"rate": _tells_per_second([ref.tell for ref in refs], each, done)}


def _until_started(system: ActorSystem, actors: int) -> None:
    """Wait until every actor has begun, so that starting is not measured as telling."""
    while sum(one.life == "running" for one in system.metrics().actors) < actors:
        time.sleep(0.01)


def _rss_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KIB


def weight_ours(actors: int) -> dict[str, float]:
    """KiB of resident memory per actor, and seconds until all have started."""
    system, done = _system(), threading.Semaphore(0)
    gc.collect()
    before, started = _rss_kib(), time.perf_counter()
    for n in range(actors):
        system.spawn(f"a{n}", partial(Countdown, left=1, done=done))
    _until_started(system, actors)
    seconds = time.perf_counter() - started
    gc.collect()
    return {"kib": (_rss_kib() - before) / actors, "seconds": seconds}


def weight_pykka(actors: int) -> dict[str, float]:
    done = threading.Semaphore(0)
    gc.collect()
    before, started = _rss_kib(), time.perf_counter()
    refs = [PykkaCountdown.start(1, done) for _ in range(actors)]
    seconds = time.perf_counter() - started
    gc.collect()
    return {"kib": (_rss_kib() - before) / len(refs), "seconds": seconds}


class Worker(Actor[object]):
    """Spends a few microseconds on LOW, as a real handler does, and notes when CRITICAL arrives."""

    def __init__(self, context: Context, arrived: list[tuple[int, int]]) -> None:
        super().__init__(context)
        self._arrived = arrived

    def receive(self, message: object) -> None:
        _work(message, self._arrived)

    def receive_signal(self, message: object) -> None:  # noqa: ARG002
        self.context.resume()


class PykkaWorker(pykka.ThreadingActor):
    use_daemon_thread = True

    def __init__(self, arrived: list[tuple[int, int]], gate: threading.Event) -> None:
        super().__init__()
        self._arrived, self._gate = arrived, gate

    def on_start(self) -> None:
        self._gate.wait()

    def on_receive(self, message: object) -> None:
        _work(message, self._arrived)


def _work(message: object, arrived: list[tuple[int, int]]) -> None:
    if isinstance(message, Critical):
        now_ns = time.monotonic_ns()
        arrived.append((now_ns - message.told_ns, now_ns - message.due_ns))
    else:
        sum(range(200))


def _send_on_schedule(tell: Callable[[Critical], None], waiting: Callable[[], bool]) -> int:
    """Tell a CRITICAL each millisecond, or as soon after it as this thread gets to run, while a backlog waits."""
    due_ns, sent = time.monotonic_ns() + SPACING_NS, 0
    while waiting():
        time.sleep(max(due_ns - time.monotonic_ns(), 0) / 1e9)
        tell(Critical(due_ns=due_ns, told_ns=time.monotonic_ns()))
        due_ns += SPACING_NS
        sent += 1
    return sent


def _quantiles_ms(arrived: list[tuple[int, int]]) -> dict[str, float]:
    figures = {"samples": float(len(arrived))}
    for place, name in enumerate(("told", "due")):
        ordered = sorted(one[place] for one in arrived)
        figures[f"{name}_p50"] = ordered[len(ordered) // 2] / 1e6
        figures[f"{name}_p99"] = ordered[int(len(ordered) * 0.99)] / 1e6
    return figures


def critical_ours(actors: int, placement: str, workers: int) -> dict[str, float]:
    """CRITICAL latency while 100,000 LOW messages wait in the mailboxes of these actors."""
    arrived: list[tuple[int, int]] = []
    for number in range(ROUNDS):
        _critical_round(actors, Placement(placement), workers, random.Random(number), arrived)
    return _quantiles_ms(arrived)


def _critical_round(
    actors: int,
    placement: Placement,
    workers: int,
    choose: random.Random,
    arrived: list[tuple[int, int]],
) -> None:
    system = _system(workers)
    for n in range(actors):
        system.spawn(f"a{n}", partial(Worker, arrived=arrived), placement=placement, suspended=True)
    _until_started(system, actors)
    for n in range(BACKLOG):
        system.tell(f"a{n % actors}", Low())
    gc.collect()
    before, tallies = len(arrived), system.dispatcher.tallies
    for n in range(actors):
        system.signal(f"a{n}", Low())
    sent = _send_on_schedule(
        lambda message: system.tell(f"a{choose.randrange(actors)}", message),
        # A full snapshot each time would disturb what is measured: the workers' counts do.
        lambda: sum(sum(tally.buckets[Priority.LOW]) for tally in tallies) < BACKLOG * 19 // 20,
    )
    while len(arrived) < before + sent:
        time.sleep(0.01)
    system.shutdown(10_000)


def critical_pykka() -> dict[str, float]:
    """The same backlog and pace on one plain pykka thread, first in, first out."""
    arrived: list[tuple[int, int]] = []
    gate = threading.Event()
    ref = PykkaWorker.start(arrived, gate)
    for _ in range(BACKLOG):
        ref.tell(Low())
    gc.collect()
    gate.set()
    sent = _send_on_schedule(
        ref.tell,
        lambda: not ref.actor_inbox.empty() and not arrived,
    )
    while len(arrived) < sent:
        time.sleep(0.01)
    return _quantiles_ms(arrived)


_FIGURES: dict[str, Callable[..., dict[str, float]]] = {
    one.__name__: one
    for one in (
        throughput_ours,
        throughput_pykka,
        weight_ours,
        weight_pykka,
        critical_ours,
        critical_pykka,
    )
}


def _fresh(figure: Callable[..., dict[str, float]], *arguments: object) -> dict[str, float]:
    """Run one figure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.runtime", figure.__name__, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def throughput(repeats: int) -> list[Row]:
    rows = []
    for actors, ours_each, pykka_each, target in ((1, 300_000, 100_000, 2), (1_000, 300, 64, 10), (10_000, 32, 3, 50)):
        pairs = [
            (
                _fresh(throughput_ours, actors, ours_each)["rate"],
                _fresh(throughput_pykka, actors, pykka_each)["rate"],
            )
            for _ in range(repeats)
        ]
        ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        ratio = median_ratio(ours, theirs)
        name = f"routed tells, {actors:,} actors"
        rows.append(row(name, ours, "1/s", ratio=ratio, against="plain pykka", target=at_least(target)))
        rows.append(row(f"  plain pykka, {actors:,} threads", theirs, "1/s"))
    return rows


def weight(repeats: int, actors: int = 10_000) -> list[Row]:
    ours = [_fresh(weight_ours, actors) for _ in range(repeats)]
    theirs = [_fresh(weight_pykka, actors) for _ in range(repeats)]
    rows = []
    for key, name, unit in (("kib", "memory per actor", "KiB"), ("seconds", "starting them", "s")):
        mine, other = [one[key] for one in ours], [one[key] for one in theirs]
        ratio = statistics.median(mine) / statistics.median(other)
        rows.append(row(f"{name}, {actors:,} actors", mine, unit, ratio=ratio, against="plain pykka"))
    return rows


def critical(repeats: int) -> list[Row]:
    """Latency of CRITICAL: from `tell`, and from the instant it was due, which includes the sender's own wait."""
    theirs = [_fresh(critical_pykka) for _ in range(repeats)]
    rows = []
    for name, arguments in (
        ("own thread", (1, "thread", 1)),
        (f"{POOLED:,} on 1 worker", (POOLED, "pool", 1)),
        (f"{POOLED:,} on {WORKERS} workers", (POOLED, "pool", WORKERS)),
    ):
        ours = [_fresh(critical_ours, *arguments) for _ in range(repeats)]
        for key in ("told_p50", "told_p99", "due_p50", "due_p99"):
            mine, other = [one[key] for one in ours], [one[key] for one in theirs]
            since = "from tell" if key.startswith("told") else "from due"
            ratio = statistics.median(mine) / statistics.median(other)
            label = f"CRITICAL behind {BACKLOG:,} LOW, {name}, {since} {key[-3:]}"
            rows.append(row(label, mine, "ms", ratio=ratio, against="pykka's queue"))
    return rows


def run(*, quick: bool = False) -> list[Row]:
    """All figures of the runtime: about two minutes, or half of it with one run of each."""
    repeats = 1 if quick else 5
    return [*throughput(repeats), *critical(repeats), *weight(repeats)]


def main() -> None:
    if len(sys.argv) == 3:
        print(json.dumps(_FIGURES[sys.argv[1]](*json.loads(sys.argv[2]))), flush=True)
        return
    print(environment("pykka"))
    print_rows(run(quick="quick" in sys.argv))


if __name__ == "__main__":
    main()
