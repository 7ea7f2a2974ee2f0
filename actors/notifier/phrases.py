"""Sentences that positions, gateways, the reconciler and the supervisor say in English, for saying them again.

They are written where they arise, into the journal and the log; here each stands as a pattern, so that a
reader's catalog can say it again. A sentence that is missing here is told in English, never lost; a test
reads the actors' source and fails while one is missing. Of those that fit the most particular is taken.
"""

from actors.telegram.names import NAMES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # Positions
    N_("handed to {strategy}"),
    N_("handed over from {name}"),
    N_("leverage {leverage} was asked for, and the venue has {found} for {symbol}"),
    N_("an outcome is not known, and no stop covers the difference"),
    # Reasons
    N_("no answer in time"),
    N_("its entry was called off: {why}"),
    # Gateways
    N_("{account}: the venue is out of reach for {age} ({cause}). Nothing is opened meanwhile."),
    N_(
        "the account is in position mode {mode}, the configuration says {wanted}: set position_mode: {wish}, or change "
        "the mode at the exchange while the account is flat"
    ),
    N_("{account}: the venue is back after {age}."),
    N_(
        "{account}: other programs behind the same address use up the venue's request weight: {others} of {limit} a "
        "minute, besides {ours} of ours. What is read waits until {moment} UTC, and longer while that goes on; "
        "closing, protecting and canceling go first."
    ),
    N_("the account waits for its turn in the request budget"),
    N_("the venue wants to hear nothing until {time} UTC"),
    N_("waits for its turn in the request budget"),
    N_(
        "{account}: the venue accepts nothing for {age} ({cause}). Nothing can be closed until then; stops "
        "at the venue keep working."
    ),
    N_("{account}: the venue accepts nothing for {age} ({cause})."),
    N_(
        "{account}: the venue refuses an order that reduces or protects {symbol} for the time it carries, {times} "
        "times in a row ({cause}). Nothing can be closed until it is right: the clock is measured anew and the order "
        "sent again. Check the clock of this machine and its link to the venue; stops at the venue keep working."
    ),
    N_("{account}: the venue takes the time of our requests again after {age}."),
    N_(
        "{symbol}: the outcome of order {order} is unknown for {minutes} minutes ({tries} queries, "
        "{failures} without an answer). Look at the venue; Albra keeps asking."
    ),
    N_(
        "{symbol}: the outcome of order {order} is unknown for {minutes} minutes ({tries} queries, "
        "{failures} without an answer; the last one: {why}). Look at the venue; Albra keeps asking."
    ),
    N_("{symbol}: order {order} could not be canceled in {attempts} attempts ({cause}). Cancel it at the venue."),
    N_("{symbol}: order {order} is not canceled yet after {attempts} attempts ({cause})."),
    N_("{account}: the venue answers {what} again after {age}."),
    N_("the venue does not answer {what}: {cause}"),
    N_("not connected yet"),
    N_("no answer from the exchange adapter"),
    N_("too many requests are waiting"),
    N_("too many requests are waiting for the venue"),
    N_("venue unreachable: {cause}"),
    N_("venue unreachable"),
    N_("canceled before it was sent"),
    N_("canceled before it was executed"),
    N_("asked after before it was sent"),
    N_("its position is being closed in an emergency"),
    N_("emergency close of {position}"),
    N_("lost in a restart before it was sent"),
    N_("expired before it was sent"),
    N_("expired before it was sent: {cause}"),
    N_("the venue asks for silence"),
    N_("not executed in {attempts} attempts: {cause}"),
    N_("expires before the next attempt: {cause}"),
    N_("the order is still working"),
    # The reconciler
    N_("flat"),
    N_("{record} {type} {symbol}: {believed} believed, {reported} at the venue ({told}); {action}"),
    N_(
        "{record} {type} {symbol} needs you: {believed} believed, {reported} at the venue; {why}. Openings "
        "there wait; albra discrepancies --ack {name} ends it."
    ),
    N_("{record} {type} {symbol} is resolved: {why}"),
    N_("{record} {type} {symbol} needs you still: what you said was refused: {why}"),
    N_(
        "{account}: the list of open orders cannot be read for {age} ({cause}). A stop that is gone from the venue is "
        "not noticed meanwhile: look at the venue."
    ),
    N_("{account}: the list of open orders can be read again."),
    N_(
        "{place}: {believed} believed, {reported} at the venue, and why cannot be read for {age} ({cause}). "
        "What differs is neither booked nor covered until then: look at the venue."
    ),
    N_(
        "{place}: what is held cannot be compared with the venue for {age} ({cause}). What changes there is not "
        "noticed meanwhile: look at the venue."
    ),
    N_("{place}: what is held can be compared with the venue again."),
    N_("its open orders could not be read: {cause}"),
    N_("the request budget is spent"),
    N_("{cause} until {moment} UTC"),
    N_("grown or shrunk since: {believed}, {reported}"),
    N_("changed on both sides since: {believed}, {reported}"),
    N_("the policy says so"),
    N_("belief and venue agree again"),
    N_("nothing of it is in doubt"),
    N_("verified by reading again: {why}"),
    N_("acknowledged by command"),
    N_("{type} {record}: {believed} believed, {reported} reported"),
    N_("{believed} believed, {reported} reported"),
    N_("it was too busy to be compared with the venue"),
    N_("no trade explains it"),
    N_("repaired {n} times without effect; the last was refused: {why}"),
    N_("repaired {n} times without effect"),
    N_("an outcome is not known"),
    N_("nothing is under way that would change it"),
    N_("hedge: both sides are held"),
    N_("no such order"),
    N_("its position is over"),
    N_("a position that is not known"),
    N_("an open order"),
    N_("not on the book"),
    N_("a stop for {quantity}"),
    N_("the venue is not reachable"),
    N_("{quantity} was taken from {names}, and nobody said from whose; --ack ID --apply says it"),
    N_("the policy leaves it to you"),
    N_("too many positions vanished at once to believe it; look at the venue"),
    N_("read again"),
    N_("{action} cannot answer that the venue holds less: nothing is reopened here"),
    N_("no price of the symbol is known, and none is made up"),
    N_("traded outside of Albra ({order})"),
    N_("the venue holds {reported}, {believed} was believed; synthesized, its fee is not known"),
    N_("adopt {side} {quantity} at {price} for {strategy}"),
    N_("{position} by {quantity} at {price}"),
    N_("an entry price cannot be changed at the venue"),
    N_("believe the venue's entry price {price}"),
    N_("{action} says nothing about leverage"),
    N_("believe the venue's leverage {leverage}"),
    N_("no position asks for this leverage"),
    N_("set leverage back to {leverage}x at the venue"),
    N_("{type}: {believed} was believed, the venue says {reported}"),
    N_("believe that margin is {mode}"),
    N_("margin mode is changed by hand only"),
    N_("the account's position mode is not the configured one; it is changed by hand only"),
    N_("{action} cannot settle a state"),
    N_("its orders cannot be read"),
    N_("whose it is cannot be said while an outcome is not known"),
    N_("tell {name} that the venue holds {quantity}"),
    N_("ask after every order of the position"),
    N_("{action} leaves the order at the venue"),
    N_("its position is not known here, and the order may protect it; look before you cancel it"),
    N_("cancel {order}"),
    N_("order {order}"),
    N_("by its own fills"),
    N_("its own fills say so"),
    N_("a trailing stop for {quantity}"),
    N_("a target for {quantity}"),
    N_("its history is damaged: {why}"),
    N_("its actor is quarantined: {reason}"),
    N_("{position} cannot say what it holds: {why}"),
    N_("silent: {names}"),
    N_("{action} gives nobody back what was sold"),
    N_("{name} sold more than it held: taken from this leg at {price}, and marked so"),
    N_("sold beyond what it held: {sold}; it was taken from {names}; --ack ID --apply says from whose"),
    N_("its actor is silent: nothing is booked, adopted or closed there until it is back"),
    N_(
        "nothing is booked or adopted there: close it at the venue, or with albra flatten --break-glass; then albra "
        "discrepancies --ack {record} retires it"
    ),
    N_(
        "{name}: its leg is flat, and no order of it rests at the venue; albra discrepancies --ack {record} retires it."
    ),
    N_("its position is retired"),
    N_("{name} is retired: the venue holds nothing of it"),
    N_("something unreadable"),
    N_("its row cannot be read ({why}): nothing is booked, adopted or closed there until it can"),
    N_("hand the venue's own closing ({orders}) to those on the leg"),
    N_("{order} {quantity} at {price}"),
    # The notifier itself
    N_(
        "Day {date}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, fees {fees}, "
        "funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    ),
    N_(
        "Week {first} to {last}: {opened} opened, {closed} closed, {failed} failed, realized {realized}, "
        "fees {fees}, funding {funding}, {discrepancies} discrepancies, {restarts} restarts of actors, up for {uptime}"
    ),
    N_("{report}; not counted: {amounts}"),
    N_("{name}: resolved, it is {state} and protected"),
    N_("{name}: resolved, it is {state}"),
    # Supervisor and runtime
    N_(
        "{account}: what {symbol} takes in {currency} is not counted in limits and reports: no mark price tells what "
        "it is worth"
    ),
    N_(
        "{account}: a fee of {amount} {currency} for a trade of {traded} {quote} on {symbol} is not counted in limits "
        "and reports: no trade costs that"
    ),
    N_(
        "{account}: a funding of {amount} {currency} for {held} {symbol} is not booked: nothing that is held costs that"
    ),
    N_("The journal holds a damaged record: {text}"),
    N_(
        "{account} has lost {amount} today, limits.daily_loss is {limit}: nothing is opened until tomorrow, "
        "or albra resume"
    ),
    N_("has lost {amount} today, limits.daily_loss is {limit}"),
    N_("{symbol}: {kind}: {quantity} at {price} ({order}); {rest} of it belong to no position of ours"),
    N_("{symbol}: the venue closed by itself"),
    N_("liquidated by the venue"),
    N_("deleveraged by the venue"),
    N_("settled by the venue"),
    N_("{symbol}: {kind}: {quantity} at {price} ({order})"),
    N_("the venue does not trade it any more: what is held stays as it is, its orders may be refused"),
    N_("the venue trades it again"),
    N_("{rule} is {quantity}, it was {was}"),
    N_("{symbol}: {changes} ({names})"),
    N_("liquidated by the venue: {quantity} at {price} ({order})"),
    N_("deleveraged by the venue: {quantity} at {price} ({order})"),
    N_("settled by the venue: {quantity} at {price} ({order})"),
    N_(
        "{symbol}: order {order} was sent by Albra from another data directory. Openings of {symbols} are "
        "held until it is gone."
    ),
    N_("{symbol} {side}: margin call, close to liquidation: {text} ({names})"),
    N_("quantity {quantity}, mark price {price}, unrealized {gain}, maintenance margin {margin}"),
    N_("no position of ours"),
    N_(
        "{name}: the stop at {stop} is beyond the liquidation price of {price} ({symbol} {side}): the venue "
        "would close it before"
    ),
    N_(
        "the stop at {stop} is beyond the liquidation price of {price} ({symbol} {side}): the venue would "
        "close it before"
    ),
    N_("{name}: {quantity} open, not covered by its stop, and its actor failed; it is started again: {reason}"),
    N_("{text}; {quantity} open, not covered by its stop"),
    N_("{address} failed {attempt} times and is quarantined; the rest goes on: {reason}"),
    N_("{address} cannot handle a message, it was put aside: {reason}"),
    N_("position/{ordinal}"),
    N_("gateway/{account}"),
    # The journal's disk
    N_("{number}, and the configuration does not name the account"),
    N_("the journal's disk is well again"),
    N_(
        "account {account} is in the journal with 1 live position and not in the configuration: nothing watches or "
        "closes what it holds at the venue; put it back, or close everything there"
    ),
    N_(
        "account {account} is in the journal with {number} live positions and not in the configuration: nothing "
        "watches or closes what it holds at the venue; put it back, or close everything there"
    ),
    N_("log lines under {path} are lost: {why}; Albra goes on, check owner, permissions and space"),
    N_(
        "{account}: {symbol} {side} {quantity} is held at the venue and not supervised: {why}. It counts as "
        "exposure and has no stop of ours; it is closed by hand, or with everything else by albra flatten --break-"
        "glass."
    ),
    N_("{account}: the position mode was changed at the exchange, and is {mode} again."),
    N_(
        "{account}: an open order of {symbol} cannot be read ({why}). Whether it is one of ours, and still there, is "
        "not known: look at the venue."
    ),
    N_("a symbol without a name"),
    N_("{account}: {why}. Nothing is opened until then; closing goes on."),
    N_("{account}: {why}. Nothing is opened or closed until then; stops at the venue keep working."),
    N_("{account}: the account is set as the configuration says again; openings are possible."),
    N_(
        "{account}: the event stream is open and mute about {kind}: the venue acknowledged order {order} and the "
        "stream does not tell of it. It is opened anew; positions and orders are read every few seconds until it "
        "speaks."
    ),
    N_("{account}: the event stream tells of {kind} again."),
    N_("the journal cannot be written, nothing is opened: {why}"),
    N_("the disk is full and the reserve used up: nothing can be written"),
    # Durations
    N_("{s} s"),
    N_("{m} min"),
    N_("{h} h {m} min"),
    N_("{m} min {s} s"),
    N_("{d} d {h} h"),
)

PHRASES = Phrases.of(SENTENCES, NAMES)
