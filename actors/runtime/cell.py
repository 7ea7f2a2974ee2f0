"""One address: its mailbox, the current actor instance, and the handling of its failures.

    STARTING -> RUNNING -> STOPPED
       ^           |
       |           v
       +------- BACKOFF, after more failures than the policy allows QUARANTINED, until released

The worker that runs a cell holds its turn (a lock) and alone changes its life. Other threads set a flag and submit the
cell. A surplus submission is harmless: it finds the turn taken or nothing to do.
"""

import traceback
from collections.abc import Callable
from enum import Enum
from functools import partial
from threading import Lock
from typing import Any, Protocol

from actors.ports import Clock
from actors.runtime.actor import Actor, Context, Outside
from actors.runtime.dead_letters import Why
from actors.runtime.deferred_entries import KILL, Due, Stop
from actors.runtime.dispatch import Dispatcher, Executor
from actors.runtime.mailbox import Mailbox
from actors.runtime.metrics import ActorMetrics, Tally
from actors.runtime.priorities import LANES, SIGNAL, Priorities
from actors.runtime.supervision import Quarantine, Restart, RestartPolicy, is_poison, judge
from messages import lifecycle
from messages.base import Message
from messages.priority import Priority
from messages.types import Address, CommandId, CorrelationId

_LOW = int(Priority.LOW)
_CRITICAL = int(Priority.CRITICAL)
_TRACE_FRAMES = 12
Observer = Callable[[str, object, int, int], None]


class Life(Enum):
    """The state of an address."""

    STARTING = "starting"
    RUNNING = "running"
    BACKOFF = "backoff"
    QUARANTINED = "quarantined"
    STOPPED = "stopped"


class Surroundings(Outside, Protocol):
    """The system, as a cell uses it."""

    clock: Clock
    dispatcher: Dispatcher
    max_queue_size: int
    observer: Observer | None
    priorities: Priorities

    def announce(self, message: Message) -> None: ...
    def bury(self, address: str, message: object, why: Why, rank: int) -> None: ...
    def lapse(self) -> None: ...
    def forget(self, address: str) -> None: ...


class Cell:
    """One address (see the module). Public methods may be called from any thread unless they state otherwise."""

    __slots__ = (
        "_actor",
        "_around",
        "_context",
        "_executor",
        "_factory",
        "_failures_ns",
        "_kill_wanted",
        "_last_reason",
        "_policy",
        "_recovers",
        "_release_wanted",
        "_revive_due",
        "_stop_wanted",
        "_suspect",
        "_timers",
        "_turn",
        "address",
        "busy_ns",
        "failed",
        "life",
        "lives",
        "mailbox",
        "processed",
    )

    def __init__(
        self,
        around: Surroundings,
        address: str,
        factory: Callable[[Context], Actor[Any]],
        executor: Executor,
        policy: RestartPolicy,
        *,
        recovers: bool,
    ) -> None:
        self._around = around
        self.address = address
        self._factory = factory
        self._executor = executor
        self._policy = policy
        self._recovers = recovers
        self.mailbox = Mailbox(around.priorities, self._wake)
        self.life = Life.STARTING
        self._turn = Lock()
        self._actor: Actor[Any] | None = None
        self._context: Context | None = None
        self._timers: dict[str, Due] = {}
        self._failures_ns: tuple[int, ...] = ()
        self._last_reason = ""
        self._suspect: tuple[object, int] | None = None
        self._kill_wanted = self._stop_wanted = self._release_wanted = self._revive_due = False
        self.processed = self.failed = self.lives = self.busy_ns = 0

    # Requests from any thread.

    def submit(self) -> None:
        """Queue the cell at its executor."""
        self.mailbox.scheduled = True
        self._executor.submit(self)

    def accept(self, message: object) -> None:
        """Queue a message in the mailbox."""
        self.mailbox.put(message)

    def stop(self) -> None:
        """Stop after the messages that wait now; in quarantine, at once."""
        self._stop_wanted = True
        self.mailbox.lanes[_LOW].append(Stop())
        self.submit()

    def kill(self) -> None:
        """Stop after the current message."""
        self._kill_wanted = True
        self.mailbox.put_signal(KILL)
        self.submit()

    def release(self) -> None:
        """End a quarantine; otherwise nothing happens."""
        if self.life is Life.QUARANTINED:
            self._release_wanted = True
            self.submit()

    def _wake(self, rank: int) -> None:
        """Schedule the reader: an entry was put while it was not scheduled, or a CRITICAL one was."""
        life, mailbox = self.life, self.mailbox
        if life is Life.RUNNING or life is Life.STARTING:
            if mailbox.suspended and rank != SIGNAL and life is Life.RUNNING:
                return
            mailbox.scheduled = True
            # A commit that waits behind other actors would delay an emergency that waits for it.
            (self._executor.submit if _CRITICAL < rank < SIGNAL else self._executor.urge)(self)
            # The cell may have stopped since `life` was read; nothing may stay in its mailbox.
            if self.life is Life.STOPPED:
                self._bury_waiting()
        elif life is Life.QUARANTINED:
            self._bury_overflow(rank)
        elif life is Life.STOPPED:
            self._bury_waiting()

    # Running. The turn admits one worker at a time.

    def run(self, budget: int, tally: Tally) -> None:
        """Deliver at most `budget` messages; returns at once while another worker runs the cell."""
        if not self._turn.acquire(blocking=False):
            return  # the worker that has the turn checks again after releasing it
        try:
            self._slice(budget, tally)
        finally:
            self.mailbox.scheduled = False
            self._turn.release()
            self._look_again()

    def _look_again(self) -> None:
        """Submit again after the turn: a put meanwhile may have found it taken."""
        if self.life is Life.STOPPED:
            self._bury_waiting()
        elif self.mailbox.scheduled or self._runnable():
            mailbox = self.mailbox
            mailbox.scheduled = True
            urgent = mailbox.signals or (mailbox.lanes[_CRITICAL] and not mailbox.suspended)
            (self._executor.urge if urgent else self._executor.submit)(self)

    def _runnable(self) -> bool:
        if self.life is Life.RUNNING:
            return self.mailbox.ready()
        return (
            self.life is Life.STARTING
            or self._kill_wanted
            or (self.life is Life.BACKOFF and self._revive_due)
            or (self.life is Life.QUARANTINED and (self._release_wanted or self._stop_wanted))
        )

    def _slice(self, budget: int, tally: Tally) -> None:
        """Deliver up to `budget` messages. The hot loop: it binds attributes to local names."""
        actor = self._actor or self._enter()
        if actor is None:
            return
        receive, clock = actor.receive, self._around.clock.monotonic_ns
        mailbox, priorities, urgent = self.mailbox, self._around.priorities, self._executor.urgent
        take, signals, record, observer = mailbox.take, mailbox.signals, tally.record, self._around.observer
        began_ns = started_ns = clock()
        while budget:
            budget -= 1
            if signals:
                message, rank, handle = signals.popleft(), SIGNAL, actor.receive_signal
                if message is KILL:
                    self._leave("killed")
                    return
            else:
                message = take()
                if message is None:
                    break
                rank, handle = priorities[message.__class__], receive
                if rank > SIGNAL:
                    message = self._resolve(message)
                    if message is None:
                        if self.life is Life.STOPPED:
                            return
                        continue
                    rank = priorities[message.__class__]
            try:
                handle(message)
            except BaseException as error:  # noqa: BLE001 - any error ends this instance, never another
                self._observe(message, started_ns)
                tally.failed[rank] += 1
                self._fail(message, rank, error)
                return
            finished_ns = clock()
            record(rank, finished_ns - started_ns)
            self.processed += 1
            if observer is not None:
                observer(self.address, message, started_ns, finished_ns)
            started_ns = finished_ns
            if urgent and rank:
                break  # CRITICAL waits at another address
        self.busy_ns += started_ns - began_ns

    def _observe(self, message: object, started_ns: int) -> None:
        if self._around.observer is not None:
            self._around.observer(self.address, message, started_ns, self._around.clock.monotonic_ns())

    def _resolve(self, entry: Any) -> object | None:
        """Return the message of a deferred entry; None: there is none, or it was an orderly stop."""
        message: object | None = entry.resolve()
        if message is None:
            self._around.lapse()
        elif isinstance(message, Stop):
            self._heed(message)
            return None
        return message

    def _heed(self, stop: Stop) -> None:
        """Stop, unless ageing moved the stop forward: then first handle what waited above it."""
        above = sum(self.mailbox.depths()[:_LOW])
        if not above or (stop.leave_at is not None and self.processed >= stop.leave_at):
            self._leave("")
            return
        if stop.leave_at is None:
            stop.leave_at = self.processed + above
        self.mailbox.put_back(stop, _LOW)

    # The start and end of instances. Under the turn.

    def _enter(self) -> Actor[Any] | None:
        """Without an instance: apply the flags, and start one if it is time."""
        if self.life is Life.STOPPED:
            return None
        if self._kill_wanted or (self.life is Life.QUARANTINED and self._stop_wanted):
            self._leave("killed" if self._kill_wanted else "stopped in quarantine")
            return None
        if self.life is Life.QUARANTINED and self._release_wanted:
            self._failures_ns = ()
            self.life = Life.STARTING
            self._around.announce(lifecycle.ActorReleased(**self._about(None)))
        elif self.life is Life.BACKOFF and self._revive_due:
            self.life = Life.STARTING
        self._release_wanted = self._revive_due = False
        return self._begin() if self.life is Life.STARTING else None

    def _begin(self) -> Actor[Any] | None:
        self.lives += 1
        self.mailbox.suspended = self._recovers
        self._context = Context(self, self._around, self._around.clock, self.lives)
        try:
            self._actor = self._factory(self._context)
            self._actor.begin()
        except BaseException as error:  # noqa: BLE001 - an instance that cannot start has failed
            self._fail(None, SIGNAL, error)
            return None
        self.life = Life.RUNNING
        if self.lives > 1:
            restarted = lifecycle.ActorRestarted(
                **self._about(None), reason=self._last_reason, attempt=len(self._failures_ns)
            )
            self._around.announce(restarted)
        return self._actor

    def _fail(self, message: object | None, rank: int, error: BaseException) -> None:
        """End an instance that raised; decide on restart or quarantine, and on the current message."""
        self.failed += 1
        self._last_reason = reason = f"{type(error).__name__}: {error}"
        self._end_life(error)
        verdict = judge(self._policy, self._failures_ns, self._around.clock.monotonic_ns())
        self._failures_ns = verdict.failures_ns
        backoff_ns = verdict.action.delay_ns if isinstance(verdict.action, Restart) else 0
        self.life = Life.QUARANTINED if isinstance(verdict.action, Quarantine) else Life.BACKOFF
        self._release_wanted = self._revive_due = False
        failed = lifecycle.ActorFailed(
            **self._about(message),
            reason=reason,
            trace="".join(traceback.format_exception(error, limit=-_TRACE_FRAMES)),
            attempt=verdict.attempt,
            backoff_ns=backoff_ns,
        )
        self._around.announce(failed)
        if message is not None:
            self._return(message, rank, reason)
        if self.life is Life.BACKOFF:
            self._around.dispatcher.call_later(backoff_ns, self._revive)
        else:
            self._bury_overflow(None)
            quarantined = lifecycle.ActorQuarantined(**self._about(message), reason=reason, attempt=verdict.attempt)
            self._around.announce(quarantined)
        if not isinstance(error, Exception):
            self._around.dispatcher.fatal(self.address, error)

    def _return(self, message: object, rank: int, reason: str) -> None:
        """Redeliver the current message first, or park it after too many failures."""
        attempts = self._suspect[1] + 1 if self._suspect and self._suspect[0] is message else 1
        if not is_poison(self._policy, attempts):
            self._suspect = (message, attempts)
            self.mailbox.put_back(message, rank)
            return
        self._suspect = None
        self._around.bury(self.address, message, Why.PARKED, rank)
        parked = lifecycle.MessageParked(
            **self._about(message),
            message_type=type(message).__name__,
            reason=reason,
            attempt=attempts,
            command_id=getattr(message, "command_id", CommandId("")),
        )
        self._around.announce(parked)

    def _revive(self) -> None:
        self._revive_due = True
        self.submit()

    def _end_life(self, error: BaseException) -> None:
        actor, self._actor = self._actor, None
        self._forget_timers()
        self._context = None
        if actor is None:
            return
        actor.actor_stopped.set()
        try:
            actor.on_failure(type(error), error, error.__traceback__)
        except BaseException as second:  # noqa: BLE001 - already failing; the first error is the cause
            error.add_note(f"and on_failure raised {second!r}")

    def _leave(self, reason: str) -> None:
        """Stop for good: free the address and make what still waits dead letters."""
        actor, self._actor = self._actor, None
        if actor is not None:
            actor.actor_stopped.set()
            try:
                actor.on_stop()
            except BaseException as error:  # noqa: BLE001 - it stops regardless
                reason = f"{reason} on_stop raised {type(error).__name__}: {error}".strip()
        self._forget_timers()
        self._context = None
        # The order matters: state, table, drain. A later put finds one of them.
        self.life = Life.STOPPED
        self._around.forget(self.address)
        undelivered = self._bury_waiting()
        stopped = lifecycle.ActorStopped(**self._about(None), reason=reason, undelivered=undelivered)
        self._around.announce(stopped)
        self._executor.close()
        self._around.dispatcher.changed()

    def _bury_waiting(self) -> int:
        """Make every waiting entry a dead letter. May run in several threads; each entry is taken once."""
        self.mailbox.scheduled = False
        number = 0
        for rank, lane in enumerate((*self.mailbox.lanes, self.mailbox.signals)):
            while lane:
                try:
                    entry = lane.popleft()
                except IndexError:
                    break
                number += self._bury(entry, Why.STOPPED, rank)
        return number

    def _bury_overflow(self, rank: int | None) -> None:
        """Keep a quarantined mailbox within its bound: drop the newest of the lane; without a rank, LOW first."""
        for which in reversed(range(LANES)) if rank is None else (rank,):
            lane = self.mailbox.lanes[which]
            while self.mailbox.depth() > self._around.max_queue_size and lane:
                try:
                    entry = lane.pop()
                except IndexError:
                    break
                self._bury(entry, Why.QUARANTINE_FULL, which)

    def _bury(self, entry: Any, why: Why, rank: int) -> int:
        if entry is KILL or isinstance(entry, Stop):
            return 0
        message = entry.resolve() if self._around.priorities[entry.__class__] > SIGNAL else entry
        if message is None:
            self._around.lapse()
            return 0
        self._around.bury(self.address, message, why, rank)
        return 1

    # The context's side. Under the turn, from handlers.

    def suspend(self, context: Context) -> None:
        """See `Context.suspend`; without effect from an earlier instance's context."""
        if context is self._context:
            self.mailbox.suspended = True

    def resume(self, context: Context) -> None:
        """See `Context.resume`; without effect from an earlier instance's context."""
        if context is self._context:
            self.mailbox.suspended = False

    def schedule(self, context: Context, key: str, delay_ns: int, message: object) -> None:
        """See `Context.schedule`; without effect from an earlier instance's context."""
        if context is not self._context:
            return
        self.cancel(context, key)
        due = self._timers[key] = Due(self._timers, key, message)
        due.timer = self._around.dispatcher.call_later(delay_ns, partial(self._fire, due))

    def cancel(self, context: Context, key: str) -> None:
        """See `Context.cancel`; without effect from an earlier instance's context."""
        if context is self._context and (due := self._timers.pop(key, None)) and due.timer:
            due.timer.cancel()

    def _fire(self, due: Due) -> None:
        self.mailbox.put_deferred(due, self._around.priorities[due.message.__class__])

    def _forget_timers(self) -> None:
        for due in self._timers.values():
            if due.timer:
                due.timer.cancel()
        self._timers.clear()

    def _about(self, message: object | None) -> dict[str, Any]:
        """The fields of every lifecycle message; the ids are those of the current message."""
        return {
            "address": Address(self.address),
            "ts_init": self._around.clock.time_ns(),
            "correlation_id": CorrelationId(getattr(message, "correlation_id", "")),
            "causation_id": getattr(message, "causation_id", ""),
        }

    def undelivered(self) -> int:
        """Count the waiting messages and signals, without an orderly stop. Walks the mailbox."""
        waiting = (entry for lane in (self.mailbox.signals, *self.mailbox.lanes) for entry in tuple(lane))
        return sum(1 for entry in waiting if entry is not KILL and not isinstance(entry, Stop))

    def metrics(self) -> ActorMetrics:
        """Return a snapshot of the counters."""
        return ActorMetrics(
            address=self.address,
            life=self.life.value,
            processed=self.processed,
            failed=self.failed,
            lives=self.lives,
            busy_ns=self.busy_ns,
            waiting=self.mailbox.depths(),
            signals=len(self.mailbox.signals),
            suspended=self.mailbox.suspended,
        )
