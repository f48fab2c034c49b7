"""One module for each group of rules; `all_rules.py` puts them together."""
