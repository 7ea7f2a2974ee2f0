"""I11 of what waits at a gateway: a wait begins with a submit that is still to leave, and with no other."""

from decimal import Decimal
from typing import Any

from adapters.exchange.venue import Call
from messages import reports as r
from messages.requests import SubmitProtection
from messages.statement import verbatim
from messages.types import AccountId, ClientOrderId, OrderKind, PositionSide, Side, Symbol
from simulator.checks.check import SECOND, Truth
from simulator.checks.shared import WAITS_NS, Shared
from simulator.environment.network import Sent

GATEWAY = "gateway/main"
ABOUT: dict[str, Any] = {
    "account": AccountId("main"),
    "symbol": Symbol("SOLUSDT"),
    "client_order_id": ClientOrderId("absimu1ate00000020004000002"),
}
STOP = SubmitProtection(
    **ABOUT,
    conditional=True,
    side=Side.BUY,
    position_side=PositionSide.SHORT,
    kind=OrderKind.STOP_MARKET,
    quantity=Decimal(2),
    trigger_price=Decimal("153.15"),
)
NAMED = {"clientAlgoId": STOP.client_order_id}
POST = Sent(
    call=Call(method="POST", path="/fapi/v1/algoOrder", params=NAMED),
    params=NAMED,
    api_key="key-main",
)


class Watch:
    """The check on a clock of its own; nothing of venue or ledger is asked for here."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.found: list[str] = []
        unused: Any = None
        self.check = Shared(
            Truth(
                ledger=unused,
                books=unused,
                now_ns=lambda: self.now_ns,
                wall_ns=lambda: self.now_ns,
                fail=lambda invariant, text, ordinal: self.found.append(invariant),
            )
        )
        self.check._up.add(GATEWAY)
        self.check._quiet_until_ns = -WAITS_NS

    def waits(self) -> bool:
        self.now_ns += WAITS_NS + SECOND
        self.check.tick(None)
        return bool(self.found)


def test_a_submit_that_does_not_leave_waits() -> None:
    watch = Watch()
    watch.check.delivered(GATEWAY, STOP)
    assert watch.waits()


def test_a_submit_that_has_left_does_not_wait_where_a_new_life_of_its_gateway_is_handed_it() -> None:
    """Seed 2700001245, I11: its answer hung, its gateway raised, and the next life asked after it."""
    for leave in (Shared.sent, Shared.tried):
        watch = Watch()
        watch.check.delivered(GATEWAY, STOP)
        leave(watch.check, POST)
        watch.check.delivered(GATEWAY, STOP)
        assert not watch.waits()


def test_a_submit_that_was_not_executed_waits_again() -> None:
    watch = Watch()
    watch.check.delivered(GATEWAY, STOP)
    watch.check.sent(POST)
    watch.check.delivered(GATEWAY, r.NotExecuted(**ABOUT, retry_after_ms=50, cause=verbatim("-1021")))
    watch.check.delivered(GATEWAY, STOP)
    assert watch.waits()
