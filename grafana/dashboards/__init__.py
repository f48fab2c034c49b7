"""One module for each dashboard; `all_dashboards.py` puts them together."""
