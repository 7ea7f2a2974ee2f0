"""The model's refusals, independent of an exchange: a dialect maps each to a code and text."""

from enum import StrEnum


class Reason(StrEnum):
    """Why the model refuses a request. Braces name the facts of the text."""

    UNKNOWN_SYMBOL = "the symbol is not listed"
    SYMBOL_HALTED = "the symbol takes no openings"
    SYMBOL_CLOSED = "the symbol is closed"
    TOO_PRECISE = "more decimals than the grid has"
    PRICE_ZERO = "a price of zero"
    PRICE_LOW = "below the least price"
    PRICE_HIGH = "above the highest price"
    PRICE_TICK = "between two ticks"
    PRICE_ABOVE_BAND = "above {cap}, as far from the mark as a bid may be"
    PRICE_BELOW_BAND = "below {floor}, as far from the mark as an offer may be"
    NO_COUNTERPARTY = "the best price is too far from the mark"
    QUANTITY_ZERO = "a quantity of zero"
    QUANTITY_LOW = "below the least quantity"
    QUANTITY_HIGH = "above the largest quantity"
    QUANTITY_STEP = "between two steps"
    NOTIONAL_LOW = "a value below {least}"
    DUPLICATE_ID = "an open order has this client id"
    MARGIN = "too little margin"
    POSITION_LIMIT = "above the largest position of this leverage"
    ORDER_LIMIT = "as many orders are open as may be"
    CONDITIONAL_LIMIT = "as many conditional orders are open as may be"
    NOTHING_TO_REDUCE = "reduce-only, and nothing to reduce"
    REDUCTION_BLOCKED = "other orders reduce the position already"
    POST_ONLY = "post-only, and it would trade"
    FILL_OR_KILL = "fill-or-kill, and the book is too thin"
    WOULD_TRIGGER = "it would trigger at once"
    TRIGGERING = "it is being triggered"
    CLOSE_WITHOUT_POSITION = "it closes a position that is not there"
    CLOSE_TWICE = "an order closes this position already"
    AMEND_KIND = "only limit orders are amended"
    AMEND_LIMIT = "amended as often as may be"
    AMEND_SAME = "the amendment changes nothing"


class Refusal(Exception):  # noqa: N818  a refused request is an ordinary answer, not an error of the model
    """A request that the model refuses."""

    def __init__(self, reason: Reason, **facts: str) -> None:
        super().__init__(reason.format(**facts))
        self.reason = reason
        self.facts = facts
