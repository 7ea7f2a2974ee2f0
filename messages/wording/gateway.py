"""Sentences of the gateway: its venue, requests and answers."""

from messages.statement import Wording


class Gateway(Wording):
    """Sentences of the gateway: its venue, requests and answers."""

    # The venue is out of reach.
    NOT_CONNECTED = "not connected yet"
    VENUE_UNREACHABLE = "venue unreachable"
    TURN_AWAITED = "waits for its turn in the request budget"
    VENUE_OUT = "{account}: the venue is out of reach for {age} ({cause}). Nothing is opened meanwhile."
    VENUE_BACK = "{account}: the venue is back after {age}."

    # The venue asks for silence, or its request weight is used up.
    SILENCE = "the venue asks for silence"
    BUDGET_SPENT = "the request budget is spent"
    THROTTLED = "{account}: the venue accepts nothing for {age} ({cause})."
    BANNED = (
        "{account}: the venue accepts nothing for {age} ({cause}). Nothing can be closed until then; stops "
        "at the venue keep working."
    )
    CROWDED = (
        "{account}: other programs behind the same address use up the venue's request weight: {others} of {limit} a "
        "minute, besides {ours} of ours. What is read waits until {moment} UTC, and longer while that goes on; "
        "closing, protecting and canceling go first."
    )

    # A circuit is open.
    CIRCUIT_OPEN = "the venue does not answer {what}: {cause}"
    OF_SYMBOL = "{symbol}: {cause}"
    UNANSWERED = (
        "{account}: the venue does not answer {what} ({cause}). Nothing is opened meanwhile; closing, protecting and "
        "canceling are tried on."
    )
    UNANSWERED_FOR = (
        "{account}: the venue does not answer {what} for {age} ({cause}). Nothing is opened meanwhile; closing, "
        "protecting and canceling are tried on."
    )
    ANSWERED_AGAIN = "{account}: the venue answers {what} again after {age}."

    # The venue refuses the timestamp of requests.
    UNTIMELY = (
        "{account}: the venue refuses an order that reduces or protects {symbol} for the time it carries, {times} "
        "times in a row ({cause}). Nothing can be closed until it is right: the clock is measured anew and the order "
        "sent again. Check the clock of this machine and its link to the venue; stops at the venue keep working."
    )
    TIMELY_AGAIN = "{account}: the venue takes the time of our requests again after {age}."

    # Why a request was not sent, not executed or not answered.
    QUEUE_FULL = "too many requests are waiting"
    VENUE_QUEUE_FULL = "too many requests are waiting for the venue"
    NO_ADAPTER_ANSWER = "no answer from the exchange adapter"
    EXPIRED_UNSENT = "expired before it was sent: {cause}"
    EXPIRED_BETWEEN_ATTEMPTS = "expires before the next attempt: {cause}"
    ATTEMPTS_EXHAUSTED = "not executed in {attempts} attempts: {cause}"
    OPENING_REFUSED = "{why}: {cause}"
    CANCELED_UNSENT = "canceled before it was sent"
    CANCELED_UNEXECUTED = "canceled before it was executed"
    QUERIED_UNSENT = "queried before it was sent"
    LOST_UNSENT = "lost in a restart before it was sent"
    EMERGENCY_CLOSE = "its position is being closed in an emergency"
    EMERGENCY_CLOSE_OF = "emergency close of {position}"

    # Orders whose outcome is unknown, and orders that cannot be canceled.
    OUTCOME_UNKNOWN = (
        "{symbol}: the outcome of order {order} is unknown for {minutes} minutes ({tries} queries, "
        "{failures} without an answer). Look at the venue; Albra keeps asking."
    )
    OUTCOME_UNKNOWN_SINCE_ANSWER = (
        "{symbol}: the outcome of order {order} is unknown for {minutes} minutes ({tries} queries, "
        "{failures} without an answer; the last one: {why}). Look at the venue; Albra keeps asking."
    )
    STILL_WORKING = "the order is still working"
    CANCEL_LATE = "{symbol}: order {order} is not canceled yet after {attempts} attempts ({cause})."
    CANCEL_FAILED = (
        "{symbol}: order {order} could not be canceled in {attempts} attempts ({cause}). Cancel it at the venue."
    )

    # Durations.
