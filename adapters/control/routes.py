"""The HTTP routes of the control API: each asks the supervisor and converts its answer."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from adapters.control import openapi, wire
from adapters.control.answers import Handler, answer, errors_as_json, failure
from adapters.control.listeners import LISTENERS_MAX, Listeners
from adapters.control.pending import Answer, Busy, Pending, Starting, Stopping
from adapters.listening import body as bodies
from adapters.listening.door import prove
from adapters.listening.names import LOOPBACK_NAMES, name_of
from adapters.secret import Secret
from albra.loopback.proof import CHALLENGE, CHALLENGE_MAX, PROOF, proof_of
from messages import fields
from messages.addresses import CONTROL
from messages.codec import decode, to_jsonable
from messages.commands import Command, ListPositions, ReadHistory, ReadStatus
from messages.fields import FieldError
from messages.meaning import meaning
from messages.operations import operations
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies, ReconcileAnswer
from messages.reports import HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.status import why_not_ready
from messages.types import AccountId, CommandId, CorrelationId, PositionId

BODY_MAX = 65_536
DISCREPANCIES_SHOWN = 20
"""The default limit."""
PUBLIC = ("/v1/health", "/v1/ready", "/v1/openapi.json")
"""Routes without a token; they reveal no positions and no accounts."""
WEBSOCKET_TOKEN_PREFIX = "bearer."  # noqa: S105 - how a browser, which cannot set headers, hands its token
_HEARTBEAT_S = 20
_ASKED: web.RequestKey[dict[str, Any]] = web.RequestKey("asked", dict)
"""The request key of the parsed query."""
HEALTH_ID = CommandId("control-health")
"""One query shared by all callers: its answer needs no token, so asking must be cheap."""
HEALTH_TIMEOUT_S = 2.0
NO_ANSWER = "the supervisor does not answer: see `albra doctor`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Handlers of all routes. `answer_timeout_s` bounds every wait for the supervisor."""

    pending: Pending
    listeners: Listeners
    token: Secret
    accounts: tuple[AccountId, ...]
    answer_timeout_s: float
    health: Callable[[], dict[str, Any]]
    host: str = "127.0.0.1"

    def application(self) -> web.Application:
        application = web.Application(middlewares=[errors_as_json, self._at_home, self._authorized])
        application.add_routes(
            [
                web.get("/v1/health", self._health),
                web.get("/v1/ready", self._ready),
                web.get("/v1/openapi.json", self._openapi),
                web.post("/v1/commands/{name}", self._command),
                web.get("/v1/positions", self._positions),
                web.get("/v1/positions/{position_id}", self._position),
                web.get("/v1/positions/{position_id}/history", self._history),
                web.get("/v1/status", self._status),
                web.get("/v1/discrepancies", self._discrepancies),
                web.get("/v1/events", self._events),
            ]
        )
        return application

    @web.middleware
    async def _at_home(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse requests with another host name or from another page's origin: a page in a local browser could send
        them.
        """
        said = request.headers.getall("Host", [])
        if len(said) != 1 or name_of(said[0]) not in {*LOOPBACK_NAMES, name_of(self.host)}:
            return failure(421, "the Host header names another server: ask 127.0.0.1, localhost or [::1]")
        if any(origin != f"http://{said[0]}" for origin in request.headers.getall("Origin", [])):
            return failure(403, "the Origin header names another page")
        if request.method == "POST" and "Content-Type" in request.headers and not _is_json(request.content_type):
            return failure(415, "the body is JSON: send it with the header Content-Type: application/json")
        return await handler(request)

    @web.middleware
    async def _authorized(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in PUBLIC and not hmac.compare_digest(_token_of(request), self.token.reveal().encode()):
            return failure(401, "the bearer token is missing or wrong: it stands in control.token, new with each start")
        if request.path not in PUBLIC:
            prove(request)
        path = request.match_info.route.resource
        request[_ASKED] = {} if path is None else wire.query(path.canonical, tuple(request.query.items()))
        return await handler(request)

    async def _health(self, request: web.Request) -> web.Response:
        """Answer whether the supervisor responds and all is well, without accounts or positions.

        With a challenge the answer proves that the server knows the token, before the caller sends its own.
        """
        challenge = request.headers.get(CHALLENGE, "")[:CHALLENGE_MAX]
        if not challenge:
            return await self._judged()
        response = answer(self.health())
        response.headers[PROOF] = proof_of(self.token, challenge)
        return response

    async def _judged(self) -> web.Response:
        found = await self._status_now()
        if found is None:
            return failure(503, NO_ANSWER, **self.health())
        wrong = sorted({wire.concern_name(each) for each in found.verdict.concerns})
        level = found.verdict.level.value
        return answer({"status": "degraded" if wrong else "ok", "verdict": level, "troubles": wrong, **self.health()})

    async def _status_now(self) -> StatusAnswer | None:
        """Return the status; None when the supervisor does not answer in time."""
        try:
            found = await self.pending.ask(ReadStatus(**_query(HEALTH_ID)), "", HEALTH_TIMEOUT_S)
        except (Busy, Starting, Stopping, TimeoutError):
            return None
        assert isinstance(found, StatusAnswer)
        return found

    async def _ready(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the handler's signature
        """200 only where openings are possible on every account; otherwise 503 with the reason's code."""
        found = await self._status_now()
        if found is None:
            return failure(503, NO_ANSWER, code="no_answer")
        code = why_not_ready(found.rows)
        if code:
            return failure(503, "openings are not possible now: see `albra status`", code=code)
        return answer({"ready": True, "code": "ready"})

    async def _openapi(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the handler's signature
        return answer(openapi.document())

    async def _command(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in operations():
            return failure(404, f"no command {name!r}: there are {', '.join(operations())}")
        return await self.carry_out(name, await _body(request))

    async def carry_out(self, name: str, body: Any) -> web.Response:
        """Submit one command of `operations` and return its answer. Raises FieldError, Busy, Conflict, TimeoutError."""
        command = wire.command(name, body, self.accounts, time.time_ns())
        result = await self._ask(command, meaning(command))
        if isinstance(result, ReconcileAnswer):
            return answer(wire.reconciled(result))
        assert isinstance(result, Reply)
        status, said = wire.reply(result)
        return answer(said, status)

    async def _positions(self, request: web.Request) -> web.Response:
        """Answer the requested positions; an unknown name gives 404."""
        said: dict[str, Any] = request[_ASKED]
        asked = dict(said)
        found = await self._ask(ListPositions(**_query(), terminal=asked.pop("all", False), **asked))
        if isinstance(found, PositionsAnswer):
            return answer(wire.positions(found))
        assert isinstance(found, Reply)
        return failure(404, found.text)

    async def _position(self, request: web.Request) -> web.Response:
        position_id = _position_id(request)
        found = await self._ask(ListPositions(**_query(), position_id=position_id, terminal=True))
        assert isinstance(found, PositionsAnswer)
        rows = wire.positions(found)
        return answer(rows[0]) if rows else _no_position(position_id, found.instead)

    async def _history(self, request: web.Request) -> web.Response:
        position_id = _position_id(request)
        found = await self._ask(ReadHistory(**_query(), position_id=position_id))
        assert isinstance(found, HistoryAnswer)
        if not found.found:
            return _no_position(position_id, found.instead)
        return answer([to_jsonable(decode(record)) for record in found.records])

    async def _status(self, request: web.Request) -> web.Response:  # noqa: ARG002 - the handler's signature
        found = await self._ask(ReadStatus(**_query()))
        assert isinstance(found, StatusAnswer)
        return answer(wire.status(found))

    async def _discrepancies(self, request: web.Request) -> web.Response:
        given = request[_ASKED]
        most = given.get("n", DISCREPANCIES_SHOWN)
        found = await self._ask(ListDiscrepancies(**_query(), symbol=given.get("symbol"), most=most))
        if isinstance(found, DiscrepanciesAnswer):
            return answer(wire.discrepancies(found))
        assert isinstance(found, Reply)
        return failure(404, found.text or "no discrepancies are kept here")

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.listeners.count >= LISTENERS_MAX:
            return failure(503, f"{LISTENERS_MAX} listeners are connected already: close one")
        offered = [p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if p.strip()]
        socket = web.WebSocketResponse(
            heartbeat=_HEARTBEAT_S, protocols=offered[:1], max_msg_size=BODY_MAX, compress=False
        )
        await socket.prepare(request)
        sender = asyncio.ensure_future(self._send_events(socket))
        try:
            async for message in socket:  # Incoming messages are ignored; reading detects a closed connection.
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _send_events(self, socket: web.WebSocketResponse) -> None:
        async for text in self.listeners.stream():
            await socket.send_str(text)
        await socket.close(message=b"the supervisor stops")

    async def _ask(self, command: Command, meant: str = "") -> Answer:
        return await self.pending.ask(command, meant, self.answer_timeout_s)


def _no_position(position_id: PositionId, instead: PositionId | None) -> web.Response:
    """Answer 404. `instead`: the position of that number or name, which has ended and has no view."""
    if instead == position_id:
        return failure(404, f"{position_id} is over: `albra history {position_id}` tells what became of it")
    other = f"; {instead} has its number" if instead is not None else ""
    return failure(404, f"no position {position_id}{other}: see `albra positions --all`", instead=instead)


async def _body(request: web.Request) -> Any:
    text = await bodies.read_text(request, BODY_MAX)
    try:
        return bodies.document(text)
    except ValueError:
        raise FieldError("a JSON object", "something else", "body") from None


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or content_type.endswith("+json")


def _position_id(request: web.Request) -> PositionId:
    try:
        return fields.position_id(request.match_info["position_id"])
    except FieldError as error:
        error.field = "position_id"
        raise


def _query(name: str = "") -> dict[str, Any]:
    """Return the fields of every query: a fresh id and the reply address."""
    name = name or f"control-{secrets.token_hex(8)}"
    return {"command_id": CommandId(name), "correlation_id": CorrelationId(name), "reply_to": CONTROL}


def _token_of(request: web.Request) -> bytes:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _bytes_of(token.strip())
    for protocol in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if protocol.strip().startswith(WEBSOCKET_TOKEN_PREFIX):
            return _bytes_of(protocol.strip().removeprefix(WEBSOCKET_TOKEN_PREFIX))
    return b""


def _bytes_of(header: str) -> bytes:
    """Return the header's original bytes: aiohttp escapes bytes that are not UTF-8."""
    return header.encode(errors="surrogateescape")
