"""A redirect is an answer, never a way to go on; and an answer has an end.

Followed, a 307 or 308 sends an order a second time after the first was perhaps executed, and any redirect can take a
signed request, with the key in its headers, to another host. The exchange library has no option against that, so its
HTTP session gets it by aiohttp's own means.

The library reads an answer whole, and a few kilobytes can unpack to gigabytes: what grows beyond every answer that a
venue gives is broken off, and what became of its request is not known.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import aiohttp

ANSWER_MOST = 64 << 20
"""Bytes, unpacked. The longest answer of a venue, its list of instruments, has some five million."""


class RedirectError(aiohttp.ClientError):
    """The venue, or what stands before it, answered with another address."""


def refusing(noted: Callable[[int, str], None]) -> aiohttp.TraceConfig:
    """For a session's `trace_configs`: every request of it ends at a redirect.

    `noted` hears its status and where it pointed before RedirectError is raised into the request.
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
    """As the response reads itself, in pieces. Raises ClientPayloadError where it does not end."""
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
    """Once per session, however often it is said."""
    if trace not in session.trace_configs:
        session.trace_configs.append(trace)


def _host(location: str) -> str:
    """The rest of the address may repeat a signed query."""
    try:
        return urlsplit(location).netloc or "the same host"
    except ValueError:
        return "an unreadable address"
