"""The one way in for commands from outside, and the one way out for their answers.

An answer is true. Accepted: it is durable, and happens once. Refused: nothing of it is done, no copy of it waits, and
the same id is answered alike from then on. Not ready: nothing is done and nothing waits, and the same id may be asked
again. Unknown: neither is promised, and the same id tells later.

A command goes on with the supervisor as who is to be answered. So one copy of it is under way, however often and from
wherever it is said, and each answer passes here before anybody outside hears it.
"""

from dataclasses import replace

from actors.runtime.event_sourced import Retry
from actors.supervisor.command_register import Answer, Asked
from actors.supervisor.context import Routes, SupervisorContext, reply_to
from actors.supervisor.shown import reaches, shown
from messages import commands as c
from messages.base import Message
from messages.ids import parse_position_id
from messages.journal import CommitFailed, Effect
from messages.lifecycle import MessageParked
from messages.meaning import meaning
from messages.operations import operations
from messages.reconciliation import ReconcileAnswer
from messages.requests import CommandDecided, CommandTaken, Reply
from messages.types import Address, CommandId, PositionId, PositionState, ReplyCode
from messages.wording import Supervisor
from messages.wording.common import also

FROM_OUTSIDE: tuple[type[c.Command], ...] = (
    *(cls for each in operations().values() for cls in each.classes),
    c.EmergencyClose,
)


class Intake:
    """Holds no decision about a command: the other rooms decide, once for each id."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._memory = context.memory
        self._memory.records.begin(context.runtime, self)

    def routes(self) -> Routes:
        answers = dict.fromkeys((Reply, ReconcileAnswer), self.answered)
        return {**answers, CommandDecided: self.decided, CommandTaken: self._kept}

    def take(self, message: Message) -> Message | None:
        """The command as it goes on; None where it is answered, or another copy of it is under way already."""
        if not isinstance(message, FROM_OUTSIDE) or not self._outside(message.reply_to):
            return message
        meant = meaning(message)
        known = self._memory.asked.ids.get(message.command_id)
        if known is None and (before := self._unrecorded(message)) is not None:
            self._tell(message, before)
            return None
        asked = self._memory.asked.note(message.command_id, meant)
        if asked.copy is message:
            return self._go_on(message)  # the supervisor failed while it had this one in hand
        if asked.meaning != meant:
            text = Supervisor.OTHER_COMMAND()
            other = reply_to(message, accepted=False, text=text, code=ReplyCode.OTHER_COMMAND, changed=False)
            self._tell(message, other)
        elif asked.under_way:
            asked.askers = (*asked.askers, _copy_of(message))
        elif (answer := asked.answer or self._carried_out(message)) is not None:
            self._tell(message, self._as_it_is_now(message, answer))
        elif asked.doubtful and any(reaches(message, name) for name in self._memory.retired):
            # Nothing holds its symbol any more, so it would be done a second time.
            text = Supervisor.BUT_UNREAD(answer=Supervisor.ID_FORGOTTEN())
            self._tell(message, reply_to(message, accepted=False, text=text, code=ReplyCode.UNKNOWN, changed=False))
        else:
            asked.askers, asked.under_way = (_copy_of(message),), True
            asked.copy = asked.command = message
            asked.opens = message.opens
            self._record(CommandTaken(command_id=message.command_id, meaning=meant), asked)
            return self._go_on(message)
        return None

    def handled(self, message: Message) -> None:
        """It is out of hand: what comes under its id from now on is another copy."""
        if isinstance(message, FROM_OUTSIDE):
            asked = self._memory.asked.ids.get(message.command_id)
            if asked is not None and asked.copy is message:
                asked.copy = None

    def answered(self, answer: Answer) -> None:
        """Nobody outside hears a final answer before it is durable, and what its id stands for with it."""
        asked = self._memory.asked.ids.get(answer.command_id)
        if asked is None or asked.answer is not None:
            return
        if isinstance(answer, Reply):
            if answer.accepted and answer.code is ReplyCode.UNKNOWN:
                self._tell_askers(asked, answer)  # in force, and offered to the disk until it is durable
                return
            if not answer.accepted:
                self._memory.given.pop(answer.command_id, None)
            if asked.doubtful and not answer.accepted and self._unread(asked):
                answer = replace(answer, text=Supervisor.BUT_UNREAD(answer=answer.text), code=ReplyCode.UNKNOWN)
            if not answer.code.final:
                self._leave_open(asked, answer)
                return
            if not (answer.accepted and answer.changed and asked.kept):
                decided = CommandDecided(reply=answer, meaning=asked.meaning)
                self._record(decided, asked)
                return
        self._end(asked, answer)

    def decided(self, record: CommandDecided) -> None:
        """It is durable, and may be said."""
        asked = self._memory.asked.ids.get(record.reply.command_id)
        if asked is not None and asked.answer is None:
            asked.kept = True
            self._end(asked, record.reply)

    def _record(self, record: CommandTaken | CommandDecided, asked: Asked) -> None:
        """Make it durable; it comes back to the supervisor then."""
        back = Effect(to=Address(self._context.runtime.address), message=record)
        self._memory.records.persist(about=record, effects=(back,), reducing=not asked.opens)

    def persisted(self, about: CommandTaken | CommandDecided) -> None:
        """The record itself comes back as the effect of its step."""

    def persist_failed(self, about: CommandTaken | CommandDecided, failure: CommitFailed) -> Retry:
        """The disk does not take the answer, so none that is final is given: it would not outlive the process."""
        asked = self._memory.asked.ids.get(about.reply.command_id) if isinstance(about, CommandDecided) else None
        if isinstance(about, CommandDecided) and asked is not None and asked.answer is None:
            reply, why = about.reply, Supervisor.JOURNAL_FAILS(why=failure.why)
            code = ReplyCode.UNKNOWN if reply.accepted else ReplyCode.NOT_READY
            text = also(filter(None, (reply.text, why)))
            self._leave_open(asked, replace(reply, accepted=False, text=text, code=code))
        return Retry.NEVER

    def _kept(self, record: CommandTaken) -> None:
        asked = self._memory.asked.ids.get(record.command_id)
        if asked is not None:
            asked.kept = True

    def parked(self, message: MessageParked) -> None:
        """A command that no actor can handle: whether a step of it came to be is what the same id tells."""
        asked = self._memory.asked.ids.get(message.command_id)
        if asked is not None and asked.under_way:
            text = Supervisor.NOT_HANDLED(why=message.reason)
            about = Reply(correlation_id=message.correlation_id, command_id=message.command_id, to=Address(""),
                          accepted=False, text=text, code=ReplyCode.UNKNOWN)  # fmt: skip
            self._leave_open(asked, about)

    def _leave_open(self, asked: Asked, answer: Reply) -> None:
        asked.under_way = False
        asked.doubtful = asked.doubtful or answer.code is ReplyCode.UNKNOWN
        self._tell_askers(asked, answer)

    def _end(self, asked: Asked, answer: Answer) -> None:
        asked.under_way, asked.answer, asked.command = False, answer, None
        self._tell_askers(asked, answer)

    def _tell_askers(self, asked: Asked, answer: Answer) -> None:
        askers, asked.askers = asked.askers, ()
        for asker, copy in askers:
            self._context.runtime.tell(asker, replace(answer, to=asker, causation_id=copy))

    def _carried_out(self, command: c.Command) -> Reply | None:
        """Of an earlier life, or long ago: an event tells that it was. What the id stands for is known to be this."""
        found, holder = self._place(command.command_id)
        if not found:
            return None
        before = reply_to(command, accepted=True, text=Supervisor.DONE_BEFORE(), changed=False)
        return replace(before, position_id=holder)

    def _unrecorded(self, command: c.Command) -> Reply | None:
        """What the id stands for is lost with its record: its events show whether it is this command, or nothing does.

        None where nothing tells that it was ever used.
        """
        found, holder = self._place(command.command_id)
        if not found:
            return None
        same = shown(command, self._memory.effects.get(command.command_id, ()), holder)
        if same:
            return self._carried_out(command)
        wording, code = Supervisor.OTHER_COMMAND, ReplyCode.OTHER_COMMAND
        if same is None:
            wording, code = Supervisor.ID_FORGOTTEN, ReplyCode.UNKNOWN
        return reply_to(command, accepted=False, text=wording(), code=code, changed=False)

    def _unread(self, asked: Asked) -> bool:
        """Whether a position that cannot say what it did may have done it; one that it never reaches has not."""
        unread = (*self._memory.silent, *self._memory.retired)
        return any(asked.command is None or reaches(asked.command, name) for name in unread)

    def _place(self, command_id: CommandId) -> tuple[bool, PositionId | None]:
        """Whether an effect of this id is known; and the position that had it."""
        ordinal = self._memory.registry.commands.get(command_id)
        if ordinal is None:
            return command_id in self._memory.decided, None
        return True, self._memory.registry.holder(ordinal) or self._silent(ordinal)

    def _silent(self, ordinal: int) -> PositionId | None:
        """The list of positions names one whose history is damaged too."""
        names = ((name, parse_position_id(name)) for name in (*self._memory.silent, *self._memory.retired))
        return next((name for name, parsed in names if parsed is not None and parsed[1] == ordinal), None)

    def _as_it_is_now(self, command: c.Command, answer: Answer) -> Answer:
        """An answer of before about a hold that is no longer so would read as if it were."""
        if not isinstance(answer, Reply) or not answer.accepted:
            return answer
        match command:
            case c.PauseOpenings() if not self._held(command):
                return replace(answer, text=Supervisor.BUT_LIFTED(answer=answer.text))
            case c.ResumeOpenings() if self._held(command):
                return replace(answer, text=Supervisor.BUT_PAUSED(answer=answer.text))
            case c.PausePosition() if self._paused(command) is False:
                said = answer.text or Supervisor.WAS_PAUSED()
                return replace(answer, text=Supervisor.BUT_RESUMED(answer=said))
            case c.ResumePosition() if self._paused(command):
                said = answer.text or Supervisor.WAS_RESUMED()
                return replace(answer, text=Supervisor.BUT_PAUSED(answer=said))
        return answer

    def _held(self, command: c.PauseOpenings | c.ResumeOpenings) -> bool:
        return any(hold.same_words(command.account, command.symbol) for hold in self._memory.holds)

    def _paused(self, command: c.PausePosition | c.ResumePosition) -> bool | None:
        """None where the position is over, or no view that is younger than the command tells."""
        views = (view for view in self._memory.registry.live() if view.position_id == command.position_id)
        view = next((view for view in views if command.command_id in view.command_ids), None)
        return None if view is None else view.state is PositionState.PAUSED

    def _go_on(self, command: c.Command) -> c.Command:
        here = Address(self._context.runtime.address)
        if isinstance(command, c.ClosePosition | c.ModifyPosition):
            return replace(command, reply_to=here, causation_id="", meaning=meaning(command))
        return replace(command, reply_to=here, causation_id="")

    def _outside(self, asker: Address) -> bool:
        return bool(asker) and asker not in (self._context.runtime.address, self._context.settings.reconciler)

    def _tell(self, command: c.Command, answer: Answer) -> None:
        asker, copy = _copy_of(command)
        self._context.runtime.tell(asker, replace(answer, to=asker, causation_id=copy))


def _copy_of(command: c.Command) -> tuple[Address, str]:
    """Who said it, and by what that edge knows this copy of it from others: an answer that is not final is for one."""
    return command.reply_to, command.causation_id
