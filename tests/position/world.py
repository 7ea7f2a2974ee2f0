"""A tiny honest venue, a gateway that loses things, and a process that dies: what a position lives among.

Everything that happens is chosen by a number, so that hypothesis can shrink a failure to the few choices that
matter. The venue never lies about what it holds. What travels may be doubled, reordered, delayed or lost; what is
lost is found by asking (ResolveOrder, FetchFills, Sweep), as the gateway does it. `make_peace` stops the faults.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any

from actors.position.evolve import fold
from actors.position.machine import Step, Verdict
from actors.position.state import Position, blank
from messages import codec
from messages import commands as c
from messages import reports as r
from messages.base import Event, Message
from messages.commands import Command
from messages.events import CloseRequested, OrderIntended, PositionAdopted, QuantityAdjusted
from messages.requests import (
    CancelOrder,
    FetchFills,
    OrderRequest,
    ResolveOrder,
    SetLeverage,
    SubmitOpening,
    SubmitOrder,
)
from messages.statement import verbatim
from messages.types import (
    ClientOrderId,
    OrderKind,
    OrderPurpose,
    OrderStatus,
    RejectReason,
    Severity,
    TradeId,
    VenueOrderId,
)
from tests.position.story import (
    ACCOUNT,
    BEGIN_NS,
    BTC,
    LONG,
    MS,
    POLICY,
    SECOND,
    SHORT,
    SYMBOL,
    Story,
    dec,
    notices,
)

HALF = Decimal("0.5")
MARKET_MOST = BTC.max_market_quantity
I7_NS = 2 * SECOND
PEACE_ROUNDS_MOST = 2_000
REASONS = (
    RejectReason.OTHER,
    RejectReason.NOT_EXECUTED,
    RejectReason.WOULD_TRIGGER,
    RejectReason.INSUFFICIENT_MARGIN,
    RejectReason.NEVER_SENT,
)


@dataclass(slots=True)
class Resting:
    """An order as the venue has it. Protection and reductions are reduce-only there."""

    submit: SubmitOrder
    status: OrderStatus = OrderStatus.WORKING
    trades: list[r.FillReport] = field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        return sum((trade.quantity for trade in self.trades), Decimal(0))

    @property
    def live(self) -> bool:
        return not self.status.ended


@dataclass(slots=True)
class World:
    """One position among all that. `choose(n)` gives a number below n.

    `exposure` is what the venue's trades make of this position. With a `neighbor` another strategy holds that
    much on the same leg: reduce-only orders of ours may eat it there, which closing must never do.
    """

    choose: Callable[[int], int]
    story: Story
    neighbor: Decimal = Decimal(0)
    exposure: Decimal = Decimal(0)
    orders: dict[ClientOrderId, Resting] = field(default_factory=dict)
    outbox: list[OrderRequest | SetLeverage] = field(default_factory=list)
    inbox: list[Message] = field(default_factory=list)
    wakes: dict[str, int] = field(default_factory=dict)
    lost: set[ClientOrderId] = field(default_factory=set)
    submitted: set[ClientOrderId] = field(default_factory=set)
    commands: list[Command] = field(default_factory=list)
    bare_since_ns: int | None = None
    warned: bool = False
    closing: bool = False
    peace: bool = False
    trade_serial: int = 0
    log: list[str] = field(default_factory=list)
    folded: Position = field(init=False)

    def __post_init__(self) -> None:
        self.folded = self.story.position

    # The position ----------------------------------------------------------------------------------

    def tell(self, message: Message, after_ms: int = 10) -> Step:
        self._bare_too_long(self.story.now_ns + after_ms * MS)
        step = self.story.tell(message, after_ms)
        self.log.append(f"{type(message).__name__} -> {step.position.state}")
        self._check(step)
        if isinstance(message, c.AdjustPosition) and step.verdict is Verdict.REFUSED:
            self.exposure -= message.quantity_delta  # then it belongs to somebody else
            self.inbox = [waiting for waiting in self.inbox if waiting != message]
        for wake in step.wakes:
            self.wakes[wake.topic] = self.story.now_ns + wake.after_ms * MS
        for effect in step.effects:
            if isinstance(effect.message, OrderRequest | SetLeverage):
                self.outbox.append(effect.message)
        return step

    def _check(self, step: Step) -> None:
        """I1, I3, I8, I15 and how an opening ends, after every step."""
        self.folded = fold(self.folded, step.events)
        assert self.folded == step.position, "I15"
        intended = {ev.client_order_id for ev in self.story.events if isinstance(ev, OrderIntended)}
        for effect in step.effects:
            if isinstance(effect.message, SubmitOrder):
                self._check_submit(effect.message, intended, step)
        self.closing = self.closing or any(isinstance(ev, CloseRequested) for ev in step.events)
        p = step.position
        open_still = p.quantity != 0 or any(not order.uncancelable for order in p.live_orders())
        assert not (p.state.terminal and open_still), "a terminal position has nothing open"
        entries = [o.quantity for o in p.orders if o.purpose is OrderPurpose.ENTRY]
        assert sum(entries, Decimal(0)) <= p.requested, "no more is opened than was asked for"
        self._watch_protection(step)

    def _check_submit(self, submit: SubmitOrder, intended: set[ClientOrderId], step: Step) -> None:
        name = submit.client_order_id
        assert name not in self.submitted, "I1: one intent is sent once"
        assert name in intended, "I3: nothing is sent without its intent"
        self.submitted.add(name)
        if isinstance(submit, SubmitOpening):
            assert not self.closing, "nothing opens after a close was asked for"
            assert not step.position.in_doubt, "doubt holds openings"
        else:
            assert submit.side is self.story.key.side.reducing, "I8: what closes is on the closing side"
            assert submit.quantity <= step.position.exposure, "I8: never more than is held"
            if self.neighbor and submit.conditional:
                purpose = next(o.purpose for o in step.position.orders if o.client_order_id == name)
                resting = sum((o.leaves_quantity for o in step.position.live_orders(purpose)), Decimal(0))
                assert resting <= step.position.quantity, "I8: two of one purpose eat a neighbor's"
            assert submit.quantity <= MARKET_MOST, "the venue takes no more at once, of a stop neither"

    def _watch_protection(self, step: Step) -> None:
        self.warned = self.warned or bool(notices(step, Severity.CRITICAL))
        if not step.position.unprotected:
            self.bare_since_ns, self.warned = None, False
        elif self.bare_since_ns is None:
            self.bare_since_ns, self.warned = self.story.now_ns, bool(notices(step, Severity.CRITICAL))

    def _bare_too_long(self, now_ns: int) -> None:
        if self.bare_since_ns is not None and now_ns - self.bare_since_ns > I7_NS:
            assert self.warned, "I7: not covered by its stop for two seconds, and nobody was told"

    # What may happen next --------------------------------------------------------------------------

    def happen(self) -> None:
        """One thing: timers that are due come first, everything else is chosen."""
        due = self.due
        if due:
            self.fire(due[0])
            return
        actions: list[Callable[[], None]] = [
            *([self.handle] * 6 if self.outbox else []),
            *([self.deliver] * 6 if self.inbox else []),
            *([self.pass_time] * 2),
            self.operate,
            self.market,
            self.market,
            *([self.disturb] if self.inbox or self.outbox else []),
            self.sweep,
            self.restart,
        ]
        actions[self.choose(len(actions))]()

    @property
    def due(self) -> list[str]:
        """Timers whose time has come."""
        return [topic for topic, at_ns in self.wakes.items() if at_ns <= self.story.now_ns]

    def fire(self, topic: str) -> None:
        wait_ms = max(0, -(-(self.wakes.pop(topic) - self.story.now_ns) // MS))
        self.tell(r.Woken(topic=topic), after_ms=wait_ms)

    def pass_time(self) -> None:
        if self.wakes:
            self.fire(min(self.wakes, key=lambda topic: self.wakes[topic]))

    def handle(self) -> None:
        """The gateway and the venue take up one request; of one order's, the first."""
        index = 0 if self.peace else self.choose(len(self.outbox))
        picked = self.outbox[index]
        if isinstance(picked, OrderRequest):
            name = picked.client_order_id
            same = [q for q in self.outbox if isinstance(q, OrderRequest) and q.client_order_id == name]
            cancels = [q for q in same if isinstance(q, CancelOrder)]
            picked = cancels[0] if cancels and isinstance(same[0], SubmitOrder) else same[0]
        self.outbox.remove(picked)
        match picked:
            case SubmitOrder():
                self._submit(picked)
            case CancelOrder():
                self._cancel(picked)
            case ResolveOrder():
                self._resolve(picked)
            case FetchFills():
                self._fetch(picked.client_order_id)
            case SetLeverage():
                self._set_leverage(picked)

    def deliver(self) -> None:
        index = 0 if self.peace else self.choose(len(self.inbox))
        self.tell(self.inbox.pop(index))

    def disturb(self) -> None:
        """A report is doubled, or lost (a lost answer is known to be missing: the gateway asks)."""
        if not self.inbox:
            return
        index = self.choose(len(self.inbox))
        message = self.inbox[index]
        if self.choose(2) or isinstance(message, Command):
            self.inbox.append(message)
            return
        del self.inbox[index]
        if isinstance(message, r.OrderAccepted | r.OrderRejected | r.OrderAbsent):
            self.inbox.append(r.OutcomeUnknown(cause=verbatim("answer lost"), **_about(message)))
            self._ask(message.client_order_id)

    def sweep(self) -> None:
        """The gateway reads the open orders and asks after whatever should be among them."""
        live = [resting for resting in self.orders.values() if resting.live]
        self.inbox += [self._report(resting, queried=True) for resting in live]
        names = frozenset(resting.submit.client_order_id for resting in live)
        if not self.story.position.state.terminal:
            self.inbox.append(r.Sweep(account=ACCOUNT, begun_ns=self.story.now_ns, open_orders=names))

    def restart(self) -> None:
        """kill -9: what was on its way may be lost, what is durable is not."""
        if self.choose(2):
            self.lost.update(q.client_order_id for q in self.outbox if isinstance(q, SubmitOrder))
            self.outbox.clear()
        kept: list[Message] = [m for m in self.inbox if isinstance(m, c.AdjustPosition)]
        self.inbox = kept if self.choose(2) else self.inbox
        self.wakes.clear()
        p = self.story.position
        history: list[Event] = self.story.events
        rebuilt = fold(blank(p.key, p.ordinal, p.journal_id), history)
        assert rebuilt == p, "I15: the history gives the live state"
        assert codec.decode_as(codec.encode(p), Position) == p, "a snapshot gives the live state"
        self.bare_since_ns = None  # nobody is told anything while nothing runs
        if p.version:
            self.tell(r.Recovered())

    # The owner -------------------------------------------------------------------------------------

    def operate(self) -> None:
        s, shared = self.story, bool(self.neighbor)
        wishes: list[Callable[[], Command]] = [
            lambda: c.ClosePosition(shared_leg=shared, **s.own()),
            lambda: c.ClosePosition(quantity=dec(3), shared_leg=shared, **s.own()),
            lambda: c.ClosePosition(percent=dec(50), shared_leg=shared, **s.own()),
            lambda: c.EmergencyClose(shared_leg=shared, **s.own()),
            lambda: c.ModifyPosition(stop_loss=dec(80 + self.choose(15)), **s.own()),
            lambda: c.ModifyPosition(take_profit=dec(110 + self.choose(15)), **s.own()),
            lambda: c.ModifyPosition(stop_loss=dec(0), **s.own()),
            lambda: c.PausePosition(**s.own()),
            lambda: c.ResumePosition(**s.own()),
            lambda: self.commands[self.choose(len(self.commands))],
        ]
        command = wishes[self.choose(len(wishes))]()
        again = command in self.commands
        self.commands.append(command)
        before = len(s.events)
        self.tell(command)
        if again:
            new = s.events[before:]
            refused = {type(ev).__name__ for ev in new} <= {"MessageRefused"}
            remembered = command.command_id in s.position.commands
            assert refused or not remembered or self._first_effect(command, before), "I14: one command, one effect"

    def _first_effect(self, command: Command, before: int) -> bool:
        """A command that was refused may be carried out when it comes again."""
        return not any(getattr(ev, "command_id", None) == command.command_id for ev in self.story.events[:before])

    # The market ------------------------------------------------------------------------------------

    def market(self) -> None:
        """Orders fill in part or whole, trigger, are canceled by a human or expire; a human trades."""
        live = [resting for resting in self.orders.values() if resting.live]
        if not live:
            self.human()
            return
        if self.neighbor and any(resting.submit.conditional and resting.trades for resting in self.orders.values()):
            return  # the price went one way: it does not fire the other side as well
        resting = live[self.choose(len(live))]
        if resting.submit.conditional and resting.status is OrderStatus.WORKING:
            match self.choose(4):
                case 0:
                    self._end(resting, OrderStatus.CANCELED)
                case 1:
                    self.human()
                case _:
                    self._trigger(resting)
            return
        match self.choose(6):
            case 0:
                self._end(resting, OrderStatus.EXPIRED)
            case 1 | 2:
                self._fill(resting, HALF)
            case _:
                self._fill(resting, Decimal(1))

    def human(self) -> None:
        """Somebody trades at the venue by hand; it is noticed and booked, whenever that arrives."""
        if self.neighbor or self.choose(3) or self.story.position.quantity <= 0 or self.exposure < 2:
            return
        delta = dec(1 if self.choose(2) else -1)
        self.exposure += delta
        self.inbox.append(
            c.AdjustPosition(quantity_delta=delta, price=dec(100), why=verbatim("by hand"), **self.story.own())
        )

    def _trigger(self, resting: Resting) -> None:
        fired = [other for other in self.orders.values() if other.status is OrderStatus.TRIGGERED or other.trades]
        if self.neighbor and any(other.submit.conditional for other in fired):
            return
        resting.status = OrderStatus.TRIGGERED
        self.inbox.append(self._report(resting))

    def _fill(self, resting: Resting, share: Decimal) -> None:
        submit = resting.submit
        wanted = ((submit.quantity - resting.filled) * share).quantize(BTC.quantity_step) or submit.quantity
        opening = isinstance(submit, SubmitOpening)
        quantity = wanted if opening else min(wanted, self.exposure + self.neighbor)
        if quantity <= 0:
            self._end(resting, OrderStatus.EXPIRED)  # reduce-only with nothing left to reduce
            return
        self.exposure += quantity if opening else -quantity
        assert self.exposure >= 0, "I8: closing flipped the exposure, or ate a neighbor's"
        self.trade_serial += 1
        trade = r.FillReport(
            venue_order_id=_venue_id(submit),
            trade_id=TradeId(f"t{self.trade_serial}"),
            side=submit.side,
            quantity=quantity,
            price=submit.limit_price or dec(100),
            fee=dec("0.01"),
            fee_currency="USDT",
            **_about(submit),
        )
        resting.trades.append(trade)
        self.inbox.append(trade)
        if resting.filled >= submit.quantity or (not opening and self.exposure + self.neighbor == 0):
            self._end(resting, OrderStatus.FILLED)
        else:
            self.inbox.append(self._report(resting))

    def _end(self, resting: Resting, status: OrderStatus) -> None:
        resting.status = status
        self.inbox.append(self._report(resting))

    # Gateway and venue -----------------------------------------------------------------------------

    def _submit(self, submit: SubmitOrder) -> None:
        name = submit.client_order_id
        fate = 0 if self.peace else self.choose(10)
        reducing = not isinstance(submit, SubmitOpening)
        if reducing and self.exposure + self.neighbor <= 0 and not submit.conditional:
            self.lost.add(name)
            self._answer(r.OrderRejected(reason=RejectReason.REDUCE_ONLY, text=verbatim("-2022"), **_about(submit)))
        elif fate == 1:  # lost on the way there
            self.lost.add(name)
            self._answer(r.OutcomeUnknown(cause=verbatim("timeout"), **_about(submit)))
            self._ask(name)
        elif fate == 2:
            self.lost.add(name)
            reason = REASONS[self.choose(len(REASONS))]
            self._answer(r.OrderRejected(reason=reason, text=verbatim("no"), **_about(submit)))
        elif fate == 3 and not self.neighbor:  # the answer says no, or that it never arrived, and is wrong
            self._place(submit)
            told = r.OrderRejected(reason=RejectReason.OTHER, text=verbatim("wrong"), **_about(submit))
            self._answer(r.OrderAbsent(evidence="wrong", **_about(submit)) if self.choose(2) else told)
        else:
            self._place(submit)
            if fate == 4:  # lost on the way back
                self._answer(r.OutcomeUnknown(cause=verbatim("timeout"), **_about(submit)))
                self._ask(name)
            else:
                self._answer(r.OrderAccepted(venue_order_id=_venue_id(submit), **_about(submit)))

    def _answer(self, report: Message) -> None:
        self.inbox.append(report)

    def _place(self, submit: SubmitOrder) -> None:
        resting = self.orders[submit.client_order_id] = Resting(submit)
        if submit.kind is OrderKind.MARKET:
            self._fill(resting, Decimal(1) if self.peace else (HALF, Decimal(1))[self.choose(2)])
        elif submit.kind is OrderKind.LIMIT and self.peace:
            self._fill(resting, Decimal(1))

    def _ask(self, name: ClientOrderId) -> None:
        self.outbox.append(
            ResolveOrder(account=ACCOUNT, symbol=SYMBOL, client_order_id=name, sent_ns=self.story.now_ns)
        )

    def _cancel(self, cancel: CancelOrder) -> None:
        name = cancel.client_order_id
        resting = self.orders.get(name)
        unsent = [q for q in self.outbox if isinstance(q, SubmitOrder) and q.client_order_id == name]
        if unsent:
            self.outbox.remove(unsent[0])
            self.lost.add(name)
            self._answer(r.OrderRejected(reason=RejectReason.NEVER_SENT, **_about(cancel)))
        elif resting is None or not resting.live or resting.status is OrderStatus.TRIGGERED:
            self._answer(r.CancelRejected(code="-2011", **_about(cancel)))
            self._ask(name)
        elif not self.peace and not self.choose(6):
            self._answer(r.OutcomeUnknown(cause=verbatim("timeout"), cancel=True, **_about(cancel)))
            self._ask(name)
        else:
            self._end(resting, OrderStatus.CANCELED)

    def _resolve(self, ask: ResolveOrder) -> None:
        name = ask.client_order_id
        resting = self.orders.get(name)
        waits = any(isinstance(q, SubmitOrder) and q.client_order_id == name for q in self.outbox)
        if ask.unanswered and not waits:
            self._answer(r.OutcomeUnknown(cause=verbatim("no answer in time"), **_about(ask)))
        if resting is not None:
            self._answer(self._report(resting, queried=True))
            if resting.filled:
                self._fetch(name)
        elif waits:
            self.outbox.append(ask)  # not sent yet: nothing can be said
        else:
            assert name in self.lost, "the world forgot an order"
            self._answer(r.OrderAbsent(evidence="two queries after the window", **_about(ask)))

    def _fetch(self, name: ClientOrderId) -> None:
        resting = self.orders.get(name)
        trades = resting.trades if resting else []
        self.inbox += trades
        total = sum((trade.quantity for trade in trades), Decimal(0))
        self._answer(
            r.FillsFetched(
                account=ACCOUNT, symbol=SYMBOL, client_order_id=name, filled_quantity=total, ts_init=self.story.now_ns
            )
        )

    def _set_leverage(self, ask: SetLeverage) -> None:
        fate = 0 if self.peace else self.choose(4)
        if fate in (1, 2):
            self._answer(self.story.leverage_refused(unknown=fate == 1))
        else:
            self._answer(self.story.leverage_set(ask.leverage))

    def _report(self, resting: Resting, *, queried: bool = False) -> r.OrderReport:
        submit = resting.submit
        return r.OrderReport(
            venue_order_id=_venue_id(submit),
            status=resting.status,
            side=submit.side,
            quantity=submit.quantity,
            filled_quantity=resting.filled,
            queried=queried,
            **_about(submit),
        )

    # Peace -----------------------------------------------------------------------------------------

    def make_peace(self) -> None:
        """Faults stop; whatever is under way comes to its end, and a last sweep finds what was lost."""
        self.peace = True
        for _ in range(3):
            self._drain()
            self.story.now_ns += 60 * SECOND
            self.bare_since_ns = None
            self.sweep()
        self.inbox += [trade for resting in self.orders.values() for trade in resting.trades]  # as a deep check reads
        self._drain()

    def _drain(self) -> None:
        for _ in range(PEACE_ROUNDS_MOST):
            for resting in list(self.orders.values()):
                at_market = resting.submit.kind is OrderKind.MARKET or resting.status is OrderStatus.TRIGGERED
                if resting.live and at_market:
                    self._fill(resting, Decimal(1))
            if due := self.due:
                self.fire(due[0])
            elif self.inbox:
                self.deliver()
            elif self.outbox:
                self.handle()
            elif self.wakes:
                self.pass_time()
            else:
                return
        raise AssertionError(f"never comes to rest: {self.log[-12:]}, {list(self.wakes)}")

    def check_at_rest(self) -> None:
        """I4, I5, I7, I9 and no doubt left, when everything has come to rest."""
        p = self.story.position
        trades = [trade for resting in self.orders.values() for trade in resting.trades]
        signs = [t.quantity if t.side is p.key.side.increasing else -t.quantity for t in trades]
        adjusted = [ev.quantity_delta for ev in self.story.events if isinstance(ev, QuantityAdjusted)]
        adjusted += [ev.quantity for ev in self.story.events if isinstance(ev, PositionAdopted)]
        assert p.quantity == sum(signs, Decimal(0)) + sum(adjusted, Decimal(0)), "I4"
        owned = [trade_id for order in p.orders for trade_id in order.trades]
        assert sorted(owned) == sorted(t.trade_id for t in trades), "I4: each trade is owned once"
        assert p.quantity == self.exposure, "I5"
        assert not p.in_doubt, "doubt comes to its end"
        live = [resting.submit for resting in self.orders.values() if resting.live]
        if p.quantity == 0:
            assert not [s for s in live if not isinstance(s, SubmitOpening)], "I9: flat, and an order of ours lives"
            assert not live or p.goal_quantity is None, "closed, and the entry lives"
        if any(isinstance(ev, CloseRequested) and ev.goal_quantity == 0 for ev in self.story.events):
            assert p.quantity == 0, "what was to be closed stays closed, whatever is filled late"
        if p.goal_quantity is not None:
            assert p.quantity <= p.goal_quantity, f"a close comes to its end: {self.log[-8:]}"
        if p.quantity > 0 and p.stop_loss is not None:
            stops = [s for s in live if s.kind is OrderKind.STOP_MARKET]
            assert {s.trigger_price for s in stops} == {p.stop_loss}, "I7"
            assert sum((s.quantity for s in stops), Decimal(0)) == p.quantity, "I7"
            fewest = (p.quantity / MARKET_MOST).to_integral_value(ROUND_CEILING)
            assert len(stops) <= fewest + 1, "few orders are as good as many"


def _venue_id(submit: SubmitOrder) -> VenueOrderId:
    return VenueOrderId(f"v-{submit.client_order_id}")


def _about(message: OrderRequest | r.AboutOrder) -> dict[str, Any]:
    return {"account": ACCOUNT, "symbol": SYMBOL, "client_order_id": message.client_order_id}


def begin(choose: Callable[[int], int], sort: type[World]) -> World:
    """A world with an opening of some kind just told."""
    policy = replace(POLICY, protection_deadline_ms=(5_000, 30_000)[choose(2)])
    story = Story(key=(LONG, SHORT)[choose(2)], policy=policy)
    world = sort(choose, story, neighbor=dec((0, 0, 50)[choose(3)]))
    kinds: list[dict[str, Any]] = [
        {"stop_loss": dec(90)},
        {"stop_loss": dec(90), "take_profit": dec(120)},
        {},
        {"limit_price": dec(99), "stop_loss": dec(90)},
        {"quantity": dec(250), "stop_loss": dec(90)},  # beyond the market maximum
        {"leverage": 5, "stop_loss": dec(90), "expires_at_ns": BEGIN_NS + 20 * SECOND},
        {"quantity": dec(250), "expires_at_ns": BEGIN_NS + SECOND},
    ]
    kind = choose(len(kinds) + 1)
    command: Command = story.adoption("5") if kind == len(kinds) else story.opening(**kinds[kind])
    if isinstance(command, c.AdoptPosition):
        world.exposure = command.quantity
    world.commands.append(command)
    world.tell(command)
    if world.neighbor:
        world.tell(r.LegChanged(position_id=story.position.position_id, shared=True))
    return world


def live_through(choose: Callable[[int], int], happenings: int, sort: type[World] = World) -> World:
    """A whole life: an opening, so many happenings, then peace; checked at every step and at rest."""
    world = begin(choose, sort)
    for _ in range(happenings):
        world.happen()
    world.make_peace()
    world.check_at_rest()
    return world
