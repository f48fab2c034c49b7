"""The rules, one module per area; `policies.all_rules` collects them."""
