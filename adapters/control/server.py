"""The control API's server, on a loop thread of its own."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.config.values import WebhookConfig
from adapters.control.announcement import Announcement, announce, mint_token
from adapters.control.answers import unreadable
from adapters.control.columns import instant
from adapters.control.listeners import Listeners
from adapters.control.pending import ANSWERS, Pending
from adapters.control.routes import Routes
from adapters.control.webhook import Webhook
from adapters.listening.descriptors import Shares
from adapters.listening.door import Door
from adapters.loop_thread import LoopThread
from adapters.secret import Secret
from albra.loopback.discovery import TOKEN_FILE, ControlAddress
from messages.base import Message
from messages.requests import Notify
from messages.statement import word
from messages.status import Rows, StatusRow
from messages.types import AccountId
from messages.wording.status import Status

ANSWER_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 5.0


class ControlAddressError(Exception):
    """The address of the control API cannot be bound; the text names it and the remedy."""


class ControlServer:
    """Serves the control API. `submit` passes a message to the supervisor without blocking; False: its mailbox is full.

    Messages to `control` come through `deliver`, from any thread: answers complete their requests, all others go to the
    listeners of /v1/events.
    """

    def __init__(
        self,
        *,
        storage: Path,
        submit: Callable[[Message], bool],
        started: Callable[[], bool] = lambda: True,
        accounts: tuple[AccountId, ...],
        host: str = "127.0.0.1",
        port: int = 0,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        details: Mapping[str, Any] | None = None,
        webhook: WebhookConfig | None = None,
        shares: Shares | None = None,
        notify: Callable[[Notify], object] = lambda _notice: None,
    ) -> None:
        """`details` are added to control.json, which only its owner can read.

        `webhook`: alerts are served on an address of their own, which reaches nothing else here. `shares`: connections
        per listener. `notify` sends the owner a notice of refused alerts.
        """
        self._storage = storage
        self._host = host
        self._port = port
        self._accounts = accounts
        self._answer_timeout_s = answer_timeout_s
        self._details = dict(details or {})
        self._webhook = webhook if webhook is not None and webhook.enabled else None
        self._listeners = Listeners()
        self._pending = Pending(submit, started)
        self._thread = LoopThread("control")
        self._shares = shares or Shares(limit=0)
        self._notify = notify
        self._doors: list[Door] = []
        self._announcement: Announcement | None = None
        self._started_ns = time.time_ns()

    def start(self) -> ControlAddress:
        """Bind, announce in control.json, serve. Raises ControlAddressError; OSError when the storage is not
        writable.
        """
        token = mint_token(self._storage)
        self._thread.start()
        try:
            port = self._thread.ask(self._bind(token))
        except ControlAddressError:
            self._thread.stop(self._close, _STOP_TIMEOUT_S)
            raise
        address = ControlAddress(
            host=self._host, port=port, pid=os.getpid(), token_path=(self._storage / TOKEN_FILE).absolute()
        )
        said = {**self._details, "started": instant(self._started_ns)}
        self._announcement = announce(self._storage, address, said)
        return address

    def deliver(self, message: Message) -> None:
        """Never blocks, never raises; after `stop` it does nothing."""
        if not isinstance(message, ANSWERS) and not self._listeners.count:
            return
        self._thread.post(self._arrived, message)

    def stop(self) -> None:
        """Refuse waiting requests, end the event streams, withdraw the announcement. Idempotent."""
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None
        self._thread.stop(self._close, _STOP_TIMEOUT_S)

    async def _bind(self, token: Secret) -> int:
        routes = Routes(
            pending=self._pending,
            listeners=self._listeners,
            token=token,
            accounts=self._accounts,
            answer_timeout_s=self._answer_timeout_s,
            health=self._health,
            host=self._host,
        )
        most = self._shares.control
        port = await self._serve("control", routes.application(), self._host, self._port, most)
        if self._webhook is not None:
            hook = self._webhook
            application = Webhook(hook, routes.carry_out, notify=self._notify).application()
            hook_port = await self._serve("webhook", application, hook.host, hook.port, self._shares.webhook)
            self._details["webhook"] = {"host": hook.host, "port": hook_port}
        return port

    async def _serve(self, name: str, application: web.Application, host: str, port: int, most: int) -> int:
        """Bind and serve; return the port. Raises ControlAddressError, with every bound socket closed."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family)
        except OSError as error:
            await self._cleanup()
            raise ControlAddressError(
                f"{name}.port: {host}:{port} cannot be bound ({error.strerror or error});"
                " choose another port in the configuration, or 0 for any"
            ) from None
        door = Door(name, application, listening, most=most, unreadable=unreadable)
        self._doors.append(door)
        await door.open()
        return door.port

    async def _cleanup(self) -> None:
        while self._doors:
            await self._doors.pop().close()

    def rows(self) -> Rows:
        """Return the connections of each listener, for `albra status`; from any thread."""
        return tuple(
            StatusRow(section=Status.LISTENERS(), name=word(door.name), value=door.figures())
            for door in list(self._doors)
        )

    def _health(self) -> dict[str, Any]:
        return {"pid": os.getpid(), "started": instant(self._started_ns)}

    def _arrived(self, message: Message) -> None:
        if isinstance(message, ANSWERS):
            self._pending.complete(message)
        else:
            self._listeners.publish(message)

    async def _close(self) -> None:
        self._pending.close()
        self._listeners.close()
        await self._cleanup()
