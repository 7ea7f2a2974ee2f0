"""What the supervisor, positions and the reconciler reply in English, for saying it again in the reader's language."""

from actors.notifier.phrases import PHRASES
from actors.telegram.words import N_, Phrases

SENTENCES = (
    # What is done
    N_("acknowledged before"),
    # Why a position whose history is damaged is not retired
    # Why a manual position is not handed over
    # Why an opening is refused
    N_("the journal cannot be written: {why}"),
    # Why a record of a history is not shown
    # Why a position refuses
)

REPLIES = Phrases.of(SENTENCES, PHRASES)
