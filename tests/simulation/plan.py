"""What a seed means: the venue's habits, the weather, who does what and when, and when the process dies.

Every part is drawn from a random stream of its own, so that taking one away leaves the others as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from adapters.paper.answers import ANSWERS, Proof
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment, Quirks
from messages.types import PositionSide
from tests.simulation.disk import DiskWeather
from tests.simulation.network import START_MS, Weather, Window

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
STRATEGIES = ("alpha", "beta", "gamma")
PRICES = {"BTCUSDT": Decimal(60000), "ETHUSDT": Decimal(3000), "SOLUSDT": Decimal(150)}
LOTS = {"BTCUSDT": Decimal("0.004"), "ETHUSDT": Decimal("0.05"), "SOLUSDT": Decimal(1)}
"""Smallest position opened; a multiple of the step that can be closed in parts."""
TICKS = {"BTCUSDT": Decimal("0.1"), "ETHUSDT": Decimal("0.01"), "SOLUSDT": Decimal("0.01")}
MILLION = 1_000_000
_BAN_MOST_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happens at a time: `do` names it, the rest says what it is about (see `actors_of`)."""

    at_ms: int
    do: str
    slot: int = -1
    symbol: str = ""
    strategy: str = ""
    side: PositionSide = PositionSide.LONG
    lots: int = 1
    account: str = "main"
    offset_ppm: int = 0
    stop_ppm: int = 0
    target_ppm: int = 0
    leverage: int = 0
    percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """The process dies after the `count`-th `moment` of its life, and starts again `down_ms` later.

    Moments: `step` (of the scheduler), `send` (a request left), `arrival` (a request reached the venue, its
    answer is on the way), `durable` (a commit is on disk, its effects have not left), `order` (a submit left).
    """

    moment: str
    count: int
    down_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One seed's whole history, but for what the actors make of it."""

    seed: int
    safety_ms: int
    hedge: bool
    volatility_ppm: int
    faults: FaultPlan
    weather: Weather
    disk: DiskWeather
    acts: tuple[Act, ...]
    kills: tuple[Kill, ...] = ()
    kinds: tuple[str, ...] = field(default=())
    second: str = ""
    """The mode of a second account at the same venue, `one_way` or `hedge`; empty: there is none."""
    fast_s: int = 60
    """Between two sweeps and checks, in seconds: what is silent is noticed after so long."""
    probe_ms: int = 10_000

    @property
    def accounts(self) -> tuple[tuple[str, bool], ...]:
        """Names, and whether in hedge mode."""
        first = ("main", self.hedge)
        return (first, ("second", self.second == "hedge")) if self.second else (first,)


def draw(seed: int) -> Plan:
    """The plan of a seed. The same in every process and Python version: only `Random` with a text seed is used."""
    shape = _stream(seed, "shape")
    safety_ms = shape.randrange(40_000, 120_000)
    hedge = shape.randrange(4) == 0
    faults, names = _faults(_stream(seed, "faults"), safety_ms)
    return Plan(
        seed=seed,
        safety_ms=safety_ms,
        hedge=hedge,
        volatility_ppm=shape.choice((0, 50, 200, 600)),
        faults=replace(faults, seed=seed),
        weather=_weather(_stream(seed, "weather"), safety_ms),
        disk=_disk(_stream(seed, "disk")),
        acts=_acts(_stream(seed, "acts"), safety_ms, hedge=hedge),
        kills=_kills(_stream(seed, "kills")),
        kinds=names,
    )


def _stream(seed: int, name: str) -> Random:
    return Random(f"albra simulation {seed} {name}")


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
    "query_not_found_2013": (),
    "would_trigger_2021": (("POST", "/algoOrder"),),
    "reduce_only_2022": (("POST", "/order"),),
    "duplicate_4116": (),
    "banned_418": (),
}
"""Where an answer makes sense. Not found on a query is what the model itself says while an effect is late;
bans are drawn apart, being long."""


def _faults(random: Random, safety_ms: int) -> tuple[FaultPlan, tuple[str, ...]]:
    chosen = random.choice((0, 2, 4, 6, 10, 14))
    makers: tuple[Callable[[Random], Fault], ...] = (
        _spoiled_answer, _spoiled_answer, _spoiled_answer, _spoiled_answer, _refusal, _refusal, _lie, _event, _event,
        _partial, _duplicate, _ban,
    )  # fmt: skip
    faults = []
    for _ in range(chosen):
        from_ms = random.choice((0, random.randrange(safety_ms * 2 // 3)))
        until_ms = min(safety_ms, from_ms + random.randrange(5_000, 2 * safety_ms))
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


def _weather(random: Random, safety_ms: int) -> Weather:
    windows = tuple(
        _window(random, what, safety_ms)
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


def _window(random: Random, what: str, safety_ms: int) -> Window:
    from_ms = random.randrange(2_000, safety_ms)
    return Window(what=what, from_ms=from_ms, until_ms=min(safety_ms, from_ms + random.randrange(500, 25_000)))


def _disk(random: Random) -> DiskWeather:
    bad = random.randrange(3) == 0
    return DiskWeather(
        commit_most_us=random.choice((500, 3_000, 20_000)),
        slow=random.choice((0, 10, 50)) if bad else 0,
        failing=random.choice((0, 10, 80)) if bad else 0,
    )


def _kills(random: Random) -> tuple[Kill, ...]:
    return tuple(_kill(random) for _ in range(random.choice((0, 0, 1, 2, 3, 5))))


def _kill(random: Random) -> Kill:
    moment = random.choice(("step", "step", "send", "arrival", "durable", "durable", "order", "order"))
    most = {"step": 6_000, "send": 120, "arrival": 120, "durable": 150, "order": 15}[moment]
    return Kill(
        moment=moment,
        count=random.randrange(1, random.choice((most // 4 + 2, most))),
        down_ms=random.choice((50, 1_000, 4_000, 15_000)),
    )


# Who does what ---------------------------------------------------------------------------------------------


def _acts(random: Random, safety_ms: int, *, hedge: bool) -> tuple[Act, ...]:
    acts: list[Act] = []
    leaning = {symbol: random.choice(tuple(PositionSide)) for symbol in SYMBOLS}
    for slot in range(random.randrange(2, 14)):
        acts += _life(random, slot, safety_ms, leaning, hedge=hedge)
    acts += _market(random, safety_ms)
    if random.randrange(4) == 0:
        acts += _human(random, safety_ms)
    if random.randrange(8) == 0:
        jump_ms = random.randrange(-4000, 4000)
        acts.append(Act(at_ms=random.randrange(safety_ms), do="jump the clock", offset_ppm=jump_ms))
    if random.randrange(6) == 0:
        at_ms = random.randrange(safety_ms)
        acts += [Act(at_ms=at_ms, do="pause openings"), Act(at_ms=at_ms + 8_000, do="resume openings")]
    if random.randrange(10) == 0:
        acts.append(Act(at_ms=random.randrange(safety_ms), do="close all"))
    return tuple(sorted(acts, key=lambda act: act.at_ms))


def _life(random: Random, slot: int, safety_ms: int, leaning: dict[str, PositionSide], *, hedge: bool) -> list[Act]:
    """One position as a strategy sees it: opened, perhaps changed, perhaps closed."""
    at_ms = random.randrange(0, safety_ms * 3 // 4)
    symbol = random.choice(SYMBOLS)
    side = random.choice(tuple(PositionSide)) if hedge or random.randrange(8) == 0 else leaning[symbol]
    opening = Act(
        at_ms=at_ms,
        do="open",
        slot=slot,
        symbol=symbol,
        strategy=random.choice(STRATEGIES),
        side=side,
        lots=random.randrange(1, 5),
        offset_ppm=random.choice((0, 0, 0, -500, 1500, 4000)),
        stop_ppm=random.choice((0, 3_000, 10_000, 10_000)),
        target_ppm=random.choice((0, 0, 3_000, 15_000)),
        leverage=random.choice((0, 0, 0, 5, 10)),
    )
    acts = [opening]
    for _ in range(random.randrange(0, 6)):
        at_ms += random.choice((1, 300, 3_000, 12_000)) + random.randrange(2_000)
        acts.append(_change(random, slot, at_ms))
    return acts


def _change(random: Random, slot: int, at_ms: int) -> Act:
    do = random.choice(("close", "close", "close part", "close part", "move stop", "emergency", "pause", "resume"))
    return Act(
        at_ms=at_ms, do=do, slot=slot, percent=random.choice((25, 50, 75)), stop_ppm=random.choice((2_000, 8_000, 0))
    )


def _market(random: Random, safety_ms: int) -> list[Act]:
    return [
        Act(
            at_ms=random.randrange(safety_ms),
            do="move price",
            symbol=random.choice(SYMBOLS),
            offset_ppm=random.choice((-15_000, -4_000, -1_000, 1_000, 4_000, 15_000)),
        )
        for _ in range(random.randrange(0, 20))
    ]


def _human(random: Random, safety_ms: int) -> list[Act]:
    return [
        Act(
            at_ms=random.randrange(safety_ms),
            do=random.choice(("hand trade", "hand trade", "hand cancel", "hand leverage")),
            symbol=random.choice(SYMBOLS),
            side=random.choice(tuple(PositionSide)),
            lots=random.randrange(1, 4),
            leverage=random.choice((3, 7, 15)),
        )
        for _ in range(random.randrange(1, 4))
    ]
