"""Makes a listener prove that it knows the token before the token is sent.

After a kill another user's process may listen on the old port. It cannot reuse a recorded proof: each connection has a
new challenge. Used by both sides.
"""

import hashlib
import hmac
import http.client
import secrets
from typing import Protocol

CHALLENGE, PROOF = "Albra-Challenge", "Albra-Proof"
CHALLENGE_MAX = 128
ANSWER_MOST = 65_536
_ABOUT = b"albra control "


class Impostor(Exception):  # noqa: N818 - what was found
    """A listener does not know the token."""


class Masked(Protocol):
    """A token that is masked in text."""

    def reveal(self) -> str: ...


def proof_of(token: Masked, challenge: str) -> str:
    return hmac.new(
        token.reveal().encode(), _ABOUT + challenge.encode(errors="surrogateescape"), hashlib.sha256
    ).hexdigest()


def check(connection: http.client.HTTPConnection, token: Masked) -> None:
    """Ask the listener of an open connection for its proof; sends no secret.

    Raises Impostor; OSError or HTTPException when no answer comes.
    """
    challenge = secrets.token_hex(16)
    connection.request("GET", "/v1/health", headers={CHALLENGE: challenge})
    response = connection.getresponse()
    if len(response.read(ANSWER_MOST)) >= ANSWER_MOST:
        raise Impostor
    given = response.headers.get(PROOF, "")
    if not hmac.compare_digest(given.encode(errors="replace"), proof_of(token, challenge).encode()):
        raise Impostor
    if response.will_close:
        raise ConnectionResetError("the connection ends after the proof")
