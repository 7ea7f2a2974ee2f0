"""The command line's client of the running supervisor: failures become an exit code and a line."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters.cli.outcome import CommandError, Exit
from albra.loopback.discovery import ADDRESS_FILE
from albra.loopback.transport import REQUEST_TIMEOUT_S, Answer, Lost, TokenUnreadable, Transport, Unreachable

__all__ = ["Answer", "Lost", "Supervisor", "Unreachable", "refusal"]


class Supervisor:
    """Client of the supervisor that runs on `storage`, if any."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._transport = Transport(storage)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, within_s: float) -> Answer:
        """Send one request. Raises Unreachable, Lost; CommandError when the token is unreadable."""
        try:
            return self._transport.request(method, path, body, within_s=within_s)
        except TokenUnreadable as error:
            raise CommandError(Exit.FAILED, str(error)) from None

    def read(self, path: str) -> Any:
        """Return the document at `path`, retrying while the supervisor starts or is busy.

        Raises CommandError with the matching exit code.
        """
        try:
            answer = self._transport.read(path, time.monotonic() + REQUEST_TIMEOUT_S)
        except TokenUnreadable as error:
            raise CommandError(Exit.FAILED, str(error)) from None
        except Unreachable as error:
            raise self.absent(error) from None
        except Lost:
            raise CommandError(Exit.FAILED, "the supervisor broke off while answering: is it stopping?") from None
        if answer.status != 200:
            raise refusal(answer)
        return answer.document

    def command(self, name: str, body: Mapping[str, Any], deadline: float) -> Any:
        """Send one command; `body` holds its command_id.

        Repeats it with the same id, which has one effect, when not ready, busy, or without an answer, until `deadline`
        (time.monotonic). Raises CommandError: UNKNOWN at the deadline, FAILED when not ready until then, NO_SUPERVISOR
        when nothing was ever sent.
        """
        try:
            answer = self._transport.command(name, body, deadline)
        except TokenUnreadable as error:
            raise CommandError(Exit.FAILED, str(error)) from None
        except Unreachable as error:
            raise self.absent(error) from None
        except Lost as lost:
            raise self._unknown(name, body, str(lost)) from None
        if answer.status == 200:
            return answer.document
        raise refusal(answer)

    def watch(self, path: str, about: str, seen: Callable[[Any], bool], deadline: float) -> Any:
        """As `Transport.watch`. Raises CommandError when the token is unreadable."""
        try:
            return self._transport.watch(path, about, seen, deadline)
        except TokenUnreadable as error:
            raise CommandError(Exit.FAILED, str(error)) from None

    def absent(self, error: Unreachable) -> CommandError:
        """Return the error for an absent or unreachable supervisor: nothing was done."""
        if error.pid is not None:
            who = f"process {error.pid}" if error.pid else "a process that does not say its number"
            text = f"the supervisor runs ({who} holds {self._storage}), but {error}; nothing was done: try again"
            return CommandError(Exit.FAILED, text)
        where = self._storage / ADDRESS_FILE
        why = "is left over from one that is gone" if where.exists() else "does not exist"
        return CommandError(Exit.NO_SUPERVISOR, f"no supervisor is running: {where} {why}; start one with `albra run`")

    def _unknown(self, name: str, body: Mapping[str, Any], said: str) -> CommandError:
        command_id = body["command_id"]
        return CommandError(
            Exit.UNKNOWN,
            f"{name}: {said or 'no answer in time'}; the outcome is unknown: see `albra positions`, or repeat it with"
            f" --command-id {command_id}, which has one effect",
            {"command_id": command_id},
        )


def refusal(answer: Answer) -> CommandError:
    """Return the error of an answer other than 200, with the exit code scripts expect."""
    known = {400: Exit.USAGE, 404: Exit.REFUSED, 409: Exit.REFUSED, 504: Exit.UNKNOWN}
    exit_code = known.get(answer.status, Exit.FAILED)
    details = {k: v for k, v in answer.document.items() if k != "error"} if isinstance(answer.document, dict) else {}
    return CommandError(exit_code, answer.error, details)
