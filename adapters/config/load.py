"""Loads a `Config` from a file or the defaults: everything is checked before any network access."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.config.combinations import check_combinations, settle_exchange
from adapters.config.problems import ConfigError, Problem
from adapters.config.schema import build, default
from adapters.config.values import (
    SCHEMA,
    Config,
)
from adapters.exchange.registry import home_of
from adapters.secret import Secret

DEFAULT_PATH = "config.yaml"
_SIZE_MAX = 1_000_000
_PERHAPS_MEANT = 0.7
"""Minimum similarity of a key to a section's name that suggests a misspelling."""
_GOOD_FOR_LEAST_S = 660
"""Binance requires a date more than 600 s ahead (New Order, `goodTillDate`); with a margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration, and its effective values as a tree of plain values for display.

    `unset`: tolerated missing environment variables. `wrong`: tolerated errors outside the needed part; defaults
    replace the values.
    """

    config: Config
    effective: dict[str, Any]
    unset: tuple[Problem, ...] = ()
    wrong: tuple[Problem, ...] = ()

    def require(self, *paths: str) -> None:
        """Raise ConfigError when a value under one of these paths is wrong or unset; without paths, anywhere."""
        missing = tuple(each for each in (*self.wrong, *self.unset) if not paths or each.path.startswith(paths))
        if missing:
            raise ConfigError(missing)


def named_path(option: str | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the named file: by option, else by ALBRA_CONFIG; None when neither is set."""
    name = option or environment.get("ALBRA_CONFIG")
    return Path(name) if name else None


def load(
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    without_secrets: bool = False,
    needed: str = "",
) -> Loaded:
    """Read `path`; for None, config.yaml in the working directory, or the built-in defaults.

    `without_secrets`: variables may be missing, and are listed in `Loaded.unset`. `needed`: only this key's part must
    be valid; other errors are listed in `Loaded.wrong`; empty: all of it. Raises ConfigError with all problems, a
    missing named file included.
    """
    if path is None and not Path(DEFAULT_PATH).exists():
        effective = default(SCHEMA)
        effective["accounts"]["main"]["exchange"] = "paper"
        return _assemble(effective, None)
    file = path or Path(DEFAULT_PATH)
    return load_text(_read(file), file, environment, without_secrets=without_secrets, needed=needed)


def load_text(
    text: str,
    file: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    without_secrets: bool = False,
    needed: str = "",
) -> Loaded:
    """Load a configuration from `text`; `file` names it in errors and anchors relative paths."""
    import yaml

    from adapters.config.document import Walk, compose

    walk = Walk(file=str(file), environment=environment)
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        raise ConfigError((_syntax_problem(file, text, error),)) from None
    effective = walk.value(SCHEMA, root, "")
    _check_across(walk, effective)
    problems = tuple(sorted(walk.problems, key=lambda problem: problem.line))
    unset = tuple(each for each in problems if without_secrets and each.unset and not each.path.startswith("storage."))
    wrong = tuple(each for each in problems if each not in unset)
    if any(_concerns(each, needed, walk.lines) for each in wrong):
        raise ConfigError(problems)
    return replace(_assemble(effective, file), unset=unset, wrong=wrong)


def _concerns(problem: Problem, needed: str, lines: Mapping[str, int]) -> bool:
    """Return whether a problem concerns the needed part: within it, above it, or in a section that may be its
    misspelling.
    """
    if f"{problem.path}.".startswith(f"{needed}.") or f"{needed}.".startswith(f"{problem.path}."):
        return True
    section = needed.partition(".")[0]
    if not needed or not problem.path:
        return True
    if section in lines:
        return False
    from difflib import get_close_matches

    return bool(get_close_matches(problem.path, [section], cutoff=_PERHAPS_MEANT))


def _read(file: Path) -> str:
    try:
        # Reading a pipe could block, and a device has no end.
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123 - no path
            found = os.fstat(opened.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise _unreadable(file, "a regular file", "a directory, a pipe or a device")
            if found.st_size > _SIZE_MAX:
                raise _unreadable(file, f"at most {_SIZE_MAX} bytes", f"{found.st_size} bytes")
            return opened.read(_SIZE_MAX).decode("utf-8")
    except FileNotFoundError:
        raise _unreadable(file, "a configuration file", "no such file") from None
    except UnicodeDecodeError as error:
        raise _unreadable(file, "UTF-8 text", f"byte {error.start} that is none") from None
    except OSError as error:
        raise _unreadable(file, "a readable file", error.strerror or type(error).__name__) from None


def _unreadable(file: Path, expected: str, found: str) -> ConfigError:
    return ConfigError((Problem(file=str(file), line=0, path="", expected=expected, found=found),))


def _syntax_problem(file: Path, text: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    found = " ".join(str(getattr(error, "problem", None) or error).split())
    line = mark.line + 1 if mark else 0
    around = text.splitlines()[max(0, line - 2) : line]
    advice = 'inside { } a variable needs quotes: "${NAME}"' if any("${" in row for row in around) else ""
    return Problem(file=str(file), line=line, path="", expected="valid YAML", found=found, advice=advice)


def _check_across(walk: Any, tree: Mapping[str, Any]) -> None:
    """Check values across keys."""
    first: dict[tuple[str, str], str] = {}
    for name, account in tree["accounts"].items():
        here = f"accounts.{name}"
        settle_exchange(walk, name, account)
        key, secret, base_url = account["api_key"], account["api_secret"], account["base_url"]
        absent = [part for part in ("api_key", "api_secret") if account[part] is None]
        written = [part for part in absent if f"{here}.{part}" in walk.lines]
        if len(absent) == 1:
            present = "api_secret" if absent[0] == "api_key" else "api_key"
            if not any(problem.path == f"{here}.{absent[0]}" for problem in walk.problems):
                walk.problem(here, f"{absent[0]} beside {present}", f"{present} alone")
        elif absent and base_url is not None and not written:
            walk.problem(here, "api_key and api_secret beside base_url", "neither")
        if account["exchange"] == "paper" and (key or secret or base_url):
            walk.problem(here, "neither keys nor base_url for exchange paper", "some")
        _check_places(walk, here, account)
        if isinstance(key, Secret):
            home = home_of(account["exchange"], base_url)
            place = (home or _same_place(base_url)) if base_url else account["environment"]
            other = first.setdefault((place, key.reveal()), here)
            if other != here:
                walk.problem(f"{here}.api_key", "a key of its own", f"the key of {other}")
    if not _is_zone(tree["limits"]["timezone"]):
        name = tree["limits"]["timezone"]
        walk.problem("limits.timezone", "a time zone such as UTC or Asia/Seoul", f"{name!r}")
    if 0 < tree["entries"]["good_for_s"] < _GOOD_FOR_LEAST_S:
        walk.problem("entries.good_for_s", f"0, or at least {_GOOD_FOR_LEAST_S}", str(tree["entries"]["good_for_s"]))
    telegram = tree["telegram"]
    if telegram["enabled"] and telegram["token"] is None and "telegram.token" not in walk.lines:
        walk.problem("telegram", "a token where enabled is true", "none")
    if telegram["enabled"] and not telegram["users"]:
        walk.problem("telegram", "at least one user where enabled is true", "none", "the bot would answer no one")
    zones = {"telegram.timezone": telegram["timezone"]}
    zones |= {f"telegram.timezones.{who}": zone for who, zone in telegram["timezones"].items()}
    for path, zone in zones.items():
        if not _is_zone(zone):
            walk.problem(path, "a time zone such as UTC or Asia/Seoul", f"{zone!r}")
    _check_webhook(walk, tree)
    called = {
        "telegram.api_base_url": telegram["api_base_url"],
        "notifier.webhook.url": tree["notifier"]["webhook"]["url"],
        "notifier.ping.url": tree["notifier"]["ping"]["url"],
    }
    for path, value in called.items():
        url = value.reveal() if isinstance(value, Secret) else value
        if url is not None and not _has_place(url):
            walk.problem(path, "a host, and a port up to 65535", "another one")
    check_combinations(walk, tree)
    if tree["notifier"]["weekly_report"] and not tree["notifier"]["daily_report"]:
        walk.problem("notifier.weekly_report", "daily_report beside it: it follows that", "none")


def _check_places(walk: Any, here: str, account: Mapping[str, Any]) -> None:
    """Check the addresses of an account's requests and sockets."""
    for name in ("base_url", "stream_url", "proxy"):
        value = account[name]
        url = value.reveal() if isinstance(value, Secret) else value
        if url is not None and not _has_place(url):
            walk.problem(f"{here}.{name}", "a host, and a port up to 65535", "another one")
    elsewhere = [name for name in ("stream_url", "proxy") if account[name] is not None]
    elsewhere += ["environment"] if account["environment"] != "live" else []
    if account["exchange"] == "paper" and elsewhere:
        walk.problem(f"{here}.{elsewhere[0]}", f"no {elsewhere[0]} for exchange paper", "one")


_LOOPBACK = "localhost"
_PORTS = {"http": 80, "https": 443}


def _same_place(url: str | None) -> str:
    """Return a server's canonical name: case, trailing slash, default port, loopback names."""
    if url is None or not _has_place(url):
        return url or ""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        address = ip_address(host)
    except ValueError:
        own = host == _LOOPBACK or host.endswith(f".{_LOOPBACK}")
    else:
        mapped = getattr(address, "ipv4_mapped", None)
        own = address.is_loopback or address.is_unspecified or (mapped is not None and mapped.is_loopback)
    return f"{_LOOPBACK if own else host}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def _has_place(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_webhook(walk: Any, tree: Mapping[str, Any]) -> None:
    names, strategies = list(tree["accounts"]), tree["webhook"]["strategies"]
    if tree["webhook"]["enabled"] and not strategies:
        walk.problem("webhook", "at least one strategy where enabled is true", "none")
    for name, strategy in strategies.items():
        here = f"webhook.strategies.{name}"
        if strategy["secret"] is None and not any(p.path == f"{here}.secret" for p in walk.problems):
            walk.problem(here, "a secret", "none", "without one anybody could trade")
        account = strategy["account"]
        if (account is None and len(names) > 1) or (account is not None and account not in names):
            walk.problem(f"{here}.account", "one of " + ", ".join(names), repr(account) if account else "none")


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return False
    return True


def _assemble(effective: dict[str, Any], source: Path | None) -> Loaded:
    base = source.parent if source is not None else Path()
    config = build(Config, {**effective, "accounts": _limited(effective)}, source=source)
    storage = replace(config.storage, path=_real(base / config.storage.path.expanduser()))
    return Loaded(config=replace(config, storage=storage), effective=effective)


def _limited(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accounts, each with the common limits where it has none of its own."""
    accounts: dict[str, Any] = {}
    for name, account in tree["accounts"].items():
        own = {limit: value for limit, value in account["limits"].items() if value is not None}
        accounts[name] = {**account, "limits": {**tree["limits"], **own}}
    return accounts


def _real(path: Path) -> Path:
    """Return the resolved path: links are followed here once, and not later."""
    return Path(os.path.realpath(path))
