"""Per venue, as data: which codes prove what. Pure.

Another venue is another `VenueCodes`. What stands in no table is unknown, so an incomplete table
costs a query and never an order. Bybit's 10000 "Server Timeout", for one, must not be listed.

Orders are sent to Binance USDⓈ-M only. The tables of Bybit and OKX are proven against answers that were recorded
there, and wait for a connection that speaks their API.
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
    """`missing` and `already_set` hold codes per kind of request; texts are casefolded.

    `row_field` is where the answered order stands in its envelope (of a list, the first); empty: it is the answer
    itself. A code of its own there (`row_code_field`) counts before the envelope's.
    """

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
    code_field: str = "code"
    text_field: str = "msg"
    success: frozenset[str] = frozenset({"200", "0"})
    row_field: str = ""
    row_code_field: str = ""
    row_text_field: str = ""
    unclear: frozenset[str] = frozenset()
    """Faults within the venue: it answers, and says itself that it does not know. Every other code that stands in no
    table refuses a setting, and has an order asked after at once: nothing of it is on its way any more."""
    of_account: frozenset[str] = frozenset()
    """Throttlings that concern an account; the others concern an address, and whoever else is behind it."""


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
)

# Source of every number: bybit-exchange.github.io/docs/v5/error. Not listed on purpose: 10000 "Server Timeout" and
# 10016 "Internal server error", after which an order may be there.
_BYBIT_REJECTED = _by_code(
    {
        RejectReason.INSUFFICIENT_MARGIN: "110004 110006 110007 110012 110014 110044 110045 110051 110052 110053",
        # 110017 reduce-only rule not satisfied; 110034 there is no net position.
        RejectReason.REDUCE_ONLY: "110017 110034",
        # "expect Rising, but trigger_price <= current"; 110093 the other way round.
        RejectReason.WOULD_TRIGGER: "110092 110093",
        RejectReason.FILTER: "110003 110094",
        # 110009 stop orders; 110020 active orders.
        RejectReason.LIMIT_REACHED: "110009 110020",
        # 110016 risk limit; 110021 open interest.
        RejectReason.POSITION_LIMIT: "110016 110021",
        RejectReason.PERMISSION: "10003 10004 10005 10007 10008 10009 10010 10024 10027 10028 33004",
        # 110023, 110042 reduction only; 110063 settlement in progress; 110066 no trading now.
        RejectReason.SYMBOL: "10029 110023 110042 110063 110066",
        RejectReason.OTHER: "10001 110005 110011 110032 110035 110040",
    }
)

BYBIT = VenueCodes(
    rejected=_BYBIT_REJECTED,
    not_executed=MappingProxyType(
        {
            "10006": Delay(retry_after_ms=1_000, throttled=True),
            "10018": Delay(retry_after_ms=600_000, throttled=True),
            "10002": Delay(retry_after_ms=50, resync=True),
        }
    ),
    missing=MappingProxyType(
        {"cancel": frozenset({"110001", "110008", "110010"}), "query": frozenset({"110001"})},
    ),
    # 110072 OrderLinkedID is duplicate.
    duplicate=frozenset({"110072"}),
    # 110025 position mode, 110026 margin mode, 110027 margin, 110043 leverage is not modified.
    already_set=frozenset({"110025", "110026", "110027", "110043"}),
    unclear=frozenset({"10000", "10016"}),
    quiet_statuses=MappingProxyType({429: 1_000}),
    # "403 … access too frequent": "terminate all HTTP sessions and wait for at least 10 minutes" (rate limit rules).
    firewall_retry_ms=600_000,
    unknown_texts=(),
    not_executed_texts=(),
    order_id_fields=("orderId",),
    client_id_fields=("orderLinkId",),
    code_field="retCode",
    text_field="retMsg",
    success=frozenset({"0"}),
    row_field="result",
)

# Source of every number: www.okx.com/docs-v5/en/#error-code. Not listed on purpose: 50004 "endpoint request timeout
# (does not indicate success or failure of order)", 51149 "order timed out", 50001, 50013 and 50026.
_OKX_REJECTED = _by_code(
    {
        RejectReason.INSUFFICIENT_MARGIN: "51008 51119 51127 51131",
        # 51169 no position in this direction to reduce or close; 51023 position does not exist.
        RejectReason.REDUCE_ONLY: "51023 51169 51205",
        # "Close order size exceeds your available size": other orders would close it already.
        RejectReason.BLOCKED: "51112",
        # The trigger prices of a target and of a stop against the last price, either side.
        RejectReason.WOULD_TRIGGER: "51277 51278 51279 51280",
        RejectReason.FILTER: "51005 51006 51007 51020 51100 51116 51118 51120 51121 51122 51135 51136 51137 51138 "
        "51202 51203 51250 51252 51275",
        RejectReason.LIMIT_REACHED: "51025 51102 51103 51104 51105 51106 51107 51117 51174 51261",
        # 51004 the most that may be held at this leverage; 51129 the position limit.
        RejectReason.POSITION_LIMIT: "51004 51129",
        RejectReason.PERMISSION: "50007 50027 50100 50101 50103 50104 50105 50106 50107 50110 50111 50112 50113 "
        "50114 51009 51010 51024 51155 54109",
        RejectReason.SYMBOL: "51001 51021 51022 51027 51028 51029 51030",
        RejectReason.OTHER: "50002 50014 51000 51003 51015",
    }
)

OKX = VenueCodes(
    rejected=_OKX_REJECTED,
    not_executed=MappingProxyType(
        {
            # Limits are counted in windows of two seconds.
            "50011": Delay(retry_after_ms=2_000, throttled=True),
            "50061": Delay(retry_after_ms=2_000, throttled=True),
            "50102": Delay(retry_after_ms=50, resync=True),
        }
    ),
    missing=MappingProxyType(
        {"cancel": frozenset({"51400", "51401", "51402"}), "query": frozenset({"51603"})},
    ),
    # 51016 duplicated client order id.
    duplicate=frozenset({"51016"}),
    already_set=frozenset(),
    unclear=frozenset({"50001", "50004", "50013", "50026", "51149"}),
    quiet_statuses=MappingProxyType({429: 2_000}),
    firewall_retry_ms=5_000,
    unknown_texts=(),
    not_executed_texts=(),
    order_id_fields=("ordId", "algoId"),
    client_id_fields=("clOrdId", "algoClOrdId"),
    success=frozenset({"0"}),
    row_field="data",
    row_code_field="sCode",
    row_text_field="sMsg",
)
