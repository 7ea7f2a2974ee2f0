"""What the supervisor and the journal say carries its facts, and is said again in the reader's language."""

from decimal import Decimal

from actors.language.words import Words
from actors.supervisor.pre_trade_risk import refusal
from actors.supervisor.registry import Hold
from adapters.locales import load
from adapters.storage.record import RecordDamagedError, StepRecord, check
from messages.statement import verbatim
from messages.types import AccountId, Symbol
from messages.wording import Storage, Supervisor
from messages.wording.common import also
from messages.wording.supervisor import actor
from tests.supervisor.test_pre_trade_risk import facts, opening

KO = Words(language="ko", catalog=load("ko"))


def test_a_refusal_carries_the_numbers_that_decide() -> None:
    why = refusal(opening(quantity=Decimal("0.0001")), facts())
    assert why.code == "supervisor.quantity_small"
    assert why.args["quantity"] == Decimal("0.0001")
    assert why.args["symbol"] == "BTCUSDT"


def test_a_hold_says_what_it_holds_and_why_in_the_readers_language() -> None:
    lost = Supervisor.DAY_LOST(amount=Decimal(120), limit=Decimal(100))
    hold = Hold(account=AccountId("main"), symbol=None, why=lost, until_day=1)
    why = refusal(opening(), facts(holds=(hold,)))
    assert why == (
        "openings are paused until the next day (main has lost 120 today, limits.daily_loss is 100); albra resume "
        "lifts that"
    )
    assert KO.say(why) == (
        "신규 진입이 다음 날까지 보류 중입니다 (main: 오늘 손실 120, limits.daily_loss 100). /resume 으로 해제합니다"
    )
    assert str(Hold(account=AccountId("main"), symbol=Symbol("BTCUSDT"))) == "main BTCUSDT"


def test_a_reason_of_an_earlier_version_is_shown_as_it_was_written() -> None:
    hold = Hold(account=None, symbol=None, why=verbatim("after a loss of 3 journal steps"))
    assert hold.statement == "all openings after a loss of 3 journal steps"
    assert KO.say(hold.statement) == "모든 신규 진입: after a loss of 3 journal steps"


def test_several_statements_are_said_in_their_order() -> None:
    assert also(()) == ""
    stopped, again = Supervisor.TRADING_STOPPED(), Supervisor.TRADING_AGAIN()
    assert also((stopped, again, again)) == f"{stopped}; {again}; {again}"


def test_an_actor_has_words_where_its_address_has_a_kind() -> None:
    assert [KO.say(actor(address)) for address in ("position/3", "gateway/main", "journal")] == [
        "포지션 #3",
        "게이트웨이 main",
        "journal",
    ]


def test_damage_is_told_by_record_and_reason() -> None:
    record = StepRecord(seq=7, ordinal=1, version=1, ts=0, payload=b"", checksum=b"")
    try:
        check(record, "main.BTCUSDT.long.manual.1")
    except RecordDamagedError as error:
        told = Storage.DAMAGED(text=Storage.AT(where="main.BTCUSDT.long.manual.1", why=error.why))
    assert told == "The journal holds a damaged record: main.BTCUSDT.long.manual.1: record 7: checksum does not fit"
    assert KO.say(told) == ("저널에 손상된 기록이 있습니다: main.BTCUSDT.long.manual.1: 기록 7: 체크섬이 맞지 않습니다")
