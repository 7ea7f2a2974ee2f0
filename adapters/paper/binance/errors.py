"""The venue's refusals, with the codes and texts of its documentation.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""


class Refusal(Exception):  # noqa: N818  a refused request is an ordinary answer, not an error of the model
    """A request the venue refuses: HTTP status, numeric code and text of its JSON body."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status


def missing(name: str) -> Refusal:
    """-1102: a mandatory parameter is absent, empty or malformed."""
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def unneeded(name: str) -> Refusal:
    """-1106: a parameter was sent that this request may not carry."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def unknown_symbol() -> Refusal:
    return Refusal(-1121, "Invalid symbol.")


def no_such_order() -> Refusal:
    """-2013, on queries: proves nothing before the request's validity window has passed."""
    return Refusal(-2013, "Order does not exist.")


def unknown_order_sent() -> Refusal:
    """-2011, on cancels: never existed, already filled or already gone."""
    return Refusal(-2011, "Unknown order sent.")


def margin_insufficient() -> Refusal:
    return Refusal(-2019, "Margin is insufficient.")


def reduce_only_rejected() -> Refusal:
    return Refusal(-2022, "ReduceOnly Order is rejected.")


def would_trigger() -> Refusal:
    return Refusal(-2021, "Order would immediately trigger.")


def duplicate_client_id() -> Refusal:
    return Refusal(-4116, "ClientOrderId is duplicated.")


def invalid_client_id() -> Refusal:
    return Refusal(-4015, "Client order id is not valid.")


def wrong_position_side() -> Refusal:
    return Refusal(-4061, "Order's position side does not match user's setting.")


def over_precise() -> Refusal:
    return Refusal(-1111, "Precision is over the maximum defined for this asset.")
