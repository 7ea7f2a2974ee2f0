"""What the notifier says of itself: reports, and notices that it made."""

from messages.statement import Wording


class Notifier(Wording):
    """What the notifier says of itself: reports, and notices that it made."""

    RESOLVED = "{name}: resolved, it is {state}"
