"""Tables of two exchanges that are not spoken to yet: what an answer proves is decided alike for any of them.

`payloads/*.json` holds rows and answers that were recorded there, each with its source.
"""

from types import MappingProxyType

from adapters.exchange.codes import Delay, VenueCodes, by_code
from messages.types import RejectReason

# Source of every number: bybit-exchange.github.io/docs/v5/error. Not listed on purpose: 10000 "Server Timeout" and
# 10016 "Internal server error", after which an order may be there.
_BYBIT_REJECTED = by_code(
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
_OKX_REJECTED = by_code(
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
