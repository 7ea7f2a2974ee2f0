"""From durable records to the actors' initial state. Pure: the caller reads the journal."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from actors.funding import Lately
from actors.notifier.actor import HISTORY as NOTIFIER
from actors.position.history import history_of
from actors.position.state import Position
from actors.reconciler.ledger import HISTORY as RECONCILER
from actors.risk.daily_loss import results_of
from actors.runtime.event_sourced import HistorySpec
from actors.supervisor.memory import OWN_HISTORY, Restored
from actors.supervisor.shown import Unrecorded
from actors.telegram.history import HISTORY as CHAT
from messages import notices, reconciliation, telegram
from messages.base import Event, Message
from messages.events import AdditionRequested, OpeningsPaused, PositionRequested
from messages.ids import Names, parse_position_id
from messages.journal import Replayed
from messages.requests import CommandDecided, CommandTaken
from messages.statement import Statement, verbatim
from messages.types import AccountId, CommandId, JournalId, Key, PositionId, PositionSide, StrategyId, Symbol
from messages.wording import Storage

_NAMELESS = Key(account=AccountId(""), symbol=Symbol(""), side=PositionSide.LONG, strategy=StrategyId(""))
_HISTORIES: Mapping[str, HistorySpec[Any]] = {
    reconciliation.__name__: RECONCILER,
    notices.__name__: NOTIFIER,
    telegram.__name__: CHAT,
}
"""By the module of their events; every other event is a position's."""


def restored(
    pasts: Iterable[tuple[PositionId, Replayed]],
    *,
    finished: tuple[tuple[int, PositionId], ...],
    recent: Iterable[tuple[int, Event]],
    highest_ordinal: int,
    day_of: Callable[[int], int],
    damaged: tuple[Statement, ...] = (),
    commands: Iterable[Message] = (),
) -> Restored:
    """Fold every position that has not ended; a damaged one is left out, with its reason.

    `recent`: (ordinal, event) of the latest steps, for today's realized result and the commands already executed.
    `day_of` numbers days of wall time (ns). `commands`: the supervisor's latest command records.
    """
    positions: list[Position] = []
    wrong: list[Statement] = list(damaged)
    silent: list[tuple[PositionId, Statement]] = []
    own = Replayed(ordinal=OWN_HISTORY, snapshot=None, snapshot_version=0, events=())
    for position_id, past in pasts:
        if past.ordinal > OWN_HISTORY:
            try:
                positions.append(folded(position_id, past))
            except (ValueError, LookupError) as error:
                silent.append((position_id, past.damage or verbatim(error)))
            continue
        if past.ordinal == OWN_HISTORY:
            own = past  # lower ordinals are other actors' histories, which recover themselves
        if past.damage:
            wrong.append(Storage.AT(where=position_id, why=past.damage))
    named = (*finished, *((parsed[1], name) for name, _ in silent if (parsed := parse_position_id(name))))
    accounts = {p.ordinal: p.key.account for p in positions} | dict(_accounts(named))
    records = tuple(record for record in commands if isinstance(record, CommandTaken | CommandDecided))
    carried_out: dict[CommandId, int] = {}
    openings: list[tuple[int, int]] = []
    unrecorded = Unrecorded(records)
    lately = Lately()
    for event in (*own.events, *own.beyond):
        unrecorded.note(event)
    today = results_of(_noting(recent, carried_out, unrecorded, lately, openings), accounts, day_of)
    return Restored(
        positions=tuple(positions),
        finished=finished,
        own_events=(*own.events, *own.beyond),
        own_version=own.version,
        own_damage=own.damage,
        highest_ordinal=max([highest_ordinal, *_lost_ordinals(own)]),
        realized_today=today,
        damaged=tuple(wrong),
        silent=tuple(silent),
        commands=records,
        carried_out=tuple(carried_out.items()),
        effects=unrecorded.found(),
        ended=tuple(lately.ended(finished)),
        openings=tuple((accounts[ordinal], at_ns) for ordinal, at_ns in openings if ordinal in accounts),
    )


def _lost_ordinals(own: Replayed) -> Iterable[int]:
    """Yield the highest ordinal that a lost position can have, for each loss of journal steps."""
    return (event.highest_lost for event in (*own.events, *own.beyond) if isinstance(event, OpeningsPaused))


def _noting(
    recent: Iterable[tuple[int, Event]],
    carried_out: dict[CommandId, int],
    unrecorded: Unrecorded,
    lately: Lately,
    openings: list[tuple[int, int]],
) -> Iterable[tuple[int, Event]]:
    """Pass the events through and note, in one pass, their commands, quantities, and openings with their wall time."""
    for ordinal, event in recent:
        lately.note(ordinal, event)
        if isinstance(event, PositionRequested | AdditionRequested):
            openings.append((ordinal, event.ts_init))
        command_id: CommandId = getattr(event, "command_id", CommandId(""))
        if command_id:
            carried_out[command_id] = ordinal
            unrecorded.note(event)
        yield ordinal, event


def folded(position_id: PositionId, past: Replayed) -> Position:
    """Return the position after its last durable step. Raises as `HistorySpec.recovered` does under `OnDamage.FAIL`."""
    parsed = parse_position_id(position_id)
    assert parsed is not None, position_id
    return history_of(*parsed, JournalId("")).recovered(past).state


def unconfigured(restored: Restored, accounts: Collection[AccountId]) -> dict[AccountId, int]:
    """Count the live positions of each account that is not configured: they are unsupervised."""
    left = Counter(p.key.account for p in restored.positions if not p.state.terminal)
    return {account: number for account, number in sorted(left.items()) if account not in accounts}


def unwatched(account: AccountId, number: int) -> Statement:
    """Return the notice of live positions on an account that is not configured."""
    return Storage.UNWATCHED_ONE(account=account) if number == 1 else Storage.UNWATCHED(account=account, number=number)


def _accounts(finished: Iterable[tuple[int, PositionId]]) -> Iterable[tuple[int, AccountId]]:
    for ordinal, position_id in finished:
        parsed = parse_position_id(position_id)
        if parsed is not None:
            yield ordinal, parsed[0].account


def rebuilt(events: Sequence[Event]) -> bytes:
    """Return the snapshot of a full replay; the first event determines the history."""
    kind = type(events[0]).__module__ if events else ""
    spec = _HISTORIES.get(kind) or history_of(_NAMELESS, 0, JournalId(""))
    assert spec.snapshots is not None, spec.name
    return spec.snapshots.encode(spec.fold(events))


def names(current: JournalId, former: tuple[tuple[JournalId, int], ...], found: Restored) -> Names | None:
    """Return the orders from before a restore that the journal knows; None: the journal has always had its id."""
    if not former:
        return None
    orders = (order.client_order_id for position in found.positions for order in position.orders)
    return Names(
        current=current,
        former=former,
        known=frozenset(orders),
        open_then=frozenset(position.ordinal for position in found.positions),
    )
