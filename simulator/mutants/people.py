"""Planted bugs where people and the disk are: journal, supervisor, notifier, telegram, instances."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from actors.journal import JournalActor
from actors.notifier import actor, outbox
from actors.notifier.actor import NotifierActor
from actors.notifier.throttle import Wait, next_post
from actors.position.actor import PositionActor
from actors.runtime.event_sourced import Retry
from actors.supervisor.command_handlers import CommandHandlers
from actors.supervisor.context import reply_to
from actors.supervisor.history import History
from actors.supervisor.openings import Openings
from actors.supervisor.registry import Registry
from actors.telegram import previews, update_handlers
from actors.telegram.confirmation_handlers import ConfirmationHandlers
from actors.telegram.confirmations import Confirmations
from actors.telegram.roles import Access
from adapters.paper.binance.answers import ANSWERS
from adapters.paper.faults import FaultPlan, Moment
from adapters.storage import lock
from albra import notifier, recovery
from messages.addresses import SUPERVISOR
from messages.base import Event
from messages.commands import Command
from messages.events import CloseAllRequested
from messages.journal import AppendStep, CommitFailed
from messages.notices import NoticesDropped
from messages.requests import Notify
from messages.statement import Statement, verbatim
from messages.telegram import Role, SendFailed, TextSent
from messages.types import Address
from simulator.environment.chat import ChatPlan
from simulator.environment.disk import STEADY, SimulatedDisk
from simulator.environment.network import Window
from simulator.environment.plan import Act, Kill, Plan
from simulator.mutants.plans import opened_unanswered
from simulator.mutants.planting import Mutant, calm, mutant, patch

# The disk ------------------------------------------------------------------------------------------------


def _effects_before_commit(stack: ExitStack) -> None:
    """What a step lets out leaves at once; the disk will surely follow."""
    append = JournalActor._append

    def at_once(self: JournalActor, step: AppendStep) -> None:
        if not step.attempt:
            for effect in step.effects:
                self.context.tell(effect.to, effect.message)
        append(self, replace(step, effects=()))

    patch(stack, JournalActor, "_append", at_once)


def _unsynced_journal(stack: ExitStack) -> None:
    """A commit is reported before it is synced: `synchronous=OFF`."""
    append = SimulatedDisk.append

    def lying(self: SimulatedDisk, steps: Sequence[AppendStep], done: Callable[[str | None], None]) -> None:
        append(self, steps, lambda _why: None)
        done(None)

    patch(stack, SimulatedDisk, "append", lying)


def _failed_commits_count(stack: ExitStack) -> None:
    """An error of the disk is logged, and nobody is told."""
    append = SimulatedDisk.append

    def deaf(self: SimulatedDisk, steps: Sequence[AppendStep], done: Callable[[str | None], None]) -> None:
        append(self, steps, lambda _why: done(None))

    patch(stack, SimulatedDisk, "append", deaf)


def _the_lock_is_advice(stack: ExitStack) -> None:
    """The data directory's lock is asked for, and its refusal is not heard."""
    patch(stack, lock, "fcntl", SimpleNamespace(flock=lambda *_: None, LOCK_EX=0, LOCK_NB=0, LOCK_SH=0))


# The supervisor ------------------------------------------------------------------------------------------


def _pauses_are_forgotten(stack: ExitStack) -> None:
    patch(stack, Openings, "holds", lambda _self: ())


def _a_pause_of_one_symbol_holds_nothing(stack: ExitStack) -> None:
    """Only what was put for all openings is asked for."""
    holds = Openings.holds
    patch(stack, Openings, "holds", lambda self: tuple(h for h in holds(self) if h.names_exactly(None, None)))


def _what_differs_is_opened(stack: ExitStack) -> None:
    """The reconciler's word that belief and venue differ is not heard."""
    patch(stack, Openings, "hold_key", lambda *_: None)


def _pauses_end_with_the_process(stack: ExitStack) -> None:
    """A hold is in memory only, as far as the next life is concerned."""
    restore = recovery.restore
    patch(stack, recovery, "restore", lambda *args: replace(restore(*args), own_events=()))


def _openings_are_not_remembered(stack: ExitStack) -> None:
    """A command that comes again is a new one."""
    patch(stack, Registry, "remember", lambda *_: None)


def _no_leg_is_shared(stack: ExitStack) -> None:
    """A close does not prove its stops canceled first."""
    patch(stack, CommandHandlers, "_shared", lambda *_: False)


def _a_close_counts_when_it_shows(stack: ExitStack) -> None:
    """Nobody waits for a close whose view has not come yet."""
    patch(stack, Openings, "leaving", lambda *_: frozenset())


def _a_close_of_all_is_only_said(stack: ExitStack) -> None:
    """It is answered while the positions are about to hear of it."""
    persist = History.persist

    def at_once(self: History, event: Any, command: Any, text: Statement) -> None:
        if isinstance(event, CloseAllRequested):
            self._context.runtime.tell(command.reply_to, reply_to(command, accepted=True, text=text))
        else:
            persist(self, event, command, text)

    patch(stack, History, "persist", at_once)


def _one_of_many_is_refused(stack: ExitStack) -> None:
    """A command whose commit failed is over, though nobody waits for its answer."""
    failed = PositionActor.persist_failed

    def refusing(self: PositionActor, about: Any, failure: CommitFailed) -> Retry:
        if isinstance(about.message, Command):
            about = replace(about, message=replace(about.message, reply_to=Address("nobody")))
        return failed(self, about, failure)

    patch(stack, PositionActor, "persist_failed", refusing)


# The notifier --------------------------------------------------------------------------------------------


def _sent_is_delivered(stack: ExitStack) -> None:
    """Whatever the chat answers, it was told."""
    answered = NotifierActor._on_answer

    def done(self: NotifierActor, answer: Any) -> None:
        if isinstance(answer, SendFailed):
            answer = TextSent(request_id=answer.request_id, chat_id=0, message_id=0)
        answered(self, answer)

    patch(stack, NotifierActor, "_on_answer", done)


def _notices_die_with_the_process(stack: ExitStack) -> None:
    """What steps wanted told is not looked for after a restart."""
    patch(stack, notifier, "recorded_notices", lambda _journal: ())


def _important_notices_make_room(stack: ExitStack) -> None:
    def make_room(known: outbox.Outbox, _severity: object, now_ns: int) -> tuple[Event, ...]:
        if len(known.entries) < 3:
            return ()
        return (
            NoticesDropped(ts_init=now_ns, recipient="", numbers=(known.entries[0].number,), why=verbatim("made room")),
        )

    patch(stack, outbox, "_make_room", make_room)


def _the_same_words_are_told_once(stack: ExitStack) -> None:
    """A text that was told is not told again, whichever position it is about, and nobody counts."""
    decide = outbox.decide

    def once(known: outbox.Outbox, notice: Notify, *rest: Any) -> tuple[Event, ...]:
        start = notice.text[:12]
        return () if any(each.text.startswith(start) for each in known.recent) else decide(known, notice, *rest)

    patch(stack, outbox, "decide", once)


def _one_user_is_everybody(stack: ExitStack) -> None:
    """What one user's chat shows counts as told to all."""
    reached = outbox._reached
    patch(stack, outbox, "_reached", lambda known, _recipient, numbers, now_ns: reached(known, "", numbers, now_ns))


def _the_chat_is_waited_for(stack: ExitStack) -> None:
    """Only an installation without a chat needs the second channel."""

    def alone_only(*arguments: Any, alone: bool, **more: Any) -> Any:
        return next_post(*arguments, alone=alone, **more) if alone else Wait(for_ns=0)

    patch(stack, actor, "next_post", alone_only)


def _told_to_two(*, webhook: bool = False) -> Sequence[Plan]:
    """A stop is refused for a while. Nothing reaches the second user at first; or nobody has a chat for minutes."""
    refused = replace(ANSWERS["rejected_2010"].at(Moment.BEFORE_EFFECT, method="POST", path="/algoOrder"), count=0)
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    away = (Window(what="away", from_ms=1_000, until_ms=150_000),)
    chat = ChatPlan(webhook=True, outages=away) if webhook else ChatPlan(viewer=True, deaf=away)
    return [calm(opening, safety_ms=200_000, faults=FaultPlan(faults=(refused,)), chat=chat)]


def _killed_while_telling() -> Sequence[Plan]:
    """A stop in doubt is told of; the process dies after each of its commits in turn, before anything leaves."""
    lost = ANSWERS["empty_200"].at(Moment.BEFORE_EFFECT, method="POST", path="/algoOrder")
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    return [
        calm(
            opening,
            faults=FaultPlan(faults=(lost,)),
            chat=ChatPlan(),
            kills=(Kill(moment="durable", count=count, down_ms=1_000),),
        )
        for count in range(1, 20)
    ]


def _killed_while_paused() -> Sequence[Plan]:
    """Openings are paused, the process dies, and somebody wants to open."""
    acts = (
        Act(at_ms=4_000, do="pause openings"),
        Act(at_ms=6_000, do="kill", for_ms=1_000),
        Act(at_ms=12_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000),
    )
    return [calm(*acts)]


def _opened_where_it_is_held() -> Sequence[Plan]:
    """One symbol is paused, and somebody wants to open there; another adds to what he has."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    pause = Act(at_ms=6_000, do="pause openings", symbol="SOLUSDT")
    newcomer = replace(opening, at_ms=9_000, slot=1, strategy="beta")
    return [calm(opening, pause, then) for then in (newcomer, Act(at_ms=9_000, do="add", slot=0))]


def _opened_while_it_differs() -> Sequence[Plan]:
    """Nobody knows whose it is that a human took, and another strategy wants to open there."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", lots=2)
    taken = (opening, replace(opening, slot=1, strategy="beta"), Act(at_ms=6_000, do="hand reduce", symbol="SOLUSDT"))
    return [calm(*taken, replace(opening, at_ms=15_000, slot=2, strategy="gamma"))]


def _closed_and_opened_at_once() -> Sequence[Plan]:
    """A close and a neighbor's opening in the same instant."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    acts = (
        opening,
        Act(at_ms=8_000, do="emergency", slot=0),
        replace(opening, at_ms=8_000, slot=1, strategy="beta", stop_ppm=0),
    )
    return [replace(calm(*acts), seed=seed) for seed in range(1, 12)]


def _killed_while_closing_all() -> Sequence[Plan]:
    """It is to be all over, and the process dies at once."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    acts = (
        opening,
        replace(opening, slot=1, symbol="ETHUSDT"),
        Act(at_ms=8_000, do="close all"),
        Act(at_ms=8_001, do="kill", for_ms=1_000),
    )
    return [replace(calm(*acts), seed=seed) for seed in range(1, 24)]


def _closed_on_an_ill_disk() -> Sequence[Plan]:
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    acts = (opening, replace(opening, slot=1, symbol="ETHUSDT"), Act(at_ms=8_000, do="close all"))
    ill = replace(STEADY, failing=300)
    return [replace(calm(*acts), seed=seed, disk=ill) for seed in range(1, 24)]


# The chat ------------------------------------------------------------------------------------------------


def _a_button_serves_twice(stack: ExitStack) -> None:
    patch(stack, Confirmations, "without", lambda self, _number: self)


def _nothing_is_confirmed(stack: ExitStack) -> None:
    """A command leaves as soon as it is understood; the buttons come all the same."""
    preview = ConfirmationHandlers.preview

    def at_once(self: ConfirmationHandlers, pending: Any) -> None:
        plan = previews.plan

        def leaving(request: Any, context: Any) -> Any:
            made = plan(request, context)
            if isinstance(made, previews.Plan):
                self._ctx.actor.tell(SUPERVISOR, made.command)
            return made

        with ExitStack() as inner:
            patch(inner, previews, "plan", leaving)
            preview(self, pending)

    patch(stack, ConfirmationHandlers, "preview", at_once)


def _anybody_is_the_owner(stack: ExitStack) -> None:
    patch(stack, Access, "role", lambda *_: Role.OWNER)


def _late_words_are_carried_out(stack: ExitStack) -> None:
    patch(stack, update_handlers, "LATE_NS", 10**18)


PEOPLE: Mapping[str, Mutant] = {
    "effects before commit": mutant(_effects_before_commit, "I3"),
    "unsynced journal": mutant(_unsynced_journal, "I3"),
    "failed commits count": mutant(_failed_commits_count, "I3", "I15", "I14"),
    "the lock is advice": mutant(_the_lock_is_advice, "I13", seed=11),
    "pauses are forgotten": mutant(_pauses_are_forgotten, "I10", seed=8),
    "a pause of one symbol holds nothing": mutant(
        _a_pause_of_one_symbol_holds_nothing, "I10", plans=_opened_where_it_is_held
    ),
    "what differs is opened": mutant(_what_differs_is_opened, "I10", plans=_opened_while_it_differs),
    "pauses end with the process": mutant(_pauses_end_with_the_process, "I10", plans=_killed_while_paused),
    "a close of all is only said": mutant(_a_close_of_all_is_only_said, "I3", "I19", plans=_killed_while_closing_all),
    "one of many is refused": mutant(_one_of_many_is_refused, "I3", "I5", plans=_closed_on_an_ill_disk),
    "openings are not remembered": mutant(_openings_are_not_remembered, "I14", "I19", plans=opened_unanswered),
    "no leg is shared": mutant(_no_leg_is_shared, "I8", seed=60),
    "a close counts when it shows": mutant(_a_close_counts_when_it_shows, "I8", plans=_closed_and_opened_at_once),
    "sent is delivered": mutant(_sent_is_delivered, "I16", seed=5),
    "notices die with the process": mutant(_notices_die_with_the_process, "I16", plans=_killed_while_telling),
    "one user is everybody": mutant(_one_user_is_everybody, "I16", plans=_told_to_two),
    "the chat is waited for": mutant(_the_chat_is_waited_for, "I16", plans=lambda: _told_to_two(webhook=True)),
    "important notices make room": mutant(_important_notices_make_room, "I16", seed=7),
    "the same words are told once": mutant(_the_same_words_are_told_once, "I16", seed=3),
    "a button serves twice": mutant(_a_button_serves_twice, "I14", seed=11),
    "nothing is confirmed": mutant(_nothing_is_confirmed, "I14", seed=3),
    "anybody is the owner": mutant(_anybody_is_the_owner, "I14", seed=7),
    "late words are carried out": mutant(_late_words_are_carried_out, "I14", seed=7),
}
