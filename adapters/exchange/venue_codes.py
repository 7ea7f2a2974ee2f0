"""Per venue, as data: which codes prove what. Pure.

Another venue is another `VenueCodes`. What stands in no table is unknown, so an incomplete table
costs a query and never an order. Bybit's 10000 "Server Timeout", for one, must not be listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from messages.types import RejectReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Not executed: come back in `retry_after_ms` unless the answer names another time."""

    retry_after_ms: int
    throttled: bool = False
    resync: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCodes:
    """`missing` and `already_set` hold codes per kind of request; texts are casefolded."""

    rejected: Mapping[str, RejectReason]
    not_executed: Mapping[str, Delay]
    missing: Mapping[str, frozenset[str]]
    duplicate: frozenset[str]
    already_set: frozenset[str]
    quiet_statuses: Mapping[int, int]
    firewall_retry_ms: int
    unknown_texts: tuple[str, ...]
    not_executed_texts: tuple[tuple[str, int], ...]
    order_id_fields: tuple[str, ...]
    client_id_fields: tuple[str, ...]


def _by_code(table: Mapping[RejectReason, str]) -> Mapping[str, RejectReason]:
    return MappingProxyType({code: reason for reason, codes in table.items() for code in codes.split()})


# Source of every number: developers.binance.com/docs/derivatives/usds-margined-futures/error-code
_BINANCE_REJECTED = _by_code(
    {
        RejectReason.INSUFFICIENT_MARGIN: "-2018 -2019 -4050 -4051",
        # -2022 ReduceOnly order is rejected; -2024 position not sufficient; -2026 type not supported.
        RejectReason.REDUCE_ONLY: "-2022 -2024 -2026",
        # "ReduceOnly Order Failed. Please check your existing position and open orders."
        RejectReason.BLOCKED: "-4118",
        # -2021 order would immediately trigger; -4142 the same of a strategy order.
        RejectReason.WOULD_TRIGGER: "-2021 -4142",
        # Prices, quantities and notionals against the symbol's filters.
        RejectReason.FILTER: "-1013 -1111 -4001 -4002 -4003 -4004 -4005 -4006 -4007 -4008 -4013 -4014 -4016 "
        "-4023 -4024 -4029 -4030 -4131 -4164 -4183 -4184",
        # -2025 max open orders; -2027 max position at this leverage; -4045 max stop orders.
        RejectReason.LIMIT_REACHED: "-2025 -2027 -4045",
        RejectReason.PERMISSION: "-1002 -1022 -2014 -2015 -2017 -4087 -4088 -4192",
        # -1121 invalid symbol; -4108, -4140, -4141, -4144: closed, closed to openings, or no such pair.
        RejectReason.SYMBOL: "-1121 -4108 -4140 -4141 -4144",
        # -2010 new order rejected; -2020 unable to fill; -2023 in liquidation; -5021 FOK, -5022 GTX refused;
        # -4060 … -4068 position mode and side; -4120 wrong service; -1125 no such listen key; other -11xx: malformed.
        RejectReason.OTHER: "-1014 -1020 -1100 -1101 -1102 -1103 -1104 -1105 -1106 -1108 -1112 -1114 -1115 "
        "-1116 -1117 -1118 -1119 -1120 -1125 -1128 -1130 -1136 -2010 -2016 -2020 -2023 -2028 -4015 -4028 -4047 "
        "-4048 -4060 -4061 -4062 -4067 -4068 -4120 -4137 -4138 -4139 -4161 -4400 -5021 -5022",
    }
)

BINANCE_USDM = VenueCodes(
    rejected=_BINANCE_REJECTED,
    not_executed=MappingProxyType(
        {
            "-1003": Delay(retry_after_ms=60_000, throttled=True),
            "-1015": Delay(retry_after_ms=10_000, throttled=True),
            # "Request throttled by system-level protection. Reduce-only/close-position orders are exempt."
            "-1008": Delay(retry_after_ms=500),
            "-1021": Delay(retry_after_ms=50, resync=True),
            "-5028": Delay(retry_after_ms=50, resync=True),
        }
    ),
    missing=MappingProxyType(
        {
            # -4117: the stop is being triggered; it can no longer be canceled, and its fill is on its way.
            "cancel": frozenset({"-2011", "-2013", "-4117"}),
            "query": frozenset({"-2013"}),
        }
    ),
    duplicate=frozenset({"-4116"}),
    # -4046 no need to change margin type; -4059 no need to change position side.
    already_set=frozenset({"-4046", "-4059"}),
    # "HTTP 429 … breaking a request rate limit"; "HTTP 418 … auto-banned … from 2 minutes to 3 days".
    quiet_statuses=MappingProxyType({429: 60_000, 418: 120_000}),
    firewall_retry_ms=5_000,
    # "Unknown error, please check your request or try again later." … "the execution status is UNKNOWN".
    unknown_texts=("unknown error",),
    # "If there is "Service Unavailable." … it means this is a failure API operation … retry". The full stop
    # matters: without it every 503 has these words in its status line.
    not_executed_texts=(("service unavailable.", 200), ("request throttled by system-level protection", 500)),
    order_id_fields=("orderId", "algoId"),
    client_id_fields=("clientOrderId", "clientAlgoId"),
)
