"""The running supervisor as a typed object.

Every command carries a `command_id`; without an answer it is repeated with the same id, which has one effect.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from albra.client.errors import (
    AlbraError,
    Broken,
    Busy,
    Ended,
    Invalid,
    NoSupervisor,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from albra.client.values import Accepted, Code, Discrepancy, Fact, Position, Reconciled, Row, Side
from albra.loopback.transport import (
    REQUEST_TIMEOUT_S,
    SILENCE_S,
    Answer,
    Lost,
    TokenUnreadable,
    Transport,
    Unreachable,
    connected,
)
from albra.loopback.websocket import HandshakeRefused, WebSocket

Number: TypeAlias = Decimal | int | str
Made = TypeVar("Made")

DEFAULT_TIMEOUT_S = 30.0
_UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError)
"""Exceptions that an answer in an unknown form causes."""


class Client:
    """The supervisor of one data directory, across its restarts.

    It holds no connection: every call finds the supervisor again, from any thread, and reads the token.
    """

    def __init__(
        self,
        storage: Path | str = "var",
        *,
        strategy: str | None = None,
        account: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        """`storage` is the configuration's storage.path; `strategy` and `account` are defaults of the calls.
        `timeout_s` bounds a call.
        """
        self._transport = Transport(Path(storage))
        self._strategy = strategy
        self._account = account
        self._timeout_s = timeout_s

    def open(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        *,
        limit_price: Number | None = None,
        post_only: bool = False,
        stop_loss: Number | None = None,
        take_profit: Number | None = None,
        trailing: Number | None = None,
        leverage: int | None = None,
        strategy: str | None = None,
        account: str | None = None,
        command_id: str | None = None,
    ) -> Accepted:
        """Open a position. No order is sent after `timeout_s`.

        `post_only`: a limit entry that would trade at once is refused instead. `trailing`: a trailing stop's callback
        rate in percent. Quantities are in base units, prices in the quote currency. Raises Invalid, Refused, Busy,
        OutcomeUnknown, NoSupervisor; TypeError for a float.
        """
        return self._command(
            "open",
            command_id,
            symbol=symbol,
            side=side,
            quantity=quantity,
            limit_price=limit_price,
            post_only=post_only or None,
            stop_loss=stop_loss,
            take_profit=take_profit,
            trailing=trailing,
            leverage=leverage,
            strategy=strategy or self._strategy,
            account=account or self._account,
            expires_at_ns=self._expiry_ns(),
        )

    def close(
        self,
        position_id: str,
        *,
        percent: Number | None = None,
        quantity: Number | None = None,
        command_id: str | None = None,
    ) -> Accepted:
        """Close a position, or `percent` or `quantity` of it. Raises as `open`."""
        return self._command("close", command_id, position_id=position_id, percent=percent, quantity=quantity)

    def close_all(self, *, account: str | None = None, command_id: str | None = None) -> Accepted:
        """Close every position, of all strategies. Raises as `open`."""
        return self._command("close_all", command_id, account=account or self._account)

    def modify(
        self,
        position_id: str,
        *,
        stop_loss: Number | None = None,
        take_profit: Number | None = None,
        trailing: Number | None = None,
        leverage: int | None = None,
        add: Number | None = None,
        command_id: str | None = None,
    ) -> Accepted:
        """Move the stop, the target or the trailing stop (0 removes it), set the leverage, or add to the position.

        No addition is sent after `timeout_s`. Raises as `open`.
        """
        return self._command(
            "modify",
            command_id,
            position_id=position_id,
            stop_loss=stop_loss,
            take_profit=take_profit,
            trailing=trailing,
            leverage=leverage,
            add=add,
            expires_at_ns=None if add is None else self._expiry_ns(),
        )

    def cancel_entry(self, position_id: str, *, command_id: str | None = None) -> Accepted:
        """Cancel what is left of a resting entry; what is filled stays, protected. Raises as `open`."""
        return self._command("cancel_entry", command_id, position_id=position_id)

    def assign(self, position_id: str, strategy: str, *, command_id: str | None = None) -> Accepted:
        """Assign a manual position to a strategy; the answer has its new position id. Raises as `open`."""
        return self._command("assign", command_id, position_id=position_id, strategy=strategy)

    def settle(self, position_id: str, *, command_id: str | None = None) -> Accepted:
        """End every unknown outcome that the venue does not resolve. Raises as `open`."""
        return self._command("settle", command_id, position_id=position_id)

    def pause(
        self,
        *,
        position_id: str | None = None,
        symbol: str | None = None,
        account: str | None = None,
        command_id: str | None = None,
    ) -> Accepted:
        """Hold one position, or openings of a symbol, of an account, or all of them. Raises as `open`."""
        return self._command("pause", command_id, position_id=position_id, symbol=symbol, account=account)

    def resume(
        self,
        *,
        position_id: str | None = None,
        symbol: str | None = None,
        account: str | None = None,
        command_id: str | None = None,
    ) -> Accepted:
        """End the pause with equal arguments. Raises as `open`."""
        return self._command("resume", command_id, position_id=position_id, symbol=symbol, account=account)

    def reconcile(self, symbol: str | None = None, *, command_id: str | None = None) -> Reconciled:
        """Compare believed and reported positions now. Raises as `open`."""
        return self._send(Reconciled.of, "reconcile", _body(command_id, {"symbol": symbol}))

    def acknowledge(self, discrepancy_id: str, *, apply: str | None = None, command_id: str | None = None) -> Accepted:
        """End an escalated discrepancy.

        `apply` (pro_rata, newest_first) allocates a reduction. Raises as `open`.
        """
        return self._command("acknowledge", command_id, discrepancy_id=discrepancy_id, apply=apply)

    def repeat(self, unknown: OutcomeUnknown) -> Accepted:
        """Resolve an unknown outcome: send the same command under the same id, which has one effect.

        An expired opening is never sent to the venue. Raises as `open`.
        """
        return self._send(Accepted.of, unknown.command, unknown.body)

    def positions(
        self, *, ended: bool = False, strategy: str | None = None, symbol: str | None = None, account: str | None = None
    ) -> list[Position]:
        """Return live positions, oldest first, with `ended` the others too; of one strategy, symbol, account where
        named.

        Raises Invalid, NotFound for an unknown symbol or account, NoSupervisor, Busy, AlbraError.
        """
        asked = {
            "all": "1" if ended else None,
            "strategy": strategy or self._strategy,
            "symbol": symbol,
            "account": account or self._account,
        }
        return [_made(Position.of, row) for row in self._read("/v1/positions" + _query(asked))]

    def position(self, position_id: str) -> Position:
        """Return one position, ended ones included. Raises NotFound, and as `positions`."""
        return _made(Position.of, self._read(_path(position_id)))

    def history(self, position_id: str) -> list[Row]:
        """Return every event of a position, oldest first, each with its `type`. Raises as `position`."""
        events: list[Row] = self._read(f"{_path(position_id)}/history")
        return events

    def discrepancies(self, symbol: str | None = None) -> list[Discrepancy]:
        """Return the differences between belief and venue, newest first. Raises as `positions`."""
        return [_made(Discrepancy.of, row) for row in self._read("/v1/discrepancies" + _query({"symbol": symbol}))]

    def status(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the status: section, name, value (a number, a word, a list). Raises as `positions`.

        `["verdict"]["level"]` is CALM, LOOK or ACT, and `["verdict"]["reasons"]` are its reasons.
        """
        sections: Mapping[str, Mapping[str, Any]] = self._read("/v1/status")
        return sections

    def wait_open(self, position_id: str | None, timeout_s: float | None = None) -> Position:
        """Return the position once it is held and protected as requested.

        Raises Ended when the opening failed, TimeoutError with the last state, NotFound when the answer named no
        position, else as `position`.
        """
        position = self._wait(position_id, lambda found: found.held, timeout_s)
        if not position.held:
            raise Ended(position)
        return position

    def wait_closed(self, position_id: str | None, timeout_s: float | None = None) -> Position:
        """Return the position once it has ended in any way. Raises TimeoutError, NotFound as `wait_open`, else as
        `position`.
        """
        return self._wait(position_id, lambda found: found.ended, timeout_s)

    def events(self) -> Iterator[Row]:
        """Yield position views, notices, mark prices and changes of venues and streams, each with its `type`.

        `{"type": "Missed", "count": n}` replaces n events that a slow reader lost. Ends when the supervisor stops.
        Raises NoSupervisor, AlbraError, OSError when the connection breaks.
        """
        try:
            address, token = self._transport.address()
            proven = connected(address, token, within_s=REQUEST_TIMEOUT_S)
            connection = WebSocket(proven, "/v1/events", token, silence_s=SILENCE_S)
        except (Unreachable, TokenUnreadable, ConnectionRefusedError) as error:
            raise self._absent(error) from None
        except HandshakeRefused as error:
            raise AlbraError(f"the supervisor refuses its events: {error}") from None
        try:
            for text in connection.texts():
                yield json.loads(text)
        finally:
            connection.close()

    def _command(self, name: str, command_id: str | None, **given: Any) -> Accepted:
        return self._send(Accepted.of, name, _body(command_id, given))

    def _send(self, make: Callable[[Row], Made], name: str, body: Mapping[str, Any]) -> Made:
        """Send a command and return its acceptance. Raises as `open`."""

        def unknown(why: str) -> OutcomeUnknown:
            return OutcomeUnknown(f"{name}: the outcome is unknown: {why}", body["command_id"], name, body)

        try:
            answer = self._transport.command(name, body, time.monotonic() + self._timeout_s)
        except (Unreachable, TokenUnreadable) as error:
            raise self._absent(error) from None
        except Lost as lost:
            raise unknown(str(lost) or f"no answer within {self._timeout_s:g} s") from None
        if answer.status != 200:
            _refuse(answer)
        try:
            return make(answer.document)
        except _UNREADABLE:
            raise unknown("it was accepted, with an answer that this client's version cannot read") from None

    def _read(self, path: str) -> Any:
        try:
            answer = self._transport.read(path, time.monotonic() + min(self._timeout_s, REQUEST_TIMEOUT_S))
        except (Unreachable, TokenUnreadable) as error:
            raise self._absent(error) from None
        except Lost:
            raise Busy("the supervisor broke off while answering: is it stopping?") from None
        if answer.status != 200:
            _refuse(answer)
        return answer.document

    def _wait(self, position_id: str | None, seen: Callable[[Position], bool], timeout_s: float | None) -> Position:
        if position_id is None:
            raise NotFound("which position that was is not known any more: positions(ended=True) lists all")
        deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)

        def decided(row: Row) -> bool:
            position = _made(Position.of, row)
            return seen(position) or position.ended or position.broken

        try:
            row = self._transport.watch(_path(position_id), position_id, decided, deadline)
        except TokenUnreadable as error:
            raise self._absent(error) from None
        if row is None:
            return self.position(position_id)
        position = _made(Position.of, row)
        if position.broken:
            raise Broken(position)
        if not decided(row):
            resting = f", {position.resting:f} of its entry rest at the venue" if position.resting else ""
            raise TimeoutError(f"{position_id} is {position.state}{resting}: {position.reason or 'no reason'}")
        return position

    def _absent(self, error: Exception) -> NoSupervisor:
        if isinstance(error, Unreachable) and error.pid is not None:
            return NoSupervisor(f"the supervisor on {self._transport.storage} runs, but {error}: nothing was done")
        said = str(error) if isinstance(error, TokenUnreadable) else "start one with `albra run`"
        return NoSupervisor(f"no supervisor is running on {self._transport.storage}: {said}")

    def _expiry_ns(self) -> int:
        return time.time_ns() + int(self._timeout_s * 1e9)


def _path(position_id: str) -> str:
    return f"/v1/positions/{quote(position_id, safe='')}"


def _query(asked: Mapping[str, str | None]) -> str:
    given = {name: value for name, value in asked.items() if value}
    return f"?{urlencode(given)}" if given else ""


def _body(command_id: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body, numbers as plain digits. Raises TypeError for a float, which may have lost digits."""
    body = {"command_id": command_id or f"py-{secrets.token_hex(8)}"}
    for name, value in given.items():
        if isinstance(value, float):
            raise TypeError(f"{name}: a float is not exact; give Decimal, int or text")
        if value is not None:
            body[name] = format(value, "f") if isinstance(value, Decimal) else value
    return body


def _made(make: Callable[[Row], Made], row: Row) -> Made:
    """Convert an answer. Raises AlbraError for a form that this version does not know."""
    try:
        return make(row)
    except _UNREADABLE as error:
        raise AlbraError(f"this client's version cannot read the answer ({error!r}): install that of Albra") from None


def _refuse(answer: Answer) -> NoReturn:
    document = answer.document if isinstance(answer.document, Mapping) else {}
    error: AlbraError
    match answer.status:
        case 400:
            error = Invalid(answer.error, str(document.get("field", "")))
        case 404:
            error = NotFound(answer.error)
        case 409:
            other = answer.code == Code.OTHER_COMMAND
            error = Refused(answer.error, document.get("position_id"), Code.OTHER_COMMAND if other else Code.REFUSED)
        case 503 | 504:  # of a command, 504 is an unknown outcome before it comes here
            error = Busy(answer.error, Code.NOT_READY if answer.code == Code.NOT_READY else Code.BUSY)
        case _:
            error = AlbraError(answer.error)
    error.fact = Fact.of(document.get("error_fact"))
    raise error
