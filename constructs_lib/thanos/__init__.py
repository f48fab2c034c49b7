"""Thanos as typed constructs: querier, store gateway, compactor."""
