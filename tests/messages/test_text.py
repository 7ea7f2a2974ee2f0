"""What may be shown: nothing that acts on a terminal, a log or a chat, and nothing that hides."""

import sys
import unicodedata
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mypy import api

from messages import codec
from messages.events import OrderDoubted
from messages.statement import verbatim
from messages.telegram import Button, SendText
from messages.text import LINE_MOST, MARKS_MOST, Markup, Shown, block, bold, clean, escaped, filled, json_text, shown
from messages.types import ClientOrderId

EVERY = "".join(map(chr, range(sys.maxunicode + 1)))


def test_no_character_of_unicode_is_shown_that_is_not_printable() -> None:
    for start in range(0, len(EVERY), 1024):
        assert shown(EVERY[start : start + 1024]).isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\x1b[31m\x07\r\nb", r"a\x1b[31m\x07\r\nb"),
        ("\u202eevil\u200b\ufeff", r"\u202eevil\u200b\ufeff"),
        ("\u2028\u2029\x85\x9b", r"\u2028\u2029\x85\x9b"),
        ("\ud800\ue000\U000e0041", r"\ud800\ue000\U000e0041"),
        ("\u3164\u2800", r"\u3164\u2800"),
        ("\u00a0한글 ⓈM 🔴", " 한글 ⓈM 🔴"),
    ],
)
def test_what_acts_or_hides_is_written_out_and_the_rest_stays(text: str, said: str) -> None:
    assert shown(text) == said


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_shown_text_is_one_printable_line_without_floods(text: str) -> None:
    said = shown(text)
    assert said.isprintable()
    assert shown(said) is said
    marks = [unicodedata.category(character)[0] == "M" for character in said]
    assert not any(all(marks[i : i + MARKS_MOST + 1]) for i in range(len(marks) - MARKS_MOST))


def test_a_text_without_end_is_cut() -> None:
    assert len(shown("x" * (LINE_MOST * 2))) == LINE_MOST + 1
    assert len(block("x\n" * 1_000_000).split("\n")) < 3_000


def test_a_block_keeps_its_line_ends_and_nothing_else() -> None:
    assert block("a\r\n\tb\n") == "a\\r\n\\tb\n"


@given(st.text(max_size=200))
def test_what_a_chat_shows_reads_as_the_text_does(text: str) -> None:
    html = escaped(text)
    assert unescape(html.replace("<code>", "").replace("</code>", "")) == unescape(shown(text)) or "&" in text


@pytest.mark.parametrize(
    "text",
    [
        "/close_all", "(/close_all)", "now /pause@albra_bot", "https://evil.example/x?y", "tg://resolve?domain=x",
        "evil.com", "t.me/evil", "a.b@evil.org", "@someone", "#tag", "$BTC", "x:/stop",
    ],
)  # fmt: skip
def test_what_a_chat_would_make_clickable_is_code(text: str) -> None:
    assert "<code>" in escaped(text)


def test_ids_numbers_and_paths_stay_plain() -> None:
    text = "main.BTCUSDT.long.manual.1 at 60000.1 under /var/lib/albra, 3/4 done & well < 5"
    assert escaped(text) == text.replace("&", "&amp;").replace("<", "&lt;")


def test_places_of_a_template_are_escaped_and_code_is_not_nested() -> None:
    assert filled("<code>{a}</code> {a} {b}", {"a": "/x<"}) == "<code>/x&lt;</code> <code>/x</code>&lt; {b}"
    assert bold(escaped("see /x")) == "<b>see </b><code>/x</code>"


def test_every_text_of_a_document_is_shown() -> None:
    assert clean({"\x1b": ["\u202e", ("\n",), 1, None, True]}) == {r"\x1b": [r"\u202e", [r"\n"], 1, None, True]}
    assert json_text({"a": "\x1b한"}) == '{"a": "\\\\x1b\\ud55c"}'


def test_text_as_it_came_does_not_pass_the_type_checker(tmp_path: Path) -> None:
    """One line for each writer that takes text to the outside."""
    wrong = [
        'output.line("x")', 'output.complain("x")', 'output.ask("x")', 'Shown("x")', 'Markup("x")',
        'StreamTarget(sys.stdout).write("x")', 'SendText(request_id="", chat_id=1, text="x")',
        'Button(text="x", data="")', 'AnswerPress(request_id="", press_id="", text="x")',
        'PostNotice(request_id="", reply_to=A, severity=S, text="x", ts_init=1)', 'Page(text="x")',
        'output.line(f"{shown(1)}")', 'ExchangeSettings(exchange="", api_key="x", api_secret="x")',
        'TelegramChat("x", "", offer=bool, tell=print, health=print, tail=lambda n: ())',
        'Secret("x") + ""', 'proof_of("x", "")', 'Webhook("x", None, print)', 'Masker(["x"])',
    ]  # fmt: skip
    head = """import sys
from actors.telegram.views import Page
from adapters.cli import output
from albra.loopback.proof import proof_of
from adapters.exchange.settings import ExchangeSettings
from adapters.logs.lines import StreamTarget
from adapters.masking import Masker
from adapters.secret import Secret
from adapters.telegram import TelegramChat
from adapters.webhook import Webhook
from messages.notices import PostNotice
from messages.telegram import AnswerPress, Button, SendText
from messages.text import Markup, Shown, shown
from messages.types import Address, Severity
A, S = Address(""), Severity.INFO
"""
    path = tmp_path / "careless.py"
    path.write_text(head + "\n".join(wrong) + "\n")
    said, _, _ = api.run([str(path), "--strict", "--cache-dir", str(Path(__file__).parents[2] / ".mypy_cache")])
    first = head.count("\n") + 1
    found = {int(line.split(":")[1]) for line in said.splitlines() if "error:" in line and "careless" in line}
    missed = [text for number, text in enumerate(wrong, first) if number not in found]
    assert missed == []


def test_shown_is_not_made_by_hand() -> None:
    with pytest.raises(TypeError):
        Shown("x")  # type: ignore[arg-type]


def test_shown_text_is_kept_as_text_wherever_a_message_has_some() -> None:
    doubted = OrderDoubted(client_order_id=ClientOrderId("a"), cause=verbatim(shown("timed out")))
    assert codec.decode(codec.encode(doubted)) == doubted
    button = Button(text=shown("Go"), data="r:x")
    said = SendText(request_id="r", chat_id=1, text=escaped("a<b"), buttons=((button,),))
    again = codec.decode(codec.encode(said))
    assert again == said
    assert isinstance(again, SendText)
    assert (type(again.text), type(again.buttons[0][0].text)) == (Markup, Shown)
