"""The journal's last acknowledged step, kept beside the journal: the file itself cannot show that its tail is missing.

SQLite ends its log at the first frame with a wrong checksum. After power loss that is right, since the rest was never
acknowledged. After a flipped bit it silently drops acknowledged steps. The mark is written after every commit and not
synced: it costs no disk time and is never ahead of the truth. A journal that ends before its mark has lost steps, or is
an older copy.

Numbers of lost steps are used again. The first new step records the loss (`lost_tail`); that step may be lost too, so
the mark also holds the latest losses and their places.
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
"""Remembered losses; an older one was reported several losses ago."""
_LINE_BYTES = 192


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """`steps` were missing when step `at`, which records the loss, was written."""

    at: int
    steps: int


class HighWaterMark:
    """One line in `<directory>/journal.mark`, overwritten in place. Never raises: without the file fewer losses are
    found.
    """

    def __init__(self, directory: Path, journal_id: JournalId) -> None:
        self.path = directory / FILE_NAME
        self._journal_id = journal_id
        self._losses: Sequence[Lost] = ()
        try:
            self._file = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except OSError:
            self._file = -1

    def opened(self, last_seq: int) -> int:
        """Return `lost(last_seq)`, and add that loss to every later `write`."""
        lost = self.lost(last_seq)
        self._losses = going_on(self._of(last_seq)[1], last_seq, lost)
        return lost

    def lost(self, last_seq: int) -> int:
        """Return how many acknowledged steps are missing after `last_seq`, the journal's last step.

        A new journal beside another journal's mark has lost all of that journal's steps.
        """
        return missing(*self._of(last_seq), last_seq)

    def _of(self, last_seq: int) -> tuple[int, Sequence[Lost]]:
        """Return (last acknowledged step, losses) relevant to a journal that ends with `last_seq`."""
        journal_id, seq, losses = self._read()
        return (seq, losses) if journal_id == self._journal_id or not last_seq else (0, ())

    def _read(self) -> tuple[str, int, Sequence[Lost]]:
        """Return (journal id, last acknowledged step, losses); the step is 0 when the file is missing or damaged."""
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
    """Return the steps missing after `last_seq`, plus earlier losses that only a missing step records."""
    if seq <= last_seq:
        return 0
    return seq - last_seq + sum(each.steps for each in losses if each.at > last_seq)


def going_on(losses: Sequence[Lost], last_seq: int, lost: int) -> Sequence[Lost]:
    """Return the losses to remember when the journal continues after `last_seq`."""
    kept = [each for each in losses if each.at <= last_seq]
    if lost:
        kept.append(Lost(at=last_seq + 1, steps=lost))
    return tuple(kept[-LOSSES_MOST:])


def _lost_of(said: str) -> Lost:
    at, steps = said.split("+")
    return Lost(at=int(at), steps=int(steps))


def _checksum(said: str) -> str:
    return blake2b(said.encode(), digest_size=8).hexdigest()
