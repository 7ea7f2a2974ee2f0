"""The doctor's checks of privacy and of resource limits."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from adapters.cli.checks import Finding, fail, ok, warn
from adapters.config import Config
from adapters.config.exposed import in_clear as exposed
from adapters.listening.descriptors import needed, raise_limit
from adapters.storage.private import complaints, replaceable

SHOWN_MOST = 5


def storage(directory: Path) -> Iterator[Finding]:
    """Check that only this user can access the data directory and its content."""
    if not directory.exists():
        return
    for above in replaceable(directory):
        yield warn("privacy", f"others can write {above} and replace ours", "chmod go-w it")
    found = dict(complaints(directory))
    said = [f"{path} {why}" for path, why in found.items()]
    if not found:
        yield ok("privacy", f"{directory} is closed to others")
    elif all(_closable(path) for path in found):
        yield warn("privacy", "; ".join(said), "the next start closes it")
    else:
        more = f", and {len(said) - SHOWN_MOST} more" if len(said) > SHOWN_MOST else ""
        advice = "stop Albra, then chmod -R go= and chown -R it; let no other user write the directories above"
        yield fail("privacy", "; ".join(said[:SHOWN_MOST]) + more, advice)


def _closable(path: Path) -> bool:
    """Return whether a start can restrict the file: this user's, under one name."""
    at = path.lstat()
    ours = at.st_uid == os.geteuid()
    return ours and (stat.S_ISDIR(at.st_mode) or (stat.S_ISREG(at.st_mode) and at.st_nlink == 1))


def in_clear(config: Config) -> Iterator[Finding]:
    """Report addresses beyond this machine without TLS, over which keys, tokens and orders travel."""
    for key, host in exposed(config):
        yield warn("encryption", f"{key} speaks to {host} without TLS", "use https or wss: others read and alter it")


def descriptors(config: Config) -> Iterator[Finding]:
    """Check the process's limit of open files and connections, raised as far as permitted."""
    limit, least = raise_limit(), needed(len(config.accounts))
    if limit < least:
        advice = "`ulimit -n 4096`, or LimitNOFILE=4096 in the service's unit"
        yield fail("open files", f"{limit} may be open at once, {least} are needed", advice)
    else:
        yield ok("open files", f"{limit} may be open at once")
