"""Whatever an actor says to people is in the catalogs, and what is in the catalogs is said by somebody."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from functools import cache

import pytest

from actors.notifier import phrases as notices
from actors.position import fold
from actors.position.state import OrderPhase
from actors.telegram import names
from actors.telegram import phrases as replies
from actors.telegram.korean import particles
from actors.telegram.words import Words
from adapters.locales import load
from messages import reconciliation, reports, types
from messages.statement import word
from messages.status import several
from messages.wording import Reconciler, Supervisor
from messages.wording.status import Status
from messages.wording.supervisor import also
from tests.telegram.said import ROOT, sentences

KO = Words(language="ko", catalog=load("ko"))
_HANGUL = re.compile("[가-힣]")
_OPTIONAL = re.compile(r"(?<=\w)\{\}(?!\w)|(?<=\})\{\}")
_LATIN = re.compile(r"[A-Za-z]{2,}")
FOR_PROGRAMS = frozenset(
    {
        "again {}",  # names of timers
        "{} itself",  # a key of the shared request budget
        "retry {}",
        "{} {} {} {}",  # a row's name, whose words are names of the code
        "{} {}",
        "{} %",
        "{}: {}",
        "{} ({})",
        "{} {} ({})",
        "{}: {} at {} ({})",
    }
)
"""What looks like a sentence and is none."""
EVIDENCE = ("queries begun at", "The venue knew it once")
"""Evidence for the journal, as it stands there."""


def _filled(template: str) -> str:
    return _OPTIONAL.sub("", template).replace("{}", "7").strip("; ").strip()


def test_every_sentence_of_an_actor_is_told_in_korean() -> None:
    said = sentences()
    assert len(said) > 200
    untold = [f"{template!r} ({where})" for template, where in said.items() if _untold(template)]
    assert untold == [], "they belong into phrases.py, and into adapters/locales/ko.po"


def _untold(template: str) -> bool:
    if template in FOR_PROGRAMS or any(part in template for part in EVIDENCE):
        return False
    if _HANGUL.search(KO.retell(_filled(template), replies.REPLIES)):
        return False
    # A part of a sentence, which stands in the catalog with its parts.
    parts = [part.strip(" ;:.") for part in template.split("{}") if _LATIN.search(part)]
    whole = (*notices.SENTENCES, *replies.SENTENCES)
    return not any(all(part in sentence for part in parts) for sentence in whole)


SOME = {
    "order": "abhi2zkw2i00000010002",
    "rule": "min quantity",
    "action": "UPDATE_SYSTEM",
    "symbols": "BTCUSDT",
    "symbol": "BTCUSDT",
    "account": "main",
    "name": "main.BTCUSDT.long.manual.1",
    "quantity": "0.01",
    "h": "3",
    "m": "5",
    "s": "7",
}


def test_no_sentence_is_taken_for_a_more_general_one() -> None:
    taken_for_another = []
    for sentence in (*notices.SENTENCES, *replies.SENTENCES):
        places = re.findall(r"\{(\w+)\}", sentence)
        said = {place: SOME.get(place, str(number + 11)) for number, place in enumerate(places)}
        values = {place: KO.retell(value, replies.REPLIES) for place, value in said.items()}
        if KO.retell(sentence.format(**said), replies.REPLIES) != KO.plain(sentence, **values):
            taken_for_another.append(sentence)
    assert taken_for_another == []


def test_every_sentence_of_the_catalog_is_said_by_somebody() -> None:
    """By its words: all of them stand in the texts of one file, or in names of the code."""
    everywhere = set(_LATIN.findall((ROOT / "messages" / "names.py").read_text(encoding="utf-8")))
    rooms = [set(_LATIN.findall(text)) | everywhere for text in _texts()]
    assert len(rooms) > 80
    unsaid = [
        sentence
        for sentence in (*notices.SENTENCES, *replies.SENTENCES)
        if not any(_words(sentence) <= words for words in rooms)
    ]
    assert unsaid == []


@cache
def _words(sentence: str) -> frozenset[str]:
    return frozenset(_LATIN.findall(re.sub(r"\{\w+\}", " ", sentence)))


def _texts() -> Iterator[str]:
    """The strings of each file, and the names of fields, which rows are named after."""
    said = (
        ROOT / "actors",
        ROOT / "adapters" / "storage",
        ROOT / "adapters" / "telegram",
        ROOT / "adapters" / "exchange",
        ROOT / "adapters" / "listening",
    )
    for path in (ROOT / "albra.py", *(path for room in said for path in room.rglob("*.py"))):
        if path.name in ("phrases.py", "rows.py", "names.py"):
            continue
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        yield " ".join(n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str))
    yield " ".join(field.name.replace("_", " ") for field in fields(reports.GatewayStatus))
    yield from (str(member) for kind in _kinds() for member in kind)


def _kinds() -> tuple[type[StrEnum], ...]:
    r, t = reconciliation, types
    return (
        t.PositionState, t.PositionSide, t.Side, t.Severity, t.OrderPurpose, t.OrderKind, t.OrderStatus, OrderPhase,
        t.RejectReason, r.DiscrepancyType, r.Action, r.Outcome, r.Attribution, t.PositionMode,
    )  # fmt: skip


def test_every_name_of_the_code_has_its_words() -> None:
    codes = {str(member) for kind in _kinds() for member in kind}
    assert len(codes) > 60
    assert [code for code in sorted(codes) if not _HANGUL.search(KO.name(code))] == []


def test_every_event_of_a_position_and_every_rule_of_a_symbol_has_its_words() -> None:
    told = [kind.__name__ for kind in fold._EVOLVE]
    told += [f.name.replace("_", " ") for f in fields(types.Instrument) if f.name not in ("symbol", "trading", "quote")]
    assert len(told) > 20
    assert [name for name in told if name not in names.CODES] == []


def test_a_name_within_a_sentence_is_told_as_well() -> None:
    said = Reconciler.DETECTED(
        record="d1",
        type=reconciliation.DiscrepancyType.SIZE_MISMATCH,
        symbol="BTCUSDT",
        believed=Reconciler.LONG(quantity=Decimal("0.01")),
        reported=word("flat"),
        told=Reconciler.NO_TRADE(),
        action=reconciliation.Action.UPDATE_SYSTEM,
    )
    assert (
        said == "d1 SIZE_MISMATCH BTCUSDT: long 0.01 believed, flat at the venue (no trade explains it); UPDATE_SYSTEM"
    )
    assert KO.say(said) == (
        "d1 BTCUSDT 수량 불일치: 시스템 롱 0.01, 거래소 보유 없음 (설명하는 거래 없음). 조치: 시스템 수정"
    )
    counts = [
        Status.STATE_COUNT(state=state, n=n)
        for state, n in ((types.PositionState.ACTIVE, 2), (types.PositionState.CLOSED, 1))
    ]
    assert KO.say(several(counts)) == "보유 중 2, 청산 완료 1"
    step = Supervisor.RULE_CHANGED(rule=word("price step"), quantity=Decimal("0.1"), was=Decimal("0.01"))
    least = Supervisor.RULE_CHANGED(rule=word("min notional"), quantity=Decimal(20), was=Decimal(5))
    names = ("main.ETHUSDT.short.grid.2",)
    rules = Supervisor.RULES_CHANGED(symbol="ETHUSDT", changes=also([step, least]), names=names)
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
