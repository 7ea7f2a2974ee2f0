"""Requests to the running supervisor, found by control.json, over loopback HTTP.

A command is repeated with its own id, which has one effect, until its answer is known.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from albra.loopback.discovery import ControlAddress, Token, find, holder
from albra.loopback.proof import Impostor, check
from albra.loopback.websocket import HandshakeRefused, WebSocket

REQUEST_TIMEOUT_S = 10.0
"""Longer than the supervisor's own wait, so that its 504 arrives in time."""
RETRY_PAUSE_S = 0.1
RETRY_MOST_S = 1.0
"""The longest pause between repetitions of a command; pauses double up to it."""
REREAD_S = 2.0
"""The interval of reads, which find a change whose event was lost."""
UNHEARD_S = 0.25
"""Read interval without an event stream."""
SILENCE_S = 60.0
"""A stream without a byte for this long is broken: the server pings every 20 s."""
CONNECTS = 5
"""Connection attempts: a flooded listener may drop one unauthenticated connection, rarely five."""


class Unreachable(Exception):  # noqa: N818 - a circumstance, not a fault
    """Nothing was sent. `pid`: the supervisor that still runs, None for none.

    `starting`: it runs and has not announced its address yet.
    """

    def __init__(self, pid: int | None = None, why: str = "", *, starting: bool = False) -> None:
        super().__init__(why)
        self.pid = pid
        self.starting = starting
        self.why = why

    def __str__(self) -> str:
        return self.why or "no supervisor is running"


class Lost(Exception):  # noqa: N818 - a circumstance, not a fault
    """The request was, or may have been, sent, and its outcome is unknown; the text is the supervisor's, if any."""


class TokenUnreadable(Exception):  # noqa: N818 - a circumstance, not a fault
    """The control token is unreadable: the supervisor is another user's, or the file is gone."""


class Answer:
    """Status and JSON document of one request."""

    __slots__ = ("document", "status")

    def __init__(self, status: int, document: Any) -> None:
        self.status = status
        self.document = document

    @property
    def error(self) -> str:
        if isinstance(self.document, Mapping) and "error" in self.document:
            return str(self.document["error"])
        return f"the supervisor answered {self.status}"

    @property
    def code(self) -> str:
        """Return why the command is not accepted: refused, other_command, not_ready, busy, unknown; empty when
        it is.
        """
        return str(self.document.get("code", "")) if isinstance(self.document, Mapping) else ""


class Transport:
    """Sends requests; reads the address for each, since a restarted supervisor may listen elsewhere."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage

    def address(self) -> tuple[ControlAddress, Token]:
        """Return the supervisor's address and token. Raises Unreachable, TokenUnreadable."""
        address = find(self.storage)
        if address is None:
            pid = holder(self.storage)
            why = "" if pid is None else "it does not take requests yet, or no more"
            raise Unreachable(pid, why, starting=pid is not None)
        try:
            return address, address.token()
        except OSError as error:
            raise TokenUnreadable(
                f"{address.token_path}: the control token cannot be read ({error.strerror})"
            ) from None

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
        """Send one request. Raises Unreachable, Lost, TokenUnreadable."""
        address, token = self.address()
        with closing(connected(address, token, within_s=within_s)) as connection:
            return _exchange(connection, method, path, body, token)

    def read(self, path: str, deadline: float) -> Answer:
        """Read one document, retrying while the supervisor starts or is busy, until `deadline` (time.monotonic).

        Raises Unreachable, Lost, TokenUnreadable.
        """
        pause_s = RETRY_PAUSE_S
        while True:
            try:
                answer = self.request("GET", path, within_s=deadline - time.monotonic())
                if answer.status != 503 or time.monotonic() + pause_s >= deadline:
                    return answer
            except Unreachable as error:
                if not error.starting or time.monotonic() + pause_s >= deadline:
                    raise
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MOST_S)

    def command(self, name: str, body: Mapping[str, Any], deadline: float) -> Answer:
        """Send one command; `body` holds its command_id.

        Repeats it with the same id until `deadline` (time.monotonic) when not ready, busy, or without an answer. A 503
        means that nothing is done. Raises Unreachable when nothing was ever sent, Lost when the outcome is unknown at
        the deadline or after a defect of the supervisor (500), TokenUnreadable.
        """
        perhaps_done, said, pause_s = False, "", RETRY_PAUSE_S
        while True:
            answer = None
            try:
                answer = self.request("POST", f"/v1/commands/{name}", body, within_s=deadline - time.monotonic())
            except Unreachable as error:
                over = time.monotonic() + pause_s >= deadline
                if not perhaps_done and (over or not error.starting):
                    raise
            except Lost:
                perhaps_done = True
            if answer is not None:
                if answer.status not in (503, 504):
                    if answer.status >= 500:
                        raise Lost(answer.error)  # an internal error: a step may have been journalled
                    return answer
                # "Not ready" concerns the id: no copy of it is done. "Busy" concerns this copy alone.
                perhaps_done = answer.status == 504 or (perhaps_done and answer.code != "not_ready")
                said = answer.error if answer.status == 504 else said
            if time.monotonic() + pause_s >= deadline:
                if answer is None or perhaps_done:
                    raise Lost(said)
                return answer
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, RETRY_MOST_S)

    def watch(self, path: str, about: str, seen: Callable[[Any], bool], deadline: float) -> Any:
        """Read `path` until `seen(document)`, across restarts of the supervisor; return the last document, None without
        any.

        Reads again when an event names `about`, and every REREAD_S. Returns at `deadline` too, so the caller checks
        `seen` on the result. Raises TokenUnreadable.
        """
        last, stream = None, None
        try:
            while True:
                stream = stream or self._listen()  # opened before the read: a later change has its event
                document = self._document(path, max(0.5, deadline - time.monotonic()))
                if document is not None:
                    last = document
                    if seen(last):
                        return last
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return last
                stream = self._next(stream, about, min(left_s, REREAD_S))
        finally:
            if stream is not None:
                stream.close()

    def _document(self, path: str, within_s: float) -> Any:
        try:
            answer = self.request("GET", path, within_s=within_s)
        except (Unreachable, Lost):
            return None  # It may be restarting, and durable state returns.
        return answer.document if answer.status == 200 else None

    def _listen(self) -> WebSocket | None:
        """Return the event stream; None when unavailable."""
        try:
            address, token = self.address()
            proven = connected(address, token, within_s=REQUEST_TIMEOUT_S)
            return WebSocket(proven, "/v1/events", token, silence_s=SILENCE_S)
        except (Unreachable, HandshakeRefused, OSError, http.client.HTTPException, ValueError):
            return None

    def _next(self, stream: WebSocket | None, about: str, within_s: float) -> WebSocket | None:
        """Wait until an event names `about`; return the stream, None when it has ended."""
        if stream is None:
            time.sleep(min(within_s, UNHEARD_S))
            return None
        deadline = time.monotonic() + within_s
        try:
            while (text := stream.text(max(0.0, deadline - time.monotonic()))) is not None:
                if about in text or '"Missed"' in text:
                    break
        except OSError:
            stream.close()
            return None
        return stream


def connected(address: ControlAddress, token: Token, *, within_s: float) -> http.client.HTTPConnection:
    """Connect to the supervisor at this address, after its proof that it knows the token.

    Raises Unreachable.
    """
    timeout_s = max(0.05, min(within_s, REQUEST_TIMEOUT_S))
    where = f"{address.host}:{address.port}"
    for left in reversed(range(CONNECTS)):
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
        try:
            connection.connect()
            check(connection, token)
        except Impostor:
            connection.close()
            raise Unreachable(address.pid, f"what answers on {where} does not know its token") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            if not left or not isinstance(error, ConnectionError) or isinstance(error, ConnectionRefusedError):
                raise Unreachable(address.pid, f"it does not answer on {where}: {_in_words(error)}") from None
        else:
            return connection
    raise AssertionError("the last try returns or raises")


def _in_words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None, token: Token
) -> Answer:
    headers = {"Authorization": f"Bearer {token.reveal()}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError):
        raise Lost from None
