"""Ends requests at a redirect, and answers at a maximum size.

A followed 307 or 308 sends an order a second time, and any redirect can take a signed request to another host. ccxt has
no option against that, so its HTTP session gets one by aiohttp's own means.

ccxt reads an answer whole, and a few kilobytes can unpack to gigabytes. A larger answer is cut off; its request's
outcome is unknown.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import aiohttp

ANSWER_MOST = 64 << 20
"""Bytes, unpacked. The longest answer, the list of instruments, has some five million."""


class RedirectError(aiohttp.ClientError):
    """The venue, or a gateway before it, answered with a redirect."""


def refusing(noted: Callable[[int, str], None]) -> aiohttp.TraceConfig:
    """Return a trace config that ends every request of a session at a redirect.

    `noted` gets the status and the target before RedirectError is raised into the request.
    """

    async def refuse(_session: object, _context: object, params: aiohttp.TraceRequestRedirectParams) -> None:
        answer = params.response
        text = f"redirect to {_host(answer.headers.get('Location', ''))}, not followed"
        noted(answer.status, text)
        answer.close()
        raise RedirectError(f"{answer.status} {text}")

    async def bound(_session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        answer = params.response
        vars(answer)["read"] = partial(_read_bounded, answer)

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    trace.on_request_end.append(bound)
    trace.freeze()
    return trace


async def _read_bounded(answer: aiohttp.ClientResponse) -> bytes:
    """Read the body in pieces. Raises ClientPayloadError beyond ANSWER_MOST."""
    if answer._body is None:  # noqa: SLF001 - what the library keeps it in, and reads it from again
        body = bytearray()
        try:
            while len(body) <= ANSWER_MOST and (piece := await answer.content.readany()):
                body += piece
        except BaseException:
            answer.close()
            raise
        if len(body) > ANSWER_MOST:
            answer.close()
            raise aiohttp.ClientPayloadError(f"an answer of more than {ANSWER_MOST} bytes")
        answer._body = bytes(body)  # noqa: SLF001
    return await aiohttp.ClientResponse.read(answer)


def refuse_in(session: aiohttp.ClientSession, trace: aiohttp.TraceConfig) -> None:
    """Attach the trace to the session; idempotent."""
    if trace not in session.trace_configs:
        session.trace_configs.append(trace)


def _host(location: str) -> str:
    """The rest of the address may repeat a signed query."""
    try:
        return urlsplit(location).netloc or "the same host"
    except ValueError:
        return "an unreadable address"
