"""Checks of the accounts, symbols and strategies that a command names: an unknown one is refused. Pure.

A strategy may be new: for an opening always, for an assignment unless its name is similar to a known one.
"""

from collections.abc import Collection, Iterable, Iterator

from actors.supervisor.memory import SupervisorMemory
from actors.supervisor.pre_trade_risk import no_perpetual
from messages import commands as c
from messages.ids import parse_position_id
from messages.names import similar
from messages.reconciliation import ListDiscrepancies
from messages.reports import PositionView
from messages.statement import NOTHING, Statement, verbatim
from messages.types import AccountId, PositionId, Silence, Symbol
from messages.wording import Supervisor
from messages.wording.common import also
from messages.wording.status import Status

Holding = c.PauseOpenings | c.ResumeOpenings
Naming = c.OpenPosition | c.CloseAll | Holding | c.Reconcile | c.AssignPosition | ListDiscrepancies
"""Commands that name one of these other than by a position's id. Pre-trade risk checks an opening's symbol."""


def unknown_name(command: Naming | c.ListPositions, memory: SupervisorMemory) -> Statement:
    """Return the refusal of an unknown name; NOTHING: all are known."""
    account = None if isinstance(command, c.Reconcile | c.AssignPosition | ListDiscrepancies) else command.account
    if account is not None and account not in memory.accounts:
        names, near = tuple(memory.accounts), similar(account, memory.accounts)
        if near:
            return Supervisor.NO_ACCOUNT_NEAR(account=account, names=names, other=near)
        return Supervisor.NO_ACCOUNT(account=account, names=names)
    if isinstance(command, c.AssignPosition):
        return _misspelled(command, memory)
    if isinstance(command, c.OpenPosition | c.CloseAll) or command.symbol is None:
        return NOTHING
    return _unknown_symbol(command.symbol, account, memory)


def _unknown_symbol(symbol: Symbol, account: AccountId | None, memory: SupervisorMemory) -> Statement:
    """Before a venue has listed its symbols every name passes: a hold need not wait for it."""
    asked = [each for name, each in memory.accounts.items() if account in (None, name)]
    if not all(each.instruments for each in asked):
        return NOTHING
    known = {name for each in asked for name in each.instruments}
    known |= {key.symbol for key in memory.registry.reserved} | {hold.symbol for hold in memory.holds if hold.symbol}
    unlisted = (*memory.silent, *memory.retired)
    known |= {parsed[0].symbol for name in unlisted if (parsed := parse_position_id(name))}
    return NOTHING if symbol in known else no_perpetual(symbol, known)


def _misspelled(command: c.AssignPosition, memory: SupervisorMemory) -> Statement:
    known = set(_strategies(memory))
    near = () if command.strategy in known else similar(command.strategy, known)
    return Supervisor.NO_STRATEGY(name=command.strategy, other=near) if near else NOTHING


def _strategies(memory: SupervisorMemory) -> Iterator[str]:
    names: list[PositionId] = [*memory.registry.finished.values(), *memory.silent, *memory.retired]
    yield from (key.strategy for key in memory.registry.reserved)
    yield from (parsed[0].strategy for name in names if (parsed := parse_position_id(name)))


def nothing_matches(
    close: c.CloseMatching, live: Collection[PositionView], silent: Iterable[tuple[PositionId, Silence, Statement]]
) -> Statement:
    """Return the refusal of a close that matches no open position, with similar names."""
    mute = also(
        Supervisor.MUTE_STATE(name=name, state=state, why=why)
        for name, state, why in silent
        if (parsed := parse_position_id(name)) and parsed[0].symbol == close.symbol
    )
    what, near = _unmatched(close, live)
    if near and mute:
        return Supervisor.NO_MATCH_BUT_NEAR(what=what, mute=mute, other=near)
    if near:
        return Supervisor.NO_MATCH_NEAR(what=what, other=near)
    return Supervisor.NO_MATCH_BUT(what=what, mute=mute) if mute else Supervisor.NO_MATCH(what=what)


def _unmatched(close: c.CloseMatching, live: Collection[PositionView]) -> tuple[Statement, tuple[str, ...]]:
    """Return the first of its names that no open position has, with similar ones; the symbol if each name occurs."""
    if close.symbol not in (symbols := {view.symbol for view in live}):
        return verbatim(close.symbol), similar(close.symbol, symbols)
    if close.strategy is not None and close.strategy not in (strategies := {view.strategy for view in live}):
        return Supervisor.STRATEGY(name=close.strategy), similar(close.strategy, strategies)
    if close.account is not None and close.account not in (accounts := {view.account for view in live}):
        return Status.ACCOUNT(name=close.account), similar(close.account, accounts)
    return verbatim(close.symbol), ()
