"""Spawns every long-lived actor, each after the addresses it uses are open."""

from collections.abc import Callable, Mapping
from typing import Protocol

from actors.edge import EdgeActor
from actors.journal import journal_factory
from actors.ports import Channel, Chat, Venue
from actors.runtime import Placement
from actors.supervisor.memory import Restored, SupervisorMemory
from albra.gateway import spawn_gateways
from albra.notifier import spawn_notifier
from albra.reconciler import spawn_reconciler
from albra.status import money, process_rows
from albra.supervisor import spawn_supervisor, supervisor_settings
from albra.telegram import spawn_telegram
from albra.wiring import Wiring
from messages.addresses import CONTROL, JOURNAL
from messages.base import Message
from messages.reconciliation import PositionSilent
from messages.reports import MarkReport, PositionView, StreamDown, StreamUp, VenueDown, VenueUp
from messages.status import Rows, row
from messages.types import AccountId
from messages.wording.status import Status

SHOWN = (PositionView, PositionSilent, VenueUp, VenueDown, StreamUp, StreamDown, MarkReport)
"""Messages shown by the control API and the live table, besides notices."""


class ShownChat(Chat, Protocol):
    """A chat with rows for `albra status`, read from any thread."""

    @property
    def rows(self) -> Rows: ...


def spawn_core(
    wiring: Wiring,
    venues: Mapping[AccountId, Venue],
    audience: tuple[Callable[[Message], None], ...],
    restored: Restored,
    *,
    chat: ShownChat | None = None,
    channel: Channel | None = None,
    listeners: Callable[[], Rows] = tuple,
) -> None:
    """Spawn every long-lived actor. `audience` receives what is shown; its first member answers the control API.

    `listeners` counts the control API's connections.
    """

    def show(message: object) -> None:
        if isinstance(message, Message):
            for listener in audience:
                listener(message)

    system, journal = wiring.system, wiring.journal
    settings = supervisor_settings(wiring, tuple(venues), restored)
    memory = SupervisorMemory.of(settings, restored)
    system.spawn(JOURNAL, journal_factory(journal), placement=Placement.THREAD)
    no_chat = (row(Status.CHAT(), Status.TELEGRAM, Status.NOT_CONFIGURED()),)
    figures = spawn_notifier(wiring, show, chat, channel)
    system.spawn(CONTROL, lambda context: EdgeActor(context, audience[0]), placement=Placement.THREAD)
    for kind in SHOWN:
        system.subscribe(kind, show)
    spawn_gateways(wiring, venues)
    statistics = spawn_reconciler(wiring, settings)

    def rows() -> Rows:
        return (
            *money(wiring.config),
            *statistics(system.clock.monotonic_ns()),
            *process_rows(system, journal),
            *(no_chat if chat is None else chat.rows),
            *figures.rows(),
            *listeners(),
        )

    spawn_supervisor(wiring, settings, memory, restored, rows)
    if chat is not None:
        spawn_telegram(wiring, chat)
