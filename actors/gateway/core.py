"""The gateway's decisions: a message in, actions out. No I/O, no threads; time from the injected clock."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from actors.gateway import budget, request_queue, resync, venue_health
from actors.gateway.actions import MS, SECOND, Action, Never
from actors.gateway.circuit_breaker import Channel
from actors.gateway.circuits import Circuits
from actors.gateway.context import GatewayContext
from actors.gateway.memory import GatewayMemory
from actors.gateway.orders import Orders
from actors.gateway.request_queue import QueuedRequest
from actors.moment import clock_time
from actors.ports import Clock
from messages import reports as r
from messages import requests as q
from messages import wording
from messages.addresses import NOTIFIER
from messages.base import Message
from messages.ids import parse_client_order_id
from messages.reconciliation import FetchTrades, TradesReport
from messages.statement import Statement
from messages.types import AccountId, ClientOrderId, RateKind, RateUse, RejectReason

TICK_NS = SECOND
STATUS_EVERY_NS = SECOND
BUDGET_EVERY_NS = 5 * SECOND
SWEEP_NS = 60 * SECOND
ORDERS_LEAST_NS = 20 * SECOND
"""Least pause between two lists of all orders, which cost eight times the weight of positions."""
MUTE_SWEEPS = 12
"""Divisor of the sweep interval while a stream is open and mute: reads alone show what happens (fault 35)."""
MUTE_LEAST_NS = 5 * SECOND
SILENCE_FROM_MS = 1_000

_NEVER_ASKED = frozenset({RejectReason.EXPIRED, RejectReason.NEVER_SENT})
"""Refusals that did not come from the venue."""

Read = q.FetchPositions | q.FetchOpenOrders | q.FetchBalance | FetchTrades


class Gateway:
    """One instance of an account's gateway. Call `start` first, `step` for each message, `commit` after either."""

    def __init__(self, account: AccountId, clock: Clock, memory: GatewayMemory, *, sweep_ns: int = SWEEP_NS) -> None:
        self._account = account
        self._memory = memory
        self._context = GatewayContext(account, clock, memory)
        self._orders = Orders(self._context)
        self._circuits = Circuits(self._context)
        self._resync = resync.Resync(account=account, number=memory.resyncs)
        known = memory.venue is not None or memory.waits_since_ns > 0
        self._outage = None if known else venue_health.connecting(account, self._context.now_ns)
        self._sweep_ns = sweep_ns
        self._orders_ns = 0
        self._ticking = False
        self._time_taken = False
        self._health: tuple[Any, ...] = ()
        self._load: tuple[int, ...] = ()
        self._used: tuple[r.LimitUse, ...] = ()
        self._status_ns = 0
        self._status_due = self._status_settled = False
        self._routes = self._route_table()

    def start(self) -> tuple[tuple[Action, ...], tuple[Message, ...]]:
        """Return the first actions, and the unfinished requests of an earlier instance, which the actor sends to
        itself.
        """
        promises = tuple(self._memory.promises.values())
        for key in self._memory.promises:
            self._context.fulfill(key)  # each is promised again when it is accepted again
        self._look_after_outage()
        self._context.later("sweep", self._sweep_ns)
        if self._context.open_for_business:
            self._read_all(resync.want(self._resync))
        return self._finish(), promises

    def step(self, message: Message) -> tuple[Action, ...]:
        """Return the actions of one message.

        Raises TypeError for a message that no gateway handles.
        """
        self._handle(message)
        return self._finish()

    def commit(self) -> None:
        """Complete the last step: its actions were performed."""
        self._context.commit()

    def _handle(self, message: Message) -> None:
        route = self._routes.get(type(message))
        if route is None:
            raise TypeError(f"{type(message).__name__} is not for a gateway")
        route(message)

    def _finish(self) -> tuple[Action, ...]:
        self._depart()
        if self._time_taken:
            self._time_taken = False
            self._orders.time_taken()
        if not self._ticking and (self._context.in_flight or self._context.requests.queued_total):
            self._ticking = True
            self._context.later("tick", TICK_NS)
        self._publish_status()
        return tuple(self._context.actions)

    # Leaving --------------------------------------------------------------------------------------

    def _depart(self) -> None:
        self._refuse_displaced()
        while leaving := self._context.departing():
            for queued in leaving:
                message = queued.message
                if isinstance(message, q.SubmitOrder) and not self._orders.depart(message):
                    self._context.completed(queued.key)
                else:
                    self._context.send(message)
        for queued, why, until_ns in self._context.withdraw_waiting():
            self._context.say(replace(self._unread(queued.message, why), until_ns=until_ns))

    def _refuse_displaced(self) -> None:
        while self._context.displaced:
            self._unanswered(self._context.displaced.pop(), wording.Gateway.QUEUE_FULL(), left=False)

    def _unanswered(self, queued: QueuedRequest, cause: Statement, *, left: bool) -> None:
        """Synthesize the answer of a request that was displaced, or that the port did not answer in time."""
        message = queued.message
        match message:
            case q.SubmitOrder() if not left:
                self._orders.displaced(message)
            case q.SubmitOrder() | q.CancelOrder():
                canceling = isinstance(message, q.CancelOrder)
                self._handle(r.OutcomeUnknown(**self._about(message), cause=cause, cancel=canceling, silent=left))
            case q.QueryOrder() | q.FetchFills():
                self._handle(r.QueryFailed(**self._about(message), cause=cause, silent=left))
            case q.SetLeverage():
                unknown = left or self._context.open_for_business
                self._handle(replace(self._refused(message, cause, unknown=unknown), silent=left))
            case q.FetchPositions() | q.FetchOpenOrders() | q.FetchBalance() | FetchTrades():
                self._handle(replace(self._unread(message, cause), silent=left))
            case _:
                raise TypeError(f"{type(message).__name__} was not to be sent")

    def _about(self, message: q.OrderRequest) -> dict[str, Any]:
        return {
            "account": message.account,
            "symbol": message.symbol,
            "client_order_id": message.client_order_id,
            "correlation_id": message.correlation_id,
            "causation_id": message.causation_id,
            "ts_init": self._context.clock.time_ns(),
        }

    def _tick(self) -> None:
        self._ticking = False
        for queued in self._context.withdraw_expired():
            match queued.message:
                case q.SubmitOrder() as order:
                    self._orders.expire(order)
                case q.SetLeverage() as setting:
                    self._handle(self._refused(setting, self._context.expiry, unknown=False))
        for queued in self._context.overdue():
            self._unanswered(queued, wording.Gateway.NO_ADAPTER_ANSWER(), left=True)

    # Orders ---------------------------------------------------------------------------------------

    def _outcome_unknown(self, message: r.OutcomeUnknown) -> None:
        self._context.last_error = message.cause
        self._context.say(message)
        self._on_no_response(Channel.ORDERS, message, message.cause, silent=message.silent)
        if message.cancel:
            self._orders.cancels.unclear(message)
        else:
            self._orders.unknown(message)

    def _not_executed(self, message: r.NotExecuted) -> None:
        self._context.last_error = message.cause
        if message.throttled:
            self._be_quiet(message.retry_after_ms, message.cause)
        self._on_no_response(Channel.ORDERS, message, message.cause, silent=message.silent)
        if message.cancel:
            self._orders.cancels.not_executed(message)
        else:
            self._orders.not_executed(message)

    def _cancel_rejected(self, message: r.CancelRejected) -> None:
        self._on_response(Channel.ORDERS)
        self._context.say(message)
        self._orders.cancels.unclear(message)

    def _order_report(self, message: r.OrderReport) -> None:
        if message.queried:
            self._on_response(Channel.READS)
        elif message.status.ended and f"cancel/{message.client_order_id}" in self._context.in_flight:
            self._on_response(Channel.ORDERS)
        self._context.say(message)
        self._orders.reported(message)

    def _fill(self, message: r.FillReport) -> None:
        self._context.say(message)
        self._orders.filled(message)

    def _accepted(self, message: r.OrderAccepted) -> None:
        self._on_response(Channel.ORDERS)
        self._context.say(message)
        self._orders.accepted(message)

    def _rejected(self, message: r.OrderRejected) -> None:
        if message.reason not in _NEVER_ASKED:
            self._on_response(Channel.ORDERS)
        self._context.say(message)
        self._orders.rejected(message)

    def _fills_fetched(self, message: r.FillsFetched) -> None:
        self._context.completed(f"fills/{message.client_order_id}")
        self._on_response(Channel.READS)
        self._context.say(message)
        self._learn(message)

    def _unfound(self, message: r.OrderNotFound | r.QueryFailed) -> None:
        """Passed to the resolution only: it proves nothing to a position. At most one of the two is in flight."""
        name = message.client_order_id
        _ = self._context.completed(f"query/{name}") or self._context.completed(f"fills/{name}")
        if isinstance(message, r.QueryFailed):
            self._read_failed(message)
        else:
            self._on_response(Channel.READS)
        self._learn(message)

    def _learn(self, message: r.AboutOrder) -> None:
        if self._orders.resolutions.on_message(message):
            self._orders.cancels.on_resolution_end(message.client_order_id)

    # Settings and reads ---------------------------------------------------------------------------

    def _set_leverage(self, message: q.SetLeverage) -> None:
        refusal = self._context.opening_refusal
        if refusal:
            self._context.say(self._refused(message, refusal, unknown=self._context.open_for_business))
            return
        key = f"leverage/{message.position_id}/{message.leverage}"
        self._context.promise(key, message)
        self._context.request(key, message)

    def _set(self, message: r.SettingApplied | r.SettingRefused) -> None:
        """Repeating a setting is safe; the position repeats one whose outcome is unknown.

        Its failure concerns one symbol: it opens no circuit, and counts only as the probe of an open one.
        """
        key = f"leverage/{message.position_id}/{message.leverage}"
        self._context.completed(key)
        self._context.fulfill(key)
        if isinstance(message, r.SettingApplied):
            self._on_response(Channel.ORDERS)
        else:
            silent = message.silent and self._circuits.tripped(Channel.ORDERS)
            self._on_no_response(Channel.ORDERS, message, message.text, silent=silent)
        self._context.say(message)

    def _refused(self, message: q.SetLeverage, text: Statement, *, unknown: bool) -> r.SettingRefused:
        return r.SettingRefused(
            account=message.account,
            symbol=message.symbol,
            position_id=message.position_id,
            leverage=message.leverage,
            text=text,
            unknown=unknown,
            correlation_id=message.correlation_id,
            causation_id=message.causation_id,
            ts_init=self._context.clock.time_ns(),
        )

    def _read(self, message: Read) -> None:
        if not self._context.open_for_business:
            self._context.say(self._unread(message, self._context.unreachable))
        elif self._circuits.reads_held:
            self._context.say(self._unread(message, self._circuits.reads_held))
        else:
            self._context.request(f"read/{message.request_id}", message)

    def _unread(self, message: Any, cause: Statement) -> r.FetchFailed:
        return r.FetchFailed(
            account=message.account,
            request_id=message.request_id,
            cause=cause,
            correlation_id=message.correlation_id,
            causation_id=message.causation_id,
            ts_init=self._context.clock.time_ns(),
        )

    def _on_read(self, message: r.PositionsReport | r.BalanceReport | TradesReport) -> None:
        self._context.completed(f"read/{message.request_id}")
        self._on_response(Channel.READS)
        self._context.say(message)
        self._read_all(resync.on_read(self._resync, message.request_id))

    def _open_orders(self, message: r.OpenOrdersReport) -> None:
        """The answer to a resync goes to positions order by order; another actor's answer goes on whole."""
        self._context.completed(f"read/{message.request_id}")
        self._on_response(Channel.READS)
        if not resync.is_ours(self._account, message.request_id):
            self._context.say(message)
            return
        for order in message.orders:
            if parse_client_order_id(order.client_order_id) is not None:
                self._order_report(replace(order, queried=False, begun_ns=message.begun_ns))
        names = frozenset(order.client_order_id for order in message.orders)
        self._context.say(
            r.Sweep(
                account=message.account,
                begun_ns=message.begun_ns,
                open_orders=names,
                correlation_id=message.correlation_id,
                ts_init=message.ts_init,
            )
        )
        self._read_all(resync.on_read(self._resync, message.request_id))

    def _fetch_failed(self, message: r.FetchFailed) -> None:
        self._context.completed(f"read/{message.request_id}")
        self._read_failed(message)
        if not resync.is_ours(self._account, message.request_id):
            self._context.say(message)
            return
        if message.request_id in self._resync.missing and message.request_id.endswith("/orders"):
            self._context.say(message)  # the reconciler must know that stops are unobserved (I7)
        self._resync, delay_ns = resync.on_read_failed(self._resync, message.request_id)
        if delay_ns:
            self._context.later("resync", max(delay_ns, message.retry_after_ms * MS))

    def _read_all(self, round_: tuple[resync.Resync, resync.Reads]) -> None:
        self._resync, reads = round_
        self._memory.resyncs = self._resync.number
        for read in reads:
            self._context.request(f"read/{read.request_id}", read)
            if isinstance(read, q.FetchOpenOrders):
                self._orders_ns = self._context.now_ns

    # The venue's health ---------------------------------------------------------------------------

    def _venue_up(self, message: r.VenueUp) -> None:
        self._memory.venue, self._memory.waits_since_ns = message, 0
        known = budget.on_limits(self._context.requests.budget, message.limits, message.costs)
        self._memory.address.learn(budget.weight_of_a_minute(message.limits))
        self._report_address_usage(message.uses)
        self._context.ration(budget.on_reported_usage(known, message.uses, self._context.now_ns))
        self._context.requests = request_queue.reachable(self._context.requests, now=True)
        self._context.reducing_first()
        for channel in Channel:
            self._on_response(channel)
        self._context.say(message)
        self._outage_over()
        self._orders.resolutions.wake_all()
        self._read_all(resync.start_over(self._resync))

    def _outage_over(self) -> None:
        """End the outage: the venue responds, even if it cannot be traded on."""
        if self._outage is not None:
            notice = venue_health.recovered(self._outage, self._context.now_ns)
            self._outage = None
            self._context.actions.append(Never("outage"))
            self._notify(notice)

    def _report_address_usage(self, uses: Iterable[RateUse]) -> None:
        for use in uses:
            if (use.kind, use.interval_ms) == (RateKind.WEIGHT, budget.MINUTE_MS):
                self._memory.address.on_reported_usage(use.used)

    def _budget_used(self, message: r.BudgetUsed) -> None:
        self._report_address_usage(message.uses)
        self._context.ration(
            budget.on_reported_usage(self._context.requests.budget, message.uses, self._context.now_ns)
        )
        others = self._memory.address.crowded(self._context.requests.budget.policy)
        if others is not None:
            now_ns = self._context.now_ns
            moment = clock_time(self._context.clock.time_ns() + others.until_ns - now_ns)
            self._notify(venue_health.crowded(self._account, others, moment, now_ns))
        if message.quiet_ms:
            self._be_quiet(message.quiet_ms, message.cause)

    def _venue_down(self, message: r.VenueDown) -> None:
        """Refuse openings at once; reductions wait, and beliefs stay (fault 22)."""
        self._memory.venue, self._memory.waits_since_ns = None, 0
        self._context.last_error = message.cause
        self._context.requests = request_queue.reachable(self._context.requests, now=False)
        self._context.say(message)
        if message.fault is None:
            self._outage, notice = venue_health.down(self._outage, self._account, message.cause, self._context.now_ns)
            self._notify(notice)
            self._look_after_outage()
        else:
            self._outage_over()
        self._orders.refuse_openings()
        for queued in self._context.withdraw_questions():
            self._unanswered(queued, self._context.unreachable, left=False)

    def _turn_awaited(self, message: r.TurnAwaited) -> None:
        """Waiting for the address's budget is no outage: the venue responds. Connecting after it may be one."""
        self._memory.waits_since_ns = message.since_ns
        self._context.say(message)
        if message.since_ns:
            self._outage_over()
        elif self._memory.venue is None and self._outage is None:
            self._outage = venue_health.connecting(self._account, self._context.now_ns)
            self._look_after_outage()

    def _look_after_outage(self) -> None:
        if self._outage is None:
            return
        self._outage, notice = venue_health.waited(self._outage, self._context.now_ns)
        self._notify(notice)
        pause_ns = venue_health.next_look_ns(self._outage, self._context.now_ns)
        if pause_ns:
            self._context.later("outage", pause_ns)

    def _stream_up(self, message: r.StreamUp) -> None:
        self._context.say(message)
        if self._context.open_for_business:
            self._read_all(resync.want(self._resync))

    def _stream_mute(self, message: r.StreamMute) -> None:
        """The stream is open and delivers nothing (fault 35): sweep more often."""
        self._context.say(message)
        self._memory.mute.add(message.kind)
        self._sweep()

    def _stream_heard(self, message: r.StreamHeard) -> None:
        self._context.say(message)
        self._memory.mute.discard(message.kind)

    def _sweep(self) -> None:
        """Read regularly: a stream without events may be broken (fault 6)."""
        pause_ns, orders_ns = self._sweep_ns, ORDERS_LEAST_NS
        if self._memory.mute:
            pause_ns = min(pause_ns, max(MUTE_LEAST_NS, pause_ns // MUTE_SWEEPS))
            orders_ns = 2 * MUTE_LEAST_NS
        self._context.later("sweep", pause_ns)
        if self._context.open_for_business:
            orders = self._context.now_ns - self._orders_ns >= orders_ns
            self._read_all(resync.look(self._resync, orders=orders))

    def _read_failed(self, message: r.QueryFailed | r.FetchFailed) -> None:
        """Obey a pause of whole seconds: that is the venue's Retry-After. Shorter ones are the adapter's own."""
        self._context.last_error = message.cause
        if message.retry_after_ms >= SILENCE_FROM_MS:
            self._be_quiet(message.retry_after_ms, message.cause)
        self._on_no_response(Channel.READS, message, message.cause, silent=message.silent)

    def _on_no_response(self, channel: Channel, message: Message, cause: Statement, *, silent: bool) -> None:
        """Count a missing response; if that opens a circuit, refuse what is held instead of letting it wait."""
        symbol = getattr(message, "symbol", "")
        cause_of_symbol = wording.Gateway.OF_SYMBOL(symbol=symbol, cause=cause) if symbol else cause
        if not silent or not self._circuits.on_no_response(channel, cause_of_symbol):
            return
        self._orders.refuse_openings()
        for queued in self._context.withdraw_held():
            self._unanswered(queued, self._context.opening_refusal, left=False)

    def _on_response(self, channel: Channel) -> None:
        """Close the circuit. The timestamp check follows in `_finish`, when this step has settled its order."""
        self._circuits.on_response(channel)
        self._time_taken = True

    def _on_breaker_due(self, channel: Channel) -> None:
        """Half open: a sweep probes the reads; the next opening probes the orders."""
        if self._circuits.on_pause_end(channel) and channel is Channel.READS and self._context.open_for_business:
            pending = resync.pending(self._resync)
            self._read_all((self._resync, pending) if pending else resync.want(self._resync))

    def _be_quiet(self, silence_ms: int, cause: Statement) -> None:
        context = self._context
        until_ns = context.now_ns + silence_ms * MS
        if until_ns <= context.requests.quiet_until_ns:
            return
        # Answers to requests in flight extend the silence: notify again only if it grows by SILENCE_NOTICE_NS.
        if until_ns - context.requests.quiet_until_ns >= venue_health.SILENCE_NOTICE_NS:
            self._notify(venue_health.silenced(self._account, silence_ms * MS, cause, context.now_ns))
        context.be_quiet(until_ns)

    def _notify(self, notice: q.Notify | None) -> None:
        if notice is not None:
            self._context.say(notice, NOTIFIER)

    # Timers and status ----------------------------------------------------------------------------

    def _woken(self, message: r.Woken) -> None:
        kind, _, name = message.topic.partition("/")
        match kind:
            case "doubt":
                self._orders.resolutions.on_due(ClientOrderId(name))
            case "retry":
                self._orders.retry_due(ClientOrderId(name))
            case "cancel":
                self._orders.cancels.on_due(ClientOrderId(name))
            case "resync":
                self._read_all((self._resync, resync.pending(self._resync)))
            case "sweep":
                self._sweep()
            case "tick":
                self._tick()
            case "breaker":
                self._on_breaker_due(Channel(name))
            case "outage":
                self._look_after_outage()
            case "status":
                self._status_due, self._status_settled = False, True
            # "quiet": every step sends what may be sent.

    def _publish_status(self) -> None:
        """Publish the status at most every second, and only what changed; runs after every step, so no change must be
        cheap.

        Health goes out at once. Load goes out a second later if it lasts: most requests are answered by then. The end
        of a silence is no change: it moves with the readings of two clocks. Use goes out every BUDGET_EVERY_NS.
        """
        if self._status_due:
            return
        settled, self._status_settled = self._status_settled, False
        context = self._context
        now_ns, quiet_ns = context.now_ns, context.requests.quiet_until_ns
        health = (context.open_for_business, quiet_ns > now_ns, context.last_error, self._circuits.views)
        load = (
            context.requests.outstanding_total,
            context.requests.queued_total,
            len(self._orders.resolutions),
            context.retries,
        )
        well, since_ns = health == self._health, now_ns - self._status_ns
        same = well and load == self._load
        if same and since_ns < BUDGET_EVERY_NS:
            return
        used = budget.limit_uses(context.requests.budget, now_ns)
        if same and used == self._used:
            return
        if not settled and self._health and (well or since_ns < STATUS_EVERY_NS):
            self._status_due = True
            context.later("status", STATUS_EVERY_NS if well else STATUS_EVERY_NS - since_ns)
            return
        self._health, self._load, self._used, self._status_ns = health, load, used, now_ns
        (reachable, quiet, last_error, breaker), (outstanding, queued, in_doubt, retries) = health, load
        context.say(
            r.GatewayStatus(
                account=self._account,
                reachable=reachable,
                outstanding=outstanding,
                queued=queued,
                in_doubt=in_doubt,
                retries=retries,
                throttled_until_ns=context.clock.time_ns() + quiet_ns - now_ns if quiet else 0,
                last_error=last_error,
                breaker=breaker,
                budget=used,
            )
        )

    def _route_table(self) -> Mapping[type, Callable[[Any], None]]:
        orders = self._orders
        submits = (q.SubmitOpening, q.SubmitReducing, q.SubmitEmergency, q.SubmitProtection)
        reads = (q.FetchPositions, q.FetchOpenOrders, q.FetchBalance, FetchTrades)
        passed_on = (
            r.MarkReport, r.LeverageChanged, r.StrayEvent, r.StreamDown, r.AccountModes, r.FundingReport, r.MarginCall,
            r.RulesReport,
        )  # fmt: skip
        return {
            **dict.fromkeys(submits, orders.submit),
            **dict.fromkeys(reads, self._read),
            **dict.fromkeys(passed_on, self._context.say),
            q.CancelOrder: orders.cancel,
            q.ResolveOrder: orders.resolve,
            q.FetchFills: orders.fetch_fills,
            q.SetLeverage: self._set_leverage,
            r.OrderAccepted: self._accepted,
            r.OrderRejected: self._rejected,
            r.OutcomeUnknown: self._outcome_unknown,
            r.NotExecuted: self._not_executed,
            r.OrderReport: self._order_report,
            r.OrderNotFound: self._unfound,
            r.QueryFailed: self._unfound,
            r.CancelRejected: self._cancel_rejected,
            r.FillReport: self._fill,
            r.FillsFetched: self._fills_fetched,
            r.SettingApplied: self._set,
            r.SettingRefused: self._set,
            r.PositionsReport: self._on_read,
            r.BalanceReport: self._on_read,
            TradesReport: self._on_read,
            r.OpenOrdersReport: self._open_orders,
            r.FetchFailed: self._fetch_failed,
            r.VenueUp: self._venue_up,
            r.VenueDown: self._venue_down,
            r.TurnAwaited: self._turn_awaited,
            r.BudgetUsed: self._budget_used,
            r.StreamUp: self._stream_up,
            r.StreamMute: self._stream_mute,
            r.StreamHeard: self._stream_heard,
            r.Woken: self._woken,
        }
