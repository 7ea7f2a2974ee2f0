"""A confirmed command that the supervisor is not ready for waits its minute, under its own id."""

from typing import Any

from messages.requests import Reply
from messages.statement import verbatim
from messages.types import PositionId, ReplyCode
from tests.telegram.stage import HOME, OWNER
from tests.telegram.test_actor import stage


def test_what_the_supervisor_is_not_ready_for_is_asked_again_under_its_own_id_until_it_is() -> None:
    made = stage()
    made.say(OWNER, "/open ETHUSDT long 1")
    data = made.last.data("Confirm")
    made.desk.silent = True
    made.press(OWNER, made.last, data=data)
    made.advance(1)
    [command] = made.desk.changes
    about: dict[str, Any] = {"command_id": command.command_id, "to": HOME, "accepted": False}
    made.give(Reply(**about, text=verbatim("the account's positions are being read"), code=ReplyCode.NOT_READY))
    assert "⏳" in made.last.text
    made.advance(2)
    assert {again.command_id for again in made.desk.changes} == {command.command_id}
    assert len(made.desk.changes) > 1
    made.give(
        Reply(**about | {"accepted": True}, text=verbatim(""), position_id=PositionId("main.ETHUSDT.long.manual.9"))
    )
    assert "✅" in made.last.text
    asked = len(made.desk.changes)
    made.advance(5)
    assert len(made.desk.changes) == asked


def test_what_the_supervisor_is_not_ready_for_within_a_minute_is_over() -> None:
    made = stage()
    made.say(OWNER, "/open ETHUSDT long 1")
    data = made.last.data("Confirm")
    made.desk.silent = True
    made.press(OWNER, made.last, data=data)
    made.advance(61)
    command = made.desk.changes[0]
    made.give(
        Reply(command_id=command.command_id, to=HOME, accepted=False, text=verbatim("no"), code=ReplyCode.NOT_READY)
    )
    assert made.last.text.endswith("⛔ no")
    asked = len(made.desk.changes)
    made.advance(5)
    assert len(made.desk.changes) == asked
