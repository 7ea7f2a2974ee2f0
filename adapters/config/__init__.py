"""config.yaml: declared in `values`, read, checked, and converted to frozen values.

`load` returns the `Config`, or raises `ConfigError` with every problem, each with file, line and key.
"""

from adapters.config.load import DEFAULT_PATH, Loaded, load, load_text, named_path
from adapters.config.problems import ConfigError, Problem
from adapters.config.render import render
from adapters.config.values import (
    SCHEMA,
    AccountConfig,
    CheckIntervalsConfig,
    Config,
    ControlConfig,
    EventBusConfig,
    LimitsConfig,
    LogConfig,
    NotifierConfig,
    PaperConfig,
    Phase2Config,
    ProtectionConfig,
    ReconciliationConfig,
    StorageConfig,
    TelegramConfig,
    WebhookConfig,
    WebhookStrategy,
)
from adapters.secret import Secret

__all__ = [
    "DEFAULT_PATH",
    "SCHEMA",
    "AccountConfig",
    "CheckIntervalsConfig",
    "Config",
    "ConfigError",
    "ControlConfig",
    "EventBusConfig",
    "LimitsConfig",
    "Loaded",
    "LogConfig",
    "NotifierConfig",
    "PaperConfig",
    "Phase2Config",
    "Problem",
    "ProtectionConfig",
    "ReconciliationConfig",
    "Secret",
    "StorageConfig",
    "TelegramConfig",
    "WebhookConfig",
    "WebhookStrategy",
    "load",
    "load_text",
    "named_path",
    "render",
]
