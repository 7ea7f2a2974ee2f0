"""Commands that only read: positions, history, status."""

import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from adapters.cli import output
from adapters.cli.client import Supervisor
from messages.text import Shown, joined, shown

_COLUMNS = ("position", "state", "quantity", "entry", "mark", "pnl", "lev", "stop", "target", "age")
SPARE_COLUMNS = ("age", "lev", "entry", "target", "mark")
"""Columns dropped first on a narrow terminal; quantity, result and stop stay."""
STATE_COLORS = {
    "ACTIVE": "green", "FAILED": "red", "RECONCILING": "yellow", "PAUSED": "yellow", "MODIFIED": "yellow",
    "CLOSED": "dim", "CANCELLED": "dim", "QUARANTINED": "red", "DAMAGED": "red",
    "RETIRED": "dim",
}  # fmt: skip
BROKEN = ("QUARANTINED", "DAMAGED")
"""States of positions that cannot report their content; the reason stands below the table."""
_HEADER_FIELDS = ("type", "ts_event", "ts_init", "correlation_id", "causation_id")
_SECOND_NS = 1_000_000_000


def positions(arguments: Namespace, supervisor: Supervisor) -> None:
    rows = supervisor.read("/v1/positions?all=1" if arguments.all else "/v1/positions")
    if arguments.json:
        output.document(rows)
    elif rows:
        color, width = output.colored(sys.stdout), output.width_of(sys.stdout)
        output.line(positions_table(rows, time.time_ns(), color=color, width=width))
    else:
        output.line(shown("no positions" if arguments.all else "no live positions"))


def history(arguments: Namespace, supervisor: Supervisor) -> None:
    events = supervisor.read(f"/v1/positions/{arguments.position_id}/history")
    if arguments.json:
        output.document(events)
        return
    for event in events:
        output.line(event_line(event))


def status(arguments: Namespace, supervisor: Supervisor) -> None:
    """Print the verdict and the status, section by section. Raises CommandError."""
    sections = supervisor.read("/v1/status")
    if arguments.json:
        output.document(sections)
        return
    if (verdict := sections.pop("verdict", None)) is not None:  # the journal alone has none
        output.line(output.paint(shown(verdict["level"]), "bold" if output.colored(sys.stdout) else None))
        for reason in verdict["reasons"]:
            since = f" (since {reason['since']})" if "since" in reason else ""
            output.line(shown(f"  {reason['level']}  {reason['text']}{since}"))
    width = max((len(name) for rows in sections.values() for name in rows), default=0)
    for section, rows in sections.items():
        output.line(output.paint(shown(section), "bold" if output.colored(sys.stdout) else None))
        for name, value in rows.items():
            output.line(shown(f"  {name.ljust(width)}  {_figure(value)}"))


@cache
def _templates() -> Mapping[frozenset[str], str]:
    """Return the status sentence for these figures."""
    from messages.statement import places
    from messages.wording.status import Status

    return {places(each.value): each.value for each in reversed(Status) if places(each.value)}


def _figure(value: Any) -> str:
    """Return a status value in one line."""
    match value:
        case None | []:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_figure, value))
        case dict():
            said = _templates().get(frozenset(value), "")
            for name, each in value.items():
                said = said.replace(f"{{{name}}}", _figure(each))
            return said or ", ".join(f"{name} {_figure(each)}" for name, each in value.items())
        case _:
            return str(value)


def positions_table(rows: Sequence[Mapping[str, Any]], now_ns: int, *, color: bool, width: int | None = None) -> Shown:
    """Return the rows of GET /v1/positions as a table, one line each where `width` permits."""
    cells, colors = [], {}
    for index, row in enumerate(rows):
        doubt = "?" if row["in_doubt"] and row["state"] not in BROKEN else ""
        pnl = _rounded(row["unrealized_pnl"])
        cells.append(
            (
                row["position_id"],
                row["state"] + doubt,
                output.holding(row["quantity"] or "-", row.get("resting")),
                _rounded(row["entry_price"]),
                _rounded(row["mark_price"]),
                pnl,
                f"{row['leverage']}x" if row["leverage"] else "-",
                row["stop_loss"] or (f"{row['trailing']}%" if row["trailing"] else "-"),
                row["take_profit"] or "-",
                age(row["since"], now_ns) if row["since"] else "-",
            )
        )
        if color:
            if state_color := STATE_COLORS.get(row["state"]):
                colors[index, 1] = state_color
            if pnl != "-":
                colors[index, 5] = "red" if pnl.startswith("-") else "green"
    states = (*BROKEN, "RETIRED")
    said = [shown(f"{row['position_id']}: {row['reason']}") for row in rows if row["state"] in states]
    return joined("\n", [output.table(_COLUMNS, cells, colors, width=width, spare=SPARE_COLUMNS), *said])


def event_line(event: Mapping[str, Any]) -> Shown:
    """Return `time Event field=value …`: one event, empty fields left out."""
    said = " ".join(
        f"{name.removesuffix('_ns')}={_instant(value) if name.endswith('_ns') else _said(value)}"
        for name, value in event.items()
        if name not in _HEADER_FIELDS and not name.endswith("_fact") and value not in (None, "", False, 0)
    )
    at = moment(int(event["ts_init"])) if event["ts_init"] else "-".ljust(len(moment(0)))
    return shown(f"{at}  {event['type']:<20}  {said}".rstrip())


def _instant(value: Any) -> str:
    """Return a time in ns for people."""
    return moment(int(value)).replace(" ", "T")


def moment(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, _SECOND_NS)
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    return f"{clock}.{rest // 1_000_000:03d}Z"


def age(since: str, now_ns: int) -> str:
    """Return the age of an ISO instant in UTC."""
    from datetime import datetime

    then = datetime.fromisoformat(since)
    return output.duration(now_ns // _SECOND_NS - int(then.timestamp()))


def _said(value: Any) -> str:
    text = _plain(value)
    return repr(text) if " " in text else text


def _plain(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_plain(part) for part in value)
    if not isinstance(value, Mapping):
        return str(value)
    match value:
        case {"quote": quote, "value": amount}:  # a `Worth`
            return "unknown" if amount is None else f"{amount} {quote}"
        case {"amount": amount, "currency": currency}:  # a `Fee`, or another sum
            worth = value.get("worth")
            return f"{amount} {currency}" + ("" if worth is None else f" worth {_plain(worth)}")
    return "/".join(str(part) for key, part in value.items() if key != "type")


def _rounded(number: str | None) -> str:
    return output.rounded(None if number is None else Decimal(number))
