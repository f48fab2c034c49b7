"""Commands that developers and CI run from the top of the repository."""
