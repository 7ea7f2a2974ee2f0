"""How many descriptors this process may have, and how they are shared out: listeners never get all of them."""

import resource
from contextlib import suppress
from dataclasses import dataclass

WANTED = 65_536
BASE = 96
"""Journal, logs, chat, event loops, imports: with room to spare."""
PER_ACCOUNT = 24
"""REST and stream connections of one account, twice on the embedded venue, whose both ends are here."""
CONTROL_MOST, WEBHOOK_MOST, PAPER_MOST = 128, 128, 512
_LEAST = 8
"""A listener with fewer is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Connections that each listener may hold. `limit` is the process's; `enough`: beside them all else has its own."""

    limit: int
    control: int = CONTROL_MOST
    webhook: int = WEBHOOK_MOST
    paper: int = PAPER_MOST
    enough: bool = True

    @property
    def remark(self) -> str:
        """What to do about a limit that is too low, empty where it is not."""
        return "" if self.enough else f"only {self.limit} files may be open at once: raise `ulimit -n` to 4096 or more"


def raise_limit(wanted: int = WANTED) -> int:
    """Lift the soft limit as far as the hard one lets us; what it is then."""
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
    """Connections of the paper venue where it is all that this process does."""
    return max(_LEAST, min(PAPER_MOST, limit - BASE // 2))


def needed(accounts: int) -> int:
    """What `accounts` need beside their listeners' least."""
    return BASE + PER_ACCOUNT * accounts + 3 * _LEAST


def shares(limit: int, accounts: int) -> Shares:
    """What is left beside the reserve for venues, journal and chat is shared out, smaller wishes first."""
    left = max(0, limit - BASE - PER_ACCOUNT * accounts)
    control = max(_LEAST, min(CONTROL_MOST, left // 3))
    webhook = max(_LEAST, min(WEBHOOK_MOST, (left - control) // 2))
    paper = max(_LEAST, min(PAPER_MOST, left - control - webhook))
    return Shares(limit=limit, control=control, webhook=webhook, paper=paper, enough=limit >= needed(accounts))
