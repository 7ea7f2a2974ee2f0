"""Which exchange the embedded paper venue speaks like: the one module of the model's side that knows a dialect."""

from adapters.paper.binance.venue import PaperVenue

EMBEDDED = PaperVenue
