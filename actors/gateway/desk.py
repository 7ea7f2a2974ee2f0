"""What one life of the gateway works on: its lanes, what is outstanding, and the actions of the step at hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from actors.copying import replace
from actors.gateway import budget
from actors.gateway import lanes as lane
from actors.gateway.actions import MS, Action, Later, Say, Send
from actors.gateway.budget import Budget
from actors.gateway.lane import Lane
from actors.gateway.lanes import Lanes, Ticket
from actors.gateway.memory import Memory
from actors.ports import Clock
from messages.addresses import SUPERVISOR
from messages.base import Message
from messages.requests import CancelOrder, SubmitOrder
from messages.statement import NOTHING, Statement
from messages.types import AccountId, Address
from messages.wording import Gateway

ANSWER_LIMIT_NS = 30_000 * MS
"""The port owes every answer sooner than this; what is still open then counts as unknown."""
ASKED_PATIENCE_NS = 1_500 * MS
"""A person who would wait longer for the venue's budget hears until when instead."""
WINDOW_MS = 5_000
"""How long a request stays valid where the venue has not said so yet (Binance's default `recvWindow`)."""
WINDOW_MARGIN_MS = 1_000


@dataclass(frozen=True, slots=True)
class Flight:
    """A request that the port has not answered, handed over at `since_ns`."""

    ticket: Ticket
    since_ns: int


class Desk:
    """Not a decision maker: the parts of the gateway share it and nothing else.

    Promises are kept and fulfilled by `commit`, after the step's actions were performed: a step that
    fails half way leaves every request to be found by the next life.
    """

    def __init__(self, account: AccountId, clock: Clock, memory: Memory) -> None:
        self.account = account
        self.clock = clock
        self.memory = memory
        self.lanes = Lanes(reachable=memory.venue is not None, budget=budget.landed(memory.budget))
        if memory.quiet_until_ns:
            self.lanes = lane.quiet(self.lanes, memory.quiet_until_ns)
        memory.address.begin(account)
        self.flights: dict[str, Flight] = {}
        self.actions: list[Action] = []
        self.displaced: list[Ticket] = []
        self.retries = 0
        self.last_error: Statement = NOTHING
        self.no_openings: Statement = NOTHING
        """Why nothing may be opened though the venue is there; empty where it may."""
        self._queued: set[str] = set()
        self._promised: dict[str, Message] = {}
        self._fulfilled: set[str] = set()

    @property
    def now_ns(self) -> int:
        return self.clock.monotonic_ns()

    @property
    def window_ns(self) -> int:
        """How long after its sending a request may still take effect, with a margin for clocks that differ."""
        venue = self.memory.venue
        return ((venue.validity_window_ms if venue else WINDOW_MS) + WINDOW_MARGIN_MS) * MS

    @property
    def open_for_business(self) -> bool:
        return self.lanes.reachable

    @property
    def unreachable(self) -> Statement:
        """Why nothing can leave while the account is not connected."""
        return Gateway.TURN_AWAITED() if self.memory.waits_since_ns else Gateway.VENUE_UNREACHABLE()

    @property
    def silenced(self) -> bool:
        """Whether the venue has asked for silence: what is queued now leaves when that is over."""
        return self.now_ns < self.lanes.quiet_until_ns

    @property
    def opening_refusal(self) -> Statement:
        """Why nothing may be opened now; empty where it may."""
        return self.no_openings if self.open_for_business else self.unreachable

    @property
    def expiry(self) -> Statement:
        """What is said of a request that waited here for too long: what it waited for."""
        if not self.open_for_business:
            cause = self.unreachable
        else:
            cause = Gateway.SILENCE() if self.silenced else Gateway.VENUE_QUEUE_FULL()
        return Gateway.EXPIRED_UNSENT(cause=cause)

    def say(self, message: Message, to: Address = SUPERVISOR) -> None:
        self.actions.append(Say(to, message))

    def later(self, topic: str, delay_ns: int) -> None:
        self.actions.append(Later(topic, max(0, delay_ns)))

    def send(self, message: Message) -> None:
        self.actions.append(Send(message))

    def request(self, key: str, message: Message) -> None:
        """Queue a request for the port, unless the same is queued or outstanding.

        What is queued to be read in the background leaves sooner once a person waits for it.
        """
        new = lane.ticket(key, message)
        if new.lane is Lane.ASKED:
            self.withdraw(key)
        if self.pending(key):
            return
        self.lanes, displaced = lane.enqueue(self.lanes, new)
        self._queued.add(key)
        self._queued.difference_update(old.key for old in displaced)
        self.displaced += displaced

    def pending(self, key: str) -> bool:
        return key in self._queued or key in self.flights

    def withdraw(self, *keys: str) -> None:
        """Take queued requests back; what has left has left."""
        mine = self._queued.intersection(keys)
        if mine:
            self.lanes, _ = lane.take_out(self.lanes, lambda waiting: waiting.key in mine)
            self._queued -= mine

    def withdraw_expired(self) -> tuple[Ticket, ...]:
        wall_ns = self.clock.time_ns()
        return self._withdraw(lambda waiting: waiting.expired(wall_ns))

    def withdraw_questions(self) -> tuple[Ticket, ...]:
        """What only asks: better told at once that there is no answer than kept waiting for the venue."""
        return self._withdraw(lambda waiting: not isinstance(waiting.message, (SubmitOrder, CancelOrder)))

    def withdraw_held(self) -> tuple[Ticket, ...]:
        """What is held back and whose asker is better told so: settings and reads of others than ourselves."""
        held = {lane_ for lane_, most in self.lanes.allowed.items() if most == 0}
        ours = f"read/resync/{self.account}/"
        return self._withdraw(
            lambda waiting: (
                waiting.lane in held
                and not isinstance(waiting.message, SubmitOrder)
                and not waiting.key.startswith(ours)
            )
        )

    def _withdraw(self, unwanted: Callable[[Ticket], bool]) -> tuple[Ticket, ...]:
        self.lanes, gone = lane.take_out(self.lanes, unwanted)
        self._queued.difference_update(old.key for old in gone)
        return gone

    def withdraw_waiting(self) -> tuple[tuple[Ticket, Statement, int], ...]:
        """What a person waits for and would wait for too long: why it waits, and until when (wall time)."""
        found: list[tuple[Ticket, Statement, int]] = []
        for waiting in self.lanes.queues[Lane.ASKED]:
            why, waits_ns = self._waits(waiting)
            if waits_ns > ASKED_PATIENCE_NS:
                found.append((waiting, why, self.clock.time_ns() + waits_ns))
        self.withdraw(*(waiting.key for waiting, _, _ in found))
        return tuple(found)

    def _waits(self, waiting: Ticket) -> tuple[Statement, int]:
        quiet_ns = self.lanes.quiet_until_ns - self.now_ns
        if quiet_ns > 0:
            return Gateway.SILENCE(), quiet_ns
        known, cost = self.lanes.budget, lane.cost_of(self.lanes.budget, waiting.message)
        there_ns = self.memory.address.asked_wait_ns(self.account, cost.weight, known.policy)
        here_ns = known.wait_ns(Lane.ASKED, cost, self.now_ns)
        return Gateway.BUDGET_SPENT(), max(here_ns, there_ns)

    def departing(self) -> tuple[Ticket, ...]:
        """What may leave now; each counts as outstanding until `landed`."""
        now_ns = self.now_ns
        self.lanes, leaving = lane.leave(self.lanes, now_ns, self._take)
        self.memory.budget = self.lanes.budget
        for gone in leaving:
            self._queued.discard(gone.key)
            self.flights[gone.key] = Flight(gone, now_ns)
        return leaving

    def ration(self, known: Budget) -> None:
        """What is known now of the venue's limits and their use."""
        self.lanes = replace(self.lanes, budget=known)
        self.memory.budget = known

    def be_quiet(self, until_ns: int) -> None:
        """Nothing leaves before, and then first what reduces."""
        self.lanes = lane.quiet(self.lanes, until_ns)
        self.memory.quiet_until_ns = until_ns
        self.later("quiet", until_ns - self.now_ns)
        self.later("quiet/rest", self.lanes.rest_from_ns - self.now_ns)

    def reducing_first(self) -> None:
        """Where something that reduces has waited for the venue, it arrives there before anything else."""
        if any(self.lanes.queues[: Lane.REDUCING + 1]):
            self.lanes = lane.reducing_first(self.lanes, self.now_ns)
            self.later("quiet/rest", self.lanes.rest_from_ns - self.now_ns)

    def hold(self, allowed: Mapping[Lane, int]) -> None:
        """How many requests of these lanes may be outstanding from now on."""
        self.lanes = replace(self.lanes, allowed=allowed)

    def landed(self, key: str) -> Flight | None:
        """The port answered: make room. None where nothing of that name was outstanding."""
        flight = self.flights.pop(key, None)
        if flight is not None:
            self.lanes = lane.answered(self.lanes, flight.ticket)
            self.memory.address.landed(self.account, flight.ticket.cost.weight)
        return flight

    def _take(self, which: Lane, weight: int) -> bool:
        return self.memory.address.take(self.account, which, weight, self.lanes.budget.policy)

    def overdue(self) -> tuple[Ticket, ...]:
        """What the port should have answered by now."""
        limit_ns = self.now_ns - ANSWER_LIMIT_NS
        return tuple(flight.ticket for flight in self.flights.values() if flight.since_ns <= limit_ns)

    def promise(self, key: str, message: Message) -> None:
        """Should this life end before the request is done, the next one takes it up."""
        self._promised[key] = message
        self._fulfilled.discard(key)

    def fulfill(self, key: str) -> None:
        self._promised.pop(key, None)
        self._fulfilled.add(key)

    def commit(self) -> None:
        """The actions of this step are performed."""
        self.memory.promises.update(self._promised)
        for key in self._fulfilled:
            self.memory.promises.pop(key, None)
        self._promised.clear()
        self._fulfilled.clear()
        self.actions.clear()
