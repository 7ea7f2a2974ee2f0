"""What a gateway says of its venue, its requests and their answers."""

from messages.statement import Wording


class Gateway(Wording):
    """What a gateway says of its venue, its requests and their answers."""

    VENUE_BACK = "{account}: the venue is back after {age}."
