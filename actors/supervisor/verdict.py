"""The verdict, CALM, LOOK or ACT, with every reason for it. Pure.

One rule serves `albra status`, the API, the chat and the page. ACT: money is at risk until the owner acts. LOOK:
something is wrong, and Albra works on it. Each reason states its subject and since when.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from actors.risk.daily_loss import DailyLoss
from actors.supervisor.memory import SupervisorMemory
from actors.supervisor.since import Since
from messages.reports import PositionView
from messages.statement import Argument
from messages.status import Concern, Level, Rows, StatusRow, Verdict, troubles
from messages.types import AccountId
from messages.wording.status import Status

SECOND = 1_000_000_000
DOUBT_NS = 10 * SECOND
"""An unknown outcome that lasts longer is a concern."""
OUTAGE_NS = 30 * SECOND
"""An outage of the venue or its stream that lasts longer is a concern."""
NEAR_STOP = Decimal("0.01")
"""Distance of mark and stop, as a share of the mark, below which a position is near its stop."""
_BY_POSITION = frozenset({Status.IN_DOUBT.code, Status.UNPROTECTED.code})
"""Counts of positions, which are judged one by one with their duration."""
_OUTAGES = {Status.VENUE.code: "venue", Status.STREAM.code: "stream"}
_ACT = frozenset(
    {Status.BROKEN.code, Status.ESCALATED.code, Status.DISK.code, Status.QUARANTINED.code, Status.UNSEEN.code}
)


def note_position(since: Since, view: PositionView, now_ns: int) -> None:
    """Note since when (wall ns) the position is unprotected or in doubt."""
    since.note("bare", view.ordinal, now_ns, so=view.unprotected)
    since.note("doubt", view.ordinal, now_ns, so=view.in_doubt and not view.state.terminal)


def judge(
    memory: SupervisorMemory, rows: Rows, now_ns: int, *, protection_ns: int, losses: Mapping[AccountId, DailyLoss]
) -> Verdict:
    """Return the verdict at wall time `now_ns`. `losses`: today's; `protection_ns`: how long a position may be
    unprotected.
    """
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
    for view in memory.registry.live():
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
            reason=Status.OF_ROW(section=row.section, name=row.name, value=_value_of(row, rows)),
            about=account,
            since_ns=since_ns,
        )


def _value_of(row: StatusRow, rows: Rows) -> Argument:
    """Return the row's value, with that of the row that explains it."""
    why = _WHY.get(row.name.code)
    causes = [each.value for each in rows if each.section == row.section and each.name.code == why and each.value]
    return (row.value, *causes) if causes else row.value


_WHY = {
    Status.VENUE.code: Status.VENUE_TROUBLE.code,
    Status.STREAM.code: Status.VENUE_TROUBLE.code,
    Status.OPENINGS.code: Status.BECAUSE.code,
    Status.TELEGRAM.code: Status.BECAUSE.code,
    Status.DISK.code: Status.DISK_TROUBLE.code,
}


def _of_losses(losses: Mapping[AccountId, DailyLoss]) -> Iterator[Concern]:
    for account, loss in losses.items():
        if loss.near and loss.limit is not None:
            yield Concern(
                level=Level.LOOK,
                section=Status.ACCOUNT(name=account),
                name=Status.LOSS_TODAY(),
                reason=Status.LOSS_NEAR_LIMIT(account=account, lost=loss.lost, limit=loss.limit),
                about=account,
            )
