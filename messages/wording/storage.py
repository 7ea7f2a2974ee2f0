"""What the journal, its disk and the process say."""

from messages.statement import Wording


class Storage(Wording):
    """What the journal, its disk and the process say."""

    DISK_WELL = "the journal's disk is well again"
