"""An answer of the model as HTTP."""

from aiohttp import web

from adapters.paper.answer import Answer

BODY_MOST = 1 << 20


def response_of(answer: Answer) -> web.Response:
    """The answer as HTTP; what begins like HTML is sent as HTML, as a gateway's error page is."""
    html = answer.body.lstrip()[:1] == b"<"
    headers = dict(answer.headers)
    headers.setdefault("Content-Type", "text/html" if html else "application/json")
    # The length agrees with what is left of a truncated body: no client notices but by parsing.
    return web.Response(status=answer.status, body=answer.arriving, headers=headers)
