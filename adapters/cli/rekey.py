"""Binds the journal to another key of the same account, proven by the journal's own orders: at a start or by `albra
journal rekey`.
"""

import asyncio
from argparse import Namespace
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.cli import output
from adapters.cli.outcome import CommandError, Exit
from adapters.config import AccountConfig, Config
from messages.statement import Statement
from messages.text import shown
from messages.wording import Storage

if TYPE_CHECKING:
    from adapters.exchange.kinship import Comparison
    from adapters.storage.binding import OtherKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The result of a comparison. `same`: the journal continues under the new key."""

    account: str
    same: bool
    why: Statement


def new_keys(config: Config) -> tuple[Judged, ...]:
    """Compare every account whose key differs from the journal's; bind the proven ones to the new key.

    The caller holds the storage's lock. Raises JournalError.
    """
    from adapters.storage.binding import rebind

    judged = []
    for account, key in _others(config):
        found = judge(key, _compared(account, key))
        if found.same:
            rebind(config.storage.path, key)
        judged.append(found)
    return tuple(judged)


def _others(config: Config) -> "list[tuple[AccountConfig, OtherKey]]":
    from adapters.exchange.access import identity_of
    from adapters.storage.binding import other_keys

    real = {account.account: account for account in config.accounts if not account.embedded}
    expected = {name: identity_of(account, None) for name, account in real.items()}
    return [(real[key.account], key) for key in other_keys(config.storage.path, expected)]


def judge(key: "OtherKey", found: "Comparison") -> Judged:
    """Return whether it is the same account, or why that is unproven."""
    if found.known:
        return Judged(account=key.account, same=True, why=Storage.KEY_KNOWS_ORDER(order=found.known))
    if found.unreadable:
        why = Storage.KEY_NOT_ASKED(why=found.unreadable)
        return Judged(account=key.account, same=False, why=why)
    if found.asked:
        why = Storage.KEY_KNOWS_NONE(n=found.asked)
        return Judged(account=key.account, same=False, why=why)
    if key.live:
        return Judged(account=key.account, same=False, why=Storage.KEY_INCOMPARABLE())
    return Judged(account=key.account, same=True, why=Storage.KEY_UNUSED())


def _compared(account: AccountConfig, key: "OtherKey") -> "Comparison":
    from adapters.clock import SystemClock
    from adapters.exchange.access import settings_of
    from adapters.exchange.kinship import Comparison, compare
    from adapters.exchange.session import Session

    if not key.orders:
        return Comparison()

    async def ask() -> "Comparison":
        session = Session(settings_of(account, None), SystemClock())
        try:
            return await compare(session, key.orders)
        finally:
            await session.close()

    return asyncio.run(ask())


def rekey(arguments: Namespace, config: Config) -> None:
    """Run `albra journal rekey`. Raises CommandError(REFUSED) when an account is not proven the same."""
    from adapters.storage.binding import rebind
    from adapters.storage.errors import JournalError, JournalLocked
    from adapters.storage.lock import DirectoryLock

    try:
        lock = DirectoryLock(config.storage.path)
    except JournalError as error:
        code = Exit.REFUSED if isinstance(error, JournalLocked) else Exit.FAILED
        raise CommandError(code, f"journal rekey: {error}") from None
    judged = []
    try:
        for account, key in _others(config):
            found = judge(key, _compared(account, key))
            if not found.same and arguments.yes == account.account:
                found = Judged(account=account.account, same=True, why=Storage.KEY_BY_WORD(why=found.why))
            if found.same:
                rebind(config.storage.path, key)
            judged.append(found)
    except JournalError as error:
        raise CommandError(Exit.REFUSED, f"journal rekey: {error}") from None
    finally:
        lock.release()
    _tell(judged, as_json=arguments.json)


def _tell(judged: list[Judged], *, as_json: bool) -> None:
    rows = [{"account": each.account, "same": each.same, "why": each.why} for each in judged]
    other = [each for each in judged if not each.same]
    if other:
        said = "; ".join(f"{each.account}: {each.why}" for each in other)
        advice = " ".join(f"--yes {each.account}" for each in other)
        raise CommandError(
            Exit.REFUSED,
            f"journal rekey: not proven to be another key of the same account: {said}. Set the former key, or use "
            f"another storage.path for another account; where you know that it is the same one, add {advice}",
            {"accounts": rows},
        )
    if as_json:
        output.document({"accounts": rows})
        return
    for each in judged:
        output.line(shown(f"account {each.account} goes on under its new key: {each.why}"))
    if not judged:
        output.line(shown("the journal knows every account's key already"))
