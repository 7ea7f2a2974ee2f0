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
    N_("handed to {strategy}"),
    N_("handed over from {name}"),
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
    N_("its entry was called off: {why}"),
    N_("{purpose} order {fate}"),
    # Gateways
    N_("the account waits for its turn in the request budget"),
    N_("the venue wants to hear nothing until {time} UTC"),
    # The reconciler
    N_("{order} is said to have {quantity} filled"),
    N_("{symbol} {side} ({id})"),
    N_("its history is damaged: {why}"),
    N_("its actor is quarantined: {reason}"),
    N_("{position} cannot say what it holds: {why}"),
    N_("its {purpose} is not canceled yet, the venue refused that: {why}"),
    N_("{name} is retired: the venue holds nothing of it"),
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
