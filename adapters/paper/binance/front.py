"""REST and websockets of Binance USDⓈ-M on one port."""

from collections.abc import Sequence

from aiohttp import web

from adapters.paper.binance.rest import RestApi, not_found
from adapters.paper.binance.streams import PATH, Streams
from adapters.paper.live import LiveVenue


class BinanceFront(Streams):
    """The role `adapters.paper.dialect.Front`."""

    def __init__(self, live: LiveVenue, paced: bool, ping_interval_s: float) -> None:  # noqa: FBT001  see Dialect.front
        super().__init__(live, paced=paced, ping_interval_s=ping_interval_s)
        self._rest = RestApi(live)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        return (web.route("*", "/fapi/{path:.*}", self._rest.handle),)

    async def other(self, request: web.Request) -> web.StreamResponse:
        upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if upgrade and PATH.match(request.path):
            return await self.serve(request)
        return await not_found(request)
