"""The running supervisor, as the command line sees it: found by control.json, spoken to over loopback HTTP."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters.cli.outcome import CommandError, Exit
from adapters.control.address import ADDRESS_FILE, alive, find

_REQUEST_TIMEOUT_S = 10.0
"""Longer than the supervisor's own wait for an answer, so that its 504 arrives before we give up."""
_RETRY_PAUSE_S = 0.1


class Unreachable(Exception):  # noqa: N818 - a circumstance, not a fault
    """Certainly nothing was sent: no supervisor is there."""


class Lost(Exception):  # noqa: N818 - a circumstance, not a fault
    """The request was sent, or perhaps was, and no answer came."""


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


class Supervisor:
    """Reads the address anew for every request: a restarted supervisor may listen elsewhere."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
        """One request. Raises Unreachable, Lost; CommandError where the token cannot be read."""
        address = find(self._storage)
        if address is None or not alive(address.pid):
            raise Unreachable
        try:
            token = address.token()
        except OSError as error:
            raise CommandError(
                Exit.FAILED, f"{address.token_path}: the control token cannot be read ({error.strerror})"
            ) from None
        timeout_s = max(0.05, min(within_s, _REQUEST_TIMEOUT_S))
        connection = http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
        try:
            try:
                connection.connect()
            except OSError:
                raise Unreachable from None
            return _exchange(connection, method, path, body, token)
        finally:
            connection.close()

    def read(self, path: str) -> Any:
        """The document at `path`. Raises CommandError with the exit code that fits."""
        try:
            answer = self.request("GET", path, within_s=_REQUEST_TIMEOUT_S)
        except Unreachable:
            raise self.absent() from None
        except Lost:
            raise CommandError(Exit.FAILED, "the supervisor broke off while answering: is it stopping?") from None
        if answer.status != 200:
            raise refusal(answer)
        return answer.document

    def command(self, name: str, body: Mapping[str, Any], deadline: float) -> Any:
        """Carry out one command; `body` holds its command_id.

        A lost answer is asked for again with the same id until `deadline` (time.monotonic), which has one
        effect. Raises CommandError: UNKNOWN at the deadline, NO_SUPERVISOR when nothing was ever sent.
        """
        perhaps_sent = False
        while True:
            try:
                answer = self.request("POST", f"/v1/commands/{name}", body, within_s=deadline - time.monotonic())
            except Unreachable:
                if not perhaps_sent:
                    raise self.absent() from None
                answer = None
            except Lost:
                perhaps_sent, answer = True, None
            if answer is not None and answer.status == 504:
                perhaps_sent, answer = True, None
            if answer is not None and not (perhaps_sent and answer.status == 503):
                if answer.status == 200:
                    return answer.document
                raise refusal(answer)
            if time.monotonic() + _RETRY_PAUSE_S >= deadline:
                raise self._unknown(name, body)
            time.sleep(_RETRY_PAUSE_S)

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

    def absent(self) -> CommandError:
        where = self._storage / ADDRESS_FILE
        why = "is left over from one that is gone" if where.exists() else "does not exist"
        return CommandError(Exit.NO_SUPERVISOR, f"no supervisor is running: {where} {why}; start one with `albra run`")

    def _unknown(self, name: str, body: Mapping[str, Any]) -> CommandError:
        command_id = body["command_id"]
        return CommandError(
            Exit.UNKNOWN,
            f"{name}: no answer in time, the outcome is unknown; see `albra positions`, or repeat it with"
            f" --command-id {command_id}, which has one effect",
            {"command_id": command_id},
        )


def refusal(answer: Answer) -> CommandError:
    """The error that an answer other than 200 is, with the exit code scripts expect."""
    exit_code = {400: Exit.USAGE, 409: Exit.REFUSED, 504: Exit.UNKNOWN}.get(answer.status, Exit.FAILED)
    details = {k: v for k, v in answer.document.items() if k != "error"} if isinstance(answer.document, dict) else {}
    return CommandError(exit_code, answer.error, details)


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: Mapping[str, Any] | None, token: str
) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        return Answer(response.status, json.loads(response.read()))
    except (OSError, http.client.HTTPException, ValueError):
        raise Lost from None
