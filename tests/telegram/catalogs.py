"""Every message in the source, as translators are to be given it: `python -m tests.telegram.catalogs` adds new ones."""

from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import messages.wording  # noqa: F401 - its tables
from actors.telegram import names
from messages.statement import wordings

ROOT = Path(__file__).parents[2]
CATALOGS = {language: ROOT / "adapters" / "locales" / f"{language}.po" for language in ("en", "ko")}
"""English has only what a phone says otherwise than a terminal."""
KEYWORDS: dict[str, tuple[int, ...] | None] = {"words": None, "self": None, "plain": None, "N_": None, "count": (2, 3)}


def in_source() -> dict[str, str]:
    """Message -> the file that says it."""
    found: dict[str, str] = {}
    for room in ("telegram", "notifier"):
        rows = extract_from_dir(str(ROOT / "actors" / room), method_map=[("**.py", "python")], keywords=KEYWORDS)
        for file, _line, message, _comments, _context in rows:
            for one in message if isinstance(message, tuple) else (message,):
                found.setdefault(one, f"actors/{room}/{file}")
    for code in names.CODES:
        found.setdefault(str(code), "actors/telegram/names.py")
    for wording in wordings():
        if type(wording).__module__.startswith("messages.wording."):
            found[wording.value] = f"{type(wording).__module__.replace('.', '/')}.py"
    return found


def translated(language: str = "ko") -> dict[str, str]:
    with CATALOGS[language].open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=language) if m.id}


def write(path: Path, known: dict[str, str], language: str = "ko") -> None:
    day = datetime(2026, 11, 22, tzinfo=UTC)
    catalog = Catalog(locale=language, project="albra", fuzzy=False, creation_date=day, revision_date=day)
    for message, origin in sorted(in_source().items(), key=lambda item: (item[1], item[0])):
        if message in known or language != "en":
            catalog.add(message, known.get(message, ""), locations=[(origin, 1)])
    with path.open("wb") as file:
        write_po(file, catalog, width=120, include_lineno=False, sort_by_file=True)


if __name__ == "__main__":
    for chosen, file in CATALOGS.items():
        write(file, translated(chosen), chosen)
