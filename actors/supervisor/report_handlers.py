"""Reports of the gateways: to the position concerned, the reconciler, or the owner."""

from dataclasses import replace

from actors.supervisor.adoption import adoptions
from actors.supervisor.command_handlers import CommandHandlers
from actors.supervisor.context import Routes, SupervisorContext
from actors.supervisor.forced_trades import is_forced, name_of, share_out, why_of
from actors.supervisor.history import History
from actors.supervisor.modify_checks import liquidations_of, rules_notices, rules_now
from actors.supervisor.pre_trade_risk import beyond_liquidation
from actors.supervisor.registry import Account
from actors.supervisor.unsupervised import OutsideKey, in_full, left_outside, supervised
from messages import reports as r
from messages.addresses import NOTIFIER, position_address
from messages.commands import Reconcile
from messages.ids import parse_client_order_id, parse_position_id
from messages.reconciliation import TradesReport
from messages.requests import Notify
from messages.statement import NOTHING, Statement, word
from messages.types import AccountId, CommandId, Instrument, OrderStatus, RejectReason, Severity, Symbol
from messages.wording import Supervisor, Venue

MOMENTS_NS = 60_000_000_000
"""A longer silence is shown."""
UNREAD_NOTIFY_AT = 2
"""Lists in a row with an unreadable order before a notice; one may be a torn answer."""


class ReportHandlers:
    """Routes reports and keeps the accounts of the registry up to date."""

    def __init__(self, context: SupervisorContext, orders: CommandHandlers, history: History) -> None:
        self._context = context
        self._memory = context.memory
        self._orders = orders
        self._history = history

    def routes(self) -> Routes:
        """Return the handler of each report class."""
        about = (
            r.OrderAccepted, r.OrderRejected, r.OutcomeUnknown, r.OrderReport, r.OrderAbsent, r.CancelRejected,
            r.FillReport, r.FillsFetched,
        )  # fmt: skip
        return {
            **dict.fromkeys(about, self._about_order),
            r.SettingApplied: self._setting,
            r.SettingRefused: self._setting,
            r.Sweep: self._sweep,
            r.PositionsReport: self._positions,
            r.OpenOrdersReport: self._open_orders,
            TradesReport: self._context.to_reconciler,
            r.FetchFailed: self._context.to_reconciler,
            r.BalanceReport: self._context.runtime.publish,
            r.VenueUp: self._venue_up,
            r.RulesReport: self._rules,
            r.VenueDown: self._venue_down,
            r.TurnAwaited: self._turn_awaited,
            r.StreamUp: self._stream_up,
            r.StreamDown: self._stream_down,
            r.AccountModes: self._modes,
            r.StreamMute: self._stream_mute,
            r.StreamHeard: self._stream_heard,
            r.MarkReport: self._mark,
            r.LeverageChanged: self._leverage,
            r.MarginCall: self._margin_call,
            r.StrayEvent: self._note,
            r.GatewayStatus: self._gateway_status,
        }

    def _about_order(self, report: r.AboutOrder) -> None:
        name = parse_client_order_id(report.client_order_id)
        if isinstance(report, r.FillReport):
            report = replace(report, worth=self._context.cost(report))
        if _suggests_absence(report):
            self._context.to_reconciler(report)
        if name is None:
            self._foreign(report)
        elif not self._context.settings.names.own(report.client_order_id):
            self._unknown_order(report)
        elif (
            name.ordinal in self._memory.registry.views
            or name.ordinal in self._memory.registry.finished
            or name.ordinal < self._memory.registry.next_ordinal
        ):
            self._context.tell_position(name.ordinal, report)
        else:
            self._unknown_order(report)

    def _foreign(self, report: r.AboutOrder) -> None:
        """An order that is not in our format: a manual one, or the venue's."""
        if isinstance(report, r.FillReport):
            self._context.to_reconciler(report)
            self._context.log(
                "INFO",
                "fill of an order that is not ours",
                actor="supervisor",
                symbol=report.symbol,
                client_order_id=report.client_order_id,
                quantity=str(report.quantity),
                price=str(report.price),
            )
            if is_forced(report):
                self._forced(report)

    def _forced(self, fill: r.FillReport) -> None:
        """Split a forced trade between the positions of its leg at once; openings wait for none of it."""
        instrument = self._memory.accounts[fill.account].instruments.get(fill.symbol)
        step = instrument.quantity_step if instrument else fill.quantity
        now_ns = self._context.runtime.clock.time_ns()
        live = tuple(self._memory.registry.live(fill.account, fill.symbol))
        shared = share_out(fill, live, self._memory.taken, step, now_ns)
        if shared is None:
            return
        text = Supervisor.FORCED(symbol=fill.symbol, what=why_of(fill))
        if shared.left:
            text = Supervisor.FORCED_BEYOND(symbol=fill.symbol, what=why_of(fill), rest=shared.left)
        notice = Notify(
            severity=Severity.CRITICAL,
            text=text,
            account=fill.account,
            notice_id=name_of(fill.account, fill.symbol, fill.trade_id),
        )
        self._history.persist_shared(shared, notice)

    def _unknown_order(self, report: r.AboutOrder) -> None:
        """An order in our format from another data directory: leave it, and hold openings on its symbol."""
        account = self._memory.accounts[report.account]
        entry = (report.symbol, report.client_order_id)
        if isinstance(report, r.OrderReport) and report.status.ended:
            account.foreign_orders.discard(entry)
        elif entry not in account.foreign_orders:
            account.foreign_orders.add(entry)
            symbol = report.symbol
            text = Supervisor.FOREIGN_ORDER_NOTICE(symbol=symbol, order=report.client_order_id, symbols=symbol)
            self._context.notify(Severity.CRITICAL, text, report.account)

    def _setting(self, report: r.SettingApplied | r.SettingRefused) -> None:
        parsed = parse_position_id(report.position_id)
        if parsed is None:
            return
        if isinstance(report, r.SettingApplied):
            # Before the position receives the leverage report and sends its entry.
            self._orders.check_waiting_entry(parsed[1], report.correlation_id)
        self._context.tell_position(parsed[1], report)

    def _sweep(self, report: r.Sweep) -> None:
        for view in self._memory.registry.live(report.account):
            self._context.runtime.tell(position_address(view.ordinal), report)

    def _positions(self, report: r.PositionsReport) -> None:
        account = self._memory.accounts[report.account]
        ours = frozenset(view.symbol for view in self._memory.registry.live(report.account))
        if report.symbol is None:
            self._note_outside(account, left_outside(report, account, ours))
        report = supervised(report, account, ours)
        self._context.to_reconciler(report)
        if report.symbol is None and account.venue_up:
            if account.account in self._memory.adopting:
                self._memory.adopting.discard(account.account)
                for command in adoptions(report, account.instruments):
                    self._orders.begin(command, account)
            account.synced = True
        for row in report.positions:
            account.marks[row.symbol] = row.mark_price
        if report.symbol is None:
            account.liquidations = liquidations_of(report.positions)
            self._notify_useless_stops(account)

    def _open_orders(self, report: r.OpenOrdersReport) -> None:
        """Notify of an order that is unreadable in a second list, once until a list is read without it."""
        self._context.to_reconciler(report)
        unread = self._memory.accounts[report.account].unread
        unreadable = {row.symbol: row.why for row in report.unread}
        for symbol in unread.keys() - unreadable.keys():
            if report.symbol in (None, symbol):
                del unread[symbol]
        for symbol, why in unreadable.items():
            since_ns, lists = unread.get(symbol, (report.begun_ns, 0))
            unread[symbol] = since_ns, lists + 1
            if lists + 1 == UNREAD_NOTIFY_AT:
                self._notify_unread(report.account, symbol, why, since_ns)

    def _notify_unread(self, account: AccountId, symbol: Symbol, why: Statement, since_ns: int) -> None:
        text = Supervisor.ORDER_UNREAD(account=account, symbol=symbol or Venue.NO_SYMBOL(), why=why)
        notice_id = f"unread/{account}/{symbol}/{since_ns}"
        notice = Notify(severity=Severity.WARNING, text=text, account=account, notice_id=notice_id)
        self._context.runtime.tell(NOTIFIER, notice)

    def _note_outside(self, account: Account, found: dict[OutsideKey, r.Outside]) -> None:
        """Notify of each new unsupervised position once."""
        for key, row in found.items():
            if key not in account.outside:
                notice_id = f"outside/{row.account}/{row.symbol}/{row.side or ''}/{row.since_ns}"
                notice = Notify(severity=Severity.WARNING, text=in_full(row), account=row.account, notice_id=notice_id)
                self._context.runtime.tell(NOTIFIER, notice)
        account.outside = found

    def _notify_useless_stops(self, account: Account) -> None:
        """Notify of each stop that the liquidation price has passed, once."""
        for view in self._memory.registry.live(account.account):
            if not view.quantity:
                continue
            why = beyond_liquidation(view.stop_loss, view.symbol, view.side, account.liquidations)
            stop = (view.position_id, view.stop_loss)
            if why and stop not in self._memory.useless_stops:
                self._memory.useless_stops.add(stop)
                text = Supervisor.STOP_USELESS_NOTICE(name=view.position_id, **why.args)
                self._context.notify(Severity.CRITICAL, text, account.account)
            elif not why:
                self._memory.useless_stops.discard(stop)

    def _venue_up(self, report: r.VenueUp) -> None:
        self._context.runtime.publish(report)
        account = self._memory.accounts[report.account]
        account.venue_up, account.trouble, account.waits_since_ns = True, NOTHING, 0
        self._note_since("venue", report, so=False)
        account.mode, account.margin_mode = report.position_mode, report.margin_mode
        account.identity, account.place = report.venue_identity, report.place
        account.trailing = report.trailing
        account.others = {each.symbol: each.kind for each in report.others}
        self._take_rules(account, report.instruments)
        self._context.log(
            "INFO", "venue up", actor="supervisor", account=report.account, symbols=str(len(account.instruments))
        )

    def _note_since(self, what: str, report: r.VenueReport, *, so: bool) -> None:
        self._memory.since.note(what, report.account, self._context.runtime.clock.time_ns(), so=so)

    def _rules(self, report: r.RulesReport) -> None:
        self._context.runtime.publish(report)
        account = self._memory.accounts[report.account]
        account.others = {each.symbol: each.kind for each in report.others}
        listed = account.instruments.keys()
        self._take_rules(account, report.instruments)
        for symbol in sorted(account.instruments.keys() - listed):
            self._compare(symbol, report.ts_init)

    def _compare(self, symbol: Symbol, now_ns: int) -> None:
        """A symbol without rules was not compared, and a position may exist on it: compare now."""
        name = CommandId(f"listed.{symbol}@{now_ns}")
        self._context.to_reconciler(Reconcile(command_id=name, symbol=symbol))

    def _take_rules(self, account: Account, listed: tuple[Instrument, ...]) -> None:
        """Send each position its symbol's new rules; notify of changes on held symbols."""
        before, account.instruments = account.instruments, rules_now(account.instruments, listed)
        live = tuple(self._memory.registry.live(account.account))
        for view in live:
            instrument = account.instruments.get(view.symbol)
            if instrument is not None and instrument != before.get(view.symbol):
                changed = r.RulesChanged(position_id=view.position_id, instrument=instrument)
                self._context.runtime.tell(position_address(view.ordinal), changed)
        for text in rules_notices(before, account.instruments, live):
            self._context.notify(Severity.WARNING, text, account.account)

    def _venue_down(self, report: r.VenueDown) -> None:
        self._context.runtime.publish(report)
        account = self._memory.accounts[report.account]
        account.venue_up, account.synced, account.trouble = False, False, report.cause
        self._note_since("venue", report, so=True)
        account.waits_since_ns = 0
        self._context.log("WARNING", "venue down", actor="supervisor", account=report.account, why=report.cause)

    def _turn_awaited(self, report: r.TurnAwaited) -> None:
        self._context.runtime.publish(report)
        self._memory.accounts[report.account].waits_since_ns = report.since_ns
        if report.since_ns:
            self._context.log("INFO", "venue waits", actor="supervisor", account=report.account)

    def _stream_up(self, report: r.StreamUp) -> None:
        self._context.runtime.publish(report)
        self._memory.accounts[report.account].stream_up = True
        self._note_since("stream", report, so=False)
        self._context.log("INFO", "stream up", actor="supervisor", account=report.account)

    def _stream_down(self, report: r.StreamDown) -> None:
        self._context.runtime.publish(report)
        account = self._memory.accounts[report.account]
        account.stream_up, account.trouble = False, report.cause
        self._note_since("stream", report, so=True)
        self._context.log("WARNING", "stream down", actor="supervisor", account=report.account, why=report.cause)

    def _modes(self, report: r.AccountModes) -> None:
        """Hold openings until the account's modes are as configured; reductions pass."""
        account = self._memory.accounts[report.account]
        before, account.modes = account.why_unfit, report
        after = account.why_unfit
        if report.restored:
            text = Supervisor.MODE_RESTORED(account=report.account, mode=account.mode)
            self._context.notify(Severity.WARNING, text, report.account)
        if after and after != before:
            unfit = Supervisor.UNFIT if account.venue_up else Supervisor.UNFIT_DOWN
            text = unfit(account=report.account, why=after)
            self._context.notify(Severity.CRITICAL, text, report.account)
        elif before and not after:
            self._context.notify(Severity.WARNING, Supervisor.FIT_AGAIN(account=report.account), report.account)
        self._context.log("INFO", "account modes", actor="supervisor", account=report.account, why=after)

    def _stream_mute(self, report: r.StreamMute) -> None:
        self._memory.accounts[report.account].mute.setdefault(report.kind, report.since_ns)
        self._context.log("WARNING", "stream mute", actor="supervisor", account=report.account, why=report.kind)
        kind = word(report.kind)
        text = Supervisor.STREAM_MUTE(account=report.account, kind=kind, order=report.client_order_id)
        notice_id = f"mute/{report.account}/{report.kind}/{report.since_ns}"
        notice = Notify(severity=Severity.WARNING, text=text, account=report.account, notice_id=notice_id)
        self._context.runtime.tell(NOTIFIER, notice)

    def _stream_heard(self, report: r.StreamHeard) -> None:
        since_ns = self._memory.accounts[report.account].mute.pop(report.kind, 0)
        self._context.log("INFO", "stream heard", actor="supervisor", account=report.account, why=report.kind)
        if since_ns:
            text = Supervisor.STREAM_HEARD(account=report.account, kind=word(report.kind))
            notice_id = f"mute/{report.account}/{report.kind}/{since_ns}/over"
            notice = Notify(severity=Severity.WARNING, text=text, account=report.account, notice_id=notice_id)
            self._context.runtime.tell(NOTIFIER, notice)

    def _mark(self, report: r.MarkReport) -> None:
        self._context.runtime.publish(report)
        self._memory.accounts[report.account].marks[report.symbol] = report.mark_price

    def _leverage(self, report: r.LeverageChanged) -> None:
        """The change may be ours and not booked yet: the reconciler checks it."""
        self._context.to_reconciler(report)

    def _margin_call(self, report: r.MarginCall) -> None:
        """Notify that the leg is close to liquidation, with its positions and the venue's numbers."""
        of_symbol = self._memory.registry.live(report.account, report.symbol)
        names = tuple(view.position_id for view in of_symbol if view.side is report.side) or Supervisor.NONE_OF_OURS()
        text = Supervisor.MARGIN_CALL(symbol=report.symbol, side=report.side, text=report.text, names=names)
        notice_id = f"margin/{report.account}/{report.symbol}/{report.side}/{report.ts_event}"
        self._context.runtime.tell(
            NOTIFIER,
            Notify(severity=Severity.CRITICAL, text=text, account=report.account, notice_id=notice_id),
        )

    def _note(self, report: r.VenueReport) -> None:
        """Log the event; it decides nothing."""
        why = report.why if isinstance(report, r.StrayEvent) else type(report).__name__
        raw = report.raw if isinstance(report, r.StrayEvent) else ""
        self._context.log("WARNING", "stray event", actor="supervisor", account=report.account, why=why, raw=raw)

    def _gateway_status(self, message: r.GatewayStatus) -> None:
        self._memory.gateways[message.account] = message
        lasts_ns = message.throttled_until_ns - self._context.runtime.clock.time_ns()
        account = self._memory.accounts[message.account]
        account.silent_until_ns = message.throttled_until_ns if lasts_ns > MOMENTS_NS else 0


def _suggests_absence(report: r.AboutOrder) -> bool:
    """Return whether the report suggests that the position is gone: nothing to reduce, or a triggered stop rejected."""
    if isinstance(report, r.OrderRejected):
        return report.reason is RejectReason.REDUCE_ONLY
    return isinstance(report, r.OrderReport) and report.status is OrderStatus.REJECTED
