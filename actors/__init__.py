"""The actors and their runtime. Imports messages and pykka, never adapters."""
