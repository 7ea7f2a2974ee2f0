"""I14 of docs/reliability.md: one operator command, at most one effect; over redelivery, kills and ill disks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from messages import commands as c
from messages.telegram import ChatKind, IncomingPress, IncomingText
from tests.telegram.stage import OWNER, TRADER, Desk, Stage, view

SAID = ("/close #1", "/close_all", "/pause", "/open ETHUSDT long 1", "/modify #1 sl=59000")
STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(SAID), st.sampled_from([OWNER, TRADER])),
    st.tuples(st.just("confirm"), st.integers(0, 5), st.sampled_from([OWNER, TRADER])),
    st.tuples(st.just("again"), st.integers(0, 20), st.just(OWNER)),
    st.tuples(st.sampled_from(["kill", "ill", "well", "silent", "wait"]), st.just(0), st.just(OWNER)),
)


@settings(max_examples=120, deadline=None)
@given(st.lists(STEPS, max_size=20))
def test_one_command_has_at_most_one_effect_whatever_happens(story: list[tuple[str, object, int]]) -> None:
    stage = Stage(desk=Desk(views=(view(),)))
    stage.up()
    updates: list[IncomingText | IncomingPress] = []
    for what, detail, user in story:
        match what:
            case "say":
                updates.append(stage.say(user, str(detail)))
            case "confirm":
                _confirm(stage, user, int(str(detail)), updates)
            case "again" if updates:
                stage.give(updates[int(str(detail)) % len(updates)])
            case "kill":
                stage = stage.again()
                stage.up()
            case "ill" | "well":
                stage.store.fault = (lambda: "ill") if what == "ill" else (lambda: None)
            case "silent":
                stage.desk.silent = not stage.desk.silent
            case _:
                stage.advance(7)
    stage.store.fault = lambda: None
    stage.advance(60)
    asked = {f"tg-{one.update_id}" for one in updates if isinstance(one, IncomingText)}
    _check(stage.desk.changes, asked, updates)


def test_a_press_that_comes_twice_at_once_is_decided_once() -> None:
    """Simulation seed 50197: while its position was looked up its copy was refused, as decided before."""
    stage = Stage(desk=Desk(views=(view(),)))
    stage.up()
    stage.say(OWNER, "/close #1")
    press = IncomingPress(
        update_id=500,
        chat_id=OWNER,
        user_id=OWNER,
        chat_kind=ChatKind.PRIVATE,
        message_id=stage.last.message_id,
        press_id="p",
        data=stage.last.data("Confirm"),
    )
    stage.give(press, press)
    assert [verdict for _, verdict in stage.audit()] == ["taken", "confirmed"]
    assert len(stage.desk.changes) == 1


def _confirm(stage: Stage, user: int, place: int, updates: list[IncomingText | IncomingPress]) -> None:
    waiting = [shown for shown in stage.chat.shown if any("Confirm" in b.text for row in shown.buttons for b in row)]
    if waiting:
        updates.append(stage.press(user, waiting[place % len(waiting)], "Confirm"))


def _check(changes: list[c.Command], asked: set[str], updates: list[IncomingText | IncomingPress]) -> None:
    """Each command is somebody's, under the one id of the words that asked for it, and never says two things."""
    meanings: dict[str, set[tuple[object, ...]]] = {}
    for command in changes:
        told = (type(command), getattr(command, "position_id", ""), getattr(command, "symbol", ""))
        meanings.setdefault(command.command_id, set()).add(told)
    assert meanings.keys() <= asked
    assert all(len(said) == 1 for said in meanings.values())
    presses = [one for one in updates if isinstance(one, IncomingPress)]
    assert len(meanings) <= len(presses)
