"""What must hold for every synthesized stack, as named rules with reasons."""
