"""What can be wrong with a configuration, in words that tell where and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: where, what was expected, what was found. `line` 0: the file as a whole.

    `unset`: it is an environment variable that is missing here, and may be there for another process.
    """

    file: str
    line: int
    path: str
    expected: str
    found: str
    advice: str = ""
    unset: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.path}: " if self.path else ""
        advice = f" ({self.advice})" if self.advice else ""
        return f"{place}: {key}expected {self.expected}, found {self.found}{advice}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` names everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
