"""The journal on disk: what is durable, who holds it, and what is read back after a crash."""
