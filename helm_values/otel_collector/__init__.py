"""OpenTelemetry Collectors, gateways and agents: values and chart contract."""
