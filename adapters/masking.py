"""Masks secrets in log lines: registered ones, and whatever looks like one."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.secret import MASK, Secret
from messages.text import shown

KNOWN_LENGTH_MIN = 4
"""Shorter secrets are not masked: they would match ordinary words."""

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
"""A line without these hints and registered secrets needs no masking; most lines end here."""


class Masker:
    """Masks registered secrets, plain and URL-encoded, and everything secret-shaped."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        texts = (secret.reveal() for secret in secrets)
        known = {form for text in texts if len(text) >= KNOWN_LENGTH_MIN for form in _forms(text)}
        # Longest first: a secret that contains another is masked whole.
        alternatives = "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True))
        self._known = re.compile(alternatives) if alternatives else None

    def suspects(self, text: str) -> bool:
        """Return whether the text may need masking; cheap, with false positives only."""
        lower = text.lower()
        return any(hint in lower for hint in _HINTS) or (self._known is not None and bool(self._known.search(text)))

    def text(self, text: str) -> str:
        if not self.suspects(text):
            return text
        return _NAMED.sub(rf"\g<1>\g<2>{MASK}", self.known(text))

    def known(self, text: str) -> str:
        """Mask registered and secret-shaped text, but not what merely follows a name such as `token:`."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for shape, masked in _SHAPES:
            text = shape.sub(masked, text)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value with every text masked, and every value under a secret's name."""
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
    """Return the secret plain, URL-encoded, JSON-escaped, and as displayed."""
    return secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], shown(secret)
