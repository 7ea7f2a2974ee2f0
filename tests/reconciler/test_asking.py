"""What only a human can say: how he is asked, how often it is looked at until he does, and what his answer does."""

from dataclasses import replace

from messages.commands import AcknowledgeDiscrepancy, PausePosition, ResumePosition
from messages.discrepancy_type import Action
from messages.reconciliation import Outcome
from messages.requests import Reply
from messages.types import (
    Attribution,
    PositionState,
    Severity,
    Symbol,
)
from tests.reconciler.world import (
    BTC,
    D,
    Play,
    acting,
    booked,
    command,
    outcomes,
    policy,
    refusal,
    row,
    trade,
    view,
)

ONE = {1: view(1, "1")}


def test_an_answer_that_a_position_refuses_is_told_at_once_and_once() -> None:
    play = Play(views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")})
    play.at_venue(row("1.5"))
    play.run(20)
    (record,) = play.records
    play.deaf = True
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id, apply=Attribution.PRO_RATA))
    while not booked(play):
        play.run(0.1)
    for sent in booked(play):
        play.tell(refusal(sent))
    play.run(1)
    told = [notice.text for notice in play.notices if "was refused" in notice.text]
    assert told == ["d1 SIZE_MISMATCH BTCUSDT needs you still: what you said was refused: no"]


def test_two_strategies_ask_whose_it_was_and_the_answer_is_booked() -> None:
    play = Play(views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")})
    play.at_venue(row("1.5"))
    play.run(20)
    (record,) = play.records
    assert (record.outcome, booked(play)) == (Outcome.ESCALATED, [])
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id, apply=Attribution.PRO_RATA))
    play.run(10)
    assert play.records[0].outcome is Outcome.RESOLVED
    assert [v.quantity for v in play.views.values()] == [D("0.75"), D("0.75")]


def test_two_strategies_converge_by_policy_and_stay_there() -> None:
    play = Play(
        views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")},
        policy=policy(attribution=Attribution.NEWEST_FIRST),
    )
    play.at_venue(row("1.5"))
    play.run(600)
    assert play.net() == D("1.5")
    assert len(play.records) == 1


def test_what_a_human_was_asked_is_asked_anew_when_more_is_missing() -> None:
    """Simulation of a day, seed 60009, I6: a human sold again, and the record went on telling of the first sale."""
    play = Play(views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")})
    play.at_venue(row("1.5"))
    play.run(20)
    assert [(r.outcome, r.difference) for r in play.records] == [(Outcome.ESCALATED, D("-0.5"))]
    asked = len(play.commands)
    play.at_venue(row("1.2"))
    play.run(1_200)
    assert [(r.outcome, r.difference) for r in play.records] == [
        (Outcome.RESOLVED, D("-0.5")),
        (Outcome.ESCALATED, D("-0.8")),
    ]
    # What was held by hand stays so in between: a pause would overtake the end of the one before.
    assert {type(m) for m in play.commands[asked:]} == {PausePosition}
    play.at_venue(row("2"))
    play.run(1_200)
    assert [r.outcome for r in play.records] == [Outcome.RESOLVED, Outcome.RESOLVED]
    resumed = [m.position_id for m in play.commands if isinstance(m, ResumePosition)]
    assert sorted(resumed) == sorted(v.position_id for v in play.views.values())


def test_what_stands_is_looked_at_again_after_a_look_that_could_not_compare() -> None:
    """Simulation of a day, seed 8029, I6: the look after a repair met a stop in doubt, and nobody looked again."""
    play = Play(views=dict(ONE))
    play.at_venue(row("1"))
    play.run(5)
    play.deaf = True  # its position hears of the repair in its next life only
    play.at_venue(row("0.6"))
    play.trades.append(trade("-0.4", "99", ts_event=play.clock.time_ns()))
    play.tell(play.trades[0])
    play.run(0.6)
    assert [record.attempts for record in play.records] == [1]
    doubtful = replace(play.views[1], version=6, quantity=D("0.6"), in_doubt=True, touched_ns=play.clock.time_ns())
    play.hold(doubtful)
    play.run(20)
    assert [record.outcome for record in play.records] == [Outcome.OPEN]
    play.hold(replace(doubtful, version=7, in_doubt=False))
    play.run(3)
    assert outcomes(play) == [("SIZE_MISMATCH", "resolved")]


def test_what_a_human_was_asked_is_looked_at_again_after_a_look_that_could_not_compare() -> None:
    play = Play(views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")})
    play.at_venue(row("1.5"))
    play.run(20)
    assert [r.outcome for r in play.records] == [Outcome.ESCALATED]
    doubtful = replace(play.views[1], version=6, in_doubt=True, touched_ns=play.clock.time_ns())
    play.hold(doubtful)
    play.run(25)
    play.hold(replace(doubtful, version=7, quantity=D("0.9"), in_doubt=False))
    play.at_venue(row("1.3"))
    play.run(1_200)
    assert [(r.outcome, r.difference) for r in play.records] == [
        (Outcome.RESOLVED, D("-0.5")),
        (Outcome.ESCALATED, D("-0.6")),
    ]


def test_an_acknowledged_one_is_silent_until_it_changes() -> None:
    play = Play(views=dict(ONE), policy=acting(Action.MANUAL_INTERVENTION))
    play.at_venue(row("0.4"))
    play.run(20)
    (record,) = play.records
    assert record.outcome is Outcome.ESCALATED
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id))
    assert [m.accepted for m in play.answers if isinstance(m, Reply)] == [True]
    play.run(600)
    assert [r.outcome for r in play.records] == [Outcome.ACKNOWLEDGED]
    assert play.held == {}
    play.at_venue(row("0.3"))
    play.run(130)
    assert [r.outcome for r in play.records] == [Outcome.ACKNOWLEDGED, Outcome.ESCALATED]


def test_an_acknowledgment_of_nothing_is_refused() -> None:
    play = Play()
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id="d9"))
    (reply,) = [m for m in play.answers if isinstance(m, Reply)]
    assert (reply.accepted, reply.text) == (False, "no discrepancy d9")


def test_many_vanishing_at_once_ask_the_human_and_touch_nothing() -> None:
    symbols = [Symbol(f"S{n}USDT") for n in range(1, 6)]
    play = Play(views={n: view(n, "1", symbol=symbol) for n, symbol in enumerate(symbols, 1)})
    play.run(60)
    assert {outcome for _, outcome in outcomes(play)} == {"escalated"}
    assert len(play.records) == 5
    assert booked(play) == []
    assert set(play.held) == set(symbols)
    assert sum(notice.severity is Severity.CRITICAL for notice in play.notices) >= 5
    for n, symbol in enumerate(symbols, 1):
        play.rows[symbol, None] = row("1", symbol=symbol)
        assert play.views[n].state is PositionState.PAUSED
    play.run(700)
    assert {outcome for _, outcome in outcomes(play)} == {"resolved"}
    assert play.held == {}
    assert all(v.state is PositionState.ACTIVE for v in play.views.values())


def test_a_repair_that_does_nothing_is_tried_as_often_as_configured_then_a_human_is_asked() -> None:
    play = Play(views=dict(ONE), policy=policy(attempts=3))
    play.at_venue(row("0.4"))
    play.deaf = True
    play.run(60)
    (record,) = play.records
    assert (record.attempts, record.outcome) == (3, Outcome.ESCALATED)
    assert len({m.command_id for m in booked(play)}) == 1
    assert [m.position_id for m in play.commands if isinstance(m, PausePosition)] == [play.views[1].position_id]
    assert BTC in play.held
    looked = len(play.asked)
    play.run(1200)
    assert len(play.asked) > looked + 5  # never forgotten
    play.at_venue(row("1"))
    play.run(700)
    assert play.records[0].outcome is Outcome.RESOLVED
    assert play.held == {}
    assert any(isinstance(m, ResumePosition) for m in play.commands)


def test_a_refused_repair_is_told_with_its_reason() -> None:
    play = Play(views=dict(ONE), policy=policy(attempts=1))
    play.at_venue(row("0.4"))
    play.deaf = True
    while not booked(play):
        play.run(0.1)
    (sent,) = booked(play)
    play.tell(refusal(sent))
    play.run(30)
    assert "refused: no" in play.records[0].why
