"""Settings of a deployment: their types, allowed values and checks. Imports no provider."""
