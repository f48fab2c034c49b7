"""Prometheus, Alertmanager, Grafana: values and chart contract."""
