"""Connections are few: who floods displaces itself, who belongs here gets in, who dawdles or does not read is cut."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.listening import door as doors
from adapters.listening.door import Door, prove

MOST = 8
FLOOD = 200
WAIT_S = 10
GREETING = b"GET /known HTTP/1.1\r\nHost: x\r\n\r\n"


class Client:
    """One raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, path: str) -> int:
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WAIT_S)
        await self.reader.readexactly(2)
        return int(head.split()[1])

    async def ended(self) -> None:
        """Returns when the server has closed it."""
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(65_536), WAIT_S):
                pass

    @property
    def open(self) -> bool:
        return not self.reader.at_eof() and self.reader.exception() is None


@asynccontextmanager
async def opened(
    cut: asyncio.Event | None = None,
) -> AsyncIterator[tuple[Door, Callable[[], Awaitable[Client]]]]:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/known":
            prove(request)
        return web.Response(text="ok")

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        finally:
            if cut is not None:
                cut.set()

    application = web.Application()
    application.add_routes([web.get("/endless", endless), web.get("/{name}", answer)])
    door = Door("test", application, socket.create_server(("127.0.0.1", 0)), most=MOST, cancels=True, shutdown_s=0.1)
    await door.open()
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", door.port)))
        return clients[-1]

    try:
        yield door, connect
    finally:
        for client in clients:
            client.writer.close()
        await door.close()


def test_a_flood_of_idle_connections_displaces_itself_and_who_is_known_stays() -> None:
    async def run() -> None:
        async with opened() as (door, connect):
            known = await connect()
            assert await known.ask("/known") == 200
            idle = [await connect() for _ in range(FLOOD)]
            newcomer = await connect()
            assert await newcomer.ask("/known") == 200, "one more gets in, however many are idle"
            assert await known.ask("/known") == 200, "and who was there is there"
            await idle[0].ended()
            assert len(door._guests) <= MOST
            assert door.sent_away >= FLOOD - MOST

    asyncio.run(run())


def test_where_all_belong_here_an_idle_one_leaves() -> None:
    async def run() -> None:
        async with opened() as (_, connect):
            guests = [await connect() for _ in range(MOST)]
            for guest in guests:
                assert await guest.ask("/known") == 200
            assert await (await connect()).ask("/known") == 200
            await guests[0].ended()
            assert await guests[-1].ask("/known") == 200

    asyncio.run(run())


def test_what_comes_late_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "REQUEST_S", 0.2)
    monkeypatch.setattr(doors, "SWEEP_S", 0.05)

    async def run() -> None:
        async with opened() as (_, connect):
            silent, slow = await connect(), await connect()
            slow.writer.write(GREETING[:-4])  # a header that never ends
            await silent.ended()
            await slow.ended()

    asyncio.run(run())


def test_a_reader_that_takes_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "STALLED_S", 0.2)
    monkeypatch.setattr(doors, "SWEEP_S", 0.05)

    async def run() -> None:
        cut = asyncio.Event()
        async with opened(cut) as (_, connect):
            deaf = await connect()
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
            deaf.writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(cut.wait(), WAIT_S)

    asyncio.run(run())


def test_without_descriptors_it_pauses_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(doors, "PAUSE_S", 0.01)
    caplog.set_level(logging.WARNING)

    class Exhausted(socket.socket):
        left = 50

        def accept(self) -> tuple[socket.socket, object]:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def ok(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def run() -> None:
        listening = Exhausted()
        listening.bind(("127.0.0.1", 0))
        application = web.Application()
        application.router.add_get("/known", ok)
        door = Door("test", application, listening, most=MOST)
        await door.open()
        client = Client(*await asyncio.open_connection("127.0.0.1", door.port))
        assert await client.ask("/known") == 200
        client.writer.close()
        await door.close()

    asyncio.run(run())
    said = [record.getMessage() for record in caplog.records if "accepted" in record.getMessage()]
    assert said == ["a connection could not be accepted: test: Too many open files"]


def test_what_is_no_http_leaves_no_trace_of_our_stack(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with opened() as (_, connect):
            for noise in (
                b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n",
                b"GET / HTTP/9\r\n\r\n",
                b"\xff" * 100 + b"\r\n\r\n",
            ):
                client = await connect()
                client.writer.write(noise)
                await client.ended()

    asyncio.run(run())
    assert [record for record in caplog.records if record.exc_info] == []
