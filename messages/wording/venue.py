"""Sentences of an exchange's adapter, where the exchange gives no text."""

from messages.statement import Wording


class Venue(Wording):
    """Sentences of an exchange's adapter, where the exchange gives no text."""

    NO_SYMBOL = "a symbol without a name"

    # The connection.
    CONNECTION_STOPPED = "the connection to the venue is stopped"
    CONNECTION_STOPPING = "the connection to the venue is stopping"
    DEFECT = "defect in the adapter: {error}"
    THREAD_ENDED = "the adapter's thread ended: {error}"
    POSITION_MODE = (
        "the account is in position mode {mode}, the configuration says {wanted}: set position_mode: {wish}, or change "
        "the mode at the exchange while the account is flat"
    )
    POSITION_MODE_NOT_CHANGED = (
        "the account is in position mode {mode}, the configuration says {wanted}: set position_mode: {wish}, or change "
        "the mode at the exchange while the account is flat (asked to change it, the venue said: {answer})"
    )
    MARGIN_MODE_NOT_CHANGED = (
        "{symbol} is not in margin mode {wanted} as margin_mode says, and the venue does not change it now: {why}. "
        "Close what is open on {symbol} there, or change margin_mode"
    )
    MARGIN_MODE_UNKNOWN = "margin mode of {symbol}: {cause}"

    # The event stream.
    NO_LISTEN_KEY = "no listen key: {answer}"
    LISTEN_KEY_NOT_KEPT = "the listen key was not prolonged: {answer}"
    LISTEN_KEY_EXPIRED = "the listen key expired"
    SOCKET_CLOSED = "the socket was closed"
    STREAM_MUTE = "it is open and mute about {kind}"
    EVENT_MISSING = "an event of {order} is missing"
    EVENTS_OVERFLOW = "more than {most} events were waiting"

    # Requests that were not sent, and answers that prove nothing.
    STOPPED_UNSENT = "stopped before it was sent"
    STOPPED_UNANSWERED = "stopped while the answer was awaited"
    EXPIRED_UNSENT = "expired before it was sent"
    FIELD_REQUIRED = "an order of this kind needs its {field}"
    NO_ANSWER = "no answer was seen"
    NO_BODY = "200 without a readable body"
    NO_ORDER = "200 without a readable order"
    NO_ORDER_ID = "200 without an order id"
    OTHER_ORDER = "200 about another order"
    OTHER_ANSWER = "an answer to another question"
    NO_SUBMIT_ANSWER = "an answer that is none to a submit"
    NO_CANCEL_ANSWER = "an answer that is none to a cancel"
    NO_SETTING_ANSWER = "an answer that is none to a setting"
    SETTING_IGNORED = "done, and did not do it"
    UNREADABLE_ANSWER = "unreadable answer: {why}"
    DUPLICATE_UNREAD = "{answer}; the order that has this id could not be read"
    CANCELED_UNREAD = "canceled, but its state could not be read"
    CANCELED_MALFORMED = "canceled, but its state could not be read: {why}"
    LEVERAGE_UNNAMED = "the venue names no leverage of {symbol}"
    LEVERAGE_UNREAD = "its answer confirms nothing, and the setting could not be read: {why}"
    LEVERAGE_DIFFERS = "leverage {leverage} was asked for, and the venue has {found} for {symbol}"

    # Reads of orders and trades.
    NO_SUCH_ORDER = "the venue knows no such order"
    CHILD_UNKNOWN = "the child {child} of a conditional order is not known yet"
    CHILD_UNREAD = "a finished conditional order is known by its child order, which was not read"
    TRADED_ORDER_UNKNOWN = "order {order} has traded, and whose it is cannot be read yet"
    OLD_ORDERS_OVERFLOW = "trades of more than {most} orders that are older than the window"
    PAGES_OVERFLOW = "more than {most} pages of trades"
    OTHER_SYMBOLS = "asked for {symbol}, and the answer is about {symbols}"

    # Events that fit no order of ours.
    FOREIGN_ORDER = "an order that was not placed here"
    FOREIGN_CONDITIONAL = "a conditional order that was not placed here"
    FOREIGN_CHILD = "a child of a conditional order that was not placed here"
    FORCED_CLOSE = "the venue closed a position by force"
    TRIGGER_REFUSED = "a conditional order was refused when triggered"
    PARENT_UNREAD = "an order whose parent could not be looked up: {why}"
    PARKED_OVERFLOW = "too many events wait for their parents"
    SETTING_CHANGED = "an account setting was changed"
    ACCOUNT_CHANGED = "the account changed by {reason}"
    UNKNOWN_EVENT = "an event of an unknown type"
    UNREADABLE_MARGIN_CALL = "an unreadable margin call: {why}"
    UNREADABLE_OPEN_ORDER = "the row of an open order cannot be read: {why}"
    EVENT_DEFECT = "defect in reading it: {error}"
    AT_RISK = "quantity {quantity}, mark price {price}, unrealized {gain}, maintenance margin {margin}"

    # Fields that cannot be what they say.
    ROW_OF = "a row of {what}"
    NO_OBJECT = "{what} is {value}, no object"
    NO_LIST = "{what} is {value}, no list"
    NO_PERPETUAL = "exchangeInfo names no perpetual"
    ROWS_CONTRADICT = "two rows of {key} contradict each other"
    NOTIONAL_CONTRADICTS = "positionAmt {quantity} at markPrice {price} contradicts notional {value}"
    EMPTY = "{field} is empty"
    ODD_VALUE = "{field} is {value}"
    NOT_EXACT = "{field} is {value}, not an exact number"
    NOT_A_NUMBER = "{field} is {value}, not a number"
    NOT_AN_INTEGER = "{field} is {value}, not a whole number from {least} to {most}"
    NOT_TRADED = "{field} is {value}, beyond anything that is traded"
    NEGATIVE = "{field} is {value}, less than nothing"
    ZERO = "{field} is {value}, which is nothing"
    NOT_A_TEXT = "{field} is {value}, not a text"
    NOT_AN_ID = "{field} is {value}, which is no id, name or status"
    BEYOND_IDS = "{field} is {value}, beyond any id"
    NOT_A_TIME = "{field} is {value}, not a time in milliseconds"
    NOT_A_SYMBOL = "{field} is {value}, not a symbol"
    NOT_A_SIDE = "{field} is {value}, not a side"
    NOT_A_TRADE_ID = "{field} is {value}, not the number of a trade"
    NOT_A_FEE = "{field} is {value}, no fee for a trade of {traded} {currency}"
    OVERFILLED = "{field} is {value} of {quantity} that were ordered"
    OTHER_LEG = "a position of {quantity} is on the leg {leg}"
    UNDOCUMENTED = "{field} is {value}, which is not documented"
    UNDOCUMENTED_STATUS = "an order's status is {value}, which is not documented"
    UNDOCUMENTED_CONDITIONAL_STATUS = "a conditional order's status is {value}, which is not documented"
    HUGE_INTEGER = "a number of thousands of digits"

    # The second channel.
    NO_WEBHOOK = "no webhook is configured"
