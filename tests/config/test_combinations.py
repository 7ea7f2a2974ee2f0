"""Values that are right alone and impossible together, and what a real exchange's name asks for."""

from pathlib import Path

import pytest

from adapters.config import Loaded, load_text
from adapters.config.problems import ConfigError

FILE = Path("/etc/albra/c.yaml")
HOOK = "secret: aaaaaaaaaaaaaaaaaaaa"
HOOKED = f"enabled: true, strategies: {{a: {{{HOOK}}}}}"


def read(text: str) -> Loaded:
    return load_text(text, FILE, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("control: {port: 8000}\npaper: {port: 8000}", "c.yaml:2: paper.port: expected another port than control.port"),
        (
            f"control: {{port: 8000, host: localhost}}\nwebhook: {{{HOOKED}, port: 8000}}",
            "webhook.port: expected another port than control.port, found 8000",
        ),
        (
            f"paper: {{port: 8000}}\nwebhook: {{{HOOKED}, host: 0.0.0.0, port: 8000}}",
            "paper.port: expected another port than webhook.port, found 8000",
        ),
        (
            "phase2: {reconciliation: {check_intervals: {fast: 600}}}",
            "check_intervals.fast: expected at least fast, 600, found 300",
        ),
        (
            "phase2: {reconciliation: {check_intervals: {fast: 60, normal: 300, slow: 200}}}",
            "check_intervals.slow: expected at least normal, 300, found 200",
        ),
        (
            "phase2: {reconciliation: {thresholds: {warning_notional: 2000}}}",
            "thresholds.warning_notional: expected at least warning_notional, 2000, found 1000",
        ),
        (
            f"webhook: {{enabled: true, strategies: {{a: {{{HOOK}}}, b: {{{HOOK}}}}}}}",
            "webhook.strategies.b.secret: expected a secret of its own, found that of webhook.strategies.a",
        ),
        ("telegram: {quiet_hours: '23:00-23:00'}", "telegram.quiet_hours: expected two different times"),
        ("telegram: {chats: [5, 5]}", "telegram.chats: expected each chat once"),
    ],
)
def test_impossible_together(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(text)
    assert any(said in str(problem) for problem in raised.value.problems), raised.value.problems
    assert "aaaaaaaa" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        f"control: {{port: 8000}}\nwebhook: {{port: 8000, strategies: {{a: {{{HOOK}}}}}}}",  # it does not listen
        f"control: {{port: 8000}}\nwebhook: {{{HOOKED}, host: 10.0.0.1, port: 8000}}",
        "control: {port: 0}\npaper: {port: 0}",
        "phase2: {reconciliation: {check_intervals: {fast: 60, normal: 60, slow: 60}}}",
    ],
)
def test_possible_together(text: str) -> None:
    read(text)


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("{exchange: binanceusdm}", "c.yaml:3: accounts.m.exchange: expected api_key and api_secret beside exchange"),
        ("{exchange: binanceusdm, api_key: null, api_secret: null}", "accounts.m.exchange: expected api_key"),
        ("{environment: demo}", "accounts.m.environment: expected api_key and api_secret beside environment"),
        ("{exchange: binanceusdm, position_mode: hedge}", "accounts.m.exchange: expected api_key and api_secret"),
    ],
)
def test_a_real_exchange_without_keys_is_an_error(account: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(f"accounts:\n  m:\n    {account}\n")
    assert any(said in str(problem) for problem in raised.value.problems), raised.value.problems


def test_what_names_no_exchange_trades_on_paper() -> None:
    for text in ("", "accounts: {m: {position_mode: hedge}}", "accounts: {m: {exchange: paper}}"):
        assert all(account.embedded for account in read(text).config.accounts)
    keys = "api_key: abcd, api_secret: efgh"
    both = read(f"accounts: {{a: {{exchange: paper}}, b: {{{keys}}}}}").config
    assert [account.embedded for account in both.accounts] == [True, False]
    assert (both.paper_asked, both.on_paper().paper_asked) == (False, True)
    assert [account.api_key for account in both.on_paper().accounts] == [None, None]


def test_keys_that_are_not_set_here_make_no_account_a_paper_one() -> None:
    text = "accounts: {m: {api_key: '${A}', api_secret: '${B}'}}\ntelegram: {token: '${C}'}"
    loaded = load_text(text, FILE, {}, without_secrets=True)
    assert not loaded.config.accounts[0].embedded
    loaded.require("storage.")
    with pytest.raises(ConfigError, match="variable A"):
        loaded.require("accounts.m.")
