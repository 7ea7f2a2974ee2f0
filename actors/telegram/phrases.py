"""What the supervisor and positions reply in English, for saying it again in the reader's language."""

from actors.notifier.phrases import PHRASES
from actors.telegram.words import N_, Phrase

_SENTENCES = (
    N_("closing {n} positions"),
    N_("openings are paused; albra resume lifts that"),
    N_("openings are paused ({what}); albra resume lifts that"),
    N_("openings are allowed"),
    N_("openings were not paused"),
    N_("phase2.enabled is false: Albra watches and sends nothing"),
    N_("the journal cannot be written: {why}"),
    N_("no position {name}; albra positions --all lists them"),
    N_("{symbol} is not a perpetual of this venue; did you mean {other}?"),
    N_("{symbol} is not a perpetual of this venue"),
    N_("the venue is not reachable: {why}"),
    N_("the account's event stream is down: {why}"),
    N_("the account's positions are being read"),
    N_("{limit} is {most}, this would make it {value}"),
    N_("strategy {name} holds {symbol} {side} already ({position})"),
    N_("acknowledged"),
    N_("acknowledged before"),
)

REPLIES = (*(Phrase.of(sentence) for sentence in _SENTENCES), *PHRASES)
