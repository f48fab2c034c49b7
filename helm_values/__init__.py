"""Values of every Helm release: constants in YAML, what settings decide in a function beside it."""
