"""Sending orders once.

A submit is sent once, and again only after the port reported that the venue did not execute it. This module stops
everything that could double an order: a redelivered message, a cancel that overtook its submit, an opening that is
delivered after its position's emergency close.

A cancel of an unknown id either overtook its submit, which is still in the mailbox, or belongs to an order sent before
this process started. Both are covered: a submit that follows is refused (NEVER_SENT), and the cancel is sent to the
venue, where it is harmless if there is no order.
"""

from actors.gateway import retry, timestamp_rejections
from actors.gateway.context import GatewayContext
from actors.gateway.memory import Phase, Sent
from actors.gateway.outcome_resolution import Goal
from actors.gateway.pending_cancels import PendingCancels
from actors.gateway.resolutions import Resolutions
from messages.addresses import NOTIFIER
from messages.reports import (
    FillReport,
    NotExecuted,
    OrderAbsent,
    OrderAccepted,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
)
from messages.requests import (
    CancelOrder,
    FetchFills,
    OrderRequest,
    ResolveOrder,
    SubmitEmergency,
    SubmitOpening,
    SubmitOrder,
)
from messages.statement import Statement
from messages.types import ClientOrderId, RejectReason
from messages.wording import Gateway
from messages.wording.common import Common


class Orders:
    """The submits and cancels of an account, from arrival until their outcome is known."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._sent = context.memory.orders
        self._waiting: dict[ClientOrderId, SubmitOrder] = {}
        self.resolutions = Resolutions(context, self._absent)
        self.cancels = PendingCancels(context, self.resolutions)

    # Requests of positions.

    def submit(self, order: SubmitOrder) -> None:
        """Queue an order, or refuse it; resolve it if it was submitted before."""
        name = order.client_order_id
        if name in self._waiting:
            return
        sent = self._sent.get(name)
        if sent is not None and sent.phase is not Phase.OWED:
            self._submitted_before(order, sent)
        elif self._sent.was_canceled_early(name):
            self._refuse(order, RejectReason.NEVER_SENT, Gateway.CANCELED_UNSENT())
        elif name in self.resolutions:
            # A resolution may report it absent at any moment, so it must not be sent.
            self._refuse(order, RejectReason.NEVER_SENT, Gateway.QUERIED_UNSENT())
        elif isinstance(order, SubmitOpening) and self._sent.emergency_overtook(name):
            self._refuse(order, RejectReason.NEVER_SENT, Gateway.EMERGENCY_CLOSE())
        elif isinstance(order, SubmitOpening) and self._context.opening_refusal:
            self._refuse(order, RejectReason.NOT_EXECUTED, self._context.opening_refusal)
        else:
            self._accept(order)

    def _submitted_before(self, order: SubmitOrder, sent: Sent) -> None:
        """Resolve a redelivered submit, never resend it; a known refusal is repeated at once."""
        if sent.refusal is not None:
            self._context.say(sent.refusal)
        else:
            self._context.promise(f"resolve/{order.client_order_id}", order)
            self.resolutions.ask(order, Goal.CONDITION, sent_ns=sent.passed_wall_ns)

    def _accept(self, order: SubmitOrder) -> None:
        name = order.client_order_id
        self._sent.owe(name)
        self._context.promise(f"submit/{name}", order)
        self._waiting[name] = order
        if isinstance(order, SubmitEmergency):
            self._sent.note_emergency(name)
            self._drop_openings(order)
        self._context.request(f"submit/{name}", order)

    def _drop_openings(self, emergency: SubmitEmergency) -> None:
        for order in list(self._waiting.values()):
            if isinstance(order, SubmitOpening) and order.symbol == emergency.symbol:
                self._refuse(order, RejectReason.NEVER_SENT, Gateway.EMERGENCY_CLOSE_OF(position=emergency.symbol))

    def cancel(self, message: CancelOrder) -> None:
        """Cancel an order; one that was not sent is refused with NEVER_SENT."""
        name = message.client_order_id
        sent = self._sent.get(name)
        if sent is not None and sent.phase is Phase.OWED:
            self._refuse(self._waiting.get(name, message), RejectReason.NEVER_SENT, Gateway.CANCELED_UNSENT())
        elif sent is not None and sent.refusal is not None:
            self._context.say(sent.refusal)
        else:
            if sent is None:
                self._sent.cancel_early(name)
            # Once the venue has reported the order, a cancel finds it even while the submit is unanswered.
            exists = sent is not None and sent.exists
            self.cancels.add(message, hold=not exists and f"submit/{name}" in self._context.in_flight)

    def resolve(self, message: ResolveOrder) -> None:
        """Find out an order's outcome after a restart of its position."""
        name = message.client_order_id
        sent = self._sent.get(name)
        if name in self._waiting:
            return  # not sent yet: its outcome follows
        if sent is not None and sent.phase is Phase.OWED:
            # An earlier instance accepted it and did not send it; its submit may still be delivered, and is then
            # refused.
            self._refuse(message, RejectReason.NEVER_SENT, Gateway.LOST_UNSENT())
        elif sent is not None and sent.refusal is not None:
            self._context.say(sent.refusal)
        else:
            if message.unanswered:
                self._context.say(self._in_doubt(message))
            self._context.promise(f"resolve/{name}", message)
            self.resolutions.ask(message, Goal.CONDITION, sent_ns=message.sent_ns)

    def _in_doubt(self, message: ResolveOrder) -> OutcomeUnknown:
        return OutcomeUnknown(
            account=message.account,
            symbol=message.symbol,
            client_order_id=message.client_order_id,
            correlation_id=message.correlation_id,
            causation_id=message.causation_id,
            cause=Common.NO_ANSWER(),
            ts_init=self._context.clock.time_ns(),
        )

    def fetch_fills(self, message: FetchFills) -> None:
        """Read an order's trades."""
        self._context.promise(f"fills/{message.client_order_id}", message)
        self.resolutions.ask(message, Goal.FILLS, sent_ns=message.since_ns, venue_order_id=message.venue_order_id)

    # Sending.

    def depart(self, order: SubmitOrder) -> bool:
        """Mark the order SENT; False: it has expired and was refused."""
        name = order.client_order_id
        wall_ns = self._context.clock.time_ns()
        if order.expires_at_ns and wall_ns >= order.expires_at_ns:
            self.expire(order)
            return False
        self._waiting.pop(name, None)
        self._sent.mark_sent(name, now_ns=self._context.now_ns, wall_ns=wall_ns)
        return True

    def expire(self, order: SubmitOrder) -> None:
        """Refuse an order whose `expires_at_ns` passed before it was sent."""
        self._refuse(order, RejectReason.EXPIRED, self._context.expiry)

    def displaced(self, order: SubmitOrder) -> None:
        """Refuse an order that a full lane dropped."""
        self._refuse(order, RejectReason.NOT_EXECUTED, Gateway.VENUE_QUEUE_FULL())

    def refuse_openings(self) -> None:
        """Refuse all openings that are not sent."""
        for order in list(self._waiting.values()):
            if isinstance(order, SubmitOpening):
                self._refuse(order, RejectReason.NOT_EXECUTED, self._context.opening_refusal)

    def retry_due(self, name: ClientOrderId) -> None:
        """Queue an order again: its pause has ended."""
        order = self._waiting.get(name)
        if order is not None:
            self._context.request(f"submit/{name}", order)

    # Reports of the venue.

    def accepted(self, message: OrderAccepted) -> None:
        """Settle the order: it exists; send a cancel that was held for its answer."""
        self._take_in_flight(message.client_order_id)
        self._exists(message)
        self.cancels.let_go(message.client_order_id)

    def rejected(self, message: OrderRejected) -> None:
        """Settle the order: it is not at the venue, unless the venue reported it before."""
        name = message.client_order_id
        self._take_in_flight(name)
        sent = self._sent.get(name)
        if sent is not None and not sent.exists:
            self._sent.settle(name, message)
        self._context.fulfill(f"submit/{name}")
        self.resolutions.close(name)
        self.cancels.close(name)

    def unknown(self, message: OutcomeUnknown) -> None:
        """Begin the resolution of a submit, unless the stream reported the order already."""
        name = message.client_order_id
        order = self._take_in_flight(name)
        sent = self._sent.get(name)
        self._context.memory.rejections = timestamp_rejections.on_other_answer(self._context.memory.rejections, name)
        if sent is not None and sent.phase is Phase.SENT:
            self._sent.on_unknown(name, self._context.now_ns, not_in_flight=message.answered)
            self._prove(name, order, sent)
        self.cancels.let_go(name)

    def _prove(self, name: ClientOrderId, order: OrderRequest | None, sent: Sent) -> None:
        """Resolve a submit that the port has finished; after a restart of this actor only its resolution names the
        order.
        """
        asked = order or self.resolutions.order(name)
        if asked is not None:
            self.resolutions.ask(asked, Goal.EXISTENCE, sent_ns=sent.passed_wall_ns)

    def not_executed(self, message: NotExecuted) -> None:
        """Retry or refuse an order that was not executed; ignored where its outcome is known already."""
        name = message.client_order_id
        order = self._take_in_flight(name)
        sent = self._sent.get(name)
        if sent is None or sent.phase is not Phase.SENT:
            return
        if order is None:
            self._sent.on_unknown(name, self._context.now_ns, not_in_flight=True)
            self._prove(name, None, sent)
            return
        self.resolutions.close(name)
        self._sent.owe(name)
        self._note_time(order, message)
        verdict = retry.after_not_executed(
            order, message, attempts=sent.attempts, wall_ns=self._context.clock.time_ns()
        )
        opening = isinstance(order, SubmitOpening)
        if name in self.cancels:
            self._refuse(order, RejectReason.NEVER_SENT, Gateway.CANCELED_UNEXECUTED())
        elif opening and self._sent.emergency_overtook(name):
            self._refuse(order, RejectReason.NEVER_SENT, Gateway.EMERGENCY_CLOSE())
        elif opening and self._context.opening_refusal:
            why = Gateway.OPENING_REFUSED(why=self._context.opening_refusal, cause=message.cause)
            self._refuse(order, RejectReason.NOT_EXECUTED, why)
        elif isinstance(verdict, retry.GiveUp):
            self._refuse(order, verdict.reason, verdict.text)
        else:
            self._context.retries += 1
            self._waiting[name] = order
            if self._context.silenced:
                # Back to its lane, which lets the most urgent leave first when the silence ends.
                self._context.request(f"submit/{name}", order)
            else:
                self._context.later(f"retry/{name}", verdict.delay_ns)

    def _note_time(self, order: SubmitOrder, message: NotExecuted) -> None:
        memory = self._context.memory
        if not message.untimely or isinstance(order, SubmitOpening):
            memory.rejections = timestamp_rejections.on_other_answer(memory.rejections, order.client_order_id)
            return
        memory.rejections, notice = timestamp_rejections.on_rejection(
            memory.rejections, order, message.cause, self._context.now_ns
        )
        if notice is not None:
            self._context.say(notice, NOTIFIER)

    def time_taken(self) -> None:
        """Reset the timestamp rejections: the venue accepted a request that carried our time."""
        memory = self._context.memory
        if not memory.rejections.in_a_row and not memory.rejections.notified:
            return
        memory.rejections, notice = timestamp_rejections.on_time_accepted(
            memory.rejections, self._context.account, self._sent.unsettled, self._context.now_ns
        )
        if notice is not None:
            self._context.say(notice, NOTIFIER)

    def reported(self, report: OrderReport) -> None:
        """Apply an order report to the order, its resolution and its cancel."""
        if report.queried:
            self._context.completed(f"query/{report.client_order_id}")
        self._exists(report)
        self.cancels.reported(report)

    def filled(self, fill: FillReport) -> None:
        """Apply a fill: the order exists."""
        self._exists(fill)
        self.cancels.let_go(fill.client_order_id)

    def _take_in_flight(self, name: ClientOrderId) -> SubmitOrder | None:
        in_flight = self._context.completed(f"submit/{name}")
        order = in_flight.queued.message if in_flight else None
        return order if isinstance(order, SubmitOrder) else None

    def _exists(self, message: OrderAccepted | OrderReport | FillReport) -> None:
        """Settle the order: the venue reported it, which overrules any earlier belief."""
        name = message.client_order_id
        sent = self._sent.get(name)
        if sent is not None and not sent.exists:
            # If it waits for a retry, the report "not executed" was wrong.
            self._waiting.pop(name, None)
            self._context.withdraw(f"submit/{name}")
            self._sent.settle(name, exists=True)
            self._context.fulfill(f"submit/{name}")
        if self.resolutions.on_message(message):
            self.cancels.on_resolution_end(name)

    def _absent(self, proof: OrderAbsent) -> None:
        """Settle the order as absent; a submit under this id that follows is refused."""
        name = proof.client_order_id
        self._sent.settle(name)
        self._context.fulfill(f"submit/{name}")
        self.cancels.close(name)

    def _refuse(self, order: SubmitOrder | CancelOrder | ResolveOrder, reason: RejectReason, text: Statement) -> None:
        """Settle the order as refused: it was never sent, or not executed; redelivery changes nothing."""
        name = order.client_order_id
        refusal = OrderRejected(
            account=order.account,
            symbol=order.symbol,
            client_order_id=name,
            correlation_id=order.correlation_id,
            causation_id=order.causation_id,
            reason=reason,
            text=text,
            ts_init=self._context.clock.time_ns(),
        )
        self._waiting.pop(name, None)
        self._context.withdraw(f"submit/{name}")
        self._sent.settle(name, refusal)
        self._context.fulfill(f"submit/{name}")
        self.resolutions.close(name)
        self.cancels.close(name)
        self._context.say(refusal)
