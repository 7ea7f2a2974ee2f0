"""Commands that change something: each carries a command id, so that asking again has one effect."""

import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.cli import output, waiting
from adapters.cli.arguments import DEFAULT_TIMEOUT_S
from adapters.cli.client import Supervisor
from adapters.cli.outcome import CommandError, Exit
from adapters.cli.reading import BROKEN
from adapters.cli.waiting import Closing, Progress, Row, rests
from messages.decimals import plain
from messages.fields import names_position
from messages.operations import operations
from messages.text import Shown, shown, styled

_CONFIRMATION = "close all"
_TERMINAL = ("CLOSED", "FAILED", "CANCELLED", "RETIRED")
_NO_ANSWER = "the supervisor does not answer"
RESTS_S = 1.0
"""A limit that the market meets at once is on the book for a moment too: what rests longer than this waits."""
_BY_HAND = "look at the venue; albra flatten --break-glass closes there"
"""Where a position cannot say what it holds."""


def open_position(arguments: Namespace, supervisor: Supervisor) -> None:
    """Prints the position id as soon as the opening is durable, and waits where asked.

    The wait ends where the entry rests at its limit: nothing of it is unknown, and its price may never come.
    """
    deadline = _deadline(arguments)
    left_ns = max(0, int((deadline - time.monotonic()) * 1e9))
    body = _body(arguments) | {"expires_at_ns": time.time_ns() + left_ns}
    said = supervisor.command("open", body, deadline)
    _named(said, "open")
    if not arguments.json:
        output.line(shown(said["position_id"]))
    if not arguments.wait:
        _finish(arguments, said)
        return
    asked = arguments.stop_loss is not None or arguments.take_profit is not None
    row = _await(supervisor, said, deadline, "the opening", lambda row: waiting.opening(row, protection_asked=asked))
    _finish(arguments, {**row, "command_id": body["command_id"]})
    if rests(row) and not arguments.json:
        resting = f"{row['resting']} rest at {waiting.limit_of(row)}"
        output.line(shown(f"{row['state']}: {row['quantity']} filled, {resting}"))
    elif not arguments.json and output.colored(sys.stdout):
        protection = ", protected" if row["protected"] else ""
        output.line(shown(f"{row['state']} {row['quantity']} at {row['entry_price']}{protection}"))


def close(arguments: Namespace, supervisor: Supervisor) -> None:
    if arguments.all:
        _close_all(arguments, supervisor)
        return
    if arguments.target is None:
        raise CommandError(Exit.USAGE, "close: name a symbol or a position id, or --all")
    deadline = _deadline(arguments)
    body = _body(arguments)
    said = supervisor.command("close", body, deadline)
    if not arguments.wait:
        _finish(arguments, said, said["text"] or _done(arguments, said))
        return
    whole = arguments.percent in (None, 100) and arguments.quantity is None
    closing = Closing(command_id=body["command_id"], whole=whole)
    row = _await(supervisor, said, deadline, "the close", closing.progress)
    left = "" if row["state"] in _TERMINAL else f", {row['quantity']} left"
    _finish(arguments, {**row, "command_id": body["command_id"]}, f"{row['position_id']} {row['state']}{left}")


def carry_out(arguments: Namespace, supervisor: Supervisor) -> None:
    """An operation of which nothing is to be said but its answer."""
    said = supervisor.command(arguments.command, _body(arguments), _deadline(arguments))
    _finish(arguments, said, said["text"] or _done(arguments, said))


def _done(arguments: Namespace, said: Row) -> str:
    words = {**vars(arguments), "answered": said["position_id"]}
    openings = f"openings of account {arguments.account}" if words.get("account") else "all openings"
    words["target"] = words.get("target") or openings
    return operations()[arguments.command].done.format_map(words)


def reconcile(arguments: Namespace, supervisor: Supervisor) -> None:
    """Prints what was checked. Fails where something could not be read: of that, such a check has proven nothing."""
    said = supervisor.command("reconcile", _body(arguments), _deadline(arguments))
    if said.get("failed"):
        compared = "not everything was compared" if said.get("checked") else "nothing was compared"
        if (said.get("checked") or said.get("unproven")) and not arguments.json:
            output.line(shown(said["text"]))
        raise CommandError(Exit.FAILED, f"reconcile: {compared}: {said['failed']}", dict(said))
    _finish(arguments, said, said["text"])


def discrepancies(arguments: Namespace, supervisor: Supervisor) -> None:
    """Lists them, or acknowledges one."""
    if arguments.ack is not None:
        body = _named_body(arguments, discrepancy_id=arguments.ack, apply=arguments.apply)
        said = supervisor.command("acknowledge", body, _deadline(arguments))
        _finish(arguments, said, said["text"])
        return
    if arguments.apply is not None:
        raise CommandError(Exit.USAGE, "discrepancies: --apply says how --ack ID is booked, so it needs one")
    symbol, number = arguments.symbol, arguments.n
    if isinstance(symbol, int):
        if number is not None:
            raise CommandError(Exit.USAGE, "discrepancies: [SYMBOL] [N], in this order")
        symbol, number = None, symbol
    asked = {"symbol": symbol, "n": number}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    rows = supervisor.read(f"/v1/discrepancies?{query}")
    if arguments.json:
        output.document(rows)
    else:
        output.line(discrepancies_table(rows) if rows else shown("no discrepancies"))
        for row in rows:
            if row["outcome"] == "escalated":
                output.line(shown(f"{row['discrepancy_id']} needs you: {row['why']}"))


def discrepancies_table(rows: list[Row]) -> Shown:
    """One line each, newest first."""
    columns = ("id", "detected", "account", "symbol", "type", "severity", "believed", "reported", "action", "outcome")
    colors = {"escalated": "red", "open": "yellow", "resolved": "green"}
    painted = output.colored(sys.stdout)
    cells = [
        (
            *(row["discrepancy_id"], row["detected_at"][:19].replace("T", " "), row["account"], row["symbol"]),
            *(row["type"], row["severity"], row["believed"], row["reported"], row["action"], row["outcome"]),
        )
        for row in rows
    ]
    colored = {(i, 9): colors[row["outcome"]] for i, row in enumerate(rows) if painted and row["outcome"] in colors}
    return output.table(columns, cells, colored, width=output.width_of(sys.stdout), spare=("account", "severity"))


def _close_all(arguments: Namespace, supervisor: Supervisor) -> None:
    if any((arguments.target, arguments.strategy, arguments.side, arguments.percent, arguments.quantity)):
        raise CommandError(Exit.USAGE, "close --all takes --account alone: it closes every position, in whole")
    of_account = f" of account {arguments.account}" if arguments.account else ""
    if not arguments.yes:
        _confirm(f"This closes every position{of_account} at market price.")
    deadline = _deadline(arguments)
    said = supervisor.command("close_all", _named_body(arguments, account=arguments.account), deadline)
    if not arguments.wait:
        _finish(arguments, said, said["text"] or f"closing every position{of_account}")
        return

    def left(rows: Any) -> list[Row]:
        return [row for row in rows if arguments.account in (None, row["account"])]

    # What cannot say what it holds does not close either: nothing more is worth waiting for.
    rows = supervisor.watch(
        "/v1/positions", '"PositionView"', lambda rows: all(row["state"] in BROKEN for row in left(rows)), deadline
    )
    if rows is None or left(rows):
        open_ = left(rows or [])
        names = ", ".join(f"{row['position_id']} {row['state']}" for row in open_)
        broken = bool(open_) and all(row["state"] in BROKEN for row in open_)
        said = f"cannot be closed here: {names}" if broken else f"not finished in time: {names or _NO_ANSWER}"
        advice = f"; {_BY_HAND}" if any(row["state"] in BROKEN for row in open_) else ""
        raise CommandError(Exit.UNKNOWN, f"close --all: {said}{advice}")
    _finish(arguments, said, f"every position{of_account} is closed")


def _confirm(text: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError(Exit.USAGE, "close --all asks for a confirmation: add --yes where nobody can type it")
    if output.ask(styled("", shown(text), f" Type `{_CONFIRMATION}` to go on: ")).lower() != _CONFIRMATION:
        raise CommandError(Exit.REFUSED, "close --all: not confirmed, nothing was done")


def _await(supervisor: Supervisor, said: Row, deadline: float, what: str, progress: Callable[[Row], Progress]) -> Row:
    """The row with which it is done. Raises CommandError: REFUSED with the reason, UNKNOWN at the deadline."""
    position_id = _named(said, what)
    reached = Progress.WAITING

    def seen(row: Row) -> bool:
        nonlocal reached
        reached = Progress.WAITING if row["state"] in BROKEN else progress(row)
        return reached is not Progress.WAITING or row["state"] in BROKEN

    path = f"/v1/positions/{position_id}"
    row = supervisor.watch(path, position_id, lambda row: seen(row) or rests(row), deadline)
    if reached is Progress.WAITING and row is not None and rests(row):
        row = supervisor.watch(path, position_id, seen, min(deadline, time.monotonic() + RESTS_S)) or row
    details = {"position_id": position_id, "command_id": said["command_id"]}
    if row is not None:
        details |= {"state": row["state"], "position": row}
    if reached is Progress.FAILED:
        raise CommandError(Exit.REFUSED, f"{position_id} {row['state']}: {row['reason'] or 'no reason'}", details)
    if row is not None and row["state"] in BROKEN:
        raise CommandError(Exit.UNKNOWN, f"{position_id} {row['state']}: {row['reason']}; {_BY_HAND}", details)
    if reached is Progress.WAITING and row is not None and rests(row):
        return dict(row)  # Nothing of it is unknown: the venue has it, and waits for its price.
    if reached is Progress.WAITING:
        state = row["state"] if row is not None else f"not seen: {_NO_ANSWER}"
        raise CommandError(
            Exit.UNKNOWN,
            f"{what} of {position_id} did not finish in time, it is {state}{_held_by_venue(supervisor, row)}; "
            "see `albra positions`",
            details,
        )
    finished: Row = row
    return finished


def _named(said: Row, what: str) -> str:
    """The position of an accepted command. Raises CommandError UNKNOWN where no record tells which it is."""
    if said["position_id"] is None:
        text = f"{what}: {said['text'] or 'accepted'}; of which position is not known here: see `albra positions --all`"
        raise CommandError(Exit.UNKNOWN, text, dict(said))
    return str(said["position_id"])


def _held_by_venue(supervisor: Supervisor, row: Row | None) -> str:
    """What keeps its requests from the venue, where the venue is down or wants silence; empty otherwise."""
    if row is None:
        return ""
    try:
        said = supervisor.read("/v1/status").get(f"account {row['account']}", {})
    except CommandError:
        return ""
    venue = said.get("venue", "up")
    if venue == "waiting":
        return f", and its account waits for its turn in the request budget since {said['since']}"
    if venue != "up":
        return f", and the venue is {venue}: {said.get('trouble', 'it has not answered yet')}"
    until = said.get("throttled until")
    left_s = int(datetime.fromisoformat(until).timestamp() - time.time()) if until else 0
    if left_s <= 0:
        return ""
    why = f": {said['last error']}" if said.get("last error") else ""
    return f", and the venue accepts nothing for another {output.duration(left_s)}{why}"


def _body(arguments: Namespace) -> dict[str, Any]:
    """The body of the operation that was named."""
    given = {name: getattr(arguments, name, None) for name in operations()[arguments.command].parameters}
    if (target := getattr(arguments, "target", None)) is not None:
        given["position_id" if names_position(target) else "symbol"] = target
    return _named_body(arguments, **given)


def _named_body(arguments: Namespace, **given: object) -> dict[str, Any]:
    """What was given, numbers as plain digits, and the command's id."""
    command_id = arguments.command_id or f"cli-{secrets.token_hex(8)}"
    said = {name: value for name, value in given.items() if value is not None and value is not False}
    return {"command_id": command_id} | {
        name: plain(value) if isinstance(value, Decimal) else value for name, value in said.items()
    }


def _deadline(arguments: Namespace) -> float:
    timeout_s = DEFAULT_TIMEOUT_S if arguments.timeout is None else float(arguments.timeout)
    return time.monotonic() + timeout_s


def _finish(arguments: Namespace, said: Any, text: str = "") -> None:
    if arguments.json:
        output.document(dict(said))
    elif text:
        output.line(shown(text))
