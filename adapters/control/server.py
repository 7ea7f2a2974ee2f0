"""The control API's server, on a loop thread of its own."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.config.values import WebhookConfig
from adapters.control.address import TOKEN_FILE, ControlAddress, announce, provide_token, withdraw
from adapters.control.listeners import Listeners
from adapters.control.pending import ANSWERS, Pending
from adapters.control.routes import Routes
from adapters.control.webhook import Webhook
from adapters.control.wire import instant
from messages.base import Message
from messages.types import AccountId

ANSWER_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 5.0


class ControlAddressError(Exception):
    """The address of the control API cannot be bound; the text says which and what to do."""


class ControlServer:
    """`submit` hands a message to the supervisor without blocking, False: its mailbox is full.

    What is addressed to `control` comes back through `deliver`, from any thread: answers complete their
    requests, everything else goes to who listens on /v1/events.
    """

    def __init__(
        self,
        *,
        storage: Path,
        submit: Callable[[Message], bool],
        accounts: tuple[AccountId, ...],
        host: str = "127.0.0.1",
        port: int = 0,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        details: Mapping[str, Any] | None = None,
        webhook: WebhookConfig | None = None,
    ) -> None:
        """`details` stand in control.json beside the address, for the owner's eyes.

        `webhook`: alerts are taken on an address of its own, which nothing else of this is reached by.
        """
        self._storage = storage
        self._host = host
        self._port = port
        self._accounts = accounts
        self._answer_timeout_s = answer_timeout_s
        self._details = dict(details or {})
        self._webhook = webhook if webhook is not None and webhook.enabled else None
        self._listeners = Listeners()
        self._pending = Pending(submit)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._runners: list[web.AppRunner] = []
        self._started_ns = time.time_ns()

    def start(self) -> ControlAddress:
        """Bind, announce in control.json, serve. Raises ControlAddressError; OSError where storage is not writable."""
        token = provide_token(self._storage)
        self._thread.start()
        try:
            port = asyncio.run_coroutine_threadsafe(self._bind(token), self._loop).result()
        except ControlAddressError:
            self._end_loop()
            raise
        address = ControlAddress(
            host=self._host, port=port, pid=os.getpid(), token_path=(self._storage / TOKEN_FILE).absolute()
        )
        announce(self._storage, address, {**self._details, "started": instant(self._started_ns)})
        return address

    def deliver(self, message: Message) -> None:
        """Never blocks, never raises; after `stop` it does nothing."""
        if not isinstance(message, ANSWERS) and not self._listeners.count:
            return
        try:
            self._loop.call_soon_threadsafe(self._arrived, message)
        except RuntimeError:  # The loop is closed: nobody is left to be told.
            return

    def stop(self) -> None:
        """Refuse what still waits, end the event streams, take the address back. Idempotent."""
        if self._loop.is_closed():
            return
        withdraw(self._storage, os.getpid())
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_STOP_TIMEOUT_S)
        self._end_loop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _bind(self, token: str) -> int:
        routes = Routes(
            pending=self._pending,
            listeners=self._listeners,
            token=token,
            accounts=self._accounts,
            answer_timeout_s=self._answer_timeout_s,
            health=self._health,
        )
        port = await self._serve("control.port", routes.application(), self._host, self._port)
        if self._webhook is not None:
            application = Webhook(self._webhook, routes.carry_out).application()
            hook = await self._serve("webhook.port", application, self._webhook.host, self._webhook.port)
            self._details["webhook"] = {"host": self._webhook.host, "port": hook}
        return port

    async def _serve(self, key: str, application: web.Application, host: str, port: int) -> int:
        """The bound port. Raises ControlAddressError, with everything that was bound closed again."""
        runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1)
        self._runners.append(runner)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await self._cleanup()
            raise ControlAddressError(
                f"{key}: {host}:{port} cannot be bound ({error.strerror or error});"
                " choose another port in the configuration, or 0 for any"
            ) from None
        return int(runner.addresses[0][1])

    async def _cleanup(self) -> None:
        while self._runners:
            await self._runners.pop().cleanup()

    def _health(self) -> dict[str, Any]:
        return {"status": "ok", "pid": os.getpid(), "started": instant(self._started_ns)}

    def _arrived(self, message: Message) -> None:
        if isinstance(message, ANSWERS):
            self._pending.complete(message)
        else:
            self._listeners.publish(message)

    async def _close(self) -> None:
        self._pending.close()
        self._listeners.close()
        await self._cleanup()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_TIMEOUT_S)
        if not self._thread.is_alive():
            self._loop.close()
