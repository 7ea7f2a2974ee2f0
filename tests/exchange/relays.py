"""Small real servers on loopback that stand between an adapter and its venue: half of a venue, and proxies."""

import asyncio
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

HEAD_MOST = 65_536


@dataclass
class Relay:
    """What came by: the first line of each connection, and what a proxy was told of its user."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


async def _until_head_ends(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.CancelledError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b"", answer: bytes = b""
) -> None:
    """Both ways, between a client and a server on loopback, until either ends."""
    there, back = await asyncio.open_connection("127.0.0.1", port)
    back.write(first)
    writer.write(answer)
    await asyncio.gather(_pump(reader, back), _pump(there, writer))


@dataclass
class Half:
    """A server with the requests of a venue only, or with its websockets only."""

    venue_port: int
    sockets: bool
    seen: Relay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await _until_head_ends(reader)
        self.seen.lines.append(head.split(b"\r\n", 1)[0].decode())
        if (b"upgrade: websocket" in head.lower()) is not self.sockets:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()
            return
        await _join(reader, writer, self.venue_port, head)


@dataclass
class HttpProxy:
    """Passes on to loopback only; a tunnel to anywhere else is noted and refused."""

    seen: Relay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await _until_head_ends(reader)
        line, *rest = head.split(b"\r\n")
        self.seen.lines.append(line.decode())
        for row in rest:
            name, _, value = row.partition(b":")
            if name.lower() == b"proxy-authorization":
                self.seen.users.append(b64decode(value.split()[-1]).decode())
        method, target, version = line.split()
        if method == b"CONNECT":
            host, _, port = target.rpartition(b":")
            if host != b"127.0.0.1":
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            await _join(reader, writer, int(port), answer=b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        parts = urlsplit(target.decode())
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        # Each request comes on a connection of its own, so that each is seen; a websocket keeps its connection.
        kept = rest if b"upgrade: websocket" in head.lower() else [b"Connection: close", *rest]
        first = b"\r\n".join([b" ".join([method, path.encode(), version]), *kept])
        await _join(reader, writer, parts.port or 80, first)


@dataclass
class Socks5:
    """User and password, and CONNECT to loopback."""

    seen: Relay

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x02")
        _, length = await reader.readexactly(2)
        user = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        self.seen.users.append(f"{user.decode()}:{password.decode()}")
        writer.write(b"\x01\x00")
        _, _, _, kind = await reader.readexactly(4)
        host = await reader.readexactly(4 if kind == 1 else (await reader.readexactly(1))[0])
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.seen.lines.append(f"CONNECT {'.'.join(map(str, host)) if kind == 1 else host.decode()}:{port}")
        await _join(reader, writer, port, answer=b"\x05\x00\x00\x01" + bytes(6))


Server = Half | HttpProxy | Socks5


@contextmanager
def running(server: Server) -> Iterator[Relay]:
    """On a loop of its own, at a free port, until the end of the block."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await server.serve(reader, writer)
        writer.close()

    async def main() -> None:
        listening = await asyncio.start_server(handle, "127.0.0.1", 0, limit=HEAD_MOST)
        server.seen.port = int(listening.sockets[0].getsockname()[1])
        ready.set()
        with suppress(asyncio.CancelledError):
            await listening.serve_forever()

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(main())
        loop.run_until_complete(task)
        left = asyncio.all_tasks(loop)
        for each in left:
            each.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield server.seen
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        thread.join(5)
