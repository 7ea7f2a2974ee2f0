"""All resolutions of an account: their start, the time from which absence is provable, and the routing of answers."""

from collections.abc import Callable
from dataclasses import replace

from actors.gateway import outcome_resolution as one
from actors.gateway.actions import Action, Say, Send
from actors.gateway.context import ANSWER_LIMIT_NS, GatewayContext
from actors.gateway.memory import Phase
from actors.gateway.outcome_resolution import Goal, Resolution
from messages.reports import AboutOrder, OrderAbsent
from messages.requests import FetchFills, OrderRequest, QueryOrder, ResolveOrder
from messages.types import ClientOrderId, VenueOrderId


class Resolutions:
    """One resolution per client order id; further questions about the order join it."""

    def __init__(self, context: GatewayContext, on_absent: Callable[[OrderAbsent], None]) -> None:
        self._context = context
        self._on_absent = on_absent
        self._open: dict[ClientOrderId, Resolution] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, name: ClientOrderId) -> bool:
        return name in self._open

    def order(self, name: ClientOrderId) -> ResolveOrder | None:
        """Return the order under resolution; None: there is none."""
        resolution = self._open.get(name)
        return resolution.order if resolution is not None else None

    def ask(
        self, order: OrderRequest, goal: Goal, *, sent_ns: int = 0, venue_order_id: VenueOrderId | None = None
    ) -> None:
        """Start or extend a resolution. `sent_ns` (wall): when the order was sent, as far as the caller knows; 0:
        unknown.
        """
        now_ns, wall_ns = self._context.now_ns, self._context.clock.time_ns()
        sent = self._context.memory.orders.get(order.client_order_id)
        not_in_flight = sent is not None and sent.not_in_flight
        window_ns = 0 if not_in_flight else self._context.window_ns
        proof_from_ns = self._last_possible_send(order.client_order_id, sent_ns) + window_ns
        before = self._open.get(order.client_order_id)
        if before is not None and not (sent is not None and sent.attempts):
            # Sent before this process began: the later question may know the send time less exactly.
            proof_from_ns = min(proof_from_ns, before.proof_from_ns)
        if before is not None:
            result = one.ask_more(before, goal, now_ns=now_ns, proof_from_ns=proof_from_ns)
        else:
            result = one.begin(
                ResolveOrder(
                    account=order.account,
                    symbol=order.symbol,
                    client_order_id=order.client_order_id,
                    conditional=order.conditional,
                    correlation_id=order.correlation_id,
                    causation_id=order.causation_id,
                    sent_ns=sent_ns or (sent.passed_wall_ns if sent and sent.passed_wall_ns else wall_ns),
                ),
                goal,
                now_ns=now_ns,
                proof_from_ns=proof_from_ns,
                wall_ns=wall_ns - now_ns,
                seen=sent is not None and sent.exists,
                venue_order_id=venue_order_id,
            )
        self._apply(order.client_order_id, result)

    def _last_possible_send(self, name: ClientOrderId, sent_ns: int) -> int:
        """Return the monotonic time after which the order's request cannot have been sent.

        For an order of this process: when the port finished with it, or its answer limit. For any other order: at the
        latest the start of this process, whatever the wall clocks showed.
        """
        now_ns = self._context.now_ns
        sent = self._context.memory.orders.get(name)
        if sent is not None and sent.attempts:
            if sent.answered_ns is not None:
                return sent.answered_ns
            return sent.passed_ns + (0 if sent.phase is Phase.SETTLED else ANSWER_LIMIT_NS)
        age_ns = self._context.clock.time_ns() - sent_ns if sent_ns else 0
        return max(self._context.memory.started_ns, now_ns - max(0, age_ns))

    def on_due(self, name: ClientOrderId) -> None:
        """Send the next query of this resolution."""
        if name in self._open:
            reachable = self._context.open_for_business
            self._apply(name, one.on_due(self._open[name], now_ns=self._context.now_ns, reachable=reachable))

    def wake_all(self) -> None:
        """Query all orders at once, as far as the lanes allow: the venue is back."""
        for name in list(self._open):
            self.on_due(name)

    def on_message(self, message: AboutOrder) -> bool:
        """Apply a report; returns whether it ended a resolution."""
        before = self._open.get(message.client_order_id)
        if before is None:
            return False
        self._apply(message.client_order_id, one.on_message(before, message, now_ns=self._context.now_ns))
        return message.client_order_id not in self._open

    def close(self, name: ClientOrderId) -> None:
        """End the resolution: the outcome is known otherwise."""
        if self._open.pop(name, None) is not None:
            self._tidy(name)

    def _apply(self, name: ClientOrderId, result: one.Result) -> None:
        after, actions = result
        if after is None:
            self._open.pop(name, None)
            self._tidy(name)
        else:
            self._open[name] = after
        for action in actions:
            self._perform(name, action)

    def _perform(self, name: ClientOrderId, action: Action) -> None:
        match action:
            case Send(message=QueryOrder() as query):
                self._request(name, f"query/{name}", query)
            case Send(message=FetchFills() as fetch):
                self._request(name, f"fills/{name}", fetch)
            case Say(message=OrderAbsent() as proof):
                self._on_absent(proof)
                self._context.actions.append(action)
            case _:
                self._context.actions.append(action)

    def _request(self, name: ClientOrderId, key: str, message: QueryOrder | FetchFills) -> None:
        """A query still pending from an earlier resolution began too early for this one: repeat it afterwards."""
        if self._context.pending(key):
            self._open[name] = replace(self._open[name], again=True)
        else:
            self._context.request(key, message)

    def _tidy(self, name: ClientOrderId) -> None:
        self._context.fulfill(f"resolve/{name}")
        self._context.fulfill(f"fills/{name}")
        self._context.withdraw(f"query/{name}", f"fills/{name}")
