"""The rules, one module per area; `verification.policies.all_policies` collects them."""
