"""Whatever is asked, the venue answers: no input raises, and no refused input changes anything."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.paper.binance.api import PRIVATE_ROUTES, PUBLIC_ROUTES
from tests.paper.desk import Desk

NAMES = (  # noqa: SIM905  fifty quoted words are harder to read
    "symbol side positionSide type timeInForce quantity price newClientOrderId origClientOrderId orderId "
    "reduceOnly closePosition triggerPrice activatePrice callbackRate clientAlgoId algoId algoType workingType "
    "priceProtect goodTillDate leverage marginType dualSidePosition multiAssetsMargin amount limit startTime "
    "endTime fromId incomeType interval batchOrders orderIdList origClientOrderIdList countdownTime recvWindow "
    "timestamp newOrderRespType autoCloseType"
).split()
VALUES = st.one_of(
    st.sampled_from(
        (  # noqa: SIM905
            "BTCUSDT ETHUSDT BUY SELL BOTH LONG SHORT MARKET LIMIT STOP STOP_MARKET TAKE_PROFIT TRAILING_STOP_MARKET "
            "GTC IOC FOK GTX GTD true false CONDITIONAL ISOLATED CROSSED 1 0 0.010 2 100 59000 60000 60000.1 61000 "
            "1700000000000 1e-05 1e400 -1 NaN Infinity 99999999999999999999 [] [1,2] {} [{}] a 1m RESULT 1000000001"
        ).split()
    ),
    st.text(max_size=8),
    st.just("9" * 5_000),
)


@pytest.mark.parametrize("route", sorted(PRIVATE_ROUTES | PUBLIC_ROUTES), ids=" ".join)
@settings(max_examples=25, deadline=None)
@given(params=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10))
def test_every_endpoint_answers_any_parameters_with_json(route: tuple[str, str], params: dict[str, str]) -> None:
    desk = Desk()
    desk.market("BUY", "0.010", newClientOrderId="a")
    before = desk.venue.account_named().wallet
    answer = desk.raw(*route, **params)
    body = json.loads(answer.body)
    if answer.status != 200:
        assert body["code"] < 0
        assert body["msg"]
        assert desk.wallet == before
    desk.wait(1_000)
    desk.venue.snapshot()
