"""Rules, and who is told when an alert fires, as pure functions of the settings."""
