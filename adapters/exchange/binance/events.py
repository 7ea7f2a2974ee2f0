"""Maps user-data events to reports, each fill under the client order id that we placed. Pure, in order, lossless.

A triggered conditional order continues as a child order with an id made by the venue. The link from child to parent
comes from ALGO_UPDATE, from any row of a conditional order, or, after a restart, from a lookup that `Fed.lookups`
requests. Until the link is known the child's events wait in order; other events do not wait.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from adapters.exchange.binance.normalize import (
    cause_of,
    child_id,
    conditional_report,
    conditional_row,
    leverage_changed,
    margin_call,
    needs_child,
    of_another_kind,
    stream_fill,
    stream_order,
    symbol_of,
)
from adapters.exchange.hearing import CONDITIONALS, ORDERS
from adapters.exchange.redaction import scrub
from adapters.exchange.rows import MalformedError, Row, items_of, nanoseconds_of, row_of, text_of
from adapters.exchange.venue import ChildKey, Fed, FindParent, ReadFunding, ReadOrder, Stamp
from messages.base import Message
from messages.bounded import BoundedMap
from messages.ids import parse_client_order_id
from messages.reports import FillReport, MarginCall, OrderReport, StrayEvent
from messages.statement import Statement
from messages.types import ClientOrderId, OrderStatus, Symbol, VenueOrderId
from messages.wording import Venue
from messages.wording.common import Common

MAX_LINKS = 10_000
"""Remembered child orders. A link is needed for the seconds in which the child's fills arrive."""
MAX_PARKED = 10_000
"""Events that wait for a link; beyond the limit the oldest become `StrayEvent`s."""
EVENTS: Mapping[str, str] = {"ORDER_TRADE_UPDATE": ORDERS, "ALGO_UPDATE": CONDITIONALS}
"""Event type -> the kind of orders it reports."""
# Manual orders at the venue are no order's child and are reported at once.
_MANUAL_PREFIXES = ("web_", "ios_", "android_", "electron_")
# TRADE_LITE repeats ORDER_TRADE_UPDATE; the others are about grids and strategies of the venue's own.
_IGNORED = frozenset({"TRADE_LITE", "STRATEGY_UPDATE", "GRID_UPDATE"})
# Reasons of an ACCOUNT_UPDATE that other events or the income list report in full.
_EXPECTED_REASONS = frozenset(
    {"ORDER", "FUNDING_FEE", "DEPOSIT", "WITHDRAW", "ASSET_TRANSFER", "MARGIN_TRANSFER", "MARGIN_TYPE_CHANGE"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The conditional order that an order is a child of."""

    client_order_id: ClientOrderId
    algo_id: VenueOrderId


NOTHING = Fed()


@dataclass(slots=True)
class UserEvents:
    """Maps the account's stream to reports. Owns the links and the events that wait for one."""

    links: BoundedMap[ChildKey, Parent] = field(default_factory=lambda: BoundedMap(MAX_LINKS))
    _conditionals: BoundedMap[ClientOrderId, None] = field(default_factory=lambda: BoundedMap(MAX_LINKS))
    _strangers: BoundedMap[ChildKey, None] = field(default_factory=lambda: BoundedMap(MAX_LINKS))
    _parked: OrderedDict[ChildKey, list[Row]] = field(default_factory=OrderedDict)

    def feed(self, event: object, stamp: Stamp) -> Fed:
        """Map one event, from a combined stream or a single one. Never raises: an unreadable event becomes a
        `StrayEvent`.
        """
        event = unwrapped(event)
        fed = self._read(event, stamp)
        return replace(fed, order=reported_order(event), modes=_other_setting(event), margins=_margin_changes(event))

    def _read(self, event: object, stamp: Stamp) -> Fed:
        try:
            return self._feed(row_of(event, "an event"), stamp)
        except MalformedError as error:
            stray = stray_event(event, stamp, Common.UNREADABLE(why=error.cause))
            return Fed(reports=(stray,), lookups=self._asked_after(event))
        except Exception as error:  # noqa: BLE001  a defect of ours: one event must not end the stream
            return Fed(reports=(stray_event(event, stamp, Venue.EVENT_DEFECT(error=scrub(repr(error)))),))

    def _asked_after(self, event: object) -> tuple[ReadOrder, ...]:
        """Return the read of our order whose event is malformed."""
        order = event.get("o") if isinstance(event, Mapping) else None
        if not isinstance(order, Mapping):
            return ()
        with suppress(MalformedError):
            symbol = symbol_of(order, "s")
            for field_ in ("c", "caid"):
                name = ClientOrderId(text_of(order, field_, ""))
                if parse_client_order_id(name) is not None:
                    conditional = field_ == "caid" or name in self._conditionals
                    return (ReadOrder(symbol=symbol, client_order_id=name, conditional=conditional),)
            parent = self.links.get((symbol, VenueOrderId(text_of(order, "i", ""))))
            if parent is not None:
                return (ReadOrder(symbol=symbol, client_order_id=parent.client_order_id),)
        return ()

    def learn(self, rows: Iterable[Row], stamp: Stamp) -> tuple[Message, ...]:
        """Record the links in rows of conditional orders, and return the reports that waited for them."""
        reports: list[Message] = []
        for row in rows:
            reports.extend(self._learn(row, stamp))
        return tuple(reports)

    def submitted(self, client_order_id: ClientOrderId) -> None:
        """Record that a conditional order of ours is sent; some venues give the child its parent's id."""
        self._conditionals[client_order_id] = None

    def waiting(self, key: ChildKey) -> bool:
        return key in self._parked

    def give_up(self, key: ChildKey, why: Statement, stamp: Stamp, *, proven: bool) -> tuple[Message, ...]:
        """Release a child's events as strays. `proven`: no parent exists, so later events of it need no lookup."""
        if proven:
            self._strangers[key] = None
        tell = _foreign_reports if proven else _only_stray
        return tuple(report for event in self._parked.pop(key, []) for report in tell(event, stamp, why))

    def _feed(self, event: Row, stamp: Stamp) -> Fed:
        kind = text_of(event, "e", "")
        if kind == "ORDER_TRADE_UPDATE":
            return self._order(event, stamp)
        if kind == "ALGO_UPDATE":
            return self._conditional(event, stamp)
        if kind == "ACCOUNT_CONFIG_UPDATE":
            changed = leverage_changed(event, stamp)
            stray = stray_event(event, stamp, Venue.SETTING_CHANGED())
            return Fed(reports=(changed if changed is not None else stray,))
        if kind == "MARGIN_CALL":
            return Fed(reports=_margin_calls(event, stamp))
        if kind == "listenKeyExpired":
            return Fed(gap=Venue.LISTEN_KEY_EXPIRED())
        if kind == "ACCOUNT_UPDATE":
            return _account_update(event, stamp)
        if kind == "CONDITIONAL_ORDER_TRIGGER_REJECT":
            return Fed(reports=(stray_event(event, stamp, Venue.TRIGGER_REFUSED()),))
        if kind in _IGNORED:
            return NOTHING
        return Fed(reports=(stray_event(event, stamp, Venue.UNKNOWN_EVENT()),))

    def _order(self, event: Row, stamp: Stamp) -> Fed:
        order = row_of(event.get("o"), "o of ORDER_TRADE_UPDATE")
        client_order_id = ClientOrderId(text_of(order, "c"))
        key = (symbol_of(order, "s"), VenueOrderId(text_of(order, "i")))
        parent = self.links.get(key)
        if parent is not None:
            return Fed(reports=_child_reports(event, parent, stamp))
        if parse_client_order_id(client_order_id) is not None:
            if client_order_id in self._conditionals:
                own = Parent(client_order_id=client_order_id, algo_id=key[1])
                return Fed(reports=_child_reports(event, own, stamp))
            return Fed(reports=_order_reports(event, stamp))
        if cause_of(client_order_id) is not None:
            return Fed(reports=_foreign_reports(event, stamp, Venue.FORCED_CLOSE()))
        if key in self._strangers or client_order_id.startswith(_MANUAL_PREFIXES):
            return Fed(reports=_foreign_reports(event, stamp, Venue.FOREIGN_ORDER()))
        return self._park(key, event, stamp)

    def _park(self, key: ChildKey, event: Row, stamp: Stamp) -> Fed:
        waiting = self._parked.setdefault(key, [])
        waiting.append(event)
        reports: tuple[Message, ...] = ()
        if sum(map(len, self._parked.values())) > MAX_PARKED:
            oldest = next(iter(self._parked))
            reports = self.give_up(oldest, Venue.PARKED_OVERFLOW(), stamp, proven=False)
        return Fed(reports=reports, lookups=(FindParent(key=key),) if len(waiting) == 1 else ())

    def _conditional(self, event: Row, stamp: Stamp) -> Fed:
        row = conditional_row(event)
        client_order_id = ClientOrderId(text_of(row, "clientAlgoId"))
        if parse_client_order_id(client_order_id) is None:
            stray = stray_event(event, stamp, Venue.FOREIGN_CONDITIONAL())
            return Fed(reports=(stray, *self._learn(row, stamp)))
        self.submitted(client_order_id)
        if needs_child(row):
            lookup = ReadOrder(symbol=symbol_of(row, "symbol"), client_order_id=client_order_id)
            return Fed(reports=self._learn(row, stamp), lookups=(lookup,))
        report = conditional_report(row, None, stamp, queried=False)
        # Fills come before the parent's terminal state; in the other order they would look lost.
        released = self._learn(row, stamp)
        return Fed(reports=(*released, report) if report.status.ended else (report, *released))

    def _learn(self, row: Row, stamp: Stamp) -> tuple[Message, ...]:
        try:
            child = child_id(row)
            if child is None:
                return ()
            parent = Parent(
                client_order_id=ClientOrderId(text_of(row, "clientAlgoId")),
                algo_id=VenueOrderId(text_of(row, "algoId")),
            )
            key = (symbol_of(row, "symbol"), child)
        except MalformedError:
            return ()
        if parse_client_order_id(parent.client_order_id) is None:
            return self.give_up(key, Venue.FOREIGN_CHILD(), stamp, proven=True)
        self.links[key] = parent
        self._strangers.pop(key, None)
        reports: list[Message] = []
        for event in self._parked.pop(key, []):
            try:
                reports.extend(_child_reports(event, parent, stamp))
            except MalformedError as error:
                reports.append(stray_event(event, stamp, Common.UNREADABLE(why=error.cause)))
        return tuple(reports)


def unwrapped(message: object) -> object:
    """Return the event inside a combined stream's `{"stream", "data"}`."""
    if isinstance(message, dict) and "stream" in message and "data" in message:
        return message["data"]
    return message


def reported_order(event: object) -> tuple[str, ClientOrderId] | None:
    """Return the kind and the client order id of an event's order; None for an event about no order."""
    kind = EVENTS.get(str(event.get("e"))) if isinstance(event, dict) else None
    order = event.get("o") if kind and isinstance(event, dict) else None
    if kind is None or not isinstance(order, dict):
        return None
    return kind, ClientOrderId(str(order.get("c" if kind == ORDERS else "caid")))


def _other_setting(event: object) -> bool:
    """Return whether an account setting besides leverage changed, such as the assets mode ("ACCOUNT_CONFIG_UPDATE",
    `ai`).
    """
    return isinstance(event, dict) and event.get("e") == "ACCOUNT_CONFIG_UPDATE" and "ac" not in event


def _margin_changes(event: object) -> tuple[Symbol, ...]:
    """Return the symbols whose margin mode changed ("ACCOUNT_UPDATE", event reason MARGIN_TYPE_CHANGE)."""
    change = event.get("a") if isinstance(event, dict) and event.get("e") == "ACCOUNT_UPDATE" else None
    if not isinstance(change, dict) or change.get("m") != "MARGIN_TYPE_CHANGE":
        return ()
    rows = change.get("P")
    return tuple(Symbol(str(row.get("s"))) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _order_reports(event: Row, stamp: Stamp) -> tuple[FillReport | OrderReport, ...]:
    """Return the fill, then the order state that includes it."""
    order = row_of(event.get("o"), "o of ORDER_TRADE_UPDATE")
    event_time_ns = nanoseconds_of(event, "T", "E")
    report = stream_order(order, stamp, event_time_ns=event_time_ns)
    fill = stream_fill(order, stamp, event_time_ns=event_time_ns)
    return (report,) if fill is None else (fill, report)


def _child_reports(event: Row, parent: Parent, stamp: Stamp) -> tuple[Message, ...]:
    reports: list[Message] = []
    for report in _order_reports(event, stamp):
        if isinstance(report, OrderReport):
            triggered = report.status is OrderStatus.WORKING
            reports.append(
                replace(
                    report,
                    client_order_id=parent.client_order_id,
                    venue_order_id=parent.algo_id,
                    status=OrderStatus.TRIGGERED if triggered else report.status,
                )
            )
        else:
            reports.append(replace(report, client_order_id=parent.client_order_id))
    return tuple(reports)


def _foreign_reports(event: Row, stamp: Stamp, why: Statement) -> tuple[Message, ...]:
    """Return the reports of a manual order or one of the venue's own: its fill with its leg, and the raw event.

    The next read of trades finds a fill that is unreadable here.
    """
    stray = stray_event(event, stamp, why)
    try:
        order = row_of(event.get("o"), "o of ORDER_TRADE_UPDATE")
        fill = stream_fill(order, stamp, event_time_ns=nanoseconds_of(event, "T", "E"))
    except MalformedError:
        return (stray,)
    return (stray,) if fill is None else (fill, stray)


def _margin_calls(event: Row, stamp: Stamp) -> tuple[MarginCall | StrayEvent, ...]:
    """Return one report per position at risk. An unreadable row hides no other (I12)."""
    rows = items_of(event.get("p"), "p of MARGIN_CALL")
    reports: list[MarginCall | StrayEvent] = []
    for each in rows:
        try:
            row = row_of(each, Venue.ROW_OF(what="MARGIN_CALL"))
            if not of_another_kind(row.get("s")):
                reports.append(margin_call(event, row, stamp))
        except MalformedError as error:
            reports.append(stray_event(each, stamp, Venue.UNREADABLE_MARGIN_CALL(why=error.cause)))
    return tuple(reports)


def _only_stray(event: Row, stamp: Stamp, why: Statement) -> tuple[Message, ...]:
    return (stray_event(event, stamp, why),)


def _account_update(event: Row, stamp: Stamp) -> Fed:
    change = row_of(event.get("a"), "a of ACCOUNT_UPDATE")
    if text_of(change, "m", "") == "FUNDING_FEE":
        return Fed(lookups=(ReadFunding(),))
    positions = change.get("P")
    if text_of(change, "m", "") in _EXPECTED_REASONS or not isinstance(positions, Sequence) or not positions:
        return NOTHING
    return Fed(reports=(stray_event(event, stamp, Venue.ACCOUNT_CHANGED(reason=str(change.get("m")))),))


def stray_event(event: object, stamp: Stamp, why: Statement) -> StrayEvent:
    try:
        raw = json.dumps(event, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        raw = repr(event)[:4096]
    return StrayEvent(account=stamp.account, ts_init=stamp.ts_init, raw=scrub(raw, limit=4096), why=why)
