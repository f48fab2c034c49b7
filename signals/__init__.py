"""What dashboards and alerts are made of: metrics with who produces them, and service levels.

Pure data and functions: no provider, no Grafana, no Alertmanager.
"""
