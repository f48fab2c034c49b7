"""Settings of a deployment: what may be asked for, and the checks on it. Imports no provider."""
