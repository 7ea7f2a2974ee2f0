"""HTTP errors of the control API: every one is a JSON object with `error`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adapters.control.pending import Busy, Conflict, Starting, Stopping
from adapters.listening.body import BodyRefused
from messages.fields import FieldError
from messages.text import json_text

EXPECTATION_FAILED = 417
_LOG = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(document: Any, status: int = 200) -> web.Response:
    """Return a JSON answer with control characters escaped, which could act on a terminal."""
    return web.Response(text=json_text(document), status=status, content_type="application/json")


def failure(status: int, error: str, **more: Any) -> web.Response:
    return answer({"error": error, **more}, status)


def unreadable(status: int) -> web.Response:
    """Return the answer to bytes that are not HTTP, have an oversized line or header, or an unknown `Expect`; no route
    sees them.
    """
    if status == EXPECTATION_FAILED:
        return failure(status, "the header Expect asks for what is not known here: leave it out, or send 100-continue")
    if status >= 500:
        return failure(status, "an error of ours, see `albra logs --level ERROR`")
    return failure(status, "this cannot be read as an HTTP request: its first line or a header is wrong or too long")


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Convert every error to a JSON object with `error`; log an unexpected one and report it as ours."""
    try:
        return await handler(request)
    except FieldError as error:
        return failure(400, str(error), field=error.field, expected=error.expected, found=error.found)
    except BodyRefused as error:
        return failure(error.status, str(error))
    except Busy:
        text = "the supervisor's queue is full: nothing was done, try again in a moment"
        return failure(503, text, code="busy")
    except Starting:
        return failure(503, "the supervisor is starting: nothing was done, try again in a moment", code="not_ready")
    except Conflict:
        text = "this command_id belongs to another command that is being carried out: use a new one"
        return failure(409, text, code="other_command")
    except (TimeoutError, Stopping) as error:
        why = "stops" if isinstance(error, Stopping) else "did not answer in time"
        text = f"the supervisor {why}: repeat with the same command_id to learn the outcome"
        return failure(504, text, code="unknown")
    except web.HTTPException as error:
        answer = failure(error.status, f"{error.reason}: {request.method} {request.path}")
        answer.headers.update({name: error.headers[name] for name in ("Allow",) if name in error.headers})
        return answer
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - the last line before a stranger; logged with its trace
        _LOG.exception("a control request failed: %s %s", request.method, request.path)
        return failure(500, "an error of ours, see `albra logs --level ERROR`")
