"""Metrics server: values and chart contract."""
