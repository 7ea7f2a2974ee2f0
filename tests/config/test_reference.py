"""docs/configuration.md is what the declarations say; each key is declared once."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from actors.reconciler.policy import Policy
from actors.risk.daily_loss import DAY_NS
from adapters.config import Config, load_text, values
from adapters.config.reference import render
from adapters.secret import Secret

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "python -m adapters.config.reference > docs/configuration.md"


def test_a_secret_of_any_key_is_masked() -> None:
    text = """
accounts: {m: {api_key: 'secret-1', api_secret: 'secret-2', proxy: 'http://u:secret-3@h:1'}}
telegram: {token: '7:secret-4'}
notifier: {webhook: {url: 'http://h/secret-5'}, ping: {url: 'http://h/secret-6'}}
webhook: {strategies: {trend: {secret: 'secret-7-of-sixteen'}}}
"""
    found = {secret.reveal() for secret in load_text(text, Path("/x/c.yaml"), {}).config.secrets()}
    assert all("secret-" in each for each in found)
    assert len(found) == _secret_keys(Config), "give the new one a value above"


def test_what_is_built_in_is_what_the_reconciler_does_by_itself() -> None:
    said, own = load_text("", Path("/x/c.yaml"), {}).config.phase2.reconciliation, Policy()
    assert dict(said.policy) == own.actions
    assert dict(said.observations) == own.observations
    thresholds = own.thresholds
    assert (said.price, said.warning_notional) == (thresholds.price, thresholds.warning_notional)
    assert (said.critical_notional, said.critical_share) == (thresholds.critical_notional, thresholds.critical_share)
    assert (said.attribution, said.attempts, said.retention_days) == (
        own.attribution,
        own.attempts,
        own.retention_ns // DAY_NS,
    )
    intervals = said.check_intervals
    found = (intervals.fast_ms, intervals.normal_ms, intervals.slow_ms, said.observation_gap_ms, said.stuck_ms)
    assert found == tuple(
        time_ns // 1_000_000 for time_ns in (own.fast_ns, own.normal_ns, own.slow_ns, own.gap_ns, thresholds.stuck_ns)
    )


def _secret_keys(cls: Any) -> int:
    """How many keys hold secrets, as the classes have it."""
    within = {"accounts": "AccountConfig", "strategies": "WebhookStrategy"}
    count = 0
    for each in fields(cls):
        kind = getattr(values, within[each.name]) if each.name in within else each.type
        count += _secret_keys(kind) if is_dataclass(kind) else kind in (Secret, Secret | None)
    return count
