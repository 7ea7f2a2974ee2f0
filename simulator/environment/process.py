"""One life of the supervisor process: the composition root's own wiring on simulated time, disk and transport."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, cast

from actors.gateway.shared_budget import SharedBudget
from actors.ports import Venue
from actors.position.actor import PositionActor
from actors.risk.daily_loss import days_in
from actors.runtime import ActorSystem, Placement, SimulatedDispatcher
from actors.runtime.actor import Actor, Context
from actors.runtime.cell import Life
from actors.runtime.dispatch import Executor, Runnable
from actors.runtime.metrics import Tally
from actors.runtime.simulated import VirtualClock
from actors.runtime.timers import Timer
from adapters.config import Config
from adapters.exchange.neighbors import Neighbors
from adapters.secret import Secret
from albra import recovery
from albra.core import spawn_core
from albra.wiring import Wiring
from messages.addresses import NOTIFIER, SUPERVISOR, TELEGRAM, gateway_address
from messages.base import Message
from messages.priority import PRIORITY
from messages.types import AccountId, PositionMode
from simulator.environment.chat import ChatServer, Line
from simulator.environment.disk import SimulatedDisk
from simulator.environment.loop import simulated_loop
from simulator.environment.network import Network
from simulator.environment.siren import Siren, Wire
from simulator.environment.transport import SimulatedSettings, SimulatedVenue

ACCOUNT = AccountId("main")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How the process gets at one account of the venue. `probe_ms`: how often it asks whether the venue is there;
    `refresh_ms`: how often it prolongs its listen key, which lives for an hour.
    """

    account: AccountId
    api_key: str
    mode: PositionMode
    probe_ms: int = 10_000
    refresh_ms: int = 1_200_000


class Lifetime:
    """A process's share of the simulated scheduler. Once it is over, nothing of it runs any more."""

    def __init__(self, world: SimulatedDispatcher) -> None:
        self._world = world
        self.alive = True
        self.urgent: Sequence[Runnable] = ()

    @property
    def clock(self) -> VirtualClock:
        return self._world.clock

    @property
    def busy(self) -> bool:
        """Whether an actor is at work now."""
        return self._world._running

    @property
    def tallies(self) -> Sequence[Tally]:
        return self._world.tallies

    def executor(self, address: str, placement: Placement) -> Executor:
        return self

    def submit(self, runnable: Runnable) -> None:
        if self.alive:
            self._world.submit(runnable)

    def urge(self, runnable: Runnable) -> None:
        self.submit(runnable)

    def close(self) -> None:
        return None

    def call_later(self, delay_ns: int, callback: Callable[[], None]) -> Timer:
        return self._world.call_later(delay_ns, lambda: callback() if self.alive else None)

    def fatal(self, address: str, error: BaseException) -> None:
        self._world.fatal(address, error)

    def changed(self) -> None:
        return None

    def wait(self, until: Callable[[], bool], timeout_ns: int) -> bool:
        return self._world.wait(until, timeout_ns)

    def shutdown(self, timeout_ns: int) -> tuple[str, ...]:
        return ()

    def end(self) -> None:
        self.alive = False
        # Only one process lives at a time, and the world itself knows timers only.
        self._world._runnable.clear()
        self._world._queued.clear()


class HauntedError(Exception):
    """An actor raises because the plan says so."""


def _possess(actor: Actor[Any], rises: Callable[[], bool], *, after: bool) -> None:
    receive = actor.receive

    def raising(message: Any) -> None:
        if not after and rises():
            raise HauntedError("the plan has it so")
        receive(message)
        if after and rises():
            raise HauntedError("the plan has it so")

    setattr(actor, "receive", raising)  # noqa: B010 - a method may not be assigned to


class Process:
    """Boots from what the disk holds, and dies without a word."""

    def __init__(
        self,
        world: SimulatedDispatcher,
        disk: SimulatedDisk,
        network: Network,
        *,
        config: Config,
        logins: Sequence[Login],
        stream: Callable[[str], Random],
        hear: Callable[[Message], None],
        chat: ChatServer | None = None,
        siren: Siren | None = None,
        instance: int = 0,
        log: Callable[..., None],
        observer: Callable[[str, object, int, int], None],
    ) -> None:
        self.lifetime = Lifetime(world)
        self._ghosts: list[list[int]] = []
        self.loop = simulated_loop(self.lifetime.call_later, world.clock.monotonic_ns)
        self.disk = disk
        self.system = ActorSystem(
            self.lifetime,
            PRIORITY,
            world.clock,
            max_queue_size=config.phase2.event_bus.max_queue_size,
            supervisor_address=SUPERVISOR,
            observer=observer,
        )
        venues: dict[AccountId, Venue] = {}
        neighbors = Neighbors(partial(SharedBudget, world.clock))
        for login in logins:
            settings = SimulatedSettings(
                exchange="binanceusdm",
                api_key=Secret(login.api_key),
                api_secret=Secret("simulated-secret"),
                position_mode=login.mode,
                probe_interval_ms=login.probe_ms,
                listen_key_refresh_ms=login.refresh_ms,
                # Rarer than the sweeps, in peace it would take longer than they are given.
                rules_max_age_ms=max(3_600_000, config.phase2.reconciliation.check_intervals.fast_ms),
                settings_max_age_ms=max(300_000, config.phase2.reconciliation.check_intervals.fast_ms),
                # In quiet hours nobody moves the prices, so that none come.
                marks_silent_ms=24 * 3_600_000,
                network=network,
                loop=self.loop,
                instance=instance,
            )
            jitter = stream("jitter" if login.account == ACCOUNT else f"jitter {login.account}")
            venues[login.account] = SimulatedVenue(login.account, settings, world.clock, jitter, neighbors)
        journal = cast("Any", disk)
        try:
            restored = recovery.restore(journal, days_in(config.limits.timezone), world.clock.time_ns())
        except OSError:
            self.die()
            raise
        disk.started = True
        line = None if chat is None else self._line(chat)
        # What the notifier tells is heard where the terminal would show it, too.
        wire = None if siren is None else Wire(siren, later=self.lifetime.call_later, tell=self.system.tell)
        wiring = Wiring(config=config, system=self.system, journal=journal, log=log)
        spawn_core(wiring, venues, (hear,), restored, chat=line, channel=wire)
        if line is not None:
            line.start()
        for account, venue in venues.items():
            venue.start(partial(self.system.tell, gateway_address(account)))

    def _line(self, chat: ChatServer) -> Line:
        def health(message: Message) -> None:
            for address in (NOTIFIER, TELEGRAM):
                self.system.tell(address, message)

        return Line(
            chat,
            later=self.lifetime.call_later,
            offer=lambda update: self.system.offer(TELEGRAM, update),
            tell=self.system.tell,
            health=health,
        )

    def offer(self, command: Message) -> bool:
        return self.system.offer(SUPERVISOR, command)

    def positions(self) -> list[PositionActor]:
        """The actors that live now, for comparing what they hold with what is durable."""
        actors = (cell._actor for cell in self.system._cells.values())
        return [actor for actor in actors if type(actor) is PositionActor]

    def standing(self) -> set[str]:
        """Addresses whose actor lives, or will live again after a failure."""
        return {address for address, cell in self.system._cells.items() if cell.life is not Life.QUARANTINED}

    def keeps(self, address: str, message: Message) -> bool:
        """Whether the message waits at this address, or no actor will be there to handle it."""
        cell = self.system._cells.get(address)
        if cell is None or cell.life.value in ("quarantined", "stopped"):
            return True
        return any(waiting is message or waiting == message for lane in cell.mailbox.lanes for waiting in lane)

    def haunt(self, address: str, *, after: bool, times: int, struck: Callable[[str], None]) -> bool:
        """Let the actor there raise, before or after it has handled a message, and those that follow it, so often.

        False where there is no actor.
        """
        cell = self.system._cells.get(address)
        if cell is None:
            return False
        trouble = "poison" if times > 1 else "actor raised late" if after else "actor raised"
        left, factory = [times], cell._factory
        self._ghosts.append(left)

        def rises() -> bool:
            """Whether it is to raise now."""
            if left[0]:
                left[0] -= 1
                struck(trouble)
                return True
            return False

        def possessed(context: Context) -> Actor[Any]:
            actor = factory(context)
            _possess(actor, rises, after=after)
            return actor

        cell._factory = possessed
        if cell._actor is not None:
            _possess(cell._actor, rises, after=after)
        return True

    def lay_ghosts(self) -> None:
        for left in self._ghosts:
            left[0] = 0

    def die(self, *, power: bool = False) -> None:
        self.lifetime.end()
        self.disk.lose_power(power=power)
        self.loop.bury()
