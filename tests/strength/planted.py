"""Loads a changed module in place of its file, which stays as it is; as a pytest plugin before any test."""

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


class Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module alone."""

    def __init__(self, module: str, path: str, source: str) -> None:
        self._module, self._path, self._source = module, path, source

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
        return compile(self._source, self._path, "exec")

    def is_package(self, _fullname: str) -> bool:
        return False


def plant(file: Path) -> None:
    """Raises RuntimeError where the module has been loaded as it is."""
    said = json.loads(file.read_text(encoding="utf-8"))
    if said["module"] in sys.modules:
        raise RuntimeError(f"{said['module']} is loaded already")
    sys.meta_path.insert(0, Changed(said["module"], said["path"], said["source"]))


if os.environ.get(VARIABLE):
    plant(Path(os.environ[VARIABLE]))
