"""Loads a changed module in place of its file, which stays as it is; as a pytest plugin before any test."""

import ast
import builtins
import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

VARIABLE = "ALBRA_STRENGTH"
"""Names the file that says which module is changed, and to what."""
_MARK = "__strength_reached__"
reached: set[int] = set()
"""The changed line, once its statement has been carried out, or begun."""


class Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module alone."""

    def __init__(self, module: str, path: str, source: str, line: int) -> None:
        self._module, self._path, self._source, self._line = module, path, source, line

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=self._path)
        spec.has_location = True
        return spec

    def get_source(self, _fullname: str) -> str:
        return self._source

    def get_code(self, _fullname: str) -> CodeType:
        return compile(_marked(ast.parse(self._source), self._line), self._path, "exec")

    def is_package(self, _fullname: str) -> bool:
        return False


def _marked(tree: ast.Module, line: int) -> ast.Module:
    """The innermost statement of this line, where it is in a function, says so first; nothing else is altered."""
    found: tuple[list[ast.stmt], int] | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            continue
        for body in (value for _, value in ast.iter_fields(node) if isinstance(value, list)):
            for place, each in enumerate(body):
                if isinstance(each, ast.stmt) and each.lineno <= line <= (each.end_lineno or each.lineno):
                    found = body, place  # what is walked later is further in
    if found is None:
        reached.add(line)  # it is carried out when the module is loaded
        return tree
    body, place = found
    call = ast.Call(func=ast.Name(id=_MARK, ctx=ast.Load()), args=[ast.Constant(value=line)], keywords=[])
    body.insert(place, ast.copy_location(ast.Expr(value=call), body[place]))
    return ast.fix_missing_locations(tree)


def plant(file: Path) -> None:
    """Raises RuntimeError where the module has been loaded as it is."""
    said = json.loads(file.read_text(encoding="utf-8"))
    if said["module"] in sys.modules:
        raise RuntimeError(f"{said['module']} is loaded already")
    sys.meta_path.insert(0, Changed(said["module"], said["path"], said["source"], said.get("line", 0)))


setattr(builtins, _MARK, reached.add)
if os.environ.get(VARIABLE):
    plant(Path(os.environ[VARIABLE]))
