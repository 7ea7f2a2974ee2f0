"""The supervisor's logs: loguru in front, JSON lines on disk, a readable console where it is wanted."""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from loguru import logger

from adapters.logs import DIRECTORY
from adapters.logs.lines import LineWriter, StreamTarget, TurnedFile
from adapters.masking import Masker
from adapters.secret import Secret
from adapters.storage.private import private_directory
from messages.text import Shown, block, clean, joined, json_text, replaced, shown, styled

_FIELDS = (
    "actor", "symbol", "position_id", "correlation_id", "causation_id", "event", "before", "after", "effects",
)  # fmt: skip
"""Order of bound fields in a line; further ones follow."""
_encode = json.JSONEncoder(ensure_ascii=False).encode
_STOP_TIMEOUT_S = 2.0
_QUIET = {"ccxt": logging.WARNING, "aiohttp.access": logging.WARNING, "asyncio": logging.WARNING}
"""Libraries whose debug output is noise, or repeats requests with their headers."""
_COLORS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[1;31m", "DEBUG": "\x1b[2m"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Logs:
    """All logging of this process, from `__init__` to `stop`. Make one: loguru and stdlib logging are global.

    `secrets` are masked wherever they would appear. `console`: None for none. Raises OSError where the
    directory cannot be made.
    """

    def __init__(
        self,
        *,
        storage: Path,
        level: str = "INFO",
        secrets: Iterable[Secret] = (),
        console: IO[str] | None = None,
        file_bytes: int = 50_000_000,
        keep_files: int = 10,
    ) -> None:
        directory = storage / DIRECTORY
        self.remark = ""
        """A problem of the log directory and its remedy; empty when all is well."""
        try:
            self.remark = private_directory(directory)
        except OSError as error:
            self.remark = f"{directory}: {error.strerror}: log lines go to stderr"
            console = console or sys.stderr
        masker = Masker(secrets)
        self._writers = [
            LineWriter(
                "log-file", TurnedFile(directory, file_bytes, keep_files), lambda r: json_line(r, masker), _shed_json
            )
        ]
        if console is not None:
            color = console.isatty()
            render: Callable[[Any], Shown] = lambda r: console_line(r, masker, color=color)
            self._writers.append(LineWriter("log-console", StreamTarget(console), render, _shed_text))
        logger.remove()
        for writer in self._writers:
            # Rendering happens on the writer's thread; diagnose would print the values of variables.
            logger.add(_sink(writer), level=level, format=_bare, backtrace=False, diagnose=False, catch=True)
        self._excepthook, self._bridge = threading.excepthook, _Bridge()
        self._bridge_stdlib(level)

    @property
    def shed(self) -> int:
        """Return the lines lost so far, because disk or console failed or was too slow."""
        return sum(writer.shed for writer in self._writers)

    def watch(self, tell: Callable[[str], None]) -> None:
        """Call `tell` with the cause when lines begin to be lost; at once when they are already."""
        for writer in self._writers:
            writer.on_trouble = tell
            if writer.trouble:
                tell(writer.trouble)

    @property
    def trouble(self) -> str:
        """Return why writing fails; empty while it works."""
        return "; ".join(writer.trouble for writer in self._writers if writer.trouble)

    def step(self, level: str = "INFO", message: str = "step", **fields: Any) -> None:
        """The one canonical line of a step: actor, correlation_id, position_id, event, before, after, effects."""
        logger.bind(**fields).log(level, message)

    def stop(self) -> None:
        """Write the queue within a bounded time. Nothing is logged afterwards."""
        logger.remove()
        logging.getLogger().removeHandler(self._bridge)
        logging.captureWarnings(capture=False)
        threading.excepthook = self._excepthook
        for writer in self._writers:
            writer.stop(_STOP_TIMEOUT_S)

    def _bridge_stdlib(self, level: str) -> None:
        root = logging.getLogger()
        root.addHandler(self._bridge)
        root.setLevel(max(logging.DEBUG, logging.getLevelNamesMapping().get(level, logging.DEBUG)))
        for name, least in _QUIET.items():
            logging.getLogger(name).setLevel(max(least, root.level))
        logging.captureWarnings(capture=True)
        threading.excepthook = _log_thread_failure


class _Bridge(logging.Handler):
    """Passes stdlib log records of libraries on, with their origin."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in _LEVELS else "INFO"
        bound = logger.bind(logger=record.name).opt(exception=record.exc_info, depth=0)
        bound.log(level, "{}", record.getMessage())


def _log_thread_failure(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit:
        return
    name = args.thread.name if args.thread is not None else "unknown"
    error = args.exc_value if args.exc_value is not None else args.exc_type()
    logger.bind(thread=name).opt(exception=error).critical("a thread died")


def _sink(writer: LineWriter) -> Callable[[Any], None]:
    return lambda message: writer.put(message.record)


def _bare(record: Any) -> str:  # noqa: ARG001 - the library's signature
    """Format nothing on the logging thread, neither message nor exception."""
    return ""


def json_line(record: Mapping[str, Any], masker: Masker) -> Shown:
    """One record as a JSON line; keys in the order of `_FIELDS`. Only a traceback has line ends."""
    extra = record["extra"]
    moment = record["time"].astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {"ts": moment, "level": record["level"].name}
    line |= {name: extra[name] for name in _FIELDS if extra.get(name) not in (None, "")}
    line["message"] = record["message"]
    line |= {name: value for name, value in extra.items() if name not in _FIELDS}
    if record["exception"] is not None:
        line["exception"] = _trace(record["exception"])
    line = clean(line)
    text = _encode(line)
    if masker.suspects(text):
        text = _encode(masker.value(line))
    return styled("", shown(text, most=len(text)), "\n")


def console_line(record: Mapping[str, Any], masker: Masker, *, color: bool) -> Shown:
    """`12:00:00.123 INFO  message  actor=… key=…`, then the traceback where there is one."""
    level = record["level"].name
    extra = record["extra"]
    known = [name for name in _FIELDS if extra.get(name) not in (None, "")]
    names = [*known, *(name for name in extra if name not in _FIELDS)]
    fields = " ".join(f"{name}={extra[name]}" for name in names)
    text = f"{record['time']:%H:%M:%S.%f}"[:-3] + f" {level:<8} {record['message']}"
    lines = [shown(f"{text}  {fields}".rstrip())]
    if record["exception"] is not None:
        lines.append(block(_trace(record["exception"]), indent="    "))
    said = replaced(joined("\n", lines), masker.text)
    painted = styled(_COLORS[level], said, "\x1b[0m") if color and level in _COLORS else said
    return styled("", painted, "\n")


def _trace(exception: Any) -> Shown:
    return block("".join(traceback.format_exception(exception.type, exception.value, exception.traceback)).rstrip())


def _shed_json(count: int) -> Shown:
    line = {"ts": _now(), "level": "WARNING", "message": "log lines were lost", "lost": count}
    return styled("", json_text(line), "\n")


def _shed_text(count: int) -> Shown:
    return styled("", shown(f"albra: {count} log lines were lost"), "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
