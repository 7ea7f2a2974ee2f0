"""Message catalogs: what English texts are in other languages. Read as translators write them (.po)."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("en", "ko")


@cache  # several readers may have one language
def load(language: str) -> Mapping[str, str]:
    """English message -> how the reader is told it; for English what a phone says in its own words.

    Fuzzy and empty entries are left out.
    """
    with Path(__file__).with_name(f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {
        str(message.id): str(message.string)
        for message in catalog
        if message.id and message.string and not message.fuzzy
    }
