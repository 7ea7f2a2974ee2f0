"""How far the journal has come, kept beside it: what is missing at its end cannot show in the file itself.

SQLite ends its log at the first frame whose checksum does not fit. After power loss that is right: what
lies behind was never acknowledged. After a flipped bit it silently drops steps that were. The mark tells
the two apart: it names the last acknowledged step. It is written after every commit and not synced, so
that it costs no disk time and can only be behind the truth, never ahead of it: a journal that ends before
its mark has lost acknowledged steps, or is an older copy.
"""

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from adapters.storage.private import open_private
from messages.types import JournalId

FILE_NAME = "journal.mark"
_LINE_BYTES = 64


class Mark:
    """One line in `<directory>/journal.mark`, overwritten in place. Never raises: without it less is noticed."""

    def __init__(self, directory: Path, journal_id: JournalId) -> None:
        self.path = directory / FILE_NAME
        self._journal_id = journal_id
        try:
            self._file = open_private(self.path, os.O_RDWR | os.O_CREAT)
        except OSError:
            self._file = -1

    def lost(self, last_seq: int) -> int:
        """How many acknowledged steps are missing behind `last_seq`, which the journal ends with.

        A journal that has just begun beside the mark of another one has lost all of that one's.
        """
        journal_id, seq = self._read()
        ours = journal_id == self._journal_id
        return max(0, seq - last_seq) if ours or not last_seq else 0

    def _read(self) -> tuple[str, int]:
        """(journal, last acknowledged step); 0 where nothing is written, or something else."""
        if self._file < 0:
            return "", 0
        try:
            line = os.pread(self._file, _LINE_BYTES, 0)
            journal_id, seq, checksum = line.decode("ascii").split()
        except (OSError, ValueError):
            return "", 0
        if not seq.isdecimal() or checksum != _checksum(journal_id, int(seq)):
            return "", 0
        return journal_id, int(seq)

    def write(self, seq: int) -> None:
        if self._file >= 0:
            line = f"{self._journal_id} {seq} {_checksum(self._journal_id, seq)}".ljust(_LINE_BYTES - 1) + "\n"
            with suppress(OSError):
                os.pwrite(self._file, line.encode("ascii"), 0)

    def close(self) -> None:
        """Sync it, so that an orderly stop followed by power loss is covered, too."""
        if self._file >= 0:
            with suppress(OSError):
                os.fsync(self._file)
            os.close(self._file)
            self._file = -1


def _checksum(journal_id: str, seq: int) -> str:
    return blake2b(f"{journal_id} {seq}".encode(), digest_size=8).hexdigest()
