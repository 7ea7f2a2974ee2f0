"""What others put in the way is never opened, cut, believed or shown; what was open to others is closed."""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from adapters.cli import entry
from adapters.config import load_text
from adapters.logs.writing import Logs
from adapters.paper.input_log import InputLog
from adapters.storage import private, restore
from adapters.storage.errors import JournalError
from adapters.storage.high_water_mark import HighWaterMark
from adapters.storage.jobs import Health
from adapters.storage.lock import DirectoryLock
from adapters.storage.private import open_private, private_directory, write_private
from adapters.storage.reader import JournalReader
from adapters.storage.reserve import Reserve
from adapters.storage.sqlite import SqliteJournal
from albra.loopback.discovery import holder
from albra.loopback.private_file import NotOursError, read_private
from albra.storage import exposed
from messages.types import JournalId
from tests.storage.steps import append, step

CONTENT = "precious\n"
Use = Callable[[Path], object]


def _take_lock(directory: Path) -> None:
    DirectoryLock(directory).release()


def _log(directory: Path) -> None:
    logs = Logs(storage=directory)
    logs.step("INFO", "a line")
    logs.stop()


def _journal(directory: Path) -> None:
    SqliteJournal.open(directory).close()


def _paper(directory: Path) -> None:
    log = InputLog(directory)
    try:
        log.begin({})
    finally:
        log.close()


USES: dict[str, tuple[str, Use]] = {
    "lock": ("lock", _take_lock),
    "reserve": ("reserve", lambda directory: Reserve(directory, 4096).fill()),
    "mark": ("journal.mark", lambda directory: HighWaterMark(directory, JournalId("abcdefgh")).write(1)),
    "journal": ("journal.sqlite3", _journal),
    "log": ("logs/albra.jsonl", _log),
    "paper lock": ("lock", _paper),
    "paper log": ("inputs-1.log", _paper),
    "paper snapshot": ("snapshot.tmp", _paper),
    "token": ("control.token", lambda directory: os.close(write_private(directory / "control.token", b"new"))),
    "draft of the token": (
        f"control.token.{os.getpid()}.new",
        lambda directory: os.close(write_private(directory / "control.token", b"new")),
    ),
}


@pytest.mark.parametrize("kind", ["symbolic link", "second name"])
@pytest.mark.parametrize("name", list(USES))
def test_what_leads_to_a_file_of_ours_is_not_written_through(tmp_path: Path, name: str, kind: str) -> None:
    planted, use = USES[name]
    victim, directory = tmp_path / "victim", tmp_path / "var"
    victim.write_text(CONTENT)
    path = directory / planted
    path.parent.mkdir(parents=True, mode=0o700)
    path.symlink_to(victim) if kind == "symbolic link" else path.hardlink_to(victim)
    with suppress(OSError, JournalError):  # refused, or put another file in its place
        use(directory)
    assert victim.read_text() == CONTENT


@pytest.mark.parametrize(("name", "use"), [("logs", _log), ("paper", lambda storage: _paper(storage / "paper"))])
@pytest.mark.parametrize("leads", ["to a directory", "nowhere"])
def test_a_directory_of_ours_that_is_a_link_is_refused_and_what_it_leads_to_stays(
    tmp_path: Path, name: str, use: Use, leads: str, capsys: pytest.CaptureFixture[str]
) -> None:
    victim, directory = tmp_path / "victim", tmp_path / "var"
    directory.mkdir(mode=0o700)
    if leads == "to a directory":
        victim.mkdir()
        victim.chmod(0o755)
    (directory / name).symlink_to(victim)
    said = ""
    try:
        use(directory)
        said = capsys.readouterr().err
    except NotOursError as error:
        said = str(error)
    assert name == "logs" or f"{directory / name}: it is a symbolic link" in said
    if leads == "nowhere":
        assert not victim.exists()
    else:
        assert stat.S_IMODE(victim.stat().st_mode) == 0o755
        assert list(victim.iterdir()) == []


def test_a_data_directory_may_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "var").symlink_to("disk")
    storage = load_text("storage: {path: var}", tmp_path / "config.yaml").config.storage.path
    assert storage == tmp_path / "disk"
    _journal(storage)
    _log(storage)


@pytest.mark.parametrize("kind", ["symbolic link", "2 names", "regular file"])
@pytest.mark.parametrize("name", ["lock", "journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-journal"])
def test_an_error_names_the_file_that_is_meant_and_advises_nothing_that_loses_steps(
    tmp_path: Path, name: str, kind: str
) -> None:
    directory = tmp_path / "var"
    journal = SqliteJournal.open(directory)
    assert append(journal, step(1, 1)) is None
    journal.close()
    path = directory / name
    kept = path.rename(tmp_path / "kept") if path.exists() else tmp_path / "kept"
    kept.touch()
    if kind == "regular file":
        path.mkdir()
    else:
        path.symlink_to(kept) if kind == "symbolic link" else path.hardlink_to(kept)
    with pytest.raises(JournalError, match=kind) as refused:
        SqliteJournal.open(directory)
    assert refused.value.path == path
    assert str(refused.value).startswith(f"{path} is not used: ")
    assert kind == "regular file" or "move it away" not in str(refused.value)
    if kind == "symbolic link" and name in ("journal.sqlite3-wal", "journal.sqlite3-journal"):
        with pytest.raises(JournalError) as unread:
            JournalReader(directory)
        assert unread.value.path == path


def test_a_start_closes_what_is_ours_and_open_to_others_once(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    _journal(directory)
    _log(directory)
    _paper(directory / "paper")
    (directory / "elsewhere").symlink_to(tmp_path)
    files = [path for path in directory.rglob("*") if path.is_file()]
    for path in (*files, directory / "logs", directory / "paper"):
        path.chmod(0o755)
    assert {"reserve", "albra.jsonl", "snapshot.json", "journal.sqlite3"} <= {path.name for path in files}
    first, second = private.close_to_others(directory), private.close_to_others(directory)
    assert len(first) == len(files) + 3
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in files)
    assert [remark.split(": ")[0] for remark in second] == [f"{directory / 'elsewhere'} is a symbolic link"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", list(USES))
def test_a_pipe_in_the_way_is_not_waited_for(tmp_path: Path, name: str) -> None:
    planted, use = USES[name]
    path = tmp_path / planted
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with suppress(OSError, JournalError):
        use(tmp_path)


def test_a_directory_that_was_open_is_closed_and_told(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    directory.mkdir()
    directory.chmod(0o755)
    assert "mode 0755" in private_directory(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert private_directory(directory) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / "var"
    directory.mkdir()
    os.chown(directory, 1234, -1)
    with pytest.raises(NotOursError, match="belongs to user 1234"):
        private_directory(directory)
    with pytest.raises(JournalError, match="belongs to user 1234"):
        SqliteJournal.open(directory)
    own = tmp_path / "own"
    own.mkdir()
    os.close(write_private(own / "control.token", b"planted"))
    os.chown(own / "control.token", 1234, -1)
    with pytest.raises(NotOursError, match="belongs to user 1234"):
        read_private(own / "control.token")


def test_what_others_can_write_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "control.json"
    path.write_text("{}")
    path.chmod(0o666)
    with pytest.raises(NotOursError, match="others can write it"):
        read_private(path)
    os.close(open_private(path, os.O_RDWR))
    assert read_private(path) == b"{}"


def test_every_file_of_a_journal_is_its_owners_alone_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal = SqliteJournal.open(tmp_path / "var")
        assert append(journal, step(1, 1)) is None
        journal.close()
        restore.restore(tmp_path / "var", tmp_path / "restored")
        (tmp_path / "var" / "journal.sqlite3").chmod(0o644)
        again = SqliteJournal.open(tmp_path / "var")
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
        again.close()
    finally:
        os.umask(before)
    assert len(modes) >= 6
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700 for name in ("var", "restored"))


def test_a_lock_that_others_hold_on_an_open_index_stops_no_write(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "var")
    assert append(journal, step(1, 1)) is None
    killed = tmp_path / "killed"  # what a kill leaves behind
    killed.mkdir(mode=0o700)
    for path in (tmp_path / "var").glob("journal.sqlite3*"):
        shutil.copyfile(path, killed / path.name)
    journal.close()
    index = killed / "journal.sqlite3-shm"
    index.chmod(0o644)
    with index.open("rb") as others:
        again = SqliteJournal.open(killed)
        assert not os.path.samestat(index.stat(), os.fstat(others.fileno())), "it is another index now"
        assert append(again, step(1, 2)) is None
        again.close()


def test_asking_for_the_holder_never_keeps_a_start_out(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    assert holder(tmp_path) == os.getpid()
    lock.release()
    asking = os.open(tmp_path / "lock", os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    released = os.dup(asking)
    os.close(asking)
    os.close(released)
    DirectoryLock(tmp_path).release()
    assert holder(tmp_path) is None


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_journal_that_lost_its_place_opens_nothing_and_says_so(tmp_path: Path, how: str) -> None:
    journal = SqliteJournal.open(tmp_path)
    told: list[tuple[Health, str]] = []
    journal.watch(lambda health, why: told.append((health, why)))
    aside = tmp_path / "aside"
    journal.path.rename(aside)
    if how == "replaced":
        journal.path.write_bytes(aside.read_bytes())
    refused = append(journal, step(1, 1))
    assert refused is not None
    assert "removed or replaced" in refused
    assert told[0][0] is Health.FAILING
    assert append(journal, replace(step(2, 1), reducing=True)) is None, "closing goes on"
    aside.replace(journal.path)
    assert append(journal, step(1, 1)) is None
    assert told[-1] == (Health.WELL, "")
    journal.close()


OURS = "PRAGMA application_id=1097618034"
GARBAGE: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "a directory": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "text": lambda path: path.write_text("hello"),
    "noise after a good head": lambda path: path.write_bytes(b"SQLite format 3\0" + os.urandom(8192)),
    "a database of something else": lambda path: _database(path, "CREATE TABLE t(x)"),
    "ours by its number, without tables": lambda path: _database(
        path, "PRAGMA application_id=1097618034; CREATE TABLE t(x)"
    ),
    "ours with columns of others": lambda path: _database(
        path,
        f"{OURS}; CREATE TABLE meta(name, value); CREATE TABLE binding(account, identity);"
        " INSERT INTO meta VALUES('journal_id', 'abcdefgh'), ('created', 'long ago'); CREATE TABLE step(a);"
        " CREATE TABLE position(a); CREATE TABLE snapshot(a)",
    ),
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere"),
}


def _database(path: Path, sql: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize("name", list(GARBAGE))
def test_whatever_lies_there_is_told_without_a_trace(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:

    directory = tmp_path / "var"
    directory.mkdir()
    GARBAGE[name](directory / "journal.sqlite3")
    (tmp_path / "config.yaml").write_text("storage: {path: var}\n")
    config = ("--config", str(tmp_path / "config.yaml"))
    for command in (
        ("journal", "verify"),
        ("journal", "export"),
        ("journal", "export", "--json"),
        ("journal", "restore", str(directory / "journal.sqlite3")),
        ("doctor",),
    ):
        assert entry.main([*command, *config]) in (0, 1)
        assert "Traceback" not in capsys.readouterr().err, command


def test_nothing_that_is_made_for_reading_makes_anything(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        JournalReader(tmp_path)
    assert holder(tmp_path) is None
    assert private.complaints(tmp_path / "nowhere") == []
    assert list(tmp_path.iterdir()) == []


def test_a_directory_above_that_others_can_write_lets_them_replace_ours_unless_it_is_sticky(tmp_path: Path) -> None:
    above = tmp_path / "shared"
    above.mkdir()
    for mode, named in ((0o777, [above]), (0o775, [above]), (0o1777, []), (0o755, [])):
        above.chmod(mode)
        found = private.replaceable(above / "var")
        assert [path for path in found if path == above] == named
        remarks = list(exposed(load_text("storage: {path: shared/var}", tmp_path / "config.yaml").config))
        assert any(f"others can write {above} and replace" in remark for remark in remarks) == bool(named)
