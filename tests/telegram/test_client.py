"""The adapter against a Bot API server with the real limits; python-telegram-bot is unmodified."""

import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.secret import Secret
from adapters.telegram import TelegramChat
from messages.base import Message
from messages.telegram import (
    AnswerPress,
    Button,
    ChatDown,
    ChatUp,
    EditText,
    Incoming,
    IncomingOther,
    IncomingPress,
    IncomingText,
    MenuEntry,
    PublishMenu,
    SendFailed,
    SendText,
    TextSent,
    UpdateKept,
    UrgentPress,
    UrgentText,
)
from messages.text import escaped, shown
from messages.types import Address
from tests.telegram.server import TOKEN, ApiError, BotApi, serving

ME = Address("me")


class Side:
    """Everything the adapter says, in queues that tests wait on."""

    def __init__(self, api: BotApi, token: str = TOKEN, groups: tuple[int, ...] = ()) -> None:
        self.updates: queue.Queue[Message] = queue.Queue()
        self.answers: queue.Queue[Message] = queue.Queue()
        self.health: queue.Queue[Message] = queue.Queue()
        self.chat = TelegramChat(
            Secret(token),
            api.url,
            offer=self._taken,
            tell=lambda _, message: self.answers.put(message),
            health=self.health.put,
            tail=lambda count: ("line",) * count,
            groups=groups,
            poll_s=2,
        )

    def _taken(self, message: Message) -> bool:
        self.updates.put(message)
        return True

    def send(self, text: str, **more: object) -> Message:
        self.chat.request(SendText(request_id="r", reply_to=ME, chat_id=100, text=text, **more))  # type: ignore[arg-type]
        return self.answers.get(timeout=10)


@contextmanager
def started(api: BotApi, token: str = TOKEN, groups: tuple[int, ...] = ()) -> Iterator[Side]:
    side = Side(api, token, groups)
    side.chat.start()
    try:
        yield side
    finally:
        side.chat.stop(2_000)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with serving() as running:
        yield running


def test_texts_presses_and_edits_arrive_as_what_they_are(api: BotApi) -> None:
    with started(api) as side:
        assert side.health.get(timeout=10) == ChatUp(name="albra_bot")
        api.say(100, "/status")
        api.say(100, "/Close_All now")
        api.edit(100, "/close_all")
        api.forward(100, "/close_all")
        found = [side.updates.get(timeout=10) for _ in range(4)]
        expected: list[type[Message]] = [IncomingText, UrgentText, IncomingOther, IncomingOther]
        assert [type(one) for one in found] == expected
        side.send("pick", buttons=((Button(text=shown("Go"), data="!y:1"), Button(text=shown("No"), data="x:1")),))
        for update in found:
            assert isinstance(update, Incoming)
            side.chat.request(UpdateKept(update_id=update.update_id))
        api.press(100, api.messages[0], "Go")
        api.press(100, api.messages[0], "No")
        assert [type(side.updates.get(timeout=10)) for _ in range(2)] == [UrgentPress, IncomingPress]


def test_an_update_is_confirmed_only_when_it_is_kept_here(api: BotApi) -> None:
    with started(api) as side:
        first = api.say(100, "/status")
        side.updates.get(timeout=10)
        assert api.confirmed < first
    with started(api) as side:  # the next process has it again
        assert side.updates.get(timeout=10).update_id == first  # type: ignore[attr-defined]
        side.chat.request(UpdateKept(update_id=first))
        api.wait("its confirmation", lambda: api.confirmed == first)


def test_an_emergency_kept_first_does_not_confirm_the_text_before_it(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.telegram.client._KEPT_WAIT_S", 1.0)
    polls: list[str] = []
    api.trouble = lambda method, _: polls.append(method) if method == "getUpdates" else None
    text, emergency = api.say(100, "/status"), api.say(100, "/close_all")
    with started(api) as side:
        assert [side.updates.get(timeout=10).update_id for _ in range(2)] == [text, emergency]  # type: ignore[attr-defined]
        side.chat.request(UpdateKept(update_id=emergency))
        api.wait("the next poll", lambda: len(polls) > 1)
    assert api.confirmed < text
    with started(api) as side:  # killed at that instant, the next process has the text again
        assert side.updates.get(timeout=10).update_id == text  # type: ignore[attr-defined]
        side.chat.request(UpdateKept(update_id=text))
        api.wait("its confirmation", lambda: api.confirmed == text)


def test_what_telegram_refuses_for_good_is_said_to_be_permanent(api: BotApi) -> None:
    with started(api) as side:
        for text in ("<b>open", "<script>x</script>", "", "x" * 4097):
            answer = side.send(text)
            assert isinstance(answer, SendFailed)
            assert answer.permanent
        api.blocked.add(100)
        answer = side.send("hello")
        assert isinstance(answer, SendFailed)
        assert answer.permanent
        assert "blocked" in answer.cause


def test_retry_after_is_passed_on_and_holds_that_chat_alone(api: BotApi) -> None:
    with started(api) as side:
        api.trouble = lambda method, p: (
            ApiError(429, "Too Many Requests: retry after 3", retry_after=3)
            if method == "sendMessage" and p["chat_id"] == "100"
            else None
        )
        answer = side.send("one")
        assert isinstance(answer, SendFailed)
        assert (answer.retry_after_ms, answer.permanent) == (3_000, False)
        api.trouble = lambda _method, _p: None
        answer = side.send("two")
        assert isinstance(answer, SendFailed)
        assert 0 < answer.retry_after_ms <= 3_000
        side.chat.request(SendText(request_id="other", reply_to=ME, chat_id=200, text=escaped("hello")))
        assert isinstance(side.answers.get(timeout=10), TextSent)


def test_with_patience_the_adapter_waits_and_sends(api: BotApi) -> None:
    with started(api) as side:
        troubles = [ApiError(429, "Too Many Requests: retry after 1", retry_after=1)]
        api.trouble = lambda method, _: troubles.pop() if method == "sendMessage" and troubles else None
        assert isinstance(side.send("one", patience_ms=20_000), TextSent)


def test_an_edit_that_changes_nothing_is_no_failure(api: BotApi) -> None:
    with started(api) as side:
        side.send("same")
        side.chat.request(EditText(request_id="e", reply_to=ME, chat_id=100, message_id=1, text=escaped("same")))
        assert side.answers.get(timeout=10) == TextSent(request_id="e", chat_id=100, message_id=1)


def test_menus_and_answers_to_presses_arrive(api: BotApi) -> None:
    with started(api) as side:
        entry = MenuEntry(command="close_all", text=shown("모두 닫기"))
        side.chat.request(PublishMenu(request_id="m", reply_to=ME, chat_id=100, entries=(entry,)))
        assert isinstance(side.answers.get(timeout=10), TextSent)
        assert api.menus[100] == [{"command": "close_all", "description": "모두 닫기"}]
        side.send("pick", buttons=((Button(text=shown("Go"), data="y:1"),),))
        press = api.press(100, api.messages[0], "Go")
        for outcome in (TextSent, SendFailed):  # a second answer comes too late
            side.chat.request(AnswerPress(request_id="a", reply_to=ME, press_id=press, text=shown("done")))
            assert isinstance(side.answers.get(timeout=10), outcome)
        assert api.answered == {press: "done"}


def test_a_second_process_with_our_token_is_said_and_waited_out(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.telegram.client._CONFLICT_PAUSE_S", 0.1)
    with started(api) as side:
        assert isinstance(side.health.get(timeout=10), ChatUp)
        api.trouble = lambda method, _: ApiError(409, "Conflict: other") if method == "getUpdates" else None
        down = side.health.get(timeout=15)
        assert isinstance(down, ChatDown)
        assert "Conflict" in down.cause
        api.trouble = lambda _method, _p: None
        assert isinstance(side.health.get(timeout=20), ChatUp)


def test_an_outage_is_said_once_and_survived(api: BotApi) -> None:
    api.dead = True
    with started(api) as side:
        assert isinstance(side.health.get(timeout=15), ChatDown)
        answer = side.send("one")
        assert isinstance(answer, SendFailed)
        assert not answer.permanent
        api.dead = False
        assert isinstance(side.health.get(timeout=20), ChatUp)
        assert isinstance(side.send("two"), TextSent)


def test_the_token_stands_in_no_log_and_in_no_error(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "987654:another-token-of-somebody-else-entirely"
    with started(api, wrong) as side:
        down = side.health.get(timeout=15)
        assert isinstance(down, ChatDown)
        answer = side.send("one")
        assert isinstance(answer, SendFailed)
        assert wrong not in down.cause + answer.cause
    assert wrong not in caplog.text
