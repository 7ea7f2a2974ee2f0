"""Sentences of the supervisor: answers to commands; accounts, positions and actors."""

from messages.statement import Statement, Wording, verbatim


class Supervisor(Wording):
    """Sentences of the supervisor: answers to commands; accounts, positions and actors."""

    """Two statements, of which the second stands by itself."""

    # What is done
    CLOSING_ONE = "closing 1 position"
    CLOSING = "closing {n} positions"
    CLOSING_BUT = "{answer}; what {names} holds is not known here: albra flatten --break-glass closes at the venue"
    CALLING_OFF = "calling off {n} entries"
    PAUSED = "openings are paused; albra resume lifts that"
    PAUSED_PART = "openings are paused ({what}); albra resume lifts that"
    PAUSED_TODAY = "openings are paused until the next day ({what}); albra resume lifts that"
    PAUSED_STILL = "openings are still paused ({what}); albra resume lifts that"
    PAUSED_UNKEPT = "openings are paused until Albra is restarted; the journal cannot be written: {why}"
    RESUMED = "openings are allowed"
    NOT_PAUSED = "openings were not paused"
    RETIRED = "{name} is retired; what the journal has of it stays as it is, and its symbol may be opened again"
    RETIRED_BEFORE = "{name} is retired already"
    RETIRED_NOTICE = "{name} is retired: the venue holds nothing of it"

    # Answers to a command that was said before, or whose end is not known
    DONE_BEFORE = "that was carried out before"
    OTHER_COMMAND = "this command_id stands for another command: use a new one"
    ID_FORGOTTEN = "this command_id was used before, and its record is lost: see what it did, and use a new one"
    BUT_UNREAD = "{answer}; whether it was done before is in a history that cannot be read"
    NOT_HANDLED = "it cannot be handled, and whether any of it is done is not known: {why}"
    BUT_LIFTED = "{answer}; lifted since"
    BUT_PAUSED = "{answer}; paused since"
    BUT_RESUMED = "{answer}; resumed since"
    WAS_PAUSED = "it was paused"
    WAS_RESUMED = "it was resumed"
    JOURNAL_FAILS = "the journal cannot be written: {why}"
    NO_RECONCILER = "no reconciler runs here"

    # What holds openings
    ALL_OPENINGS = "all openings"
    HELD_BECAUSE = "{what} {why}"
    DAY_LOST = "has lost {amount} today, limits.daily_loss is {limit}"
    DAY_LOST_NOTICE = (
        "{account} has lost {amount} today, limits.daily_loss is {limit}: nothing is opened until tomorrow, "
        "or albra resume"
    )
    AFTER_DAMAGE = "after a damaged record of the supervisor"
    WATCH_ONLY = "phase2.enabled is false: Albra watches and sends nothing"

    # Names that nothing has
    NO_ACCOUNT = "no account {account} in the configuration, only {names}"
    NO_ACCOUNT_NEAR = "no account {account} in the configuration, only {names}; did you mean {other}?"
    NO_STRATEGY = "no strategy {name} holds or held anything; did you mean {other}?"
    NO_PERPETUAL = "{symbol} is not a perpetual of this venue"
    NO_PERPETUAL_NEAR = "{symbol} is not a perpetual of this venue; did you mean {other}?"
    NO_POSITION = "no position {name}; albra positions --all lists them"
    NO_POSITION_OTHER = "no position {name}; {other} has its number; albra positions --all lists them"
    NO_MATCH = "no open position matches {what}; see `albra positions`"
    NO_MATCH_NEAR = "no open position matches {what}; did you mean {other}?"
    NO_MATCH_BUT = "no open position matches {what}; {mute}; see `albra positions`"
    NO_MATCH_BUT_NEAR = "no open position matches {what}; {mute}; did you mean {other}?"
    MATCHES = "{n} positions match {symbol}: name one of {names}"
    STRATEGY = "strategy {name}"

    # Positions that cannot say what they hold
    MUTE = "{position} cannot say what it holds: {why}"
    MUTE_STATE = "{name} is {state}: {why}"
    MUTE_ADVICE = "{name}: {why}; close it at the venue, or with albra flatten --break-glass"
    DAMAGED_ADVICE = (
        "{name}: {why}; close it at the venue, or with albra flatten --break-glass, then retire it with albra "
        "discrepancies --ack"
    )
    WAS_RETIRED = "{name} is over, it was retired: {why}"
    HISTORY_DAMAGED = "its history is damaged: {why}"
    ACTOR_QUARANTINED = "its actor is quarantined: {reason}"

    # Why an account is not ready
    UNHEARD = "the venue has not answered yet"
    WAITS_TURN = "the account waits for its turn in the request budget"
    UNREACHABLE = "the venue is not reachable: {why}"
    STREAM_DOWN = "the account's event stream is down: {why}"
    SYNCING = "the account's positions are being read"
    QUIET_UNTIL = "the venue wants to hear nothing until {time} UTC"
    OTHER_MODE = (
        "the account is in position mode {mode}, the configuration says {other}: set position_mode: {wish} and "
        "start anew, or change it at the exchange while the account is flat"
    )
    MULTI_ASSETS = (
        "the account is in multi-assets mode, which has no isolated margin: leave margin_mode: isolated out of the"
        " configuration and start anew, or switch to single-asset mode at the exchange"
    )

    # Why an opening, or a change, is refused
    UNSETTLED = "openings of {symbol} wait until belief and venue agree: {why}"
    COMPARING = "{symbol} is being compared with the venue: {why}; try again soon"
    UNVERIFIED = "{position} was settled by hand and is not compared with the venue yet; try again soon"
    NOT_OPENED_HERE = "{symbol} cannot be opened: {why}"
    NOT_TRADING = "{symbol} is not trading at this venue now"
    FOREIGN_ORDER = (
        "order {order} on {symbol} was sent by Albra from another data directory: cancel it at the venue, or "
        "run that one"
    )
    KEY_TAKEN = "strategy {name} holds {symbol} {side} already ({position})"
    KEY_RESERVED = "strategy {name} holds {symbol} {side} already"
    OPENING_NOW = "an opening in progress"
    NETTED = "strategy {name} holds {symbol} {side}, and a one-way account nets them; use hedge mode to hold both sides"
    LEG_REDUCED = "{position} is being reduced, its stops may rest on {symbol} still; try again soon"
    STOPS_REPLACED = "{position} has its stops replaced on {symbol} just now; try again soon"
    POST_ONLY = "post-only is for a limit entry: name its price, or leave post-only out"
    QUANTITY_SMALL = "quantity {quantity} is below the minimum of {least} ({symbol})"
    QUANTITY_STEP = "quantity {quantity} is not a positive multiple of {step} ({symbol})"
    QUANTITY_LARGE = "quantity {quantity} is above the maximum of {most} ({symbol})"
    PRICE_STEP = "{name} price {price} is not a positive multiple of {step} ({symbol})"
    TRAILING_BOUNDS = "callback rate {rate} % is not accepted by the venue: {least} to {most} %, in steps of {step}"
    PRICE_LOW = "{name} price {price} is below the venue's minimum of {least} ({symbol})"
    PRICE_HIGH = "{name} price {price} is above the venue's maximum of {most} ({symbol})"
    PRICE_FAR = (
        "limit price {price} is {where} the {bound} that the venue takes now: {most}, which is {share} of "
        "the mark price {mark} ({symbol})"
    )
    NO_PRICE = "no price of {symbol} is known yet to hold stop and target against; try again"
    NO_MARK = "no mark price of {symbol} yet"
    STOP_SIDE = "the stop of a {side} must be {where} its price: {stop} against {price}"
    TARGET_SIDE = "the target of a {side} must be {where} its price: {target} against {price}"
    BELOW = "below"
    ABOVE = "above"
    HIGHEST = "highest"
    LOWEST = "lowest"
    STOP_USELESS = (
        "the stop at {stop} is beyond the liquidation price of {price} ({symbol} {side}): the venue would "
        "close it before"
    )
    STOP_USELESS_NOTICE = (
        "{name}: the stop at {stop} is beyond the liquidation price of {price} ({symbol} {side}): the venue "
        "would close it before"
    )
    LEVERAGE_TAKEN = (
        "leverage belongs to account and symbol: {position} is open with {has}, {wanted} would change that too"
    )
    LEVERAGE_OWN = (
        "leverage belongs to account and symbol: {position} is open with its own, {wanted} would change that too"
    )
    NOTIONAL_SMALL = "order of {notional} is below the venue's minimum notional of {least} ({symbol})"
    LIMIT_PASSED = "limits.{limit} is {most}, this would make it {value}"
    LIMIT_UNPRICED = (
        "limits.{name} is in {currency}, and no mark price of {symbol} is known to convert {coin} with; try again once "
        "the venue tells it, or take the limit away"
    )
    PACE_PASSED = "limits.openings_per_minute is {limit}, this would be number {n}"
    LOSS_PASSED = "limits.daily_loss is {limit}, today's realized loss is {amount}"

    # Why an entry that was admitted does not leave, or its rest does not
    LEVERAGE_WAITED = "it waited for its leverage: {why}"
    ENTRY_CALLED_OFF = "its entry was called off: {why}"

    # Handing a manual position to a strategy
    NOT_MANUAL = "{name} is {strategy}'s, and only what is manual can be handed to a strategy"
    MANUAL_BEFORE = "{name} is manual already"
    NOT_AT_REST = "{name} is {state}: hand it over when it is ACTIVE and nothing is under way"
    SYMBOL_UNSETTLED = "{symbol} waits until belief and venue agree: {why}"
    TAKER_OPENING = "{strategy} is opening {symbol} {side} just now"
    BEING_HANDED = "{name} is being handed over"
    HANDED_TO = "handed to {strategy}"
    HANDED_FROM = "handed over from {name}"

    # What the venue did, and what it has besides ours
    LIQUIDATED = "liquidated by the venue: {quantity} at {price} ({order})"
    DELEVERAGED = "deleveraged by the venue: {quantity} at {price} ({order})"
    SETTLED = "settled by the venue: {quantity} at {price} ({order})"
    FORCED = "{symbol}: {what}"
    FORCED_BEYOND = "{symbol}: {what}; {rest} of it belong to no position of ours"
    FORCED_UNKEPT = "{symbol}: the venue closed by itself"
    MARGIN_CALL = "{symbol} {side}: margin call, close to liquidation: {text} ({names})"
    NONE_OF_OURS = "no position of ours"
    FOREIGN_ORDER_NOTICE = (
        "{symbol}: order {order} was sent by Albra from another data directory. Openings of {symbols} are "
        "held until it is gone."
    )
    ORDER_UNREAD = (
        "{account}: an open order of {symbol} cannot be read ({why}). Whether it is one of ours, and still there, is "
        "not known: look at the venue."
    )
    OUTSIDE = (
        "{account}: {symbol} {side} {quantity} is held at the venue and not supervised: {why}. It counts as "
        "exposure and has no stop of ours; it is closed by hand, or with everything else by albra flatten --break-"
        "glass."
    )
    OUTSIDE_UNREAD = (
        "{account}: {symbol} is held at the venue in an amount that cannot be read, and not supervised: {why}. It has "
        "no stop of ours; it is closed by hand, or with everything else by albra flatten --break-glass."
    )
    UNLISTED = "the venue does not list it"
    RULES_UNUSABLE = "a perpetual whose name or rules cannot be used"
    OTHER_KIND = "{kind}, a kind of contract that is not traded here"
    RULES_CHANGED = "{symbol}: {changes} ({names})"
    RULE_CHANGED = "{rule} is {quantity}, it was {was}"
    TRADING_STOPPED = "the venue does not trade it any more: what is held stays as it is, its orders may be refused"
    TRADING_AGAIN = "the venue trades it again"
    MODE_RESTORED = "{account}: the position mode was changed at the exchange, and is {mode} again."
    UNFIT = "{account}: {why}. Nothing is opened until then; closing goes on."
    UNFIT_DOWN = "{account}: {why}. Nothing is opened or closed until then; stops at the venue keep working."
    FIT_AGAIN = "{account}: the account is set as the configuration says again; openings are possible."
    STREAM_MUTE = (
        "{account}: the event stream is open and mute about {kind}: the venue acknowledged order {order} and the "
        "stream does not tell of it. It is opened anew; positions and orders are read every few seconds until it "
        "speaks."
    )
    STREAM_HEARD = "{account}: the event stream tells of {kind} again."

    # Money that is not counted
    NO_CURRENCY = "a currency without a name"
    UNCOUNTED = (
        "{account}: what {symbol} takes in {currency} is not counted in limits and reports: no mark price tells what "
        "it is worth"
    )
    FEE_UNCOUNTED = (
        "{account}: a fee of {amount} {currency} for a trade of {traded} {quote} on {symbol} is not counted in limits "
        "and reports: no trade costs that"
    )
    FUNDING_UNBOOKED = (
        "{account}: a funding of {amount} {currency} for {held} {symbol} is not booked: nothing that is held costs that"
    )

    # Actors
    POSITION_ACTOR = "position/{ordinal}"
    GATEWAY_ACTOR = "gateway/{account}"
    QUARANTINED = "{address} failed {attempt} times and is quarantined; the rest goes on: {reason}"
    MESSAGE_PARKED = "{address} cannot handle a message, it was put aside: {reason}"
    ACTOR_FAILED = (
        "{name}: {quantity} open, not covered by its stop, and its actor failed; it is started again: {reason}"
    )
    BUT_UNCOVERED = "{text}; {quantity} open, not covered by its stop"

    # Alerts from outside that were refused
    ALERTS_REFUSED = "webhook alerts were refused: {what}"
    ALERT_COUNT = "{n} {what}"
    ALERT_UNREADABLE = "not readable as an alert"
    ALERT_GUESS = "with a missing or wrong secret"
    ALERT_FIELD = "with a field that is missing or wrong"
    ALERT_AGE = "too old, or from the future"
    ALERT_DENIED = "refused by a limit, a hold or a state, or with an id that is another's"
    ALERT_NOT_READY = "expired before the account was ready"


def actor(address: str) -> Statement:
    """The words for an actor's address; the address itself where it has none."""
    room, _, name = address.partition("/")
    if room == "position":
        return Supervisor.POSITION_ACTOR(ordinal=name)
    return Supervisor.GATEWAY_ACTOR(account=name) if room == "gateway" else verbatim(address)
