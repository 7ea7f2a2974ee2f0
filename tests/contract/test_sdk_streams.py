"""Every stream event through the official SDK's websocket client, its event models accepting it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from binance_sdk_derivatives_trading_usds_futures.websocket_streams import models
from binance_sdk_derivatives_trading_usds_futures.websocket_streams.models import UserDataStreamEventsResponse

from adapters.paper.server import EmbeddedServer
from tests.contract.clients import admin, sdk_client
from tests.contract.listening import Heard
from tests.contract.validation import NotAcceptedError, accepted

# What the SDK declares and Binance pushes on other occasions only, by its field descriptions: trailing
# stops (AP, cr), amendments (M), funding fees (S), multi-assets mode (ai).
ABSENT = {
    models.OrderTradeUpdate: ("o.AP", "o.cr", "o.M"),
    models.AccountUpdate: ("a.S",),
    models.AccountConfigUpdate: ("ai",),
}
# "After CM migration", which the documentation announces without a date.
AFTER_MIGRATION = ("ps", "st")


@asynccontextmanager
async def connected(server: EmbeddedServer) -> AsyncIterator[Any]:
    streams = sdk_client(server).websocket_streams
    await streams.create_connection()
    try:
        yield streams
    finally:
        await streams.close_connection()


async def _confirmed(streams: Any) -> None:
    """Wait until the server has taken every subscription sent so far."""
    for number, connection in enumerate(streams.connections):
        message = {"method": "LIST_SUBSCRIPTIONS", "id": f"confirm{number}"}
        await asyncio.wait_for(await streams.send_message(message, connection), 5)


async def _told(server: EmbeddedServer, act: Callable[[Any], object], until: type, skip: int = 0) -> list[Any]:
    """The account events, as SDK models, from `act(rest)` up to the first one of type `until` after `skip`."""
    rest = sdk_client(server).rest_api
    heard = Heard()
    async with connected(server) as streams:
        key = (await asyncio.to_thread(rest.start_user_data_stream)).data().listen_key
        handle = await streams.user_data(key)
        handle.on("message", heard.add)
        await _confirmed(streams)
        await asyncio.to_thread(act, rest)
        for _ in range(skip + 1):
            await heard.next(lambda event: isinstance(event.actual_instance, until))
    return [event.actual_instance for event in heard.all]


def _check(events: list[Any]) -> None:
    for event in events:
        accepted(event, absent=ABSENT.get(type(event), ()))


def _buy(rest: Any) -> None:
    rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", new_client_order_id="entry")


def test_a_fill_is_told_in_models(server: EmbeddedServer) -> None:
    def act(rest: Any) -> None:
        _buy(rest)
        rest.change_initial_leverage(symbol="BTCUSDT", leverage=7)

    events = asyncio.run(_told(server, act, models.AccountConfigUpdate))
    _check(events)
    kinds = {type(event) for event in events}
    assert kinds == {
        models.OrderTradeUpdate,
        models.AccountUpdate,
        models.TradeLite,
        models.AccountConfigUpdate,
    }


def test_a_conditional_order_is_told_in_models_from_rest_to_trigger(server: EmbeddedServer) -> None:
    def act(rest: Any) -> None:
        admin(server, "price", symbol="BTCUSDT", price="60000")
        _buy(rest)
        rest.new_algo_order(
            algo_type="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET",
            close_position="true", trigger_price="59000", client_algo_id="guard",
        )  # fmt: skip
        admin(server, "price", symbol="BTCUSDT", price="58900")
        rest.change_initial_leverage(symbol="BTCUSDT", leverage=7)

    events = asyncio.run(_told(server, act, models.AccountConfigUpdate))
    _check(events)
    states = [event.o.X for event in events if isinstance(event, models.AlgoUpdate)]
    assert states[0] == "NEW"
    assert states[-1] == "FINISHED"


def test_a_trailing_stop_tells_whether_it_is_activated(server: EmbeddedServer) -> None:
    def act(rest: Any) -> None:
        rest.new_algo_order(
            algo_type="CONDITIONAL", symbol="BTCUSDT", side="BUY", type="TRAILING_STOP_MARKET",
            quantity="0.010", callback_rate="1", client_algo_id="trail",
        )  # fmt: skip

    (event,) = asyncio.run(_told(server, act, models.AlgoUpdate))
    told = accepted(event).o
    assert (told.caid, told.o, told.X) == ("trail", "TRAILING_STOP_MARKET", "NEW")


def test_a_margin_call_and_the_liquidation_after_it_are_told_in_models(server: EmbeddedServer) -> None:
    def act(rest: Any) -> None:
        admin(server, "price", symbol="BTCUSDT", price="60000")
        rest.change_initial_leverage(symbol="BTCUSDT", leverage=50)
        admin(server, "transfer", amount="-99870")
        rest.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.100")
        for price in range(59900, 58500, -50):
            admin(server, "price", symbol="BTCUSDT", price=str(price))
        rest.change_initial_leverage(symbol="ETHUSDT", leverage=9)

    events = asyncio.run(_told(server, act, models.AccountConfigUpdate, skip=1))
    _check(events)
    assert any(isinstance(event, models.MarginCall) for event in events)
    orders = [event.o for event in events if isinstance(event, models.OrderTradeUpdate)]
    assert orders[-1].c.startswith("autoclose-")


def test_the_end_of_a_listen_key_is_told_in_a_model(server: EmbeddedServer) -> None:
    def act(rest: Any) -> None:
        key = rest.start_user_data_stream().data().listen_key
        admin(server, "expire-listen-key", listen_key=key)

    events = asyncio.run(_told(server, act, models.ListenKeyExpired))
    _check(events)
    assert any(isinstance(event, models.ListenKeyExpired) and event.E for event in events)


def _market_streams() -> dict[str, Callable[[Any], Awaitable[Any]]]:
    return {
        "markPrice@1s": lambda streams: streams.mark_price_stream(symbol="btcusdt", update_speed="1s"),
        "markPrice": lambda streams: streams.mark_price_stream(symbol="btcusdt"),
        "!markPrice@arr@1s": lambda streams: streams.mark_price_stream_for_all_market(update_speed="1s"),
        "bookTicker": lambda streams: streams.individual_symbol_book_ticker_streams(symbol="btcusdt"),
        "!bookTicker": lambda streams: streams.all_book_tickers_stream(),
    }


@pytest.mark.parametrize("name", list(_market_streams()))
def test_market_events_are_told_in_models(server: EmbeddedServer, name: str) -> None:
    async def work() -> Any:
        heard = Heard()
        async with connected(server) as streams:
            handle = await _market_streams()[name](streams)
            handle.on("message", heard.add)
            await _confirmed(streams)
            await asyncio.to_thread(lambda: admin(server, "price", symbol="BTCUSDT", price="60100"))
            return await heard.next()

    model = accepted(asyncio.run(work()), absent=AFTER_MIGRATION)
    told = model if isinstance(model, list) else [model]
    assert any("BTCUSDT" in str(each) for each in told), "of the symbol whose price was moved"


def test_an_event_with_a_wrong_type_would_not_be_accepted() -> None:
    raw = UserDataStreamEventsResponse.model_construct(actual_instance={"e": "ORDER_TRADE_UPDATE"})
    with pytest.raises(NotAcceptedError, match="raw dict"):
        accepted(raw)
