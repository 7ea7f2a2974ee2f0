"""Planted bugs between the positions and the venue: gateway, exchange adapter, mailboxes."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal

from actors.gateway import outcome_resolution, resync
from actors.gateway.actions import SECOND
from actors.gateway.budget import Budget
from actors.gateway.core import Gateway
from actors.gateway.orders import Orders
from actors.gateway.resolutions import Resolutions
from actors.gateway.shared_budget import SharedBudget
from actors.runtime.mailbox import Mailbox
from actors.supervisor import pre_trade_risk
from adapters.exchange import outcome
from adapters.exchange.binance import calls
from adapters.exchange.binance.reader import Reader
from adapters.exchange.hearing import Hearing
from adapters.exchange.outcome import Verdict
from adapters.exchange.venue import Call
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import Fault, FaultKind, FaultPlan, Moment
from messages import reports as r
from messages.ids import client_order_id, parse_client_order_id
from messages.priority import Priority
from messages.requests import FetchFills, SubmitOrder
from messages.types import ClientOrderId, PositionMode, RejectReason, TriggerPrice
from simulator.environment.network import CALM, START_MS, Window
from simulator.environment.plan import Act, Plan
from simulator.mutants.plans import canceled_unheard
from simulator.mutants.planting import Mutant, calm, mutant, patch

OTHER_NUMBERS = 5_000


def _blind_resend(stack: ExitStack) -> None:
    """No answer: send it again."""

    def unknown(self: Orders, message: r.OutcomeUnknown) -> None:
        name = message.client_order_id
        order = self._take_in_flight(name)
        if order is not None:
            self._sent.owe(name)
            self._waiting[name] = order
            self._context.later(f"retry/{name}", SECOND // 2)
        self.cancels.let_go(name)

    patch(stack, Orders, "unknown", unknown)


def _retry_under_a_new_id(stack: ExitStack) -> None:
    """Another try is another order, and names itself anew."""
    retry_due = Orders.retry_due

    def renamed(self: Orders, name: ClientOrderId) -> None:
        order, parts = self._waiting.pop(name, None), parse_client_order_id(name)
        if order is None or parts is None:
            return
        other = client_order_id(parts.journal_id, parts.ordinal, parts.number + OTHER_NUMBERS)
        self._sent.owe(other)
        self._waiting[other] = replace(order, client_order_id=other)
        retry_due(self, other)

    patch(stack, Orders, "retry_due", renamed)


def _503_means_rejected(stack: ExitStack) -> None:
    def judged(codes: object, text: str, cause: str) -> Verdict:
        return outcome.Rejected(reason=RejectReason.OTHER, code="503", text=cause)

    patch(stack, outcome, "_judge_server_fault", judged)


def _not_found_means_failed(stack: ExitStack) -> None:
    """One query that finds nothing is proof, whenever it was asked."""
    patch(stack, outcome_resolution, "_needed", lambda _doubt: 1)
    patch(stack, Resolutions, "_last_possible_send", lambda *_: -3600 * SECOND)


def _one_source_is_proof(stack: ExitStack) -> None:
    """Who is asked twice and finds nothing twice need not look elsewhere."""

    async def nowhere_else(_reader: Reader, _request: FetchFills) -> None:
        return None

    patch(stack, Reader, "_listed", nowhere_else)


def _found_by_its_list_alone() -> Sequence[Plan]:
    """Half is sold; the answer and the events are lost, and a query by its id finds nothing for seconds."""
    faults = (
        ANSWERS["read_timeout"].at(Moment.AFTER_EFFECT, method="POST", path="/order", nth=2),
        ANSWERS["query_not_found_2013"].at(Moment.BEFORE_EFFECT, method="GET", path="/order", client_id="ab", count=12),
        Fault(kind=FaultKind.EVENT_LOST, count=0, from_ms=START_MS + 6_000),
    )
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2)
    half = Act(at_ms=7_000, do="close part", slot=0, percent=50)
    return [calm(opening, half, faults=FaultPlan(faults=faults))]


def _mute_unnoticed(stack: ExitStack) -> None:
    """What the stream does not tell will be told in time."""
    patch(stack, Hearing, "missed", lambda _hearing, _name: None)


def _told_by_nobody() -> Sequence[Plan]:
    """The socket looks alive and brings nothing while a position opens."""
    mute = Window(what="mute", from_ms=2_500, until_ms=22_000)
    opening = Act(at_ms=4_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2, stop_ppm=30_000)
    return [calm(opening, weather=replace(CALM, windows=(mute,)))]


def _wrong_mode_opens(stack: ExitStack) -> None:
    """The venue will say what it does not take."""
    checks = tuple(check for check in pre_trade_risk._CHECKS if check is not pre_trade_risk._unfit)
    patch(stack, pre_trade_risk, "_CHECKS", checks)


def _switched_while_flat() -> Sequence[Plan]:
    """Somebody switches the position mode; one opening finds out, the next is asked for in the wrong mode."""
    switched = Act(at_ms=3_000, do="hand mode", for_ms=20_000)
    first = Act(at_ms=5_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2)
    second = Act(at_ms=16_000, do="open", slot=1, symbol="BTCUSDT", strategy="beta", lots=2)
    return [calm(switched, first, second)]


def _reduce_only_dropped(stack: ExitStack) -> None:
    _without(stack, "reduceOnly")


def _leg_dropped(stack: ExitStack) -> None:
    """In hedge mode the venue is not told which leg."""
    _without(stack, "positionSide")


def _without(stack: ExitStack, dropped: str) -> None:
    submit = calls.submit

    def without(message: SubmitOrder, mode: PositionMode) -> Call:
        call = submit(message, mode)
        return replace(call, params={name: value for name, value in call.params.items() if name != dropped})

    patch(stack, calls, "submit", without)


def _rewritten(stack: ExitStack, rewrite: Callable[[Mapping[str, str]], Mapping[str, str]]) -> None:
    """Every order leaves with other parameters."""
    submit = calls.submit

    def rewritten(message: SubmitOrder, mode: PositionMode) -> Call:
        call = submit(message, mode)
        return replace(call, params=rewrite(call.params))

    patch(stack, calls, "submit", rewritten)


def _a_trigger_price_of_its_own(stack: ExitStack) -> None:
    """A stop that rests is a stop, wherever it rests."""

    def further(params: Mapping[str, str]) -> Mapping[str, str]:
        if "triggerPrice" not in params:
            return params
        price = Decimal(params["triggerPrice"])
        return {**params, "triggerPrice": f"{price - 1 if params['side'] == 'SELL' else price + 1:f}"}

    _rewritten(stack, further)


def _entries_rest_for_ever(stack: ExitStack) -> None:
    """Nobody who has stopped Albra would find them gone the day after."""
    patch(stack, calls, "_time_in_force", lambda _message: {"timeInForce": "GTC"})


def _by_the_other_price(stack: ExitStack) -> None:
    """The mark price triggers where the last one should, and the other way round."""
    other = {
        mine: calls._WORKING_TYPES[theirs] for mine, theirs in zip(TriggerPrice, reversed(TriggerPrice), strict=True)
    }
    patch(stack, calls, "_WORKING_TYPES", other)


def _a_limit_sent_as_market(stack: ExitStack) -> None:
    """What is to be had now need not wait for its price."""
    resting = ("price", "timeInForce", "goodTillDate")

    def at_once(params: Mapping[str, str]) -> Mapping[str, str]:
        if params["type"] != "LIMIT":
            return params
        return {**{name: value for name, value in params.items() if name not in resting}, "type": "MARKET"}

    _rewritten(stack, at_once)


def _bans_are_not_honored(stack: ExitStack) -> None:
    patch(stack, Gateway, "_be_quiet", lambda *_: None)


def _a_ban_of_others_is_not_ours(stack: ExitStack) -> None:
    """Only who was told of the ban keeps quiet."""
    budget_used = Gateway._budget_used
    patch(stack, Gateway, "_budget_used", lambda self, said: budget_used(self, replace(said, quiet_ms=0)))


def _reads_without_end(stack: ExitStack) -> None:
    """A reading follows upon a reading, and nobody counts what they cost."""
    patch(stack, resync, "on_read_failed", lambda state, _request_id: (state, 1))
    answered = resync.on_read

    def again(state: resync.Resync, request_id: str) -> tuple[resync.Resync, resync.Reads]:
        done, reads = answered(state, request_id)
        return resync.want(done) if not reads and resync.is_ours(state.account, request_id) else (done, reads)

    patch(stack, resync, "on_read", again)
    patch(stack, Budget, "allows", lambda *_: True)
    patch(stack, SharedBudget, "take", lambda *_: True)


def _one_lane_for_all(stack: ExitStack) -> None:
    """Mailboxes are queues: first come, first served."""

    def put(self: Mailbox, message: object) -> None:
        rank = int(Priority.MEDIUM)
        next(self._accepted[rank])
        self.lanes[rank].append(message)
        self._wake(0)

    patch(stack, Mailbox, "put", put)


def _silence_is_health(stack: ExitStack) -> None:
    """A stream that is up needs no sweep, and one that comes back has missed nothing."""
    patch(stack, Gateway, "_sweep", lambda _self: None)
    patch(stack, Gateway, "_stream_up", lambda self, message: self._context.say(message))


WIRE: Mapping[str, Mutant] = {
    "blind resend": mutant(_blind_resend, "I1", "I2", "I3", "I14", seed=10),
    "retry under a new id": mutant(_retry_under_a_new_id, "I3", seed=3),
    "503 means rejected": mutant(_503_means_rejected, "I2", seed=14),
    "not found means failed": mutant(_not_found_means_failed, "I2", seed=10),
    "one source is proof": mutant(_one_source_is_proof, "I2", plans=_found_by_its_list_alone),
    "a mute stream goes unnoticed": mutant(_mute_unnoticed, "I5", plans=_told_by_nobody),
    "the wrong mode opens anyway": mutant(_wrong_mode_opens, "I10", plans=_switched_while_flat),
    "reduce-only dropped": mutant(_reduce_only_dropped, "I8"),
    "leg dropped": mutant(_leg_dropped, "I8", "I5", seed=51),
    "a trigger price of its own": mutant(_a_trigger_price_of_its_own, "I3"),
    "entries rest for ever": mutant(_entries_rest_for_ever, "I3"),
    "triggered by the other price": mutant(_by_the_other_price, "I3"),
    "a limit sent as market": mutant(_a_limit_sent_as_market, "I3"),
    "bans are not honored": mutant(_bans_are_not_honored, "I10", seed=2),
    "a ban of others is not ours": mutant(_a_ban_of_others_is_not_ours, "I10", seed=62),
    "reads without end": mutant(_reads_without_end, "I10", seed=1),
    "one lane for all": mutant(_one_lane_for_all, "I11", seed=2),
    "silence is health": mutant(_silence_is_health, "I5", "I7", "I9", plans=canceled_unheard),
}
