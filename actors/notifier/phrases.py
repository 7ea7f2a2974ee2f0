"""Sentences that positions, gateways, the reconciler and the supervisor say in English, for saying them again.

They are written where they arise, into the journal and the log; here each stands as a pattern, so that a
reader's catalog can say it again. A sentence that is missing here is told in English, never lost; a test
reads the actors' source and fails while one is missing. Of those that fit the most particular is taken.
"""

from actors.telegram.names import NAMES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # Positions
    N_("{name}: {quantity} open at {price}"),
    N_("{name} closed, realized {amount}: {because}"),
    N_("{name} canceled: {because}"),
    N_("{name} was {before} and is {after} again: {quantity} held"),
    N_("{name}: outcome of the {purpose} order is unknown"),
    N_("{name}: {quantity} more sold than held; check it at the venue"),
    N_("{name} is {strategy}'s now: {symbol} {side} {quantity} at {price}"),
    N_("Adopted {symbol} {side} {quantity} at {price}: it existed at the venue."),
    N_("{name}: the venue reports an order that the journal does not know: {order}"),
    N_("{name} changed outside of Albra by {quantity}: {why}"),
    N_("{name} changed outside of Albra: {why}"),
    N_("{name} stays at leverage {leverage}: leverage refused: {why}"),
    N_("{name} keeps its leverage: leverage refused: {why}"),
    N_("{name} not opened: leverage refused: {why}"),
    N_("{name} not opened in full: its order never reached the venue."),
    N_("{name} not opened: its order never reached the venue."),
    N_("{name} not opened in full: {why}"),
    N_("{name} not opened: {why}"),
    N_("{name}: close refused ({why}); trying again in {seconds} s, {stop}"),
    N_("{name}: close refused ({why}); trying again, {stop}"),
    N_(
        "{name}: {purpose} refused by the venue: {why}; the account has as many resting orders as it may "
        "have; trying again"
    ),
    N_(
        "{name}: {purpose} refused by the venue: {why}; the venue allows no larger position at this leverage; "
        "trying again"
    ),
    N_("{name}: {purpose} refused by the venue: {why}; trying again"),
    N_("the account has as many resting orders as it may have"),
    N_("the venue allows no larger position at this leverage"),
    N_("{name}: close came to nothing ({why}); trying again, {stop}"),
    N_("{name}: {purpose} came to nothing ({why}); trying again"),
    N_("{name}: {purpose} refused by the venue: {why}; trying again, the one at {price} still rests"),
    N_("{name}: {purpose} refused by the venue: {why}; trying again, none rests"),
    N_("{name}: {purpose} came to nothing ({why}); trying again, the one at {price} still rests"),
    N_("{name}: {purpose} came to nothing ({why}); trying again, none rests"),
    N_("{name}: its {purpose} at {price} is given up, none rests; the venue refused it: {why}"),
    N_("{name}: its {purpose} stays at {price}; the move to {wanted} was refused by the venue: {why}"),
    N_("{name}: its {purpose} is to go back to {price}; the move to {wanted} was refused by the venue: {why}"),
    N_("{name}: late fill of {quantity} at {price}, the order was {presumed}"),
    N_("{name}: the venue reports fills whose trades cannot be read."),
    N_("{name}: {quantity} open, not covered by its stop; {doing}."),
    N_("{name}: {quantity} open, not covered by its stop; {doing}; the last answer: {why}"),
    N_("{name}: {quantity} left is dust: below the venue's minimum of {least}; close it at the venue."),
    N_("Closing {name}: its stop was refused for {seconds} s."),
    N_("Closing {name}: its stop was refused for {seconds} s; the last answer: {why}"),
    N_("Reducing {name} to {quantity}, which is covered: its stop was refused for {seconds} s."),
    N_("Reducing {name} to {quantity}, which is covered: its stop was refused for {seconds} s; the last answer: {why}"),
    N_("{name}: {quantity} filled whose trades the venue does not show yet; no stop covers it until it does."),
    N_("{name}: {quantity} filled whose trades the venue does not show yet"),
    N_("{name}: {quantity} open, and its {purpose} was triggered at {price} and is not executed; {doing}."),
    N_("{name}: {quantity} open, and its {purpose} was triggered and is not executed; {doing}."),
    N_("it is closed by market after {seconds} s of that"),
    N_("Closing {name} by market: its {purpose} was triggered and not executed for {seconds} s."),
    N_("its {purpose} was triggered and not executed for {seconds} s"),
    N_("its {purpose} is triggered and not executed"),
    N_("{name}: {quantity} filled whose trades the venue does not show yet; its stop covers it."),
    N_("{name}: the venue says that {filled} of {quantity} is filled, which cannot be; it is asked again."),
    N_("{name} settled by hand: {orders} written off."),
    N_("{name}: its close waits, since what was settled by hand is not what the venue shows, or cannot be compared."),
    N_("{name}: {quantity} that the venue says to hold is no longer covered."),
    N_("{name}: its close ends with that; close what is left once it is compared."),
    N_("its close was settled by hand"),
    N_("{name}: its {purpose} {order} is triggered and still at the venue; it reduces what is opened there."),
    N_("settled by hand"),
    N_("more sold than held, settled by hand"),
    N_("its fill is known now, which was settled by hand"),
    N_("{purpose} order written off: settled by hand"),
    N_("triggered and not executed"),
    N_("no order"),
    N_("its outcome is unknown after {seconds} s"),
    N_("its outcome is unknown after {seconds} s; the last answer: {why}"),
    N_("leverage {leverage} was asked for, and the venue has {found} for {symbol}"),
    N_("an outcome is not known, and no stop covers the difference"),
    N_("still closing it"),
    N_("still placing it"),
    N_("without its stop"),
    N_("stop stays in place"),
    N_("it has no stop"),
    # Reasons
    N_("closed by command"),
    N_("emergency close"),
    N_("reduced to {goal} by command"),
    N_("its stop was refused for {seconds} s"),
    N_("{purpose} price {price} was already passed"),
    N_("its {purpose} stays at {price}; the move to {wanted} was refused by the venue: {why}"),
    N_("its {purpose} is to go back to {price}; the move to {wanted} was refused by the venue: {why}"),
    N_("its {purpose} at {price} is given up, none rests; the venue refused it: {why}"),
    N_("the opening expired before it was sent"),
    N_("the opening expired before its leverage was set; the last answer: {why}"),
    N_("its entry was said to be over and rests all the same"),
    N_("nothing was filled"),
    N_("entry done"),
    N_("entry sent"),
    N_("entry partly filled"),
    N_("resumed"),
    N_("on hold"),
    N_("adopted from the venue"),
    N_("added {quantity}"),
    N_("adding {quantity}"),
    N_("canceling the rest of the addition"),
    N_("canceling the entry"),
    N_("reduced to {quantity}"),
    N_("reducing to {quantity}"),
    N_("leverage set to {leverage}"),
    N_("setting leverage {leverage}"),
    N_("leverage refused: {why}"),
    N_("protection changed"),
    N_("moving the protection"),
    N_("replaced"),
    N_("admitted"),
    N_("changed outside"),
    N_("closing"),
    N_("a protective order fired"),
    N_("taking the remaining orders off the book"),
    N_("not wanted any more"),
    N_("no longer wanted"),
    N_("closing, and it stands in the way"),
    N_("position is flat"),
    N_("more was sold than held"),
    N_("outcome of the {purpose} order is unknown"),
    N_("fills reported by the venue are being read"),
    N_("the venue reports an order that the journal does not know: {order}"),
    N_("{quantity} left is dust: below the venue's minimum of {least}"),
    N_("{quantity} more sold than held; check it at the venue"),
    N_("{purpose} order refused: {why}"),
    N_("entry {phase} by the venue"),
    N_("flat"),
    N_("stop filled"),
    N_("target filled"),
    N_("trailing filled"),
    N_("reduce filled"),
    N_("is no longer known to the venue"),
    N_("never reached the venue"),
    N_("rejected after it had been accepted"),
    N_("no answer in time"),
    N_("restart before an answer"),
    N_("{purpose} order {fate}"),
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
    N_("{order} is said to have {quantity} filled"),
    N_("ask after every order of the position"),
    N_("{action} leaves the order at the venue"),
    N_("its position is not known here, and the order may protect it; look before you cancel it"),
    N_("cancel {order}"),
    N_("order {order}"),
    N_("by its own fills"),
    N_("its own fills say so"),
    N_("a trailing stop for {quantity}"),
    N_("a target for {quantity}"),
    N_("{symbol} {side} ({id})"),
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
    N_("its {purpose} is not canceled yet, the venue refused that: {why}"),
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
    N_("{name}: its resting {purpose} was changed at the venue: {quantity} at {price}, it was {before} at {former}"),
    N_("{name}: resolved, it is {state} and protected"),
    N_("{name}: resolved, it is {state}"),
    # Supervisor and runtime
    N_("quantity {quantity}, mark price {price}, unrealized {gain}, maintenance margin {margin}"),
    # The journal's disk
    N_("{number}, and the configuration does not name the account"),
    N_("a symbol without a name"),
    # Durations
    N_("{s} s"),
    N_("{m} min"),
    N_("{h} h {m} min"),
    N_("{m} min {s} s"),
    N_("{d} d {h} h"),
)

PHRASES = Phrases.of(SENTENCES, NAMES)
