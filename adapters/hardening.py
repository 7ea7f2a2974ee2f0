"""What the process asks of the system, so that others learn nothing from its files and its memory."""

import os
import resource
import sys
from contextlib import suppress

_PR_SET_DUMPABLE = 4
"""prctl(2)."""


def keep_private() -> None:
    """Files that are made from now on are their owner's alone, and a crash leaves no image of our secrets."""
    os.umask(0o077)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def keep_memory_private() -> None:
    """Other processes of this user may not read our memory, where the system knows how to forbid that."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
