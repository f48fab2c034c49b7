"""The foundation on one computer: an AWS emulator, the real programs, faults and load."""
