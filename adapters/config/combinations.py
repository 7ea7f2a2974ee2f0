"""Checks across keys: values that are valid alone and contradictory together."""

from collections.abc import Mapping
from itertools import combinations, pairwise
from typing import Any

from adapters.secret import Secret

REAL = ("exchange", "environment", "base_url", "stream_url", "proxy")
"""Keys of an account that name a real exchange, or the way to one."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - read, not bound


def settle_exchange(walk: Any, name: str, account: dict[str, Any]) -> None:
    """Decide whether an account is real: by API keys or the name of a real exchange; the name without keys is a
    problem.

    An account with neither trades on the embedded paper venue.
    """
    here = f"accounts.{name}"
    keyed = any(f"{here}.{part}" in walk.lines and not _empty(walk, here, part, account) for part in _KEYS)
    named = [key for key in REAL if f"{here}.{key}" in walk.lines and account[key] not in (None, "paper")]
    if keyed or account["exchange"] == "paper":
        return
    if not named:
        account["exchange"] = "paper"
    elif named != ["base_url"]:  # which has an error of its own
        found = account["exchange"] if named[0] == "exchange" else "neither"
        advice = "export them first and write ${NAME}, or write exchange: paper"
        walk.problem(f"{here}.{named[0]}", f"api_key and api_secret beside {named[0]}", f"{found} alone", advice)


_KEYS = ("api_key", "api_secret")


def _empty(walk: Any, here: str, part: str, account: Mapping[str, Any]) -> bool:
    """Return whether a key is written as null; an unset variable counts as written and is reported elsewhere."""
    return account[part] is None and not any(problem.path == f"{here}.{part}" for problem in walk.problems)


def check_combinations(walk: Any, tree: Mapping[str, Any]) -> None:
    """Check all combinations; add a problem for each violation."""
    _check_ports(walk, tree)
    _check_order(walk, tree["phase2"]["reconciliation"])
    _check_secrets(walk, tree)
    hours = tree["telegram"]["quiet_hours"]
    if hours is not None and hours[:5] == hours[6:]:
        walk.problem("telegram.quiet_hours", "two different times", hours, "left out: no quiet hours")
    chats = tree["telegram"]["chats"]
    if len(set(chats)) != len(chats):
        walk.problem("telegram.chats", "each chat once", "one twice", "it would hear everything twice")


def _check_ports(walk: Any, tree: Mapping[str, Any]) -> None:
    wanted = [
        ("control", tree["control"]["host"], tree["control"]["port"]),
        *([("webhook", tree["webhook"]["host"], tree["webhook"]["port"])] if tree["webhook"]["enabled"] else []),
        ("paper", "127.0.0.1", tree["paper"]["port"]),
    ]
    for (first, one, port), (second, other, same) in combinations(wanted, 2):
        if port and port == same and (_place(one) == _place(other) or {one, other} & set(_EVERYWHERE)):
            walk.problem(f"{second}.port", f"another port than {first}.port", str(port))


def _place(host: str) -> str:
    return "127.0.0.1" if host in _LOOPBACK else host


def _check_order(walk: Any, tree: Mapping[str, Any]) -> None:
    """Check keys whose values must be ordered."""
    here = "phase2.reconciliation"
    for faster, slower in pairwise(("fast", "normal", "slow")):
        intervals = tree["check_intervals"]
        if intervals[faster] > intervals[slower]:
            expected = f"at least {faster}, {intervals[faster]}"
            walk.problem(_written(walk, f"{here}.check_intervals", slower, faster), expected, str(intervals[slower]))
    bounds = tree["thresholds"]
    if bounds["warning_notional"] > bounds["critical_notional"]:
        path = _written(walk, f"{here}.thresholds", "critical_notional", "warning_notional")
        expected = f"at least warning_notional, {bounds['warning_notional']}"
        walk.problem(path, expected, str(bounds["critical_notional"]))


def _written(walk: Any, here: str, *names: str) -> str:
    """Return the first of these keys in the file."""
    return next((f"{here}.{name}" for name in names if f"{here}.{name}" in walk.lines), f"{here}.{names[0]}")


def _check_secrets(walk: Any, tree: Mapping[str, Any]) -> None:
    """Check that no two strategies share a secret: a sender trusted by one could trade as the other."""
    first: dict[Secret, str] = {}
    for name, strategy in tree["webhook"]["strategies"].items():
        here, secret = f"webhook.strategies.{name}", strategy["secret"]
        if isinstance(secret, Secret) and (other := first.setdefault(secret, here)) != here:
            walk.problem(f"{here}.secret", "a secret of its own", f"that of {other}")
