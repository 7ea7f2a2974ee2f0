"""Confirmed commands: journalled, sent to the supervisor, and followed until their result is shown."""

from dataclasses import replace

from actors.language.words import escape, join
from actors.telegram import progress
from actors.telegram.audit import AuditLog
from actors.telegram.confirmations import Confirmation
from actors.telegram.context import ChatContext
from actors.telegram.grammar import Request
from actors.telegram.messenger import Messenger
from actors.telegram.pending import ChatUser, PendingRequest, RunningCommand
from actors.telegram.questions import Questions, positions, status
from actors.telegram.views import Page
from messages.addresses import SUPERVISOR
from messages.commands import (
    CloseAll,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    PausePosition,
)
from messages.journal import Effect
from messages.reports import PositionView
from messages.requests import Reply
from messages.statement import Statement
from messages.telegram import CommandAnswered, IncomingPress, Tick
from messages.text import Markup, shown
from messages.types import CommandId

SECOND_NS = 1_000_000_000
LOOK_NS = SECOND_NS
LOOKS_SHOWN, LOOKS_MOST = 30, 90
"""Reads of a command's positions until the chat states that it takes long, and until it stops reporting."""
_PAUSES = ((10, LOOK_NS), (LOOKS_SHOWN, 3 * LOOK_NS), (LOOKS_MOST, 10 * LOOK_NS))
AGAIN_NS = SECOND_NS
"""Pause between repetitions of a command while the supervisor is not ready."""
LATE_NS = 60 * SECOND_NS
"""A command with effects expires after this."""
URGENT_NS = 2 * SECOND_NS
"""The longest an emergency waits for the journal."""


class RunningCommands:
    """Running commands by command id, from confirmation on."""

    def __init__(self, ctx: ChatContext, messenger: Messenger, questions: Questions, audit: AuditLog) -> None:
        self._ctx = ctx
        self._messenger = messenger
        self._questions = questions
        self._audit = audit
        self._running: dict[CommandId, RunningCommand] = {}

    def start(self, update: IncomingPress, user: ChatUser, known: Confirmation) -> None:
        """Journal the confirmation; the command is released with it."""
        command: Command = known.command
        if isinstance(command, OpenPosition | ModifyPosition):
            command = replace(command, expires_at_ns=self._ctx.now_ns() + LATE_NS)
        run = RunningCommand(
            user=user,
            command=command,
            text=known.text,
            message_id=known.message_id,
            targets=frozenset(known.targets),
            press=update,
            until_ns=self._ctx.now_ns() + LATE_NS,
        )
        self._running[command.command_id] = run
        urgent = isinstance(command, CloseAll | ClosePosition | PauseOpenings | PausePosition)
        topic = f"urgent/{command.command_id}"

        def journalled(why: Statement) -> None:
            if urgent:
                self._ctx.actor.cancel(topic)
            if not why:
                self._show_confirmed(run)
            elif urgent:
                self._send_unjournalled(run, why)
            else:
                self._refuse(run, why)

        if urgent:
            # An emergency continues when the journal refuses it or does not answer in time.
            delay_ns = 1 if self._audit.history.refusing else URGENT_NS
            self._ctx.actor.schedule(topic, delay_ns, Tick(topic=topic))
        self._audit.record(
            update,
            update.data,
            "confirmed",
            command=command,
            message_id=known.message_id,
            effects=(Effect(to=SUPERVISOR, message=command),),
            then=journalled,
        )

    def resume(self) -> None:
        """After a restart, repeat unanswered commands; end expired ones with a message."""
        for one in self._audit.history.state.unanswered:
            role = self._ctx.settings.access.users.get(one.user_id)
            if role is None or not isinstance(one.command, Command):
                continue
            user = self._ctx.user(one.user_id, one.chat_id, role)
            if self._ctx.now_ns() - one.taken_ns < LATE_NS:
                # The same command id: earlier effects are not repeated.
                text = user.words("Carried on after a restart: {what}", what=progress.retyped(one.command))
                run = RunningCommand(user=user, command=one.command, text=text, message_id=one.message_id)
                run.until_ns = one.taken_ns + LATE_NS
                self._running[one.command_id] = run
                self._ctx.actor.tell(SUPERVISOR, one.command)
                continue
            answered = CommandAnswered(ts_init=self._ctx.now_ns(), command_id=one.command_id, accepted=False)
            self._audit.history.persist(answered, about=None)
            text = user.words(
                "A restart came between your confirmation of {moment} and its outcome. /positions shows what is held.",
                moment=user.words.moment(one.taken_ns),
            )
            self._messenger.show(user, Page(text=text))

    def on_reply(self, reply: Reply) -> None:
        run = self._running.get(reply.command_id)
        if run is None:
            self._questions.on_answer(reply.command_id, reply)
            return
        self._end_press(run)
        if not reply.code.final and self._put_off(run, reply):
            return
        history = self._audit.history
        if any(one.command_id == reply.command_id for one in history.ahead.unanswered):
            event = CommandAnswered(
                ts_init=self._ctx.now_ns(), command_id=reply.command_id, accepted=reply.accepted, text=reply.text
            )
            history.persist(event, about=None)
        run.text = progress.answered(run.user.words, run.text, reply)
        if reply.position_id:
            run.targets |= {reply.position_id}
        self._edit(run, run.text)
        if reply.accepted and progress.follows(run.command):
            self._look_later(run)
        else:
            del self._running[reply.command_id]

    def on_tick(self, kind: str, command_id: CommandId) -> None:
        """Handle a timer of one command: `look` at its positions, send it `again`, `urgent` without the journal."""
        run = self._running.get(command_id)
        if run is None:
            return
        if kind == "look":
            pending = PendingRequest(
                user=run.user, request=Request(name="positions"), then=lambda found: self._looked(found, run)
            )
            self._questions.ask(pending, positions(), status())
        elif kind == "again":
            self._ctx.actor.tell(SUPERVISOR, run.command)
        elif kind == "urgent":
            self._send_unjournalled(run, "it does not answer")

    def _show_confirmed(self, run: RunningCommand) -> None:
        """Show the confirmation once it is durable: after an earlier kill the redelivered press must find its
        button.
        """
        if not self._end_press(run):
            return
        self._edit(run, below(run.text, "⏳", run.user.words("Confirmed …")))
        if isinstance(run.command, CloseAll):
            # The answer waits for the disk; the positions' progress does not.
            self._look_later(run)

    def _send_unjournalled(self, run: RunningCommand, why: str) -> None:
        """Send without the journal; if the journal releases it too, the command id makes it one command."""
        self._ctx.log("CRITICAL", "carried out without the journal", actor="telegram", why=why)
        self._ctx.actor.tell(SUPERVISOR, run.command)
        self._show_confirmed(run)

    def _refuse(self, run: RunningCommand, why: Statement) -> None:
        words = run.user.words
        self._running.pop(run.command.command_id, None)
        self._end_press(run)
        said = words("Refused: the journal cannot be written ({why}).", why=words.say(why))
        self._edit(run, below(run.text, "⛔", said))

    def _put_off(self, run: RunningCommand, reply: Reply) -> bool:
        """Handle a reply that is not final. Not ready: repeat until it expires. Accepted but not durable: another reply
        follows.
        """
        if not reply.accepted and not self._ctx.now_ns() + AGAIN_NS < run.until_ns:
            return False
        text = progress.answered(run.user.words, run.text, reply, waits=True)
        if text != run.shown:
            run.shown = text
            self._edit(run, text)
        if not reply.accepted:
            topic = f"again/{reply.command_id}"
            self._ctx.actor.schedule(topic, AGAIN_NS, Tick(topic=topic))
        return True

    def _end_press(self, run: RunningCommand) -> bool:
        """End the waiting sign on the button; False: it has ended before."""
        press, run.press = run.press, None
        if press is not None:
            self._messenger.end_press(press, shown(""))
        return press is not None

    def _look_later(self, run: RunningCommand) -> None:
        topic = f"look/{run.command.command_id}"
        pause_ns = next(pause_ns for looks, pause_ns in _PAUSES if run.looks < looks)
        self._ctx.actor.schedule(topic, pause_ns, Tick(topic=topic))

    def _looked(self, pending: PendingRequest, run: RunningCommand) -> None:
        run.looks += 1
        slow = run.looks >= LOOKS_SHOWN
        final = run.looks >= (LOOKS_MOST if isinstance(run.command, CloseAll) else LOOKS_SHOWN)
        found = pending.positions
        if found is not None:
            if isinstance(run.command, CloseAll) and run.looks == 1:
                run.targets |= {view.position_id for view in found.views if _closes(run.command, view)}
            mine = tuple(view for view in found.views if view.position_id in run.targets)
            around = progress.Surroundings(status=pending.rows, silent={name: why for name, _, why in found.silent})
            lines, done = progress.report(run.user.words, run.command, mine, around, slow=slow)
            final = final or done
            text = join("\n\n", [run.text, lines]) if lines else run.text
            if text != run.shown or final:
                run.shown = text
                self._edit(run, text, whole=final)
        if final:
            del self._running[run.command.command_id]
        else:
            self._look_later(run)

    def _edit(self, run: RunningCommand, text: Markup, *, whole: bool = False) -> None:
        self._messenger.edit(run.user, run.message_id, Page(text=text), whole=whole)


def below(text: Markup, sign: str, said: Markup) -> Markup:
    """Return the text of a confirmation with its result below."""
    return join("\n\n", [text, join(" ", [escape(sign), said])])


def _closes(command: CloseAll, view: PositionView) -> bool:
    return not view.state.terminal and command.account in (None, view.account)
