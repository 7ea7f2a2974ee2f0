"""What the supervisor answers to commands, and tells of accounts, positions and actors."""

from messages.statement import Wording


class Supervisor(Wording):
    """What the supervisor answers to commands, and tells of accounts, positions and actors."""

    JOURNAL_FAILS = "the journal cannot be written: {why}"
