"""Message catalogs: translations of the English texts, read from .po files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("en", "ko")


@cache  # several recipients may share a language
def load(language: str) -> Mapping[str, str]:
    """Return English message -> translation; for English, the phone's wordings.

    Fuzzy and empty entries are left out.
    """
    with Path(__file__).with_name(f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }
