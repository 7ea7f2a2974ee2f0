"""What each Binance USDⓈ-M error code proves. Pure."""

import re
from types import MappingProxyType

from adapters.exchange.codes import Delay, VenueCodes, by_code
from messages.types import RejectReason

# Source of every number: developers.binance.com/docs/derivatives/usds-margined-futures/error-code
_REJECTED = by_code(
    {
        RejectReason.INSUFFICIENT_MARGIN: "-2018 -2019 -4050 -4051",
        # -2022 ReduceOnly order is rejected; -2024 position not sufficient; -2026 type not supported.
        RejectReason.REDUCE_ONLY: "-2022 -2024 -2026",
        # "ReduceOnly Order Failed. Please check your existing position and open orders."
        RejectReason.BLOCKED: "-4118",
        # -2021 order would immediately trigger; -4142 the same of a strategy order.
        RejectReason.WOULD_TRIGGER: "-2021 -4142",
        # Prices, quantities and notionals against the symbol's filters; -4135 activation price of a trailing stop;
        # -4210, -4211 stop price beyond what the multiplier allows.
        RejectReason.FILTER: "-1013 -1111 -4001 -4002 -4003 -4004 -4005 -4006 -4007 -4008 -4013 -4014 -4016 "
        "-4023 -4024 -4029 -4030 -4131 -4135 -4164 -4183 -4184 -4210 -4211",
        # -2025 "Reach max open order limit."; -4045 "Reach max stop order limit."
        RejectReason.LIMIT_REACHED: "-2025 -4045",
        # "Exceeded the maximum allowable position at current leverage."
        RejectReason.POSITION_LIMIT: "-2027",
        # -1005, -1011 address; -1109 account; -4201 … -4206 leverage by country, verification and age of the account;
        # -4401 reductions only, -4402 not in this region, -4403 leverage of the region; -4411 agreement not signed.
        RejectReason.PERMISSION: "-1002 -1005 -1011 -1022 -1099 -1109 -2014 -2015 -2017 -4056 -4057 -4087 -4088 -4192 "
        "-4201 -4202 -4203 -4205 -4206 -4401 -4402 -4403 -4411",
        # -1121 invalid symbol; -4108, -4140, -4141, -4144: closed, closed to openings, or no such pair.
        RejectReason.SYMBOL: "-1110 -1121 -1122 -4108 -4140 -4141 -4144",
        # -2010 new order rejected; -2020 unable to fill; -2023 in liquidation; -5021 FOK, -5022 GTX refused;
        # -4060 … -4068 position mode and side; -4120 wrong service; -1125 no such listen key; other -11xx: malformed.
        # -4130 a closePosition order is there; -4136 strategy and type; -4167 … -4172 margin and asset mode; -4208,
        # -4209 leverage; -4509 GTE without a position; -4531 modes of two products; -5037 … -5040 price match and such.
        RejectReason.OTHER: "-1014 -1020 -1100 -1101 -1102 -1103 -1104 -1105 -1106 -1108 -1112 -1114 -1115 "
        "-1116 -1117 -1118 -1119 -1120 -1125 -1128 -1130 -1136 -2010 -2016 -2020 -2023 -2028 -4015 -4028 -4047 "
        "-4048 -4060 -4061 -4062 -4067 -4068 -4120 -4130 -4136 -4137 -4138 -4139 -4150 -4161 -4167 -4168 -4169 -4170 "
        "-4172 -4208 -4209 -4400 -4509 -4531 -5021 -5022 -5037 -5038 -5039 -5040",
    }
)

CODES = VenueCodes(
    rejected=_REJECTED,
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
    # -4046 no need to change margin type; -4059 no need to change position side; -4171 asset mode is as asked for.
    already_set=frozenset({"-4046", "-4059", "-4171"}),
    # -1000 unknown; -1001 internal; -1004 busy; -1006 execution status unknown; -1007 timeout; -1010 error message
    # received; -1016 shutting down; -4083 a batch of which some may be placed.
    unclear=frozenset({"-1000", "-1001", "-1004", "-1006", "-1007", "-1010", "-1016", "-4083"}),
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
    # "Order rate limits are counted against each account" (limits on orders).
    of_account=frozenset({"-1015"}),
    # The order names no leg that the account's mode has, or isolated margin where assets are joined.
    mode_hints=frozenset({"-4060", "-4061", "-4062", "-4067", "-4068", "-4167", "-4168", "-4169"}),
    # "Way too many requests; IP banned until 1600000000000."
    banned_until=re.compile(r"banned until (\d{13})"),
)
