"""What the supervisor, positions and the reconciler reply in English, for saying it again in the reader's language."""

from actors.notifier.phrases import PHRASES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # What is done
    N_("acknowledged before"),
    N_("{record} is acknowledged; it is told again should it change"),
    N_("{record} is over: {outcome}"),
    # Why a position whose history is damaged is not retired
    N_("{name} cannot be retired yet: {why}"),
    N_("its leg has not been read yet"),
    N_("its leg holds {reported}"),
    N_("its leg is flat for {s} s; {needed} s, and its orders read after that, prove it"),
    N_("order {order} rests at the venue"),
    N_("{record}: attributing {how}"),
    N_("no discrepancy {record}"),
    N_("{type} is not attributed to strategies here"),
    N_("the command was carried out before"),
    # What a check has not come to yet
    N_("{symbols}: differs from the venue, and is being looked into"),
    # Why a manual position is not handed over
    # Why an opening is refused
    N_("the journal cannot be written: {why}"),
    N_("the venue of {accounts} has not answered yet"),
    # Why a record of a history is not shown
    # Why a position refuses
    N_("the position exists already; open another, or add to this one"),
    N_("the position is over; nothing is open"),
    N_("it never opened; nothing is open"),
    N_("it is not open yet; close it to cancel the opening"),
    N_("it is held by hand; resume it first"),
    N_("an outcome is being found out; try again when it is known"),
    N_("it is being closed"),
    N_("nothing of it is unknown"),
    N_("an order of it is younger than {seconds} s and may yet be told"),
    N_("it is not on hold"),
    N_("nothing has been sent for this position yet"),
    N_("nothing is held yet"),
    N_("no entry is working"),
    N_("nothing has been asked of this position yet"),
    N_("it is being opened already"),
    N_("it exists already"),
    N_("the whole of it is being closed already"),
    N_("nothing is filled yet; close the whole to cancel the entry"),
    N_("{percent} percent is not in (0, 100]"),
    N_("the part to close is {part}: smaller than one step of the symbol"),
    N_("cannot close {part} of {base}"),
    N_("the {name} price {price} is not a multiple of {step}"),
    N_("an addition of {quantity} is not a positive multiple of {step}"),
    N_("{part} is not a multiple of {step}"),
    N_("trailing stop"),
    N_("{price} is no price; zero removes the order"),
    N_("nothing to change was named"),
    N_("its entry is not done yet; add to it then"),
    N_("it is being reduced; add to it then"),
    N_("a protective order of it has fired; open another position"),
    N_("leverage {leverage} is being set already"),
    N_("a change of nothing"),
    N_("{price} is no price"),
    N_("cannot take {quantity} from {held}"),
    N_("no order {order} in this position's history"),
    N_("{order} is {phase} with {filled} filled"),
)

REPLIES = Phrases.of(SENTENCES, PHRASES)
