"""What became of a command: position by position, with the reason where something was not done. Pure."""

from actors.telegram.phrases import REPLIES
from actors.telegram.views import Rows
from actors.telegram.words import Markup, Words, escape, join, number, signed
from messages.commands import CloseAll, ClosePosition, Command, ModifyPosition, OpenPosition
from messages.reports import PositionView
from messages.requests import Reply
from messages.types import PositionState


def follows(command: Command) -> bool:
    """Whether what the command sets in motion takes time worth watching."""
    return isinstance(command, CloseAll | ClosePosition | OpenPosition | ModifyPosition)


def settled(command: Command, view: PositionView) -> bool:
    """Whether nothing more is to be expected of this position for this command."""
    if view.state.terminal:
        return True
    if isinstance(command, CloseAll):
        return False
    if isinstance(command, ClosePosition):
        return command.percent is not None and view.state is PositionState.ACTIVE and view.goal_quantity is None
    if isinstance(command, OpenPosition):
        covered = view.stop_loss is None or view.protected
        return view.state is PositionState.ACTIVE and covered
    return view.state in (PositionState.ACTIVE, PositionState.PAUSED)


def answered(words: Words, text: str, reply: Reply) -> Markup:
    """The supervisor's word on the command itself."""
    said = escape(words.retell(reply.text, REPLIES)) or words("accepted")
    sign = "✅" if reply.accepted else "⛔"
    line = Markup(f"{sign} {said}")
    return join("\n", [Markup(text), line] if text else [line])


def report(
    words: Words, command: Command, views: tuple[PositionView, ...], status: Rows, *, final: bool
) -> tuple[Markup, bool]:
    """The lines, and whether everything has settled. `final`: time is up, what is open stays so for now."""
    done = all(settled(command, view) for view in views)
    lines = [_line(words, command, view) for view in views]
    if isinstance(command, CloseAll):
        closed = sum(view.state.terminal for view in views)
        lines.insert(0, words("Closed {n} of {total}.", n=closed, total=len(views)))
    if final and not done:
        lines.append(words("⚠ Not everything is done yet; Albra goes on with it."))
        accounts = {view.account for view in views if not settled(command, view)}
        lines += [
            escape(f"{section}: {value}")
            for section, name, value in status
            if section.removeprefix("account ") in accounts and name in ("venue", "stream")
        ]
    return join("\n", lines), done


def _line(words: Words, command: Command, view: PositionView) -> Markup:
    sign = "✅" if settled(command, view) else "⏳"
    if view.state is PositionState.FAILED:
        sign = "⛔"
    parts = [
        words("{sign} #{n} {symbol} {side}: {state}", sign=sign, n=view.ordinal, symbol=view.symbol, side=view.side,
              state=view.state)
    ]  # fmt: skip
    if view.state is PositionState.CLOSED:
        parts.append(words("realized {amount}", amount=signed(view.realized_pnl - view.fees)))
    elif view.quantity:
        parts.append(
            words("{quantity} held at {price}", quantity=number(view.quantity), price=number(view.entry_price))
        )
    if view.reason and (view.state.terminal or view.state is PositionState.RECONCILING):
        parts.append(escape(words.retell(view.reason, REPLIES)))
    if view.in_doubt:
        parts.append(words("an order's outcome is being found out"))
    return join(", ", parts)
