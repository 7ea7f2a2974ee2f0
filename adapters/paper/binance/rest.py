"""The REST server: checks keys and signatures, asks the model, and applies the answer's fate."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from adapters.listening.body import BodyRefused, read_text
from adapters.listening.door import prove
from adapters.paper.answer import Answer, Fate
from adapters.paper.binance.api import PRIVATE_ROUTES
from adapters.paper.binance.route import Security
from adapters.paper.binance.signature import Denial, denial_of, parameters_of
from adapters.paper.live import LiveVenue
from adapters.paper.responses import BODY_MOST, response_of
from adapters.paper.sockets import reset


class RestApi:
    """Handler of every path under /fapi."""

    def __init__(self, live: LiveVenue) -> None:
        self._live = live

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request: at once, delayed, cut or never, as the fault plan directs."""
        path, _, query = request.raw_path.partition("?")
        try:
            body = await read_text(request, BODY_MOST)
        except BodyRefused as refused:
            return error_response(Denial(status=refused.status, code=-1130, message=str(refused)))
        api_key = request.headers.get("X-MBX-APIKEY")
        denial = denial_of(
            security=security_of(request.method, path),
            query=query,
            body=body,
            api_key=api_key,
            secret_of=self._live.venue.secret_of,
        )
        if denial is not None:
            return error_response(denial)
        if api_key is not None and self._live.venue.secret_of(api_key) is not None:
            prove(request)
        try:
            answer = await self._live.ask(request.method, path, parameters_of(query, body), api_key=api_key)
        except OSError as error:
            text = f"INTERNAL ERROR; unable to process your request. Please try again. ({error})"
            return error_response(Denial(status=500, code=-1001, message=text))
        return await _carry_out(answer, request)


def security_of(method: str, path: str) -> Security:
    """Return the endpoint's security type; none for an unknown endpoint, which the model refuses."""
    private = PRIVATE_ROUTES.get((method, path))
    return Security.NONE if private is None else private.security


async def _carry_out(answer: Answer, request: web.Request) -> web.StreamResponse:
    if answer.delay_ms:
        await asyncio.sleep(answer.delay_ms / 1000)
    if answer.fate is Fate.HANG:
        # Ends when the client gives up (its disconnect cancels this handler) or the server stops.
        await asyncio.get_running_loop().create_future()
    if answer.fate is Fate.DROP and request.transport is not None:
        reset(request.transport)
    return response_of(answer)


def error_response(denial: Denial) -> web.Response:
    """Binance's error document: `{"code", "msg"}`."""
    body = json.dumps({"code": denial.code, "msg": denial.message}).encode()
    return web.Response(status=denial.status, body=body, content_type="application/json")


async def not_found(request: web.Request) -> web.StreamResponse:
    """Return -5000 with 404 for an unknown path.

    Source: the answer of fapi.binance.com; the documentation does not mention it.
    """
    message = f"Path {request.path}, Method {request.method} is invalid"
    return error_response(Denial(status=404, code=-5000, message=message))
