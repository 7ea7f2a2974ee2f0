"""One conversation in each language, as the phone shows it: `python -m tests.telegram.golden.transcript` writes both.

A person has to look at the difference before it is committed: that is what these files are for.
"""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from actors.language.words import Words
from actors.notifier import texts
from actors.notifier.outbox import Entry
from adapters.locales import LANGUAGES, load
from messages import codec
from messages.events import OrderFilled, StateChanged
from messages.statement import verbatim
from messages.status import Concern, Level, Verdict
from messages.types import (
    ClientOrderId,
    PositionSide,
    PositionState,
    Severity,
    StrategyId,
    Symbol,
    TradeId,
)
from messages.wording import Gateway, Position
from messages.wording.duration import Duration
from messages.wording.status import Status
from tests.telegram.stage import OWNER, VIEWER, Desk, Shown, Stage, closing, divergence, view

START = 1_700_000_000_000_000_000
SAID = (
    "/help",
    "/phase2_status",
    "/position_states",
    "/discrepancies",
    "/ack d1",
    "/ack d9",
    "/reconcile",
    "/positions",
    "/position #1",
    "/strategies",
    "/balance",
    "/status",
    "/health",
    "/accounts",
    "/history #1",
    "/logs",
    "/open BTCUSDT long 0.02 sl=58000 tp=65000 5x",
    "/open ETHUSDT short 1",
    "/open BTCUSDT long 1,000",
    "/close BTCUSDT 50%",
    "/close DOGEUSDT",
    "/modify #1 sl=59000 tp=0",
    "/pause",
    "/resume",
    "/nonsense",
    "hello",
)
NAME = "main.BTCUSDT.long.manual.1"
LABEL = Position.LABEL(symbol="BTCUSDT", side=PositionSide.LONG, id=NAME)
NOTICES: tuple[tuple[Severity, str], ...] = (
    (Severity.INFO, Position.OPENED(name=LABEL, quantity=Decimal("0.010"), price=Decimal("59969.7"))),
    (Severity.INFO, Position.CLOSED(name=LABEL, amount=Decimal("-12.5"), because=Position.CLOSED_BY_COMMAND())),
    (Severity.WARNING, Gateway.VENUE_OUT(account="main", age=Duration.SECONDS(s=45), cause="no route <host>")),
    (Severity.CRITICAL, Position.UNPROTECTED(name=NAME, quantity=Decimal("0.010"), doing=Position.STILL_PLACING())),
    (Severity.CRITICAL, Position.STOP_OVERDUE(name=NAME, seconds=30)),
)


def transcript(language: str) -> str:
    words = Words(language=language, catalog=load(language), zone=ZoneInfo("Asia/Seoul" if language == "ko" else "UTC"))
    stage = Stage(desk=_desk(), words=dict.fromkeys((OWNER, VIEWER), words))
    stage.up()
    lines = [_scene(stage, text) for text in SAID]
    lines.append(_scene(stage, "/close_all", user=VIEWER))
    lines.append(_scene(stage, "/close_all"))
    stage.desk.react = lambda command: closing(stage.desk, command)
    stage.press(OWNER, stage.last, "✅")
    stage.advance(3)
    lines.append(f"[confirmed]\n{stage.last.text}")
    stage.desk.verdict = VERDICT
    lines.append(_scene(stage, "/health"))
    for severity, text in NOTICES:
        entry = Entry(number=1, severity=severity, text=verbatim(text), queued_ns=START, waiting=("100",))
        told = texts.message((entry,), words, START + (0 if severity is Severity.INFO else 3_725_000_000_000))
        lines.append("\n".join([f"[notice, {severity}]", *told, *_buttons(texts.buttons((entry,), words))]))
    return "\n\n".join(lines) + "\n"


def _scene(stage: Stage, text: str, *, user: int = OWNER) -> str:
    before = len(stage.chat.shown)
    stage.say(user, text)
    shown = stage.chat.shown[before:]
    return "\n".join([f"> {text}", *(_as_seen(one) for one in shown)])


def _as_seen(shown: Shown) -> str:
    return "\n".join([shown.text, *_buttons(shown.buttons)])


def _buttons(rows: tuple[tuple[object, ...], ...]) -> list[str]:
    return [" ".join(f"[{button.text}]" for button in row) for row in rows]  # type: ignore[attr-defined]


VERDICT = Verdict(
    level=Level.ACT,
    concerns=(
        Concern(
            level=Level.ACT,
            section=Status.POSITIONS(),
            name=Status.UNPROTECTED(),
            reason=Status.BARE(position=NAME),
            about=NAME,
            since_ns=START - 90_000_000_000,
        ),
        Concern(
            level=Level.LOOK,
            section=Status.ACCOUNT(name="main"),
            name=Status.VENUE(),
            reason=Status.OF_ROW(section=Status.ACCOUNT(name="main"), name=Status.VENUE(), value=Status.DOWN()),
            about="main",
        ),
    ),
)


def _desk() -> Desk:
    grid = view(2, symbol="ETHUSDT", strategy="grid", quantity=Decimal("1.5"), entry_price=Decimal("3000.25"))
    eth = replace(grid, symbol=Symbol("ETHUSDT"), strategy=StrategyId("grid"), side=PositionSide.SHORT, protected=False)
    order = ClientOrderId("abaue1e52d00000010001")
    records = (
        StateChanged(
            before=PositionState.OPENING, after=PositionState.ACTIVE, because=Position.ENTRY_DONE(), ts_init=START
        ),
        OrderFilled(
            client_order_id=order,
            trade_id=TradeId("7"),
            quantity=Decimal("0.010"),
            price=Decimal(60000),
            fee=Decimal("0.3"),
            fee_currency="USDT",
            realized_pnl=Decimal(0),
            ts_init=START,
        ),
    )
    return Desk(
        views=(view(1), eth), records=tuple(codec.encode(one) for one in records), discrepancies=(divergence(),)
    )


def path(language: str) -> Path:
    return Path(__file__).with_name(f"{language}.txt")


if __name__ == "__main__":
    for chosen in LANGUAGES:
        path(chosen).write_text(transcript(chosen), encoding="utf-8")
