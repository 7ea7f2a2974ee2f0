"""For strategies: the running supervisor as a typed Python object. Needs nothing but the standard library.

    from albra.client import Client

    albra = Albra("var", strategy="trend")
    position_id = albra.open("BTCUSDT", "long", "0.01", stop_loss="58000").position_id
    position = albra.wait_open(position_id)
    albra.close(position_id)

Every command carries a `command_id`; a lost answer is asked for again with the same one, which has one
effect. Numbers go in as Decimal, int or text, never as float, and come back as Decimal.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TypeAlias
from urllib.parse import urlencode

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
Event: TypeAlias = Mapping[str, Any]

DEFAULT_TIMEOUT_S = 30.0
_BROKEN = frozenset({"QUARANTINED", "DAMAGED"})
_ENDED = frozenset({"CLOSED", "FAILED", "CANCELLED", "RETIRED"})
_HELD = frozenset({"ACTIVE", "MODIFIED", "PAUSED"})


class AlbraError(Exception):
    """What all of these are: the text says what happened and what to do."""


class NoSupervisor(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: no supervisor runs on this data directory, or its token cannot be read."""


class Invalid(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done: a field is not what it should be."""

    def __init__(self, text: str, field_: str) -> None:
        super().__init__(text)
        self.field = field_


class Refused(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done, and under this command id nothing ever is: a limit, a hold, a state that does not allow it.

    The text is the supervisor's reason. `code` is `other_command` where the id stands for another command.
    """

    def __init__(self, text: str, position_id: str | None, code: str = "refused") -> None:
        super().__init__(text)
        self.position_id = position_id
        self.code = code


class NotFound(AlbraError):  # noqa: N818 - what is the case
    """There is no such position."""


class Busy(AlbraError):  # noqa: N818 - what is the case
    """Nothing was done, and nothing waits: the supervisor was not ready, or busy, for as long as it was asked.

    `code` is `not_ready` or `busy`. The same command id may be asked again.
    """

    def __init__(self, text: str, code: str = "busy") -> None:
        super().__init__(text)
        self.code = code


class OutcomeUnknown(AlbraError):  # noqa: N818 - what is the case
    """Perhaps done: no answer came in time. Repeat it with the same `command_id`, or look at the positions."""

    def __init__(self, text: str, command_id: str) -> None:
        super().__init__(text)
        self.command_id = command_id


class Ended(AlbraError):  # noqa: N818 - what is the case
    """A position that was waited for has come to another end."""

    def __init__(self, position: "Position") -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason or 'no reason'}")
        self.position = position


class Broken(AlbraError):  # noqa: N818 - what is the case
    """A position that was waited for cannot say what it holds: its actor is quarantined, or its history damaged."""

    def __init__(self, position: "Position") -> None:
        super().__init__(f"{position.position_id} {position.state}: {position.reason}")
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command that is durable; its effect follows. `row` holds everything that was answered."""

    command_id: str
    position_id: str | None
    text: str
    row: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position as the supervisor believes it. `row` holds everything that was answered.

    Of one whose history is damaged no number is known: each is None, and `broken` is true.
    """

    position_id: str
    account: str
    symbol: str
    strategy: str
    side: str
    state: str
    quantity: Decimal | None
    resting: Decimal
    entry_price: Decimal | None
    mark_price: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None
    fees: Decimal | None
    leverage: int | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    since: datetime | None
    protected: bool
    in_doubt: bool
    reason: str
    row: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def broken(self) -> bool:
        """It cannot say what it holds; what is shown of it is the last that it said, or None."""
        return self.state in _BROKEN

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def held(self) -> bool:
        """Open, in no doubt, and protected where a stop or target was asked for."""
        asked = self.stop_loss is not None or self.take_profit is not None
        return self.state in _HELD and not self.in_doubt and (self.protected or not asked)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Position":
        """From a row of GET /v1/positions."""
        texts = ("position_id", "account", "symbol", "strategy", "side", "state", "protected", "in_doubt", "reason")
        numbers = ("quantity", "realized_pnl", "fees")
        perhaps = (*numbers, "entry_price", "mark_price", "unrealized_pnl", "stop_loss", "take_profit")
        values: dict[str, Any] = {name: row[name] for name in (*texts, "leverage")}
        values |= {name: None if row[name] is None else Decimal(row[name]) for name in perhaps}
        values["resting"] = Decimal(row.get("resting") or 0)
        since = None if row["since"] is None else datetime.fromisoformat(row["since"])
        return cls(**values, since=since, row=row)


class Client:
    """One data directory's supervisor. Survives its restarts; may be used from one thread at a time."""

    def __init__(
        self,
        storage: Path | str = "var",
        *,
        strategy: str | None = None,
        account: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        """`storage` is the configuration's storage.path; `strategy` and `account` stand where a call names none."""
        self._transport = Transport(Path(storage))
        self._strategy = strategy
        self._account = account
        self._timeout_s = timeout_s

    def open(
        self,
        symbol: str,
        side: str,
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
        """Open a position. Nothing leaves for the venue once `timeout_s` is over.

        `post_only`: a limit entry that would trade at once is refused instead. `trailing`: a trailing stop's callback
        rate in percent.
        Raises Invalid, Refused, Busy, OutcomeUnknown, NoSupervisor; TypeError for a float.
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
        """Close a position, in part where `percent` or `quantity` says so. Raises as `open`."""
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

        What is added never leaves for the venue once `timeout_s` is over. Raises as `open`.
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
        """Hand a manual position to a strategy; what it is called from now on is in the answer. Raises as `open`."""
        return self._command("assign", command_id, position_id=position_id, strategy=strategy)

    def settle(self, position_id: str, *, command_id: str | None = None) -> Accepted:
        """End every doubt about a position that the venue does not end. Raises as `open`."""
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
        """End what the same words paused. Raises as `open`."""
        return self._command("resume", command_id, position_id=position_id, symbol=symbol, account=account)

    def reconcile(self, symbol: str | None = None, *, command_id: str | None = None) -> Accepted:
        """Compare belief with the venue now; `row` counts what came of it. Raises as `open`."""
        return self._command("reconcile", command_id, symbol=symbol)

    def acknowledge(self, discrepancy_id: str, *, apply: str | None = None, command_id: str | None = None) -> Accepted:
        """End an escalated discrepancy.

        `apply` (pro_rata, newest_first) says whose a reduction is. Raises as `open`.
        """
        return self._command("acknowledge", command_id, discrepancy_id=discrepancy_id, apply=apply)

    def positions(
        self, *, ended: bool = False, strategy: str | None = None, symbol: str | None = None, account: str | None = None
    ) -> list[Position]:
        """Live positions, oldest first, with `ended` the others too; of one strategy, symbol, account where named.

        Raises Invalid, NotFound for a symbol or an account that there is not, NoSupervisor, Busy, AlbraError.
        """
        asked = {
            "all": "1" if ended else None,
            "strategy": strategy or self._strategy,
            "symbol": symbol,
            "account": account or self._account,
        }
        return [Position.of(row) for row in self._read("/v1/positions" + _query(asked))]

    def position(self, position_id: str) -> Position:
        """One position, ended ones included. Raises NotFound beside what `positions` raises."""
        return Position.of(self._read(f"/v1/positions/{position_id}"))

    def history(self, position_id: str) -> list[Event]:
        """Every event of a position, oldest first. Raises as `position`."""
        events: list[Event] = self._read(f"/v1/positions/{position_id}/history")
        return events

    def discrepancies(self, symbol: str | None = None) -> list[Event]:
        """What belief and venue disagreed about, newest first. Raises as `positions`."""
        rows: list[Event] = self._read("/v1/discrepancies" + _query({"symbol": symbol}))
        return rows

    def status(self) -> Mapping[str, Mapping[str, Any]]:
        """Health of the whole: section, name, value (a number, a word, a list). Raises as `positions`.

        `["verdict"]["level"]` is CALM, LOOK or ACT, and `["verdict"]["reasons"]` says why.
        """
        sections: Mapping[str, Mapping[str, Any]] = self._read("/v1/status")
        return sections

    def wait_open(self, position_id: str | None, timeout_s: float | None = None) -> Position:
        """The position once it is held and protected as asked.

        Raises Ended where it came to nothing, TimeoutError with the last state, NotFound where an answer named none,
        else as `position`.
        """
        position = self._wait(position_id, lambda found: found.held, timeout_s)
        if not position.held:
            raise Ended(position)
        return position

    def wait_closed(self, position_id: str | None, timeout_s: float | None = None) -> Position:
        """The position once it has ended, however. Raises TimeoutError, NotFound as `wait_open`, else as `position`."""
        return self._wait(position_id, lambda found: found.ended, timeout_s)

    def events(self) -> Iterator[Event]:
        """Position views, notices, mark prices and changes of venues and streams as they happen, each with its `type`.

        `{"type": "Missed", "count": n}` stands where n were lost to a slow reader. Ends when the supervisor
        stops. Raises NoSupervisor, AlbraError, OSError where the connection breaks.
        """
        try:
            address, token = self._transport.address()
            proven = connected(address, token, within_s=REQUEST_TIMEOUT_S)
            connection = WebSocket(proven, "/v1/events", token, silence_s=SILENCE_S)
        except (Unreachable, TokenUnreadable, ConnectionRefusedError) as error:
            raise self._absent(error) from None
        except HandshakeRefused as error:
            raise AlbraError(f"the supervisor refuses to tell events: {error}") from None
        try:
            for text in connection.texts():
                yield json.loads(text)
        finally:
            connection.close()

    def _expiry_ns(self) -> int:
        return time.time_ns() + int(self._timeout_s * 1e9)

    def _wait(self, position_id: str | None, seen: Any, timeout_s: float | None) -> Position:
        if position_id is None:
            raise NotFound("which position that was is not known any more: positions(ended=True) lists all")
        deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        try:
            row = self._transport.watch(
                f"/v1/positions/{position_id}", position_id, lambda found: _decided(Position.of(found), seen), deadline
            )
        except TokenUnreadable as error:
            raise self._absent(error) from None
        if row is None:
            return self.position(position_id)
        position = Position.of(row)
        if position.broken:
            raise Broken(position)
        if not _decided(position, seen):
            resting = f", {position.resting:f} of its entry rest at the venue" if position.resting else ""
            raise TimeoutError(f"{position_id} is {position.state}{resting}: {position.reason or 'nothing told'}")
        return position

    def _command(self, name: str, command_id: str | None, **given: Any) -> Accepted:
        body = {"command_id": command_id or f"py-{secrets.token_hex(8)}"}
        body |= {key: _plain(key, value) for key, value in given.items() if value is not None}
        try:
            answer = self._transport.command(name, body, time.monotonic() + self._timeout_s)
        except (Unreachable, TokenUnreadable) as error:
            raise self._absent(error) from None
        except Lost as lost:
            why = str(lost) or f"no answer within {self._timeout_s:g} s"
            text = f"{name}: the outcome is unknown: {why}"
            raise OutcomeUnknown(text, body["command_id"]) from None
        if answer.status != 200:
            _refuse(answer, body["command_id"])
        said = answer.document
        return Accepted(command_id=said["command_id"], position_id=said["position_id"], text=said["text"], row=said)

    def _read(self, path: str) -> Any:
        try:
            answer = self._transport.read(path, time.monotonic() + min(self._timeout_s, REQUEST_TIMEOUT_S))
        except (Unreachable, TokenUnreadable) as error:
            raise self._absent(error) from None
        except Lost:
            raise Busy("the supervisor broke off while answering: is it stopping?") from None
        if answer.status != 200:
            _refuse(answer, "")
        return answer.document

    def _absent(self, error: Exception) -> NoSupervisor:
        if isinstance(error, Unreachable) and error.pid is not None:
            return NoSupervisor(f"the supervisor on {self._transport.storage} runs, but {error}: nothing was done")
        said = str(error) if isinstance(error, TokenUnreadable) else "start one with `albra run`"
        return NoSupervisor(f"no supervisor is running on {self._transport.storage}: {said}")


def _query(asked: Mapping[str, str | None]) -> str:
    given = {name: value for name, value in asked.items() if value}
    return f"?{urlencode(given)}" if given else ""


def _decided(position: Position, seen: Any) -> bool:
    return bool(seen(position)) or position.ended or position.broken


def _refuse(answer: Answer, command_id: str) -> NoReturn:
    document = answer.document if isinstance(answer.document, Mapping) else {}
    match answer.status:
        case 400:
            raise Invalid(answer.error, str(document.get("field", "")))
        case 404:
            raise NotFound(answer.error)
        case 409:
            raise Refused(answer.error, document.get("position_id"), answer.code or "refused")
        case 503:
            raise Busy(answer.error, answer.code or "busy")
        case 504:
            raise OutcomeUnknown(answer.error, command_id)
        case _:
            raise AlbraError(answer.error)


def _plain(name: str, value: Any) -> Any:
    """Numbers as plain digits. A float has lost its digits before it came here."""
    if isinstance(value, float):
        raise TypeError(f"{name}: a float is not exact; give Decimal, int or text")
    return format(value, "f") if isinstance(value, Decimal) else value
