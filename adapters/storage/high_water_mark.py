"""How far the journal has come, kept beside it: what is missing at its end cannot show in the file itself.

SQLite ends its log at the first frame whose checksum does not fit. After power loss that is right: what
lies behind was never acknowledged. After a flipped bit it silently drops steps that were. The mark tells
the two apart: it names the last acknowledged step. It is written after every commit and not synced, so
that it costs no disk time and can only be behind the truth, never ahead of it: a journal that ends before
its mark has lost acknowledged steps, or is an older copy.

Numbers of lost steps are given again, and the first step that has one says what was lost (`lost_tail`). Where that step is
lost as well, its word is lost with it: so the mark names, beside the last step, the latest losses and where they were.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from adapters.storage.private import open_private
from messages.types import JournalId

FILE_NAME = "journal.mark"
LOSSES_MOST = 4
"""Of more, the oldest are forgotten: what said so then is four losses old, and was told long ago."""
_LINE_BYTES = 192


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """So many steps were missing when step `at` was written, which says so."""

    at: int
    steps: int


class HighWaterMark:
    """One line in `<directory>/journal.mark`, overwritten in place. Never raises: without it less is noticed."""

    def __init__(self, directory: Path, journal_id: JournalId) -> None:
        self.path = directory / FILE_NAME
        self._journal_id = journal_id
        self._losses: Sequence[Lost] = ()
        try:
            self._file = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except OSError:
            self._file = -1

    def opened(self, last_seq: int) -> int:
        """What `lost` says, and each `write` from now on says where the journal went on without it."""
        lost = self.lost(last_seq)
        self._losses = going_on(self._of(last_seq)[1], last_seq, lost)
        return lost

    def lost(self, last_seq: int) -> int:
        """How many acknowledged steps are missing behind `last_seq`, which the journal ends with.

        A journal that has just begun beside the mark of another one has lost all of that one's.
        """
        return missing(*self._of(last_seq), last_seq)

    def _of(self, last_seq: int) -> tuple[int, Sequence[Lost]]:
        """(last acknowledged step, losses) as far as they concern a journal that ends with `last_seq`."""
        journal_id, seq, losses = self._read()
        return (seq, losses) if journal_id == self._journal_id or not last_seq else (0, ())

    def _read(self) -> tuple[str, int, Sequence[Lost]]:
        """(journal, last acknowledged step, losses); 0 where nothing is written, or something else."""
        if self._file < 0:
            return "", 0, ()
        try:
            line = os.pread(self._file, _LINE_BYTES, 0)
            journal_id, seq, *losses, checksum = line.decode("ascii").split()
            if checksum == _checksum(" ".join((journal_id, seq, *losses))):
                return journal_id, int(seq), tuple(_lost_of(each) for each in losses)
        except (OSError, ValueError):
            pass
        return "", 0, ()

    def write(self, seq: int) -> None:
        if self._file >= 0:
            said = " ".join((self._journal_id, str(seq), *(f"{each.at}+{each.steps}" for each in self._losses)))
            line = f"{said} {_checksum(said)}".ljust(_LINE_BYTES - 1) + "\n"
            with suppress(OSError):
                os.pwrite(self._file, line.encode("ascii"), 0)

    def close(self) -> None:
        """Sync it, so that an orderly stop followed by power loss is covered, too."""
        if self._file >= 0:
            with suppress(OSError):
                os.fsync(self._file)
            os.close(self._file)
            self._file = -1


def missing(seq: int, losses: Sequence[Lost], last_seq: int) -> int:
    """Of a journal that ends with `last_seq`: what is behind it, and the losses that only a step behind it tells of."""
    if seq <= last_seq:
        return 0
    return seq - last_seq + sum(each.steps for each in losses if each.at > last_seq)


def going_on(losses: Sequence[Lost], last_seq: int, lost: int) -> Sequence[Lost]:
    """The losses to be known once the journal goes on behind `last_seq`."""
    kept = [each for each in losses if each.at <= last_seq]
    if lost:
        kept.append(Lost(at=last_seq + 1, steps=lost))
    return tuple(kept[-LOSSES_MOST:])


def _lost_of(said: str) -> Lost:
    at, steps = said.split("+")
    return Lost(at=int(at), steps=int(steps))


def _checksum(said: str) -> str:
    return blake2b(said.encode(), digest_size=8).hexdigest()
