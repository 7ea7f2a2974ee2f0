"""The journal on disk: durable steps, the directory's lock, and recovery."""
