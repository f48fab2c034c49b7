"""Loki: values and chart contract."""
