"""The result of a command, position by position, with the reason for what was not done. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.language.words import Words, amount, amounts, escape, gains, join, number
from messages.commands import (
    AcknowledgeDiscrepancy,
    CloseAll,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
    PausePosition,
    ResumePosition,
)
from messages.ids import parse_position_id
from messages.operations import operations
from messages.reports import PositionView
from messages.requests import Reply
from messages.statement import NOTHING
from messages.status import Rows
from messages.text import Markup
from messages.types import PositionId, PositionState, ReplyCode
from messages.wording.status import Status


def follows(command: Command) -> bool:
    """Return whether the command changes positions, so that its progress is worth watching."""
    return isinstance(command, CloseAll | OpenPosition) or hasattr(command, "position_id")


def retyped(command: Command) -> str:
    """Return the command in short, as it could be typed."""
    match command:
        case OpenPosition():
            return f"/open {command.symbol} {command.side} {number(command.quantity)}"
        case AcknowledgeDiscrepancy():
            return f"/ack {command.discrepancy_id}"
    typed = _TYPED.get(type(command), type(command).__name__)
    if (position_id := getattr(command, "position_id", None)) is not None:
        known = parse_position_id(position_id)
        return _spaced(typed, f"#{known[1]} {known[0].symbol}" if known is not None else position_id)
    return _spaced(typed, getattr(command, "symbol", None), getattr(command, "account", None))


def _spaced(*words: str | None) -> str:
    return " ".join(word for word in words if word)


_TYPED: Mapping[type[Command], str] = {cls: f"/{each.name}" for each in operations().values() for cls in each.classes}
_CAUSE_MOST = 60
_AT_REST = (PositionState.ACTIVE, PositionState.MODIFIED, PositionState.PAUSED)


def settled(command: Command, view: PositionView) -> bool:
    """Return whether this position's part of the command is settled."""
    if view.state.terminal:
        return True
    if isinstance(command, CloseAll):
        return False
    if isinstance(command, ClosePosition):
        # A stop that fired closes the rest later; the command's part is closed.
        at_rest = view.state in _AT_REST or view.state is PositionState.CLOSING
        return command.percent is not None and at_rest and view.goal_quantity is None
    if isinstance(command, PausePosition):
        return view.state is PositionState.PAUSED
    if isinstance(command, ResumePosition):
        return view.state in (PositionState.ACTIVE, PositionState.MODIFIED)
    if isinstance(command, OpenPosition):
        covered = view.stop_loss is None or view.protected
        return view.state is PositionState.ACTIVE and covered
    return view.state in _AT_REST


def answered(words: Words, text: Markup, reply: Reply, *, waits: bool = False) -> Markup:
    """Append the supervisor's reply to the text. `waits`: another reply follows."""
    said = escape(words.say(reply.text)) if reply.text else words("accepted")
    sign = "✅" if reply.accepted else "❔" if reply.code is ReplyCode.UNKNOWN else "⛔"
    if waits:
        sign = "⏳"
    line = join(" ", [escape(sign), said])
    return join("\n", [text, line] if text else [line])


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What may delay a position: status rows, and positions that cannot act, with the reason."""

    status: Rows = ()
    silent: Mapping[PositionId, str] = field(default_factory=dict)

    def trouble(self, words: Words, view: PositionView) -> Markup | None:
        """Return why this position makes no progress, as far as outside causes show."""
        account = Status.ACCOUNT(name=view.account)
        found = {(row.section, row.name.code): row.value for row in self.status}
        venue = found.get((account, Status.VENUE.code))
        if venue is not None and venue.code == Status.WAITING.code:
            return words("its account waits for its turn in the request budget")
        if venue is not None and venue.code == Status.DOWN.code:
            why = found.get((account, Status.VENUE_TROUBLE.code), NOTHING)
            return words("its venue is out of reach ({why})", why=_short(why))
        disk = found.get((Status.JOURNAL(), Status.DISK.code))
        if disk is not None and disk.code == Status.FAILING.code:
            return words("the journal cannot be written; albra flatten --break-glass closes without it")
        return None


def report(
    words: Words, command: Command, views: tuple[PositionView, ...], around: Surroundings, *, slow: bool
) -> tuple[Markup, bool]:
    """Return the lines, unfinished positions first, and whether all have settled. `slow`: state that it takes long."""
    waiting = [view for view in views if not settled(command, view)]
    done = all(view.position_id in around.silent for view in waiting)
    over = [view for view in views if settled(command, view)]
    lines = [_line(words, command, view, around) for view in (*waiting, *over)]
    if isinstance(command, CloseAll):
        unseen = [name for name in around.silent if name not in {view.position_id for view in views}]
        lines[:0] = [silent(words, name, around.silent[name]) for name in unseen]
        closed = sum(view.state.terminal for view in views)
        lines.insert(0, words("Closed {n} of {total}.", n=closed, total=len(views) + len(unseen)))
    if slow and not done:
        resting = isinstance(command, OpenPosition) and command.limit_price is not None
        lines.append(
            words("The entry waits at its price; a notice tells when it is filled.")
            if resting
            else words("⚠ Not everything is done yet; Albra goes on with it.")
        )
    return join("\n", lines), done


def _line(words: Words, command: Command, view: PositionView, around: Surroundings) -> Markup:
    open_, why = not settled(command, view), around.silent.get(view.position_id)
    sign = "⏳" if open_ else "✅"
    if view.state is PositionState.FAILED or (open_ and why):
        sign = "⛔"
    parts = [
        words("{sign} #{n} {symbol} {side}: {state}", sign=sign, n=view.ordinal, symbol=view.symbol,
              side=words.name(view.side), state=words.name(view.state))
    ]  # fmt: skip
    if view.state is PositionState.CLOSED:
        realized, fees = gains(((view.currency, view.realized_pnl),)), amount(view.fees, view.currency)
        parts.append(words("realized {amount}, fees {fees}", amount=realized, fees=fees))
        parts += [words("not counted: {amounts}", amounts=amounts(view.uncounted))] if view.uncounted else []
    elif view.quantity:
        parts.append(
            words("{quantity} held at {price}", quantity=number(view.quantity), price=number(view.entry_price))
        )
        if isinstance(command, ModifyPosition):
            parts += _what_holds(words, view)
    if view.reason and (view.state.terminal or view.state is PositionState.RECONCILING):
        parts.append(escape(words.say(view.reason)))
    if view.in_doubt:
        parts.append(words("an order's outcome is being found out"))
    if open_ and why:
        parts.append(_by_hand(words, why))
    elif open_ and (trouble := around.trouble(words, view)) is not None:
        parts.append(trouble)
    return join(", ", parts)


def silent(words: Words, position_id: PositionId, why: str) -> Markup:
    """Return the line of a position that Albra cannot close."""
    return words("⛔ {name}: {what}", name=position_id, what=_by_hand(words, why))


def _what_holds(words: Words, view: PositionView) -> list[Markup]:
    """Return the current values that a change may have concerned."""
    trailing = None if view.trailing is None else f"{number(view.trailing)} %"
    leverage = None if view.leverage is None else f"{view.leverage}x"
    facts: tuple[tuple[str, str | None], ...] = (
        (words.plain("stop"), number(view.stop_loss) if view.stop_loss is not None else None),
        (words.plain("trailing stop"), trailing),
        (words.plain("target"), number(view.take_profit) if view.take_profit is not None else None),
        (words.plain("leverage"), leverage),
    )
    return [escape(f"{name} {value}") for name, value in facts if value is not None]


def _by_hand(words: Words, why: str) -> Markup:
    said = _short(words.say(why))
    return words("{why}; close it at the venue, or with albra flatten --break-glass", why=said)


def _short(cause: str) -> str:
    return cause if len(cause) <= _CAUSE_MOST else cause[:_CAUSE_MOST] + "…"
