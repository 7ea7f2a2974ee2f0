"""Planted bugs of the way in: what is answered to a command, and what an id stands for."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from actors.supervisor import intake
from actors.supervisor.command_register import Asked
from actors.supervisor.intake import FROM_OUTSIDE, Intake
from messages.base import Message
from messages.requests import Reply
from messages.types import ReplyCode
from simulator.environment.disk import DiskWeather
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Kill, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch


def _a_refusal_leaves_a_copy(stack: ExitStack) -> None:
    """Whoever says it again while it is under way has another copy put behind the first."""
    take = Intake.take

    def letting_in(self: Intake, message: Message) -> Message | None:
        asked = self._memory.asked.ids.get(message.command_id) if isinstance(message, FROM_OUTSIDE) else None
        if asked is not None and asked.under_way and asked.copy is not message:
            assert isinstance(message, FROM_OUTSIDE)
            asked.askers = (*asked.askers, (message.reply_to, message.causation_id))
            return self._go_on(message)
        return take(self, message)

    patch(stack, Intake, "take", letting_in)


def _what_the_disk_refused_is_accepted(stack: ExitStack) -> None:
    """It is accepted, and forgotten."""
    answered = Intake.answered

    def kindly(self: Intake, answer: Any) -> None:
        if isinstance(answer, Reply) and answer.code is ReplyCode.NOT_READY and "journal" in answer.text:
            answer = replace(answer, accepted=True, code=ReplyCode.DECIDED)
        answered(self, answer)

    patch(stack, Intake, "answered", kindly)


def _an_id_stands_for_anything(stack: ExitStack) -> None:
    patch(stack, intake, "meaning", lambda _command: "")


def _a_lost_record_stands_for_anything(stack: ExitStack) -> None:
    patch(stack, intake, "shown", lambda *_: True)


def _a_refusal_is_forgotten(stack: ExitStack) -> None:
    """Said again, it is looked at as if it were new."""
    end = Intake._end

    def forgetting(self: Intake, asked: Asked, answer: Any) -> None:
        end(self, asked, answer)
        if isinstance(answer, Reply) and not answer.accepted:
            asked.answer = None

    patch(stack, Intake, "_end", forgetting)


def _the_journal_is_held() -> Sequence[Plan]:
    """By another program, while a position is to be closed in part and its stop to be moved."""
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000, lots=4)
    acts = (
        opening,
        Act(at_ms=8_000, do="move stop", slot=0, stop_ppm=8_000),
        Act(at_ms=8_100, do="close part", slot=0, percent=50),
        Act(at_ms=8_200, do="close part", slot=0, percent=25),
    )
    held = DiskWeather(locks=((START_MS + 7_900, START_MS + 17_000),))
    return [replace(calm(*acts), seed=seed, disk=held, echoes=True) for seed in range(1, 24)]


def _said_again() -> Sequence[Plan]:
    """Everything that is answered is said again, or something else under the same id."""
    opening = Act(at_ms=8_000, do="open", slot=0, symbol="SOLUSDT", strategy="alpha", stop_ppm=10_000)
    acts = (
        Act(at_ms=6_000, do="pause openings"),
        opening,
        replace(opening, at_ms=8_100, slot=1, symbol="ETHUSDT", strategy="beta"),
        Act(at_ms=9_000, do="resume openings"),
        replace(opening, at_ms=12_000, slot=2, strategy="gamma"),
    )
    return [replace(calm(*acts), seed=seed, echoes=True) for seed in range(1, 24)]


def _said_again_without_records() -> Sequence[Plan]:
    """And what the ids stood for is lost at a start in between."""
    killed = (Kill(moment="durable", count=8, down_ms=1_000, unrecorded=True),)
    return [replace(plan, kills=killed) for plan in _said_again()]


ANSWERS: Mapping[str, Mutant] = {
    "a refusal leaves a copy": mutant(_a_refusal_leaves_a_copy, "I19", plans=_the_journal_is_held),
    "what the disk refused is accepted": mutant(
        _what_the_disk_refused_is_accepted, "I19", "I3", plans=_the_journal_is_held
    ),
    "an id stands for anything": mutant(_an_id_stands_for_anything, "I19", plans=_said_again),
    "a lost record stands for anything": mutant(
        _a_lost_record_stands_for_anything, "I19", plans=_said_again_without_records
    ),
    "a refusal is forgotten": mutant(_a_refusal_is_forgotten, "I19", plans=_said_again),
}
