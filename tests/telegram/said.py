"""Every sentence that Albra's actors say to people, read out of their source: what must be in the catalogs.

A sentence is a text with a space in it, or an f-string, that is no docstring, no error raised, no line of the
log and no evidence for the journal. Its places are written `{}`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("position", "supervisor", "reconciler", "gateway", "journal.py")
SILENT_CALLS = frozenset({"_log", "log", "_ignore", "TypeVar", "evidence", "_evidence", "N_"})
SILENT_FIELDS = frozenset(
    {"evidence", "correlation_id", "causation_id", "notice_id", "command_id", "request_id", "topic"}
)
SILENT_FUNCTIONS = frozenset({"_evidence", "_seen", "_told", "markdown", "mermaid"})
"""What they write is for the journal and the log."""
SILENT_FILES = frozenset({"diagram.py", "copying.py", "__init__.py"})


def sentences() -> dict[str, str]:
    """Template -> where it is said."""
    found: dict[str, str] = {}
    for room in ROOMS:
        place = ROOT / "actors" / room
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if path.name in SILENT_FILES:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for template, line in _said(tree):
                found.setdefault(template, f"{path.relative_to(ROOT)}:{line}")
    return found


def _said(node: ast.AST) -> Iterator[tuple[str, int]]:
    match node:
        case ast.Raise() | ast.Assert() | ast.AnnAssign(annotation=ast.Constant()):
            return
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.FunctionDef(name=name) if name in SILENT_FUNCTIONS:
            return
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in SILENT_CALLS:
            return
        case ast.keyword(arg=name) if name in SILENT_FIELDS:
            return
        case ast.JoinedStr():
            template = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            if " " in template.strip():
                yield template, node.lineno
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from _said(part.value)
            return
        case ast.Constant(value=str(text)) if " " in text.strip():
            yield text, node.lineno
            return
    for child in ast.iter_child_nodes(node):
        yield from _said(child)
