"""Shares the process's file descriptors among listeners, with a reserve that no listener gets."""

import resource
from contextlib import suppress
from dataclasses import dataclass

WANTED = 65_536
BASE = 96
"""For journal, logs, chat, event loops, imports, with a margin."""
PER_ACCOUNT = 24
"""REST and stream connections of one account; twice on the embedded venue, whose server end is here too."""
CONTROL_MOST, WEBHOOK_MOST, PAPER_MOST = 128, 128, 512
_LEAST = 8
"""A listener's minimum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Connections per listener. `limit` is the process's; `enough`: the reserve is complete."""

    limit: int
    control: int = CONTROL_MOST
    webhook: int = WEBHOOK_MOST
    paper: int = PAPER_MOST
    enough: bool = True

    @property
    def remark(self) -> str:
        """Return the remedy for a limit that is too low; empty when it suffices."""
        return "" if self.enough else f"only {self.limit} files may be open at once: raise `ulimit -n` to 4096 or more"


def raise_limit(wanted: int = WANTED) -> int:
    """Raise the soft limit up to the hard one; return the result."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    goal = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < goal:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (goal, hard))
            soft = goal
    return soft


def alone(limit: int) -> int:
    """Return the connections of a paper venue that runs alone."""
    return max(_LEAST, min(PAPER_MOST, limit - BASE // 2))


def needed(accounts: int) -> int:
    """Return the descriptors that `accounts` need besides the listeners' minimum."""
    return BASE + PER_ACCOUNT * accounts + 3 * _LEAST


def shares(limit: int, accounts: int) -> Shares:
    """Share the rest after the reserve for venues, journal and chat, smaller wishes first."""
    left = max(0, limit - BASE - PER_ACCOUNT * accounts)
    control = max(_LEAST, min(CONTROL_MOST, left // 3))
    webhook = max(_LEAST, min(WEBHOOK_MOST, (left - control) // 2))
    paper = max(_LEAST, min(PAPER_MOST, left - control - webhook))
    return Shares(limit=limit, control=control, webhook=webhook, paper=paper, enough=limit >= needed(accounts))
