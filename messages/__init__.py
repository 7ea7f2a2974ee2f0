"""What is said: immutable messages, their priorities, their wire form. Standard library and msgpack only."""
