"""What the adapter of an exchange says where the exchange has no words of its own."""

from messages.statement import Wording


class Venue(Wording):
    """What the adapter of an exchange says where the exchange has no words of its own."""

    NO_SYMBOL = "a symbol without a name"
