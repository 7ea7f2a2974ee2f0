"""What must never be read in a log, a message or an answer: secrets we know, and whatever looks like one. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.secret import MASK, Secret
from messages.text import shown

KNOWN_LENGTH_MIN = 4
"""Shorter secrets are not searched for: they would black out ordinary words."""

_NAMES = (
    r"signature|api[_-]?key|api[_-]?secret|secret|listen[_-]?key|token|password|passphrase|x-mbx-apikey|authorization"
)
_SENSITIVE = re.compile(_NAMES, re.IGNORECASE)
# name=value, "name": "value", and their escaped forms within JSON text and a URL.
_NAMED = re.compile(
    rf"""({_NAMES})(\\*["']?(?:\s*[:=]\s*|%3D)\\*["']?(?:Bearer\s+)?)([^\s"'&,;}})\]\\]+)""", re.IGNORECASE
)
_SHAPES = (
    (re.compile(r"\bbot[0-9]{5,}:[A-Za-z0-9_-]{20,}"), f"bot{MASK}"),
    (re.compile(r"\bBearer\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), f"Bearer {MASK}"),
    # A listen key stands in the path of the stream it opens.
    (re.compile(r"(/ws/|streams=)[A-Za-z0-9]{40,}"), rf"\g<1>{MASK}"),
    # The password of a proxy or a server stands before its host.
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\g<1>{MASK}@"),
)


_HINTS = (
    *("key", "secret", "signature", "token", "password", "passphrase", "authorization", "bearer", "bot"),
    *("/ws/", "streams=", "@"),
)
"""Without one of these, and without a registered secret, there is nothing to mask: most lines end here."""


class Masker:
    """Replaces registered secrets, as they are and as a URL has them, and everything secret-shaped."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        texts = (secret.reveal() for secret in secrets)
        known = {form for text in texts if len(text) >= KNOWN_LENGTH_MIN for form in _forms(text)}
        # Longest first: a secret that contains another is masked whole.
        alternatives = "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True))
        self._known = re.compile(alternatives) if alternatives else None

    def suspects(self, text: str) -> bool:
        """Whether anything in it might have to be masked; cheap, and wrong only to the safe side."""
        lower = text.lower()
        return any(hint in lower for hint in _HINTS) or (self._known is not None and bool(self._known.search(text)))

    def text(self, text: str) -> str:
        if not self.suspects(text):
            return text
        return _NAMED.sub(rf"\g<1>\g<2>{MASK}", self.known(text))

    def known(self, text: str) -> str:
        """Registered secrets and what has the shape of one; what only stands behind a name such as `token:` stays."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for shape, masked in _SHAPES:
            text = shape.sub(masked, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value with every text in it masked, and whatever stands under a secret's name."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, Mapping):
            return {
                str(key): MASK if _SENSITIVE.fullmatch(str(key)) else self.value(child) for key, child in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(child) for child in value]
        return self.text(str(value))


def _forms(secret: str) -> tuple[str, ...]:
    """As it is, as a URL has it, as JSON text has it, as it is shown."""
    return secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], shown(secret)
