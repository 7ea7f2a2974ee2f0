"""A model of a perpetual-futures venue to trade on without money, and the server that speaks for it."""
