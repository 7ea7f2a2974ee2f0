"""I3: an order leaves as it was intended, to the last parameter that says what it does."""

from collections.abc import Mapping
from decimal import Decimal

from messages.events import OrderIntended, PositionRequested
from messages.types import OrderKind, OrderPurpose
from simulator.checks.check import Check
from simulator.environment.network import Sent
from simulator.environment.truth import position_of

TYPES: Mapping[OrderKind, str] = {
    OrderKind.MARKET: "MARKET",
    OrderKind.LIMIT: "LIMIT",
    OrderKind.STOP_MARKET: "STOP_MARKET",
    OrderKind.TARGET_MARKET: "TAKE_PROFIT_MARKET",
    OrderKind.TRAILING_STOP_MARKET: "TRAILING_STOP_MARKET",
}
"""What the venue calls them (New Order, New Algo Order)."""
WORKING_TYPE = "MARK_PRICE"
"""By which price a conditional order is triggered: the default, and no plan draws another."""
GOOD_FOR_S = 86_400
"""So long an order with a limit rests: the default, and no plan draws another."""
SLACK_S = 2
"""The venue counts whole seconds."""
NUMBERS = ("quantity", "price", "triggerPrice", "callbackRate")


class Wording(Check):
    """At every order that leaves."""

    invariants = ("I3",)

    def sent(self, sent: Sent) -> None:
        name = sent.params.get("newClientOrderId") or sent.params.get("clientAlgoId", "")
        intent = self._ledger.intents.get(name)
        if intent is None or sent.call.method != "POST":
            return
        ordinal = position_of(name) or 0
        wanted = worded(intent, self._ledger.holder(ordinal).key.symbol)
        found = {
            word: Decimal(value) if word in NUMBERS else value
            for word, value in sent.params.items()
            if word in NUMBERS or word in ("symbol", "side", "type", "workingType")
        }
        if found != wanted:
            self._fail("I3", f"order {name} left as {found}, intended as {wanted}", ordinal)
        if intent.kind is OrderKind.LIMIT and not self._lasts(sent.params, intent, ordinal):
            self._fail("I3", f"order {name} rests as {dict(sent.params)}, intended at {intent.ts_init}", ordinal)

    def _lasts(self, params: Mapping[str, str], intent: OrderIntended, ordinal: int) -> bool:
        """Until a date; an entry that may only rest is refused where it would not."""
        asked = next((each for each in self._ledger.events[ordinal] if isinstance(each, PositionRequested)), None)
        if intent.purpose is OrderPurpose.ENTRY and asked is not None and asked.post_only:
            return params.get("timeInForce") == "GTX"
        until_s = int(params.get("goodTillDate", 0)) // 1_000
        late_s = until_s - intent.ts_init // 1_000_000_000 - GOOD_FOR_S
        return params.get("timeInForce") == "GTD" and abs(late_s) <= SLACK_S


def worded(intent: OrderIntended, symbol: str) -> dict[str, str | Decimal]:
    """What an order of this intent says to the venue, times and flags left out."""
    numbers = (intent.quantity, intent.limit_price, intent.trigger_price, intent.callback_rate)
    wanted: dict[str, str | Decimal] = {
        "symbol": symbol,
        "side": intent.side.value.upper(),
        "type": TYPES[intent.kind],
        **{word: number for word, number in zip(NUMBERS, numbers, strict=True) if number is not None},
    }
    return {**wanted, "workingType": WORKING_TYPE} if intent.kind.conditional else wanted
