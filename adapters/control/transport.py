"""Requests to the running supervisor from outside: found by control.json, spoken to over loopback HTTP.

The standard library alone, so that the command line answers at once and a strategy needs nothing else.
A command is sent again with its own id until its answer is known: repeated with one id it has one effect.
"""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.control.address import ControlAddress, find
from adapters.control.proof import Impostor, check
from adapters.secret import Secret
from adapters.storage.lock import holder

REQUEST_TIMEOUT_S = 10.0
"""Longer than the supervisor's own wait for an answer, so that its 504 arrives before we give up."""
RETRY_PAUSE_S = 0.1


CONNECTS = 5
"""A listener that is flooded may drop one connection that has not shown its token yet, hardly five."""


class Unreachable(Exception):  # noqa: N818 - a circumstance, not a fault
    """Certainly nothing was sent. `pid` is the supervisor that runs all the same, None: none does."""

    def __init__(self, pid: int | None = None, why: str = "") -> None:
        super().__init__(why)
        self.pid = pid
        self.why = why

    def __str__(self) -> str:
        return self.why or "no supervisor is running"


class Lost(Exception):  # noqa: N818 - a circumstance, not a fault
    """The request was sent, or perhaps was, and no answer came."""


class TokenUnreadable(Exception):  # noqa: N818 - a circumstance, not a fault
    """The control token cannot be read: the supervisor is another user's, or the file is gone."""


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


class Transport:
    """Reads the address anew for every request: a restarted supervisor may listen elsewhere."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage

    def address(self) -> tuple[ControlAddress, Secret]:
        """Where it listens, and the token. Raises Unreachable, TokenUnreadable."""
        address = find(self.storage)
        if address is None:
            pid = holder(self.storage)
            raise Unreachable(pid, "" if pid is None else "it does not take requests yet, or no more")
        try:
            return address, address.token()
        except OSError as error:
            raise TokenUnreadable(
                f"{address.token_path}: the control token cannot be read ({error.strerror})"
            ) from None

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
        """One request. Raises Unreachable, Lost, TokenUnreadable."""
        address, token = self.address()
        with closing(connected(address, token, within_s=within_s)) as connection:
            return _exchange(connection, method, path, body, token)

    def command(self, name: str, body: Mapping[str, Any], deadline: float) -> Answer:
        """Carry out one command; `body` holds its command_id.

        A lost answer is asked for again with the same id until `deadline` (time.monotonic). Raises
        Unreachable when nothing was ever sent, Lost when the outcome is unknown at the deadline,
        TokenUnreadable.
        """
        perhaps_sent = False
        while True:
            try:
                answer = self.request("POST", f"/v1/commands/{name}", body, within_s=deadline - time.monotonic())
            except Unreachable:
                if not perhaps_sent:
                    raise
                answer = None
            except Lost:
                perhaps_sent, answer = True, None
            if answer is not None and answer.status == 504:
                perhaps_sent, answer = True, None
            if answer is not None and not (perhaps_sent and answer.status == 503):
                return answer
            if time.monotonic() + RETRY_PAUSE_S >= deadline:
                raise Lost
            time.sleep(RETRY_PAUSE_S)

    def poll(self, path: str, seen: Callable[[Any], bool], deadline: float, pause_s: float = 0.075) -> Any:
        """Read `path` until `seen(document)`, over restarts of the supervisor; the last document, or None.

        Returns at `deadline` as well: the caller looks whether what came is what was waited for.
        """
        last = None
        while True:
            try:
                answer = self.request("GET", path, within_s=max(0.5, deadline - time.monotonic()))
                if answer.status == 200:
                    last = answer.document
                    if seen(last):
                        return last
            except (Unreachable, Lost):
                pass  # It may be restarting: what was durable will be there again.
            if time.monotonic() + pause_s >= deadline:
                return last
            time.sleep(pause_s)


def connected(address: ControlAddress, token: Secret, *, within_s: float) -> http.client.HTTPConnection:
    """A connection to the supervisor that wrote this address, and nothing else: it proved that it knows the token.

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
    connection: http.client.HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None, token: Secret
) -> Answer:
    headers = {"Authorization": f"Bearer {token.reveal()}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError):
        raise Lost from None
