"""Masks secrets in texts. Pure.

ccxt puts the URL of a failed request, with its signature, into the exception, and the venue repeats the listen key in
its events. Neither may reach a log, a message or a chat.
"""

import re

from adapters.masking import Masker
from adapters.secret import MASK, Secret
from messages.text import Shown, shown

MAX_TEXT = 400
"""Limit of a text; longer ones are HTML pages and dumps, whose beginning suffices."""

# Keys, listen keys and HMAC signatures of known venues are unbroken runs of 60 characters and more; ids, prices and
# words are shorter.
_LONG = re.compile(r"[A-Za-z0-9]{60,}")


def scrub(text: str, secrets: tuple[Secret, ...] = (), *, limit: int = MAX_TEXT) -> Shown:
    """Return the text with secrets masked, on one line of at most `limit` characters.

    `secrets` are masked at every occurrence, beside what looks like a key.
    """
    return shown(_LONG.sub(MASK, Masker(secrets).text(text)), most=limit)
