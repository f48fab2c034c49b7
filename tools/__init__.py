"""Programs that the project runs: where they are, how they are compiled, in which version."""
