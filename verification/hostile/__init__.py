"""Random and hostile inputs."""
