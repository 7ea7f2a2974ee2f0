"""Problems of a configuration, with place and remedy."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem: place, expectation, finding. `line` 0: the file as a whole.

    `unset`: an environment variable is missing here, though another process may have it.
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
    """The configuration is unusable; `problems` lists every error."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
