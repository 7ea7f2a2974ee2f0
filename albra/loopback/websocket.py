"""A reading WebSocket client (RFC 6455) for one stream of JSON texts on loopback.

The standard library has none. No extensions: texts are returned, pings are answered, a close ends the stream.
"""

import base64
import hashlib
import http.client
import os
import select
import socket
import struct
import time
from collections.abc import Iterator

from albra.loopback.discovery import Token

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3."""
_TEXT, _CONTINUED, _BINARY, _CLOSE, _PING, _PONG = 0x1, 0x0, 0x2, 0x8, 0x9, 0xA
FRAME_MAX = 1 << 20


class HandshakeRefused(Exception):  # noqa: N818 - what happened
    """The server answered with an ordinary response; `status` is its code."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status} {body.decode(errors='replace')}")
        self.status = status


class StreamEnded(OSError):  # noqa: N818 - what happened
    """The server closed the stream in order."""


class WebSocket:
    """One open connection, used by one thread; `close` may come from another and ends `texts`."""

    def __init__(self, connection: http.client.HTTPConnection, path: str, token: Token, *, silence_s: float) -> None:
        """Perform the handshake on an open connection, and own it. Raises OSError, HandshakeRefused.

        A server that sends nothing for `silence_s`, not even a ping, is gone.
        """
        self._connection = connection
        try:
            self._shake_hands(path, token)
        except BaseException:
            self._connection.close()
            raise
        self._silence_s = silence_s
        self._whole = bytearray()
        self._socket.settimeout(silence_s)

    def texts(self) -> Iterator[str]:
        """Yield every text until the server or `close` ends the stream. Raises OSError when the connection breaks."""
        while True:
            try:
                said = self._take()
            except StreamEnded:
                return
            if said is not None:
                yield said

    def text(self, within_s: float) -> str | None:
        """Return the next text; None when none came in time. Raises OSError when the connection ended or broke."""
        deadline = time.monotonic() + within_s
        while self._readable(max(0.0, deadline - time.monotonic())):
            said = self._take()
            if said is not None:
                return said
        return None

    def _take(self) -> str | None:
        """Read one frame; return the text that it completes, if any. Raises StreamEnded when the server closes."""
        opcode, final, payload = self._frame()
        if opcode == _CLOSE:
            self._send(_CLOSE, payload[:2])
            raise StreamEnded("the server closed the event stream")
        if opcode == _PING:
            self._send(_PONG, payload)
        elif opcode in (_TEXT, _CONTINUED):
            self._whole += payload
            if len(self._whole) > FRAME_MAX:
                raise OSError(f"an event of more than {FRAME_MAX} bytes")
            if final:
                said = self._whole.decode()
                self._whole.clear()
                return said
        return None

    def _readable(self, within_s: float) -> bool:
        """Return whether a read would find data, in the buffer or on the socket."""
        self._socket.settimeout(0)
        try:
            buffered = bool(self._stream.peek(1))
        finally:
            self._socket.settimeout(self._silence_s)
        return buffered or bool(select.select([self._socket], [], [], within_s)[0])

    def close(self) -> None:
        """End the connection at once. Idempotent."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            self._stream.close()
            self._socket.close()

    def _shake_hands(self, path: str, token: Token) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        }
        self._connection.request("GET", path, headers=headers)
        sock = self._connection.sock
        assert isinstance(sock, socket.socket)
        self._socket = sock
        # The response object would treat frames as a body, so its headers are read from a stream of our own.
        self._stream = sock.makefile("rb")
        status = self._status()
        answered = http.client.parse_headers(self._stream)
        if status != http.client.SWITCHING_PROTOCOLS:
            body = self._stream.read(int(answered.get("Content-Length", "0")))
            self._stream.close()
            raise HandshakeRefused(status, body)
        proof = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()  # noqa: S324 - RFC 6455, 4.2.2
        if answered.get("Sec-WebSocket-Accept") != proof:
            self._stream.close()
            raise OSError("the answer to the WebSocket handshake is not one")

    def _status(self) -> int:
        """Return the response's status code. Raises OSError when the server ended early or sent no HTTP."""
        _, _, rest = self._stream.readline(FRAME_MAX).partition(b" ")
        code = rest[:3]
        if not code.isdigit():
            self._stream.close()
            raise ConnectionResetError("the WebSocket handshake broke off")
        return int(code)

    def _frame(self) -> tuple[int, bool, bytes]:
        """Return opcode, whether it is the message's last frame, payload; servers do not mask (RFC 6455, 5.1)."""
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        if second & 0x80 or length > FRAME_MAX:
            raise OSError("a frame that no server should send")
        return first & 0x0F, bool(first & 0x80), self._read(length)

    def _read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise ConnectionResetError("the event stream broke off")
        return data

    def _send(self, opcode: int, payload: bytes) -> None:
        """Send a control frame, masked as a client's must be."""
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload[:125]))
        self._socket.sendall(bytes([0x80 | opcode, 0x80 | len(masked)]) + mask + masked)
