"""The state of one gateway instance: its queue, what is in flight, and the actions of the current step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.copying import replace
from actors.gateway import budget, request_queue, resync
from actors.gateway.actions import MS, Action, Later, Say, Send
from actors.gateway.budget import Budget
from actors.gateway.lane import Lane
from actors.gateway.memory import GatewayMemory
from actors.gateway.request_queue import QueuedRequest, RequestQueue
from actors.ports import Clock
from messages.addresses import SUPERVISOR
from messages.base import Message
from messages.requests import CancelOrder, SubmitOrder
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address
from messages.wording import Gateway

ANSWER_LIMIT_NS = 30_000 * MS
"""A request without an answer of the port by then counts as unknown; the port's own timeouts are shorter."""
ASKED_PATIENCE_NS = 1_500 * MS
"""A user's read that would wait longer for the venue's budget is refused with the time until which it would."""
WINDOW_MS = 5_000
"""Validity window of a request until the venue states its own (Binance's default `recvWindow`)."""
WINDOW_MARGIN_MS = 1_000


@dataclass(frozen=True, slots=True)
class InFlightRequest:
    """A request passed to the port at `since_ns` (monotonic) and not answered."""

    queued: QueuedRequest
    since_ns: int


class GatewayContext:
    """State that the parts of the gateway share; it decides nothing.

    `commit` stores promises after the step's actions were performed: a step that fails half way leaves every request to
    the next instance.
    """

    def __init__(self, account: AccountId, clock: Clock, memory: GatewayMemory) -> None:
        self.account = account
        self.clock = clock
        self.memory = memory
        self.requests = RequestQueue(reachable=memory.venue is not None, budget=budget.release_all(memory.budget))
        if memory.quiet_until_ns:
            self.requests = request_queue.quiet(self.requests, memory.quiet_until_ns)
        memory.address.begin(account)
        self.in_flight: dict[str, InFlightRequest] = {}
        self.actions: list[Action] = []
        self.displaced: list[QueuedRequest] = []
        self.retries = 0
        self.last_error: Statement = NOTHING
        self.no_openings: Statement = NOTHING
        """Why openings are refused though the venue is reachable; NOTHING where they are not."""
        self._queued: set[str] = set()
        self._promised: dict[str, Message] = {}
        self._fulfilled: set[str] = set()

    @property
    def now_ns(self) -> int:
        """Monotonic nanoseconds."""
        return self.clock.monotonic_ns()

    @property
    def window_ns(self) -> int:
        """Nanoseconds after sending within which a request may take effect, with a margin for clock differences."""
        venue = self.memory.venue
        return ((venue.validity_window_ms if venue else WINDOW_MS) + WINDOW_MARGIN_MS) * MS

    @property
    def open_for_business(self) -> bool:
        """Whether the venue is reachable."""
        return self.requests.reachable

    @property
    def unreachable(self) -> Statement:
        """Why nothing is sent while the account is not connected."""
        return Gateway.TURN_AWAITED() if self.memory.waits_since_ns else Gateway.VENUE_UNREACHABLE()

    @property
    def silenced(self) -> bool:
        """Whether the venue's Retry-After (or ban) has not ended."""
        return self.now_ns < self.requests.quiet_until_ns

    @property
    def opening_refusal(self) -> Statement:
        """Why an opening is refused now; NOTHING where it is not."""
        return self.no_openings if self.open_for_business else self.unreachable

    @property
    def expiry(self) -> Statement:
        """The refusal of a request that expired in the queue, with what it waited for."""
        if not self.open_for_business:
            cause = self.unreachable
        else:
            cause = Gateway.SILENCE() if self.silenced else Gateway.VENUE_QUEUE_FULL()
        return Gateway.EXPIRED_UNSENT(cause=cause)

    def say(self, message: Message, to: Address = SUPERVISOR) -> None:
        """Send a message to another actor, the supervisor by default."""
        self.actions.append(Say(to, message))

    def later(self, topic: str, delay_ns: int) -> None:
        """Set the timer of `topic`; a negative delay counts as 0."""
        self.actions.append(Later(topic, max(0, delay_ns)))

    def send(self, message: Message) -> None:
        """Pass a message to the venue's port."""
        self.actions.append(Send(message))

    def request(self, key: str, message: Message) -> None:
        """Queue a request unless its `key` is queued or in flight.

        A queued background read moves to the ASKED lane once a user waits for it.
        """
        new = request_queue.queued(key, message)
        if new.lane is Lane.ASKED:
            self.withdraw(key)
        if self.pending(key):
            return
        self.requests, displaced = request_queue.enqueue(self.requests, new)
        self._queued.add(key)
        self._queued.difference_update(old.key for old in displaced)
        self.displaced += displaced

    def pending(self, key: str) -> bool:
        """Return whether the request is queued or in flight."""
        return key in self._queued or key in self.in_flight

    def withdraw(self, *keys: str) -> None:
        """Remove queued requests; those in flight stay."""
        mine = self._queued.intersection(keys)
        if mine:
            self.requests, _ = request_queue.take_out(self.requests, lambda waiting: waiting.key in mine)
            self._queued -= mine

    def withdraw_expired(self) -> tuple[QueuedRequest, ...]:
        """Remove and return queued requests whose `expires_at_ns` (wall time) has passed."""
        wall_ns = self.clock.time_ns()
        return self._withdraw(lambda waiting: waiting.expired(wall_ns))

    def withdraw_questions(self) -> tuple[QueuedRequest, ...]:
        """Remove and return queued reads and settings, for an immediate refusal."""
        return self._withdraw(lambda waiting: not isinstance(waiting.message, (SubmitOrder, CancelOrder)))

    def withdraw_held(self) -> tuple[QueuedRequest, ...]:
        """Remove and return held settings and reads of other actors, for an immediate refusal."""
        held = {lane_ for lane_, most in self.requests.allowed.items() if most == 0}
        return self._withdraw(
            lambda waiting: (
                waiting.lane in held
                and not isinstance(waiting.message, SubmitOrder)
                and not resync.is_ours(self.account, getattr(waiting.message, "request_id", ""))
            )
        )

    def _withdraw(self, unwanted: Callable[[QueuedRequest], bool]) -> tuple[QueuedRequest, ...]:
        self.requests, gone = request_queue.take_out(self.requests, unwanted)
        self._queued.difference_update(old.key for old in gone)
        return gone

    def withdraw_waiting(self) -> tuple[tuple[QueuedRequest, Statement, int], ...]:
        """Remove and return user-awaited reads that would wait too long, each with why and until when (wall ns)."""
        found: list[tuple[QueuedRequest, Statement, int]] = []
        for waiting in self.requests.queues[Lane.ASKED]:
            why, waits_ns = self._waits(waiting)
            if waits_ns > ASKED_PATIENCE_NS:
                found.append((waiting, why, self.clock.time_ns() + waits_ns))
        self.withdraw(*(waiting.key for waiting, _, _ in found))
        return tuple(found)

    def _waits(self, waiting: QueuedRequest) -> tuple[Statement, int]:
        quiet_ns = self.requests.quiet_until_ns - self.now_ns
        if quiet_ns > 0:
            return Gateway.SILENCE(), quiet_ns
        known, cost = self.requests.budget, request_queue.cost_of(self.requests.budget, waiting.message)
        there_ns = self.memory.address.asked_wait_ns(self.account, cost.weight, known.policy)
        here_ns = known.wait_ns(Lane.ASKED, cost, self.now_ns)
        return Gateway.BUDGET_SPENT(), max(here_ns, there_ns)

    def departing(self) -> tuple[QueuedRequest, ...]:
        """Return what is sent now; each counts as in flight until `completed`."""
        now_ns = self.now_ns
        self.requests, leaving = request_queue.leave(self.requests, now_ns, self._take)
        self.memory.budget = self.requests.budget
        for gone in leaving:
            self._queued.discard(gone.key)
            self.in_flight[gone.key] = InFlightRequest(gone, now_ns)
        return leaving

    def ration(self, known: Budget) -> None:
        """Replace the budget."""
        self.requests = replace(self.requests, budget=known)
        self.memory.budget = known

    def be_quiet(self, until_ns: int) -> None:
        """Send nothing before `until_ns` (monotonic), and reductions first afterwards."""
        self.requests = request_queue.quiet(self.requests, until_ns)
        self.memory.quiet_until_ns = until_ns
        self.later("quiet", until_ns - self.now_ns)
        self.later("quiet/rest", self.requests.rest_from_ns - self.now_ns)

    def reducing_first(self) -> None:
        """Send queued reductions before anything else, so that they arrive first."""
        if any(self.requests.queues[: Lane.REDUCING + 1]):
            self.requests = request_queue.reducing_first(self.requests, self.now_ns)
            self.later("quiet/rest", self.requests.rest_from_ns - self.now_ns)

    def hold(self, allowed: Mapping[Lane, int]) -> None:
        """Set how many requests of the named lanes may be in flight."""
        self.requests = replace(self.requests, allowed=allowed)

    def completed(self, key: str) -> InFlightRequest | None:
        """Remove an answered request from those in flight; None: it was not."""
        in_flight = self.in_flight.pop(key, None)
        if in_flight is not None:
            self.requests = request_queue.completed(self.requests, in_flight.queued)
            self.memory.address.completed(self.account, in_flight.queued.cost.weight)
        return in_flight

    def _take(self, which: Lane, weight: int) -> bool:
        return self.memory.address.take(self.account, which, weight, self.requests.budget.policy)

    def overdue(self) -> tuple[QueuedRequest, ...]:
        """Return the requests that the port has not answered within ANSWER_LIMIT_NS."""
        limit_ns = self.now_ns - ANSWER_LIMIT_NS
        return tuple(in_flight.queued for in_flight in self.in_flight.values() if in_flight.since_ns <= limit_ns)

    def promise(self, key: str, message: Message) -> None:
        """Keep the request for the next instance until `fulfill`."""
        self._promised[key] = message
        self._fulfilled.discard(key)

    def fulfill(self, key: str) -> None:
        """Drop the promise: the request is done."""
        self._promised.pop(key, None)
        self._fulfilled.add(key)

    def commit(self) -> None:
        """Store the step's promises and clear its actions, which were performed."""
        self.memory.promises.update(self._promised)
        for key in self._fulfilled:
            self.memory.promises.pop(key, None)
        self._promised.clear()
        self._fulfilled.clear()
        self.actions.clear()
