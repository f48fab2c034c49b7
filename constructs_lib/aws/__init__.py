"""Constructs of AWS resources, one per file."""
