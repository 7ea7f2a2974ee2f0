"""Who trades, commands and changes settings."""
