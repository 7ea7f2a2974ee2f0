"""The invariants of the design, each a named check against the disk and the venue, never against what Albra says.

Here: I1, I3, I4, I5, I7, I8, I9, I15, and that no actor of the system fails. The others have rooms of their own, see
`CHECKS`: `attention` (I5, I10), `wording` and `promised` (I3), `evidence` (I2, I6), `changed` (I6), `degraded`,
`bounded` and `holds` (I10), `shared` (I10, I11), `urgency` (I11), `isolation` (I12), `instances` (I13), `once` (I14),
`telling` (I14 of the chat, I16), `truthful` (I19), `commanded` (I20, I22, I24), `goals` (I20), `reckoned` (I21),
`repaired` (I23), `offered` (I25), `canceled` (I26), `limited` (I27), `asked` (I28), `retired` (I2, I10).
`MOMENTS` says when each is looked at.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from actors.ports import Clock
from actors.position.evolve import fold
from actors.position.state import PROTECTIVE, Order, OrderPhase, Position, blank
from adapters.paper.answer import Answer
from adapters.paper.faults import FaultKind
from messages import events as e
from messages.base import Event, Message
from messages.commands import Command
from messages.ids import parse_position_id
from messages.lifecycle import ActorFailed
from messages.reports import PositionView
from messages.requests import Notify, Reply
from messages.types import OrderPurpose, PositionState, Severity
from simulator.checks.alarmed import Alarmed
from simulator.checks.asked import Asked
from simulator.checks.attention import Attention
from simulator.checks.bounded import Bounded
from simulator.checks.canceled import Canceled
from simulator.checks.changed import Changed
from simulator.checks.check import Check, Truth, lookers
from simulator.checks.commanded import Commanded
from simulator.checks.degraded import Degraded
from simulator.checks.evidence import Evidence
from simulator.checks.goals import Goals
from simulator.checks.holds import Holds
from simulator.checks.instances import Instances
from simulator.checks.isolation import Isolation
from simulator.checks.limited import Limited
from simulator.checks.lost import Lost
from simulator.checks.offered import Offered
from simulator.checks.once import Once
from simulator.checks.promised import Promised
from simulator.checks.reasons import Reasons
from simulator.checks.reckoned import Reckoned
from simulator.checks.repaired import Repaired
from simulator.checks.retired import Retired
from simulator.checks.shared import Shared
from simulator.checks.shown import Shown
from simulator.checks.telling import Telling
from simulator.checks.truthful import Truthful
from simulator.checks.urgency import Urgency
from simulator.checks.wording import Wording
from simulator.environment.chat import ChatServer
from simulator.environment.network import Sent
from simulator.environment.process import Process
from simulator.environment.siren import Siren
from simulator.environment.truth import ZERO, Books, Deal, Ledger, Leg, Loss, position_of

SECOND = 1_000_000_000
I7_NS = 2 * SECOND
ILL_DISK_NS = 8 * SECOND
"""A notice waits for its step's commit, so an ill disk delays it."""
I9_NS = 60 * SECOND
LYING_LISTS = (FaultKind.EMPTY_LIST, FaultKind.PARTIAL_LIST)
CHECKS: tuple[type[Check], ...] = (
    Wording, Promised, Goals, Truthful, Commanded, Reckoned, Evidence, Changed, Degraded, Bounded, Holds, Attention,
    Urgency, Isolation, Once, Telling, Alarmed, Instances, Lost, Shared, Repaired, Offered, Canceled, Asked, Limited,
    Retired, Reasons, Shown,
)  # fmt: skip
"""Those that have a room of their own, by concept."""
MOMENTS: Mapping[str, str] = {
    "I1": "each trade at the venue; orders that have not traded, each tick",
    "I2": "each durable event: refusals, proofs of absence, adjustments, adoptions, ends of positions; each tick",
    "I3": "each request that leaves; whatever is shown to the outside; in peace, what was promised",
    "I4": "each durable event",
    "I5": "peace, until it holds; once more when it has held for a while; each answer and event of a mute stream",
    "I6": "each durable event of the reconciler; in peace, every leg that somebody else has traded, and its settings",
    "I7": "each tick; in peace, stops, targets and trailing stops at the venue",
    "I8": "each order that leaves, each trade at the venue, each entry intended",
    "I9": "each tick of calm weather; in peace, every order at the venue",
    "I10": "each request that leaves or arrives, each answer off the wire, each position that begins",
    "I11": "each message handled, at each mailbox",
    "I12": "each tick, and each quarantine",
    "I13": "each request that leaves",
    "I14": "each durable event, each refusal that is shown",
    "I15": "each tick: what actors hold; at the end: every history folded at once; between processes: the trace",
    "I19": "each command handed over, each answer, each durable event",
    "I20": "in peace: what rests and what is left of each position, against its commands; each write-off",
    "I21": "in peace: result and fees of what is only Albra's",
    "I22": "each entry that leaves",
    "I23": "each attempt of a repair, each adjustment and adoption; each trade of the venue's own that is shared out",
    "I24": "each entry intended",
    "I25": "each step that the journal is handed, each that is on the disk, each message handled; each tick",
    "I26": "each tick, from the moment on at which a gateway has the cancel",
    "I27": "each opening and addition",
    "I28": "each tick, from the moment on at which nothing found would prove something",
    "I29": "each refusal that becomes durable, each that the supervisor decides",
    "I30": "in peace, each answer to who asks for positions, status and discrepancies",
    "I16": "in peace, until it holds: every durable notice against what the chat's server was told",
}
"""When each invariant is looked at."""


class Violation(AssertionError):  # noqa: N818 - it is what it is called in every report
    """An invariant does not hold. `ordinal` is the position concerned, 0 where none is alone."""

    def __init__(self, invariant: str, text: str, ordinal: int = 0) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant
        self.text = text
        self.ordinal = ordinal

    def __reduce__(self) -> tuple[type["Violation"], tuple[str, str, int]]:
        return Violation, (self.invariant, self.text, self.ordinal)


class Invariants:
    """Told of what happens; keeps the first violation until somebody asks for it."""

    def __init__(self, ledger: Ledger, books: Books, clock: Clock, *, hedged: frozenset[str], ill_disk: bool) -> None:
        self.ledger = ledger
        self.books = books
        self._now_ns = now_ns = clock.monotonic_ns
        self._wall_ns = clock.time_ns
        self._hedged = hedged
        self._patience_ns = ILL_DISK_NS if ill_disk else I7_NS
        self._owners: dict[tuple[str, str], str] = {}
        self._bare_since: dict[int, int] = {}
        self._covered: dict[int, Position] = {}
        self._warned_ns: dict[str, int] = {}
        self._warned_at: set[tuple[str, int]] = set()
        """Versions of which a warning tells. After a loss a position is back at one, and is not told twice."""
        self._rolled_back: set[int] = set()
        self._orphan_ns: dict[str, int] = {}
        self._denied_ns: dict[int, int] = {}
        """When the venue last denied an order of a position, or refused to cancel one, by a fault."""
        self._belied: set[str] = set()
        """Accounts of which the venue has said, untruly, that they hold nothing, or not all."""
        self._born_ns = 0
        self._undone: dict[str, str] = {}
        self._compared: dict[int, tuple[Position, Position | None]] = {}
        self._counted = (0, 0)
        self._overshot: dict[tuple[str, str, str], int] = {}
        self._durable_ns: dict[str, int] = {}
        """Since when an intent to protect is on the disk: before that nobody but its own position knows of it."""
        self._moved_ns: dict[int, int] = {}
        """When the disk learned last that a position holds more or less."""
        self.orphan_ns = I9_NS
        """With the sweeps as often as they are by default; rarer ones find rarer what nobody told."""
        self.found: Violation | None = None
        truth = Truth(ledger=ledger, books=books, now_ns=now_ns, wall_ns=clock.time_ns, fail=self.fail)
        self.checks: tuple[Check, ...] = tuple(check(truth) for check in CHECKS)
        # What happens a thousand times a seed is told to those checks only that look at it.
        self._at_event = lookers(self.checks, "event")
        self._at_dealt = lookers(self.checks, "dealt")
        self._at_told = lookers(self.checks, "told")
        self._at_sent = lookers(self.checks, "sent")
        self._at_arrived = lookers(self.checks, "arrived")
        self._at_heard = lookers(self.checks, "heard")
        self._at_streamed = lookers(self.checks, "streamed")
        self._at_delivered = lookers(self.checks, "delivered")
        self._at_tick = lookers(self.checks, "tick")

    def fail(self, invariant: str, text: str, ordinal: int = 0) -> None:
        if self.found is None:
            self.found = Violation(invariant, text, ordinal)

    # Told as it happens --------------------------------------------------------------------------------

    def sent(self, sent: Sent) -> None:
        """I3: nothing is sent without an earlier durable intent. I8: what reduces says so to the venue."""
        submits = sent.call.method == "POST" and sent.call.path.endswith(("/order", "/algoOrder"))
        if submits:
            self.after_step()
        for looks in self._at_sent:
            looks(sent)
        if not submits:
            return
        name = sent.params.get("newClientOrderId") or sent.params.get("clientAlgoId", "")
        intent = self.ledger.intents.get(name)
        ordinal = position_of(name) or 0
        if intent is None:
            self.fail("I3", f"order {name} was sent, and no durable intent names it", ordinal)
            return
        if intent.purpose is OrderPurpose.ENTRY:
            return
        key = self.ledger.holder(ordinal).key
        hedge = key.account in self._hedged
        reduces = sent.params.get("positionSide") if hedge else sent.params.get("reduceOnly")
        if reduces != (key.side.value.upper() if hedge else "true"):
            self.fail("I8", f"{intent.purpose} order {name} left without what makes it reduce: {reduces}", ordinal)

    def heard(self, message: Message) -> None:
        """I3: whatever is told to the outside is durable already."""
        self.after_step()
        for looks in self._at_told:
            looks(message)
        match message:
            case PositionView(version=version, ordinal=ordinal) if version:
                durable = self.ledger.positions.get(ordinal)
                if durable is None or durable.version < version:
                    self.fail("I3", f"version {version} of {message.position_id} is shown and not durable", ordinal)
            case Reply(accepted=True, command_id=command_id, position_id=position_id) if position_id:
                # To pause what is paused, or to set what is set, is granted, and leaves nothing to remember.
                if not command_id.startswith(("pause-", "lever-")) and command_id not in self.ledger.commands:
                    self.fail("I3", f"command {command_id} was acknowledged and is not durable")
            case Notify(severity=Severity.CRITICAL, position_id=position_id) if position_id:
                self._warned_ns[position_id] = self._now_ns()
                parsed = parse_position_id(position_id)
                told = self.ledger.positions.get(parsed[1]) if parsed is not None else None
                if told is not None:
                    self._warned_at.add((position_id, told.version))

    def watch_chat(self, server: ChatServer | None, siren: Siren | None) -> None:
        """The checks compare notices and commands with this server, and critical notices with the second channel."""
        for check in self.checks:
            if isinstance(check, Telling | Alarmed):
                check.server = server
            if isinstance(check, Alarmed):
                check.siren = siren

    def watch_limits(self, limits: Mapping[str, Decimal]) -> None:
        """What the configuration allows to be opened."""
        for check in self.checks:
            if isinstance(check, Limited):
                check.limits = limits

    def tried(self, sent: Sent) -> None:
        for check in self.checks:
            check.tried(sent)

    def arrived(self, sent: Sent) -> None:
        for looks in self._at_arrived:
            looks(sent)

    def heard_back(self, sent: Sent, answer: Answer) -> None:
        if answer.fault is not None and sent.call.method in ("GET", "DELETE"):
            self._denied_ns[position_of(answer.fault.client_id) or 0] = self._now_ns()
            if answer.fault.kind in LYING_LISTS and sent.call.path.endswith("/positionRisk"):
                self._belied.add(answer.fault.account)
        if sent.call.method == "DELETE" and b'"code":-4117' in answer.body:
            # It is being triggered, says the venue, and may say so for long.
            self._denied_ns[position_of(sent.order) or 0] = self._now_ns()
        for looks in self._at_heard:
            looks(sent, answer)

    def streamed(self, account: str, event: Mapping[str, object], brought: bool) -> None:  # noqa: FBT001
        for looks in self._at_streamed:
            looks(account, event, brought=brought)

    def offered(self, address: str, message: Message) -> None:
        for check in self.checks:
            check.offered(address, message)

    def quarantined(self, message: object) -> None:
        for check in self.checks:
            check.quarantined(message)

    def delivered(self, address: str, message: object) -> None:
        for looks in self._at_delivered:
            looks(address, message)

    def died(self) -> None:
        for check in self.checks:
            check.died()

    def unrecorded(self) -> None:
        for check in self.checks:
            check.unrecorded()

    def forget(self, loss: Loss) -> None:
        for name in [name for name in self._undone if name in {_order_of(event) for _, event in loss.events}]:
            del self._undone[name]
        for ordinal, _ in loss.events:
            self._rolled_back.add(ordinal)
            position = self.ledger.positions.get(ordinal)
            # What was bare before the lost steps, and still is, has been told.
            if position is None or not _uncovered(position):
                self._bare_since.pop(ordinal, None)
        for place, name in list(self._owners.items()):
            if name in loss.intents:
                del self._owners[place]
        for check in self.checks:
            check.forget(loss)

    def failed(self, message: object) -> None:
        if isinstance(message, ActorFailed) and not message.reason.startswith("HauntedError"):
            self.fail("actors do not fail", f"{message.address}: {message.reason}\n{message.trace}")

    def born(self) -> None:
        """A process began: what it does not know yet it cannot have told. What was told before stays told."""
        self._born_ns = self._now_ns()
        for check in self.checks:
            check.born()

    # After every step ------------------------------------------------------------------------------------

    def after_step(self) -> None:
        """Whatever is new on the disk and at the venue."""
        if len(self.ledger.image.steps) != self.ledger.seen:
            for ordinal, event in self.ledger.read():
                self._event(ordinal, event)
                for looks in self._at_event:
                    looks(ordinal, event)
        if self.books.behind:
            for deal in self.books.read():
                if deal.name:
                    self._ours(deal)
                for looks in self._at_dealt:
                    looks(deal)

    def _event(self, ordinal: int, event: Event) -> None:
        if isinstance(event, e.OrderFilled):
            self._owned_once(ordinal, event)
        elif isinstance(event, e.OrderRefused | e.OrderProvenAbsent):
            self._concluded(ordinal, event)
        elif isinstance(event, e.OrderIntended) and event.purpose is OrderPurpose.ENTRY:
            self._neighbor(ordinal, event)
        elif isinstance(event, e.OrderIntended):
            self._durable_ns[event.client_order_id] = self._now_ns()
        if isinstance(event, e.OrderFilled | e.QuantityAdjusted):
            self._moved_ns[ordinal] = self._now_ns()
        position = self.ledger.positions.get(ordinal)
        if position is not None and _uncovered(position):
            self._bare_since.setdefault(ordinal, self._now_ns())  # in quiet the next tick may be an hour away
        else:
            self._bare_since.pop(ordinal, None)
        if position is not None and self.ledger.sums[ordinal] != position.quantity:
            text = f"{position.position_id} believes {position.quantity}; its fills are {self.ledger.sums[ordinal]}"
            self.fail("I4", text, ordinal)

    def _concluded(self, ordinal: int, event: e.OrderRefused | e.OrderProvenAbsent) -> None:
        """I2: what is declared undone is not at the venue, and does not come to be there (see `orders_once`)."""
        known = self.ledger.positions[ordinal].order(event.client_order_id)
        if known is None or known.venue_order_id is None:
            self._undone[event.client_order_id] = type(event).__name__

    def _neighbor(self, ordinal: int, event: e.OrderIntended) -> None:
        """I8: nothing opens on a leg while another's close, with its stops still resting, could eat it.

        A trigger that the venue neither executes nor cancels may be there for hours. It is told as critical when its
        position is over, and holds no opening.
        """
        mine = _leg(self.ledger.positions[ordinal])
        granted_ns = self._now_ns() - (self._wall_ns() - event.ts_init)
        for other in self.ledger.positions.values():
            same = _leg(other) == mine and other.ordinal != ordinal
            stops = other.live_orders(*PROTECTIVE)
            if other.state.terminal:
                left = self._left_in_hand(other.ordinal)
                stops = tuple(stop for stop in stops if stop.client_order_id not in left)
            reduced = other.goal_quantity is not None and not other.cancel_first
            unknown = self._moved_ns.get(other.ordinal, 0) >= granted_ns
            if same and (unknown or _reduced_outside(self.ledger.events[other.ordinal], event.ts_init)):
                continue  # the entry was granted before, and was on its way
            known = [stop for stop in stops if self._durable_ns.get(stop.client_order_id, granted_ns) < granted_ns]
            if same and stops and (reduced or _oversized(other, known)):
                text = f"{event.client_order_id} opens while {other.position_id} is reduced with its stops in place"
                self.fail("I8", text, ordinal)

    def _left_in_hand(self, ordinal: int) -> frozenset[str]:
        """Stalled orders that the venue did not cancel within the time that their position has for it."""
        events = self.ledger.events[ordinal]
        return frozenset(each.client_order_id for each in events if isinstance(each, e.OrderUncancelable))

    def _owned_once(self, ordinal: int, event: e.OrderFilled) -> None:
        """I4: each fill is owned once, and is one that the venue made."""
        symbol = self.ledger.positions[ordinal].key.symbol
        owner = self._owners.setdefault((symbol, event.trade_id), event.client_order_id)
        if owner != event.client_order_id:
            self.fail("I4", f"trade {event.trade_id} is booked by {owner} and {event.client_order_id}", ordinal)
        seen = [ev for ev in self.ledger.events[ordinal] if isinstance(ev, e.OrderFilled)]
        if sum(ev.trade_id == event.trade_id for ev in seen) > 1:
            self.fail("I4", f"trade {event.trade_id} is booked twice by {event.client_order_id}", ordinal)
        self.after_step()
        trade = self.books.trades.get((symbol, event.trade_id))
        if trade is None or (trade.quantity, trade.price) != (event.quantity, event.price):
            self.fail("I4", f"{event} is booked, the venue's trade is {trade}", ordinal)

    def _ours(self, deal: Deal) -> None:
        """I1: one intent, at most one effect. I8: what closes never increases or flips."""
        trade, name, before = deal.trade, deal.name, deal.before
        ordinal = position_of(name) or 0
        twins = self.books.count(name)
        if twins > 1:
            self.fail("I1", f"{name} is {twins} orders at the venue", ordinal)
        intent = self.ledger.intents.get(name)
        if intent is None:
            self.fail("I3", f"{name} traded, and no durable intent names it", ordinal)
            return
        position = self.ledger.holder(ordinal)
        if deal.account != position.key.account:
            self.fail("I1", f"{name} of {position.position_id} traded on account {deal.account}", ordinal)
        net = self.books.add_net(ordinal, trade, increasing=position.key.side.increasing)
        if intent.purpose is OrderPurpose.ENTRY:
            entries = (o.client_order_id for o in position.orders if o.purpose is OrderPurpose.ENTRY)
            bought = sum(map(self.books.executed, entries), ZERO)
            if bought > position.requested:
                self.fail("I1", f"{position.position_id} wanted {position.requested} and got {bought}", ordinal)
            return
        signed = trade.quantity if trade.side == "BUY" else -trade.quantity
        if before * signed >= 0 or abs(signed) > abs(before):
            self.fail("I8", f"{intent.purpose} {name} traded {signed} against {before}", ordinal)
        # A stop that is left over for a moment after a close may fire: that is I9's business, and `_neighbor`'s.
        over = net + trade.quantity <= 0
        left_over = intent.purpose.protective and self._paired(position, intent.purpose, over=over)
        # So may one that the venue kept in hand for as long as protection allows, whichever of the two comes first.
        left_over = left_over or -net <= sum(map(self.books.executed, self._left_in_hand(ordinal)), ZERO)
        # So may a stop beside its position's close, where the leg holds what its owner has written off: reduce-only,
        # which ends both at flat where a position is alone, does not end them there, and nobody believes to hold that.
        left_over = left_over or -net <= self._of_nobody(position)
        if net < 0 and left_over:
            # Both halves of a pair fired, two purposes with each for no more than is held, one of them while nobody
            # could cancel it: no venue order prevents that. The leg adds up, but who of its holders lost is for a human
            # to say, so it settles only by hand.
            self._overshot[_leg(position)] = ordinal
        if net < 0 and not left_over and not self.books.disturbed(position.key) and not _adopted(position):
            self.fail("I8", f"{position.position_id} has sold {-net} more than it ever held", ordinal)

    def _of_nobody(self, position: Position) -> Decimal:
        """What entries of others on its leg have bought, though their owner wrote them off, and is still there.

        A fill that was told since makes it its position's again.
        """
        left = ZERO
        for other in self.ledger.positions.values():
            if other.ordinal == position.ordinal or _leg(other) != _leg(position):
                continue
            entries = (o for o in other.orders if o.purpose is OrderPurpose.ENTRY)
            for order in (o for o in entries if o.client_order_id in self.ledger.written_off):
                left += self.books.executed(order.client_order_id) - order.filled
            left += min(self.books.nets.get(other.ordinal, ZERO), ZERO)  # it was taken by this one
        return left

    def _paired(self, position: Position, purpose: OrderPurpose, *, over: bool) -> bool:
        """That more was sold than was bought is because orders of another protective purpose fired as well.

        Orders of one purpose alone, a stop and the one in its place say, never sell more than was ever bought; nor,
        unless all of it was sold before (`over`), do they together with what was closed on purpose.
        """
        counted = frozenset({purpose} if over else {purpose, OrderPurpose.REDUCE})
        return self._executed(position, counted) <= self._executed(position, frozenset({OrderPurpose.ENTRY}))

    def _executed(self, position: Position, purposes: frozenset[OrderPurpose]) -> Decimal:
        names = (o.client_order_id for o in position.orders if o.purpose in purposes)
        return sum(map(self.books.executed, names), ZERO)

    def wait_for_disk(self, held_ms: int) -> None:
        """Another program holds the journal for so long in all."""
        if held_ms:
            self._patience_ns = max(self._patience_ns, ILL_DISK_NS) + held_ms * 1_000_000

    # Now and then --------------------------------------------------------------------------------------

    def tick(self, process: Process | None, *, calm: bool) -> None:
        """What is about time, and what is about actors that are not in the middle of a step."""
        self.orders_once()
        if process is None:
            return
        self.live_is_durable(process)
        for looks in self._at_tick:
            looks(process)
        self._protected()
        if calm:
            self._no_orphans()

    def orders_once(self) -> None:
        """I1, for orders that have not traded."""
        self.after_step()
        sizes = (self.books.known, len(self._undone))
        if sizes == self._counted:
            return
        self._counted = sizes
        for name in (*self.books.orders, *self.books.algos):
            twins = self.books.count(name)
            if name in self._undone:
                text = f"{name} exists at the venue, {self._undone[name]} says that it does not"
                self.fail("I2", text, position_of(name) or 0)
            if twins > 1 and position_of(name) is not None:
                self.fail("I1", f"{name} is {twins} orders at the venue", position_of(name) or 0)

    def live_is_durable(self, process: Process) -> None:
        """I15: what an actor holds between two steps is what replaying the journal gives."""
        for actor in process.positions():
            history = actor._history
            live = history.state
            if any(history.pending()) or not history._ready or not live.version:
                continue
            durable = self.ledger.positions.get(live.ordinal)
            compared = self._compared.get(live.ordinal)
            if compared is not None and compared[0] is live and compared[1] is durable:
                continue  # both are frozen, and were equal the last time
            self._compared[live.ordinal] = (live, durable)
            if live != durable:
                self.fail("I15", f"{live.position_id} is\n{live}\nand replayed\n{durable}", live.ordinal)

    def replays(self) -> None:
        """I15: folding the whole history at once gives what folding it step by step gave."""
        for ordinal, events in self.ledger.events.items():
            known = self.ledger.positions.get(ordinal)
            if known is None:
                continue
            again = fold(blank(known.key, ordinal, known.journal_id), events)
            if again != known:
                self.fail("I15", f"{known.position_id} replays to {again}, not {known}", ordinal)

    def _protected(self) -> None:
        """I7, by what is known: the owner hears of it when what is held is not covered."""
        now_ns = self._now_ns()
        for ordinal, position in self.ledger.positions.items():
            if self._covered.get(ordinal) is position:
                continue  # it is frozen, and was covered the last time
            if not _uncovered(position):
                self._covered[ordinal] = position
                continue
            since_ns = self._bare_since.setdefault(ordinal, now_ns)
            warned = self._warned_ns.get(position.position_id, -1) >= since_ns - SECOND
            if ordinal in self._rolled_back:
                warned = warned or (position.position_id, position.version) in self._warned_at
            if now_ns - max(since_ns, self._born_ns) > self._patience_ns and not warned:
                text = f"{position.position_id} holds {position.quantity} without its stop, and nobody was told"
                self.fail("I7", text, ordinal)

    def _no_orphans(self) -> None:
        """I9: no live stop of ours without a position for more than a minute."""
        open_now = set()
        for algo in self.books.open_stops():
            name, ordinal = algo.client_algo_id, position_of(algo.client_algo_id) or 0
            if ordinal in self.ledger.damaged:
                continue  # it is told as what it is, and left to the owner
            if self.books.nets.get(ordinal, ZERO) > 0 or self._adopted_quantity(ordinal) > 0:
                continue
            open_now.add(name)
            since_ns = max(self._orphan_ns.setdefault(name, self._now_ns()), self._denied_ns.get(ordinal, 0))
            if self._now_ns() - since_ns > self.orphan_ns:
                self.fail("I9", f"stop {name} has been live for a minute without its position", ordinal)
        self._orphan_ns = {name: since for name, since in self._orphan_ns.items() if name in open_now}

    def _adopted_quantity(self, ordinal: int) -> Decimal:
        position = self.ledger.positions.get(ordinal)
        return position.quantity if position is not None and _adopted(position) else ZERO

    # At the end ----------------------------------------------------------------------------------------

    def questions(self) -> tuple[Command, ...]:
        """What is asked once everything agrees; `divergences` holds the answers against what is there."""
        return next(check.questions() for check in self.checks if isinstance(check, Shown))

    def divergences(self) -> list[tuple[str, str, int]]:
        """I5, I7, I9: what is not as it should be once faults are over; each with its position."""
        self.after_step()
        found: list[tuple[str, str, int]] = []
        for ordinal, position in self.ledger.positions.items():
            found += [(name, f"{position.position_id}: {text}", ordinal) for name, text in self._of(position)]
        found += self._nets()
        for check in self.checks:
            found += check.unsettled()
        for name in self.books.open_names():
            ordinal = position_of(name) or 0
            holder = self.ledger.positions.get(ordinal)
            if ordinal in self.ledger.damaged:
                continue
            if holder is None or holder.state.terminal:
                state = holder.state if holder else "unknown"
                found.append(("I9", f"order {name} is live at the venue, its position is {state}", ordinal))
        return found

    def _of(self, p: Position) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for order in p.orders:
            if order.client_order_id in self.ledger.written_off and not self.books.live(order.client_order_id):
                continue  # what is known of it is all that is believed; the leg adds up all the same
            executed = self.books.executed(order.client_order_id)
            if order.filled != executed:
                found.append(("I5", f"{order.client_order_id} filled {order.filled}, at the venue {executed}"))
            if order.live != self.books.live(order.client_order_id):
                found.append(("I5", f"{order.client_order_id} is {order.phase}, at the venue live={not order.live}"))
            if order.phase in (OrderPhase.SENT, OrderPhase.DOUBTED):
                found.append(("I5", f"{order.client_order_id} is still {order.phase}"))
        if self.books.disturbed(p.key):
            return [*found, *self._cover(p)] if self._agreed(p) else found
        overshot = self._overshot.get(_leg(p))
        # An addition that was on its way gives back what was sold too much: then nothing is left to be told.
        if overshot is not None and self.books.nets.get(overshot, ZERO) < 0:
            name = self.ledger.holder(overshot).position_id
            # Of a damaged history the owner hears that nobody watches its orders: isolation.py holds that.
            told = name in self._warned_ns or overshot in self.ledger.damaged
            return found if told else [*found, ("I7", f"{name} sold what was not its own, untold")]
        if p.state is PositionState.RECONCILING or p.in_doubt:
            found.append(("I5", f"in doubt: {p.state}"))
        if self.ledger.netted_away(p, self.books):
            return found
        if p.goal_quantity == 0 and (p.quantity or not p.state.terminal):
            found.append(("I5", f"was to be closed, holds {p.quantity}, {p.state}"))
        if _uncovered(p) and p.goal_quantity is None:
            found.append(("I7", f"holds {p.quantity} without its stop"))
        else:
            found += self._cover(p)
        return found

    def _cover(self, p: Position) -> list[tuple[str, str]]:
        """I7: each protection that is wanted rests at the venue where it is wanted, for all that is held."""
        if p.quantity <= 0 or p.goal_quantity is not None or p.is_dust:
            return []
        own = [algo for algo in self.books.open_stops() if position_of(algo.client_algo_id) == p.ordinal]
        found = []
        for purpose in PROTECTIVE:
            wanted = p.wanted_price(purpose)
            there = [algo for algo in own if self.ledger.intents[algo.client_algo_id].purpose is purpose]
            right = [algo for algo in there if (algo.callback_rate or algo.trigger_price) == wanted]
            covered = sum((algo.quantity for algo in right), ZERO)
            bare = (p.quantity if wanted is not None else ZERO) - covered
            if len(right) < len(there) or bare < 0 or p.in_steps(bare):
                at = [f"{algo.quantity} at {algo.callback_rate or algo.trigger_price}" for algo in there]
                found.append(("I7", f"holds {p.quantity}, wants its {purpose} at {wanted}, at the venue: {at}"))
        return found

    def _agreed(self, p: Position) -> bool:
        """Nothing of this leg is asked of a human, and belief is what the venue holds."""
        leg = self.books.leg_of(p.key)
        waiting = any(isinstance(check, Evidence) and check.waits(leg) for check in self.checks)
        return not waiting and self.ledger.legs(self.books).get(leg, ZERO) == self.books.legs.get(leg, ZERO)

    def _told_of(self, leg: Leg, difference: Decimal) -> bool:
        return any(isinstance(check, Evidence) and check.told_of(leg, difference) for check in self.checks)

    def _nets(self) -> list[tuple[str, str, int]]:
        """I5: believed positions of a leg add up to what the venue holds of it."""
        found = []
        believed = self.ledger.legs(self.books)
        for leg in {*believed, *self.books.legs}:
            held = self.books.legs.get(leg, ZERO)
            difference = held - believed.get(leg, ZERO)
            if difference and leg[0] in self._belied and self._told_of(leg, difference):
                continue  # a lie that lasted was believed; what it left is asked of a human, since no trade explains it
            if difference and leg[:2] not in self.books.touched:
                found.append(("I5", f"{leg}: believed {believed.get(leg, ZERO)}, the venue holds {held}", 0))
        return sorted(found)


def _leg(p: Position) -> tuple[str, str, str]:
    return str(p.key.account), str(p.key.symbol), p.key.side.value


def _order_of(event: Event) -> str:
    return str(getattr(event, "client_order_id", ""))


def _oversized(p: Position, known: Sequence[Order]) -> bool:
    """Stops, targets or trailing stops that rest, or are on their way, for more than is held."""
    return any(
        sum((o.leaves_quantity for o in known if o.purpose is purpose), ZERO) > p.quantity for purpose in PROTECTIVE
    )


def _reduced_outside(events: Sequence[Event], now_ns: int) -> bool:
    """Whether somebody else took of it so lately that its stop cannot have followed."""
    last = next((event for event in reversed(events) if isinstance(event, e.QuantityAdjusted)), None)
    return last is not None and now_ns - last.ts_init < SECOND


def _adopted(p: Position) -> bool:
    return p.requested == 0 and p.was_open


def _uncovered(p: Position) -> bool:
    """Believed held, a stop wanted, or a trailing one instead, and less of it resting than is held."""
    if p.stop_purpose is None or p.exposure <= 0:
        return False
    working = (o for o in p.orders if o.purpose is p.stop_purpose and o.phase is OrderPhase.WORKING)
    resting = sum((o.leaves_quantity for o in working if not o.triggered), ZERO)
    return p.in_steps(p.exposure - resting) > 0
