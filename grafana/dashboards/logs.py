"""Log lines of one service: full-text search, with links to their traces."""

from grafana import variables
from grafana.board import SERVICES_FOLDER, DashboardFile, Section, board, text
from grafana.panels import log_lines, log_volume
from signals.metrics import ENVIRONMENT, SERVICE
from signals.uids import LOGS

_STREAM = f'{{{ENVIRONMENT}="$namespace", {SERVICE}="$service"}}'
_FOUND = f"{_STREAM} |~ `(?i)$search`"


def dashboard() -> DashboardFile:
    """Dashboard `Logs explorer`."""
    return board(
        LOGS,
        "Logs explorer",
        "Lines of a service that match the search (a regular expression, not case-sensitive). A "
        "line with a trace id links to its trace.",
        folder=SERVICES_FOLDER,
        tags=["logs"],
        variables=[variables.stage(), variables.service(), text("search", "Search")],
        sections=[
            Section(
                title="How many",
                panels=[
                    log_volume(
                        "Lines by level",
                        "Matching lines per second. A jump shows when the problem began.",
                        "short",
                        f"sum by (detected_level) (rate({_FOUND} [$__auto]))",
                        "{{detected_level}}",
                        width=12,
                    ),
                    log_volume(
                        "Bytes by container",
                        "Bytes per second of all lines of the service, which determine their cost.",
                        "Bps",
                        f"sum by (k8s_container_name) (bytes_rate({_STREAM} [$__auto]))",
                        "{{k8s_container_name}}",
                        width=12,
                    ),
                ],
            ),
            Section(
                title="Lines",
                panels=[
                    log_lines(
                        "Errors with a trace",
                        "Errors that belong to a request: open the trace to see their cause.",
                        f'{_FOUND} | detected_level=~"error|fatal" | trace_id!=""',
                        height=8,
                    ),
                    log_lines("All lines", "Newest first; details of a line show its pod.", _FOUND),
                ],
            ),
        ],
    )
