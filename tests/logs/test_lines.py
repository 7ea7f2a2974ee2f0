import threading
from pathlib import Path

from adapters.logs import CURRENT, TURNED, lines
from adapters.logs.lines import LineWriter, TurnedFile
from messages.text import block

WAIT_S = 10


class Disk:
    """A target that can stall and fail."""

    def __init__(self) -> None:
        self.text = ""
        self.working = threading.Event()
        self.working.set()
        self.reached = threading.Event()
        self.error: OSError | None = None

    def write(self, text: str) -> None:
        self.reached.set()
        self.working.wait(WAIT_S)
        if self.error is not None:
            raise self.error
        self.text += text

    def close(self) -> None:
        self.text += "closed\n"


def writer(disk: Disk) -> LineWriter:
    return LineWriter("test", disk, lambda item: block(f"{item}\n"), lambda count: block(f"lost {count}\n"))


def test_lines_come_out_in_their_order_and_all_before_the_end() -> None:
    disk = Disk()
    logs = writer(disk)
    for number in range(2000):
        logs.put(number)
    assert logs.stop(WAIT_S)
    assert disk.text == "".join(f"{number}\n" for number in range(2000)) + "closed\n"


def test_a_stalled_disk_blocks_nobody_and_what_is_shed_is_counted_and_said() -> None:
    disk = Disk()
    disk.working.clear()
    logs = writer(disk)
    logs.put("first")
    assert disk.reached.wait(WAIT_S)
    for number in range(lines.QUEUE_MAX + 7):
        logs.put(number)
    assert logs.shed == 7
    disk.working.set()
    assert logs.stop(WAIT_S)
    assert "lost 7\n" in disk.text
    assert disk.text.count("\n") == lines.QUEUE_MAX + 3


def test_a_full_disk_loses_lines_counted_and_goes_on_when_there_is_room() -> None:
    disk = Disk()
    disk.error = OSError(28, "No space left on device")
    logs = writer(disk)
    logs.put("lost")
    assert disk.reached.wait(WAIT_S)
    while not logs.shed:
        threading.Event().wait(0.001)
    disk.error = None
    logs.put("kept")
    assert logs.stop(WAIT_S)
    assert disk.text == "lost 1\nkept\nclosed\n"


def test_a_record_that_cannot_be_shown_does_not_end_logging() -> None:
    class Shy:
        def __str__(self) -> str:
            raise ValueError("no")

    disk = Disk()
    logs = writer(disk)
    for item in ("a", Shy(), "b"):
        logs.put(item)
    assert logs.stop(WAIT_S)
    assert disk.text == "a\nlost 1\nb\nclosed\n"


def test_a_file_is_turned_at_its_size_and_the_newest_stay(tmp_path: Path) -> None:
    file = TurnedFile(tmp_path, file_bytes=20, keep_files=2)
    for number in range(8):
        file.write(block(f"line number {number:08}\n"))
    file.write(block("short\n"))
    file.close()
    turned = sorted(tmp_path.glob(TURNED))
    assert [path.read_text() for path in turned] == ["line number 00000006\n", "line number 00000007\n"]
    assert (tmp_path / CURRENT).read_text() == "short\n"
    assert (tmp_path / CURRENT).stat().st_mode & 0o777 == 0o600


def test_a_line_torn_by_a_kill_does_not_swallow_the_next(tmp_path: Path) -> None:
    (tmp_path / CURRENT).write_text('{"whole": 1}\n{"torn')
    file = TurnedFile(tmp_path, file_bytes=1000, keep_files=1)
    file.write(block('{"next": 1}\n'))
    file.close()
    assert (tmp_path / CURRENT).read_text().splitlines() == ['{"whole": 1}', '{"torn', '{"next": 1}']


def test_a_target_that_begins_to_fail_is_told_once_until_it_works_again() -> None:
    disk = Disk()
    told: list[str] = []
    logs = writer(disk)
    assert logs.stop(WAIT_S)
    logs.on_trouble = told.append
    for error in (OSError(13, "Permission denied"), OSError(13, "Permission denied"), None, OSError(28, "No space")):
        disk.error = error
        logs._write(["x"])  # what its thread did
    assert told == ["Permission denied", "No space"]
    assert logs.trouble == "No space"
