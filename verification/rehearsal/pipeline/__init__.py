"""The telemetry pipeline with the real programs on loopback."""
