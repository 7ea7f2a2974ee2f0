"""Previews a request: its command, the text shown, and the positions' versions. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from actors.language.words import N_, Words, amount, escape, join, number, signed
from actors.money import quote_of
from actors.supervisor.pre_trade_risk import on_wrong_side
from actors.telegram.grammar import Request
from actors.telegram.progress import silent
from actors.telegram.views import (
    Page,
    Prices,
    broken,
    divergence,
    gain,
    instead,
    mark_of,
    notional,
    order_lines,
    owner,
    retired,
    size,
    which,
)  # fmt: skip
from messages.commands import (
    AcknowledgeDiscrepancy,
    AssignPosition,
    CloseAll,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    PausePosition,
    ResumeOpenings,
    ResumePosition,
    SettlePosition,
)
from messages.ids import parse_position_id
from messages.reconciliation import Discrepancy
from messages.reports import PositionsAnswer, PositionView
from messages.text import Markup
from messages.types import (
    MANUAL,
    AccountId,
    Address,
    CommandId,
    CorrelationId,
    PositionId,
    PositionSide,
    PositionState,
    Silence,
)  # fmt: skip

SHOWN_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`versions` of the positions concerned; empty when the command applies to any.

    `divergence`: the discrepancy concerned.
    """

    command: Command
    text: Markup
    versions: tuple[tuple[PositionId, int], ...] = ()
    targets: tuple[PositionId, ...] = ()
    urgent: bool = False
    divergence: Discrepancy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewContext:
    """The input of a plan. `answer` None: the positions could not be listed in time."""

    words: Words
    command_id: CommandId
    reply_to: Address
    accounts: tuple[AccountId, ...]
    answer: PositionsAnswer | None
    divergences: tuple[Discrepancy, ...] | None = None

    @property
    def about(self) -> dict[str, Any]:
        """Return the fields that every command has."""
        return {
            "command_id": self.command_id,
            "correlation_id": CorrelationId(self.command_id),
            "reply_to": self.reply_to,
        }

    @property
    def views(self) -> tuple[PositionView, ...]:
        return self.answer.views if self.answer is not None else ()

    @property
    def silent(self) -> tuple[tuple[PositionId, str], ...]:
        """Return positions without a view."""
        known = {view.position_id for view in self.views}
        found = self.answer.silent if self.answer is not None else ()
        return tuple((name, why) for name, _, why in found if name not in known)

    @property
    def prices(self) -> Prices:
        return self.answer.prices if self.answer is not None else {}


def plan(request: Request, context: PreviewContext) -> Plan | Page:
    """Return the plan, or the page with what prevents it."""
    words = context.words
    if request.account is not None and request.account not in context.accounts:
        return no_account(words, request.account, context.accounts)
    if request.name == "ack":
        return _acknowledge(request, context)
    if request.name == "open":
        return _open(request, context)
    if request.name == "close_all":
        return _close_all(request, context)
    if request.name in ("pause", "resume") and not request.names_position:
        return _openings(request, context)
    if request.name == "assign" and not request.names_position:
        request = replace(request, strategy=MANUAL)
    found = meant(request, context.views, live=True)
    if len(found) != 1:
        return _not_one(request, found, context)
    makers = {
        "close": _close,
        "modify": _modify,
        "assign": _assign,
        "settle": _settle,
        "pause": _hold,
        "resume": _hold,
    }
    return makers[request.name](request, found[0], context)


def no_account(words: Words, name: str, accounts: tuple[AccountId, ...]) -> Page:
    return Page(text=words("There is no account {name}, only {names}.", name=name, names=", ".join(accounts)))


def meant(request: Request, views: tuple[PositionView, ...], *, live: bool) -> tuple[PositionView, ...]:
    """Return the positions that a request names."""
    return tuple(
        view
        for view in views
        if (not live or not view.state.terminal)
        and request.position_id in (None, view.position_id)
        and request.ordinal in (None, view.ordinal)
        and (request.names_position or request.symbol in (None, view.symbol))
        and request.strategy in (None, view.strategy)
        and request.account in (None, view.account)
        and request.side in (None, view.side)
    )


def _not_one(request: Request, found: tuple[PositionView, ...], context: PreviewContext) -> Page:
    words = context.words
    if context.answer is None:
        return Page(text=words("The supervisor does not answer; try again, or /close_all."))
    if not found:
        return none_found(words, request, context.answer)
    rest = ""
    if request.name == "close" and request.percent is not None:
        rest = f" {number(request.percent)}%"
    if request.name == "modify":
        rest = "".join(
            f" {key}={number(value)}"
            for key, value in (
                ("sl", request.stop_loss),
                ("tp", request.take_profit),
                ("trailing", request.trailing),
                ("add", request.add),
            )
            if value is not None
        )
        rest += f" leverage={request.leverage}" if request.leverage else ""
    if request.name == "assign":
        rest = f" {request.taker}"
    return which(words, request, found, f"{request.name} {{}}{rest}")


def none_found(words: Words, request: Request, answer: PositionsAnswer) -> Page:
    """Return the page for an unknown name: a position without a view, or another with its number."""
    name = request.position_id or request.symbol or f"#{request.ordinal}"
    dumb = [each for each in answer.silent if _named(request, each[0])]
    if dumb:
        return Page(text=join("\n", broken(words, replace(answer, silent=tuple(dumb)))))
    over = [each for each in answer.retired if request.names_position and _named(request, each[0])]
    if over:
        return Page(text=retired(words, over))
    said = words("No open position {name}.", name=name)
    number_ = request.position_id.rpartition(".")[2] if request.position_id else ""
    other = next((view.position_id for view in answer.views if str(view.ordinal) == number_), None)
    return Page(text=join(" ", [said, *instead(words, other)]))


def _named(request: Request, position_id: PositionId) -> bool:
    parsed = parse_position_id(position_id)
    if parsed is None:
        return False
    key, ordinal = parsed
    if request.names_position:
        return request.position_id == position_id or request.ordinal == ordinal
    return request.symbol == key.symbol and request.account in (None, key.account)


def _acknowledge(request: Request, context: PreviewContext) -> Plan | Page:
    words = context.words
    if context.divergences is None:
        return Page(text=words("The reconciler does not answer; /health says more."))
    found = next((one for one in context.divergences if one.discrepancy_id == request.discrepancy), None)
    if found is None:
        return Page(text=words("There is no discrepancy {name}.", name=request.discrepancy))
    damaged = context.answer.silent if context.answer is not None and request.apply is None else ()
    if any(state is Silence.DAMAGED and name == found.target for name, state, _ in damaged):
        return _retire(found, context)
    if found.outcome.ended:
        text = words("{name} is over: {outcome}.", name=found.discrepancy_id, outcome=words.name(found.outcome))
        return Page(text=text)
    command = AcknowledgeDiscrepancy(
        **context.about,
        discrepancy_id=found.discrepancy_id,
        apply=request.apply,
    )
    if request.apply is not None:
        head = words("Books the difference on the strategies, {how}:", how=words.name(request.apply))
    else:
        head = words("Acknowledges that this differs; it is not repaired:")
    lines = [head, divergence(words, found)]
    if request.apply is None:
        lines.append(words("Openings of {symbol} are allowed again.", symbol=found.symbol))
        names = ", ".join(found.paused)
        lines += [words("Ends the hold on {names}.", names=names)] if names else []
    return Plan(command=command, text=join("\n", lines), divergence=found)


def _retire(found: Discrepancy, context: PreviewContext) -> Plan:
    """Plan a retirement, also of an acknowledged one whose position still exists."""
    words = context.words
    lines = [
        words("Retires {name}, whose history is damaged:", name=found.target),
        divergence(words, found),
        words("Refused while the venue holds anything of it. Openings of {symbol} are allowed again.",
              symbol=found.symbol),
    ]  # fmt: skip
    command = AcknowledgeDiscrepancy(**context.about, discrepancy_id=found.discrepancy_id)
    return Plan(command=command, text=join("\n", lines), divergence=found)


def _open(request: Request, context: PreviewContext) -> Plan | Page:
    words = context.words
    account = request.account or (context.accounts[0] if len(context.accounts) == 1 else None)
    if account is None:
        return Page(text=words("On which account? Add account=A: {names}.", names=", ".join(context.accounts)))
    assert request.symbol is not None
    assert request.side is not None
    assert request.quantity is not None
    command = OpenPosition(
        **context.about,
        account=account,
        symbol=request.symbol,
        side=request.side,
        strategy=request.strategy or MANUAL,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_loss=request.stop_loss,
        take_profit=request.take_profit,
        leverage=request.leverage,
        trailing=request.trailing,
    )
    price = request.limit_price or context.prices.get((AccountId(account), request.symbol))
    lines = [
        words(
            "Opens <b>{symbol} {side} {quantity}</b> on account {account}, strategy {strategy}.",
            symbol=command.symbol,
            side=words.name(command.side),
            quantity=number(command.quantity),
            account=account,
            strategy=command.strategy,
        )
    ]
    if price is not None:
        lines.append(words("About {amount}.", amount=amount(price * command.quantity, quote_of(command.symbol, None))))
    if command.limit_price is not None:
        lines.append(words("Limit {price}.", price=number(command.limit_price)))
    if command.leverage is not None:
        lines.append(words("Leverage {n}x.", n=command.leverage))
    if command.trailing is not None:
        lines.append(words("Trailing stop {percent} %.", percent=number(command.trailing)))
    if command.stop_loss is not None:
        lines.append(words("Stop {price}.", price=number(command.stop_loss)))
    elif command.trailing is None:
        lines.append(words("⚠ Without a stop."))
    if command.take_profit is not None:
        lines.append(words("Target {price}.", price=number(command.take_profit)))
    return _refused(words, request, command.side, price) or Plan(command=command, text=join("\n", lines))


def _close_all(request: Request, context: PreviewContext) -> Plan | Page:
    words = context.words
    command = CloseAll(**context.about, account=request.account)
    found = meant(request, context.views, live=True)
    if context.answer is None:
        text = words("Closes <b>every position</b>. They could not be listed just now.")
        return Plan(command=command, text=text, urgent=True)
    if not found and not context.silent:
        return Page(text=words("No open positions."))
    head = words.count(
        len(found),
        "Closes <b>{n} position</b>, about {amount} at mark price:",
        "Closes <b>{n} positions</b>, about {amount} at mark price:",
        amount=notional(found, context.prices),
    )
    lines = [head, *(_short(context, view) for view in found[:SHOWN_MOST])]
    if len(found) > SHOWN_MOST:
        lines.append(words("and {n} more", n=len(found) - SHOWN_MOST))
    lines += [silent(words, name, why) for name, why in context.silent]
    return Plan(command=command, text=join("\n", lines), targets=tuple(view.position_id for view in found), urgent=True)


def _openings(request: Request, context: PreviewContext) -> Plan:
    words = context.words
    what = " ".join(part for part in (request.account, request.symbol) if part) or words("all symbols")
    if request.name == "pause":
        pause = PauseOpenings(**context.about, account=request.account, symbol=request.symbol)
        return Plan(command=pause, text=words("Holds openings of <b>{what}</b>.", what=what), urgent=True)
    resume = ResumeOpenings(**context.about, account=request.account, symbol=request.symbol)
    return Plan(command=resume, text=words("Allows openings of <b>{what}</b> again.", what=what))


def _close(request: Request, view: PositionView, context: PreviewContext) -> Plan:
    words = context.words
    command = ClosePosition(**context.about, position_id=view.position_id, percent=request.percent)
    what = words("all") if request.percent is None else escape(f"{number(request.percent)} %")
    share = (request.percent or Decimal(100)) / 100
    lines = [
        words("Closes <b>{what}</b> of", what=what),
        _short(context, view),
        words("About {amount}.", amount=notional((view,), context.prices, share)),
    ]
    return Plan(command=command, text=join("\n", lines), versions=_versions(view), targets=(view.position_id,))


def _modify(request: Request, view: PositionView, context: PreviewContext) -> Plan | Page:
    words = context.words
    command = ModifyPosition(
        **context.about,
        position_id=view.position_id,
        stop_loss=request.stop_loss,
        take_profit=request.take_profit,
        trailing=request.trailing,
        leverage=request.leverage,
        add=request.add,
    )
    lines = [_short(context, view)]
    lines += _protection(words, request.stop_loss, view.stop_loss, _STOP)
    lines += _protection(words, request.take_profit, view.take_profit, _TARGET)
    if request.trailing is not None:
        said = words("Sets a trailing stop of <b>{percent} %</b>.", percent=number(request.trailing))
        lines.append(said if request.trailing else words("⚠ Removes its trailing stop."))
    if request.leverage is not None:
        lines.append(words("Sets its leverage to <b>{n}x</b>.", n=request.leverage))
    if request.add is not None:
        worth = amount(request.add * (mark_of(view, context.prices) or view.entry_price), view.currency)
        lines.append(words("Adds <b>{quantity}</b>, about {amount}.", quantity=number(request.add), amount=worth))
    if len(lines) == 1:
        return Page(text=words("There is nothing to change."))
    plan = Plan(command=command, text=join("\n", lines), versions=_versions(view), targets=(view.position_id,))
    return _refused(words, request, view.side, mark_of(view, context.prices)) or plan


def _assign(request: Request, view: PositionView, context: PreviewContext) -> Plan:
    assert request.taker is not None
    command = AssignPosition(
        **context.about,
        position_id=view.position_id,
        strategy=request.taker,
    )
    said = context.words("Hands it to strategy <b>{strategy}</b>, with its stops:", strategy=request.taker)
    text = join("\n", [said, _short(context, view)])
    return Plan(command=command, text=text, versions=_versions(view), targets=(view.position_id,))


def _settle(_: Request, view: PositionView, context: PreviewContext) -> Plan | Page:
    """Show every order but those that rest at their price, and fills reported beyond the known trades."""
    words = context.words
    unclear = tuple(order for order in view.orders if order.phase != "working" or order.price is None)
    if not (unclear or view.unread or view.quantity < 0 or view.state is PositionState.MODIFYING):
        return Page(text=words("Nothing of {name} is unknown.", name=view.position_id))
    command = SettlePosition(**context.about, position_id=view.position_id)
    lines = [words("Writes off what is unknown of it; its known fills count, and are compared with the venue:")]
    lines += [_short(context, view), *order_lines(words, unclear)]
    if view.reported_quantity > 0:
        said = words("⚠ The venue says that {quantity} more is held.", quantity=number(view.reported_quantity))
        lines += [said, words("Its stop no longer covers that.")]
    return Plan(command=command, text=join("\n", lines), versions=_versions(view), targets=(view.position_id,))


_STOP = (
    N_("Sets its stop at <b>{after}</b>."),
    N_("Moves its stop from {before} to <b>{after}</b>."),
    N_("⚠ Removes its stop at {before}."),
)
_TARGET = (
    N_("Sets its target at <b>{after}</b>."),
    N_("Moves its target from {before} to <b>{after}</b>."),
    N_("Removes its target at {before}."),
)


def _protection(
    words: Words, wanted: Decimal | None, before: Decimal | None, said: tuple[str, str, str]
) -> list[Markup]:
    """Return the change of one protective order; [] without one."""
    sets, moves, removes = said
    if wanted is None or (not wanted and before is None):
        return []
    if not wanted:
        return [words(removes, before=number(before))]
    return [words(sets if before is None else moves, before=number(before), after=number(wanted))]


def _refused(words: Words, request: Request, side: PositionSide, price: Decimal | None) -> Page | None:
    """Return the supervisor's refusal of these prices, by the same check and text."""
    why = on_wrong_side(side, request.stop_loss or None, request.take_profit or None, price) if price else ""
    return Page(text=join(" ", [escape("⛔"), escape(words.say(why))])) if why else None


def _hold(request: Request, view: PositionView, context: PreviewContext) -> Plan:
    words = context.words
    pause = request.name == "pause"
    command: Command = (PausePosition if pause else ResumePosition)(
        **context.about,
        position_id=view.position_id,
    )
    said = words("Holds as it is, protected:") if pause else words("Ends the hold on:")
    lines = [said, _short(context, view)]
    return Plan(
        command=command, text=join("\n", lines), versions=_versions(view), targets=(view.position_id,), urgent=pause
    )


def _versions(view: PositionView) -> tuple[tuple[PositionId, int], ...]:
    return ((view.position_id, view.version),)


def _short(context: PreviewContext, view: PositionView) -> Markup:
    words, result = context.words, gain(view, mark_of(view, context.prices))
    said = words(
        "#{n} {symbol} {side} {quantity} ({strategy})",
        n=view.ordinal,
        symbol=view.symbol,
        side=words.name(view.side),
        quantity=size(words, view),
        strategy=owner(view, context.views),
    )
    return join(" ", [said, escape(signed(result))]) if result is not None else said
