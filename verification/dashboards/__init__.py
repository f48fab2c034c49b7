"""Dashboards and queries, answered by a real Prometheus on generated data."""
