"""The administration API, `/paper/*`: tests and demonstrations change the venue through it.

JSON in, JSON out, loopback callers only. No exchange has these routes.

| route | body | does |
|---|---|---|
| GET  /paper/state | | time, identity, the model's whole state |
| POST /paper/price | symbol, price, mark? | sets a price; conditional orders trigger |
| POST /paper/clock | advance_ms | advances the venue's clock |
| POST /paper/faults | a fault plan, {} for none | replaces the fault plan |
| POST /paper/trade | symbol, side, quantity …, account?, method?, path? | a manual trade at the venue |
| POST /paper/disconnect | listen_key? | resets the stream sockets |
| POST /paper/expire-listen-key | listen_key | as after 60 minutes without keepalive |
| POST /paper/transfer | amount, account? | deposit or withdrawal |
| POST /paper/deleverage | symbol, quantity, account?, side? | auto-deleveraging |
| POST /paper/delist | symbol | settles and closes a symbol |
| POST /paper/account | name | opens an account with keys paper-key-NAME and paper-secret-NAME |
| POST /paper/rules | symbol, status?, step_size? … | halts a symbol (status BREAK) or changes its filters |
| POST /paper/revoke-key | api_key | the venue refuses the key from now on |
| POST /paper/rotate-key | api_key, new_key, new_secret | replaces an account's key |
| POST /paper/volatility | ppm, symbol? | sets the volatility of prices |
| POST /paper/limits | weight_per_minute?, orders_per_10_seconds?, orders_per_minute? | sets limits; 0 for none |
| POST /paper/funding-rate | symbol, rate | sets the next fundings' rate |
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adapters.listening.body import BodyRefused, read_text
from adapters.listening.door import prove
from adapters.listening.names import LOOPBACK_NAMES, name_of
from adapters.paper.dialect import Front
from adapters.paper.live import LiveVenue
from adapters.paper.refusals import Refusal
from adapters.paper.responses import BODY_MOST, response_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = dict[str, Any]

# Route -> the recorded input: its kind, then its arguments from the body.
ACTS: dict[str, Callable[[Body], list[object]]] = {
    "price": lambda body: ["price", _text(body, "symbol"), _text(body, "price"), _text(body, "mark", None)],
    "faults": lambda body: ["faults", body],
    "expire-listen-key": lambda body: ["expire", _text(body, "listen_key")],
    "transfer": lambda body: ["transfer", _text(body, "amount"), _text(body, "account", "")],
    "deleverage": lambda body: [
        "deleverage",
        *(_text(body, "symbol"), _text(body, "quantity")),
        *(_text(body, "account", ""), _text(body, "side", "BOTH")),
    ],
    "delist": lambda body: ["delist", _text(body, "symbol")],
    "account": lambda body: ["account", _text(body, "name")],
    "rules": lambda body: ["rules", _text(body, "symbol"), {k: str(v) for k, v in body.items() if k != "symbol"}],
    "revoke-key": lambda body: ["revoke", _text(body, "api_key")],
    "rotate-key": lambda body: ["rotate", *(_text(body, name) for name in ("api_key", "new_key", "new_secret"))],
    "volatility": lambda body: ["volatility", int(body["ppm"]), _text(body, "symbol", "")],
    "limits": lambda body: ["limits", {str(name): int(most) for name, most in body.items()}],
    "funding-rate": lambda body: ["funding", _text(body, "symbol"), _text(body, "rate")],
}


class Admin:
    """Handlers of /paper/*."""

    def __init__(self, live: LiveVenue, streams: Front) -> None:
        self._live = live
        self._streams = streams

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the table above."""
        acts = [web.post(f"/paper/{name}", _guarded(self._act(name))) for name in ACTS]
        return [
            web.get("/paper/state", _guarded(self._state)),
            web.post("/paper/clock", _guarded(self._clock)),
            web.post("/paper/trade", _guarded(self._trade)),
            web.post("/paper/disconnect", _guarded(self._disconnect)),
            *acts,
        ]

    def _act(self, name: str) -> Handler:
        async def act(request: web.Request) -> web.StreamResponse:
            kind, *arguments = ACTS[name](await _json_of(request))
            await self._live.tell(str(kind), *arguments)
            return web.json_response({})

        return act

    async def _state(self, _: web.Request) -> web.StreamResponse:
        live = self._live
        state = {"now_ms": live.now_ms(), "identity": live.identity, "venue": live.venue.snapshot()}
        return web.json_response(state)

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        self._live.move_clock(int((await _json_of(request))["advance_ms"]))
        await self._live.tell("advance")
        return web.json_response({"now_ms": self._live.now_ms()})

    async def _trade(self, request: web.Request) -> web.StreamResponse:
        params = {name: str(value) for name, value in (await _json_of(request)).items()}
        account = params.pop("account", "")
        call = self._live.venue.dialect.requests.hand_order(params)
        return response_of(await self._live.trade(call.method, call.path, call.params, account=account))

    async def _disconnect(self, request: web.Request) -> web.StreamResponse:
        listen_key = (await _json_of(request)).get("listen_key")
        return web.json_response({"disconnected": self._streams.disconnect(listen_key)})


def _text(body: Body, name: str, default: str | None = "\0") -> str | None:
    """A member of the body as text, numbers included; KeyError when a mandatory one is missing."""
    if name not in body and default != "\0":
        return default
    return str(body[name])


async def _json_of(request: web.Request) -> dict[str, Any]:
    text = await read_text(request, BODY_MOST)
    body = json.loads(text) if text else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    return body


def _guarded(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        # A page in a browser can reach loopback; its requests carry an Origin.
        local = ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback  # noqa: S104 - not a bind
        if not local or "Origin" in request.headers or name_of(request.headers.get("Host", "")) not in LOOPBACK_NAMES:
            return web.json_response({"error": "loopback only"}, status=403)
        prove(request)
        try:
            return await handler(request)
        except BodyRefused as error:
            return web.json_response({"error": str(error)}, status=error.status)
        except (Refusal, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return guarded
