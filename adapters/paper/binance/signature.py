"""The key and signature rules of the Binance USDⓈ-M REST API. Pure.

Source: "General Info", sections "Endpoint Security Type" and "SIGNED (TRADE and USER_DATA) Endpoint Security" of the
USDⓈ-M futures documentation. The HMAC covers the query string followed by the body, exactly as sent, without the
signature itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from adapters.paper.binance.route import Security


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """The refusal of an unauthorized request: HTTP status, Binance code and text."""

    status: int
    code: int
    message: str


_KEY_MISSING = Denial(status=401, code=-2014, message="API-key format invalid.")
_KEY_UNKNOWN = Denial(status=401, code=-2015, message="Invalid API-key, IP, or permissions for action.")
_SIGNATURE_MISSING = Denial(
    status=400,
    code=-1102,
    message="Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
)
_SIGNATURE_WRONG = Denial(status=400, code=-1022, message="Signature for this request is not valid.")


def parameters_of(query: str, body: str) -> dict[str, str]:
    """Parameters of a request; a name sent in both places counts as in the query.

    Source: "General Info", section "General Information on Endpoints".
    """
    pairs = parse_qsl(body, keep_blank_values=True) + parse_qsl(query, keep_blank_values=True)
    return dict(pairs)


def denial_of(
    *,
    security: Security,
    query: str,
    body: str,
    api_key: str | None,
    secret_of: Callable[[str], str | None],
) -> Denial | None:
    """Return why a request is refused (-2014, -2015, -1102, -1022); None when it is authorized."""
    if security is Security.NONE:
        return None
    if not api_key:
        return _KEY_MISSING
    secret = secret_of(api_key)
    if secret is None:
        return _KEY_UNKNOWN
    if security is Security.KEY:
        return None
    return _signature_denial(query, body, secret)


def _signature_denial(query: str, body: str, secret: str) -> Denial | None:
    unsigned_query, in_query = _without_signature(query)
    unsigned_body, in_body = _without_signature(body)
    given = in_query or in_body
    if not given:
        return _SIGNATURE_MISSING
    expected = sign(unsigned_query + unsigned_body, secret)
    return None if hmac.compare_digest(expected, given.lower()) else _SIGNATURE_WRONG


def _without_signature(text: str) -> tuple[str, str]:
    pairs = text.split("&") if text else []
    kept = [pair for pair in pairs if not pair.startswith("signature=")]
    signature = next((pair[len("signature=") :] for pair in pairs if pair.startswith("signature=")), "")
    return "&".join(kept), signature


def sign(payload: str, secret: str) -> str:
    """HMAC-SHA256 of the payload as lower-case hexadecimal."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signed_query(parameters: Mapping[str, str], secret: str) -> str:
    """A query string with its signature; for callers that ask the server by hand."""
    payload = urlencode(parameters)
    return f"{payload}&signature={sign(payload, secret)}"
