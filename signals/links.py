"""Where an alert sends people: paths below Grafana's address, with the dashboard's variables set.

Values may be templates of Prometheus over an alert's labels, such as `{{ $labels.service_name }}`.
"""


def dashboard(uid: str, **variables: str) -> str:
    """Path of a dashboard with its variables."""
    query = "&".join(f"var-{name}={value}" for name, value in variables.items())
    return f"/d/{uid}" + (f"?{query}" if query else "")
