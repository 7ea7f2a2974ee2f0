"""The actors trade at the paper venue, on a real journal file; the power goes, and the next life begins with its image.

What has left a process travels on, so that the venue knows more than the image. Time, network and the order in which
actors run are simulated and drawn from the seed, as are the instants of the losses and what each of them takes.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from random import Random
from shutil import copy
from typing import Any, cast

from actors.runtime import SimulatedDispatcher
from adapters.control import wire
from adapters.paper.account import AccountSetup
from adapters.paper.answer import Answer
from adapters.paper.binance.venue import PaperVenue
from adapters.paper.faults import FaultPlan
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from adapters.storage import high_water_mark
from adapters.storage.reader import ExportedEvent, JournalReader
from adapters.storage.reserve import Reserve
from adapters.storage.sqlite import SqliteJournal
from messages.base import Event, Message
from messages.reports import PositionView
from messages.types import JournalId, Life, PositionId, PositionMode
from simulator.environment.network import START_MS, TICK_MS, Network, Sent, Weather
from simulator.environment.process import Login, Process
from simulator.environment.settings import config_of
from tests.e2e import invariants, spoiling
from tests.e2e.kills import LISTINGS
from tests.e2e.process import Home, Truth, at_rest, resting
from tests.power_loss.journal import LossyJournal
from tests.power_loss.strategy import ACCOUNT, MS, Strategy
from tests.storage.power import PowerDisk, power_disk

LOSSES = 3
SAFETY_MS = 300_000
"""In which the losses come and the strategies end; then everything has as long as it ever needs."""
LIVENESS_MS = 120_000
QUIET_MS = 5_000
IDLE_MS = 25_000
FORGETS_MOST = 40
"""A step is about ten writes."""
HASTY = Weather(delay_most_ms=40)
MOMENTS: Mapping[str, int] = {"disk": 90, "sent": 6, "arrived": 6}
"""What is counted in a life before its power goes: calls of its disk that change something, orders that leave, orders
at the venue. And how many of them at most.
"""


@dataclass(slots=True)
class Loss:
    """`left` counts down to it. A disk's call is met on the writer's thread, within a commit."""

    moment: str
    left: int


class World:
    """`strict`: what is missing of an image fails the run at once. Else the venue's books have to show it, and images
    are those of a disk that writes in order: a torn file would not even be opened.
    """

    def __init__(self, path: Path, seed: int, *, strict: bool = True) -> None:
        self._path, self._strict = path, strict
        self._seed = seed
        self._random = self._stream("losses")
        self.scheduler = SimulatedDispatcher(seed)
        clock = self.scheduler.clock
        self.venue = PaperVenue(
            seed=seed,
            instruments=tuple(each for each in DEFAULT_INSTRUMENTS if each.symbol in {x.symbol for x in LISTINGS}),
            accounts=(AccountSetup(name=ACCOUNT, api_key=f"{ACCOUNT}-key", balance=Decimal(1_000_000)),),
            now_ms=START_MS,
            faults=self._plan(),
            volatility_ppm=0,
        )
        self.network = Network(
            later=self.scheduler.call_later,
            now_ns=clock.monotonic_ns,
            venue=self.venue,
            weather=HASTY,
            random=self._stream("network"),
            on_sent=lambda sent: self._reached("sent") if _order(sent) else None,
            on_arrival=self._arrived,
        )
        self.strategies = [
            Strategy(
                listing=listing,
                number=number,
                random=self._stream(f"strategy {number}"),
                offer=self._offer,
                later=self.scheduler.call_later,
            )
            for number, listing in enumerate(LISTINGS, 1)
        ]
        self.acknowledged: dict[tuple[int, int], Event] = {}
        self.images = 0
        self.fell: list[str] = []
        self._views: dict[PositionId, PositionView] = {}
        self._home = Home(path / "life0", {})
        self._disk = PowerDisk()
        self._process: Process | None = None
        self._stack = ExitStack()
        self._loss: Loss | None = None
        self._power_lost = False
        self._peace = self._agreed = False
        self._journals = self._lives = 0
        self._orders = 0

    def run(self) -> Truth:
        """Raises AssertionError, or what opening a damaged journal raises; else the venue's last state."""
        with self._stack:
            try:
                return self._lived()
            finally:
                if self._process is not None:
                    self._process.die()

    def _lived(self) -> Truth:
        self._tick()
        for strategy in self.strategies:
            self.scheduler.call_later(self._random.randrange(100, 4_000) * MS, strategy.begin)
        self._boot()
        self._run(SAFETY_MS, lambda: self.images == LOSSES and all(each.done for each in self.strategies))
        self.venue.set_faults(FaultPlan())
        self._loss, self._peace = None, True
        self._converge()
        self._run(QUIET_MS, lambda: False)
        self._converge()
        return self._checked()

    # What must hold ------------------------------------------------------------------------------------

    def _checked(self) -> Truth:
        truth, rows = Truth(self.venue.snapshot()), self._rows()
        assert all(resting(row) or at_rest(row) for row in rows), rows
        invariants.agree(self._home, truth, rows)
        missing = self._missing()
        assert not missing or not self._strict, missing
        return truth

    def _check_orders(self) -> None:
        """I1, by what was asked for and the venue's books alone, whatever a journal says."""
        truth = Truth(self.venue.snapshot())
        doubled = [name for name, times in Counter(truth.client_ids()).items() if times > 1]
        assert not doubled, ("I1: sent twice", doubled)
        for symbol in {each.listing.symbol for each in self.strategies}:
            commanders = [each for each in self.strategies if each.listing.symbol == symbol]
            buys = [row for row in truth.orders if row["symbol"] == symbol and row["side"] == "BUY"]
            asked, bought = sum(x.asked for x in commanders), sum(Decimal(x["executed"]) for x in buys)
            assert bought <= asked, ("I1: bought more than was asked for", symbol, bought, asked)
            assert len(buys) <= sum(x.entries for x in commanders), ("I1: more entries than commands", symbol, buys)

    def _missing(self) -> list[str]:
        """What was acknowledged and is not in the journal, or is something else."""
        with JournalReader(self._home.storage) as reader:
            assert not self._strict or not reader.verify().damage
            found = {(x.ordinal, x.version): x.event for x in reader.events() if isinstance(x, ExportedEvent)}
        return [
            f"{type(event).__name__} of position {ordinal}, version {version}"
            for (ordinal, version), event in self.acknowledged.items()
            if found.get((ordinal, version)) != event
        ]

    def _converge(self) -> None:
        self._agreed = False
        self._run(LIVENESS_MS, lambda: self._agreed)

    def _settled(self) -> bool:
        if self._process is None:
            return False
        rows = self._rows()
        quiet = all(resting(row) or at_rest(row) for row in rows)
        return quiet and invariants.believed(rows) == invariants.venue_net(Truth(self.venue.snapshot()))

    def _rows(self) -> list[invariants.Row]:
        return [wire.position(view, None) for view in self._views.values() if not view.state.terminal]

    # Lives -----------------------------------------------------------------------------------------------

    def sync_directory(self, _: Path) -> None:
        self._disk.sync_directory()

    def _boot(self) -> None:
        self._views.clear()
        self._home = Home(self._path / f"life{self.images}", {})
        self._home.storage.mkdir(parents=True, exist_ok=True)
        self._disk = self._stack.enter_context(power_disk())
        self._disk.hold(self._home.storage)
        self._disk.before = lambda: self._reached("disk")
        self._loss = self._next_loss()
        journal = self._journal()
        if self.images and self._strict:
            missing = self._missing()
            assert not missing, missing
            assert not journal.lost_steps
        self._process = self._started(journal)
        journal.started = True

    def _next_loss(self) -> Loss | None:
        if self.images == LOSSES or self._peace:
            return None
        moment = self._random.choice(tuple(MOMENTS))
        loss = Loss(moment, self._random.randint(1, MOMENTS[moment]))
        self.scheduler.call_later(IDLE_MS * MS, lambda: self._lose_idly(loss))
        return loss

    def _lose_idly(self, loss: Loss) -> None:
        """Nothing has happened so often in this life."""
        if self._loss is loss and not self._power_lost:
            self._lose_power("idle")

    def _journal(self) -> LossyJournal:
        weather, self._lives = self._stream(f"disk {self.images}"), self._lives + 1
        opened = SqliteJournal.open(
            self._home.storage,
            journal_id=self._journal_id,
            vfs=self._disk.name,
            reserve=Reserve(self._home.storage, 4_096),
        )
        return LossyJournal(
            opened,
            later=self.scheduler.call_later,
            delay_ns=lambda: weather.randrange(100, 3_000) * 1_000,
            acknowledged=self.acknowledged,
            lost=lambda: self._power_lost,
            life=Life(f"{self._lives:06}"),
        )

    def _journal_id(self) -> JournalId:
        """A journal that has to begin anew has an id of its own, as in production."""
        self._journals += 1
        return JournalId(f"power{self._journals:03}")

    def _started(self, journal: LossyJournal) -> Process:
        login = Login(account=ACCOUNT, api_key=f"{ACCOUNT}-key", mode=PositionMode.ONE_WAY)
        return Process(
            self.scheduler,
            cast("Any", journal),
            self.network,
            config=config_of((ACCOUNT,), 60),
            logins=(login,),
            stream=lambda name: self._stream(f"{name} {self.images}"),
            hear=self._hear,
            log=lambda *_, **__: None,
            observer=lambda *_: None,
        )

    # The loss --------------------------------------------------------------------------------------------

    def _reached(self, moment: str) -> None:
        loss = self._loss
        if loss is None or self._power_lost or loss.moment != moment:
            return
        loss.left -= 1
        if not loss.left:
            self._lose_power(moment)

    def _lose_power(self, moment: str) -> None:
        """Whatever is still done on this disk is done by nobody."""
        self._power_lost, self._loss = True, None
        self.images += 1
        self.fell.append(moment)
        image = self._path / f"life{self.images}" / "var"
        image.parent.mkdir()
        torn = self._strict and self._random.random() < 0.5
        self._disk.image(image, self._random, forgets=0 if torn else self._random.randint(1, FORGETS_MOST))
        # The mark is never synced while a process lives: it may be back or not, and is never ahead.
        if self._random.random() < 0.5 and (self._home.storage / high_water_mark.FILE_NAME).exists():
            copy(self._home.storage / high_water_mark.FILE_NAME, image)

    def _bury(self) -> None:
        self._power_lost = False
        if self._process is not None:
            self._process.die(power=True)
        self._process = None
        self.scheduler.call_later(self._random.randrange(100, 5_000) * MS, self._boot)

    # Time and messages -----------------------------------------------------------------------------------

    def _run(self, for_ms: int, until: Callable[[], bool]) -> None:
        def looked() -> bool:
            if self._power_lost:
                self._bury()
            return until()

        self.scheduler.run_until(looked, for_ms * MS)

    def _tick(self) -> None:
        self.venue.advance(self.network.venue_ms)
        self.network.publish()
        self.network.publish_marks()
        self._agreed = self._peace and self._settled()
        orders = self.venue.exchange.next_order_id + self.venue.exchange.next_algo_id
        if orders != self._orders:
            self._orders = orders
            self._check_orders()
        self.scheduler.call_later(TICK_MS * MS, self._tick)

    def _arrived(self, sent: Sent, _: Answer) -> None:
        if _order(sent):
            self._reached("arrived")

    def _offer(self, command: Message) -> bool:
        return self._process is not None and self._process.offer(command)

    def _hear(self, message: Message) -> None:
        if isinstance(message, PositionView):
            self._views[message.position_id] = message
        for strategy in self.strategies:
            strategy.hear(message)

    def _plan(self) -> FaultPlan:
        random = self._stream("faults")
        if random.random() < 0.5:
            return FaultPlan()
        faults = (
            *spoiling.drawn(random, "POST", "/order", len(LISTINGS)),
            *spoiling.on_orders(random, "POST", "/algoOrder", len(LISTINGS)),
            *spoiling.on_orders(random, "DELETE", "/order", 2),
        )
        return FaultPlan(faults=tuple(replace(each, count=1) for each in faults), seed=self._seed)

    def _stream(self, name: str) -> Random:
        return Random(f"power loss {self._seed} {name}")


def _order(sent: Sent) -> bool:
    return sent.call.method == "POST" and sent.call.path.endswith(("/order", "/algoOrder"))
