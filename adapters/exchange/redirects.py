"""A redirect is an answer, never a way to go on.

Followed, a 307 or 308 sends an order a second time after the first was perhaps executed, and any redirect can take a
signed request, with the key in its headers, to another host. The exchange library has no option against that, so its
HTTP session is told by aiohttp's own means.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp


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

    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(refuse)
    trace.freeze()
    return trace


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
