"""`albra flatten --break-glass`: closes everything of an account at the venue, whatever state Albra is in."""

import asyncio
import secrets
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.cli.reach import account_named, reach
from adapters.clock import SystemClock
from adapters.config import AccountConfig, Loaded
from adapters.exchange.flatten import DEADLINE_S, Closing, Flatten, Flattened
from adapters.exchange.session import Session
from adapters.exchange.settings import ExchangeSettings
from albra.loopback.discovery import holder
from albra.loopback.transport import Lost, TokenUnreadable, Transport, Unreachable
from messages.decimals import trimmed
from messages.text import shown
from messages.types import AccountId

COURTESY_S = 4.0
"""How long the supervisor's answer to a courtesy is waited for: an emergency does not wait for it."""
_COLUMNS = ("symbol", "side", "quantity", "closed", "left", "price", "trouble")


def flatten(arguments: Namespace, loaded: Loaded) -> None:
    """Closes what the account holds; needs its keys and no other secret.

    Raises ConfigError where one of them is not set. Raises CommandError: REFUSED unconfirmed, UNKNOWN where the end
    could not be read, FAILED where not flat.
    """
    if not arguments.break_glass:
        raise CommandError(
            Exit.USAGE,
            "flatten goes around the supervisor and the journal: add --break-glass, or use `albra close --all`",
        )
    config = loaded.config
    account = account_named(config, arguments.account, "flatten")
    loaded.require(f"accounts.{account.account}.", *(("storage", "paper") if account.embedded else ()))
    pid = holder(config.storage.path)
    _confirm(account, arguments.yes, pid)
    say = _silent if arguments.json else _say
    beside = _Beside(config.storage.path, account.account)
    if pid is not None:
        paused = "its openings are paused, `albra resume` ends that" if beside.pause() else "it does not answer"
        say(f"a supervisor runs beside this (pid {pid}): {paused}")
    deadline_s = DEADLINE_S if arguments.timeout is None else float(arguments.timeout)
    say(f"account {account.account}: {account.place}")
    with reach(config, account) as settings:
        flattened = asyncio.run(_flatten(account, settings, say, beside, deadline_s))
    _tell(flattened, as_json=arguments.json)


class _Beside:
    """The supervisor that may run beside us. What it is asked is a courtesy: nothing here depends on an answer.

    Its strategies should not open again what is being closed, and it should learn at once that its
    positions are gone, lest it puts up their stops again until its next comparison.
    """

    def __init__(self, storage: Path, account: AccountId) -> None:
        self._transport = Transport(storage)
        self._account = account

    def pause(self) -> bool:
        """Hold the account's openings; whether it said that it does."""
        return self._ask("pause", {"account": self._account})

    def compare(self) -> bool:
        return self._ask("reconcile", {})

    def _ask(self, name: str, body: Mapping[str, Any]) -> bool:
        deadline = time.monotonic() + COURTESY_S
        try:
            answer = self._transport.command(name, {"command_id": f"flatten-{secrets.token_hex(8)}", **body}, deadline)
        except (Unreachable, Lost, TokenUnreadable):
            return False
        return answer.status == 200


async def _flatten(
    account: AccountConfig, settings: ExchangeSettings, say: Callable[[str], None], beside: _Beside, deadline_s: float
) -> Flattened:
    loop = asyncio.get_running_loop()
    session = Session(settings, SystemClock())

    def ask() -> None:
        loop.run_in_executor(None, beside.compare)

    flatten_ = Flatten(account.account, session, say, gone=ask)
    try:
        return await flatten_.run(account.position_mode, deadline_s)
    finally:
        await session.close()


def _confirm(account: AccountConfig, named: str | None, pid: int | None) -> None:
    """By typing the account's name, here or behind --yes: nobody flattens the wrong one by habit."""
    if named is None:
        if not sys.stdin.isatty():
            raise CommandError(
                Exit.USAGE, f"flatten asks for a confirmation: add --yes {account.account} where nobody can type it"
            )
        beside = f" A supervisor runs beside it (pid {pid})." if pid is not None else ""
        question = shown(
            f"This cancels every order and closes every position of account {account.account} ({account.place})"
            f" at market price, those made by hand included.{beside} Type the account's name to go on: "
        )
        named = output.ask(question)
    if named != account.account:
        raise CommandError(
            Exit.REFUSED, f"flatten: {named!r} is not {account.account}: not confirmed, nothing was done"
        )


def _tell(flattened: Flattened, *, as_json: bool) -> None:
    closings = [flattened.closings[leg] for leg in sorted(flattened.closings)]
    details = {
        "account": flattened.account,
        "flat": flattened.flat,
        "rounds": flattened.rounds,
        "orders_canceled": flattened.canceled - flattened.orders_left,
        "orders_left": flattened.orders_left,
        "positions": [_row(closing) for closing in closings],
        "unread": list(flattened.blind),
    }
    if closings and not as_json:
        rows = [tuple(value if value is not None else "-" for value in _row(each).values()) for each in closings]
        output.line(output.table(_COLUMNS, rows))
    if flattened.flat:
        if as_json:
            output.document(details)
            return
        _say(
            f"account {flattened.account} is flat: {len(closings)} positions closed,"
            f" {flattened.canceled} orders canceled, seen empty twice"
        )
        return
    if flattened.blind:
        why = f"could not be read to the end ({'; '.join(flattened.blind)})"
        raise CommandError(Exit.UNKNOWN, f"flatten: account {flattened.account} {why}: look at the venue", details)
    left = [f"{each.side} {each.symbol} {trimmed(each.left)} ({each.trouble or 'not closed yet'})" for each in closings]
    open_ = ", ".join(text for text, each in zip(left, closings, strict=True) if each.left) or "no position seen"
    raise CommandError(
        Exit.FAILED,
        f"flatten: account {flattened.account} is not proven flat: {open_}, {flattened.orders_left} orders left;"
        " run it again, or close by hand at the venue",
        details,
    )


def _row(closing: Closing) -> dict[str, Any]:
    return {
        "symbol": closing.symbol,
        "side": closing.side.value,
        "quantity": trimmed(closing.quantity),
        "closed": trimmed(closing.quantity - closing.left),
        "left": trimmed(closing.left),
        "price": None if closing.price is None else output.rounded(closing.price),
        "trouble": closing.trouble or None,
    }


def _say(text: str) -> None:
    output.line(shown(text))


def _silent(_text: str) -> None:
    """With --json stdout holds one document."""
