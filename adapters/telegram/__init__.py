"""The chat: python-telegram-bot on a loop thread of its own, long polling."""

import os

# The library's future form of durations; without it every 429 warns of the change.
os.environ.setdefault("PTB_TIMEDELTA", "true")

from adapters.telegram.client import TelegramChat

__all__ = ["TelegramChat"]
