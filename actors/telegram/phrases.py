"""What the supervisor, positions and the reconciler reply in English, for saying it again in the reader's language."""

from actors.notifier.phrases import PHRASES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # What is done
    N_("closing {n} positions"),
    N_("closing 1 position"),
    N_("calling off {n} entries"),
    N_("openings are paused; albra resume lifts that"),
    N_("openings are paused until Albra is restarted; the journal cannot be written: {why}"),
    N_("that was carried out before"),
    N_("openings are allowed"),
    N_("openings were not paused"),
    N_("acknowledged before"),
    N_("{name} is retired; what the journal has of it stays as it is, and its symbol may be opened again"),
    N_("{name} is retired already"),
    # Why a position whose history is damaged is not retired
    N_("{name} is over, it was retired: {why}"),
    N_(
        "{name}: {why}; close it at the venue, or with albra flatten --break-glass, then retire it with albra "
        "discrepancies --ack"
    ),
    N_("nobody reconciles here"),
    # Why a manual position is not handed over
    N_("{name} is {strategy}'s, and only what is manual can be handed to a strategy"),
    N_("{name} is manual already"),
    N_("{name} is {state}: hand it over when it is ACTIVE and nothing is under way"),
    N_("{symbol} waits until belief and venue agree: {why}"),
    N_("{strategy} is opening {symbol} {side} just now"),
    N_("{name} is being handed over"),
    # Why an opening is refused
    N_("openings are paused until the next day ({what}); albra resume lifts that"),
    N_("openings are still paused ({what}); albra resume lifts that"),
    N_("openings are paused ({what}); albra resume lifts that"),
    N_("all openings"),
    N_("{account} has lost {amount} today, limits.daily_loss is {limit}"),
    N_("all openings {why}"),
    N_("after a damaged record of the supervisor"),
    N_("phase2.enabled is false: Albra watches and sends nothing"),
    N_("the journal cannot be written: {why}"),
    N_("this command_id stands for another command: use a new one"),
    N_("this command_id was used before, and its record is lost: see what it did, and use a new one"),
    N_("it cannot be handled, and whether any of it is done is not known: {why}"),
    N_("{answer}; lifted since"),
    N_("{answer}; paused since"),
    N_("{answer}; resumed since"),
    N_("it was paused"),
    N_("it was resumed"),
    N_("{answer}; what {names} holds is not known here: albra flatten --break-glass closes at the venue"),
    N_("{answer}; whether it was done before is in a history that cannot be read"),
    N_("no open position matches {what}; see `albra positions`"),
    N_("no open position matches {what}; did you mean {other}?"),
    N_("{n} positions match {symbol}: name one of {names}"),
    N_("no account {account} in the configuration, only {names}; did you mean {other}?"),
    N_("no account {account} in the configuration, only {names}"),
    N_("no strategy {name} holds or held anything; did you mean {other}?"),
    N_("no position {name}; {other} has its number; albra positions --all lists them"),
    N_("no position {name}; albra positions --all lists them"),
    N_("{name}: {why}; close it at the venue, or with albra flatten --break-glass"),
    N_("openings of {symbol} wait until belief and venue agree: {why}"),
    N_("{symbol} is not a perpetual of this venue; did you mean {other}?"),
    N_("{symbol} is not a perpetual of this venue"),
    N_("{symbol} is not trading at this venue now"),
    N_("{symbol} cannot be opened: {why}"),
    N_("post-only is for a limit entry: name its price, or leave post-only out"),
    N_(
        "the account is in position mode {mode}, the configuration says {other}: set position_mode: {wish} and "
        "start anew, or change it at the exchange while the account is flat"
    ),
    N_(
        "the account is in multi-assets mode, which has no isolated margin: leave margin_mode: isolated out of the"
        " configuration and start anew, or switch to single-asset mode at the exchange"
    ),
    N_("the venue does not list it"),
    N_("an amount that cannot be read"),
    N_("a perpetual whose name or rules cannot be used"),
    N_("{kind}, a kind of contract that is not traded here"),
    N_(
        "order {order} on {symbol} was sent by Albra from another data directory: cancel it at the venue, or "
        "run that one"
    ),
    N_("an opening in progress"),
    N_("strategy {name} holds {symbol} {side} already ({position})"),
    N_("strategy {name} holds {symbol} {side} already"),
    N_("strategy {name} holds {symbol} {side}, and a one-way account nets them; use hedge mode to hold both sides"),
    N_("{symbol} is being compared with the venue: {why}; try again soon"),
    N_("{position} was settled by hand and is not compared with the venue yet; try again soon"),
    N_("{position} is being reduced, its stops may rest on {symbol} still; try again soon"),
    N_("{position} has its stops replaced on {symbol} just now; try again soon"),
    N_("it waited for its leverage: {why}"),
    N_("quantity {quantity} is below the minimum of {least} ({symbol})"),
    N_("quantity {quantity} is not a positive multiple of {step} ({symbol})"),
    N_("quantity {quantity} is above the maximum of {most} ({symbol})"),
    N_("{name} price {price} is not a positive multiple of {step} ({symbol})"),
    N_("no price of {symbol} is known yet to hold stop and target against; try again"),
    N_("the stop of a {side} must be {where} its price: {stop} against {price}"),
    N_("the target of a {side} must be {where} its price: {target} against {price}"),
    N_("below"),
    N_("above"),
    N_("leverage belongs to account and symbol: {position} is open with {has}, {wanted} would change that too"),
    N_("its own"),
    N_("{name} price {price} is below the venue's minimum of {least} ({symbol})"),
    N_("{name} price {price} is above the venue's maximum of {most} ({symbol})"),
    N_(
        "limit price {price} is {where} the {bound} that the venue takes now: {most}, which is {share} of "
        "the mark price {mark} ({symbol})"
    ),
    N_("no mark price of {symbol} yet"),
    N_("order of {notional} is below the venue's minimum notional of {least} ({symbol})"),
    N_("limits.openings_per_minute is {limit}, this would be number {n}"),
    N_(
        "limits.{name} is in {currency}, and no mark price of {symbol} is known to convert {coin} with; try again once "
        "the venue tells it, or take the limit away"
    ),
    N_("limits.daily_loss is {limit}, today's realized loss is {amount}"),
    N_("limits.{limit} is {most}, this would make it {value}"),
    N_("the venue has not answered yet"),
    N_("the venue is not reachable: {why}"),
    N_("the account's event stream is down: {why}"),
    N_("the account's positions are being read"),
    # Why a record of a history is not shown
    N_("its checksum does not fit"),
    N_("it cannot be decoded"),
    # Why a position refuses
)

REPLIES = Phrases.of(SENTENCES, PHRASES)
