"""Sentences are facts: each is in one table, is said somewhere, has its Korean, and is never read back."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest

from actors.language.korean import particles
from actors.language.words import Words
from actors.position import evolve
from actors.position.state import OrderPhase
from actors.telegram import names
from adapters.locales import load
from messages import reconciliation, types
from messages.discrepancy_type import Action, DiscrepancyType
from messages.statement import word, wordings
from messages.status import several
from messages.wording import Reconciler, Status, Supervisor
from messages.wording.common import also

ROOT = Path(__file__).parents[2]
KO = Words(language="ko", catalog=load("ko"))
_HANGUL = re.compile("[가-힣]")
_LETTER = re.compile(r"[A-Za-z]{2,}")
OURS = [each for each in wordings() if type(each).__module__.startswith("messages.wording.")]
SENTENCES = frozenset({"text", "why", "reason", "cause", "believed", "reported", "last_error", "because", "refused"})
"""Fields that hold a statement."""
UNITS = frozenset({"{ms} ms", "{mib} MiB", "HTTP {status}"})
READS = frozenset(
    {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "find"}
)


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    for room in ("actors", "adapters", "albra", "messages"):
        for path in sorted((ROOT / room).rglob("*.py")):
            if "paper" not in path.parts and "wording" not in path.parts:  # the embedded venue speaks as a venue
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def test_no_sentence_is_in_two_tables() -> None:
    assert len(OURS) > 600
    assert [text for text, times in Counter(each.value for each in OURS).items() if times > 1] == []


def test_every_sentence_is_said_somewhere() -> None:
    said = {node.attr for _, tree in _sources() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    helpers = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "messages" / "wording").glob("*.py"))
    by_name = {"WELL", "SHORT", "FAILING"}  # the status of the disk, by the name of its health
    unsaid = [each.code for each in OURS if each.name not in said | by_name and f".{each.name}(" not in helpers]
    assert unsaid == []


def test_every_sentence_has_its_korean() -> None:
    untold = [each.code for each in OURS if each.value not in UNITS and not _korean(each.value)]
    assert untold == []


def _korean(template: str) -> bool:
    """One without a word of its own only joins what fills its places."""
    told = KO.catalog.get(template, "")
    return bool(told) and (told != template or not _LETTER.search(re.sub(r"\{\w+\}", "", template)))


def test_a_text_of_ours_is_never_made_where_it_is_told() -> None:
    """`verbatim` is for text from outside: an f-string or a sentence within it has no code."""
    made = [
        f"{path}:{node.lineno}"
        for path, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "verbatim"
        for said in node.args
        if isinstance(said, ast.JoinedStr) or (isinstance(said, ast.Constant) and said.value)
    ]
    assert made == []


def test_no_sentence_is_read_back() -> None:
    """What was made for people is not matched, compared or taken apart: code and arguments say what it means."""
    read = [
        f"{path}:{getattr(node, 'lineno', 0)}"
        for path, tree in _sources()
        if path.parts[:2] not in {("actors", "telegram"), ("adapters", "telegram")}  # what people say is text
        for node in ast.walk(tree)
        if _reads(node)
    ]
    assert read == []


def _reads(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=field), attr=how)):
            return field in SENTENCES and how in READS
        case ast.Compare(left=left, comparators=others):
            sides = [left, *others]
            text = any(isinstance(side, ast.Constant) and isinstance(side.value, str) and side.value for side in sides)
            return text and any(isinstance(side, ast.Attribute) and side.attr in SENTENCES for side in sides)
        case _:
            return False


def _kinds() -> tuple[type[StrEnum], ...]:
    r, t = reconciliation, types
    return (
        t.PositionState, t.PositionSide, t.Side, t.Severity, t.OrderPurpose, t.OrderKind, t.OrderStatus, OrderPhase,
        t.RejectReason, DiscrepancyType, Action, r.Outcome, t.Attribution, t.PositionMode,
    )  # fmt: skip


def test_every_name_of_the_code_has_its_words() -> None:
    codes = {str(member) for kind in _kinds() for member in kind}
    assert len(codes) > 60
    assert [code for code in sorted(codes) if not _HANGUL.search(KO.name(code))] == []


def test_every_event_of_a_position_and_every_rule_of_a_symbol_has_its_words() -> None:
    told = [kind.__name__ for kind in evolve._EVOLVE]
    told += [f.name.replace("_", " ") for f in fields(types.Instrument) if f.name not in ("symbol", "trading", "quote")]
    assert len(told) > 20
    assert [name for name in told if name not in names.CODES] == []


def test_a_name_within_a_sentence_is_told_as_well() -> None:
    said = Reconciler.DETECTED(
        record="d1",
        type=DiscrepancyType.SIZE_MISMATCH,
        symbol="BTCUSDT",
        believed=Reconciler.LONG(quantity=Decimal("0.01")),
        reported=word("flat"),
        told=Reconciler.NO_TRADE(),
        action=Action.UPDATE_SYSTEM,
    )
    assert (
        said == "d1 SIZE_MISMATCH BTCUSDT: long 0.01 believed, flat at the venue (no trade explains it); UPDATE_SYSTEM"
    )
    assert KO.say(said) == (
        "d1 BTCUSDT 수량 불일치: 시스템 롱 0.01, 거래소 보유 없음 (설명하는 거래 없음). 조치: 시스템 수정"
    )
    states = types.PositionState
    counts = [Status.STATE_COUNT(state=state, n=n) for state, n in ((states.ACTIVE, 2), (states.CLOSED, 1))]
    assert KO.say(several(counts)) == "보유 중 2, 청산 완료 1"
    step = Supervisor.RULE_CHANGED(rule=word("price step"), quantity=Decimal("0.1"), was=Decimal("0.01"))
    least = Supervisor.RULE_CHANGED(rule=word("min notional"), quantity=Decimal(20), was=Decimal(5))
    held = ("main.ETHUSDT.short.grid.2",)
    rules = Supervisor.RULES_CHANGED(symbol="ETHUSDT", changes=also([step, least]), names=held)
    assert rules == "ETHUSDT: price step is 0.1, it was 0.01; min notional is 20, it was 5 (main.ETHUSDT.short.grid.2)"
    assert KO.say(rules) == "ETHUSDT: 가격 단위 0.01 → 0.1; 최소 주문 금액 5 → 20 (main.ETHUSDT.short.grid.2)"


@pytest.mark.parametrize(
    ("said", "spoken"),
    [
        ("BTCUSDT은(는)", "BTCUSDT는"),
        ("#3이(가)", "#3이"),
        ("5을(를)", "5를"),
        ("<b>손절</b>을(를)", "<b>손절</b>을"),
        ("58001(으)로", "58001로"),
        ("58000(으)로", "58000으로"),
        ("grid과(와)", "grid와"),
    ],
)
def test_particles_follow_the_sound_before_them(said: str, spoken: str) -> None:
    assert particles(said) == spoken
