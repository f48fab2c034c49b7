"""External Secrets: values and chart contract."""
