"""From what is durable to what the actors start with. Pure: the journal is read by whoever calls."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from actors.funding import Lately
from actors.notifier.actor import SHAPE as NOTICES
from actors.position.fold import fold
from actors.position.state import Position, blank
from actors.reconciler.ledger import fold as fold_ledger
from actors.risk.daily_loss import results_of
from actors.supervisor.memory import OWN_HISTORY, Restored
from actors.supervisor.shown import Unrecorded
from actors.telegram.history import SHAPE as CHAT
from messages import codec, notices, reconciliation, telegram
from messages.base import Event, Message
from messages.events import AdditionRequested, OpeningsPaused, PositionRequested
from messages.ids import Names, parse_position_id
from messages.journal import Replayed
from messages.requests import CommandDecided, CommandTaken
from messages.statement import Statement, verbatim
from messages.types import AccountId, CommandId, JournalId, Key, PositionId, PositionSide, StrategyId, Symbol
from messages.wording import Storage

_NOBODY = Key(account=AccountId(""), symbol=Symbol(""), side=PositionSide.LONG, strategy=StrategyId(""))


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
    """Fold every position that is not over; one that is damaged stays out, with its reason.

    `recent` are (ordinal, event) of the latest steps, for today's realized result and for which commands were carried
    out; `day_of` numbers days of wall time in ns. `commands` are the supervisor's latest records of commands.
    """
    positions: list[Position] = []
    wrong: list[Statement] = list(damaged)
    silent: list[tuple[PositionId, Statement]] = []
    own = Replayed(ordinal=OWN_HISTORY, snapshot=None, snapshot_version=0, events=())
    for position_id, past in pasts:
        why = past.damage
        if past.ordinal == OWN_HISTORY:
            own = past
        elif past.ordinal > OWN_HISTORY and not why:  # below are histories of other actors, which read them themselves
            try:
                positions.append(folded(position_id, past))
            except (codec.DecodeError, LookupError) as error:
                why = verbatim(error)
        if why and past.ordinal > OWN_HISTORY:
            silent.append((position_id, why))
        elif why:
            wrong.append(Storage.AT(where=position_id, why=why))
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
    """The highest that a lost position can have had, by each loss of journal steps."""
    return (event.highest_lost for event in (*own.events, *own.beyond) if isinstance(event, OpeningsPaused))


def _noting(
    recent: Iterable[tuple[int, Event]],
    carried_out: dict[CommandId, int],
    unrecorded: Unrecorded,
    lately: Lately,
    openings: list[tuple[int, int]],
) -> Iterable[tuple[int, Event]]:
    """The same events; what they tell of commands and of quantities is noted as they pass: a day has very many.

    So is what was opened or enlarged, and when (wall time): it counts in the minute of a limit.
    """
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
    """Raises codec.DecodeError for a snapshot of another shape."""
    if past.snapshot is not None:
        return fold(codec.decode_as(past.snapshot, Position), past.events)
    parsed = parse_position_id(position_id)
    assert parsed is not None, position_id
    key, ordinal = parsed
    return fold(blank(key, ordinal, JournalId("")), past.events)


def unconfigured(restored: Restored, accounts: Collection[AccountId]) -> dict[AccountId, int]:
    """How many live positions the journal has of each account that is not configured: nothing watches them."""
    left = Counter(p.key.account for p in restored.positions if not p.state.terminal)
    return {account: number for account, number in sorted(left.items()) if account not in accounts}


def unwatched(account: AccountId, number: int) -> Statement:
    """The notice of live positions on an account that is not configured."""
    return Storage.UNWATCHED_ONE(account=account) if number == 1 else Storage.UNWATCHED(account=account, number=number)


def _accounts(finished: Iterable[tuple[int, PositionId]]) -> Iterable[tuple[int, AccountId]]:
    for ordinal, position_id in finished:
        parsed = parse_position_id(position_id)
        if parsed is not None:
            yield ordinal, parsed[0].account


def rebuilt(events: Sequence[Event]) -> bytes:
    """The snapshot that a replay from the start would make; what a history is of shows in its first event."""
    kind = type(events[0]).__module__ if events else ""
    if kind == reconciliation.__name__:
        return codec.encode(fold_ledger(events).snapshot())
    if kind == notices.__name__:
        return NOTICES.encode(NOTICES.fold(events))
    if kind == telegram.__name__:
        return CHAT.encode(CHAT.fold(events))
    return codec.encode(fold(blank(_NOBODY, 0, JournalId("")), events))


def names(current: JournalId, former: tuple[tuple[JournalId, int], ...], found: Restored) -> Names | None:
    """Which orders of before a restored journal knows; None for one that has always had its id."""
    if not former:
        return None
    orders = (order.client_order_id for position in found.positions for order in position.orders)
    return Names(
        current=current,
        former=former,
        known=frozenset(orders),
        open_then=frozenset(position.ordinal for position in found.positions),
    )
