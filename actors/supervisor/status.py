"""The rows of `albra status`: positions, accounts, gateways, messages, actors. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from actors.runtime.metrics import LaneMetrics, SystemMetrics
from actors.supervisor.memory import SupervisorMemory
from actors.supervisor.registry import Account, Hold, Registry
from messages.base import Message
from messages.reports import CircuitView, GatewayStatus, Outside
from messages.statement import NOTHING, Statement, verbatim, word
from messages.status import CIRCUIT_HALF_OPEN, CIRCUIT_OPEN, Rows, StatusRow, row, several
from messages.types import AccountId, PositionMode
from messages.wording.status import Status
from messages.wording.supervisor import actor

SECOND = 1_000_000_000


def rows(memory: SupervisorMemory, holds: tuple[Hold, ...]) -> Rows:
    """Return the rows of positions, silent ones by name, then of every account with its gateway."""
    section = Status.POSITIONS()
    accounts = (each for account in memory.accounts.values() for each in _account(account, memory.gateways))
    broken = (StatusRow(section=section, name=verbatim(name), value=why) for name, (_, why) in memory.silent.items())
    left = Counter(view.account for view in memory.registry.live() if view.account not in memory.accounts)
    missing = (
        row(Status.ACCOUNT(name=name), Status.NOT_CONFIGURED_ACCOUNT, number) for name, number in sorted(left.items())
    )
    retired = (row(section, Status.RETIRED, len(memory.retired)),) if memory.retired else ()
    return (*_positions(memory.registry, holds, len(memory.silent)), *retired, *broken, *accounts, *missing)


def _positions(registry: Registry, holds: tuple[Hold, ...], broken: int) -> Rows:
    views = tuple(registry.views.values())
    states = Counter(view.state for view in views)
    live = tuple(registry.live())
    counts = [Status.STATE_COUNT(state=state, n=number) for state, number in sorted(states.items())]
    section = Status.POSITIONS()
    return (
        row(section, Status.LIVE, len(live)),
        row(section, Status.BROKEN, broken),
        row(section, Status.IN_DOUBT, sum(view.in_doubt for view in live)),
        row(section, Status.UNPROTECTED, sum(view.unprotected for view in live)),
        row(section, Status.FINISHED, registry.finished_total),
        row(section, Status.TRANSITIONS, sum(view.transitions for view in views)),
        row(section, Status.STATES, several(counts)),
        row(section, Status.OPENINGS, Status.PAUSED() if holds else Status.ALLOWED()),
        *([row(section, Status.BECAUSE, several([hold.statement for hold in holds]))] if holds else ()),
    )


def _account(account: Account, gateways: Mapping[AccountId, Message]) -> Iterator[StatusRow]:
    section = Status.ACCOUNT(name=account.account)
    if account.place:
        yield row(section, Status.PLACE, verbatim(account.place))
    yield row(section, Status.VENUE, _venue(account))
    if account.waits_since_ns:
        yield row(section, Status.SINCE, moment(account.waits_since_ns))
    if account.trouble and not (account.venue_up and account.stream_up):
        yield row(section, Status.VENUE_TROUBLE, account.trouble)
    yield row(section, Status.STREAM, _stream(account))
    if account.mute:
        silent = [Status.MUTE_ABOUT(kind=kind, since=_moment(ns)) for kind, ns in account.mute.items()]
        yield row(section, Status.MUTE, several(silent))
    why = account.why_unfit or account.why_not_ready or account.why_silent
    yield row(section, Status.OPENINGS, Status.WAITING() if why else Status.POSSIBLE())
    if why:
        yield row(section, Status.BECAUSE, why)
    yield row(section, Status.MODE, word(_mode(account)))
    if account.modes is not None and account.modes.multi_assets:
        yield row(section, Status.MULTI_ASSETS, Status.YES())
    outside = [_outside(each) for each in account.outside.values()]
    yield row(section, Status.NOT_SUPERVISED, several(outside, Status.NOTHING_THERE))
    yield row(section, Status.SYMBOLS, len(account.instruments))
    gateway = gateways.get(account.account)
    if isinstance(gateway, GatewayStatus):
        yield from _gateway(section, gateway)


def _gateway(section: Statement, status: GatewayStatus) -> Rows:
    used = [
        Status.USED(kind=use.kind, used=use.used, most=use.limit, seconds=use.interval_ms // 1_000)
        for use in status.budget
    ]
    return (
        row(section, Status.REACHABLE, Status.YES() if status.reachable else Status.NO()),
        row(section, Status.OUTSTANDING, status.outstanding),
        row(section, Status.QUEUED, status.queued),
        row(section, Status.IN_DOUBT, status.in_doubt),
        row(section, Status.RETRIES, status.retries),
        row(section, Status.THROTTLED, moment(status.throttled_until_ns)),
        row(section, Status.LAST_ERROR, status.last_error),
        row(section, Status.BUDGET, several(used)),
        row(section, Status.BREAKER, several([_circuit(each) for each in status.breaker], Status.CLOSED)),
    )


def _circuit(circuit: CircuitView) -> Statement:
    phase = CIRCUIT_HALF_OPEN if circuit.half_open else CIRCUIT_OPEN
    return Status.CIRCUIT(phase=phase, channel=circuit.channel, cause=circuit.cause)


def _outside(held: Outside) -> Statement:
    kind = word(held.kind or "not listed")
    if held.quantity is None or held.side is None:
        return Status.UNREADABLE_OUTSIDE(symbol=held.symbol, kind=kind)
    return Status.HELD_OUTSIDE(symbol=held.symbol, side=held.side, quantity=held.quantity, kind=kind)


def _mode(account: Account) -> PositionMode:
    """Return the mode set at the venue, if it was read, else the configured one."""
    return account.mode if account.modes is None else account.modes.position_mode


def _venue(account: Account) -> Statement:
    if account.waits_since_ns:
        return Status.WAITING()
    return Status.UP() if account.venue_up else Status.DOWN()


def _stream(account: Account) -> Statement:
    if account.mute:
        return Status.MUTE()
    return Status.UP() if account.stream_up else Status.DOWN()


def moment(time_ns: int) -> Statement:
    """Return a wall time (ns) as ISO 8601 in UTC; NOTHING for 0."""
    return Status.MOMENT(at=_moment(time_ns)) if time_ns else NOTHING


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // SECOND, UTC).isoformat().replace("+00:00", "Z")


def money_rows(paper: tuple[AccountId, ...], others: int, *, asked: bool, configured: bool) -> Rows:
    """Return the row that money on the `paper` accounts is not real, and why; empty if all money is real."""
    if not paper:
        return ()
    if others:
        said = Status.PAPER_FOR(accounts=paper)
    elif asked:
        said = Status.PAPER_ASKED()
    else:
        said = Status.PAPER() if configured else Status.PAPER_UNCONFIGURED()
    return (row(Status.TRADING(), Status.MONEY, said),)


def runtime_rows(metrics: SystemMetrics) -> Rows:
    """Return the rows of messages by priority, and of actors."""
    section = Status.ACTORS()
    return (
        *(
            StatusRow(section=Status.MESSAGES(), name=word(lane.name.lower()), value=_lane(lane))
            for lane in metrics.lanes
        ),
        row(section, Status.ALIVE, len(metrics.actors)),
        row(section, Status.RESTARTS, metrics.restarts),
        row(section, Status.QUARANTINED, several([actor(name) for name in metrics.quarantined])),
        row(section, Status.PUT_ASIDE, metrics.parked),
    )


def _lane(lane: LaneMetrics) -> Statement:
    return Status.LANE(
        handled=lane.processed,
        waiting=lane.waiting,
        failed=lane.failed,
        refused=lane.refused,
        shed=lane.shed,
        dead=lane.dead,
        mean_ms=milliseconds(lane.mean_ns),
        p99_ms=milliseconds(lane.p99_ns),
    )


def milliseconds(time_ns: float) -> Decimal:
    """Return the time in milliseconds with three decimals."""
    return Decimal(round(time_ns / 1_000)).scaleb(-3)
