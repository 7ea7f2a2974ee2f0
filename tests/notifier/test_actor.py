"""Notices on their way: durable, paced, patient; over a chat that works, refuses, is slow or gone."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from actors.language.words import Words
from actors.notifier.actor import HISTORY, NotifierStart
from actors.notifier.outbox import LESSER_MOST, SECOND_CHANNEL
from actors.notifier.report import Schedule
from actors.notifier.throttle import Policy, Quiet, Recipient
from actors.runtime.simulated import START_NS
from adapters.locales import load
from messages import codec
from messages.base import Event, Message
from messages.events import FundingBooked, QuantityAdjusted, StateChanged
from messages.notices import AcknowledgeNotice
from messages.reconciliation import DiscrepancyEnded, Outcome
from messages.reports import PositionView
from messages.requests import Notify
from messages.statement import verbatim
from messages.telegram import ChatDown, ChatUp, SendFailed, SendText
from messages.types import CommandId, PositionState, Severity
from messages.wording import Gateway
from messages.wording.duration import Duration
from tests.control.fake_supervisor import view
from tests.notifier.stage import MINUTE, OWNER, SECOND, Stage, down, sent, settings

HOUR = 60 * MINUTE


def test_a_notice_is_durable_before_it_is_sent() -> None:
    stage = Stage().begin()
    seen: list[int] = []

    def watching(message: SendText) -> Message:
        seen.append(len(stage.store.image.steps))
        return sent(message)

    stage.chat.mood = watching
    stage.notify(Severity.CRITICAL, "liquidated")
    assert stage.chat.texts() == ["🔴 <b>liquidated</b>"]
    assert seen == [1]
    assert len(stage.store.image.steps) == 2  # and its delivery after


def test_an_ill_disk_does_not_silence_what_matters() -> None:
    stage = Stage().begin()
    stage.store.fault = lambda: "no space left on device"
    stage.notify(Severity.CRITICAL, "the journal cannot be written")
    assert stage.chat.texts() == ["🔴 <b>the journal cannot be written</b>"]
    stage.store.fault = lambda: None
    stage.advance(10 * SECOND)
    assert stage.past().events[0].text == "the journal cannot be written"  # type: ignore[attr-defined]
    assert len(stage.chat.asked) == 1


def test_an_outage_of_any_length_loses_nothing_that_matters_and_says_how_late_it_is() -> None:
    stage = Stage().begin()
    stage.chat.mood = down
    stage.notify(Severity.CRITICAL, "stop refused")
    stage.notify(Severity.WARNING, "venue out of reach")
    stage.advance(30 * HOUR)
    assert stage.chat.texts() == []
    stage.chat.mood = sent
    stage.tell(ChatUp(name="bot"))
    stage.advance(2 * MINUTE)
    first, second = stage.chat.texts()
    assert first.startswith("🔴 <b>stop refused</b>\n<i>happened 11-14 22:13:20, 1 d 6 h ago")
    assert second.startswith("🟠 venue out of reach\n<i>happened")


def test_a_killed_process_tells_after_its_restart_what_it_could_not_tell_before() -> None:
    stage = Stage().begin()
    stage.chat.mood = down
    stage.notify(Severity.CRITICAL, "one", "two")
    later = stage.again()
    later.advance(MINUTE)
    assert later.chat.texts() == ["🔴 <b>one</b>", "🔴 <b>two</b>"]
    assert later.again(3).chat.texts() == []


def test_a_notice_told_again_after_a_restart_arrives_once() -> None:
    stage = Stage().begin()
    notice = Notify(severity=Severity.CRITICAL, text=verbatim("late fill"), notice_id="main.BTCUSDT.long.grid.1#7.1")
    stage.tell(notice, notice)
    later = stage.again()
    later.tell(notice)
    later.advance(HOUR)
    assert len(stage.chat.taken) + len(later.chat.taken) == 1


def test_high_keeps_to_ten_a_minute_and_gathers_the_rest_in_one_message() -> None:
    stage = Stage().begin()
    stage.notify(Severity.WARNING, *(f"w{number}" for number in range(10)))
    assert len(stage.chat.taken) == 10
    stage.notify(Severity.WARNING, *(f"x{number}" for number in range(30)))
    assert len(stage.chat.taken) == 10
    stage.advance(61 * SECOND)
    assert len(stage.chat.taken) == 11
    assert stage.chat.texts()[-1].startswith("<b>30 notices</b>")
    assert all(f"x{number}" in stage.chat.texts()[-1] for number in range(30))


def test_critical_knows_no_limit_and_overtakes_what_waits() -> None:
    stage = Stage().begin()
    stage.notify(Severity.INFO, *(f"i{number}" for number in range(20)))
    before = len(stage.chat.taken)
    stage.notify(Severity.CRITICAL, *(f"c{number}" for number in range(50)))
    assert [text for text in stage.chat.texts()[before:] if "<b>c" in text] == stage.chat.texts()[before:]
    assert len(stage.chat.taken) == before + 50


def test_identical_notices_within_the_cooldown_are_counted_and_told_once_more_at_its_end() -> None:
    stage = Stage().begin()
    stage.notify(Severity.WARNING, "close refused")
    stage.notify(Severity.WARNING, *["close refused"] * 3)
    assert stage.chat.texts() == ["🟠 close refused"]
    stage.advance(6 * MINUTE)
    assert stage.chat.texts()[1].startswith("🟠 close refused (×3)")
    stage.advance(HOUR)
    assert len(stage.chat.taken) == 2


def test_routine_notices_wait_for_their_digest() -> None:
    stage = Stage().begin()
    stage.notify(Severity.DIGEST, "a", "b", "c")
    stage.advance(59 * MINUTE)
    assert stage.chat.taken == []
    stage.advance(2 * MINUTE)
    assert len(stage.chat.taken) == 1
    assert stage.chat.texts()[0].startswith("<b>3 notices</b>")
    assert stage.chat.taken[0].silent


def test_quiet_hours_hold_everything_but_critical() -> None:
    quiet = Quiet(start_minute=22 * 60, end_minute=7 * 60)  # simulations begin at 22:13:20 UTC
    stage = Stage(settings(recipients=(Recipient(name=OWNER, chat_id=100, quiet=quiet),))).begin()
    stage.notify(Severity.WARNING, "venue out of reach")
    stage.notify(Severity.CRITICAL, "close to liquidation")
    stage.advance(8 * HOUR + 40 * MINUTE)
    assert stage.chat.texts() == ["🔴 <b>close to liquidation</b>"]
    stage.advance(10 * MINUTE)
    assert len(stage.chat.taken) == 2


def test_the_chat_that_says_slow_down_is_obeyed_and_loses_nothing() -> None:
    stage = Stage().begin()
    stage.chat.mood = lambda m: SendFailed(request_id=m.request_id, cause="429", retry_after_ms=90_000)
    stage.notify(Severity.CRITICAL, "one")
    stage.chat.mood = sent
    stage.advance(89 * SECOND)
    assert stage.chat.taken == []
    stage.advance(2 * SECOND)
    assert len(stage.chat.taken) == 1


def test_markup_that_the_chat_refuses_goes_out_as_plain_text() -> None:
    def picky(message: SendText) -> Message:
        if "<b>" in message.text:
            return SendFailed(request_id=message.request_id, cause="can't parse entities", permanent=True)
        return sent(message)

    stage = Stage().begin()
    stage.chat.mood = picky
    stage.notify(Severity.CRITICAL, "a < b & c")
    assert stage.chat.texts() == ["<pre>🔴 a &lt; b &amp; c</pre>"]


def test_a_chat_that_blocked_the_bot_keeps_what_matters_and_lets_the_rest_go() -> None:
    stage = Stage().begin()
    stage.chat.mood = lambda m: SendFailed(request_id=m.request_id, cause="blocked", permanent=True)
    stage.notify(Severity.INFO, "opened")
    stage.advance(MINUTE)
    stage.notify(Severity.CRITICAL, "liquidated")
    stage.advance(HOUR)
    stage.chat.mood = sent
    stage.advance(HOUR)
    assert [text.split("\n")[0] for text in stage.chat.texts()] == ["🔴 <b>liquidated</b>"]


def never(text: str) -> Callable[[SendText], Message]:
    """A chat that will not show this text, whatever its markup."""

    def answer(message: SendText) -> Message:
        if text in message.text:
            return SendFailed(request_id=message.request_id, cause="Bad Request", permanent=True)
        return sent(message)

    return answer


def test_one_text_that_the_chat_will_not_have_holds_up_none_behind_it() -> None:
    stage = Stage().begin()
    stage.chat.mood = never("poison")
    stage.notify(Severity.CRITICAL, "poison", "liquidated")
    stage.notify(Severity.WARNING, "venue out of reach")
    stage.advance(10 * SECOND)
    assert stage.chat.texts() == ["🔴 <b>liquidated</b>", "🟠 venue out of reach"]
    assert len(stage.chat.asked) == 4  # the refused one with markup and without: not in a circle
    stage.chat.mood = sent
    stage.advance(11 * MINUTE)
    assert [text.split("\n")[0] for text in stage.chat.texts()[2:]] == ["🔴 <b>poison</b>"]


def test_one_text_that_the_chat_will_not_have_takes_none_with_it_that_are_told_together() -> None:
    stage = Stage().begin()
    stage.chat.mood = never("poison")
    for severity in (Severity.WARNING, Severity.DIGEST):
        names = [f"{severity} {number}" for number in range(12)]
        stage.notify(severity, *names[:6], f"poison {severity}", *names[6:])
        stage.advance(3 * HOUR)
        told = "\n".join(stage.chat.texts())
        assert all(told.count(f"{name}\n") + told.endswith(name) == 1 for name in names), told


def test_critical_is_repeated_until_somebody_acknowledges_it() -> None:
    stage = Stage(settings(policy=Policy(repeat_critical_ns=10 * MINUTE))).begin()
    stage.notify(Severity.CRITICAL, "stop refused")
    stage.advance(21 * MINUTE)
    assert len(stage.chat.taken) == 3
    assert stage.chat.taken[0].buttons[0][0].data == "n:1"
    stage.tell(AcknowledgeNotice(command_id=CommandId("tg-1"), number=1, user_id=100))
    stage.advance(HOUR)
    assert len(stage.chat.taken) == 3


def test_the_second_channel_has_critical_when_the_chat_is_down_and_only_then() -> None:
    stage = Stage(settings(second_channel=True)).begin()
    stage.notify(Severity.CRITICAL, "one")
    stage.advance(HOUR)
    assert stage.channel.posted == []
    stage.chat.mood = down
    stage.tell(ChatDown(cause="no route"))
    stage.notify(Severity.CRITICAL, "two")
    stage.notify(Severity.WARNING, "three")
    assert [post.text for post in stage.channel.posted] == ["two"]
    stage.chat.mood = sent
    stage.tell(ChatUp(name="bot"))
    stage.advance(2 * MINUTE)
    assert len(stage.channel.posted) == 1
    assert any("two" in text for text in stage.chat.texts())


def test_what_was_repeated_meanwhile_reaches_the_second_channel_as_well() -> None:
    stage = Stage(settings(second_channel=True)).begin()
    stage.notify(Severity.CRITICAL, "close refused")
    stage.notify(Severity.CRITICAL, *["close refused"] * 2)
    stage.chat.mood = down
    stage.tell(ChatDown(cause="no route"))
    stage.advance(6 * MINUTE)
    assert [post.text for post in stage.channel.posted] == ["close refused (×2)"]


def test_the_second_channel_speaks_the_language_of_the_configuration() -> None:
    korean = Words(language="ko", catalog=load("ko"))
    stage = Stage(settings(second_channel=True, words={SECOND_CHANNEL: korean})).begin()
    stage.chat.mood = down
    stage.tell(ChatDown(cause="no route"))
    age = Duration.SECONDS(s=3)
    stage.notify(Severity.CRITICAL, Gateway.VENUE_OUT(account="main", age=age, cause="timeout"))
    [post] = stage.channel.posted
    assert post.text == "main: 3초 동안 거래소에 연결되지 않습니다 (timeout). 그동안 신규 진입은 하지 않습니다."


def test_a_chat_that_is_silently_slow_hands_critical_to_the_second_channel_after_a_minute() -> None:
    stage = Stage(settings(second_channel=True)).begin()
    stage.chat.mood = lambda _: None
    stage.notify(Severity.CRITICAL, "one")
    stage.advance(59 * SECOND)
    assert stage.channel.posted == []
    stage.advance(2 * SECOND)
    assert [post.text for post in stage.channel.posted] == ["one"]


def test_lesser_notices_make_room_and_greater_ones_never() -> None:
    stage = Stage().begin()
    stage.chat.mood = down
    stage.tell(ChatDown(cause="gone"))
    stage.notify(Severity.INFO, *(f"i{number}" for number in range(LESSER_MOST + 5)))
    stage.notify(Severity.WARNING, *(f"w{number}" for number in range(50)))
    outbox = HISTORY.recovered(stage.past()).state
    assert sum(entry.severity is Severity.INFO for entry in outbox.entries) == LESSER_MOST
    assert sum(entry.severity is Severity.WARNING for entry in outbox.entries) == 50
    assert outbox.made_room == 5


def test_the_daily_report_is_told_once_even_over_a_restart() -> None:
    stage = Stage(settings(schedule=Schedule(daily_minute=8 * 60, weekly_day=2))).begin()
    stage.advance(11 * HOUR)  # over 08:00 of a Wednesday
    told = "\n".join(stage.chat.texts())
    assert told.count("Day 2023-11-14: ") == 1
    assert told.count("Week 2023-11-08 to 2023-11-14: ") == 1
    later = stage.again()
    later.dispatcher.clock.jump_wall(12 * HOUR)
    later.tell(ChatUp(name="bot"))
    later.advance(MINUTE)
    assert later.chat.texts() == []


def test_a_first_start_past_the_hour_of_the_report_waits_for_the_next_one() -> None:
    daily = settings(schedule=Schedule(daily_minute=8 * 60, weekly_day=2))  # it is 22:13 of a Tuesday
    stage = Stage(daily).begin(NotifierStart(since_ns=START_NS))
    stage.advance(HOUR)
    assert stage.chat.texts() == []
    later = Stage(daily, 2, stage.store).begin(NotifierStart(past=stage.past(), since_ns=START_NS))
    later.advance(8 * HOUR)
    assert later.chat.texts() == []  # a restart has no more to tell
    later.advance(2 * HOUR)
    told = "\n".join(later.chat.texts())
    assert told.count("Day 2023-11-14: ") == told.count("Week 2023-11-08 to 2023-11-14: ") == 1


def test_the_report_counts_what_happened_outside_of_us_and_the_fundings() -> None:
    yesterday = START_NS - 24 * HOUR
    by_the_venue = QuantityAdjusted(
        ts_init=yesterday,
        command_id=CommandId("x"),
        quantity_delta=Decimal(-1),
        price=Decimal(90),
        realized_pnl=Decimal(-10),
        fee=Decimal("0.5"),
        why=verbatim("liquidated"),
    )
    adopted = StateChanged(
        ts_init=yesterday,
        before=PositionState.PENDING,
        after=PositionState.ACTIVE,
        because=verbatim("it existed at the venue"),
    )
    funding = FundingBooked(ts_init=yesterday, amount=Decimal("0.25"), currency="USDT")
    stage = Stage(settings(schedule=Schedule(daily_minute=0))).begin(
        NotifierStart(events=(adopted, by_the_venue, funding))
    )
    [told] = stage.chat.texts()
    assert "1 opened" in told
    assert "realized -10.00, fees 0.50, funding +0.25" in told


def test_only_what_the_configured_reports_need_is_read_of_the_past() -> None:
    assert Schedule(weekly_day=1).days == 0
    assert Schedule(daily_minute=0).days == 2
    assert Schedule(daily_minute=0, weekly_day=1).days == 8


def test_the_outside_is_told_every_minute_that_albra_lives() -> None:
    stage = Stage(settings(ping_ns=MINUTE)).begin()
    stage.advance(10 * MINUTE)
    assert stage.channel.pings == 11


def test_a_snapshot_is_what_its_events_give() -> None:
    stage = Stage().begin()
    stage.notify(Severity.WARNING, *(f"w{number}" for number in range(100)))
    snapshot = stage.store.image.snapshots[-2]
    events = [e for row in stage.store.image.steps for e in _events(row)][: snapshot.version]
    assert codec.encode(HISTORY.fold(events)) == snapshot.payload


def _events(row: object) -> tuple[Event, ...]:
    from adapters.storage import record
    from adapters.storage.memory import _as_record

    return record.decode_events(_as_record(row))  # type: ignore[arg-type]


@runs(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(Severity), st.integers(0, 5), st.sampled_from(["up", "down", "slow", "kill"])),
        max_size=25,
    ),
    st.integers(0, 1000),
)
def test_i16_what_matters_arrives_at_least_once_whatever_happens(
    story: list[tuple[Severity, int, str]], seed: int
) -> None:
    stage = Stage(seed=seed).begin()
    arrived: list[str] = []
    wanted: set[str] = set()
    for number, (severity, word, mood) in enumerate(story):
        text = f"{severity} {word} of {number}"
        stage.chat.mood = {"up": sent, "down": down, "slow": lambda _: None}.get(mood, sent)
        stage.notify(severity, text)
        if severity in (Severity.CRITICAL, Severity.WARNING):
            wanted.add(text)
        stage.advance(7 * SECOND)
        if mood == "kill":
            arrived += stage.chat.texts()
            stage = stage.again(seed + number)
    stage.chat.mood = sent
    stage.advance(HOUR)
    arrived += stage.chat.texts()
    assert all(any(text in one for one in arrived) for text in wanted)
    critical = [text for text in arrived for word in wanted if word.startswith("critical") and word in text]
    assert len(critical) == len(set(critical)) or any(mood in ("slow", "kill") for _, _, mood in story)


def test_recipients_are_told_each_at_their_own_pace() -> None:
    both = (Recipient(name=OWNER, chat_id=100), Recipient(name="200", chat_id=200))
    stage = Stage(settings(recipients=both)).begin()
    stage.chat.mood = lambda m: down(m) if m.chat_id == 100 else sent(m)
    stage.notify(Severity.CRITICAL, "one")
    assert [message.chat_id for message in stage.chat.taken] == [200]
    stage.chat.mood = sent
    stage.advance(MINUTE)
    assert [message.chat_id for message in stage.chat.taken] == [200, 100]


def test_without_a_chat_notices_are_shown_and_logged() -> None:
    stage = Stage(replace(settings(), recipients=())).begin()
    stage.notify(Severity.CRITICAL, "liquidated")
    assert [notice.text for notice in stage.shown] == ["liquidated"]
    assert ("CRITICAL notice", "liquidated") in [(line, fields.get("text")) for line, fields in stage.logged]


def test_a_defect_loses_no_notice() -> None:
    stage = Stage().begin()
    bugs = [RuntimeError("a bug")]

    def raising(message: SendText) -> Message:
        if bugs:
            raise bugs.pop()
        return sent(message)

    stage.chat.mood = raising
    stage.notify(Severity.CRITICAL, "one", "two")
    stage.advance(MINUTE)
    assert stage.chat.texts() == ["🔴 <b>one</b>", "🔴 <b>two</b>"]


def critical(**changes: Any) -> Notify:
    given: dict[str, Any] = {"severity": Severity.CRITICAL, "text": "bare", "position_id": view().position_id}
    return Notify(**{**given, **changes})


@pytest.mark.parametrize(
    ("settled", "said"),
    [
        (view(protected=True), "resolved, it is ACTIVE and protected"),
        (view(protected=False, stop_loss=None, take_profit=None), "resolved, it is ACTIVE"),
        (view(state=PositionState.CLOSED, quantity=Decimal(0)), "resolved, it is CLOSED"),
    ],
)
def test_what_is_resolved_is_repeated_no_more_and_that_is_told_once(settled: PositionView, said: str) -> None:
    stage = Stage(settings(policy=Policy(repeat_critical_ns=10 * MINUTE))).begin()
    stage.tell(critical())
    stage.tell(view(protected=False), view(in_doubt=True), view(state=PositionState.CLOSING))
    stage.advance(11 * MINUTE)
    assert len(stage.chat.taken) == 2
    stage.tell(settled, settled)
    stage.advance(2 * HOUR)
    assert [said in text for text in stage.chat.texts()] == [False, False, True]
    later = stage.again()
    later.tell(settled)
    later.advance(2 * HOUR)
    assert later.chat.taken == []


def test_each_trouble_ends_with_its_own_cause() -> None:
    stage = Stage(settings(policy=Policy(repeat_critical_ns=10 * MINUTE))).begin()
    stage.tell(
        critical(text="d1 needs you", position_id=None, cause="d1"),
        critical(text="d2 needs you", position_id=None, cause="d2"),
        critical(text="the disk is ill", position_id=None, cause="disk"),
    )
    stage.advance(MINUTE)
    stage.tell(DiscrepancyEnded(discrepancy_id="d1", outcome=Outcome.ACKNOWLEDGED, why=verbatim("seen")))
    stage.tell(Notify(severity=Severity.INFO, text=verbatim("the disk is well"), ends="disk"))
    told = len(stage.chat.taken)
    stage.advance(25 * MINUTE)
    later = " ".join(stage.chat.texts()[told:])
    assert "d2 needs you" in later
    assert "d1 needs you" not in later
    assert "the disk is ill" not in later


def test_what_nobody_was_told_of_is_not_told_to_be_over() -> None:
    stage = Stage().begin()
    stage.tell(view(protected=True), view(state=PositionState.CLOSED, quantity=Decimal(0)))
    stage.advance(HOUR)
    assert stage.chat.taken == []
