"""Tempo: values and chart contracts."""
