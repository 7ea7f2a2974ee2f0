"""The intake: the only entry of outside commands, and the only exit of their answers.

Answers are true. Accepted: durable, and executed once. Refused: nothing is done, no copy waits, and the id is answered
alike from then on. Not ready: nothing is done or waits, and the id may be sent again. Unknown: neither holds, and the
id can be queried later.

A command is forwarded with the supervisor as its `reply_to`. So one copy is in progress however often it is sent, and
each answer passes here before it goes outside.
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
    """Admits each command id once; the other handlers decide."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._memory = context.memory
        self._memory.records.begin(context.runtime, self)

    def routes(self) -> Routes:
        """Return the handlers of answers and of durable command records."""
        answers = dict.fromkeys((Reply, ReconcileAnswer), self.answered)
        return {**answers, CommandDecided: self.decided, CommandTaken: self._kept}

    def take(self, message: Message) -> Message | None:
        """Return the command to handle; None: it is answered, or a copy of it is in progress."""
        if not isinstance(message, FROM_OUTSIDE) or not self._outside(message.reply_to):
            return message
        wanted = meaning(message)
        known = self._memory.asked.ids.get(message.command_id)
        if known is None and (before := self._unrecorded(message)) is not None:
            self._answer(message, before)
            return None
        asked = self._memory.asked.note(message.command_id, wanted)
        if asked.copy is message:
            return self._go_on(message)  # the supervisor failed on this message, which is redelivered
        if asked.meaning != wanted:
            text = Supervisor.OTHER_COMMAND()
            other = reply_to(message, accepted=False, text=text, code=ReplyCode.OTHER_COMMAND, changed=False)
            self._answer(message, other)
        elif asked.under_way:
            asked.askers = (*asked.askers, _copy_of(message))
        elif (answer := asked.answer or self._carried_out(message)) is not None:
            self._answer(message, self._current_answer(message, answer))
        elif asked.doubtful and any(reaches(message, name) for name in self._memory.retired):
            # Its symbol is released, so it would be executed a second time.
            text = Supervisor.BUT_UNREAD(answer=Supervisor.ID_FORGOTTEN())
            self._answer(message, reply_to(message, accepted=False, text=text, code=ReplyCode.UNKNOWN, changed=False))
        else:
            asked.askers, asked.under_way = (_copy_of(message),), True
            asked.copy = asked.command = message
            asked.opens = message.opens
            self._record(CommandTaken(command_id=message.command_id, meaning=wanted), asked)
            return self._go_on(message)
        return None

    def handled(self, message: Message) -> None:
        """The message is handled: further messages under its id are other copies."""
        if isinstance(message, FROM_OUTSIDE):
            asked = self._memory.asked.ids.get(message.command_id)
            if asked is not None and asked.copy is message:
                asked.copy = None

    def answered(self, answer: Answer) -> None:
        """Release an answer; a final one only when it and the id's record are durable."""
        asked = self._memory.asked.ids.get(answer.command_id)
        if asked is None or asked.answer is not None:
            return
        if isinstance(answer, Reply):
            if answer.accepted and answer.code is ReplyCode.UNKNOWN:
                self._answer_askers(asked, answer)  # in force; offered to the disk until it is durable
                return
            if not answer.accepted:
                self._memory.assignments.pop(answer.command_id, None)
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
        """Release the final answer: its record is durable."""
        asked = self._memory.asked.ids.get(record.reply.command_id)
        if asked is not None and asked.answer is None:
            asked.kept = True
            self._end(asked, record.reply)

    def _record(self, record: CommandTaken | CommandDecided, asked: Asked) -> None:
        """Make the record durable; it returns to the supervisor as an effect."""
        back = Effect(to=Address(self._context.runtime.address), message=record)
        self._memory.records.persist(about=record, effects=(back,), reducing=not asked.opens)

    def persisted(self, about: CommandTaken | CommandDecided) -> None:
        """Nothing: the record returns as an effect of its step."""

    def persist_failed(self, about: CommandTaken | CommandDecided, failure: CommitFailed) -> Retry:
        """Give no final answer: the disk refused it, so it would not survive the process."""
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
        """Answer a parked command as unknown: the same id shows later whether a step happened."""
        asked = self._memory.asked.ids.get(message.command_id)
        if asked is not None and asked.under_way:
            text = Supervisor.NOT_HANDLED(why=message.reason)
            about = Reply(correlation_id=message.correlation_id, command_id=message.command_id, to=Address(""),
                          accepted=False, text=text, code=ReplyCode.UNKNOWN)  # fmt: skip
            self._leave_open(asked, about)

    def _leave_open(self, asked: Asked, answer: Reply) -> None:
        asked.under_way = False
        asked.doubtful = asked.doubtful or answer.code is ReplyCode.UNKNOWN
        self._answer_askers(asked, answer)

    def _end(self, asked: Asked, answer: Answer) -> None:
        asked.under_way, asked.answer, asked.command = False, answer, None
        self._answer_askers(asked, answer)

    def _answer_askers(self, asked: Asked, answer: Answer) -> None:
        askers, asked.askers = asked.askers, ()
        for asker, copy in askers:
            self._context.runtime.tell(asker, replace(answer, to=asker, causation_id=copy))

    def _carried_out(self, command: c.Command) -> Reply | None:
        """Return the answer if an event shows that the command was executed, in an earlier process or long ago."""
        found, holder = self._place(command.command_id)
        if not found:
            return None
        before = reply_to(command, accepted=True, text=Supervisor.DONE_BEFORE(), changed=False)
        return replace(before, position_id=holder)

    def _unrecorded(self, command: c.Command) -> Reply | None:
        """Return the answer for an id whose record is lost, as far as its events show the command; None: the id is
        unused.
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
        """Return whether a silent or retired position may have executed the command."""
        unread = (*self._memory.silent, *self._memory.retired)
        return any(asked.command is None or reaches(asked.command, name) for name in unread)

    def _place(self, command_id: CommandId) -> tuple[bool, PositionId | None]:
        """Return whether an effect of this id is known, and the position that has it."""
        ordinal = self._memory.registry.commands.get(command_id)
        if ordinal is None:
            return command_id in self._memory.decided, None
        return True, self._memory.registry.holder(ordinal) or self._silent(ordinal)

    def _silent(self, ordinal: int) -> PositionId | None:
        """Return the silent or retired position with this ordinal."""
        names = ((name, parse_position_id(name)) for name in (*self._memory.silent, *self._memory.retired))
        return next((name for name, parsed in names if parsed is not None and parsed[1] == ordinal), None)

    def _current_answer(self, command: c.Command, answer: Answer) -> Answer:
        """Correct an earlier answer about a hold that has changed since."""
        if not isinstance(answer, Reply) or not answer.accepted:
            return answer
        match command:
            case c.PauseOpenings() if not self._held(command):
                return replace(answer, text=Supervisor.BUT_LIFTED(answer=answer.text))
            case c.ResumeOpenings() if self._held(command):
                return replace(answer, text=Supervisor.BUT_PAUSED(answer=answer.text))
            case c.PausePosition() if self._paused(command) is False:
                earlier = answer.text or Supervisor.WAS_PAUSED()
                return replace(answer, text=Supervisor.BUT_RESUMED(answer=earlier))
            case c.ResumePosition() if self._paused(command):
                earlier = answer.text or Supervisor.WAS_RESUMED()
                return replace(answer, text=Supervisor.BUT_PAUSED(answer=earlier))
        return answer

    def _held(self, command: c.PauseOpenings | c.ResumeOpenings) -> bool:
        return any(hold.names_exactly(command.account, command.symbol) for hold in self._memory.holds)

    def _paused(self, command: c.PausePosition | c.ResumePosition) -> bool | None:
        """Return whether the position is paused; None: it has ended, or no view includes the command."""
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

    def _answer(self, command: c.Command, answer: Answer) -> None:
        asker, copy = _copy_of(command)
        self._context.runtime.tell(asker, replace(answer, to=asker, causation_id=copy))


def _copy_of(command: c.Command) -> tuple[Address, str]:
    """Return the sender and its id of this copy; an answer that is not final goes to one copy."""
    return command.reply_to, command.causation_id
