"""Render every release with the real charts and check the result."""
