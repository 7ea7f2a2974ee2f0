"""What the chat and the notifier are told by the configuration."""

from pathlib import Path

import pytest

from adapters.config import ConfigError, load_text
from adapters.secret import Secret

FULL = """
telegram:
  enabled: true
  token: "123:abc"
  users: {100: owner, 200: viewer}
  chats: [100, -5000]
  languages: {100: ko}
  timezone: Asia/Seoul
  timezones: {200: Europe/Berlin}
  quiet_hours: 23:00-07:30
notifier:
  per_minute: {high: 20}
  repeat_critical: 300
  daily_report: 18:05
  weekly_report: monday
  webhook: {url: "https://example.org/alert?key=verysecret", after: 5}
  ping: {url: "https://example.org/ping"}
"""


def test_everything_is_read_with_its_units() -> None:
    config = load_text(FULL, Path("config.yaml"), {}).config
    chat, notifier = config.telegram, config.notifier
    assert chat.languages == ((100, "ko"),)
    assert chat.timezones == ((200, "Europe/Berlin"),)
    assert chat.quiet_minutes == (23 * 60, 7 * 60 + 30)
    assert (notifier.high_per_minute, notifier.medium_per_minute, notifier.low_per_minute) == (20, 5, 2)
    assert (notifier.repeat_critical_ms, notifier.webhook_after_ms, notifier.ping_ms) == (300_000, 5_000, 60_000)
    assert (notifier.daily_minute, notifier.weekly_day) == (18 * 60 + 5, 0)
    assert Secret("https://example.org/alert?key=verysecret") in config.secrets()


def test_left_out_it_is_quiet() -> None:
    config = load_text("", Path("config.yaml"), {}).config
    assert not config.telegram.enabled
    assert (config.notifier.webhook_url, config.notifier.ping_url, config.notifier.daily_minute) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("telegram: {timezone: Mars/Olympus}", "telegram.timezone"),
        ("telegram: {timezones: {1: Nowhere}}", "telegram.timezones.1"),
        ("telegram: {languages: {1: fr}}", "telegram.languages.1"),
        ("telegram: {languages: {x: en}}", "telegram.languages.x"),
        ("telegram: {quiet_hours: 25:00-07:00}", "telegram.quiet_hours"),
        ('telegram: {enabled: true, token: "1:a"}', "telegram"),
        ("notifier: {daily_report: noon}", "notifier.daily_report"),
        ("notifier: {weekly_report: monday}", "notifier.weekly_report"),
        ("notifier: {repeat_critical: 1}", "notifier.repeat_critical"),
        ("notifier: {webhook: {url: ftp://x}}", "notifier.webhook.url"),
        ("notifier: {per_minute: {critical: 1}}", "notifier.per_minute.critical"),
    ],
)
def test_what_is_wrong_is_named(text: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, Path("config.yaml"), {})
    assert [problem.path for problem in caught.value.problems] == [path]
