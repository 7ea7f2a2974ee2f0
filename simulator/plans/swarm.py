"""What goes wrong in a plan: the venue's faults, the network's weather, the disk's, and when the process dies."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from adapters.paper.binance.answers import ANSWERS, Proof
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment, Quirks
from simulator.environment.disk import DiskWeather
from simulator.environment.network import START_MS, Weather, Window
from simulator.environment.plan import MILLION, Kill

Span = tuple[int, int]
"""From and until, in milliseconds of simulated time."""
_BAN_MOST_S = 30

# Faults of the venue -----------------------------------------------------------------------------------

_PATHS: tuple[tuple[str, str], ...] = (
    ("POST", "/order"),
    ("POST", "/algoOrder"),
    ("DELETE", "/order"),
    ("DELETE", "/algoOrder"),
    ("GET", "/order"),
    ("GET", "/algoOrder"),
    ("GET", "/userTrades"),
    ("GET", "/openOrders"),
    ("GET", "/openAlgoOrders"),
    ("GET", "/positionRisk"),
    ("POST", "/leverage"),
    ("GET", "/time"),
)
_WRITES = _PATHS[:4]
_SUBMITS = _PATHS[:2]
_ONLY: dict[str, tuple[tuple[str, str], ...]] = {
    "cancel_unknown_2011": _PATHS[2:4],
    "query_not_found_2013": (),  # drawn apart: a query that lags behind the book
    "would_trigger_2021": (("POST", "/algoOrder"),),
    "reduce_only_2022": (("POST", "/order"),),
    "duplicate_4116": (),
    "banned_418": (),
}
"""Where an answer makes sense; bans are drawn apart, being long."""


def faults_of_a_sprint(random: Random, safety_ms: int) -> tuple[FaultPlan, tuple[str, ...]]:
    """Each from the beginning or some time on, for as long as may be."""

    def window() -> Span:
        from_ms = random.choice((0, random.randrange(safety_ms * 2 // 3)))
        return from_ms, min(safety_ms, from_ms + random.randrange(5_000, 2 * safety_ms))

    return _faults(random, random.choice((0, 2, 4, 6, 10, 14)), window)


def faults_of_a_day(random: Random, chosen: int, spans: Sequence[Span]) -> tuple[FaultPlan, tuple[str, ...]]:
    """Each in one span, or for the whole day."""

    def window() -> Span:
        from_ms, until_ms = random.choice(spans)
        if random.randrange(4) == 0:
            return 0, spans[-1][1]
        return random.randrange(from_ms, until_ms - 10_000), until_ms

    return _faults(random, chosen, window)


def _faults(random: Random, chosen: int, window: Callable[[], Span]) -> tuple[FaultPlan, tuple[str, ...]]:
    makers: tuple[Callable[[Random], Fault], ...] = (
        _spoiled_answer, _spoiled_answer, _spoiled_answer, _spoiled_answer, _refusal, _refusal, _lie, _event, _event,
        _partial, _duplicate, _ban,
    )  # fmt: skip
    faults = []
    for _ in range(chosen):
        from_ms, until_ms = window()
        fault = random.choice(makers)(random)
        faults.append(replace(fault, from_ms=START_MS + from_ms, until_ms=START_MS + until_ms))
    quirks = Quirks(
        child_keeps_client_id=random.randrange(2) == 0,
        account_update_first=random.randrange(2) == 0,
        trade_lite=random.randrange(2) == 0,
        limit_result_is_final=random.randrange(2) == 0,
        cap_reduce_only=random.randrange(4) != 0,
        expire_orphans=random.randrange(2) == 0,
        trigger_delay_ms=random.choice((0, 0, 300, 1500)),
    )
    if random.randrange(4) == 0:
        from_ms, until_ms = window()
        late = _lagging_queries(random)
        faults += [replace(fault, from_ms=START_MS + from_ms, until_ms=START_MS + until_ms) for fault in late]
    plan = FaultPlan(faults=tuple(faults), quirks=quirks)
    return plan, tuple(fault.name or fault.kind for fault in faults)


def _how_often(random: Random) -> dict[str, Any]:
    """Now and then, or at one certain occasion."""
    if random.randrange(2):
        return {"count": 0, "chance_ppm": random.choice((50_000, 150_000, 400_000))}
    return {"nth": random.randrange(1, 5), "count": random.randrange(1, 4)}


def _spoiled_answer(random: Random) -> Fault:
    """The outcome of what was asked is hidden."""
    names = sorted(name for name, row in ANSWERS.items() if row.proves is Proof.UNKNOWN)
    name = random.choice([each for each in names if _ONLY.get(each, _PATHS)])
    method, path = random.choice(_ONLY.get(name, random.choice((_PATHS, _WRITES, _SUBMITS, _SUBMITS))))
    moment = random.choice(tuple(Moment))
    often = _how_often(random)
    fault = ANSWERS[name].at(moment, method=method, path=path, **often)
    return replace(fault, effect_delay_ms=random.randrange(100, 3_000))


def _refusal(random: Random) -> Fault:
    """The venue says no, and means it."""
    names = sorted(name for name, row in ANSWERS.items() if row.proves is not Proof.UNKNOWN)
    name = random.choice([each for each in names if _ONLY.get(each, _PATHS)])
    rejected = ANSWERS[name].proves is Proof.REJECTED
    places = _ONLY.get(name, _PATHS[:2] if rejected else _PATHS)
    method, path = random.choice(places)
    often = {"nth": random.randrange(1, 4), "count": random.randrange(1, 4)} if rejected else _how_often(random)
    if name.startswith("too_many"):
        # Without a Retry-After the silence is a minute long, and most of the seed would be that.
        often["retry_after_s"] = random.randrange(1, 12)
    return ANSWERS[name].at(Moment.BEFORE_EFFECT, method=method, path=path, **often)


def _lie(random: Random) -> Fault:
    """A read that is not what it seems."""
    kind = random.choice(
        (FaultKind.STALE_READ, FaultKind.PARTIAL_LIST, FaultKind.EMPTY_LIST, FaultKind.MISREPORTED_CANCELED)
    )
    often = _how_often(random)
    if kind is FaultKind.MISREPORTED_CANCELED:
        return Fault(kind=kind, method="DELETE", path="/order", client_id="ab", **often)
    path = random.choice(("/positionRisk", "/openOrders", "/openAlgoOrders"))
    return Fault(
        kind=kind, method="GET", path=path, age_ms=random.randrange(200, 8_000), keep_ppm=MILLION // 2, **often
    )


def _event(random: Random) -> Fault:
    kind = random.choice(
        (
            FaultKind.EVENT_LOST, FaultKind.EVENT_LOST, FaultKind.EVENT_DUPLICATED, FaultKind.EVENT_DELAYED,
            FaultKind.EVENT_REORDERED, FaultKind.STREAM_DISCONNECT, FaultKind.LISTEN_KEY_EXPIRY,
        )
    )  # fmt: skip
    event = random.choice(("", "ORDER_TRADE_UPDATE", "ALGO_UPDATE"))
    often = _how_often(random)
    return Fault(kind=kind, event=event, delay_ms=random.randrange(100, 9_000), **often)


def _lagging_queries(random: Random) -> tuple[Fault, ...]:
    """An order is done and not answered, a query by its id does not find it for seconds, and events of it are lost."""
    path = random.choice(("/order", "/order", "/algoOrder"))
    lost = ANSWERS["read_timeout"].at(Moment.AFTER_EFFECT, method="POST", path=path, nth=random.randrange(1, 5))
    unfound = ANSWERS["query_not_found_2013"].at(
        Moment.BEFORE_EFFECT, method="GET", path=path, client_id="ab", count=random.randrange(2, 16)
    )
    unheard = Fault(kind=FaultKind.EVENT_LOST, count=0, chance_ppm=random.choice((0, 500_000, MILLION)))
    return lost, unfound, unheard


def _partial(random: Random) -> Fault:
    often = _how_often(random)
    return Fault(kind=FaultKind.PARTIAL_FILL, client_id="ab", keep_ppm=random.choice((0, 250_000, 500_000)), **often)


def _duplicate(random: Random) -> Fault:
    """Something between us and the venue sent it twice: the second is refused, the first counts."""
    method, path = random.choice(_PATHS[:2])
    fault = replace(ANSWERS["duplicate_4116"].fault, moment=Moment.AFTER_EFFECT)
    return replace(fault, method=method, path=path, nth=random.randrange(1, 4), count=random.randrange(1, 3))


def _ban(random: Random) -> Fault:
    fault = ANSWERS["banned_418"].fault
    return replace(fault, retry_after_s=random.randrange(5, _BAN_MOST_S), nth=random.randrange(2, 30), count=1)


# Weather -------------------------------------------------------------------------------------------------


def weather(random: Random, spans: Sequence[Span]) -> Weather:
    """`spans` are when something may break, the network's bad habits hold always."""
    windows = tuple(
        _window(random, what, spans)
        for what in ("refused", "blackhole", "deaf", "mute", "mute")
        if random.randrange(6) == 0
    )
    bad = random.randrange(3) == 0
    return Weather(
        delay_most_ms=random.choice((5, 20, 80, 300)),
        slow=random.choice((0, 10, 40)) if bad else 0,
        slow_most_ms=random.choice((1_000, 6_000, 14_000)),
        lost_request=random.choice((0, 10, 40)) if bad else 0,
        lost_answer=random.choice((0, 10, 40)) if bad else 0,
        reset_share=random.choice((0, 500, 1000)),
        windows=windows,
    )


def _window(random: Random, what: str, spans: Sequence[Span]) -> Window:
    first_ms, last_ms = spans[0] if len(spans) == 1 else random.choice(spans)
    from_ms = random.randrange(first_ms, last_ms)
    return Window(what=what, from_ms=from_ms, until_ms=min(last_ms, from_ms + random.randrange(500, 25_000)))


def disk(random: Random) -> DiskWeather:
    bad = random.randrange(3) == 0
    return DiskWeather(
        commit_most_us=random.choice((500, 3_000, 20_000)),
        slow=random.choice((0, 10, 50)) if bad else 0,
        failing=random.choice((0, 10, 80)) if bad else 0,
    )


def kills_of_a_sprint(random: Random) -> tuple[Kill, ...]:
    return tuple(_kill(random) for _ in range(random.choice((0, 0, 1, 2, 3, 5))))


def kills_of_a_day(random: Random, number: int) -> tuple[Kill, ...]:
    return tuple(_kill(random) for _ in range(number))


def _kill(random: Random) -> Kill:
    moment = random.choice(("step", "step", "send", "arrival", "durable", "durable", "order", "order"))
    most = {"step": 6_000, "send": 120, "arrival": 120, "durable": 150, "order": 15}[moment]
    return Kill(
        moment=moment,
        count=random.randrange(1, random.choice((most // 4 + 2, most))),
        down_ms=random.choice((50, 1_000, 4_000, 15_000)),
    )
