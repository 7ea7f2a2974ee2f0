"""Sentences of a position: notices, replies, and reasons in its history."""

from messages.statement import Wording


class Position(Wording):
    """Sentences of a position: notices, replies, and reasons in its history."""

    # How sentences are put together
    LABEL = "{symbol} {side} ({id})"
    ABOUT = "{name}: {what}"
    BOTH = "{one}; {other}"
    ORDER = "{purpose} {order}"

    # Notices: its life
    OPENED = "{name}: {quantity} open at {price}"
    CLOSED = "{name} closed, realized {amount}: {because}"
    CANCELED = "{name} canceled: {because}"
    REVIVED = "{name} was {before} and is {after} again: {quantity} held"
    ADOPTED = "Adopted {symbol} {side} {quantity} at {price}: it existed at the venue."
    ASSIGNED = "{name} is {strategy}'s now: {symbol} {side} {quantity} at {price}"
    ADJUSTED = "{name} changed outside of Albra: {why}"
    ADJUSTED_BY = "{name} changed outside of Albra by {quantity}: {why}"
    NOT_OPENED = "{name} not opened: {why}"
    NOT_OPENED_IN_FULL = "{name} not opened in full: {why}"
    ENTRY_LOST = "{name} not opened: its order never reached the venue."
    ENTRY_LOST_IN_PART = "{name} not opened in full: its order never reached the venue."
    NOT_OPENED_LEVERAGE = "{name} not opened: leverage refused: {why}"
    LEVERAGE_KEPT = "{name} keeps its leverage: leverage refused: {why}"
    LEVERAGE_KEPT_AT = "{name} stays at leverage {leverage}: leverage refused: {why}"

    # Notices: its close
    CLOSE_REFUSED_AGAIN = "{name}: close refused ({why}); trying again, {stop}"
    CLOSE_REFUSED_DEFERRED = "{name}: close refused ({why}); trying again in {seconds} s, {stop}"
    CLOSE_LOST = "{name}: close came to nothing ({why}); trying again, {stop}"
    NO_STOP = "it has no stop"
    STOP_RESTS = "stop stays in place"
    STOP_MISSING = "without its stop"
    CLOSE_WAITS = (
        "{name}: its close waits, since what was settled by hand is not what the venue shows, or cannot be compared."
    )
    DUST_LEFT = "{name}: {quantity} left is dust: below the venue's minimum of {least}; close it at the venue."
    REDUCED_IN_STEPS = "{name}: reduced to {quantity}, not to {goal}: the rest is below the venue's quantity step."

    # Notices: its protection
    PROTECTION_REFUSED = "{name}: {purpose} refused by the venue: {why}; {again}"
    PROTECTION_LOST = "{name}: {purpose} came to nothing ({why}); {again}"
    RETRYING = "trying again"
    RETRYING_OLD_RESTS = "trying again, the one at {price} still rests"
    RETRYING_NONE_RESTS = "trying again, none rests"
    ORDER_LIMIT = "{why}; the account has as many resting orders as it may have"
    POSITION_LIMIT = "{why}; the venue allows no larger position at this leverage"
    UNPROTECTED = "{name}: {quantity} open, not covered by its stop; {doing}."
    UNPROTECTED_ANSWER = "{name}: {quantity} open, not covered by its stop; {doing}; the last answer: {why}"
    STILL_CLOSING = "still closing it"
    STILL_PLACING = "still placing it"
    STOP_OVERDUE = "Closing {name}: its stop was refused for {seconds} s."
    STOP_OVERDUE_ANSWER = "Closing {name}: its stop was refused for {seconds} s; the last answer: {why}"
    STOP_OVERDUE_IN_PART = "Reducing {name} to {quantity}, which is covered: its stop was refused for {seconds} s."
    STOP_OVERDUE_IN_PART_ANSWER = (
        "Reducing {name} to {quantity}, which is covered: its stop was refused for {seconds} s; the last answer: {why}"
    )
    FIRED = "{name}: {quantity} open, and its {purpose} was triggered and is not executed; {doing}."
    FIRED_AT = "{name}: {quantity} open, and its {purpose} was triggered at {price} and is not executed; {doing}."
    MARKET_CLOSE_AFTER = "it is closed by market after {seconds} s of that"
    MARKET_CLOSE = "Closing {name} by market: its {purpose} was triggered and not executed for {seconds} s."
    FIRED_AT_VENUE = (
        "{name}: its {purpose} {order} is triggered and still at the venue; it reduces what is opened there."
    )

    # Notices: what does not fit
    OVERSOLD = "{name}: {quantity} more sold than held; check it at the venue"
    UNKNOWN_ORDER = "{name}: the venue reports an order that the journal does not know: {order}"
    LATE_FILL = "{name}: late fill of {quantity} at {price}, the order was {presumed}"
    FILLS_UNREADABLE = "{name}: the venue reports fills whose trades cannot be read."
    FILL_UNCOVERED = (
        "{name}: {quantity} filled whose trades the venue does not show yet; no stop covers it until it does."
    )
    FILL_COVERED = "{name}: {quantity} filled whose trades the venue does not show yet; its stop covers it."
    FILL_IMPOSSIBLE = (
        "{name}: the venue says that {filled} of {quantity} is filled, which cannot be; it is asked again."
    )
    AMENDED = (
        "{name}: its resting {purpose} was changed at the venue: {quantity} at {price}, it was {before} at {former}"
    )
    SETTLED = "{name} settled by hand: {orders} written off."
    NO_ORDER = "no order"
    COVER_LOST = "{name}: {quantity} that the venue says to hold is no longer covered."
    CLOSE_ENDS = "{name}: its close ends with that; close what is left once it is compared."

    # Reasons of its state
    ADMITTED = "admitted"
    ENTRY_SENT = "entry sent"
    ENTRY_PARTLY_FILLED = "entry partly filled"
    ENTRY_DONE = "entry done"
    CANCELING_ENTRY = "canceling the entry"
    CANCELING_ADDITION = "canceling the rest of the addition"
    ADDING = "adding {quantity}"
    ADDED = "added {quantity}"
    REDUCING = "reducing to {quantity}"
    REDUCED = "reduced to {quantity}"
    SETTING_LEVERAGE = "setting leverage {leverage}"
    LEVERAGE_SET = "leverage set to {leverage}"
    LEVERAGE_REFUSED = "leverage refused: {why}"
    MOVING_PROTECTION = "moving the protection"
    PROTECTION_CHANGED = "protection changed"
    RESUMED = "resumed"
    ON_HOLD = "on hold"
    FROM_VENUE = "adopted from the venue"
    CHANGED_OUTSIDE = "changed outside"
    CLOSING = "closing"
    PROTECTION_FIRED = "a protective order fired"
    PROTECTION_STALLED = "its {purpose} is triggered and not executed"
    CANCELING_REST = "taking the remaining orders off the book"
    FLAT = "flat"
    FILLED = "{purpose} filled"
    NOTHING_FILLED = "nothing was filled"
    ENTRY_ENDED = "entry {phase} by the venue"
    MORE_SOLD = "more was sold than held"
    OUTCOME_UNKNOWN = "outcome of the {purpose} order is unknown"
    FILLS_UNREAD = "fills reported by the venue are being read"
    UNCANCELED = "its {purpose} is not canceled yet, the venue refused that: {why}"

    # What became of an order
    ORDER_REFUSED = "{purpose} order refused: {why}"
    ORDER_ENDED = "{purpose} order {fate}"
    ORDER_ENDED_ANSWER = "{purpose} order {fate}: {why}"
    ORDER_WRITTEN_OFF = "{purpose} order written off: {why}"
    NEVER_REACHED = "never reached the venue"
    FORGOTTEN = "is no longer known to the venue"
    REJECTED_LATER = "rejected after it had been accepted"
    RESTARTED = "restart before an answer"

    # Why something is done
    CLOSED_BY_COMMAND = "closed by command"
    REDUCED_BY_COMMAND = "reduced to {goal} by command"
    EMERGENCY = "emergency close"
    ENTRY_CALLED_OFF = "the rest of the entry was called off"
    SUPERVISOR_STOPPED = "the supervisor was stopped"
    ENTRY_AFTER_END = "its entry was reported as ended and still rests at the venue"
    ENTRY_EXPIRED = "the opening expired before it was sent"
    ENTRY_EXPIRED_LEVERAGE = "the opening expired before its leverage was set; the last answer: {why}"
    LEVERAGE_UNKNOWN = "its outcome is unknown after {seconds} s"
    LEVERAGE_UNKNOWN_ANSWER = "its outcome is unknown after {seconds} s; the last answer: {why}"
    DUST = "{quantity} left is dust: below the venue's minimum of {least}"
    STOP_REFUSED = "its stop was refused for {seconds} s"
    PRICE_PASSED = "{purpose} price {price} was already passed"
    TRIGGERED_AT_ONCE = "its {purpose} would have been triggered at once"
    NOT_EXECUTED = "its {purpose} was triggered and not executed for {seconds} s"
    MOVE_REFUSED = "its {purpose} stays at {price}; the move to {wanted} was refused by the venue: {why}"
    MOVED_BACK = "its {purpose} is to go back to {price}; the move to {wanted} was refused by the venue: {why}"
    GIVEN_UP = "its {purpose} at {price} is given up, none rests; the venue refused it: {why}"
    SETTLED_BY_HAND = "settled by hand"
    OVERSOLD_SETTLED = "more sold than held, settled by hand"
    CLOSE_SETTLED = "its close was settled by hand"
    FILL_KNOWN = "its fill is known now, which was settled by hand"

    # Why an order is canceled
    CANCEL_UNWANTED_ENTRY = "not wanted any more"
    CANCEL_UNWANTED = "no longer wanted"
    CANCEL_REPLACED = "replaced"
    CANCEL_REPLACED_ON_SHARED_LEG = "replaced; its leg is shared"
    CANCEL_FOR_CLOSE = "closing, and it stands in the way"
    CANCEL_STALLED = "triggered and not executed"
    CANCEL_FLAT = "position is flat"

    # Why a command is refused, by its state
    TAKEN = "the position exists already; open another, or add to this one"
    OVER = "the position is over; nothing is open"
    NEVER_OPENED = "it never opened; nothing is open"
    NOT_OPEN_YET = "it is not open yet; close it to cancel the opening"
    HELD_BY_HAND = "it is held by hand; resume it first"
    IN_DOUBT = "an outcome is being found out; try again when it is known"
    BEING_CLOSED = "it is being closed"
    NOTHING_UNKNOWN = "nothing of it is unknown"
    NOT_ON_HOLD = "it is not on hold"
    NOTHING_SENT = "nothing has been sent for this position yet"
    NOTHING_HELD = "nothing is held yet"
    NO_ENTRY = "no entry is working"
    NOTHING_REQUESTED = "nothing has been asked of this position yet"
    BEING_OPENED = "it is being opened already"
    EXISTS = "it exists already"
    REPEATED = "the command was carried out before"

    # Why a command is refused, by its numbers
    CLOSING_WHOLE = "the whole of it is being closed already"
    NOTHING_TO_CLOSE = "nothing is filled yet; close the whole to cancel the entry"
    PERCENT_RANGE = "{percent} percent is not in (0, 100]"
    PART_TOO_SMALL = "the part to close is {part}: smaller than one step of the symbol"
    PART_TOO_LARGE = "cannot close {part} of {base}"
    PART_OFF_STEP = "{part} is not a multiple of {step}"
    PRICE_NEGATIVE = "{price} is no price; zero removes the order"
    PRICE_OFF_STEP = "the {name} price {price} is not a multiple of {step}"
    NO_CHANGE = "nothing to change was named"
    ADDITION_OFF_STEP = "an addition of {quantity} is not a positive multiple of {step}"
    ENTRY_UNFINISHED = "its entry is not done yet; add to it then"
    BEING_REDUCED = "it is being reduced; add to it then"
    PROTECTION_HAS_FIRED = "a protective order of it has fired; open another position"
    LEVERAGE_PENDING = "leverage {leverage} is being set already"
    ORDER_TOO_YOUNG = "an order of it is younger than {seconds} s, and the venue may still report it"
    EMPTY_ADJUSTMENT = "a change of nothing"
    PRICE_INVALID = "{price} is no price"
    ADJUSTMENT_TOO_LARGE = "cannot take {quantity} from {held}"

    # Why a report is refused
    ORDER_NOT_OURS = "no order {order} in this position's history"
    ANSWER_CONTRADICTED = "{order} is {phase} with {filled} filled"
    FILLED_IMPOSSIBLY = "{order} is said to have {quantity} filled"

    # Why a message changes nothing
    RULES_UNUSED = "it sends no more orders, so trading rules no longer apply"
    LEG_EMPTY = "nothing of it is on the leg"
    LEVERAGE_UNUSED = "the position is closed; its leverage no longer applies"
    LEVERAGE_SETTLED = "no leverage is being set"
    FUNDING_UNUSED = "it holds nothing that funding is paid for"
    ORDERS_ENDED = "every order of the position has ended"
    NO_ORDERS = "no order has been sent yet"
    CANCEL_ASKED_AFTER = "the gateway asks what the order is, and reports that"
