import io
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loguru import logger

from adapters.logs.writing import Logs
from adapters.secret import Secret

SECRET = "key-of-the-exchange"


def written(storage: Path, say: Callable[[Logs], None], **options: Any) -> list[dict[str, Any]]:
    """The lines on disk after `say` and an orderly stop."""
    logs = Logs(storage=storage, secrets=[Secret(SECRET)], **options)
    try:
        say(logs)
    finally:
        logs.stop()
    return [json.loads(line) for line in (storage / "logs" / "albra.jsonl").read_text().splitlines()]


def test_a_step_is_one_line_with_its_fields_in_their_order(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logs.step(
            actor="position/1", event="OrderFilled", correlation_id="c1", before="OPENING", after="ACTIVE",
            position_id="main.BTCUSDT.long.manual.1", symbol="BTCUSDT", effects=("SubmitProtection",),
        )  # fmt: skip

    [line] = written(tmp_path, say)
    assert list(line) == [
        "ts", "level", "actor", "symbol", "position_id", "correlation_id", "event", "before", "after", "effects",
        "message",
    ]  # fmt: skip
    assert line["effects"] == ["SubmitProtection"]
    assert line["ts"].endswith("Z")


def test_lines_below_the_level_are_not_kept(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logs.step("DEBUG", "quiet")
        logs.step("WARNING", "loud")

    assert [line["message"] for line in written(tmp_path, say, level="INFO")] == ["loud"]


def test_what_libraries_say_is_bridged_with_their_name(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logging.getLogger("pykka").warning("an actor %s", "died")
        logging.getLogger("ccxt.base.exchange").debug("a request with its headers")

    [line] = written(tmp_path, say, level="DEBUG")
    assert (line["logger"], line["level"], line["message"]) == ("pykka", "WARNING", "an actor died")


def test_secrets_are_masked_in_messages_fields_and_exceptions(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logs.step(message=f"sent with {SECRET}", url=f"/x?signature={'ab' * 32}", api_key="plain")
        error = RuntimeError(f"binance refused {SECRET} listenKey=abc")
        logging.getLogger("x").error("failed", exc_info=error)

    lines = written(tmp_path, say)
    text = json.dumps(lines)
    assert SECRET not in text
    assert "abab" not in text
    assert "plain" not in text
    assert "listenKey=abc" not in text
    assert "RuntimeError: binance refused ********" in lines[1]["exception"]


def test_the_values_of_variables_are_not_in_a_traceback(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        private = "a-value-nobody-registered"
        try:
            int(private[:0])
        except ValueError:
            logger.exception("failed")

    assert "a-value-nobody" not in json.dumps(written(tmp_path, say))


def test_a_message_with_braces_is_said_as_it_is(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logging.getLogger("x").warning('{"code": -1021} {0} <red>')

    assert written(tmp_path, say)[0]["message"] == '{"code": -1021} {0} <red>'


def test_a_dying_thread_is_logged(tmp_path: Path) -> None:
    def die() -> None:
        raise RuntimeError("boom")

    def say(logs: Logs) -> None:
        thread = threading.Thread(target=die, name="loop")
        thread.start()
        thread.join()

    [line] = written(tmp_path, say)
    assert (line["level"], line["thread"], "boom" in line["exception"]) == ("CRITICAL", "loop", True)


def test_the_console_is_readable_masked_and_without_color_off_a_terminal(tmp_path: Path) -> None:
    console = io.StringIO()

    def say(logs: Logs) -> None:
        logs.step("WARNING", f"hello {SECRET}", actor="supervisor")

    written(tmp_path, say, console=console)
    text = console.getvalue()
    assert text.endswith("WARNING  hello ********  actor=supervisor\n")
    assert "\x1b" not in text


def test_after_stop_nothing_is_written_and_a_new_one_can_start(tmp_path: Path) -> None:
    written(tmp_path, lambda logs: logs.step(message="one"))
    logging.getLogger("x").warning("between")
    lines = written(tmp_path, lambda logs: logs.step(message="two"))
    assert [line["message"] for line in lines] == ["one", "two"]


def test_no_field_breaks_a_line(tmp_path: Path) -> None:
    def say(logs: Logs) -> None:
        logs.step(message="two\nlines \u2028 \x00", text='"quoted" \\ back')

    [line] = written(tmp_path, say)
    assert line["text"] == '"quoted" \\ back'
