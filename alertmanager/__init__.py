"""Alert rules and the routing of notifications, as pure functions of the settings."""
