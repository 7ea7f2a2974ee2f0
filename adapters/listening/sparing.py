"""Logs a repeated fault once a minute, with its count."""

import logging
import time

EVERY_S = 60.0


class Sparing:
    """Logs the first of each kind at once, then at most one per `EVERY_S`, with the count."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said_s: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def warning(self, text: str, *arguments: object) -> None:
        """Log; `text` identifies the kind: a template of ours, never outside text."""
        now_s = time.monotonic()
        if now_s - self._said_s.get(text, -EVERY_S) < EVERY_S:
            self._untold[text] = self._untold.get(text, 0) + 1
            return
        self._said_s[text] = now_s
        untold = self._untold.pop(text, 0)
        more = f" ({untold} more like it since the last such line)" if untold else ""
        self._log.warning("%s%s", text % arguments, more)
