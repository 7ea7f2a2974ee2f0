"""The configuration with which a plan's process runs, read as the production reads its file."""

from functools import cache
from pathlib import Path

from adapters.config import Config, load_text
from simulator.environment.chat import OWNER

WEBHOOK_AFTER_S = 20
"""So long the chat has for a critical notice."""


@cache
def config_of(
    accounts: tuple[str, ...],
    fast_s: int,
    *,
    users: tuple[int, ...] = (),
    webhook: bool = False,
    limits: tuple[tuple[str, int], ...] = (),
) -> Config:
    """`fast_s`: seconds between two sweeps; the other checks are as much rarer as they are by default.

    `users` of the chat, of which there is none where nobody uses it.
    """
    text = f"protection: {{close_after_ms: 20000}}\naccounts: {{{', '.join(f'{name}: {{}}' for name in accounts)}}}\n"
    intervals = f"{{fast: {fast_s}, normal: {max(300, fast_s)}, slow: {max(3600, 2 * fast_s)}}}"
    text += f"phase2: {{reconciliation: {{check_intervals: {intervals}}}}}\n"
    if limits:
        text += f"limits: {{{', '.join(f'{name}: {limit}' for name, limit in limits)}}}\n"
    if users:
        roles = ", ".join(f"{user}: {'owner' if user == OWNER else 'viewer'}" for user in users)
        chats = ", ".join(map(str, users))
        text += f"telegram: {{enabled: true, token: '1:simulated', users: {{{roles}}}, chats: [{chats}]}}\n"
    if webhook:
        text += f"notifier: {{webhook: {{url: 'https://siren.invalid/', after: {WEBHOOK_AFTER_S}}}}}\n"
    return load_text(text, Path("simulated.yaml"), {}).config
