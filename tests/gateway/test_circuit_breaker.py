"""A venue that is there and does not answer: what is held, what goes on, and how it is tried again."""

from dataclasses import replace

import pytest

from actors.gateway import circuit_breaker as b
from actors.gateway.actions import MINUTE, MS, SECOND
from actors.gateway.circuit_breaker import FAILURES, LONGEST_PAUSE_NS, Channel, Circuit, Phase
from actors.telegram.words import Words
from adapters.locales import load
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.statement import verbatim
from messages.types import PositionId, RejectReason, Severity
from tests.gateway import stage
from tests.gateway.stage import BTC, MAIN, Stage

KO = Words(language="ko", catalog=load("ko"))
LEVERAGE = q.SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p"))
BALANCE = q.FetchBalance(account=MAIN, request_id="balance/1")


def silent_submit(number: int) -> tuple[Message, Message]:
    name = stage.order_id(1, number)
    return stage.reducing(name), replace(stage.unknown(name), silent=True)


def broken_orders(failures: int = FAILURES) -> Stage:
    play = Stage()
    for number in range(1, failures + 1):
        play.tell(*silent_submit(number))
    play.sent.clear()
    return play


def broken_reads(failures: int = FAILURES) -> Stage:
    play = Stage()
    for number in range(failures):
        asked = replace(BALANCE, request_id=f"balance/{number}")
        failed = r.FetchFailed(account=MAIN, request_id=f"balance/{number}", cause=verbatim("502"), silent=True)
        play.tell(asked, failed)
    play.forget()
    return play


def test_a_circuit_opens_after_failures_in_a_row_and_one_answer_closes_it() -> None:
    circuit = Circuit(channel=Channel.ORDERS)
    for _ in range(FAILURES - 1):
        circuit = b.on_no_response(circuit, verbatim("502"), 0, "main")
    assert circuit.phase is Phase.CLOSED
    assert b.on_no_response(b.on_response(circuit), verbatim("502"), 0, "main").phase is Phase.CLOSED
    circuit = b.on_no_response(circuit, verbatim("502"), 0, "main")
    assert circuit.phase is Phase.OPEN
    assert b.on_response(circuit) == Circuit(channel=Channel.ORDERS)


def test_pauses_double_are_bounded_and_differ_between_accounts() -> None:
    def pauses(seed: str) -> list[int]:
        circuit, now_ns, found = Circuit(channel=Channel.READS), 0, []
        for _ in range(12):
            while circuit.phase is not Phase.OPEN:
                circuit = b.on_no_response(circuit, verbatim("502"), now_ns, seed)
            found.append(circuit.until_ns - now_ns)
            now_ns = circuit.until_ns
            assert b.on_pause_end(circuit, now_ns - 1) == circuit
            circuit = b.on_pause_end(circuit, now_ns)
        return found

    one, other = pauses("one/1"), pauses("other/1")
    assert all(SECOND << n >= 2 * pause // 2 >= (SECOND << n) // 2 for n, pause in enumerate(one[:5]))
    assert max(one + other) < LONGEST_PAUSE_NS
    assert one != other
    assert one == pauses("one/1")


def test_what_failed_while_it_is_open_makes_no_pause_longer() -> None:
    circuit = Circuit(channel=Channel.READS)
    for _ in range(FAILURES):
        circuit = b.on_no_response(circuit, verbatim("502"), 0, "main")
    assert b.on_no_response(circuit, verbatim("503"), SECOND // 4, "main").until_ns == circuit.until_ns


def test_while_orders_go_unanswered_nothing_is_opened_and_what_reduces_goes_on() -> None:
    play = broken_orders()
    play.tell(stage.opening(stage.order_id(2)))
    assert play.rejections() == [(stage.order_id(2), RejectReason.NOT_EXECUTED)]
    assert "does not answer orders" in play.said_of(r.OrderRejected)[0].text
    others = [
        stage.emergency(stage.order_id(3)),
        stage.protection(stage.order_id(4)),
        stage.reducing(stage.order_id(5)),
    ]
    play.tell(*others, stage.cancel(stage.order_id(6)), BALANCE)
    assert [type(m) for m in play.sent] == [
        q.SubmitEmergency, q.SubmitProtection, q.SubmitReducing, q.CancelOrder, q.FetchBalance,
    ]  # fmt: skip


def test_openings_that_wait_are_refused_when_the_circuit_opens() -> None:
    play = Stage()
    waiting = [stage.opening(stage.order_id(2, number)) for number in range(20)]
    play.tell(*waiting)
    for number in range(1, FAILURES + 1):
        play.tell(*silent_submit(number))
    assert {name for name, _ in play.rejections()} == {o.client_order_id for o in waiting[16:]}


def test_half_open_one_opening_leaves_and_its_answer_decides() -> None:
    play = broken_orders()
    play.advance(SECOND)
    first, second = stage.opening(stage.order_id(2)), stage.opening(stage.order_id(3))
    play.tell(first, second)
    assert play.sent_of(q.SubmitOpening) == [first]
    play.tell(stage.accepted(first.client_order_id))
    assert play.sent_of(q.SubmitOpening) == [first, second]


def test_half_open_a_silent_opening_opens_the_circuit_for_longer() -> None:
    play = broken_orders()
    play.advance(SECOND)
    first, second = stage.opening(stage.order_id(2)), stage.opening(stage.order_id(3))
    play.tell(first, second, replace(stage.unknown(first.client_order_id), silent=True))
    assert play.rejections() == [(second.client_order_id, RejectReason.NOT_EXECUTED)]
    play.advance(900 * MS)
    play.tell(stage.opening(stage.order_id(4)))
    assert play.sent_of(q.SubmitOpening) == [first]


def test_a_close_that_gets_through_closes_the_circuit_at_once() -> None:
    play = broken_orders()
    play.tell(stage.emergency(stage.order_id(2)), stage.accepted(stage.order_id(2)), stage.opening(stage.order_id(3)))
    assert len(play.sent_of(q.SubmitOpening)) == 1


@pytest.mark.parametrize(
    "answer",
    [stage.rejected(stage.order_id(9)), replace(stage.unknown(stage.order_id(9))), stage.accepted(stage.order_id(9))],
)
def test_a_refusal_or_a_strange_answer_is_an_answer(answer: r.AboutOrder) -> None:
    play = Stage()
    for number in range(1, FAILURES):
        play.tell(*silent_submit(number))
    play.tell(stage.reducing(stage.order_id(9)), answer, stage.opening(stage.order_id(10)))
    assert len(play.sent_of(q.SubmitOpening)) == 1


def test_while_reads_go_unanswered_nothing_is_opened_or_read_in_bulk_and_doubts_are_asked_after() -> None:
    play = broken_reads()
    play.tell(stage.opening(stage.order_id(2)), BALANCE)
    assert [type(m) for m in play.said] == [r.OrderRejected, r.FetchFailed]
    play.tell(stage.resolve(stage.order_id(3)))
    play.advance(300 * MS)
    assert [type(m) for m in play.sent] == [q.QueryOrder]
    play.tell(stage.not_found(stage.order_id(3)), stage.opening(stage.order_id(4)))
    assert len(play.sent_of(q.SubmitOpening)) == 1  # an answer: closed


def test_half_open_one_read_leaves_and_after_its_answer_everything_is_read() -> None:
    play = broken_reads()
    play.advance(SECOND)
    assert [type(m) for m in play.sent] == [q.FetchOpenOrders]
    play.tell(BALANCE)
    assert [type(m) for m in play.sent] == [q.FetchOpenOrders]
    play.tell(stage.read_answer(play.sent[0], stage.START_NS))
    assert [type(m) for m in play.sent] == [q.FetchOpenOrders, q.FetchPositions, q.FetchBalance]


def test_probes_of_reads_come_one_at_a_time_and_ever_more_seldom() -> None:
    play = broken_reads()
    begun_ns = play.clock.monotonic
    while play.clock.monotonic < begun_ns + 2 * MINUTE:
        play.advance(100 * MS)
        for _, probe in play.sent_at:
            assert isinstance(probe, (q.FetchOpenOrders, q.FetchPositions))
            play.tell(r.FetchFailed(account=MAIN, request_id=probe.request_id, cause=verbatim("502"), silent=True))
        assert len(play.sent_at) <= 1
        play.sent_at.clear()
    assert 5 <= len(play.sent) <= 10


def test_it_is_told_once_louder_when_it_lasts_and_its_end_with_the_duration() -> None:
    play = Stage()
    for number in range(FAILURES):
        failed = r.FetchFailed(account=MAIN, request_id=f"balance/{number}", cause=verbatim("502"), silent=True)
        play.tell(replace(BALANCE, request_id=f"balance/{number}"), failed)
    while play.clock.monotonic < 7 * MINUTE:
        play.advance(SECOND)
        for probe in play.sent:
            if isinstance(probe, q.FetchOpenOrders):
                play.tell(r.FetchFailed(account=MAIN, request_id=probe.request_id, cause=verbatim("502"), silent=True))
        play.sent.clear()
    while not play.sent:
        play.advance(SECOND)
    play.tell(stage.read_answer(play.sent[0], stage.START_NS))
    assert [notice.severity for notice in play.notices] == [Severity.WARNING, Severity.CRITICAL, Severity.WARNING]
    assert play.notices[0].text.startswith("main: the venue does not answer reads (502).")
    assert play.notices[-1].text.startswith("main: the venue answers reads again after 7 min")
    assert len({notice.notice_id for notice in play.notices}) == 3


def test_its_notices_are_whole_sentences_in_the_language_of_the_reader() -> None:
    play = broken_orders()
    assert play.notices[0].text.code == "gateway.unanswered"
    assert KO.say(play.notices[0].text) == (
        "main: 거래소가 주문 요청에 응답하지 않습니다 (BTCUSDT: -1007 timeout). 그동안 신규 진입은 하지 않습니다. "
        "청산, 보호, 취소는 계속 시도합니다."
    )


def test_the_status_shows_the_circuit() -> None:
    play = broken_orders()
    play.advance(2 * SECOND)
    play.tell(BALANCE)
    [circuit] = play.statuses[-1].breaker
    assert (circuit.half_open, circuit.channel, circuit.cause) == (True, "orders", "BTCUSDT: -1007 timeout")


def test_an_open_circuit_outlives_the_actor() -> None:
    play = broken_orders()
    play.start()
    play.tell(stage.opening(stage.order_id(2)))
    assert play.rejections() == [(stage.order_id(2), RejectReason.NOT_EXECUTED)]
    play.advance(SECOND)
    play.tell(stage.opening(stage.order_id(3)))
    assert [m.client_order_id for m in play.sent_of(q.SubmitOpening)] == [stage.order_id(3)]


def unset() -> r.SettingRefused:
    """The setting got no answer that means anything."""
    return r.SettingRefused(
        account=MAIN,
        symbol=BTC,
        leverage=5,
        position_id=LEVERAGE.position_id,
        text=verbatim("503"),
        unknown=True,
        silent=True,
    )


def test_a_setting_that_is_repeated_without_an_answer_holds_back_no_other_symbol() -> None:
    play = Stage()
    for _ in range(3 * FAILURES):
        play.tell(LEVERAGE, unset())
    opening = stage.opening(stage.order_id(1, 9))
    play.tell(opening)
    assert opening in play.sent
    assert play.rejections() == []
    assert play.notices == []


def test_a_setting_that_is_the_probe_of_an_open_circuit_decides_like_any() -> None:
    play = broken_orders()
    play.advance(SECOND)
    play.tell(LEVERAGE, unset())
    assert play.memory.circuits[Channel.ORDERS].phase is Phase.OPEN


def test_a_setting_that_a_circuit_holds_may_be_asked_for_again_and_one_of_an_absent_venue_is_over() -> None:
    play = broken_orders()
    play.tell(LEVERAGE)
    (held,) = play.said_of(r.SettingRefused)
    assert (held.unknown, "does not answer orders: BTCUSDT" in held.text) == (True, True)
    play.tell(stage.venue_down(), LEVERAGE)
    assert not play.said_of(r.SettingRefused)[-1].unknown


def test_a_setting_that_waits_when_the_circuit_opens_may_be_asked_for_again() -> None:
    play = broken_orders()
    play.advance(SECOND)
    play.tell(stage.opening(stage.order_id(1, 9)), LEVERAGE, replace(stage.unknown(stage.order_id(1, 9)), silent=True))
    assert [refused.unknown for refused in play.said_of(r.SettingRefused)] == [True]
