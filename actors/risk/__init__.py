"""What limits the risk of an account. Pure."""
