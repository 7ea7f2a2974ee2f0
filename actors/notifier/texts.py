"""Texts of notices for a reader. Pure."""

from actors.language.markup import split
from actors.language.words import Words, escape, join
from actors.notifier.outbox import Entry
from messages.ids import parse_position_id
from messages.statement import Statement
from messages.telegram import Button
from messages.text import Markup, Shown, bold, filled, shown
from messages.types import Severity
from messages.wording import Reconciler

LATE_NS = 60_000_000_000
"""A notice older than this states its delay."""
SIGNS = {
    Severity.CRITICAL: "🔴",
    Severity.WARNING: "🟠",
    Severity.INFO: "🟢",
    Severity.DIGEST: "⚪",
}
_SIGNED = (Severity.CRITICAL, Severity.WARNING)
"""Severities whose notices have a sign."""
_NEEDS_YOU = frozenset({Reconciler.NEEDS_YOU.code, Reconciler.ANSWER_REFUSED.code})
"""Notices that require a decision about a discrepancy."""
ACKNOWLEDGE = "n:{number}"
"""Button data of a CRITICAL notice."""


def message(entries: tuple[Entry, ...], words: Words, now_ns: int) -> tuple[Markup, ...]:
    """Return the texts of one batch, in order; one entry stands alone, several have a heading."""
    if len(entries) == 1:
        return split(_alone(entries[0], words, now_ns))
    heading = words.count(len(entries), "<b>{n} notice</b>", "<b>{n} notices</b>")
    late_ns = now_ns - entries[0].queued_ns
    if late_ns >= LATE_NS:
        heading = join(" · ", [heading, words("the first {age} ago", age=words.span(late_ns))])
    lines = [
        filled(
            "{sign} <i>{moment}</i> {told}",
            {"sign": SIGNS[entry.severity], "moment": words.moment(entry.queued_ns), "told": _told(entry, words)},
        )
        for entry in entries
    ]
    return split(join("\n", [heading, *lines]))


def buttons(entries: tuple[Entry, ...], words: Words) -> tuple[tuple[Button, ...], ...]:
    """Return buttons: acknowledge a CRITICAL notice; open the subject of a CRITICAL or WARNING one."""
    if len(entries) != 1 or entries[0].severity not in (Severity.CRITICAL, Severity.WARNING):
        return ()
    entry = entries[0]
    row = []
    if entry.severity is Severity.CRITICAL:
        data = ACKNOWLEDGE.format(number=entry.number)
        row.append(Button(text=words.plain("Acknowledge"), data=data))
    known = parse_position_id(entry.position_id or "")
    if known is not None:
        row.append(Button(text=shown(f"#{known[1]} {known[0].symbol}"), data=f"r:position #{known[1]}"))
    record = _record(entry.text)
    if record:
        row.append(Button(text=words.plain("Acknowledge {name}", name=record), data=f"r:ack {record}"))
    return (tuple(row),) if row else ()


def _record(text: str) -> str:
    """Return the id of the discrepancy that a notice asks about; empty for none, or in an earlier version's notice."""
    if not isinstance(text, Statement) or text.code not in _NEEDS_YOU:
        return ""
    return str(text.args.get("record", ""))


def _alone(entry: Entry, words: Words, now_ns: int) -> Markup:
    text = _told(entry, words)
    if entry.severity is Severity.CRITICAL:
        text = bold(text)
    lines = [join(" ", [escape(SIGNS[entry.severity]), text]) if entry.severity in _SIGNED else text]
    late_ns = now_ns - entry.queued_ns
    if late_ns >= LATE_NS:
        told = words("happened {moment}, {age} ago", moment=words.moment(entry.queued_ns), age=words.span(late_ns))
        lines.append(filled("<i>{told}</i>", {"told": told}))
    return join("\n", lines)


def bare(entry: Entry, words: Words) -> Shown:
    """Return the notice alone, for a channel without markup."""
    text = words.say(entry.text)
    return shown(f"{text} (×{entry.repeats + 1})" if entry.repeats else text)


def _told(entry: Entry, words: Words) -> Markup:
    return escape(bare(entry, words))
