"""Sentences that positions, gateways and the supervisor say in English, for telling them in other languages.

They are written where they arise, into the journal and the log; here each stands as a pattern, so that a
reader's catalog can say it again. A sentence that is missing here is told in English, never lost.
"""

from actors.telegram.words import N_, Phrase

_SENTENCES = (
    # Positions
    N_("{name}: {quantity} open at {price}"),
    N_("{name} closed, realized {amount}: {because}"),
    N_("{name} canceled: {because}"),
    N_("{name} was {before} and is {after} again: {quantity} held"),
    N_("{name}: outcome of the {purpose} order is unknown"),
    N_("{name}: {quantity} more sold than held; check it at the venue"),
    N_("Adopted {symbol} {side} {quantity} at {price}: it existed at the venue."),
    N_("{name}: the venue reports an order that the journal does not know: {order}"),
    N_("{name} changed outside of Albra by {quantity}: {why}"),
    N_("{name} not opened: leverage refused: {why}"),
    N_("{name} not opened: its order never reached the venue."),
    N_("{name} not opened: {why}"),
    N_("{name}: close refused ({why}); trying again, {stop}"),
    N_("{name}: {purpose} refused by the venue: {why}"),
    N_("{name}: late fill of {quantity} at {price}, the order was {presumed}"),
    N_("{name}: the venue reports fills whose trades cannot be read."),
    N_("{name}: {quantity} open, not covered by its stop; {doing}."),
    N_("Closing {name}: its stop was refused for {seconds} s."),
    N_("still closing it"),
    N_("still placing it"),
    N_("without its stop"),
    N_("stop stays in place"),
    # Reasons
    N_("closed by command"),
    N_("emergency close"),
    N_("reduced to {goal} by command"),
    N_("its stop was refused for {seconds} s"),
    N_("{purpose} price {price} was already passed"),
    N_("the opening expired before it was sent"),
    N_("nothing was filled"),
    N_("entry done"),
    N_("held by hand"),
    N_("stop filled"),
    N_("target filled"),
    N_("reduce filled"),
    N_("flat"),
    N_("entry canceled by the venue"),
    N_("entry expired by the venue"),
    N_("entry"),
    N_("stop"),
    N_("target"),
    N_("reduce"),
    # Gateways
    N_("{account}: the venue is out of reach for {age} ({cause}). Nothing is opened meanwhile."),
    N_("{account}: the venue is back after {age}."),
    N_(
        "{account}: the venue accepts nothing for {age} ({cause}). "
        "Nothing can be closed until then; stops at the venue keep working."
    ),
    N_("{account}: the venue accepts nothing for {age} ({cause})."),
    N_("{symbol} {side}: close to liquidation. {text}"),
    N_(
        "{symbol}: the outcome of order {order} is unknown for {minutes} minutes "
        "({tries} queries, {failures} without an answer). Look at the venue; Albra keeps asking."
    ),
    N_("{symbol}: order {order} could not be canceled in {attempts} attempts ({cause}). Cancel it at the venue."),
    # The reconciler
    N_("{record} {type} {symbol} is resolved: {why}"),
    N_("{record} {type} {symbol}: {believed} believed, {reported} at the venue ({told}); {action}"),
    N_(
        "{record} {type} {symbol} needs you: {believed} believed, {reported} at the venue; {why}. "
        "Openings there wait; albra discrepancies --ack {name} ends it."
    ),
    # The notifier itself
    N_(
        "Report {first} to {last}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, "
        "fees {fees}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    ),
    # Supervisor
    N_("The journal holds a damaged record: {text}"),
    N_("{symbol}: the venue itself closed {what}"),
    N_(
        "{symbol}: order {order} was sent by Albra from another data directory. "
        "Openings of {symbols} are held until it is gone."
    ),
    N_("{symbol}: leverage is {leverage} at the venue, {wanted} was asked for"),
    N_("{address} failed {attempt} times and is quarantined; the rest goes on: {reason}"),
    N_("{address} cannot handle a message, it was put aside: {reason}"),
)

PHRASES = tuple(Phrase.of(sentence) for sentence in _SENTENCES)
