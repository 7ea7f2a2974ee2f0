"""Whatever a network, a proxy or another program can do to the bot: the real client goes on, and loses nothing."""

import queue
import time
from collections.abc import Callable, Iterator

import pytest

from messages.base import Message
from messages.telegram import (
    Button,
    ChatDown,
    ChatUp,
    EditText,
    Incoming,
    IncomingOther,
    IncomingText,
    SendFailed,
    SendText,
    TextSent,
    UpdateKept,
)
from messages.text import escaped, shown
from tests.telegram.server import ApiError, BotApi, Raw, serving
from tests.telegram.test_client import ME, Side, started

HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx" + b" " * 4000 + b"</body></html>"
SPOILED: dict[str, Raw] = {
    "502 and a page": Raw(status=502, body=HTML, kind="text/html"),
    "500 and nothing": Raw(status=500),
    "a proxy's 400": Raw(status=400, body=HTML, kind="text/html"),
    "a proxy's 403": Raw(status=403, body=HTML, kind="text/html"),
    "a proxy's 404": Raw(status=404, body=HTML, kind="text/html"),
    "cut off": Raw(body=b'{"ok":true,"result":[{"upda'),
    "empty": Raw(),
    "not ok, and no reason": Raw(body=b'{"ok":false}'),
    "not ok, and 400 without a reason": Raw(status=500, body=b'{"ok":false,"error_code":500}'),
    "null": Raw(body=b"null"),
    "a list": Raw(body=b"[]"),
    "no result": Raw(body=b'{"ok":true}'),
    "a result of another kind": Raw(body=b'{"ok":true,"result":7}'),
    "bytes": Raw(body=b"\xff\xfe\x00"),
    "429 in words only": Raw(status=429, body=b'{"ok":false,"description":"Too Many Requests: retry after 1"}'),
    "a refused token, for now": Raw(status=401, body=b'{"ok":false,"error_code":401,"description":"Unauthorized"}'),
    "a reset": Raw(reset=True),
}


@pytest.fixture
def api() -> Iterator[BotApi]:
    with serving() as running:
        yield running


def once(method: str, *answers: Raw) -> Callable[[str, dict[str, str]], Raw | None]:
    left = list(answers)
    return lambda found, _: left.pop(0) if found == method and left else None


def next_text(side: Side) -> IncomingText:
    while True:
        found = side.updates.get(timeout=20)
        assert isinstance(found, Incoming)
        side.chat.request(UpdateKept(update_id=found.update_id))
        if isinstance(found, IncomingText):
            return found


def test_no_answer_to_a_poll_ends_the_polling(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.telegram.client._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("adapters.telegram.client._LONGEST_PAUSE_S", 0.05)
    for answer in SPOILED.values():
        assert answer.status  # each is met below, one after the other
    with started(api) as side:
        assert isinstance(side.health.get(timeout=10), ChatUp)
        for name, answer in SPOILED.items():
            api.raw = once("getUpdates", answer, answer)
            api.say(100, f"/status {name}")
            assert next_text(side).text == f"/status {name}"


@pytest.mark.parametrize("name", SPOILED)
def test_no_answer_to_a_message_counts_as_a_refusal_for_good(
    api: BotApi, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.telegram.client._FIRST_PAUSE_S", 0.01)
    with started(api) as side:
        api.raw = once("sendMessage", SPOILED[name])
        failed = side.send("one")
        assert isinstance(failed, SendFailed), failed
        assert not failed.permanent
        assert len(failed.cause) < 400
        api.raw = once("sendMessage", SPOILED[name])
        assert isinstance(side.send("two", patience_ms=20_000), TextSent)


def test_a_start_that_fails_is_tried_again(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.telegram.client._FIRST_PAUSE_S", 0.01)
    api.raw = once("getMe", SPOILED["502 and a page"], SPOILED["a refused token, for now"], SPOILED["cut off"])
    with started(api) as side:
        assert isinstance(side.health.get(timeout=10), ChatDown)
        assert isinstance(side.health.get(timeout=10), ChatUp)
        assert [str(each.value) for each in side.chat.rows] == ["up", "albra_bot"]


def test_a_webhook_left_behind_is_taken_away_and_what_waits_is_read(api: BotApi) -> None:
    api.webhook = "https://somebody.example/hook"
    api.say(100, "/status")
    with started(api) as side:
        assert next_text(side).text == "/status"
        assert api.webhook == ""


def test_a_second_bot_process_ends_our_poll_and_we_begin_another(api: BotApi) -> None:
    with started(api) as side, started(api) as other:
        api.say(100, "/status")
        waiting = [side, other]
        deadline = time.monotonic() + 20
        found: list[Message] = []
        while not found and time.monotonic() < deadline:
            for one in waiting:
                try:
                    found.append(one.updates.get(timeout=0.2))
                except queue.Empty:
                    continue
        assert isinstance(found[0], IncomingText)


def test_an_update_that_nobody_can_read_is_passed_over(api: BotApi) -> None:
    with started(api) as side:
        api.deliver("message", {"message_id": 5, "text": "no date, no chat"})
        api.deliver("message", {"message_id": "x", "date": "y", "chat": 3})
        api.deliver("newest_kind_of_update", {"what": ["ever"]})
        chat = {"id": 100, "type": "hologram"}
        api.deliver("message", {"message_id": 6, "date": 1, "chat": chat, "text": "/close_all"})
        api.deliver("callback_query", {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "x"}})
        api.say(100, "/status")
        assert next_text(side).text == "/status"


def test_update_ids_may_jump_up_and_after_a_silence_begin_again_lower(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.telegram.client._OFFSET_LIFE_S", 0.05)  # a week, in a test
    with started(api) as side:
        for start in (5_000_000, 900_000_000, 1_200):
            if start < api.next_update:
                api.wait("a poll that asks for all", lambda: not api.offset)
            api.next_update = start
            api.say(100, "/status")
            assert next_text(side).update_id == start
            api.wait("its confirmation", lambda: not api._updates)


def test_a_message_deleted_by_hand_is_written_anew_instead_of_edited(api: BotApi) -> None:
    with started(api) as side:
        side.send("progress")
        api.messages[0].deleted = True
        button = ((Button(text=shown("Refresh"), data="r:positions"),),)
        side.chat.request(
            EditText(request_id="e", reply_to=ME, chat_id=100, message_id=1, text=escaped("done"), buttons=button)
        )
        answer = side.answers.get(timeout=10)
        assert isinstance(answer, TextSent)
        assert answer.message_id != 1
        assert api.messages[-1].text == "done"


def test_an_edit_that_is_tried_again_does_not_cover_a_later_one(api: BotApi) -> None:
    with started(api) as side:
        side.send("0 of 2")
        api.raw = once("editMessageText", Raw(status=502))
        for name, text in (("first", "1 of 2"), ("last", "2 of 2")):
            request = EditText(
                request_id=name, reply_to=ME, chat_id=100, message_id=1, text=escaped(text), patience_ms=20_000
            )
            side.chat.request(request)
        answers = {answer.request_id: answer for answer in (side.answers.get(timeout=10), side.answers.get(timeout=10))}  # type: ignore[attr-defined]
        assert isinstance(answers["last"], TextSent)
        assert isinstance(answers["first"], SendFailed)
        assert api.messages[0].texts == ["0 of 2", "2 of 2"]


def test_a_group_that_became_a_supergroup_keeps_its_place(api: BotApi) -> None:
    old, new = -500, -1_000_000_000_500
    api.moved[old] = new
    with started(api) as side:
        request = SendText(request_id="m", reply_to=ME, chat_id=old, text=escaped("hello"), patience_ms=20_000)
        side.chat.request(request)
        assert isinstance(side.answers.get(timeout=10), TextSent)
        assert api.messages[-1].chat_id == new
        assert str(new) in side.chat.rows[-1].value
        api.say(100, "/status", chat=new, kind="supergroup")
        assert next_text(side).chat_id == old


def test_a_group_that_moved_in_an_earlier_life_is_heard_before_anything_is_sent_to_it(api: BotApi) -> None:
    old, new, gone = -500, -1_000_000_000_500, -501
    api.moved[old] = new
    api.missing.add(gone)
    with started(api, groups=(gone, old, -502)) as side:
        api.say(100, "/close_all", chat=new, kind="supergroup")
        assert next_text(side).chat_id == old


def test_the_words_of_a_service_message_tell_of_the_move_as_well(api: BotApi) -> None:
    with started(api) as side:
        chat = {"id": -7, "type": "group", "title": "G"}
        api.deliver("message", {"message_id": 5, "date": 1, "chat": chat, "migrate_to_chat_id": -1007})
        assert isinstance(side.updates.get(timeout=10), IncomingOther)
        request = SendText(request_id="m", reply_to=ME, chat_id=-7, text=escaped("hello"))
        side.chat.request(request)
        assert isinstance(side.answers.get(timeout=10), TextSent)
        assert api.messages[-1].chat_id == -1007


def test_only_what_somebody_writes_himself_is_a_command(api: BotApi) -> None:
    """Captions, edits, forwards, posts of channels, anonymous administrators and other bots command nothing."""
    me = {"id": 100, "is_bot": False, "first_name": "U"}
    own = {"date": 1, "chat": {"id": 100, "type": "private", "first_name": "U"}, "from": me}
    group = {"id": -5, "type": "supergroup", "title": "G"}
    placeholder = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    said = "/close_all"
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    other = {"id": 9, "is_bot": True, "first_name": "B"}
    origin = {"type": "user", "date": 1, "sender_user": {"id": 7, "is_bot": False, "first_name": "X"}}
    messages = [
        ("message", {**own, "photo": photo, "caption": said}),
        ("message", {**own, "text": said, "via_bot": other}),
        ("message", {**own, "text": said, "forward_origin": origin}),
        ("edited_message", {**own, "text": said, "edit_date": 2}),
        ("channel_post", {"date": 1, "chat": {"id": -9, "type": "channel", "title": "C"}, "text": said}),
        ("message", {"date": 1, "chat": group, "from": placeholder, "sender_chat": group, "text": said}),
    ]
    with started(api) as side:
        for number, (kind, content) in enumerate(messages):
            api.deliver(kind, {"message_id": number + 1, **content})
        found = [side.updates.get(timeout=10) for _ in messages]
        assert [type(one) for one in found[:5]] == [IncomingOther] * 5
        last = found[5]
        assert isinstance(last, IncomingText)
        assert last.user_id == 0  # nobody in particular, who may nothing


@pytest.mark.parametrize("what", ["blocked", "missing"])
def test_a_chat_that_is_not_there_is_a_refusal_for_good(api: BotApi, what: str) -> None:
    getattr(api, what).add(100)
    with started(api) as side:
        failed = side.send("hello")
        assert isinstance(failed, SendFailed)
        assert failed.permanent


def test_an_answer_lost_on_its_way_is_sent_again_rather_than_never(api: BotApi) -> None:
    with started(api) as side:
        api.raw = once("sendMessage", Raw(reset=True, after=True))
        assert isinstance(side.send("one", patience_ms=20_000), TextSent)
        assert [shown.text for shown in api.messages] == ["one", "one"]


def test_only_what_is_asked_for_is_delivered(api: BotApi) -> None:
    with started(api) as side:
        api.say(100, "/status")
        next_text(side)
        assert set(api.allowed) == {
            "message",
            "edited_message",
            "callback_query",
            "channel_post",
            "edited_channel_post",
        }


def test_the_server_speaks_as_telegram_does() -> None:
    from tests.telegram.server import check_text

    said = {
        "<b>open": 'Can\'t find end tag corresponding to start tag "b"',
        "가<i></b>": 'Unmatched end tag at byte offset 6, expected "</i>", found "</b>"',
        "x</b>": "Unexpected end tag at byte offset 1",
        "<script>": 'Unsupported start tag "script" at byte offset 0',
        "a < b": 'Unsupported start tag "" at byte offset 2',
        "<b": 'Unclosed start tag "b" at byte offset 0',
    }
    for text, why in said.items():
        with pytest.raises(ApiError) as refused:
            check_text(text, "HTML")
        assert str(refused.value) == f"Bad Request: can't parse entities: {why}"
    check_text("<pre><code>&lt;&#60;&unknown;</code></pre>" + "x" * 4080, "HTML")
