"""Wires the control API and the live table."""

import sys
from functools import partial
from time import time_ns
from typing import Any

from adapters.cli.live import Screen
from adapters.config import Config
from adapters.control.server import ControlServer
from adapters.listening.descriptors import Shares
from adapters.paper.server import EmbeddedServer
from albra.status import money
from albra.wiring import Wiring
from messages.addresses import NOTIFIER, SUPERVISOR


def control_server(wiring: Wiring, paper: EmbeddedServer | None, share: Shares) -> ControlServer:
    """Return the server, not started yet. It serves once the supervisor's mailbox is open."""
    config, system = wiring.config, wiring.system
    return ControlServer(
        storage=config.storage.path,
        submit=partial(system.offer, SUPERVISOR),
        started=partial(system.is_open, SUPERVISOR),
        accounts=tuple(account.account for account in config.accounts),
        host=config.control.host,
        port=config.control.port,
        details=_reachable(paper),
        webhook=config.webhook,
        shares=share,
        notify=partial(system.tell, NOTIFIER),
    )


def _reachable(paper: EmbeddedServer | None) -> dict[str, Any]:
    """Return the embedded venue's address and keys for `albra flatten`, `doctor` and `demo`."""
    if paper is None:
        return {}
    accounts = {name: {"api_key": key, "api_secret": secret} for name, (key, secret) in paper.accounts.items()}
    first = {"api_key": paper.api_key, "api_secret": paper.api_secret}
    return {"paper": {"url": paper.http_url, **first, "accounts": accounts}}


def screen(config: Config, header: dict[str, str], *, live: bool) -> Screen:
    """Return the table on stdout, or plain lines when not `live`; `header` stands above it."""
    names = {a.account: "paper" if a.embedded else a.place for a in config.accounts}
    header = {**header, **{f"account {account}": venue for account, venue in names.items()}}
    banner = "".join(str(each.value).replace("paper", "PAPER", 1) for each in money(config))
    return Screen(sys.stdout, title="albra", header=header, live=live, banner=banner, started_ns=time_ns())
