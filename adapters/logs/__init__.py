"""Log lines: `writing` needs loguru and is for the supervisor, `reading` is standard library for `albra logs`.

Under `<storage>/logs`: `albra.jsonl` is written now, `albra.<UTC time it was turned>.jsonl` are older ones.
Each line is one JSON object with `ts`, `level`, `message` and, where they apply, `actor`, `symbol`,
`position_id`, `correlation_id`, `event`, `before`, `after`, `effects`, `logger`, `exception`.
"""

DIRECTORY = "logs"
CURRENT = "albra.jsonl"
TURNED = "albra.*Z.jsonl"
LEVELS = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
