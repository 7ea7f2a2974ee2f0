"""An account's place and keys: what is taken, and what is an error that names the key and never its value."""

from pathlib import Path

import jsonschema
import pytest

from adapters.config import SCHEMA, ConfigError, load_text, render
from adapters.secret import MASK

BODY = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9m"
PEM = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n"


def account(text: str = "", **environment: str) -> str:
    """The one problem of an account that has two keys and these lines; empty where it has none."""
    keys = {"KEY": "abcDEF123", "SECRET": "xyz", **environment}
    text = f"accounts:\n  main: {{exchange: binanceusdm, api_key: '${{KEY}}', api_secret: '${{SECRET}}'{text}}}\n"
    try:
        loaded = load_text(text, Path("c.yaml"), keys)
    except ConfigError as error:
        (problem,) = error.problems
        return str(problem)
    assert render(loaded.effective).count(MASK) == 2 + ("proxy" in text)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        ", environment: demo",
        ", environment: testnet",
        ", base_url: 'http://127.0.0.1:8080', stream_url: 'ws://127.0.0.1:8081'",
        ", base_url: 'https://host.example/', stream_url: 'wss://sockets.example'",
        ", environment: demo, stream_url: 'wss://sockets.example'",
        ", proxy: 'http://127.0.0.1:3128'",
        ", proxy: 'https://user:pass%40word@proxy.example:3128'",
        ", proxy: 'socks5h://user:password@[::1]:1080'",
    ],
)
def test_every_place_that_can_be_reached_is_taken(text: str) -> None:
    assert account(text) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (", environment: sandbox", "accounts.main.environment: expected one of live, demo, testnet"),
        (", base_url: 'http://127.0.0.1/fapi/v1'", "accounts.main.base_url: expected http://host[:port]"),
        (", base_url: 'ws://127.0.0.1'", "accounts.main.base_url: expected http://host[:port]"),
        (", base_url: 'http://me:secret@127.0.0.1'", "accounts.main.base_url: expected http://host[:port]"),
        (", base_url: 'http://127.0.0.1:65536'", "accounts.main.base_url: expected a host, and a port up to 65535"),
        (", stream_url: 'http://127.0.0.1'", "accounts.main.stream_url: expected ws://host[:port]"),
        (", stream_url: 'ws://127.0.0.1/ws'", "accounts.main.stream_url: expected ws://host[:port]"),
        (", proxy: '127.0.0.1:3128'", "accounts.main.proxy: expected http://"),
        (", proxy: 'http://127.0.0.1'", "accounts.main.proxy: expected http://"),
        (", proxy: 'http://me:secret@127.0.0.1:70000'", "accounts.main.proxy: expected a host, and a port"),
        (", proxy: 'http://me:sec ret@127.0.0.1:3128'", "accounts.main.proxy: expected http://"),
    ],
)
def test_a_place_that_cannot_be_reached_is_an_error_of_its_key(text: str, said: str) -> None:
    found = account(text)
    assert said in found
    assert not [word for word in ("secret", "sec ret") if word in found]


@pytest.mark.parametrize("name", ["KEY", "SECRET"])
@pytest.mark.parametrize("value", ["ab\ncd", "abcd\n", "abcd\r\n", " abcd", "ab cd", '"abcd"', "'abcd'", "ab\tcd", "abcdé", "\ufeffabcd"])  # fmt: skip  # noqa: E501
def test_what_came_along_with_a_key_is_an_error_of_its_name(name: str, value: str) -> None:
    found = account(**{name: value})
    assert f"accounts.main.api_{name.lower()}: expected printable characters without spaces, quotes" in found
    assert "cd" not in found


def test_a_private_key_in_pem_form_is_a_secret() -> None:
    assert account(SECRET=PEM) == ""
    assert "api_secret" in account(SECRET=PEM[:40])


@pytest.mark.parametrize("more", ["environment: demo", "stream_url: 'ws://127.0.0.1'", "proxy: 'http://127.0.0.1:1'"])
def test_the_embedded_venue_has_one_place_only(more: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_text(f"accounts: {{main: {{exchange: paper, {more}}}}}", Path("c.yaml"), {})
    assert f"accounts.main.{more.split(':', maxsplit=1)[0]}" in str(raised.value.problems[0])


def test_one_key_of_two_environments_is_two_accounts() -> None:
    keys = "exchange: binanceusdm, api_key: abc, api_secret: def"
    text = f"accounts: {{a: {{{keys}, environment: demo}}, b: {{{keys}, environment: testnet}}}}"
    loaded = load_text(text, Path("c.yaml"), {})
    assert [each.place for each in loaded.config.accounts] == ["binanceusdm demo", "binanceusdm testnet"]
    with pytest.raises(ConfigError):
        load_text(text.replace("testnet", "demo"), Path("c.yaml"), {})


def test_the_schema_says_the_same_of_places_and_keys() -> None:
    check = jsonschema.Draft202012Validator(SCHEMA).is_valid
    good = {"exchange": "binanceusdm", "api_key": "abc", "api_secret": PEM, "environment": "demo"}
    assert check({"accounts": {"main": good}})
    assert not check({"accounts": {"main": {**good, "api_key": "a b"}}})
    assert not check({"accounts": {"main": {**good, "proxy": "127.0.0.1"}}})
