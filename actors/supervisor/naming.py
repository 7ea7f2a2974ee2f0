"""Accounts, symbols and strategies that a command names: one that there is not is refused, never silently obeyed. Pure.

A strategy's name may be new: for an opening any, for a hand-over one that is not almost the name of another.
"""

from collections.abc import Collection, Iterable, Iterator

from actors.supervisor.memory import Memory
from messages import commands as c
from messages.ids import parse_position_id
from messages.names import did_you_mean, similar
from messages.reconciliation import ListDiscrepancies
from messages.reports import PositionView
from messages.types import AccountId, PositionId, Silence, Symbol

Holding = c.PauseOpenings | c.ResumeOpenings
Naming = c.OpenPosition | c.CloseAll | Holding | c.Reconcile | c.AssignPosition | ListDiscrepancies
"""Commands that name one of these otherwise than by a position's id. The symbol of an opening is for its admission."""


def unknown_name(command: Naming | c.ListPositions, memory: Memory) -> str:
    """What is wrong with a name in it; empty where nothing is."""
    account = None if isinstance(command, c.Reconcile | c.AssignPosition | ListDiscrepancies) else command.account
    if account is not None and account not in memory.accounts:
        names = ", ".join(memory.accounts)
        guess = did_you_mean(account, memory.accounts)
        return f"no account {account} in the configuration, only {names}{guess}"
    if isinstance(command, c.AssignPosition):
        return _misspelled(command, memory)
    if isinstance(command, c.OpenPosition | c.CloseAll) or command.symbol is None:
        return ""
    return _unknown_symbol(command.symbol, account, memory)


def _unknown_symbol(symbol: Symbol, account: AccountId | None, memory: Memory) -> str:
    """Before a venue has told what it trades, no name is known to be wrong: what only holds waits for nothing."""
    asked = [each for name, each in memory.accounts.items() if account in (None, name)]
    if not all(each.instruments for each in asked):
        return ""
    known = {name for each in asked for name in each.instruments}
    known |= {key.symbol for key in memory.book.reserved} | {hold.symbol for hold in memory.holds if hold.symbol}
    told = (*memory.silent, *memory.retired)
    known |= {parsed[0].symbol for name in told if (parsed := parse_position_id(name))}
    if symbol in known:
        return ""
    return f"{symbol} is not a perpetual of this venue{did_you_mean(symbol, known)}"


def _misspelled(command: c.AssignPosition, memory: Memory) -> str:
    known = set(_strategies(memory))
    near = () if command.strategy in known else similar(command.strategy, known)
    if not near:
        return ""
    return f"no strategy {command.strategy} holds or held anything{did_you_mean(command.strategy, known)}"


def _strategies(memory: Memory) -> Iterator[str]:
    names: list[PositionId] = [*memory.book.finished.values(), *memory.silent, *memory.retired]
    yield from (key.strategy for key in memory.book.reserved)
    yield from (parsed[0].strategy for name in names if (parsed := parse_position_id(name)))


def nothing_matches(
    close: c.CloseMatching, live: Collection[PositionView], silent: Iterable[tuple[PositionId, Silence, str]]
) -> str:
    """Why no open position is meant, and which name may have been."""
    dumb = [
        f"{name} is {state}: {why}"
        for name, state, why in silent
        if (parsed := parse_position_id(name)) and parsed[0].symbol == close.symbol
    ]
    asked = (
        ("", close.symbol, {view.symbol for view in live}),
        ("strategy ", close.strategy, {view.strategy for view in live}),
        ("account ", close.account, {view.account for view in live}),
    )
    wrong = [(kind, name, known) for kind, name, known in asked if name is not None and name not in known]
    kind, name, known = wrong[0] if wrong else ("", close.symbol, set())
    said = "; ".join([f"no open position matches {kind}{name}", *dumb])
    return said + (did_you_mean(name, known) or "; see `albra positions`")
