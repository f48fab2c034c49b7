"""CRDs of the Prometheus operator: values and chart contract."""
