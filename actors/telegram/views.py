"""Texts of reports, in the reader's words. Pure.

Telegram shows no tables: a block of `code` keeps columns, and lines stay short enough for a phone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from actors.language.words import N_, Words, amount, amounts, columns, escape, gains, join, money, number, signed
from actors.runtime.metrics import SystemMetrics
from actors.telegram.grammar import COMMANDS, Refusal, Request
from actors.telegram.roles import may
from actors.telegram.status_rows import readable
from messages.reconciliation import DiscrepanciesAnswer, Discrepancy, ReconcileAnswer, Unproven
from messages.reports import BalanceReport, OrderView, PositionsAnswer, PositionView
from messages.status import Level, Rows, Verdict
from messages.telegram import Button, Role
from messages.text import Markup, bold, filled, preformatted, shown
from messages.types import AccountId, OrderPurpose, PositionId, PositionState, Symbol
from messages.wording.status import Status
from messages.wording.supervisor import actor

PAGE = 10
DATA_MOST = 64
"""Bytes of a button's data (Bot API, InlineKeyboardButton)."""
ROLES = {Role.OWNER: N_("owner"), Role.TRADER: N_("trader"), Role.VIEWER: N_("viewer")}
ZERO = Decimal(0)
Prices = Mapping[tuple[AccountId, Symbol], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A message: HTML text, and rows of buttons under it."""

    text: Markup
    buttons: tuple[tuple[Button, ...], ...] = ()


def run(label: str, command: str) -> Button:
    """Return a button that runs a command, given without its slash."""
    return Button(text=shown(label), data=f"r:{command}")


def refresh(words: Words, command: str) -> tuple[Button, ...]:
    return (run(words.plain("Refresh"), command),)


def pages(words: Words, command: str, page: int, total: int) -> tuple[tuple[Button, ...], ...]:
    """Return the refresh button, with back and forth when `total` rows need several pages."""
    row = list(refresh(words, f"{command} page={page}" if page > 1 else command))
    if page > 1:
        row.insert(0, run("◀", f"{command} page={page - 1}"))
    if page * PAGE < total:
        row.append(run("▶", f"{command} page={page + 1}"))
    return (tuple(row),)


# The original system's four -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The input of /phase2_status. `statistics`: the reconciler's rows, None without an answer."""

    metrics: SystemMetrics
    positions: PositionsAnswer
    status: Rows
    statistics: Rows | None
    chat_since_ns: int


def phase2_status(words: Words, overview: Overview, now_ns: int) -> Page:
    parts = [
        words("<b>System</b> · {moment}", moment=words.moment(now_ns)),
        _bus(words, overview.metrics),
        _position_figures(words, overview.positions),
        _reconciler(words, overview.statistics),
        _supervision(words, overview.metrics),
        _health(words, overview, now_ns),
    ]
    return Page(text=join("\n\n", parts), buttons=(refresh(words, "phase2_status"),))


def _bus(words: Words, metrics: SystemMetrics) -> Markup:
    lines = [
        words(
            "<b>Messages</b>: {published} published, {processed} processed, {failed} failed, {shed} shed, "
            "{subscribers} subscribers",
            published=sum(lane.accepted for lane in metrics.lanes),
            processed=sum(lane.processed for lane in metrics.lanes),
            failed=sum(lane.failed for lane in metrics.lanes),
            shed=sum(lane.shed + lane.refused for lane in metrics.lanes),
            subscribers=metrics.subscriptions,
        )
    ]
    rows = [
        (words.name(lane.name.lower()), str(lane.processed), _ms(lane.mean_ns), _ms(lane.p99_ns), str(lane.waiting))
        for lane in metrics.lanes
        if lane.processed
    ]
    title = ("", "n", words.plain("mean ms"), "p99 ms", words.plain("waiting"))
    return join("\n", [*lines, preformatted(columns((title, *rows)).split("\n"))])


def _ms(time_ns: int) -> str:
    """Return ms with three places, in integer arithmetic."""
    return f"{time_ns // 1_000_000}.{time_ns // 1_000 % 1_000:03d}"


def _position_figures(words: Words, answer: PositionsAnswer) -> Markup:
    views = answer.views
    states = Counter(view.state for view in views)
    terminal = sum(view.state.terminal for view in views)
    failed = states[PositionState.FAILED]
    share = "-" if not terminal else f"{Decimal(terminal - failed) / terminal * 100:.1f} %"
    lines = [
        words(
            "<b>Positions</b>: {total} known, {active} active, {terminal} over; {transitions} transitions, "
            "{failed} failed, {share} succeeded",
            total=len(views),
            active=len(views) - terminal,
            terminal=terminal,
            transitions=sum(view.transitions for view in views),
            failed=failed,
            share=share,
        )
    ]
    if states:
        lines.append(escape(", ".join(f"{words.name(state)} {count}" for state, count in sorted(states.items()))))
    return join("\n", [*lines, *broken(words, answer)])


def _reconciler(words: Words, statistics: Rows | None) -> Markup:
    if statistics is None:
        return words("<b>Reconciliation</b>: not running")
    mine = readable(words, (row for row in statistics if row.section.code == Status.RECONCILIATION.code))
    return join("\n", [words("<b>Reconciliation</b>"), *(escape(f"{name}: {value}") for _, name, value in mine)])


def _supervision(words: Words, metrics: SystemMetrics) -> Markup:
    return words(
        "<b>Supervision</b>: {actors} actors, {restarts} restarts, quarantined: {quarantined}, "
        "{parked} messages put aside",
        actors=len(metrics.actors),
        restarts=metrics.restarts,
        quarantined=", ".join(words.say(actor(each)) for each in metrics.quarantined) or "-",
        parked=metrics.parked,
    )


def _health(words: Words, overview: Overview, now_ns: int) -> Markup:
    ways = (Status.VENUE.code, Status.STREAM.code)
    mine = (row for row in overview.status if row.section.code == Status.ACCOUNT.code and row.name.code in ways)
    lines = [escape(f"{section} · {name}: {value}") for section, name, value in readable(words, mine)]
    if overview.chat_since_ns:
        span = words.span(now_ns - overview.chat_since_ns)
        lines.append(words("chat: up for {span}", span=span))
    return join("\n", [words("<b>Health</b>"), *lines])


def position_states(words: Words, answer: PositionsAnswer, page: int, now_ns: int) -> Page:
    views = answer.views
    if not views and not answer.silent:
        return Page(text=words("No positions."), buttons=(refresh(words, "position_states"),))
    lines = [words("<b>States</b>"), *broken(words, answer)]
    lines += [
        words(
            "#{n} {symbol} {side} {strategy}: <b>{state}</b> (before: {previous}), {count} transitions, for {span}",
            n=view.ordinal,
            symbol=view.symbol,
            side=words.name(view.side),
            strategy=owner(view, views),
            state=words.name(view.state),
            previous=words.name(view.previous or "-"),
            count=view.transitions,
            span=words.span(now_ns - view.since_ns),
        )
        for view in views[(page - 1) * PAGE : page * PAGE]
    ]
    return Page(text=join("\n", lines), buttons=pages(words, "position_states", page, len(views)))


def reconciling(words: Words, symbol: Symbol | None) -> Page:
    return Page(text=words("Comparing {what} with the venue …", what=symbol or words("everything")))


def reconciled(words: Words, answer: ReconcileAnswer) -> Page:
    text = words(
        "<b>Reconciled</b>: {checked} checked, {found} discrepancies, {attempted} attempted, {succeeded} succeeded, "
        "{seconds} s",
        checked=answer.checked,
        found=answer.discrepancies,
        attempted=answer.attempted,
        succeeded=answer.succeeded,
        seconds=f"{answer.elapsed_ms // 1000}.{answer.elapsed_ms % 1000:03d}",
    )
    if answer.unproven:
        text = join("\n", [text, words("Not proven yet, {n} differ:", n=len(answer.unproven))])
        text = join("\n", [text, *(_unproven(words, each) for each in answer.unproven[:PAGE])])
    if answer.failed:
        text = join(
            "\n",
            [text, words("Could not be read, so nothing is proven: {what}", what=words.say(answer.failed))],
        )
    return Page(text=text, buttons=((run(words.plain("Discrepancies"), "discrepancies"),),))


def _unproven(words: Words, one: Unproven) -> Markup:
    return words(
        "<b>{symbol}</b>: believed {believed}, venue {reported}",
        symbol=one.symbol,
        believed=words.say(one.believed),
        reported=words.say(one.reported),
    )


def discrepancies(words: Words, answer: DiscrepanciesAnswer, request: Request, role: Role) -> Page:
    command = " ".join(part for part in ("discrepancies", request.symbol or "", str(request.count or "")) if part)
    found = answer.discrepancies
    if not found:
        return Page(text=words("No discrepancies."), buttons=(refresh(words, command),))
    kinds = Counter(one.type for one in found)
    lines = [
        words("<b>Discrepancies</b>: {n}", n=len(found)),
        escape(", ".join(f"{words.name(kind)} {count}" for kind, count in kinds.most_common())),
    ]
    shown = found[(request.page - 1) * PAGE : request.page * PAGE]
    lines += [divergence(words, one) for one in shown]
    standing = [one.discrepancy_id for one in shown if not one.outcome.ended] if may(role, "ack") else []
    acks = [run(words.plain("Acknowledge {name}", name=name), f"ack {name}") for name in standing]
    rows = tuple(tuple(acks[start : start + 3]) for start in range(0, len(acks), 3))
    return Page(text=join("\n", lines), buttons=(*rows, *pages(words, command, request.page, len(found))))


def divergence(words: Words, one: Discrepancy) -> Markup:
    """Return one discrepancy in two or three lines: difference, action, and reason."""
    said = words(
        "<b>{name} {symbol}</b> {type} ({severity}) <i>{moment}</i>\n"
        "believed {believed}, venue {reported}; {action}: {outcome}",
        name=one.discrepancy_id,
        moment=words.moment(one.detected_ns or one.first_seen_ns),
        symbol=one.symbol,
        type=words.name(one.type),
        severity=words.name(one.severity),
        believed=words.say(one.believed),
        reported=words.say(one.reported),
        action=words.name(one.action),
        outcome=words.name(one.outcome),
    )
    return join("\n", [said, escape(words.say(one.why))]) if one.why else said


# Positions ------------------------------------------------------------------------------------------


def gain(view: PositionView, mark: Decimal | None) -> Decimal | None:
    """Return the unrealized result in quote currency; None without a mark price or a quantity."""
    if mark is None or not view.quantity:
        return None
    return (mark - view.entry_price) * view.quantity * view.side.sign


def mark_of(view: PositionView, prices: Prices) -> Decimal | None:
    """Return the mark price at the position's own account, since venues differ."""
    return prices.get((view.account, view.symbol))


def broken(words: Words, answer: PositionsAnswer) -> list[Markup]:
    """Return a line per position that cannot report its content."""
    return [words("⛔ {name}: {what}", name=name, what=words.say(why)) for name, _, why in answer.silent]


def retired(words: Words, over: Iterable[tuple[PositionId, str]]) -> Markup:
    """Return a line per retired position with a damaged history."""
    lines = (words("{name} is retired: {why}", name=name, why=words.say(why)) for name, why in over)
    return join("\n", lines)


def positions(words: Words, answer: PositionsAnswer, page: int) -> Page:
    views, prices = answer.views, answer.prices
    unseen = {name for name, _, _ in answer.silent} - {view.position_id for view in views}
    number_of = len(views) + len(unseen)
    if not number_of:
        return Page(text=words("No open positions."), buttons=(refresh(words, "positions"),))
    total = gains((view.currency, gain(view, mark_of(view, prices)) or ZERO) for view in views)
    head = words.count(number_of, "<b>{n} position</b>, {gain}", "<b>{n} positions</b>, {gain}", gain=total)
    shown = views[(page - 1) * PAGE : page * PAGE]
    rows_ = (_line(words, view, mark_of(view, prices), _whose(view, views)) for view in shown)
    lines = [head, *broken(words, answer), *rows_]
    details = [run(f"#{view.ordinal} {view.symbol}", f"position #{view.ordinal}") for view in shown]
    rows = tuple(tuple(details[start : start + 3]) for start in range(0, len(details), 3))
    return Page(text=join("\n", lines), buttons=(*rows, *pages(words, "positions", page, len(views))))


def size(words: Words, view: PositionView) -> str:
    """Return the held quantity, for a waiting entry also the intended one."""
    if view.resting:
        held, resting = number(view.quantity), number(view.resting)
        return words.plain("{quantity} ({resting} resting)", quantity=held, resting=resting)
    wanted = sum((o.quantity for o in view.orders if o.purpose is OrderPurpose.ENTRY and o.filled_quantity == 0), ZERO)
    return f"0/{number(wanted)}" if wanted and not view.quantity else number(view.quantity)


def owner(view: PositionView, views: Iterable[PositionView]) -> str:
    """Return the strategy, with the account when the shown positions have several."""
    several = any(other.account != view.account for other in views)
    return f"{view.strategy}, {view.account}" if several else view.strategy


def _whose(view: PositionView, views: tuple[PositionView, ...]) -> str:
    """Return what distinguishes it from the other shown positions; empty when all have one owner."""
    said = [str(view.strategy)] if any(other.strategy != view.strategy for other in views) else []
    said += [str(view.account)] if any(other.account != view.account for other in views) else []
    return ", ".join(said)


def _line(words: Words, view: PositionView, mark: Decimal | None, whose: str) -> Markup:
    result = gain(view, mark)
    parts = [
        filled(
            "#{n} <b>{symbol}</b> {side} {size}",
            {"n": view.ordinal, "symbol": view.symbol, "side": words.name(view.side), "size": size(words, view)},
        ),
        escape(f"@ {number(view.entry_price)} → {number(mark)}" if view.quantity else words.name(view.state)),
    ]
    if result is not None:
        parts.append(bold(escape(signed(result))))
    if whose:
        parts.append(escape(f"({whose})"))
    if view.state is not PositionState.ACTIVE and view.quantity:
        parts.append(escape(words.name(view.state)))
    if view.unprotected:
        parts.append(words("⚠ stop not placed"))
    if view.in_doubt:
        parts.append(words("⚠ in doubt"))
    return join(" ", parts)


def position(words: Words, view: PositionView, answer: PositionsAnswer, role: Role, now_ns: int) -> Page:
    mark = mark_of(view, answer.prices)
    result = gain(view, mark)
    facts: list[tuple[str, object]] = [
        (words.plain("account"), view.account),
        (words.plain("strategy"), view.strategy),
        (words.plain("state"), f"{words.name(view.state)} ({words.span(now_ns - view.since_ns)})"),
        (words.plain("quantity"), size(words, view)),
        (words.plain("entry price"), number(view.entry_price) if view.entry_price else "-"),
        (words.plain("mark"), number(mark)),
        (words.plain("unrealized"), "-" if result is None else gains(((view.currency, result),))),
        (words.plain("realized"), gains(((view.currency, view.realized_pnl),))),
        (words.plain("fees"), amount(view.fees, view.currency)),
        *([(words.plain("not counted"), amounts(view.uncounted))] if view.uncounted else []),
        (words.plain("leverage"), view.leverage or "-"),
        (words.plain("stop"), number(view.stop_shown)),
        *([(words.plain("trailing stop"), f"{number(view.trailing)} %")] if view.trailing is not None else []),
        (words.plain("target"), number(view.target_shown)),
        (words.plain("protected"), words.plain("yes") if view.protected else words.plain("no")),
    ]
    names = {"symbol": view.symbol, "side": words.name(view.side), "name": view.position_id}
    lines = [filled("<b>{symbol} {side}</b> <code>{name}</code>", names)]
    silent = tuple(each for each in answer.silent if each[0] == view.position_id)
    lines += broken(words, replace(answer, silent=silent))
    lines += [escape(f"{name}: {value}") for name, value in facts]
    if view.reason:
        lines.append(escape(words.say(view.reason)))
    lines += order_lines(words, view.orders[-6:])
    return Page(text=join("\n", lines), buttons=_position_buttons(words, view, role))


def order_lines(words: Words, orders: Iterable[OrderView]) -> list[Markup]:
    """Return the lines of orders: purpose, phase, filled quantity."""
    return [
        escape(
            f"· {words.name(order.purpose)}: {words.name(order.phase)}, "
            f"{number(order.filled_quantity)}/{number(order.quantity)}"
        )
        for order in orders
    ]


def _position_buttons(words: Words, view: PositionView, role: Role) -> tuple[tuple[Button, ...], ...]:
    here = f"#{view.ordinal}"
    first = (
        run(words.plain("Refresh"), f"position {here}"),
        run(words.plain("History"), f"history {here}"),
        run(words.plain("All positions"), "positions"),
    )
    if view.state.terminal or not may(role, "close"):
        return (first,)
    paused = view.state is PositionState.PAUSED
    hold = run(words.plain("Resume"), f"resume {here}") if paused else run(words.plain("Pause"), f"pause {here}")
    return (
        (
            run(words.plain("Close"), f"close {here}"),
            run(words.plain("Close 50 %"), f"close {here} 50%"),
            hold,
        ),
        first,
    )


def strategies(words: Words, answer: PositionsAnswer) -> Page:
    prices = answer.prices
    held: dict[str, list[PositionView]] = defaultdict(list)
    for view in answer.views:
        held[view.strategy].append(view)
    lines = [words("<b>Strategies</b>")] if held or answer.silent else [words("No open positions.")]
    lines += broken(words, answer)
    for name, views in sorted(held.items()):
        open_gain = gains((view.currency, gain(view, mark_of(view, prices)) or ZERO) for view in views)
        realized = gains((view.currency, view.realized_pnl - view.fees) for view in views)
        symbols = ", ".join(f"{view.symbol} {words.name(view.side)}" for view in views[:5])
        lines.append(
            words(
                "<b>{name}</b>: {n} open ({symbols}), unrealized {gain}, realized {realized}",
                name=name,
                n=len(views),
                symbols=symbols,
                gain=open_gain,
                realized=realized,
            )
        )
    return Page(text=join("\n", lines), buttons=(refresh(words, "strategies"),))


# Accounts and health --------------------------------------------------------------------------------


def status(words: Words, rows: Rows) -> Page:
    """Return the status, section by section; handling times are in /phase2_status."""
    mine = tuple(row for row in rows if row.section.code != Status.MESSAGES.code)
    return Page(text=_sections(words("<b>Status</b>"), words, mine), buttons=(refresh(words, "status"),))


def accounts(words: Words, rows: Rows) -> Page:
    mine = tuple(row for row in rows if row.section.code == Status.ACCOUNT.code)
    return Page(text=_sections(words("<b>Accounts</b>"), words, mine), buttons=(refresh(words, "accounts"),))


def _sections(title: Markup, words: Words, rows: Rows) -> Markup:
    lines, last = [title], ""
    for section, name, value in readable(words, rows):
        if section != last:
            lines.append(filled("\n<b>{section}</b>", {"section": section}))
            last = section
        lines.append(escape(f"{name}: {value}"))
    return join("\n", lines)


def health(words: Words, verdict: Verdict, now_ns: int) -> Page:
    """Return the short verdict: what a person has to do, what needs attention, or that all is well."""
    if verdict.level is Level.CALM:
        return Page(text=words("✅ All is well."), buttons=(refresh(words, "health"),))
    title = words("🔴 <b>Act</b>") if verdict.level is Level.ACT else words("⚠ <b>Look at this</b>")
    lines = [title]
    for each in verdict.concerns:
        said = escape(words.say(each.reason))
        if each.since_ns:
            said = words("{what} (for {span})", what=said, span=words.span(now_ns - each.since_ns))
        lines.append(bold(said) if each.level is Level.ACT else said)
    return Page(text=join("\n", lines), buttons=(refresh(words, "health"),))


def balance(words: Words, reports: Iterable[BalanceReport], silent: Iterable[str]) -> Page:
    lines = [words("<b>Balance</b>")]
    lines += [
        words(
            "<b>{account}</b>: {wallet} {currency}, available {available}, unrealized {gain}",
            account=report.account,
            wallet=money(report.wallet),
            currency=report.currency,
            available=money(report.available),
            gain=signed(report.unrealized_pnl),
        )
        for report in reports
    ]
    lines += [words("<b>{account}</b>: no answer from the venue", account=account) for account in silent]
    return Page(text=join("\n", lines), buttons=(refresh(words, "balance"),))


def logs(words: Words, lines: tuple[str, ...]) -> Page:
    if not lines:
        return Page(text=words("The log has nothing to show."))
    return Page(text=preformatted(lines))


def instead(words: Words, other: PositionId | None) -> list[Markup]:
    """Return the position with the requested number; [] for none."""
    return [] if other is None else [words("#{n} is {name}.", n=other.rpartition(".")[2], name=other)]


def history(words: Words, name: str, lines: tuple[str, ...], other: PositionId | None = None) -> Page:
    """Return the history page. `lines`: one per event, oldest first; `other`: the position with its number."""
    if not lines:
        return Page(text=join(" ", [words("No position {name}.", name=name), *instead(words, other)]))
    return Page(text=join("\n", [bold(escape(name)), preformatted(lines)]))


# What is said about speaking ------------------------------------------------------------------------


def help_page(words: Words, role: Role) -> Page:
    lines = [words("<b>Albra</b>: you are {role} here.", role=words.plain(ROLES[role]))]
    for name, usage in COMMANDS.items():
        if may(role, name):
            lines.append(filled("<code>{form}</code> {does}", {"form": words(usage.form), "does": words(usage.does)}))
    lines.append(
        words("Positions are named by symbol, by id, or in short as #17. Whatever changes something asks first.")
    )
    return Page(text=join("\n", lines))


def refusal(words: Words, said: Refusal) -> Page:
    lines = [words(said.why, found=words.name(said.found))]
    usage = COMMANDS.get(said.name)
    if usage is not None:
        lines.append(filled("<code>{form}</code>", {"form": words(usage.form)}))
    else:
        lines.append(words("/help lists what can be said here."))
    return Page(text=join("\n", lines))


def which(words: Words, request: Request, views: tuple[PositionView, ...], command: str) -> Page:
    """Return the page for an ambiguous request: one button per position."""
    text = words("Which one? {n} positions of {symbol} are open.", n=len(views), symbol=request.symbol or "")
    names = [
        f"#{view.ordinal} {words.name(view.side)} {owner(view, views)} {number(view.quantity)}" for view in views[:PAGE]
    ]
    rows = [(run(name, command.format(f"#{view.ordinal}")),) for name, view in zip(names, views[:PAGE], strict=True)]
    if any(len(row[0].data.encode()) > DATA_MOST for row in rows):
        advice = words("Send the command again with one of these numbers:")
        return Page(text=join("\n", [text, advice, *map(escape, names)]))
    return Page(text=text, buttons=tuple(rows))


def choices(words: Words, yes: str, no: str) -> tuple[tuple[Button, ...], ...]:
    return ((Button(text=words.plain("✅ Confirm"), data=yes), Button(text=words.plain("❌ Cancel"), data=no)),)


def notional(views: Iterable[PositionView], prices: Prices, share: Decimal = Decimal(1)) -> str:
    """Return the notional at mark price, at entry price without one, by currency."""
    held = ((view, abs(view.quantity) * (mark_of(view, prices) or view.entry_price) * share) for view in views)
    return amounts((view.currency, value) for view, value in held)
