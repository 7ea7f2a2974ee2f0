"""Addresses beyond this machine without TLS are named by their key; what is no file is no configuration."""

import os
from pathlib import Path

import pytest

from adapters.config import load_text
from adapters.config.exposed import in_clear
from adapters.config.load import load
from adapters.config.problems import ConfigError

KEYS = "api_key: kkkkkkkkkkkkkkkkkkkk, api_secret: ssssssssssssssssssss"
TOKEN = "123456789:AAHsecretsecretsecret"


def found(text: str) -> list[tuple[str, str]]:
    return list(in_clear(load_text(text, Path("c.yaml"), {}).config))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://10.0.0.7:8080", "10.0.0.7"), ("http://venue.example", "venue.example"),
        ("http://[2001:db8::1]:80", "2001:db8::1"),
        ("https://venue.example", None), ("http://127.0.0.1:8080", None), ("http://127.9.9.9", None),
        ("http://localhost:1", None), ("http://[::1]:80", None),
    ],
)  # fmt: skip
def test_an_exchange_that_is_spoken_to_in_clear_is_named(url: str, host: str | None) -> None:
    text = f'accounts: {{main: {{exchange: binanceusdm, {KEYS}, base_url: "{url}"}}}}'
    assert found(text) == ([("accounts.main.base_url", host)] if host else [])


def test_so_are_chat_second_channel_and_ping() -> None:
    text = (
        f'telegram: {{enabled: true, token: "{TOKEN}", api_base_url: "http://bot.example/bot", users: {{1: owner}}}}\n'
        'notifier: {webhook: {url: "http://hook.example/secret"}, ping: {url: "http://ping.example/secret"}}'
    )
    assert found(text) == [
        ("telegram.api_base_url", "bot.example"),
        ("notifier.webhook.url", "hook.example"),
        ("notifier.ping.url", "ping.example"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.telegram.org", "https://api.telegram.org/", "https://api.telegram.org/bot/", "http://host:80x/bot",
        "http://host:99999/bot", "http://:80/bot", "https://user:pass@host/bot", "ftp://host/bot",
    ],
)  # fmt: skip
def test_an_address_that_a_token_would_become_a_part_of_is_refused(url: str) -> None:
    text = f'telegram: {{enabled: true, token: "{TOKEN}", api_base_url: "{url}", users: {{1: owner}}}}'
    with pytest.raises(ConfigError) as refused:
        load_text(text, Path("c.yaml"), {})
    said = str(refused.value.problems[0])
    assert "telegram.api_base_url" in said
    assert TOKEN not in said
    assert "user:pass" not in said


def test_a_pipe_a_directory_and_a_device_are_no_configuration(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(ConfigError, match=r"expected a (regular|readable) file"):
            load(path)
