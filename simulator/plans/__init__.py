"""What a seed draws."""
