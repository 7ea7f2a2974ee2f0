"""The paper venue as Binance USDⓈ-M: the model of `adapters.paper.venue` and the dialect of this folder."""

from adapters.paper.binance import api, events
from adapters.paper.binance.front import BinanceFront
from adapters.paper.dialect import Dialect
from adapters.paper.venue import PaperModel


class PaperVenue(PaperModel):
    dialect = Dialect(name="Binance USDⓈ-M API", events=events, requests=api, front=BinanceFront)
