"""An answer that does not end, or unpacks to gigabytes, is broken off: what became of the request is not known."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.exchange import redirects
from adapters.exchange.binance.transport import SERVER_TIME
from adapters.exchange.outcome import Answered, Ask, Unknown
from tests.exchange.test_redirects import ORDER, ask

MOST = 1 << 20
BOMB = gzip.compress(b'{"serverTime": 1, "padding": "' + b" " * (64 * MOST) + b'"}')
FITS = gzip.compress(b'{"serverTime": 1, "padding": "' + b" " * (MOST // 2) + b'"}')


@contextmanager
def answering(body: bytes, *, endless: bool = False) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            if endless:
                self.end_headers()
                with suppress(OSError):  # the reader hangs up
                    while True:
                        self.wfile.write(b" " * 65_536)
                return
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("endless", [False, True], ids=["a bomb", "no end"])
def test_an_answer_beyond_all_measure_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch, *, endless: bool
) -> None:
    monkeypatch.setattr(redirects, "ANSWER_MOST", MOST)
    with answering(BOMB, endless=endless) as url:
        assert isinstance(ask(url, Ask.SUBMIT, ORDER), Unknown)


def test_an_answer_that_fits_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redirects, "ANSWER_MOST", MOST)
    with answering(FITS) as url:
        assert isinstance(ask(url, Ask.READ, SERVER_TIME), Answered)
