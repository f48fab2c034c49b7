"""Dashboards as pure functions: settings in, Grafana's JSON out."""
