"""What an environment costs a month, from its stacks, its workload and a dated price table."""
