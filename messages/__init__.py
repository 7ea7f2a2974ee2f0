"""Immutable messages, their priorities, and their wire format. Standard library and msgpack only."""
