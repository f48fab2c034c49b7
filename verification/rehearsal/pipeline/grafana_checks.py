"""Whether a Grafana that was started here has the stack's dashboards and datasources."""

import base64
from typing import Any

from signals.uids import LOKI_UID, PROMETHEUS_UID, TEMPO_UID
from verification.dashboards.panel_checks import uids
from verification.rehearsal.pipeline.backend_queries import get_json
from verification.rehearsal.pipeline.local_pipeline import Pipeline
from verification.rehearsal.pipeline.optional_programs import ADMIN
from verification.rehearsal.prometheus_api import QueryError
from verification.rehearsal.verdicts import NotCheckedError, expect, some


def grafana_has_everything(pipeline: Pipeline) -> str:
    """Every dashboard and datasource is there under the uid that links use.

    Raises:
        NotCheckedError: no Grafana runs.
    """
    if pipeline.grafana is None:
        raise NotCheckedError("Grafana is not on the PATH")
    url = pipeline.grafana.url
    expected = uids(pipeline.stack)
    missing = sorted(uid for uid in expected if not _is_there(f"{url}/api/dashboards/uid/{uid}"))
    expect(not missing, f"dashboards that Grafana does not have: {some(missing)}")
    for uid in (PROMETHEUS_UID, LOKI_UID, TEMPO_UID):
        expect(_is_there(f"{url}/api/datasources/uid/{uid}"), f"Grafana has no datasource {uid}")
    return f"{len(expected)} dashboards, 3 datasources"


def _is_there(url: str) -> bool:
    login = base64.b64encode(":".join(ADMIN).encode()).decode()
    try:
        answer: Any = get_json(url, {}, {"Authorization": f"Basic {login}"})
    except QueryError as error:
        if " answered 404" in str(error):
            return False
        raise
    return bool(answer)
