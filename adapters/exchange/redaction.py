"""Secrets out of what a venue or its library says. Pure.

ccxt puts the whole URL of a failed request into its exception, signature included, and the venue
repeats the listen key in its events; neither may reach a log, a message or a chat.
"""

import re

from adapters.masking import Masker
from adapters.secret import MASK, Secret
from messages.text import Shown, shown

MAX_TEXT = 400
"""Longer texts are HTML pages and dumps; their beginning says what they are."""

# Keys, listen keys and HMAC signatures of the venues we know are 60 characters and more without a
# break; no id, price or word is.
_LONG = re.compile(r"[A-Za-z0-9]{60,}")


def scrub(text: str, secrets: tuple[Secret, ...] = (), *, limit: int = MAX_TEXT) -> Shown:
    """The text without anything that opens an account, on one line of at most `limit` characters.

    `secrets` are masked wherever they stand, named or not.
    """
    return shown(_LONG.sub(MASK, Masker(secrets).text(text)), most=limit)
