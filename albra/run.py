"""One supervisor process, from its signals to its end."""

import faulthandler
import signal
import threading
from contextlib import ExitStack

from adapters.cli.outcome import CommandError, Exit
from adapters.config import Config
from adapters.hardening import keep_memory_private


def run(config: Config, *, live: bool) -> int:
    """Run the supervisor until SIGTERM, SIGINT or the end of its terminal (SIGHUP); positions stay open.

    `live`: stdout is a terminal, and shows a table. Raises CommandError where the supervisor cannot start.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, lambda *_: ended.set())
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    keep_memory_private()

    from adapters.control.server import ControlAddressError
    from adapters.storage.errors import JournalBoundElsewhere, JournalError, JournalLocked, explained
    from albra.process import start  # takes a second; signals are handled meanwhile

    with ExitStack() as stack:
        try:
            start(config, stack, live=live, ended=ended)
        except (JournalError, ControlAddressError, OSError, ValueError) as error:
            code = Exit.REFUSED if isinstance(error, JournalLocked | JournalBoundElsewhere) else Exit.FAILED
            raise CommandError(code, f"run: {explained(error, config.storage.path)}") from None
        while not ended.wait(1.0):  # an untimed wait would leave signals unhandled on some platforms
            pass
    return Exit.DONE
