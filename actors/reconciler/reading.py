"""What is asked of the venue, when, and within which budget: one reading of an account or of one symbol at a time.

A reading that is under way is followed by another where somebody asked meanwhile; bulk lists are read by the
intervals of the policy, single symbols within what a cycle may cost.
"""

from collections.abc import Iterator
from dataclasses import replace

from actors.ports import Clock
from actors.reconciler import schedule
from actors.reconciler.blindness import Blindness
from actors.reconciler.draft import Draft
from actors.reconciler.facts import OpenOrders
from actors.reconciler.listing import Lists
from actors.reconciler.policy import ORDERS, QUANTITY, SECOND, Policy
from actors.reconciler.schedule import next_check
from actors.reconciler.watch import Demand, Fetch, Memory, Round, Watch
from messages import reports as r
from messages.addresses import RECONCILER, gateway_address
from messages.base import Message
from messages.reconciliation import CheckDue, CheckKind, DiscrepancyType, FetchTrades, TradesReport
from messages.requests import FetchOpenOrders, FetchPositions
from messages.types import NAMELESS, AccountId, Symbol

NEED_ORDERS = ORDERS | {DiscrepancyType.STATE_MISMATCH}
SYMBOLS_AT_ONCE = 4
"""Readings of single symbols under way per account: a storm of differences must not become one of requests."""
SYMBOLS_PER_CYCLE = 30
BUDGET_NS = 10 * SECOND
"""And so many of them in this time: at Binance about a fifth of what an account may ask."""
ROUND_LIMIT_NS = 90 * SECOND
"""A reading that nobody answered, because its gateway began a new life, is given up."""
APART_NS = 2 * SECOND
"""Parts of one reading are of one time where they were asked for within so long."""
TRADES_BEFORE_NS = 60 * SECOND
"""Clocks differ: trades are read from this much before the last agreement."""
TRADES_MOST_NS = 86_400 * SECOND


class Reading:
    """Begins readings and gathers their parts; what a complete one means is not decided here."""

    def __init__(self, policy: Policy, clock: Clock, memory: Memory, draft: Draft, lists: Lists) -> None:
        self._policy = policy
        self._clock = clock
        self._memory = memory
        self._draft = draft
        self._lists = lists
        self._blindness = Blindness(clock, memory, draft)

    def due(self, message: CheckDue) -> None:
        what, _, rest = message.topic.partition("/")
        if what == "demand":
            return  # every step looks whether demands are over
        account, _, symbol = rest.partition("/")
        watch = self._memory.watches[AccountId(account)]
        self._give_up_rounds(watch)
        if what == "check":
            self._check(watch)
        elif what == "drain":
            self._drain(watch)
        elif what == "look":
            at = Symbol(symbol) if symbol else None
            watch.due.pop(at, None)
            self.read(watch, at, CheckKind.EVENT if self._demanded_ns(watch, at) is None else CheckKind.DEMAND)

    def _check(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns, kind = next_check(watch.looked, self._policy, now_ns, exposed=watch.exposed)
        if delay_ns:
            self._draft.later(f"check/{watch.account}", delay_ns)
            return
        self.read(watch, None, kind)
        if kind is CheckKind.SLOW:
            for symbol in watch.views:
                self.read(watch, symbol, kind)
        self._draft.later(f"check/{watch.account}", min(self._policy.fast_ns, ROUND_LIMIT_NS))

    def look_next(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns, _ = next_check(watch.looked, self._policy, now_ns, exposed=watch.exposed)
        self._draft.later(f"check/{watch.account}", delay_ns)

    def later(self, watch: Watch, symbol: Symbol | None, delay_ns: int) -> None:
        """Look again in so long, or earlier where somebody else has asked for that: nobody puts off another's look."""
        symbol = symbol or None  # what is about the whole account is named after no symbol
        now_ns = self._clock.monotonic_ns()
        known_ns = watch.due.get(symbol, 0)
        if now_ns < known_ns <= now_ns + delay_ns:
            return
        watch.due[symbol] = now_ns + delay_ns
        self._draft.later(f"look/{watch.account}/{symbol or ''}", delay_ns)

    def at_least(self, watch: Watch, about: Symbol, delay_ns: int) -> None:
        """Look again in so long, where no look is under way or asked for."""
        symbol = about or None
        reading = symbol in watch.rounds or symbol in watch.waiting
        if not reading and watch.due.get(symbol, 0) <= self._clock.monotonic_ns():
            self.later(watch, symbol, delay_ns)

    def symbol_later(self, account: AccountId, symbol: Symbol, delay_ns: int) -> None:
        watch = self._memory.watches.get(account)
        if watch is not None:  # an account that left the configuration may still have open questions
            self.later(watch, symbol, delay_ns)

    def read(self, watch: Watch, symbol: Symbol | None, kind: CheckKind) -> None:
        """Begin a reading; one that is under way is followed by another, since it may have begun too early."""
        if not watch.up:
            return
        if symbol in watch.rounds and self._lists.drop(watch, watch.rounds[symbol]):
            del watch.rounds[symbol]
        if symbol in watch.rounds:
            if watch.again.get(symbol) is not CheckKind.DEMAND:  # whoever waits for an answer wants everything read
                watch.again[symbol] = kind
            return
        if symbol is not None and not self._affords(watch):
            watch.waiting[symbol] = kind
            self._draft.later(f"drain/{watch.account}", SECOND)
            return
        self._begin(watch, symbol, kind)

    def demand(self, watch: Watch, symbol: Symbol | None) -> None:
        """A person waits. What is under way is shared where it has not begun at the venue, and leaves sooner for it.

        Whether it had begun is seen when it is over: then another follows.
        """
        self._lists.hurry(watch, symbol)
        if not watch.up:
            return
        if symbol in watch.rounds and self._lists.drop(watch, watch.rounds[symbol]):
            del watch.rounds[symbol]
        round_ = watch.rounds.get(symbol)
        if round_ is None:
            watch.waiting.pop(symbol or NAMELESS, None)
            self._begin(watch, symbol, CheckKind.DEMAND)
            return
        for part in sorted(round_.missing):
            self._ask(watch, replace(round_.requests[part], asked=True))

    def _begin(self, watch: Watch, symbol: Symbol | None, kind: CheckKind) -> None:
        self._memory.rounds += 1
        name, asked = _name(watch, self._memory.rounds), self.awaited(watch, symbol)
        requests: dict[str, Fetch] = {"positions": _positions_of(watch, self._memory.rounds, symbol, asked=asked)}
        orders, trades = self._wanted(watch, symbol, kind)
        late = self._lists.take_late(watch, symbol, self._asked_ns(watch, symbol)) if orders else None
        if orders and late is None and self._may_ask_for_orders(watch, symbol):
            requests["orders"] = FetchOpenOrders(
                account=watch.account, request_id=f"{name}/orders", symbol=symbol, asked=asked
            )
        if trades and symbol is not None:
            requests["trades"] = FetchTrades(
                account=watch.account,
                request_id=f"{name}/trades",
                symbol=symbol,
                since_ns=self._trades_since(watch, symbol),
                asked=asked,
            )
        watch.rounds[symbol] = Round(
            number=self._memory.rounds,
            symbol=symbol,
            kind=kind,
            begun_ns=self._clock.monotonic_ns(),
            missing=set(requests),
            orders=late,
            requests=requests,
        )
        for message in requests.values():
            self._ask(watch, message)

    def _ask(self, watch: Watch, message: Message) -> None:
        self._draft.tell(gateway_address(watch.account), message)

    def awaited(self, watch: Watch, symbol: Symbol | None) -> bool:
        """Whether a person waits for what this reading tells, or for what follows from it."""
        return any(d.command.symbol in (None, symbol) and watch.account not in d.spent for d in self._memory.demands)

    def _may_ask_for_orders(self, watch: Watch, symbol: Symbol | None) -> bool:
        """Not soon after it failed, nor behind a list that is on its way: that one leaves sooner for a person."""
        rest_ns, out = self._lists.rest_ns(watch, symbol), self._lists.out(watch, symbol)
        if not rest_ns and not out:
            return True
        if out and self._demanded_ns(watch, symbol) is not None:
            self._ask(watch, self._lists.hasten(watch, symbol))
            return False
        if symbol is None:
            # The normal interval begins anew; else the next check would be due at once, and again.
            watch.looked = replace(watch.looked, orders_ns=self._clock.monotonic_ns())
        if rest_ns:
            self.later(watch, symbol, rest_ns)
        return False

    def _demanded_ns(self, watch: Watch, symbol: Symbol | None) -> int | None:
        """When the last who waits for just this reading asked for it: repeated, it is as deep as the first."""
        return max((demand.begun_ns for demand in self._demands(watch, symbol)), default=None)

    def _asked_ns(self, watch: Watch, symbol: Symbol | None) -> int:
        """The same as wall time; 0 where it is not waited for."""
        return max((demand.asked_ns for demand in self._demands(watch, symbol)), default=0)

    def _demands(self, watch: Watch, symbol: Symbol | None) -> Iterator[Demand]:
        return (d for d in self._memory.demands if d.command.symbol == symbol and watch.account in d.pending)

    def _affords(self, watch: Watch) -> bool:
        """Whether one more symbol may be read now, within what a cycle may cost the venue's budget."""
        now_ns = self._clock.monotonic_ns()
        while watch.spent and now_ns - watch.spent[0] > BUDGET_NS:
            watch.spent.popleft()
        if len(watch.spent) >= SYMBOLS_PER_CYCLE or sum(s is not None for s in watch.rounds) >= SYMBOLS_AT_ONCE:
            return False
        watch.spent.append(now_ns)
        return True

    def _drain(self, watch: Watch) -> None:
        for symbol, kind in list(watch.waiting.items()):
            del watch.waiting[symbol]
            self.read(watch, symbol, kind)
            if symbol in watch.waiting:
                return

    def _wanted(self, watch: Watch, symbol: Symbol | None, kind: CheckKind) -> tuple[bool, bool]:
        """Whether open orders, and trades, are worth their weight: where they decide, or the look is a deep one.

        A list of all open orders costs a venue eight times what its positions do; a suspicion is counted without, but
        for one of an order, which no other list can confirm. Trades cost twice what all else of a symbol does: they
        are for what differs, or may.
        """
        owed = self._lists.wanted(watch, symbol)
        if symbol is None:
            regular = kind in (CheckKind.NORMAL, CheckKind.SLOW, CheckKind.DEMAND)
            return regular or owed or self._suspects_orders(watch) or _settled(watch, symbol), False
        kinds = {record.type for record in self._memory.ledger.cases(watch.account) if record.symbol == symbol}
        awaited = self.awaited(watch, symbol)
        for suspicion in watch.evidence.suspicions.values():
            finding = suspicion.finding
            certain = awaited or suspicion.count >= self._policy.required(finding.type) - 1
            if finding.symbol == symbol and certain:
                kinds.add(finding.type)
        regular = kind in (CheckKind.SLOW, CheckKind.DEMAND)
        orders = regular or owed or bool(kinds & NEED_ORDERS) or _settled(watch, symbol)
        doubtful = kind is CheckKind.DEMAND and any(view.in_doubt for view in watch.live(symbol))
        differs = doubtful or symbol in watch.heard or bool(kinds & QUANTITY)
        return orders, differs or kind is CheckKind.SLOW

    def _suspects_orders(self, watch: Watch) -> bool:
        """Of an order, and not certain yet: what a human has silenced has been seen often enough, and is not asked."""
        return any(
            each.finding.type in ORDERS and each.count < self._policy.required(each.finding.type)
            for each in watch.evidence.suspicions.values()
        )

    def _trades_since(self, watch: Watch, symbol: Symbol) -> int:
        """Since before the symbol's oldest open question was asked, or it last agreed."""
        now_ns = self._clock.time_ns()
        known = [ns for key, ns in watch.clean_ns.items() if key[1] == symbol]
        if not known:
            legs = [leg for leg in watch.agreed_ns.keys() | watch.unjudged_ns.keys() if leg[0] == symbol]
            known = [watch.clean_since(leg) for leg in legs or [(symbol, None)]]
        return max(now_ns - TRADES_MOST_NS, min(known) - TRADES_BEFORE_NS)

    def _give_up_rounds(self, watch: Watch) -> None:
        now_ns = self._clock.monotonic_ns()
        for symbol, round_ in list(watch.rounds.items()):
            if now_ns - round_.begun_ns > ROUND_LIMIT_NS:
                del watch.rounds[symbol]

    def _round_of(self, watch: Watch, request_id: str) -> tuple[Round | None, str]:
        """The reading that a request belongs to, and its part; None for an older one, or anybody else's."""
        if not request_id.startswith(f"{RECONCILER}/"):
            return None, ""
        number, part = request_id.split("/")[-2:]
        found = next((round_ for round_ in watch.rounds.values() if str(round_.number) == number), None)
        return found, part

    def answered(self, report: r.PositionsReport | r.OpenOrdersReport | TradesReport) -> tuple[Watch, Round] | None:
        """The reading that this answer makes complete, if it does."""
        watch = self._memory.watches.get(report.account)
        if watch is None:
            return None
        round_, part = self._round_of(watch, report.request_id)
        if isinstance(report, r.OpenOrdersReport) and part and self._lists.came(watch, report):
            self.later(watch, report.symbol, 0)
        if round_ is None:
            if isinstance(report, r.PositionsReport) and report.symbol is None and not part and watch.up:
                self._blindness.over(watch, None)
                return watch, _overheard(report)
            return None
        match report:
            case r.PositionsReport():
                round_.positions = report
            case r.OpenOrdersReport():
                round_.orders = OpenOrders.of(report)
            case TradesReport():
                round_.trades = report
        return self._without(watch, round_, part)

    def _without(self, watch: Watch, round_: Round, part: str) -> tuple[Watch, Round] | None:
        """One part less is missing; the reading, if that was the last, and its parts are of one time.

        Dear parts wait for the venue's budget: positions of a minute ago say nothing beside trades of now.
        """
        round_.missing.discard(part)
        if round_.missing:
            return None
        if _apart_ns(round_) > APART_NS:
            round_.missing.add("positions")
            asked = self.awaited(watch, round_.symbol)
            self._ask(watch, _positions_of(watch, round_.number, round_.symbol, asked=asked))
            return None
        del watch.rounds[round_.symbol]
        self._blindness.over(watch, round_.symbol)
        return watch, round_

    def round_of(self, report: r.FetchFailed) -> Round | None:
        """The reading under way that it is a part of."""
        watch = self._memory.watches.get(report.account)
        return None if watch is None else self._round_of(watch, report.request_id)[0]

    def failed(self, report: r.FetchFailed) -> tuple[Watch, Round] | None:
        """Evidence of nothing (I2): the reading is over, and repeated later.

        A list of orders that fails takes no positions with it: the reading that has only waited for it is returned.
        It does not matter who asked for the list.
        """
        watch = self._memory.watches.get(report.account)
        if watch is None:
            return None
        round_, part = self._round_of(watch, report.request_id)
        if report.until_ns:
            return self._put_off(watch, round_, part, report)
        watch.failed_reads += bool(part)
        if report.request_id.endswith("/orders"):
            symbol, delay_ns = self._lists.failed(watch, report, round_)
            if symbol is None:
                watch.looked = replace(watch.looked, orders_ns=self._clock.monotonic_ns())  # again sooner than that
            self.later(watch, symbol, delay_ns)
            return None if round_ is None else self._without(watch, round_, part)
        if round_ is None:
            return None
        del watch.rounds[round_.symbol]
        self._blindness.failed(watch, round_.symbol, report)
        delay_ns = max(schedule.retry_read(watch.failures), report.retry_after_ms * 1_000_000)
        watch.failures += 1
        self.later(watch, round_.symbol, delay_ns)
        self.after(watch, round_)
        return None

    def _put_off(
        self, watch: Watch, round_: Round | None, part: str, report: r.FetchFailed
    ) -> tuple[Watch, Round] | None:
        """A part was not asked for, since a person would wait for it too long: it is read in the background then.

        The rest of the reading is compared without it.
        """
        delay_ns = max(0, report.until_ns - self._clock.time_ns())
        if report.request_id.endswith("/orders"):
            symbol, delay_ns = self._lists.put_off(watch, report, round_)
            self.later(watch, symbol, delay_ns)
        elif round_ is not None:
            self.later(watch, round_.symbol, delay_ns)
        if round_ is None or part != "positions":
            return None if round_ is None else self._without(watch, round_, part)
        del watch.rounds[round_.symbol]
        self.after(watch, round_)
        return None

    def forget(self, watch: Watch) -> None:
        """The connection is another one: what was asked for before is not answered, or not usefully."""
        watch.rounds.clear()
        self._lists.forget(watch)
        self._blindness.forget(watch)

    def after(self, watch: Watch, round_: Round) -> None:
        """A reading is over: whoever asked meanwhile gets another, and those that wait for the budget their turn."""
        symbol = round_.symbol
        kind = watch.again.pop(symbol, None)
        if (self._demanded_ns(watch, symbol) or 0) > round_.begun_ns > 0:
            kind = CheckKind.DEMAND
        if kind is not None:
            self.read(watch, symbol, kind)
        if watch.waiting and symbol is not None:
            self._drain(watch)


def _name(watch: Watch, number: int) -> str:
    return f"{RECONCILER}/{watch.account}/{number}"


def _positions_of(watch: Watch, number: int, symbol: Symbol | None, *, asked: bool) -> FetchPositions:
    request_id = f"{_name(watch, number)}/positions"
    return FetchPositions(account=watch.account, request_id=request_id, symbol=symbol, asked=asked)


def _apart_ns(round_: Round) -> int:
    """How much later its trades were read than its positions."""
    if round_.positions is None or round_.trades is None:
        return 0
    return round_.trades.begun_ns - round_.positions.begun_ns


def _overheard(report: r.PositionsReport) -> Round:
    """The gateway reads everything now and then for itself: as good as a reading of ours, and costs nothing."""
    return Round(number=0, symbol=None, kind=CheckKind.EVENT, begun_ns=0, missing=set(), positions=report)


def _settled(watch: Watch, symbol: Symbol | None) -> bool:
    """By hand, and not compared since."""
    return any(view.unverified for view in watch.live(symbol))
