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
    # Reasons
    N_("flat"),
    N_("no answer in time"),
    N_("its entry was called off: {why}"),
    # Gateways
    N_("the account waits for its turn in the request budget"),
    N_("the venue wants to hear nothing until {time} UTC"),
    # The reconciler
    N_("its history is damaged: {why}"),
    N_("its actor is quarantined: {reason}"),
    N_("{position} cannot say what it holds: {why}"),
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
