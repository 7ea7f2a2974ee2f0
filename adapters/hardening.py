"""Process settings that keep its files and memory private."""

import os
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def keep_private() -> None:
    """Make new files readable by their owner only, and disable core dumps, which would contain secrets."""
    os.umask(0o077)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def keep_memory_private() -> None:
    """Forbid other processes of this user to read our memory, where the system supports it."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
