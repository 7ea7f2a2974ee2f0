"""The exchange whose API the embedded paper venue speaks: the model's only module that knows a dialect."""

from adapters.paper.binance.venue import PaperVenue

EMBEDDED = PaperVenue
