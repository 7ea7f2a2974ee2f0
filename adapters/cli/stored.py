"""Reading commands without a supervisor: the journal answers, read-only, with the time of its last step."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.cli.client import Supervisor
from adapters.cli.outcome import CommandError, Exit
from adapters.control import wire
from adapters.control.columns import instant
from adapters.storage.errors import JournalError
from adapters.storage.reader import JournalReader
from adapters.storage.record import as_replayed
from messages import codec
from messages.events import PositionRetired
from messages.journal import Replayed
from messages.reconciliation import DiscrepanciesAnswer, Discrepancy
from messages.reports import PositionsAnswer, PositionView
from messages.statement import Statement, verbatim
from messages.types import Address, CommandId, PositionId, Silence, Symbol

_SUPERVISOR, _RECONCILER = 0, -1
"""Ordinals of the supervisor's and the reconciler's histories."""
_SHOWN = 20
_NOBODY: dict[str, Any] = {"command_id": CommandId(""), "to": Address("")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """Folds of histories; `position` and `discrepancies` raise DecodeError, LookupError for damaged ones."""

    position: Callable[[PositionId, Replayed], PositionView]
    discrepancies: Callable[[Replayed, Symbol | None, int], tuple[Discrepancy, ...]]


class Stored(Supervisor):
    """Answers a supervisor's queries from the journal under `storage`. Raises JournalError."""

    def __init__(self, storage: Path, folds: Folds) -> None:
        super().__init__(storage)
        self._folds = folds
        self._reader = JournalReader(storage)
        last_ns = self._reader.last_ns()
        self.as_of = instant(last_ns) if last_ns else ""
        self.document: Any = None

    def read(self, path: str) -> Any:
        parts = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        match parts.path.strip("/").split("/"):
            case ["v1", "positions"]:
                self.document = self._positions(everything="all" in query)
            case ["v1", "positions", name, "history"]:
                self.document = self._history(PositionId(unquote(name)))
            case ["v1", "discrepancies"]:
                self.document = self._discrepancies(query.get("symbol"), int(query.get("n", _SHOWN)))
            case _:
                self.document = self._status()
        return self.document

    def _positions(self, *, everything: bool) -> list[dict[str, Any]]:
        views: list[PositionView] = []
        silent: list[tuple[PositionId, Silence, Statement]] = []
        retired = self._retired()
        for position_id, past in self._pasts(everything=everything):
            if position_id in retired:
                continue
            why = past.damage
            if not why:
                try:
                    views.append(self._folds.position(position_id, past))
                except (codec.DecodeError, LookupError) as error:
                    why = verbatim(error)
            if why:
                silent.append((position_id, Silence.DAMAGED, why))
        over = tuple(retired.items()) if everything else ()
        return wire.positions(PositionsAnswer(**_NOBODY, views=tuple(views), silent=tuple(silent), retired=over))

    def _retired(self) -> dict[PositionId, Statement]:
        """Return retired positions with damaged histories, from the supervisor's history."""
        past = self._reader.position(_SUPERVISOR)
        if past is None:
            return {}
        kept = as_replayed(past)
        events = (event for event in (*kept.events, *kept.beyond) if isinstance(event, PositionRetired))
        return {event.position_id: event.why for event in events}

    def _pasts(self, *, everything: bool) -> Iterator[tuple[PositionId, Replayed]]:
        if not everything:
            found = self._reader.recover()
            yield from ((each.position_id, as_replayed(each)) for each in found if each.ordinal > 0)
            return
        for entry in self._reader.positions():
            if entry.ordinal > 0 and (past := self._reader.position(entry.ordinal)) is not None:
                yield entry.position_id, as_replayed(past)

    def _history(self, position_id: PositionId) -> list[dict[str, Any]]:
        ordinal = int(position_id.rpartition(".")[2])
        names = {entry.ordinal: entry.position_id for entry in self._reader.positions()}
        if names.get(ordinal) != position_id:
            raise CommandError(Exit.FAILED, f"the journal has no position {position_id}")
        return [codec.to_jsonable(codec.decode(each)) for each in self._reader.history(ordinal)]

    def _discrepancies(self, symbol: str | None, most: int) -> list[dict[str, Any]]:
        past = self._reader.position(_RECONCILER)
        if past is None:
            return []
        try:
            found = self._folds.discrepancies(as_replayed(past), Symbol(symbol) if symbol else None, most)
        except (codec.DecodeError, LookupError) as error:
            raise CommandError(Exit.FAILED, f"the journal's discrepancies cannot be read: {error}") from None
        return wire.discrepancies(DiscrepanciesAnswer(**_NOBODY, discrepancies=found))

    def _status(self) -> dict[str, dict[str, Any]]:
        meta, live = self._reader.meta(), self._positions(everything=False)
        return {
            "supervisor": {"state": "down"},
            "positions": {"live": len(live), "in doubt": sum(bool(row["in_doubt"]) for row in live)},
            "journal": {"id": meta.journal_id, "last step": self.as_of or "-"},
        }


def answer(arguments: Namespace, absent: CommandError, storage: Path, folds: Folds, tell: Callable[..., None]) -> None:
    """Print the journal's answer, then `absent`, marked as the journal's. Raises CommandError."""
    try:
        stored = Stored(storage, folds)
    except JournalError:
        return
    if arguments.json:
        stored.read(path_of(arguments))
        details = {"supervisor": "down", "as_of": stored.as_of or None, arguments.command: stored.document}
        raise CommandError(absent.exit_code, absent.text, details) from None
    tell(arguments, stored)
    since = f" as of {stored.as_of}" if stored.as_of else ""
    raise CommandError(absent.exit_code, f"{absent.text}; shown is what the journal holds{since}") from None


def path_of(arguments: Namespace) -> str:
    """Return the API path of the query."""
    match arguments.command:
        case "positions":
            return "/v1/positions?all=1" if arguments.all else "/v1/positions"
        case "history":
            return f"/v1/positions/{arguments.position_id}/history"
        case "discrepancies":
            given = [each for each in (arguments.symbol, arguments.n) if each is not None]
            asked = {"n" if isinstance(each, int) else "symbol": each for each in given}
            return "/v1/discrepancies?" + "&".join(f"{name}={value}" for name, value in asked.items())
        case _:
            return "/v1/status"
