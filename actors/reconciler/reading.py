"""Readings: what is requested of the venue, when, and within which budget; one at a time per account and per symbol.

A reading requested while one runs follows it. Bulk lists are read by the policy's intervals, single symbols within a
budget per cycle.
"""

from collections.abc import Iterator
from dataclasses import replace

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.account_state import AccountState, Fetch, OnDemandCheck, ReconcilerMemory, VenueSnapshot
from actors.reconciler.comparison_input import OpenOrders
from actors.reconciler.open_order_polling import OpenOrderPolling
from actors.reconciler.policy import ORDERS, QUANTITY, SECOND, Policy
from actors.reconciler.read_failures import ReadFailures
from actors.reconciler.schedule import next_check
from actors.reconciler.step_builder import StepBuilder
from messages import reports as r
from messages.addresses import RECONCILER, gateway_address
from messages.base import Message
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import CheckDue, CheckKind, FetchTrades, TradesReport
from messages.requests import FetchOpenOrders, FetchPositions
from messages.types import NAMELESS, AccountId, Symbol

NEED_ORDERS = ORDERS | {DiscrepancyType.STATE_MISMATCH}
SYMBOLS_AT_ONCE = 4
"""Concurrent readings of single symbols per account, so that many differences cause no burst of requests."""
SYMBOLS_PER_CYCLE = 30
BUDGET_NS = 10 * SECOND
"""Readings of single symbols per this time (ns): at Binance about a fifth of an account's limit."""
ROUND_LIMIT_NS = 90 * SECOND
"""A reading without an answer for this long (ns) is dropped: its gateway restarted."""
APART_NS = 2 * SECOND
"""Parts of one reading belong together if they were requested within this time (ns)."""
TRADES_BEFORE_NS = 60 * SECOND
"""Trades are read from this long (ns) before the last agreement: clocks differ."""
TRADES_MOST_NS = 86_400 * SECOND


class Reading:
    """Begins readings and collects their parts; `core` interprets the result."""

    def __init__(
        self, policy: Policy, clock: Clock, memory: ReconcilerMemory, builder: StepBuilder, lists: OpenOrderPolling
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._memory = memory
        self._builder = builder
        self._lists = lists
        self._read_failures = ReadFailures(clock, memory, builder)

    def due(self, message: CheckDue) -> None:
        """Handle a timer: the regular check, waiting symbols, or a requested look."""
        what, _, rest = message.topic.partition("/")
        if what == "demand":
            return  # answered by every step
        account, _, symbol = rest.partition("/")
        account_state = self._memory.account_states[AccountId(account)]
        self._give_up_rounds(account_state)
        if what == "check":
            self._check(account_state)
        elif what == "drain":
            self._drain(account_state)
        elif what == "look":
            at = Symbol(symbol) if symbol else None
            account_state.due.pop(at, None)
            self.read(
                account_state, at, CheckKind.EVENT if self._demanded_ns(account_state, at) is None else CheckKind.DEMAND
            )

    def _check(self, account_state: AccountState) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns, kind = next_check(account_state.looked, self._policy, now_ns, exposed=account_state.exposed)
        if delay_ns:
            self._builder.later(f"check/{account_state.account}", delay_ns)
            return
        self.read(account_state, None, kind)
        if kind is CheckKind.SLOW:
            for symbol in account_state.views:
                self.read(account_state, symbol, kind)
        self._builder.later(f"check/{account_state.account}", min(self._policy.fast_ns, ROUND_LIMIT_NS))

    def look_next(self, account_state: AccountState) -> None:
        """Set the timer of the next regular check."""
        now_ns = self._clock.monotonic_ns()
        delay_ns, _ = next_check(account_state.looked, self._policy, now_ns, exposed=account_state.exposed)
        self._builder.later(f"check/{account_state.account}", delay_ns)

    def later(self, account_state: AccountState, symbol: Symbol | None, delay_ns: int) -> None:
        """Look again after `delay_ns`, unless an earlier look is scheduled."""
        symbol = symbol or None  # a finding about the whole account has an empty symbol
        now_ns = self._clock.monotonic_ns()
        known_ns = account_state.due.get(symbol, 0)
        if now_ns < known_ns <= now_ns + delay_ns:
            return
        account_state.due[symbol] = now_ns + delay_ns
        self._builder.later(f"look/{account_state.account}/{symbol or ''}", delay_ns)

    def at_least(self, account_state: AccountState, about: Symbol, delay_ns: int) -> None:
        """Look again after `delay_ns`, unless a look runs or is scheduled."""
        symbol = about or None
        reading = symbol in account_state.rounds or symbol in account_state.waiting
        if not reading and account_state.due.get(symbol, 0) <= self._clock.monotonic_ns():
            self.later(account_state, symbol, delay_ns)

    def symbol_later(self, account: AccountId, symbol: Symbol, delay_ns: int) -> None:
        """`later` by account id; nothing for an account that is no longer configured."""
        account_state = self._memory.account_states.get(account)
        if account_state is not None:  # it may still have open discrepancies
            self.later(account_state, symbol, delay_ns)

    def read(self, account_state: AccountState, symbol: Symbol | None, kind: CheckKind) -> None:
        """Begin a reading; while one runs, schedule another, since the running one may have begun too early."""
        if not account_state.up:
            return
        if symbol in account_state.rounds and self._lists.drop(account_state, account_state.rounds[symbol]):
            del account_state.rounds[symbol]
        if symbol in account_state.rounds:
            # A demanded reading has every part, so no other kind replaces it.
            if account_state.again.get(symbol) is not CheckKind.DEMAND:
                account_state.again[symbol] = kind
            return
        if symbol is not None and not self._affords(account_state):
            account_state.waiting[symbol] = kind
            self._builder.later(f"drain/{account_state.account}", SECOND)
            return
        self._begin(account_state, symbol, kind)

    def demand(self, account_state: AccountState, symbol: Symbol | None) -> None:
        """Begin a reading for a user, or hasten the running one.

        If that began too early, another follows it.
        """
        self._lists.hurry(account_state, symbol)
        if not account_state.up:
            return
        if symbol in account_state.rounds and self._lists.drop(account_state, account_state.rounds[symbol]):
            del account_state.rounds[symbol]
        snapshot = account_state.rounds.get(symbol)
        if snapshot is None:
            account_state.waiting.pop(symbol or NAMELESS, None)
            self._begin(account_state, symbol, CheckKind.DEMAND)
            return
        for part in sorted(snapshot.missing):
            self._ask(account_state, replace(snapshot.requests[part], asked=True))

    def _begin(self, account_state: AccountState, symbol: Symbol | None, kind: CheckKind) -> None:
        self._memory.rounds += 1
        name, asked = _name(account_state, self._memory.rounds), self.awaited(account_state, symbol)
        requests: dict[str, Fetch] = {
            "positions": _positions_of(account_state, self._memory.rounds, symbol, asked=asked)
        }
        orders, trades = self._wanted(account_state, symbol, kind)
        late = self._lists.take_late(account_state, symbol, self._asked_ns(account_state, symbol)) if orders else None
        if orders and late is None and self._may_ask_for_orders(account_state, symbol):
            requests["orders"] = FetchOpenOrders(
                account=account_state.account, request_id=f"{name}/orders", symbol=symbol, asked=asked
            )
        if trades and symbol is not None:
            requests["trades"] = FetchTrades(
                account=account_state.account,
                request_id=f"{name}/trades",
                symbol=symbol,
                since_ns=self._trades_since(account_state, symbol),
                asked=asked,
            )
        account_state.rounds[symbol] = VenueSnapshot(
            number=self._memory.rounds,
            symbol=symbol,
            kind=kind,
            begun_ns=self._clock.monotonic_ns(),
            missing=set(requests),
            orders=late,
            requests=requests,
        )
        for message in requests.values():
            self._ask(account_state, message)

    def _ask(self, account_state: AccountState, message: Message) -> None:
        self._builder.tell(gateway_address(account_state.account), message)

    def awaited(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Return whether a user waits for this reading or its consequences."""
        return any(
            d.command.symbol in (None, symbol) and account_state.account not in d.spent for d in self._memory.demands
        )

    def _may_ask_for_orders(self, account_state: AccountState, symbol: Symbol | None) -> bool:
        """Not during the pause after a failure, nor while a list is in flight; that one is hastened for a user."""
        rest_ns, out = self._lists.rest_ns(account_state, symbol), self._lists.out(account_state, symbol)
        if not rest_ns and not out:
            return True
        if out and self._demanded_ns(account_state, symbol) is not None:
            self._ask(account_state, self._lists.hasten(account_state, symbol))
            return False
        if symbol is None:
            # Restart the normal interval; else the next check would be due at once, repeatedly.
            account_state.looked = replace(account_state.looked, orders_ns=self._clock.monotonic_ns())
        if rest_ns:
            self.later(account_state, symbol, rest_ns)
        return False

    def _demanded_ns(self, account_state: AccountState, symbol: Symbol | None) -> int | None:
        """Return the latest user request (monotonic ns) for exactly this reading; None: there is none."""
        return max((demand.begun_ns for demand in self._demands(account_state, symbol)), default=None)

    def _asked_ns(self, account_state: AccountState, symbol: Symbol | None) -> int:
        """The same as wall time (ns); 0: there is none."""
        return max((demand.asked_ns for demand in self._demands(account_state, symbol)), default=0)

    def _demands(self, account_state: AccountState, symbol: Symbol | None) -> Iterator[OnDemandCheck]:
        return (d for d in self._memory.demands if d.command.symbol == symbol and account_state.account in d.pending)

    def _affords(self, account_state: AccountState) -> bool:
        """Return whether one more symbol may be read now."""
        now_ns = self._clock.monotonic_ns()
        while account_state.spent and now_ns - account_state.spent[0] > BUDGET_NS:
            account_state.spent.popleft()
        if (
            len(account_state.spent) >= SYMBOLS_PER_CYCLE
            or sum(s is not None for s in account_state.rounds) >= SYMBOLS_AT_ONCE
        ):
            return False
        account_state.spent.append(now_ns)
        return True

    def _drain(self, account_state: AccountState) -> None:
        for symbol, kind in list(account_state.waiting.items()):
            del account_state.waiting[symbol]
            self.read(account_state, symbol, kind)
            if symbol in account_state.waiting:
                return

    def _wanted(self, account_state: AccountState, symbol: Symbol | None, kind: CheckKind) -> tuple[bool, bool]:
        """Return whether open orders, and trades, are needed: where they decide, or in a deep check.

        All open orders cost eight times the weight of positions; a suspicion is counted without them, unless it
        concerns an order. A symbol's trades cost twice the rest of its reading, so they are read for differences only.
        """
        owed = self._lists.wanted(account_state, symbol)
        if symbol is None:
            regular = kind in (CheckKind.NORMAL, CheckKind.SLOW, CheckKind.DEMAND)
            return regular or owed or self._suspects_orders(account_state) or _settled(account_state, symbol), False
        kinds = {
            record.type
            for record in self._memory.ledger.discrepancies(account_state.account)
            if record.symbol == symbol
        }
        awaited = self.awaited(account_state, symbol)
        for suspicion in account_state.evidence.suspicions.values():
            finding = suspicion.finding
            certain = awaited or suspicion.count >= self._policy.required(finding.type) - 1
            if finding.symbol == symbol and certain:
                kinds.add(finding.type)
        regular = kind in (CheckKind.SLOW, CheckKind.DEMAND)
        orders = regular or owed or bool(kinds & NEED_ORDERS) or _settled(account_state, symbol)
        doubtful = kind is CheckKind.DEMAND and any(view.in_doubt for view in account_state.live(symbol))
        differs = doubtful or symbol in account_state.traded or bool(kinds & QUANTITY)
        return orders, differs or kind is CheckKind.SLOW

    def _suspects_orders(self, account_state: AccountState) -> bool:
        """Return whether a suspicion about an order needs more observations; an acknowledged one does not."""
        return any(
            each.finding.type in ORDERS and each.count < self._policy.required(each.finding.type)
            for each in account_state.evidence.suspicions.values()
        )

    def _trades_since(self, account_state: AccountState, symbol: Symbol) -> int:
        """Return the wall time (ns) before the symbol's oldest suspicion, or its last agreement."""
        now_ns = self._clock.time_ns()
        known = [ns for key, ns in account_state.clean_ns.items() if key[1] == symbol]
        if not known:
            legs = [
                leg for leg in account_state.agreed_ns.keys() | account_state.unjudged_ns.keys() if leg[0] == symbol
            ]
            known = [account_state.clean_since(leg) for leg in legs or [(symbol, None)]]
        return max(now_ns - TRADES_MOST_NS, min(known) - TRADES_BEFORE_NS)

    def _give_up_rounds(self, account_state: AccountState) -> None:
        now_ns = self._clock.monotonic_ns()
        for symbol, snapshot in list(account_state.rounds.items()):
            if now_ns - snapshot.begun_ns > ROUND_LIMIT_NS:
                del account_state.rounds[symbol]

    def _round_of(self, account_state: AccountState, request_id: str) -> tuple[VenueSnapshot | None, str]:
        """Return the reading of a request and its part; None for an earlier one or another actor's."""
        if not request_id.startswith(f"{RECONCILER}/"):
            return None, ""
        number, part = request_id.split("/")[-2:]
        found = next((snapshot for snapshot in account_state.rounds.values() if str(snapshot.number) == number), None)
        return found, part

    def answered(
        self, report: r.PositionsReport | r.OpenOrdersReport | TradesReport
    ) -> tuple[AccountState, VenueSnapshot] | None:
        """Add an answer to its reading; return the reading if it is complete."""
        account_state = self._memory.account_states.get(report.account)
        if account_state is None:
            return None
        snapshot, part = self._round_of(account_state, report.request_id)
        if isinstance(report, r.OpenOrdersReport) and part and self._lists.came(account_state, report):
            self.later(account_state, report.symbol, 0)
        if snapshot is None:
            if isinstance(report, r.PositionsReport) and report.symbol is None and not part and account_state.up:
                self._read_failures.over(account_state, None)
                return account_state, _from_gateway(report)
            return None
        match report:
            case r.PositionsReport():
                snapshot.positions = report
            case r.OpenOrdersReport():
                snapshot.orders = OpenOrders.of(report)
            case TradesReport():
                snapshot.trades = report
        return self._without(account_state, snapshot, part)

    def _without(
        self, account_state: AccountState, snapshot: VenueSnapshot, part: str
    ) -> tuple[AccountState, VenueSnapshot] | None:
        """Remove a missing part; return the reading if it was the last and all parts are of one time.

        Expensive parts wait for the budget, and positions of a minute ago do not match trades of now.
        """
        snapshot.missing.discard(part)
        if snapshot.missing:
            return None
        if _apart_ns(snapshot) > APART_NS:
            snapshot.missing.add("positions")
            asked = self.awaited(account_state, snapshot.symbol)
            self._ask(account_state, _positions_of(account_state, snapshot.number, snapshot.symbol, asked=asked))
            return None
        del account_state.rounds[snapshot.symbol]
        self._read_failures.over(account_state, snapshot.symbol)
        return account_state, snapshot

    def round_of(self, report: r.FetchFailed) -> VenueSnapshot | None:
        """Return the running reading that the report belongs to."""
        account_state = self._memory.account_states.get(report.account)
        return None if account_state is None else self._round_of(account_state, report.request_id)[0]

    def failed(self, report: r.FetchFailed) -> tuple[AccountState, VenueSnapshot] | None:
        """End the reading of a failed part and repeat it later: a failed read is no evidence (I2).

        A failed list of orders, of any requester, fails no positions: a reading that waited for it alone is returned.
        """
        account_state = self._memory.account_states.get(report.account)
        if account_state is None:
            return None
        snapshot, part = self._round_of(account_state, report.request_id)
        if report.until_ns:
            return self._put_off(account_state, snapshot, part, report)
        account_state.failed_reads += bool(part)
        if report.request_id.endswith("/orders"):
            symbol, delay_ns = self._lists.failed(account_state, report, snapshot)
            if symbol is None:
                account_state.looked = replace(
                    account_state.looked, orders_ns=self._clock.monotonic_ns()
                )  # again sooner than that
            self.later(account_state, symbol, delay_ns)
            return None if snapshot is None else self._without(account_state, snapshot, part)
        if snapshot is None:
            return None
        del account_state.rounds[snapshot.symbol]
        self._read_failures.failed(account_state, snapshot.symbol, report)
        delay_ns = max(schedule.retry_read(account_state.failures), report.retry_after_ms * 1_000_000)
        account_state.failures += 1
        self.later(account_state, snapshot.symbol, delay_ns)
        self.after(account_state, snapshot)
        return None

    def _put_off(
        self, account_state: AccountState, snapshot: VenueSnapshot | None, part: str, report: r.FetchFailed
    ) -> tuple[AccountState, VenueSnapshot] | None:
        """Defer a part that would keep a user waiting to a background reading; compare the rest without it."""
        delay_ns = max(0, report.until_ns - self._clock.time_ns())
        if report.request_id.endswith("/orders"):
            symbol, delay_ns = self._lists.put_off(account_state, report, snapshot)
            self.later(account_state, symbol, delay_ns)
        elif snapshot is not None:
            self.later(account_state, snapshot.symbol, delay_ns)
        if snapshot is None or part != "positions":
            return None if snapshot is None else self._without(account_state, snapshot, part)
        del account_state.rounds[snapshot.symbol]
        self.after(account_state, snapshot)
        return None

    def forget(self, account_state: AccountState) -> None:
        """Drop all readings: the venue was reconnected, so requests in flight are lost."""
        account_state.rounds.clear()
        self._lists.forget(account_state)
        self._read_failures.forget(account_state)

    def after(self, account_state: AccountState, snapshot: VenueSnapshot) -> None:
        """Follow up an ended reading: begin the one requested meanwhile, then waiting symbols."""
        symbol = snapshot.symbol
        kind = account_state.again.pop(symbol, None)
        if (self._demanded_ns(account_state, symbol) or 0) > snapshot.begun_ns > 0:
            kind = CheckKind.DEMAND
        if kind is not None:
            self.read(account_state, symbol, kind)
        if account_state.waiting and symbol is not None:
            self._drain(account_state)


def _name(account_state: AccountState, number: int) -> str:
    return f"{RECONCILER}/{account_state.account}/{number}"


def _positions_of(account_state: AccountState, number: int, symbol: Symbol | None, *, asked: bool) -> FetchPositions:
    request_id = f"{_name(account_state, number)}/positions"
    return FetchPositions(account=account_state.account, request_id=request_id, symbol=symbol, asked=asked)


def _apart_ns(snapshot: VenueSnapshot) -> int:
    """Return how much later (ns) its trades were read than its positions."""
    if snapshot.positions is None or snapshot.trades is None:
        return 0
    return snapshot.trades.begun_ns - snapshot.positions.begun_ns


def _from_gateway(report: r.PositionsReport) -> VenueSnapshot:
    """Wrap the gateway's own full reading, which is as good as one of ours."""
    return VenueSnapshot(number=0, symbol=None, kind=CheckKind.EVENT, begun_ns=0, missing=set(), positions=report)


def _settled(account_state: AccountState, symbol: Symbol | None) -> bool:
    """Return whether a position was settled by hand and not compared since."""
    return any(view.unverified for view in account_state.live(symbol))
