"""The checks of `albra doctor` that need no exchange library: configuration, disk, supervisor, chat."""

import http.client
import json
import os
import socket
import stat
import statistics
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from adapters.cli.client import Answer, Lost, Supervisor
from adapters.cli.outcome import CommandError
from adapters.config import Config, Loaded
from albra.loopback.discovery import holder
from albra.loopback.transport import Unreachable

SPACE_WARN_BYTES = 1 << 30
SPACE_FAIL_BYTES = 100 << 20
FSYNC_PROBES = 5
FSYNC_WARN_MS = 30.0
"""A commit waits for one fsync: a slower disk makes commands visibly slower."""
FSYNC_FAIL_MS = 1000.0
CHAT_TIMEOUT_S = 10.0
ANSWER_MOST = 1 << 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")
HEALTH_TIMEOUT_S = 5.0


class Judgement(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor: check, finding, and remedy unless all is well."""

    check: str
    judgement: Judgement
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, judgement=Judgement.OK, found=found)


def warn(check: str, found: str, advice: str) -> Finding:
    return Finding(check=check, judgement=Judgement.WARN, found=found, advice=advice)


def fail(check: str, found: str, advice: str) -> Finding:
    return Finding(check=check, judgement=Judgement.FAIL, found=found, advice=advice)


def configuration(loaded: Loaded) -> Iterator[Finding]:
    """Check the configuration: errors, and valid values that are probably mistakes."""
    config = loaded.config
    names = ", ".join(f"{a.account} ({'paper' if a.embedded else a.place})" for a in config.accounts)
    for problem in loaded.wrong:
        yield fail("configuration", str(problem), "mend it: nothing starts with it")
    if not loaded.wrong:
        yield ok("configuration", f"{config.source or 'built-in defaults'}: valid; accounts: {names or 'none'}")
    if not config.phase2.enabled:
        yield warn("watch only", "phase2.enabled is false", "nothing is sent; set it to true to trade")
    for account in (account for account in config.accounts if not account.embedded and account.environment == "live"):
        limits = account.limits
        if None in (limits.order_notional, limits.account_exposure, limits.daily_loss):
            yield warn(
                f"limits {account.account}",
                "order_notional, account_exposure or daily_loss is not set",
                "set them under limits: this account trades real money",
            )
    hook = config.webhook
    if hook.enabled and hook.host not in LOOPBACK:
        yield warn("webhook", f"it listens on {hook.host}, in clear", "put a proxy that speaks TLS before it")
    if config.source is not None and _readable_secret(config, config.source):
        advice = f"chmod 600 {config.source}, or write ${{NAME}} and keep the secret in the environment"
        yield fail("secrets", f"{config.source} holds a secret and others may read it", advice)


def unset(loaded: Loaded) -> Iterator[Finding]:
    """List variables missing in this shell; a running supervisor may have them."""
    for problem in loaded.unset:
        yield fail("secrets", f"{problem.path} is not set here: {problem.expected}", problem.advice)


def _readable_secret(config: Config, source: Path) -> bool:
    if not source.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return False
    text = source.read_text(encoding="utf-8", errors="replace")
    return any(secret.reveal() in text for secret in config.secrets())


def disk(storage: Path) -> Iterator[Finding]:
    """Check free space, write access, and the time of one durable write."""
    place = next(path for path in (storage, *storage.parents) if path.exists())
    usage = os.statvfs(place)
    free = usage.f_bavail * usage.f_frsize
    said = f"{free / (1 << 30):.1f} GiB free at {place}"
    advice = "free some space: a full disk refuses openings, and journal and logs grow with use"
    if free < SPACE_FAIL_BYTES:
        yield fail("disk space", said, advice)
    elif free < SPACE_WARN_BYTES:
        yield warn("disk space", said, advice)
    else:
        yield ok("disk space", said)
    try:
        took_ms = _fsync_ms(place)
    except OSError as error:
        yield fail("disk writes", f"{place}: {error.strerror or error}", "check owner, permissions and mount options")
        return
    said = f"a durable write takes {took_ms:.1f} ms"
    if took_ms >= FSYNC_FAIL_MS:
        yield fail("disk writes", said, "use another disk: every command waits for one durable write")
    elif took_ms >= FSYNC_WARN_MS:
        yield warn("disk writes", said, "commands wait for it; an SSD needs a few milliseconds")
    else:
        yield ok("disk writes", said)


def _fsync_ms(directory: Path) -> float:
    """Return the median of a few small durable writes. Raises OSError when writing fails."""
    times = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(FSYNC_PROBES):
            started_ns = time.perf_counter_ns()
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter_ns() - started_ns) / 1e6)
    return statistics.median(times)


def supervisor(config: Config) -> Iterator[Finding]:
    """Check whether a supervisor runs on this data, answers, and is well."""
    storage = config.storage.path
    pid = holder(storage)
    if pid is None:
        yield warn("supervisor", f"none runs on {storage}", "start one with `albra run`")
        yield from _ports(config)
        return
    try:
        answer = Supervisor(storage).request("GET", "/v1/status", within_s=HEALTH_TIMEOUT_S)
    except (Unreachable, Lost, CommandError) as error:
        answer = Answer(0, {"error": str(error) or "no answer"})
    if answer.status != 200:
        yield fail(
            "supervisor",
            f"process {pid} holds {storage} and does not answer: {answer.error}",
            f"look into `albra logs --level ERROR`; kill -USR1 {pid} makes it print where its threads are",
        )
        return
    yield ok("supervisor", f"process {pid} answers")
    yield from _health(answer.document)


def _health(status: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """List rows of `albra status` that need attention, by the rule of API and chat."""
    for reason in status["verdict"]["reasons"]:
        section, name = reason["section"], reason["name"]
        check, judgement, advice = _TROUBLES.get((section, name), _OTHER_TROUBLE)
        found = reason["text"]
        if check == "broken positions":
            found = "; ".join(f"{name}: {said}" for name, said in status[section].items() if "." in name)
        if section == "account":
            section = f"account {reason['about']}"
        yield Finding(check=check or section, judgement=judgement, found=found, advice=advice)


_OTHER_TROUBLE = ("", Judgement.WARN, "see `albra status`")
_TROUBLES = {
    ("account", "venue"): ("", Judgement.FAIL, "it is tried again by itself; nothing is opened until then"),
    ("account", "stream"): ("", Judgement.WARN, "positions are read by sweeps until it is back"),
    ("actors", "quarantined"): (
        "quarantine",
        Judgement.FAIL,
        "see `albra logs --level ERROR`; `albra flatten` still closes its position",
    ),
    ("positions", "quarantined or damaged"): (
        "broken positions",
        Judgement.FAIL,
        "close it at the venue, or with `albra flatten --break-glass`; see `albra journal verify`",
    ),
    ("positions", "without their protection"): ("protection", Judgement.WARN, "see `albra positions`"),
    ("positions", "openings"): ("openings", Judgement.WARN, "`albra resume` ends a pause"),
    ("journal", "disk"): ("journal", Judgement.FAIL, "check the disk, then `albra journal verify`"),
}
"""(section, name) of a faulty row -> check (empty: its section), level, remedy."""


def _ports(config: Config) -> Iterator[Finding]:
    """Check the configured ports that a start needs."""
    wanted = {"control.port": (config.control.host, config.control.port)}
    if config.webhook.enabled:
        wanted["webhook.port"] = (config.webhook.host, config.webhook.port)
    if any(account.embedded for account in config.accounts):
        wanted["paper.port"] = ("127.0.0.1", config.paper.port)
    for name, (host, port) in wanted.items():
        if not port:
            continue
        try:
            socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError as error:
            yield fail(name, f"{host}:{port}: {error.strerror or error}", "choose another one, or 0 for any")


def journal(storage: Path) -> Iterator[Finding]:
    from adapters.storage.errors import JournalError, JournalMissing
    from adapters.storage.reader import JournalReader

    try:
        with JournalReader(storage) as reader:
            meta = reader.meta()
            positions = sum(entry.ordinal > 0 for entry in reader.positions())  # the others are actors' own histories
    except JournalMissing:
        yield ok("journal", f"none yet under {storage}: the first start makes it")
    except JournalError as error:
        yield fail("journal", str(error), "see `albra journal verify`")
    else:
        yield ok("journal", f"{meta.journal_id}, {positions} positions; `albra journal verify` reads all of it")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, which would pass on an address with a secret; it becomes an error with its status."""

    def redirect_request(self, *_: object) -> None:
        return None


_STAYING = urllib.request.build_opener(_Stay)


def _askable(url: str) -> bool:
    """Return whether the URL's port is valid: some resolvers truncate a larger one."""
    try:
        return urllib.parse.urlsplit(url).port != 0
    except ValueError:
        return False


def chat(config: Config) -> Iterator[Finding]:
    """Check that the Bot API accepts the token, if the chat is enabled. The token, part of the URL, is never shown."""
    telegram = config.telegram
    if not telegram.enabled or telegram.token is None:
        return
    if not _askable(telegram.api_base_url):
        yield fail("chat", "telegram.api_base_url names no host and port that can be asked", "mend it")
        return
    request = urllib.request.Request(f"{telegram.api_base_url}{telegram.token.reveal()}/getMe")  # noqa: S310 - http(s) by the configuration's schema
    try:
        with _STAYING.open(request, timeout=CHAT_TIMEOUT_S) as answer:
            name = json.loads(answer.read(ANSWER_MOST))["result"]["username"]
    except urllib.error.HTTPError as error:
        with suppress(OSError):
            error.close()
        advice = "check telegram.token: BotFather shows it" if error.code in (401, 404) else "try again later"
        yield fail("chat", f"the Bot API answers {error.code}", advice)
    except (http.client.InvalidURL, UnicodeError, OverflowError):
        yield fail("chat", "telegram.api_base_url names no host and port that can be asked", "mend it")
    except (OSError, ValueError, LookupError, TypeError, RecursionError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        yield fail("chat", f"{telegram.api_base_url} cannot be reached: {why}", "check the network and api_base_url")
    else:
        yield ok("chat", f"@{name} answers")


def rows(findings: list[Finding]) -> list[dict[str, Any]]:
    """Return the findings as JSON rows."""
    return [
        {"check": each.check, "result": each.judgement.value, "found": each.found, "advice": each.advice or None}
        for each in findings
    ]
