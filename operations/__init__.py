"""Everything that touches an account: plan, deploy, destroy, drift."""
