"""The venue's back door, `/paper/*`: what tests and demonstrations do to it.

JSON in, JSON out, loopback callers only. Nothing here exists on Binance.

| route | body | does |
|---|---|---|
| GET  /paper/state | | time, identity, accounts, open sockets, the model's whole state |
| POST /paper/price | {"symbol", "price"} | moves a price; conditional orders trigger |
| POST /paper/clock | {"advance_ms"} | lets the venue's clock run ahead |
| POST /paper/faults | a fault plan, {} for none | what goes wrong from now on |
| POST /paper/trade | {"symbol", "side", "quantity", "api_key"?, order parameters …} | a human trades |
| POST /paper/disconnect | {"listen_key"?} | resets the stream sockets |
| POST /paper/expire-listen-key | {"listen_key"} | as after 60 minutes without keepalive |
"""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adapters.paper.live import LiveVenue
from adapters.paper.rest import response_of
from adapters.paper.streams import Streams

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Admin:
    """Handlers of /paper/*."""

    def __init__(self, live: LiveVenue, streams: Streams) -> None:
        self._live = live
        self._streams = streams

    def routes(self) -> list[web.RouteDef]:
        """The table above."""
        return [
            web.get("/paper/state", _guarded(self._state)),
            web.post("/paper/price", _guarded(self._price)),
            web.post("/paper/clock", _guarded(self._clock)),
            web.post("/paper/faults", _guarded(self._faults)),
            web.post("/paper/trade", _guarded(self._trade)),
            web.post("/paper/disconnect", _guarded(self._disconnect)),
            web.post("/paper/expire-listen-key", _guarded(self._expire)),
        ]

    async def _state(self, _: web.Request) -> web.StreamResponse:
        venue = self._live.venue
        return web.json_response(
            {"now_ms": self._live.now_ms(), "identity": self._live.identity, "venue": venue.snapshot()}
        )

    async def _price(self, request: web.Request) -> web.StreamResponse:
        body = await _json_of(request)
        await self._live.tell("price", str(body["symbol"]), str(body["price"]))
        return web.json_response({})

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        self._live.move_clock(int((await _json_of(request))["advance_ms"]))
        await self._live.tell("advance")
        return web.json_response({"now_ms": self._live.now_ms()})

    async def _faults(self, request: web.Request) -> web.StreamResponse:
        await self._live.tell("faults", await _json_of(request))
        return web.json_response({})

    async def _trade(self, request: web.Request) -> web.StreamResponse:
        body = {name: str(value) for name, value in (await _json_of(request)).items()}
        api_key = body.pop("api_key", None) or self._live.venue.default_api_key
        # What the exchange's own web page names its orders.
        body.setdefault("newClientOrderId", f"web_{secrets.token_hex(8)}")
        body.setdefault("type", "MARKET")
        body.setdefault("timestamp", str(self._live.now_ms()))
        answer = await self._live.ask("POST", "/fapi/v1/order", body, api_key=api_key)
        return response_of(answer)

    async def _disconnect(self, request: web.Request) -> web.StreamResponse:
        listen_key = (await _json_of(request)).get("listen_key")
        return web.json_response({"disconnected": self._streams.disconnect(listen_key)})

    async def _expire(self, request: web.Request) -> web.StreamResponse:
        await self._live.tell("expire", str((await _json_of(request))["listen_key"]))
        return web.json_response({})


async def _json_of(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    body = json.loads(text) if text else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104 - not a bind
            return web.json_response({"error": "loopback only"}, status=403)
        try:
            return await handler(request)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return guarded
