"""A server that stops while others still come in lets go of every connection."""

import gc
import socket
import threading
from contextlib import ExitStack

from adapters.paper.binance.venue import PaperVenue
from adapters.paper.server import PaperServer, serve_in_thread

ROUNDS = 8
GUESTS = 300


def test_who_comes_in_as_it_stops_leaves_nothing_behind() -> None:
    """What is left behind is told by the collector, and that fails a test of this suite."""
    came: list[int] = []
    for _ in range(ROUNDS):
        with ExitStack() as guests:
            with serve_in_thread(lambda: PaperServer(PaperVenue(seed=1, now_ms=1_700_000_000_000), port=0)) as server:
                knocking = threading.Thread(target=_knock, args=(server.port, guests, came))
                knocking.start()
            knocking.join()
        gc.collect()
    assert came, "nobody came while there was a server: this proves nothing"


def _knock(port: int, guests: ExitStack, came: list[int]) -> None:
    for guest in range(GUESTS):
        try:
            guests.enter_context(socket.create_connection(("127.0.0.1", port), 1))
        except OSError:
            return
        came.append(guest)
