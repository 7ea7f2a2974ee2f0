"""What it takes for the official SDK to accept an answer or event.

Its models are lenient by themselves: every field is optional, a wrong type makes the client relax
the model and go on, and an answer that fits nothing is handed out raw. So acceptance here means:
a model came back, no model had to be relaxed, and every field the SDK declares was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from binance_common import utils
from pydantic import BaseModel


class NotAcceptedError(AssertionError):
    """Says what the SDK did not accept and why."""


def shortfalls(value: object, where: str = "") -> Iterator[str]:
    """Paths of declared fields that the answer lacked; a raw value where a model should be."""
    if isinstance(value, list):
        for item in value:
            yield from shortfalls(item, f"{where}[]")
    elif not isinstance(value, BaseModel):
        yield f"{where}: a raw {type(value).__name__} instead of a model"
    elif "actual_instance" in type(value).model_fields:
        yield from shortfalls(getattr(value, "actual_instance"), where)  # noqa: B009 - no model declares it
    else:
        yield from _missing_fields(value, where)


def _missing_fields(model: BaseModel, where: str) -> Iterator[str]:
    for name, field in type(model).model_fields.items():
        if name == "additional_properties":
            continue
        path = f"{where}.{field.alias or name}".removeprefix(".")
        value = getattr(model, name)
        if value is None:
            yield path
        elif isinstance(value, BaseModel) or (isinstance(value, list) and value and _holds_models(value)):
            yield from shortfalls(value, path)


def _holds_models(values: Iterable[object]) -> bool:
    return any(isinstance(value, BaseModel) for value in values)


def accepted(answer: Any, *, absent: Iterable[str] = ()) -> Any:
    """The answer's model; raises NotAcceptedError. `absent`: documented fields this answer may lack."""
    model = answer.data() if hasattr(answer, "data") else answer
    if utils._relaxed_models:  # the SDK's own record of answers whose types were wrong
        names = sorted(model.__name__ for model in utils._relaxed_models)
        utils._relaxed_models.clear()
        raise NotAcceptedError(f"types differ from the SDK's models {names}")
    allowed = set(absent)
    missing = sorted({path for path in shortfalls(model) if path.lstrip("[].") not in allowed})
    if missing:
        raise NotAcceptedError(f"{type(model).__name__} lacks {missing}")
    return model
