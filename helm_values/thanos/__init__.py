"""Thanos: what its parts are, as data; `constructs_lib/thanos/` makes objects of it."""
