"""A well-behaved service and its hostile neighbours at one gateway, with the real programs."""
