"""What was tried, asked and answered outlives the process: a restart is no reason to begin again."""

from dataclasses import replace
from typing import Any

from actors.reconciler.ledger import LedgerSnapshot
from actors.reconciler.policy import Policy
from actors.reconciler.schedule import look_again
from adapters.storage.verify import _renewed
from messages import codec
from messages.commands import AcknowledgeDiscrepancy, AdjustPosition
from messages.reconciliation import Discrepancy, DiscrepancyWatched, Outcome, RepairAttempted
from messages.requests import Reply
from messages.statement import verbatim
from messages.types import Attribution
from tests.reconciler.world import BTC, SECOND, D, Play, command, row, view

TWO = {1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")}


def attempts(play: Play) -> int:
    return sum(isinstance(event, RepairAttempted) for event in play.events)


def test_at_most_so_many_attempts_though_the_process_dies_after_each() -> None:
    play = Play(views={1: view(1, "1")}, policy=Policy(attempts=3))
    play.at_venue(row("0.4"))
    play.deaf = True
    for _ in range(8):
        before = attempts(play)
        for _ in range(200):
            play.run(0.1)
            if attempts(play) > before:
                break
        play.restart()
    play.run(120)
    assert attempts(play) == 3
    (record,) = play.records
    assert (record.outcome, record.attempts) == (Outcome.ESCALATED, 3)


def test_the_word_of_a_human_outlives_the_process_and_counts_once() -> None:
    play = Play(views=dict(TWO))
    play.at_venue(row("1.5"))
    play.run(20)
    (record,) = play.records
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id, apply=Attribution.PRO_RATA))
    assert [m.accepted for m in play.answers if isinstance(m, Reply)] == [True]
    play.restart()
    play.run(20)
    assert play.records[0].outcome is Outcome.RESOLVED
    assert [v.quantity for v in play.views.values()] == [D("0.75"), D("0.75")]
    assert play.records[0].apply is None
    assert attempts(play) == 1


def test_a_word_that_came_to_nothing_is_not_carried_out_again_by_itself() -> None:
    play = Play(views=dict(TWO))
    play.at_venue(row("1.5"))
    play.run(20)
    play.deaf = True
    (record,) = play.records
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id, apply=Attribution.PRO_RATA))
    for _ in range(4):
        play.run(100)
        play.restart()
    assert attempts(play) == 1
    assert play.records[0].outcome is Outcome.ESCALATED


def test_looks_at_what_a_human_was_asked_about_become_rarer_through_a_restart() -> None:
    play = Play(views=dict(TWO))
    play.at_venue(row("1.5"))
    play.run(400)
    (record,) = play.records
    before = record.looks
    assert before >= 4
    play.restart()
    play.run(20)
    assert play.records[0].looks == before + 1, "one look at the start, whatever was planned"
    at = len(play.events)
    play.run(look_again(before) // SECOND - 60)
    assert not [event for event in play.events[at:] if isinstance(event, DiscrepancyWatched)]


def test_why_a_repair_was_refused_is_told_after_a_restart_too() -> None:
    play = Play(views={1: view(1, "1")}, policy=replace(Policy(), attempts=1))
    play.at_venue(row("0.4"))
    play.deaf = True
    while not play.commands:
        play.run(0.1)
    (sent,) = [m for m in play.commands if isinstance(m, AdjustPosition)]
    play.tell(
        Reply(
            command_id=sent.command_id,
            to=sent.reply_to,
            correlation_id=sent.correlation_id,
            accepted=False,
            text=verbatim("no"),
        )
    )
    play.restart()
    play.run(30)
    assert play.records[0].outcome is Outcome.ESCALATED
    assert "refused: no" in play.records[0].why
    assert BTC in play.held


NEWER_FIELDS = 3
"""`looks`, `apply` and `refused` of a record came after the first journals were written."""


def test_a_snapshot_of_an_earlier_version_is_read_and_verifies_all_the_same() -> None:
    play = Play(views={1: view(1, "1")})
    play.at_venue(row("0.4"))
    play.run(20)
    today = codec.encode(play.memory.ledger.snapshot())
    tag = next(tag for tag, kind, _ in codec.table() if kind is Discrepancy)

    def shortened(wire: Any) -> Any:
        if not isinstance(wire, list):
            return wire
        inside = [shortened(each) for each in wire]
        return inside[:-NEWER_FIELDS] if len(inside) > 2 * NEWER_FIELDS and inside[0] == tag else inside

    before = codec.pack(shortened(codec.unpack(today)))
    assert before != today
    assert codec.decode_as(before, LedgerSnapshot) == play.memory.ledger.snapshot()
    assert _renewed(before) == today
