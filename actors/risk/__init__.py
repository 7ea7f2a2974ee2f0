"""The limits on an account's risk. Pure."""
