"""What a seed means: the venue's habits, the weather, who does what and when, and when the process dies.

Every part is drawn from a random stream of its own, so that taking one away leaves the others as they are.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from adapters.paper.faults import FaultPlan
from messages.types import PositionSide
from simulator.environment.chat import ChatPlan
from simulator.environment.disk import DiskWeather
from simulator.environment.network import Weather

DAY, SPRINT = "day", "sprint"
"""Sizes of a plan: 24 hours of at least 200 acts, or a minute or two."""
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
STRATEGIES = ("alpha", "beta", "gamma")
PRICES = {"BTCUSDT": Decimal(60000), "ETHUSDT": Decimal(3000), "SOLUSDT": Decimal(150)}
LOTS = {"BTCUSDT": Decimal("0.004"), "ETHUSDT": Decimal("0.05"), "SOLUSDT": Decimal(1), "XRPUSDT": Decimal(100)}
"""Smallest position opened; a multiple of the step that can be closed in parts. The last is nobody's but a human's."""
TICKS = {
    "BTCUSDT": Decimal("0.1"),
    "ETHUSDT": Decimal("0.01"),
    "SOLUSDT": Decimal("0.01"),
    "XRPUSDT": Decimal("0.0001"),
}
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happens at a time: `do` names it, the rest says what it is about."""

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
    for_ms: int = 0
    """How long a trouble lasts, at most until peace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A span in which people are at work, and the world is looked at every second. Times in milliseconds."""

    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """The process dies after the `count`-th `moment` of its life, and starts again `down_ms` later.

    Moments: `step` (of the scheduler), `send` (a request left), `arrival` (a request reached the venue, its
    answer is on the way), `durable` (a commit is on disk, its effects have not left), `order` (a submit left).
    """

    moment: str
    count: int
    down_ms: int
    power: bool = False
    """The power goes, too: what was not synced is lost for certain."""
    flipped: int = 0
    """Ordinal of a position in whose last record a bit flips before the next start; 0: none."""
    lost: int = 0
    """A bit flips in the log before the next start, and so many of the last commits are not read any more."""
    unrecorded: bool = False
    """Bits flip in each record of what a command's id stands for, before the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """From a time on, `trouble` befalls the first position that is in this state, at this moment of its orders."""

    trouble: str
    state: str
    moment: str
    from_ms: int = 0


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
    beside: int = 0
    """Further accounts in one-way mode, all behind one address."""
    weight_per_minute: int = 0
    """What the venue grants an address; 0: as much as the real one does."""
    fast_s: int = 60
    """Between two sweeps and checks, in seconds: what is silent is noticed after so long."""
    probe_ms: int = 10_000
    refresh_ms: int = 1_200_000
    intrusions: tuple[int, ...] = ()
    """When somebody starts a second instance on the same data directory, in milliseconds."""
    chat: ChatPlan | None = None
    """What the owner says, and what befalls the chat; None: there is no chat."""
    echoes: bool = False
    """Whoever was answered says it again, or something else under the same id."""
    additions_expire: bool = False
    """Some additions are worth having for a while only, as some openings are in every plan."""
    limits: tuple[tuple[str, int], ...] = ()
    """Of openings, by their names in the configuration."""
    traps: tuple[Trap, ...] = ()
    bursts: tuple[Burst, ...] = ()
    """When things happen; between them time passes in long strides. Empty: all the time."""
    aim: tuple[str, ...] = ()
    """The cell of the coverage table that the whole plan is about; empty: none."""

    @property
    def size(self) -> str:
        return DAY if self.bursts else SPRINT

    @property
    def accounts(self) -> tuple[tuple[str, bool], ...]:
        """Names, and whether in hedge mode."""
        second = (("second", self.second == "hedge"),) if self.second else ()
        return (("main", self.hedge), *second, *((f"beside{number}", False) for number in range(self.beside)))


def stream(seed: int, name: str) -> Random:
    return Random(f"albra simulation {seed} {name}")
