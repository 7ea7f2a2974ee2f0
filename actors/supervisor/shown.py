"""The command of an id whose record is lost, as far as its events show it. Pure.

An event carries its command's id; its class shows the command's kind, its fields the arguments. Where they do not show
all of it (a partial close is computed from the quantity held then), the event carries a digest of the command. An event
of an earlier version may leave the command unknown; no answer guesses it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from messages import commands as c
from messages import events as e
from messages.base import Event
from messages.commands import AcknowledgeDiscrepancy
from messages.ids import parse_position_id
from messages.meaning import meaning
from messages.reconciliation import AttributionChosen, DiscrepancyEnded
from messages.requests import CommandDecided, CommandTaken
from messages.types import CommandId, Key, PositionId

Effects = Sequence[Event]
KINDS: Mapping[type[c.Command], tuple[type[Event], ...]] = {
    c.OpenPosition: (e.PositionRequested,),
    c.ClosePosition: (e.CloseRequested,),
    c.CloseMatching: (e.CloseRequested,),
    c.EmergencyClose: (e.CloseRequested,),
    c.ModifyPosition: (e.ProtectionRequested, e.LeverageIntended, e.AdditionRequested),
    c.CancelEntry: (e.EntryAbandoned,),
    c.SettlePosition: (e.OrderWrittenOff, e.LeverageRefused, e.QuantityAdjusted, e.CloseAbandoned),
    c.AssignPosition: (e.PositionAdopted, e.QuantityAdjusted, e.ProtectionRequested),
    c.PausePosition: (e.PositionPaused,),
    c.ResumePosition: (e.PositionResumed,),
    c.PauseOpenings: (e.OpeningsPaused,),
    c.ResumeOpenings: (e.OpeningsResumed,),
    c.CloseAll: (e.CloseAllRequested,),
    AcknowledgeDiscrepancy: (DiscrepancyEnded, AttributionChosen, e.PositionRetired),
}
"""The events of each command. A command of another kind has none of them, or others too."""
_MEANT = (
    e.CloseRequested, e.ProtectionRequested, e.AdditionRequested, e.PositionAdopted, e.QuantityAdjusted,
    e.CloseAllRequested,
)  # fmt: skip
"""Events with the digest of their command."""
TELLING = tuple({kind for kinds in KINDS.values() for kind in kinds})


class Unrecorded:
    """Collects the events of commands without a record."""

    def __init__(self, records: Iterable[CommandTaken | CommandDecided]) -> None:
        self._recorded = {r.command_id if isinstance(r, CommandTaken) else r.reply.command_id for r in records}
        self._found: dict[CommandId, list[Event]] = {}

    def note(self, event: Event) -> None:
        """Keep the event if its command has no record."""
        command_id: CommandId = getattr(event, "command_id", CommandId(""))
        if command_id and command_id not in self._recorded and isinstance(event, TELLING):
            events = self._found.setdefault(command_id, [])
            if event not in events:
                events.append(event)

    def found(self) -> tuple[tuple[CommandId, tuple[Event, ...]], ...]:
        """Return the events by command id."""
        return tuple((command_id, tuple(events)) for command_id, events in self._found.items())


def shown(command: c.Command, effects: Effects, holder: PositionId | None) -> bool | None:
    """Return whether these events are of this command, at the position `holder`; None: they do not show it."""
    if not effects:
        return None
    digests = {event.meaning for event in effects if isinstance(event, _MEANT) and event.meaning}
    if digests:
        return digests == {meaning(command)}
    if not all(isinstance(event, KINDS.get(type(command), ())) for event in effects):
        return False
    named: PositionId | None = getattr(command, "position_id", None)
    if named is not None and named != holder and not isinstance(command, c.AssignPosition):
        return None if holder is None else False
    same = _SAME.get(type(command))
    return None if same is None else same(command, effects, holder)


def reaches(command: c.Command, position_id: PositionId) -> bool:
    """Return whether the events of this command would be in the history of this position.

    Holds, a close-all and decisions about discrepancies are in other histories.
    """
    parsed = parse_position_id(position_id)
    if parsed is None:
        return True
    key, _ = parsed
    match command:
        case c.OpenPosition():
            return (key.account, key.symbol, key.side, key.strategy) == (
                command.account, command.symbol, command.side, command.strategy,
            )  # fmt: skip
        case c.CloseMatching():
            return _matches(command, key)
        case c.AssignPosition():
            manual = parse_position_id(command.position_id)
            return command.position_id == position_id or (
                manual is not None and key == replace(manual[0], strategy=command.strategy)
            )
        case _:
            return getattr(command, "position_id", None) == position_id


def _matches(command: c.CloseMatching, key: Key) -> bool:
    return all(
        getattr(command, name) in (None, getattr(key, name)) for name in ("symbol", "account", "strategy", "side")
    )


def _opens(command: c.OpenPosition, effects: Effects, _: PositionId | None) -> bool:
    asked = effects[0]
    assert isinstance(asked, e.PositionRequested)
    key = asked.key
    alike = ("quantity", "limit_price", "stop_loss", "take_profit", "leverage", "trailing", "post_only")
    place = (key.account, key.symbol, key.side, key.strategy)
    return place == (command.account, command.symbol, command.side, command.strategy) and all(
        getattr(asked, name) == getattr(command, name) for name in alike
    )


def _closes(
    command: c.ClosePosition | c.CloseMatching | c.EmergencyClose, effects: Effects, holder: PositionId | None
) -> bool | None:
    """A partial close is computed from the quantity held then, which is unknown here."""
    asked = effects[0]
    assert isinstance(asked, e.CloseRequested)
    if asked.emergency is not isinstance(command, c.EmergencyClose):
        return False
    if isinstance(command, c.CloseMatching):
        parsed = parse_position_id(holder or "")
        if parsed is None:
            return None
        if not _matches(command, parsed[0]):
            return False
    part = not isinstance(command, c.EmergencyClose) and (command.quantity or command.percent) not in (None, 100)
    return None if part else asked.goal_quantity == 0


def _modifies(command: c.ModifyPosition, effects: Effects, _: PositionId | None) -> bool | None:
    """A leverage that is in force already has no event."""
    found = {type(event): event for event in effects}
    moved, added = found.get(e.ProtectionRequested), found.get(e.AdditionRequested)
    if (moved is not None) is not command.moves_protection or (added is not None) is not (command.add is not None):
        return False
    if isinstance(added, e.AdditionRequested) and added.quantity != command.add:
        return False
    for name in ("stop_loss", "take_profit", "trailing"):
        wanted: Decimal | None = getattr(command, name)
        if wanted is not None and (getattr(moved, name) or Decimal(0)) != wanted:
            return False
    levered = found.get(e.LeverageIntended)
    if isinstance(levered, e.LeverageIntended):
        return levered.leverage == command.leverage
    return True if command.leverage is None else None


def _assigns(command: c.AssignPosition, effects: Effects, _: PositionId | None) -> bool | None:
    """The strategy's event does not name the manual position."""
    begun = next((event for event in effects if isinstance(event, e.PositionAdopted)), None)
    return False if begun is not None and begun.key.strategy != command.strategy else None


def _holds(command: c.PauseOpenings | c.ResumeOpenings, effects: Effects, _: PositionId | None) -> bool:
    asked = effects[0]
    assert isinstance(asked, e.OpeningsPaused | e.OpeningsResumed)
    return (asked.account, asked.symbol) == (command.account, command.symbol)


def _closes_all(command: c.CloseAll, effects: Effects, _: PositionId | None) -> bool | None:
    """The positions open then decide the accounts: all, or one that had them all."""
    asked = effects[0]
    assert isinstance(asked, e.CloseAllRequested)
    accounts = {parsed[0].account for each in asked.closes if (parsed := parse_position_id(each.position_id))}
    if command.account is not None and accounts - {command.account}:
        return False
    return True if len(accounts) > 1 else None


def _acknowledges(command: AcknowledgeDiscrepancy, effects: Effects, _: PositionId | None) -> bool:
    return all(
        getattr(event, "discrepancy_id", None) == command.discrepancy_id
        and getattr(event, "apply", None) == command.apply
        for event in effects
    )


def _is(_command: c.Command, _effects: Effects, _holder: PositionId | None) -> bool:
    """The command has no arguments."""
    return True


_SAME: Mapping[type[c.Command], Callable[[Any, Effects, PositionId | None], bool | None]] = {
    c.OpenPosition: _opens,
    c.ClosePosition: _closes,
    c.CloseMatching: _closes,
    c.EmergencyClose: _closes,
    c.ModifyPosition: _modifies,
    c.CancelEntry: _is,
    c.SettlePosition: _is,
    c.AssignPosition: _assigns,
    c.PausePosition: _is,
    c.ResumePosition: _is,
    c.PauseOpenings: _holds,
    c.ResumeOpenings: _holds,
    c.CloseAll: _closes_all,
    AcknowledgeDiscrepancy: _acknowledges,
}
