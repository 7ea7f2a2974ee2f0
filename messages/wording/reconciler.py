"""Sentences of the reconciler: discrepancies, their reasons and ends, and failed reads."""

from messages.statement import Wording


class Reconciler(Wording):
    """Sentences of the reconciler: discrepancies, their reasons and ends, and failed reads."""

    # Parts
    EACH = "{each}"
    LEG = "{account} {symbol}"
    AT_ACCOUNT = "{account}: {why}"
    HOLDER = "{strategy} {held}"
    # What is believed and reported
    LONG = "long {quantity}"
    SHORT = "short {quantity}"
    QUANTITY = "{quantity}"
    ENTRY_PRICE = "{price}"
    LEVERAGE = "{leverage}x"
    BOTH_SIDES = "hedge: both sides are held"
    STATE = "{state} ({why})"
    STUCK = "nothing is under way that would change it"
    OUTCOME_UNKNOWN = "an outcome is not known"
    SILENT = "silent: {why}"
    UNREADABLE = "something unreadable"
    STOP = "a stop for {quantity}"
    TRAILING = "a trailing stop for {quantity}"
    TARGET = "a target for {quantity}"
    NOT_ON_BOOK = "not on the book"
    OPEN_ORDER = "an open order"
    NO_SUCH_ORDER = "no such order"
    POSITION_OVER = "its position is over"
    POSITION_UNKNOWN = "a position that is not known"
    # What explains a discrepancy
    SEEN_ONCE = "seen once, with the trades that say it; {told}"
    SEEN = "seen {times} times, the last with its orders and trades; {told}"
    TRADED = "{order} {quantity} at {price}"
    VENUE_ORDER = "order {order}"
    NO_TRADE = "no trade explains it"
    OWN_FILLS = "its own fills say so"
    UNCOVERED = "an outcome is not known, and no stop covers the difference"
    QUARANTINED = "its actor is silent: nothing is booked, adopted or closed there until it is back"
    DAMAGED = (
        "nothing is booked or adopted there: close it at the venue, or with albra flatten --break-glass; then albra "
        "discrepancies --ack {record} retires it"
    )
    ROW_UNREAD = "its row cannot be read ({why}): nothing is booked, adopted or closed there until it can"
    # Notices of a discrepancy
    DETECTED = "{record} {type} {symbol}: {believed} believed, {reported} at the venue ({told}); {action}"
    NEEDS_YOU = (
        "{record} {type} {symbol} needs you: {believed} believed, {reported} at the venue; {why}. Openings there wait; "
        "albra discrepancies --ack {record} ends it."
    )
    ANSWER_REFUSED = "{record} {type} {symbol} needs you still: what you said was refused: {why}"
    RESOLVED = "{record} {type} {symbol} is resolved: {why}"
    ABSENT = (
        "{name}: its leg is flat, and no order of it rests at the venue; albra discrepancies --ack {record} retires it."
    )
    # Why a discrepancy is escalated
    MANUAL = "the policy leaves it to you"
    MASS_VANISH = "too many positions vanished at once to believe it; look at the venue"
    REPAIRED_IN_VAIN = "repaired {n} times without effect"
    REPAIR_REFUSED = "repaired {n} times without effect; the last was refused: {why}"
    WHOSE = "{why}; choose with albra discrepancies --ack {record} --apply"
    TAKEN_FROM = "{quantity} was taken from {names}, and it is not known from whose"
    OVERSOLD = "sold beyond what it held: {sold}; it was taken from {names}"
    WHOSE_IN_DOUBT = "it cannot be attributed while an outcome is unknown"
    NO_REOPENING = "{action} cannot answer that the venue holds less: nothing is reopened here"
    NO_PRICE = "no price of the symbol is known, and none is made up"
    NO_GIVING_BACK = "{action} cannot restore what was sold"
    ENTRY_PRICE_FIXED = "an entry price cannot be changed at the venue"
    NO_LEVERAGE_ACTION = "{action} says nothing about leverage"
    LEVERAGE_NOT_ASKED = "no position asks for this leverage"
    MARGIN_MODE_FIXED = "margin mode is changed by hand only"
    POSITION_MODE_FIXED = "the account's position mode is not the configured one; it is changed by hand only"
    BY_HAND = "{action} cannot settle it; it is changed by hand only"
    NO_STATE_ACTION = "{action} cannot settle a state"
    ORDERS_UNREAD = "its orders cannot be read"
    ORDER_LEFT = "{action} leaves the order at the venue"
    OWNER_UNKNOWN = "its position is not known here, and the order may protect it; look before you cancel it"
    # Repairs
    READ_AGAIN = "read again"
    ADJUST = "{position} by {quantity} at {price}"
    ADOPT = "adopt {side} {quantity} at {price} for {strategy}"
    SHARE_FORCED = "hand the venue's own closing ({orders}) to those on the leg"
    BELIEVE_ENTRY_PRICE = "believe the venue's entry price {price}"
    BELIEVE_LEVERAGE = "believe the venue's leverage {leverage}"
    SET_LEVERAGE = "set leverage back to {leverage}x at the venue"
    BELIEVE_MARGIN_MODE = "believe that margin is {mode}"
    QUERY_ORDERS = "ask after every order of the position"
    TELL_HELD = "tell {name} that the venue holds {quantity}"
    CANCEL = "cancel {order}"
    # Why a position is adjusted
    TRADED_OUTSIDE = "traded outside of Albra ({order})"
    SYNTHESIZED = "the venue holds {reported}, {believed} was believed; synthesized, its fee is not known"
    TAKEN_BACK = "{name} sold more than it held: taken from this leg at {price}, and marked so"
    CORRECTED = "{type}: {believed} was believed, the venue says {reported}"
    # How a discrepancy ends
    POLICY = "the policy says so"
    VERIFIED = "verified by reading again: {why}"
    AGREED = "belief and venue agree again"
    OUTCOME_KNOWN = "nothing of it is in doubt"
    ESCALATED_FOR = "{why}; before: {before}"
    ACKNOWLEDGED = "acknowledged by command"
    POSITION_RETIRED = "its position is retired"
    RESIZED = "grown or shrunk since: {believed}, {reported}"
    CHANGED = "changed on both sides since: {believed}, {reported}"
    # Why openings wait
    HELD = "{type} {record}: {believed} believed, {reported} reported"
    SUSPECTED = "{believed} believed, {reported} reported"
    TOO_BUSY = "it was too busy to be compared with the venue"
    # Replies to an acknowledgement
    UNKNOWN_RECORD = "no discrepancy {record}"
    RECORD_OVER = "{record} is over: {outcome}"
    NOT_ATTRIBUTED = "{type} is not attributed to strategies here"
    ATTRIBUTING = "{record}: attributing {how}"
    NOTED = "{record} is acknowledged; it is reported again if it changes"
    NOT_RETIRED = "{name} cannot be retired yet: {why}"
    LEG_UNREAD = "its leg has not been read yet"
    LEG_HELD = "its leg holds {reported}"
    LEG_FLAT = "its leg is flat for {s} s; {needed} s, and its orders read after that, prove it"
    ORDER_RESTS = "order {order} rests at the venue"
    # What could not be read
    NOT_ANSWERED = "the venue of {accounts} has not answered yet"
    NOT_REACHABLE = "the venue is not reachable"
    OPEN_ORDERS_UNREAD = "its open orders could not be read: {cause}"
    UNTIL = "{cause} until {moment} UTC"
    UNSETTLED = "{symbols}: differs from the venue, and is being looked into"
    ORDERS_BLIND = (
        "{account}: the list of open orders cannot be read for {seconds} s ({cause}). A stop that is gone from the "
        "venue is not noticed meanwhile: look at the venue."
    )
    ORDERS_READ_AGAIN = "{account}: the list of open orders can be read again."
    BLIND = (
        "{place}: what is held cannot be compared with the venue for {seconds} s ({cause}). What changes there is not "
        "noticed meanwhile: look at the venue."
    )
    BLIND_DIFFERING = (
        "{place}: {believed} believed, {reported} at the venue, and why cannot be read for {seconds} s ({cause}). What "
        "differs is neither booked nor covered until then: look at the venue."
    )
    READ_AGAIN_AT = "{place}: what is held can be compared with the venue again."
