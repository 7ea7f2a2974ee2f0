"""What Binance USDⓈ-M says on the wire of the model in `adapters.paper`: routes, rows, events, codes and signatures."""
