"""Commands on their way: from what is shown before to what became of them."""

from collections.abc import Callable

from actors.language.words import join
from actors.ledger import Ledger, Past
from actors.ports import Chat, Log
from actors.runtime.actor import Context
from actors.runtime.metrics import SystemMetrics
from actors.telegram import previews, progress, views
from actors.telegram.confirmations import LIFE_NS, Confirmation, Confirmations
from actors.telegram.grammar import Request
from actors.telegram.history import SHAPE, ChatState
from actors.telegram.messenger import Memory, Settings
from actors.telegram.pending import Run, Task, Who
from actors.telegram.query_handlers import Reading
from actors.telegram.questions import SUPERVISOR, positions, status
from actors.telegram.views import Page
from messages.commands import CloseAll, Command
from messages.reports import PositionView
from messages.requests import Reply
from messages.telegram import (
    CommandAnswered,
    TextSent,
    Tick,
)
from messages.text import shown
from messages.types import Address, CommandId

LOOK_NS = 1_000_000_000
LOOKS_SHOWN, LOOKS_MOST = 30, 90
"""How often a command's positions are looked at until it is said that it takes long, and until no more is said."""
_PAUSES = ((10, LOOK_NS), (LOOKS_SHOWN, 3 * LOOK_NS), (LOOKS_MOST, 10 * LOOK_NS))
AGAIN_NS = 1_000_000_000
"""Until the supervisor is asked again what it was not ready for."""
LATE_NS = 60 * 1_000_000_000
"""An order to change something that is older than this is answered, not carried out."""


class Running(Reading):
    """Previews, and the progress of what was confirmed. What is confirmed goes through the ledger first."""

    def __init__(
        self,
        context: Context,
        *,
        settings: Settings,
        memory: Memory,
        past: Past,
        chat: Chat,
        metrics: Callable[[], SystemMetrics],
        log: Log,
    ) -> None:
        super().__init__(context, settings=settings, memory=memory, chat=chat, metrics=metrics, log=log)
        self._ledger: Ledger[ChatState] = Ledger(context, SHAPE, past if context.incarnation == 1 else Past())
        self._confirmations = Confirmations()
        self._runs: dict[CommandId, Run] = {}

    def _preview(self, task: Task) -> None:
        who = task.who
        desk = previews.Desk(
            words=who.words,
            command_id=self._command_id(task.update_id),
            reply_to=Address(self.context.address),
            accounts=self._settings.accounts,
            answer=task.positions,
            divergences=task.discrepancies.discrepancies if task.discrepancies is not None else None,
        )
        made = previews.plan(task.request, desk)
        if isinstance(made, Page):
            self._show(who, made)
            return
        # The update's number: no button of an earlier life can mean something else in this one.
        number = task.update_id
        confirmation = Confirmation(
            number=number,
            user_id=who.user_id,
            chat_id=who.chat_id,
            message_id=0,
            expires_ns=self.context.clock.monotonic_ns() + LIFE_NS,
            command=made.command,
            text=made.text,
            versions=made.versions,
            targets=made.targets,
            urgent=made.urgent,
            divergence=made.divergence,
        )
        self._confirmations = self._confirmations.offer(confirmation)

        def placed(sent: TextSent | None) -> None:
            if sent is not None:
                self._confirmations = self._confirmations.bind(number, sent.message_id)

        mark = "!" if made.urgent else ""
        buttons = views.choices(who.words, f"{mark}y:{number}", f"x:{number}")
        self._show(who, Page(text=made.text, buttons=buttons), then=placed)

    def _command_id(self, update_id: int) -> CommandId:
        """A function of the update, so that the same words are the same command whenever they come."""
        return CommandId(f"tg-{update_id}")

    def _reply(self, reply: Reply) -> None:
        run = self._runs.get(reply.command_id)
        if run is None:
            self._have(reply.command_id, reply)
            return
        self._answer_press(run)
        if not reply.code.final and self._put_off(run, reply):
            return
        event = CommandAnswered(
            ts_init=self._now(), command_id=reply.command_id, accepted=reply.accepted, text=reply.text
        )
        if any(one.command_id == reply.command_id for one in self._ledger.ahead.unanswered):
            self._ledger.keep(event)
        run.text = progress.answered(run.who.words, run.text, reply)
        if reply.position_id:
            run.targets |= {reply.position_id}
        self._edit(run.who, run.message_id, Page(text=run.text))
        if reply.accepted and progress.follows(run.command):
            self._look_later(run)
        else:
            del self._runs[reply.command_id]

    def _put_off(self, run: Run, reply: Reply) -> bool:
        """Not ready: it is asked again while it may be. In force, and not durable yet: another answer comes."""
        if not reply.accepted and not self._now() + AGAIN_NS < run.until_ns:
            return False
        page = Page(text=progress.answered(run.who.words, run.text, reply, waits=True))
        if page.text != run.shown:
            run.shown = page.text
            self._edit(run.who, run.message_id, page)
        if not reply.accepted:
            topic = f"again/{reply.command_id}"
            self.context.schedule(topic, AGAIN_NS, Tick(topic=topic))
        return True

    def _again(self, command_id: CommandId) -> None:
        run = self._runs.get(command_id)
        if run is not None:
            self.context.tell(SUPERVISOR, run.command)

    def _answer_press(self, run: Run) -> bool:
        """End the waiting sign on the button; False: it has ended before."""
        press, run.press = run.press, None
        if press is not None:
            self._end_press(press, shown(""))
        return press is not None

    def _look_later(self, run: Run) -> None:
        topic = f"look/{run.command.command_id}"
        pause_ns = next(pause_ns for looks, pause_ns in _PAUSES if run.looks < looks)
        self.context.schedule(topic, pause_ns, Tick(topic=topic))

    def _look(self, command_id: CommandId) -> None:
        run = self._runs.get(command_id)
        if run is None:
            return
        task = Task(who=run.who, request=Request(name="positions"), then=self._looked, run=run)
        self._ask(task, positions(), status())

    def _looked(self, task: Task) -> None:
        run = task.run
        assert run is not None
        run.looks += 1
        slow = run.looks >= LOOKS_SHOWN
        final = run.looks >= (LOOKS_MOST if isinstance(run.command, CloseAll) else LOOKS_SHOWN)
        found = task.positions
        if found is not None:
            if isinstance(run.command, CloseAll) and run.looks == 1:
                run.targets |= {view.position_id for view in found.views if _closing(run.command, view)}
            mine = tuple(view for view in found.views if view.position_id in run.targets)
            around = progress.Surroundings(status=task.rows, silent={name: why for name, _, why in found.silent})
            lines, done = progress.report(run.who.words, run.command, mine, around, slow=slow)
            final = final or done
            text = join("\n\n", [run.text, lines]) if lines else run.text
            if text != run.shown or final:
                run.shown = text
                self._edit(run.who, run.message_id, Page(text=text), whole=final)
        if final:
            del self._runs[run.command.command_id]
        else:
            self._look_later(run)

    def _take_up(self) -> None:
        """After a restart: what left for the supervisor and was not answered is said again, or given up visibly."""
        for one in self._ledger.state.unanswered:
            role = self._settings.access.users.get(one.user_id)
            if role is None or not isinstance(one.command, Command):
                continue
            words = self._settings.words.get(one.user_id, self._settings.default_words)
            who = Who(user_id=one.user_id, chat_id=one.chat_id, role=role, words=words)
            if self._now() - one.taken_ns < LATE_NS:
                # The same command id: what it set in motion before is not done twice.
                text = words("Carried on after a restart: {what}", what=progress.retyped(one.command))
                run = Run(who=who, command=one.command, text=text, message_id=one.message_id)
                run.until_ns = one.taken_ns + LATE_NS
                self._runs[one.command_id] = run
                self.context.tell(SUPERVISOR, one.command)
                continue
            self._ledger.keep(CommandAnswered(ts_init=self._now(), command_id=one.command_id, accepted=False))
            text = words(
                "A restart came between your confirmation of {moment} and its outcome. /positions shows what is held.",
                moment=words.moment(one.taken_ns),
            )
            self._show(who, Page(text=text))


def _closing(command: CloseAll, view: PositionView) -> bool:
    return not view.state.terminal and command.account in (None, view.account)
