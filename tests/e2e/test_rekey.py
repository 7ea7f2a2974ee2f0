"""The key of an account is changed: the journal goes on under the new one, and takes no other account for it."""

from pathlib import Path

from adapters.storage.reader import JournalReader
from messages.types import AccountId
from tests.e2e.process import KEY, KEY_NAME, SECRET_NAME, Home, Venue

NEW_KEY, NEW_SECRET = "another-key", "another-secret"


def another_key(home: Home, key: str = NEW_KEY, secret: str = NEW_SECRET) -> None:
    home.env.update({KEY_NAME: key, SECRET_NAME: secret})


def open_one(home: Home) -> None:
    with home.run() as supervisor:
        supervisor.ready()
        assert home.albra("open", "BTCUSDT", "long", "0.01", "--stop-loss", "50000", "--wait").code == 0
        assert supervisor.terminate() == 0


def bound_to(home: Home) -> str:
    with JournalReader(home.storage) as reader:
        return dict(reader.meta().bindings)[AccountId("main")]


def test_a_start_under_another_key_of_the_same_account_goes_on_and_tells_it(tmp_path: Path) -> None:
    with Venue(tmp_path) as venue:
        home = Home.at(tmp_path / "home", venue)
        open_one(home)
        before = bound_to(home)
        venue.post("rotate-key", api_key=KEY, new_key=NEW_KEY, new_secret=NEW_SECRET)
        another_key(home)
        with home.run() as supervisor:
            supervisor.ready()
            assert "the key of account main is another one" in supervisor.said()
            assert home.albra("close", "BTCUSDT", "--wait").code == 0
            supervisor.terminate()
        assert bound_to(home).split("#")[0] == before.split("#")[0]
        assert bound_to(home) != before
        kept = b"".join(file.read_bytes() for file in home.storage.rglob("*") if file.is_file())
        assert not [word for word in (NEW_KEY, NEW_SECRET) if word.encode() in kept]
        assert not venue.truth().net


def test_the_key_of_another_account_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with Venue(tmp_path) as venue:
        home = Home.at(tmp_path / "home", venue)
        open_one(home)
        before = bound_to(home)
        venue.post("account", name="other")
        another_key(home, "paper-key-other", "paper-secret-other")
        with home.run() as supervisor:
            assert supervisor.wait(60) == 4
            assert "albra journal rekey" in supervisor.said()
        refused = home.albra("journal", "rekey")
        assert refused.code == 4
        assert "knows none of" in refused.err
        assert bound_to(home) == before


def test_rekey_takes_the_new_key_once_and_says_why(tmp_path: Path) -> None:
    with Venue(tmp_path) as venue:
        home = Home.at(tmp_path / "home", venue)
        open_one(home)
        assert "knows every account's key already" in home.albra("journal", "rekey").out
        venue.post("rotate-key", api_key=KEY, new_key=NEW_KEY, new_secret=NEW_SECRET)
        another_key(home)
        (row,) = home.albra("journal", "rekey", "--json").document()["accounts"]
        assert row["same"]
        assert "of the journal" in row["why"]
        assert home.albra("journal", "rekey", "--json").document() == {"accounts": []}


def test_where_nobody_answers_only_the_owners_word_counts(tmp_path: Path) -> None:
    with Venue(tmp_path) as venue:
        home = Home.at(tmp_path / "home", venue)
        open_one(home)
    another_key(home)
    refused = home.albra("journal", "rekey", timeout_s=90)
    assert refused.code == 4
    assert "could not be asked" in refused.err
    assert home.albra("journal", "rekey", "--yes", "other", timeout_s=90).code == 4
    taken = home.albra("journal", "rekey", "--yes", "main", timeout_s=90)
    assert taken.code == 0
    assert "taken on your word" in taken.out


def test_a_running_supervisor_keeps_its_journal(tmp_path: Path) -> None:
    with Venue(tmp_path) as venue:
        home = Home.at(tmp_path / "home", venue)
        with home.run() as supervisor:
            supervisor.ready()
            assert home.albra("journal", "rekey").code == 4
