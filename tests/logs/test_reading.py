import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.logs import CURRENT
from adapters.logs.reading import LogFilter, read_logs, since

ID = "main.BTCUSDT.long.manual.1"


def line(number: int, **fields: Any) -> str:
    return json.dumps({"ts": f"2026-01-01T00:00:{number:02}.000000Z", "level": "INFO", "n": number, **fields}) + "\n"


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path


def numbers(storage: Path, **wanted: Any) -> list[int]:
    return [found["n"] for found in read_logs(storage, LogFilter(**wanted))]


def test_turned_files_come_before_the_current_one(storage: Path) -> None:
    logs = storage / "logs"
    (logs / CURRENT).write_text(line(3))
    (logs / "albra.20260101T000002.000000Z.jsonl").write_text(line(2))
    (logs / "albra.20260101T000001.000000Z.jsonl").write_text(line(1))
    assert numbers(storage) == [1, 2, 3]
    assert numbers(storage, since="2026-01-01T00:00:02.000000Z") == [2, 3]


def test_a_file_turned_before_the_time_asked_for_is_not_even_read(storage: Path) -> None:
    logs = storage / "logs"
    (logs / CURRENT).write_text(line(30))
    (logs / "albra.20260101T000001.000000Z.jsonl").write_text(line(31))
    assert numbers(storage, since="2026-01-01T00:00:20.000000Z") == [30]


def test_torn_and_foreign_lines_are_passed_over(storage: Path) -> None:
    text = line(1) + '{"ts": "2026\n' + "plain text\n[1]\n\n" + line(2) + '{"n": 9'
    (storage / "logs" / CURRENT).write_bytes(text.encode() + b"\xff\xfe\n")
    assert numbers(storage) == [1, 2]


def test_each_filter_keeps_its_own_and_they_add_up(storage: Path) -> None:
    text = (
        line(1, actor="position/1", position_id=ID, correlation_id="a")
        + line(2, actor="position/12", position_id="main.ETHUSDT.long.manual.12", level="ERROR")
        + line(3, actor="supervisor", symbol="BTCUSDT", correlation_id="a", level="DEBUG")
        + line(4, level="WARNING")
    )
    (storage / "logs" / CURRENT).write_text(text)
    assert numbers(storage, position=ID) == [1]
    assert numbers(storage, actor="position") == [1, 2]
    assert numbers(storage, actor="position/1") == [1]
    assert numbers(storage, symbol="BTCUSDT") == [1, 3]
    assert numbers(storage, level="WARNING") == [2, 4]
    assert numbers(storage, level="INFO") == [1, 2, 4]
    assert numbers(storage, trace="a") == [1, 3]
    assert numbers(storage, trace="a", actor="supervisor") == [3]


def test_no_logs_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        numbers(tmp_path)


def test_since_is_written_as_log_lines_write_their_time() -> None:
    assert since(0) > since(3600)
    assert len(since(0)) == len("2026-01-01T00:00:00.000000Z")


def test_following_shows_new_lines_whole_ones_only_and_goes_over_a_turn(storage: Path) -> None:
    logs = storage / "logs"
    current = logs / CURRENT
    current.write_text(line(1))

    def turn() -> None:
        _append(current, line(4))
        current.rename(logs / "albra.20260101T000005.000000Z.jsonl")

    steps: Iterator[Callable[[], None]] = iter(
        [
            lambda: _append(current, line(2) + line(3)[:10]),
            lambda: _append(current, line(3)[10:]),
            turn,
            lambda: _append(current, line(5)),
        ]
    )

    def follow() -> bool:
        step = next(steps, None)
        if step is not None:
            step()
        return step is not None

    found = [line["n"] for line in read_logs(storage, LogFilter(), follow=follow)]
    assert found == [1, 2, 3, 4, 5]


def test_following_waits_for_the_first_file(tmp_path: Path) -> None:
    made = threading.Event()

    def follow() -> bool:
        if made.is_set():
            return False
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / CURRENT).write_text(line(1))
        made.set()
        return True

    lines: Iterator[dict[str, Any]] = read_logs(tmp_path, LogFilter(), follow=follow)
    assert [found["n"] for found in lines] == [1]


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)
