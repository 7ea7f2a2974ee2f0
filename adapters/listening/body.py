"""Reads a request's body within a length and a time; compressed bodies are refused."""

import asyncio
import json
from typing import Any

from aiohttp import web

BODY_S = 10.0
"""From the headers to the last byte."""
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")


class BodyRefused(Exception):  # noqa: N818 - what happened
    """The body is refused: `status` is HTTP's code, the text the remedy."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def read_text(request: web.Request, most: int) -> str:
    """Return the body, at most `most` bytes of UTF-8. Raises BodyRefused: 400, 408, 413 or 415."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise BodyRefused(415, "the body is compressed: send it as it is, without Content-Encoding")
    if (request.charset or "utf-8").lower() not in _CHARSETS:
        raise BodyRefused(415, "the body has a charset other than UTF-8")
    raw = await _read(request, most)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BodyRefused(400, f"the body is not UTF-8: byte {error.start}") from None


async def _read(request: web.Request, most: int) -> bytes:
    too_long = BodyRefused(413, f"the body is too long: at most {most} bytes are taken")
    if (request.content_length or 0) > most:
        raise too_long
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_any():
                raw += chunk
                if len(raw) > most:
                    raise too_long
    except TimeoutError:
        raise BodyRefused(408, f"the body did not come within {BODY_S:g} s") from None
    except (web.RequestPayloadError, ConnectionError, ValueError):  # aborted, or invalid chunks
        raise BodyRefused(400, "the body is not what its headers promise") from None
    return bytes(raw)


def document(text: str) -> Any:
    """Parse JSON; fractions stay text, since a float could change a price.

    Raises ValueError for invalid JSON, and for a repeated name in an object: readers differ in which value they take.
    """
    try:
        return json.loads(text, parse_float=str, parse_constant=str, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
