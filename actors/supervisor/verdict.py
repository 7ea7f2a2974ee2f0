"""How things stand in one word, CALM, LOOK or ACT, and every reason for it. Pure.

One rule serves `albra status`, the API, the chat and the page. ACT: money is at risk until a person does something.
LOOK: something is not as it should be, and Albra works on it. Each reason says what it concerns and since when.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from actors.supervisor.memory import SupervisorMemory
from actors.supervisor.since import Since
from messages.reports import PositionView
from messages.statement import Argument
from messages.status import Concern, Level, Rows, StatusRow, Verdict, troubles
from messages.types import AccountId
from messages.wording.status import Status

SECOND = 1_000_000_000
DOUBT_NS = 10 * SECOND
"""An outcome is usually known sooner."""
OUTAGE_NS = 30 * SECOND
"""Of the venue or its stream; shorter ones are routine."""
NEAR_STOP = Decimal("0.01")
"""Of the mark price."""
NEAR_LIMIT = Decimal("0.8")
_BY_POSITION = frozenset({Status.IN_DOUBT.code, Status.UNPROTECTED.code})
"""Counts of positions that are judged one by one, by the time for which it has been so."""
_OUTAGES = {Status.VENUE.code: "venue", Status.STREAM.code: "stream"}
_ACT = frozenset(
    {Status.BROKEN.code, Status.ESCALATED.code, Status.DISK.code, Status.QUARANTINED.code, Status.UNSEEN.code}
)


def note_position(since: Since, view: PositionView, now_ns: int) -> None:
    since.note("bare", view.ordinal, now_ns, so=view.unprotected)
    since.note("doubt", view.ordinal, now_ns, so=view.in_doubt and not view.state.terminal)


def judge(
    memory: SupervisorMemory,
    rows: Rows,
    now_ns: int,
    *,
    protection_ns: int,
    losses: Mapping[AccountId, tuple[Decimal, Decimal]],
) -> Verdict:
    """`losses`: what each account lost today, and its limit. `protection_ns`: how long a position may be bare."""
    concerns = sorted(
        (
            *_of_positions(memory, now_ns, protection_ns),
            *_of_rows(memory.since, rows, now_ns),
            *_of_losses(losses),
        ),
        key=lambda concern: concern.level.rank,
    )
    level = concerns[0].level if concerns else Level.CALM
    return Verdict(level=level, concerns=tuple(concerns))


def _of_positions(memory: SupervisorMemory, now_ns: int, protection_ns: int) -> Iterator[Concern]:
    for view in memory.book.live():
        bare_ns = memory.since.of("bare", view.ordinal)
        if bare_ns:
            level = Level.ACT if now_ns - bare_ns > protection_ns else Level.LOOK
            yield _concern(level, Status.UNPROTECTED, Status.BARE, view, bare_ns)
        doubt_ns = memory.since.of("doubt", view.ordinal)
        if doubt_ns and now_ns - doubt_ns > DOUBT_NS:
            yield _concern(Level.LOOK, Status.IN_DOUBT, Status.DOUBTED, view, doubt_ns)
        account = memory.accounts.get(view.account)
        mark = account.marks.get(view.symbol) if account is not None else None
        near = mark is not None and view.stop_loss is not None and view.quantity > 0
        if near and mark and view.stop_loss and abs(mark - view.stop_loss) < mark * NEAR_STOP:
            yield _concern(Level.LOOK, Status.NEAR_STOP, Status.NEARS_STOP, view, 0)


def _concern(level: Level, what: Status, said: Status, view: PositionView, since_ns: int) -> Concern:
    return Concern(
        level=level,
        section=Status.POSITIONS(),
        name=what(),
        reason=said(position=view.position_id),
        about=view.position_id,
        since_ns=since_ns,
    )


def _of_rows(since: Since, rows: Rows, now_ns: int) -> Iterator[Concern]:
    for row in troubles(rows):
        code, account = row.name.code, str(row.section.args.get("name", ""))
        if code in _BY_POSITION:
            continue
        since_ns = since.of(_OUTAGES[code], account) if code in _OUTAGES else 0
        if since_ns and now_ns - since_ns <= OUTAGE_NS:
            continue
        yield Concern(
            level=Level.ACT if code in _ACT else Level.LOOK,
            section=row.section,
            name=row.name,
            reason=Status.OF_ROW(section=row.section, name=row.name, value=_said(row, rows)),
            about=account,
            since_ns=since_ns,
        )


def _said(row: StatusRow, rows: Rows) -> Argument:
    """The value, and the row that tells why."""
    why = _WHY.get(row.name.code)
    told = [each.value for each in rows if each.section == row.section and each.name.code == why and each.value]
    return (row.value, *told) if told else row.value


_WHY = {
    Status.VENUE.code: Status.VENUE_TROUBLE.code,
    Status.STREAM.code: Status.VENUE_TROUBLE.code,
    Status.OPENINGS.code: Status.BECAUSE.code,
    Status.TELEGRAM.code: Status.BECAUSE.code,
    Status.DISK.code: Status.DISK_TROUBLE.code,
}


def _of_losses(losses: Mapping[AccountId, tuple[Decimal, Decimal]]) -> Iterator[Concern]:
    for account, (lost, limit) in losses.items():
        if lost > limit * NEAR_LIMIT:
            yield Concern(
                level=Level.LOOK,
                section=Status.ACCOUNT(name=account),
                name=Status.LOSS_TODAY(),
                reason=Status.LOSS_NEAR_LIMIT(account=account, lost=lost, limit=limit),
                about=account,
            )
