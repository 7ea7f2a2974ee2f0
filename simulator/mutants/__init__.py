"""Planted bugs, and what catches them."""
