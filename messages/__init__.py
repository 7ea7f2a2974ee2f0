"""What is said: immutable messages, their priorities and their wire form. Imports the standard library and msgpack only."""
