"""Links of alerts: paths below Grafana's address, with the dashboard's variables set.

A variable gets the value of a label of the alert, which Prometheus fills in when the alert fires.
"""


def dashboard(uid: str, **labels: str) -> str:
    """Path of a dashboard; `labels` are the names of labels, by the variables that they set."""
    query = "&".join(f"var-{variable}={_encoded(label)}" for variable, label in labels.items())
    return f"/d/{uid}" + (f"?{query}" if query else "")


def _encoded(label: str) -> str:
    """A template of Prometheus: the value of a label, percent-encoded (RFC 3986, section 2.1).

    `urlquery` (Go's text/template) writes a space as `+`, and a plus as `%2B`.
    """
    return f'{{{{ $labels.{label} | urlquery | reReplaceAll "[+]" "%20" }}}}'
