"""The effective configuration as YAML that loads to the same values again; secrets are masked."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.secret import MASK, Secret
from messages.decimals import trimmed


def render(effective: Mapping[str, Any]) -> str:
    """YAML text of `Loaded.effective`."""
    import yaml

    text: str = yaml.dump(_plain(effective), Dumper=_dumper(), sort_keys=False, allow_unicode=True)
    return text


def jsonable(effective: Mapping[str, Any]) -> Any:
    """The same as a JSON value; Decimals become strings."""
    return _plain(effective, number=str)


def _plain(value: Any, number: Any = None) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(child, number) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child, number) for child in value]
    if isinstance(value, Secret):
        return MASK
    return number(value) if number is not None and isinstance(value, Decimal) else value


def _dumper() -> Any:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Decimals are written as numbers, exactly."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's signature
            return True

    def number(dumper: Any, value: Decimal) -> Any:
        kind = "int" if value == value.to_integral_value() else "float"
        return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", trimmed(value))

    Dumper.add_representer(Decimal, number)
    return Dumper
