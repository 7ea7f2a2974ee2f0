"""What `albra status` shows of positions, accounts and gateways: (section, name, value) rows. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime

from actors.runtime.metrics import SystemMetrics
from actors.supervisor.book import Account, Book, Hold
from actors.supervisor.memory import Memory
from actors.supervisor.outside import in_short
from messages.base import Message
from messages.reports import VenueReport
from messages.types import AccountId

Rows = tuple[tuple[str, str, str], ...]
SECOND = 1_000_000_000
_COMMON = frozenset(field.name for field in fields(VenueReport))


def rows(memory: Memory, holds: tuple[Hold, ...]) -> Rows:
    """Positions, those that cannot say what they hold by name, then every account with its gateway."""
    accounts = (row for account in memory.accounts.values() for row in _account(account, memory.gateways))
    broken = (("positions", name, why) for name, (_, why) in memory.silent.items())
    left = Counter(view.account for view in memory.book.live() if view.account not in memory.accounts)
    missing = (
        (f"account {name}", "live", f"{number}, and the configuration does not name the account")
        for name, number in sorted(left.items())
    )
    retired = (("positions", "retired", str(len(memory.retired))),) if memory.retired else ()
    return (*_positions(memory.book, holds, len(memory.silent)), *retired, *broken, *accounts, *missing)


def _positions(book: Book, holds: tuple[Hold, ...], broken: int) -> Rows:
    views = tuple(book.views.values())
    states = Counter(view.state for view in views)
    live = tuple(book.live())
    return (
        ("positions", "live", str(len(live))),
        ("positions", "quarantined or damaged", str(broken)),
        ("positions", "in doubt", str(sum(view.in_doubt for view in live))),
        (
            "positions",
            "without their protection",
            str(sum(view.quantity > 0 and view.stop_loss is not None and not view.protected for view in live)),
        ),
        ("positions", "finished", str(book.finished_total)),
        ("positions", "transitions", str(sum(view.transitions for view in views))),
        ("positions", "states", ", ".join(f"{state} {number}" for state, number in sorted(states.items())) or "none"),
        ("positions", "openings", "; ".join(f"paused: {hold}" for hold in holds) or "allowed"),
    )


def _account(account: Account, gateways: Mapping[AccountId, Message]) -> Rows:
    section = f"account {account.account}"
    gateway = gateways.get(account.account)
    known = (
        ()
        if gateway is None
        else tuple(
            (
                section,
                field.name.removesuffix("_ns").replace("_", " "),
                _value(field.name, getattr(gateway, field.name)),
            )
            for field in fields(gateway)
            if field.name not in _COMMON
        )
    )
    return (
        *(((section, "place", account.place),) if account.place else ()),
        (section, "venue", _venue(account)),
        (section, "stream", _stream(account)),
        (section, "openings", account.why_unfit or account.why_not_ready or account.why_silent or "possible"),
        (section, "mode", _modes(account)),
        (section, "not supervised", "; ".join(in_short(row) for row in account.outside.values()) or "nothing"),
        (section, "symbols", str(len(account.instruments))),
        *known,
    )


def _modes(account: Account) -> str:
    """As the account is set at the venue, where that was read."""
    if account.modes is None:
        return account.mode
    mode = account.modes.position_mode
    return f"{mode}, multi-assets" if account.modes.multi_assets else str(mode)


def _venue(account: Account) -> str:
    if account.waits_since_ns:
        return f"waits for its turn in the request budget since {_moment(account.waits_since_ns)}"
    return "up" if account.venue_up else f"down: {account.trouble}"


def _stream(account: Account) -> str:
    state = "up" if account.stream_up else "down"
    mute = ", ".join(f"mute about {kind} since {_moment(since_ns)}" for kind, since_ns in account.mute.items())
    return f"{state}, {mute}" if mute else state


def _value(name: str, value: object) -> str:
    """A moment as people and programs read it (ISO 8601, UTC), a dash where there is none."""
    if name.endswith("_ns") and isinstance(value, int):
        return _moment(value) if value else "-"
    return str(value)


def _moment(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // SECOND, UTC).isoformat().replace("+00:00", "Z")


def money_rows(paper: tuple[AccountId, ...], others: int, *, asked: bool, configured: bool) -> Rows:
    """That money is not real on the accounts of `paper`, and why; nothing where all of it is."""
    if not paper:
        return ()
    if others:
        text = f"paper for {', '.join(paper)}: no real money there"
    elif asked:
        text = "paper: no real money, as --paper asks"
    else:
        text = "paper: no real money" if configured else "paper: no real money; no configuration file was found"
    return (("trading", "money", text),)


def runtime_rows(metrics: SystemMetrics) -> Rows:
    """Messages by priority, and the actors."""
    lanes = tuple(
        (
            "messages",
            lane.name.lower(),
            (
                f"{lane.processed} handled, {lane.waiting} waiting, {lane.failed} failed, {lane.refused} refused, "
                f"{lane.shed} shed, {lane.dead} dead; mean {lane.mean_ns / 1e6:.3f} ms, p99 {lane.p99_ns / 1e6:.3f} ms"
            ),
        )
        for lane in metrics.lanes
    )
    return (
        *lanes,
        ("actors", "alive", str(len(metrics.actors))),
        ("actors", "restarts", str(metrics.restarts)),
        ("actors", "quarantined", ", ".join(metrics.quarantined) or "none"),
        ("actors", "messages put aside", str(metrics.parked)),
    )
