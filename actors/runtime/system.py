"""The actor system: addresses, sending, bounded acceptance from outside, and shutdown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import Lock
from typing import TypeVar

from actors.ports import Clock
from actors.runtime import deferred_entries
from actors.runtime.actor import Actor, Context
from actors.runtime.cell import Cell, Life, Observer
from actors.runtime.dead_letters import DeadLetter, DeadLetters, Why
from actors.runtime.dispatch import Dispatcher, Placement
from actors.runtime.metrics import Doorkeeper, LaneMetrics, SystemMetrics, quantile_ns
from actors.runtime.priorities import LANES, SIGNAL, Priorities
from actors.runtime.ref import Ref
from actors.runtime.supervision import RestartPolicy
from actors.runtime.topics import Listener, Topics
from messages import lifecycle
from messages.base import Message
from messages.priority import Priority
from messages.types import Address

M = TypeVar("M")
_LOW = int(Priority.LOW)
_MS = 1_000_000
_KILL_GRACE_NS = 100 * _MS
"""How long a killed actor may take to end its current message, after the deadline of an orderly stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownReport:
    """The result of a shutdown. `killed`: not stopped in time; `unfinished`: of these, still in a handler.

    `undelivered`: messages that became dead letters or remain in the mailboxes of the unfinished.
    """

    killed: tuple[str, ...]
    unfinished: tuple[str, ...]
    undelivered: int
    stuck_threads: tuple[str, ...]


class ActorSystem:
    """Owns all addresses. Methods may be called from any thread; those that wait state it.

    `max_queue_size` bounds what `offer` accepts and what a quarantined address keeps. Lifecycle messages are published
    and sent to `supervisor_address` if it is set. `observer(address, message, started_ns, finished_ns)` (monotonic) is
    called after each handling, failed ones included.

    Raises ValueError for a `max_queue_size` below 1.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        priorities: Mapping[type, Priority],
        clock: Clock,
        *,
        max_queue_size: int = 1000,
        dead_letter_limit: int = 1000,
        supervisor_address: str | None = None,
        observer: Observer | None = None,
    ) -> None:
        if max_queue_size < 1:
            raise ValueError(f"max_queue_size must be at least 1, not {max_queue_size}")
        self.dispatcher = dispatcher
        self.clock = clock
        self.max_queue_size = max_queue_size
        self.supervisor_address = supervisor_address
        self.observer = observer
        self.dead_letters = DeadLetters(dead_letter_limit)
        self.priorities = Priorities(priorities)
        self.priorities.update(deferred_entries.PRIORITIES)
        self._topics = Topics()
        self._table_lock = Lock()
        self._cells: dict[str, Cell] = {}
        # Routing is one lookup: address -> the bound `put` of its mailbox.
        self._puts: dict[str, Callable[[object], None]] = {}
        self._closing = False
        self._door_lock = Lock()
        self._doorkeeper = Doorkeeper()
        self._conflation_lock = Lock()
        self._latest: dict[tuple[str, object], object] = {}
        self._lapsed = count()
        self._announced: Counter[type] = Counter()

    # Addresses.

    def spawn(
        self,
        address: str,
        factory: Callable[[Context], Actor[M]],
        *,
        placement: Placement = Placement.POOL,
        policy: RestartPolicy | None = None,
        suspended: bool = False,
    ) -> Ref[M]:
        """Open an address; its actor is made and its `on_start` runs on its worker.

        `suspended`: each instance begins with a suspended mailbox and resumes it when it has recovered. Raises
        ValueError for a taken address, RuntimeError during a shutdown.
        """
        with self._table_lock:
            if self._closing:
                raise RuntimeError(f"cannot spawn {address}: the system is shutting down")
            if address in self._cells:
                raise ValueError(f"cannot spawn {address}: the address is taken; stop its actor first")
            executor = self.dispatcher.executor(address, placement)
            cell = Cell(self, address, factory, executor, policy or RestartPolicy(), recovers=suspended)
            self._cells[address] = cell
            self._puts[address] = cell.mailbox.put
        cell.submit()
        return Ref(address, self.tell)

    def addresses(self) -> tuple[str, ...]:
        """Return the open addresses, oldest first."""
        with self._table_lock:
            return tuple(self._cells)

    def is_open(self, address: str) -> bool:
        """Return whether the address is open."""
        return address in self._cells

    def release(self, address: str) -> bool:
        """End the address's quarantine; False: it is not in quarantine."""
        cell = self._cells.get(address)
        if cell is None or cell.life is not Life.QUARANTINED:
            return False
        cell.release()
        return True

    def stop_actor(self, address: str) -> None:
        """Stop after the messages that wait now; the address is free afterwards. Without such an address nothing
        happens.
        """
        if (cell := self._cells.get(address)) is not None:
            cell.stop()

    def kill(self, address: str) -> None:
        """Stop after the current message; what waits becomes dead letters."""
        if (cell := self._cells.get(address)) is not None:
            cell.kill()

    def forget(self, address: str) -> None:
        """Free an address; called by its cell when it has stopped."""
        with self._table_lock:
            del self._puts[address]
            del self._cells[address]
        self._topics.drop(address)

    # Sending.

    def tell(self, address: str, message: object) -> None:
        """Queue a message. Never blocks, never raises; without such an address it is a dead letter."""
        put = self._puts.get(address)
        if put is None:
            self.bury(address, message, Why.NO_SUCH_ADDRESS, self.priorities[message.__class__])
        else:
            put(message)

    def signal(self, address: str, message: object) -> None:
        """Queue on the system lane: delivered to `receive_signal` first, and while suspended."""
        cell = self._cells.get(address)
        if cell is None:
            self.bury(address, message, Why.NO_SUCH_ADDRESS, SIGNAL)
        else:
            cell.mailbox.put_signal(message)

    def offer(self, address: str, message: object) -> bool:
        """`tell` with a bound, for messages from outside; False: not accepted.

        Refused while `max_queue_size` messages wait; a CRITICAL one only while that many CRITICAL ones wait, so that no
        backlog blocks an emergency. A LOW message with a `conflation_key` replaces the waiting one of that key; others
        are shed when full.
        """
        rank = self.priorities[message.__class__]
        with self._door_lock:
            cell = self._cells.get(address)
            if cell is None:
                self.bury(address, message, Why.NO_SUCH_ADDRESS, rank)
                return False
            key = getattr(message, "conflation_key", None) if rank == _LOW else None
            if key is not None and self._replace((address, key), message):
                self._doorkeeper.conflated[rank] += 1
                return True
            mailbox = cell.mailbox
            if (mailbox.depth() if rank else len(mailbox.lanes[rank])) >= self.max_queue_size:
                (self._doorkeeper.shed if rank == _LOW else self._doorkeeper.refused)[rank] += 1
                return False
            if key is None:
                mailbox.put(message)
            else:
                self._latest[(address, key)] = message
                mailbox.put_deferred(deferred_entries.Conflated(partial(self._claim, (address, key))), rank)
            return True

    def publish(self, message: object) -> None:
        """Send to every subscriber of the message's class or of a base of it. Never blocks, never raises."""
        for listener in self._topics.listeners(message.__class__):
            if not isinstance(listener, str):
                self._call(listener, message)
            elif (put := self._puts.get(listener)) is not None:
                put(message)
            else:
                self._topics.drop(listener)

    def subscribe(self, message: type, listener: Listener) -> None:
        """Subscribe an address, or a quick callable, to that class and its subclasses."""
        self._topics.subscribe(message, listener)

    def unsubscribe(self, message: type, listener: Listener) -> None:
        """End a subscription; without one, nothing happens."""
        self._topics.unsubscribe(message, listener)

    # For cells.

    def announce(self, message: Message) -> None:
        """Publish a lifecycle message and send it to the supervisor."""
        with self._conflation_lock:
            self._announced[message.__class__] += 1
        if self.supervisor_address is not None and not self._closing:
            self.tell(self.supervisor_address, message)
        self.publish(message)

    def bury(self, address: str, message: object, why: Why, rank: int) -> None:
        """Keep the message as a dead letter."""
        letter = DeadLetter(address=address, message=message, why=why, ts_init=self.clock.time_ns())
        self.dead_letters.add(letter, rank)

    def lapse(self) -> None:
        """Count a timer that was canceled after its message was queued."""
        next(self._lapsed)

    def _call(self, listener: Callable[[object], None], message: object) -> None:
        try:
            listener(message)
        except Exception as error:  # noqa: BLE001 - a subscriber's bug must not fail its publisher
            self._topics.drop(listener)
            dropped = lifecycle.SubscriberDropped(
                address=Address(getattr(listener, "__qualname__", type(listener).__name__)),
                ts_init=self.clock.time_ns(),
                message_type=type(message).__name__,
                reason=f"{type(error).__name__}: {error}",
            )
            self.announce(dropped)

    def _replace(self, key: tuple[str, object], message: object) -> bool:
        with self._conflation_lock:
            waits = key in self._latest
            if waits:
                self._latest[key] = message
            return waits

    def _claim(self, key: tuple[str, object]) -> object | None:
        with self._conflation_lock:
            return self._latest.pop(key, None)

    # Shutdown. These wait, so no actor may call them.

    def stop_and_wait(self, addresses: Iterable[str], deadline_ms: int) -> tuple[str, ...]:
        """Stop these in an orderly way; returns those that did not stop within `deadline_ms`.

        Raises RuntimeError when an actor calls it.
        """
        cells = [cell for address in addresses if (cell := self._cells.get(address)) is not None]
        for cell in cells:
            cell.stop()
        self._wait_stopped(cells, deadline_ms * _MS)
        return tuple(cell.address for cell in cells if cell.life is not Life.STOPPED)

    def shutdown(self, deadline_ms: int) -> ShutdownReport:
        """Stop everything in an orderly way until `deadline_ms`, kill the rest, end all threads.

        Raises RuntimeError when an actor calls it.
        """
        with self._table_lock:
            self._closing = True
            cells = tuple(self._cells.values())
        buried_before = self.dead_letters.count(Why.STOPPED)
        killed = self.stop_and_wait((cell.address for cell in cells), deadline_ms)
        left = [cell for cell in cells if cell.life is not Life.STOPPED]
        for cell in left:
            cell.kill()
        self._wait_stopped(left, _KILL_GRACE_NS)
        unfinished = [cell for cell in left if cell.life is not Life.STOPPED]
        stuck_threads = self.dispatcher.shutdown(_KILL_GRACE_NS)
        buried = self.dead_letters.count(Why.STOPPED) - buried_before
        return ShutdownReport(
            killed=killed,
            unfinished=tuple(cell.address for cell in unfinished),
            undelivered=buried + sum(cell.undelivered() for cell in unfinished),
            stuck_threads=stuck_threads,
        )

    def _wait_stopped(self, cells: Iterable[Cell], timeout_ns: int) -> None:
        # Only the last one alive is checked, so the cost is linear in all.
        waiting = list(cells)

        def all_stopped() -> bool:
            while waiting and waiting[-1].life is Life.STOPPED:
                waiting.pop()
            return not waiting

        self.dispatcher.wait(all_stopped, timeout_ns)

    # Metrics.

    def metrics(self) -> SystemMetrics:
        """Return a snapshot; about 3 µs an actor."""
        cells = self._snapshot()
        actors = tuple(cell.metrics() for cell in cells)
        names = (*(priority.name for priority in Priority), "SIGNAL")
        return SystemMetrics(
            lanes=tuple(self._lane(rank, name, cells) for rank, name in enumerate(names)),
            actors=actors,
            restarts=self._announced[lifecycle.ActorRestarted],
            quarantined=tuple(one.address for one in actors if one.life == Life.QUARANTINED.value),
            parked=self.dead_letters.count(Why.PARKED),
            lapsed=int(self._lapsed.__reduce__()[1][0]),
            subscriptions=self._topics.count(),
            unranked=tuple(sorted(one.__name__ for one in self.priorities.unranked)),
        )

    def _snapshot(self) -> tuple[Cell, ...]:
        with self._table_lock:
            return tuple(self._cells.values())

    def _lane(self, rank: int, name: str, cells: tuple[Cell, ...]) -> LaneMetrics:
        tallies = self.dispatcher.tallies
        buckets = [sum(column) for column in zip(*(tally.buckets[rank] for tally in tallies), strict=True)]
        processed = sum(buckets)
        busy_ns = sum(tally.busy_ns[rank] for tally in tallies)
        keeper, has_door = self._doorkeeper, rank < LANES
        return LaneMetrics(
            name=name,
            accepted=self.priorities.accepted_total(rank) if has_door else 0,
            processed=processed,
            failed=sum(tally.failed[rank] for tally in tallies),
            refused=keeper.refused[rank] if has_door else 0,
            shed=keeper.shed[rank] if has_door else 0,
            conflated=keeper.conflated[rank] if has_door else 0,
            dead=self.dead_letters.count_of_rank(rank),
            waiting=sum(len(cell.mailbox.lanes[rank] if has_door else cell.mailbox.signals) for cell in cells),
            mean_ns=busy_ns // processed if processed else 0,
            p99_ns=quantile_ns(buckets, 0.99),
        )
