"""Sentences of the journal, its disk and the process."""

from messages.statement import Wording


class Storage(Wording):
    """Sentences of the journal, its disk and the process."""

    # The disk
    DISK_WELL = "the journal's disk is well again"
    DISK_FULL = (
        "the disk is full, {free} KiB are free under {path}: nothing is opened until {needed} MiB are; closing goes "
        "on, from a reserve"
    )
    RESERVE_SPENT = "the disk is full and the reserve used up: nothing can be written"
    NO_SPACE = "the disk is full: nothing is opened until there is space"
    FILE_GONE = (
        "the journal {path} was removed or replaced while Albra runs: nothing is opened, closing goes on and is not "
        "remembered; put the file back, or stop Albra and restore a backup"
    )
    COMMIT_FAILS = "the journal cannot be written, nothing is opened: {why}"
    CLOSED = "the journal is closed"
    ITS_CLOSED = "it is closed"
    READ_FAILS = "the journal cannot be read: {why}"
    VERSION_GAP = "a step of {name} goes on from version {first}, the journal holds version {version}"
    ORDINAL_TAKEN = "ordinal {ordinal} is {name}, not {other}"

    # Damage
    DAMAGED = "The journal holds a damaged record: {text}"
    AT = "{where}: {why}"
    RECORD = "record {seq}"
    RECORDS_NEAR = "records near {seq}"
    CHECKSUM = "checksum does not fit"
    ITS_CHECKSUM = "its checksum does not fit"
    UNDECODED = "it cannot be decoded"
    VERSION_MISSING = (
        "record {seq} goes from version {first} to {last}, but version {version} is before it: one is missing"
    )
    ONE_MISSING = "one before it is missing"
    COLUMN = "a column has another type"
    SNAPSHOT_UNREAD = "its snapshot cannot be read ({why}); all events were folded instead"
    SNAPSHOT_CHECKSUM = "its snapshot's checksum does not fit; all events were folded instead"
    SNAPSHOT_STEP = "the step of the snapshot's version {version} is missing"
    LINE_ALTERED = "its line in the list is altered"
    LINE_ALTERED_TOO = "its line in the list is altered; {why}"
    POSITION = "position {ordinal}"
    POSITION_NAMED = "position {ordinal} ({name})"
    FILE = "file"
    STEPS_UNLISTED = "has steps, but is not in the list of positions"
    END_DISAGREES = "the list and the events disagree about whether it has ended"
    SNAPSHOT_BEYOND = "its snapshot is of version {version}, which is not there"
    SNAPSHOT_DIFFERS = "its snapshot of version {version} is not what its events give"
    STEPS_FEWER = "{written} steps were written, {n} are there"
    NOT_LISTED = "its steps are there, but it is not in the list of positions"
    EVENTS_WHOLE = "{name}: {why}; its events are whole, and it goes on by them"

    # A lost tail
    STEPS_LOST = (
        "{n} acknowledged steps are missing behind step {seq} of {path}: its log was damaged, or it is an older copy. "
        "Compare positions with the venue (albra reconcile); albra resume allows openings again"
    )
    AFTER_LOSS = "after a loss of {n} journal steps"

    # The process and its configuration
    LOGS_LOST = "log lines under {path} are lost: {why}; Albra goes on, check owner, permissions and space"
    KEY_CHANGED = "{account}: the key was changed, and the journal goes on under the new one: {why}."
    KEY_KNOWS_ORDER = "the account knows order {order} of the journal"
    KEY_UNUSED = "the journal has neither orders nor open positions of it"
    KEY_NOT_ASKED = "its orders could not be asked for: {why}"
    KEY_KNOWS_NONE = "the account knows none of {n} orders of the journal"
    KEY_INCOMPARABLE = "the journal has no order to compare, and open positions"
    KEY_BY_WORD = "{why}; taken on your word"
    UNWATCHED_ONE = (
        "account {account} is in the journal with 1 live position and not in the configuration: nothing watches or "
        "closes what it holds at the venue; put it back, or close everything there"
    )
    UNWATCHED = (
        "account {account} is in the journal with {number} live positions and not in the configuration: nothing "
        "watches or closes what it holds at the venue; put it back, or close everything there"
    )
    BEHIND_ADDRESS_ONE = "1 account behind one address ({address}), which bears {bears} at the configured intervals"
    BEHIND_ADDRESS = "{n} accounts behind one address ({address}), which bears {bears} at the configured intervals"
    READ_EVERY = "{found}: each is read in full every {seconds} s"
    CROWDED_ADVICE = (
        "set phase2.reconciliation.check_intervals.fast to {seconds} or more, or give accounts an address of their own "
        "(proxy); closing waits for none of it"
    )
    CROWDED_NOTICE = "{found}. {advice}"
