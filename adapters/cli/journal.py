"""`albra journal`: checks the journal, or prints its events, beside a running supervisor too."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from messages.base import Event
from messages.text import shown

if TYPE_CHECKING:
    from adapters.storage.reader import JournalReader
    from adapters.storage.schema import Meta

Fold = Callable[[Sequence[Event]], bytes]
"""The encoded state of a position after these events, as a snapshot of it would be."""


def journal(arguments: Namespace, storage: Path, fold: Fold | None) -> None:
    """`verify` exits 1 on damage; `export` prints JSON lines, with --json one array; `restore` takes a backup."""
    import apsw

    from adapters.storage.errors import JournalError
    from adapters.storage.reader import JournalReader

    if (arguments.what == "restore") is (arguments.file is None):
        raise CommandError(Exit.USAGE, "journal restore FILE takes a backup; verify and export take none")
    try:
        if arguments.what == "restore":
            from adapters.storage.restore import restore

            meta = restore(Path(arguments.file), storage)
            if not arguments.json:
                _restored(meta, arguments.file)
        with JournalReader(storage) as reader:
            if arguments.what in ("verify", "restore"):
                _verify(reader, fold, as_json=arguments.json)
            elif arguments.json:
                output.document(list(reader.export()))
            else:
                for event in reader.export():
                    output.document(event)
    except JournalError as error:
        raise CommandError(Exit.FAILED, f"journal {arguments.what}: {error}") from None
    except (apsw.Error, LookupError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise CommandError(
            Exit.FAILED, f"journal {arguments.what}: {storage} holds what is no journal of Albra: {why}"
        ) from None


def _restored(meta: "Meta", source: str) -> None:
    before, _ = meta.former[-1]
    output.line(shown(f"Restored from {source} under the new id {meta.journal_id}; it was {before}."))
    output.line(shown("Let no other supervisor trade on its accounts. `albra run` finds out what happened since."))


def _verify(reader: "JournalReader", fold: Fold | None, *, as_json: bool) -> None:
    report = reader.verify(fold)
    counts = {
        "journal_id": report.journal_id,
        "restored_from": report.restored_from,
        "positions": report.positions,
        "steps": report.steps,
        "events": report.events,
        "snapshots": report.snapshots,
        "replayed": report.replayed,
    }
    damage = [{"record": item.where, "damage": item.why} for item in report.damage]
    if damage:
        said = "; ".join(f"{item['record']}: {item['damage']}" for item in damage)
        raise CommandError(
            Exit.FAILED, f"{reader.path} is damaged: {said}", {"intact": False, **counts, "damage": damage}
        )
    if as_json:
        output.document({"intact": True, **counts, "damage": []})
        return
    said = ", ".join(f"{value} {name}" for name, value in counts.items() if name not in ("journal_id", "restored_from"))
    output.line(shown(f"{reader.path} (journal {report.journal_id}) is intact: {said}"))
