"""Checks of what the product synthesizes. Nothing in the product imports them."""
