"""The telemetry pipeline: telemetry that is refused, lost, late or not stored."""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from settings.model import OBSERVABILITY, Settings
from signals import metrics as m
from signals import platform_jobs as jobs
from signals import uids
from signals.links import dashboard
from signals.platform_jobs import selector

_PIPELINE = dashboard(uids.PIPELINE)
_SET_ASIDE = 'storage_set_aside!~"|none"'
_WHERE = "{{ $labels.namespace }}"
SERVER_ERROR = 'status_code=~"5.."'


def alerts(settings: Settings) -> RuleGroup:
    """Alerts for the platform team, whatever namespace the data is of."""
    everywhere = "|".join((*settings.stages, OBSERVABILITY))

    def collector(series: object, *matchers: str) -> str:
        return selector(series, jobs.COLLECTORS, *matchers, namespace=everywhere)

    def any_of(*counters: m.Metric) -> str:
        """Items per second of several counters; one that never counted has no series."""
        names = "|".join(str(counter) for counter in counters)
        counted = collector("", f'__name__=~"{names}"')
        return f"sum by (namespace) (rate({counted}[5m])) > 0"

    dropped_early = selector(
        m.TRACES_DROPPED_EARLY, jobs.GATEWAYS, namespace="|".join(settings.stages)
    )
    lines, spans = selector(m.LOKI_DISCARDED, jobs.LOKI), selector(m.TEMPO_DISCARDED, jobs.TEMPO)
    uploads = selector(m.SHIPPER_FAILURES, jobs.EVERY_SIDECAR, namespace=everywhere)
    too_old = selector(m.TOO_OLD_SAMPLES, jobs.EVERY_PROMETHEUS, namespace=everywhere)
    rounds = selector(m.COMPACT_ITERATIONS, jobs.THANOS_COMPACTOR)

    def alert(
        name: str,
        expr: str,
        for_: str,
        summary: str,
        description: str,
        severity: Severity = "warning",
        namespace: str = OBSERVABILITY,
    ) -> Alert:
        return Alert(
            name=name,
            expr=expr,
            for_=for_,
            severity=severity,
            namespace=namespace,
            owner=settings.owner(OBSERVABILITY),
            summary=summary,
            description=description,
            dashboard=_PIPELINE,
        )

    return RuleGroup(
        name="pipeline",
        rules=(
            alert(
                "CollectorRefusingData",
                any_of(m.REFUSED_SPANS, m.REFUSED_POINTS, m.REFUSED_LOGS),
                "10m",
                f"Collectors of {_WHERE} refuse data",
                "{{ $value | humanize }} items a second were refused. Senders retry for a while, "
                "then the items are lost.",
                namespace=_WHERE,
            ),
            alert(
                "CollectorDroppingData",
                any_of(m.DROPPED_SPANS, m.DROPPED_POINTS, m.DROPPED_LOGS),
                "5m",
                f"Queues of the collectors of {_WHERE} are full",
                "{{ $value | humanize }} items a second did not fit into a queue.",
                "critical",
                namespace=_WHERE,
            ),
            alert(
                "CollectorGivingUpData",
                any_of(m.FAILED_SPANS, m.FAILED_POINTS, m.FAILED_LOGS),
                "5m",
                f"Collectors of {_WHERE} lose data that a back end refuses",
                "{{ $value | humanize }} items a second were dropped.",
                "critical",
                namespace=_WHERE,
            ),
            alert(
                "CollectorQueueNearlyFull",
                f"max by (namespace, exporter) ({collector(m.QUEUE_SIZE)} / "
                f"({collector(m.QUEUE_CAPACITY)} > 0)) > 0.8",
                "10m",
                f"A queue of {_WHERE} to {{{{ $labels.exporter }}}} is nearly full",
                "{{ $value | humanizePercentage }} of its capacity is used: the back end is down "
                "or too slow.",
                namespace=_WHERE,
            ),
            alert(
                "CollectorStorageDamaged",
                "count by (namespace, pod, storage_set_aside) "
                f"({collector(m.COLLECTOR_MEMORY, _SET_ASIDE)}) > 0",
                "1m",
                f"{{{{ $labels.pod }}}} of {_WHERE} has moved damaged storage aside",
                "{{ $value }} collector could not read {{ $labels.storage_set_aside }}. The data "
                "of a queue is lost; log files of a checkpoint are read again.",
                namespace=_WHERE,
            ),
            alert(
                "TailSamplingDroppingEarly",
                f"sum by (namespace) (rate({dropped_early}[5m])) > 0",
                "10m",
                f"The gateway of {_WHERE} receives more traces than it can hold",
                "{{ $value | humanize }} traces a second were dropped before the sampling "
                "decision, also traces with errors.",
                "critical",
                namespace=_WHERE,
            ),
            alert(
                "SamplesTooOld",
                f"sum by (namespace, pod) (rate({too_old}[5m])) > 0",
                "15m",
                f"The Prometheus of {_WHERE} refuses samples that arrive too late",
                "{{ $value | humanize }} samples a second arrived after the out-of-order window.",
                namespace=_WHERE,
            ),
            alert(
                "RemoteWriteLagging",
                f"max by (tenant) ({selector(m.REMOTE_WRITE_NEWEST, jobs.TEMPO)}) - on (tenant) "
                f"min by (tenant) ({selector(m.REMOTE_WRITE_SENT, jobs.TEMPO)}) > 120",
                "15m",
                "Tempo's service graph reaches Prometheus late",
                "It is {{ $value | humanizeDuration }} late.",
            ),
            alert(
                "LokiDiscardingLines",
                f"sum by (tenant, reason) (rate({lines}[5m])) > 0",
                "15m",
                "Loki refuses lines of {{ $labels.tenant }}",
                "{{ $value | humanize }} lines a second are refused: {{ $labels.reason }}.",
                namespace="{{ $labels.tenant }}",
            ),
            alert(
                "TempoDiscardingSpans",
                f"sum by (tenant, reason) (rate({spans}[5m])) > 0",
                "15m",
                "Tempo refuses spans of {{ $labels.tenant }}",
                "{{ $value | humanize }} spans a second are refused: {{ $labels.reason }}.",
                namespace="{{ $labels.tenant }}",
            ),
            *(
                alert(
                    f"{name}RequestsFailing",
                    "sum by (route) "
                    f"(rate({selector(metric.count, target, SERVER_ERROR)}[5m])) / "
                    f"(sum by (route) (rate({selector(metric.count, target)}[5m])) > 0) > 0.1",
                    "15m",
                    f"{name} fails requests to {{{{ $labels.route }}}}",
                    "{{ $value | humanizePercentage }} of the requests failed with 500 or above.",
                )
                for name, metric, target in (
                    ("Loki", m.LOKI_REQUESTS, jobs.LOKI),
                    ("Tempo", m.TEMPO_REQUESTS, jobs.TEMPO),
                )
            ),
            alert(
                "ThanosUploadsFailing",
                f"sum by (namespace, pod) (increase({uploads}[3h])) > 0",
                "15m",
                f"{{{{ $labels.pod }}}} of {_WHERE} cannot upload blocks of metrics",
                "{{ $value | humanize }} uploads failed in three hours. Blocks stay on the volume "
                "until the end of its retention.",
                "critical",
                namespace=_WHERE,
            ),
            alert(
                "ThanosCompactorHalted",
                f"max({selector(m.COMPACT_HALTED, jobs.THANOS_COMPACTOR)}) == 1",
                "5m",
                "The compactor of Thanos has halted",
                "It found blocks that it must not change (value {{ $value }}). It deletes and "
                "downsamples nothing until you fix this.",
            ),
            alert(
                "ThanosCompactorStale",
                f"sum(increase({rounds}[1d])) == 0",
                "1h",
                "The compactor of Thanos has not finished a run for a day",
                "It finished {{ $value }} runs in 24 hours.",
            ),
            alert(
                "ObjectStorageFailing",
                "sum by (pod, operation) "
                f"(rate({selector(m.OBJSTORE_FAILURES, jobs.THANOS)}[5m])) / "
                "(sum by (pod, operation) "
                f"(rate({selector(m.OBJSTORE_OPERATIONS, jobs.THANOS)}[5m])) > 0) > 0.05",
                "15m",
                "{{ $labels.pod }} fails to {{ $labels.operation }} in the bucket of metrics",
                "{{ $value | humanizePercentage }} of the requests failed.",
            ),
            alert(
                "LokiRetentionStale",
                f"time() - max({selector(m.LOKI_RETENTION, jobs.LOKI)} > 0) > 24 * 3600",
                "1h",
                "Loki has not applied retention for a day",
                "The last run was {{ $value | humanizeDuration }} ago: logs are kept too long.",
            ),
            alert(
                "TempoFlushFailing",
                f"sum by (pod) (increase({selector(m.TEMPO_FLUSH_FAILURES, jobs.TEMPO)}[1h])) > 2",
                "5m",
                "{{ $labels.pod }} cannot write traces to the bucket",
                "{{ $value | humanize }} flushes failed in an hour.",
                "critical",
            ),
            alert(
                "NotificationsFailing",
                "sum by (integration) "
                f"(rate({selector(m.NOTIFICATIONS_FAILED, jobs.ALERTMANAGER)}[15m])) / "
                "(sum by (integration) "
                f"(rate({selector(m.NOTIFICATIONS, jobs.ALERTMANAGER)}[15m])) > 0) > 0.1",
                "10m",
                "Alertmanager cannot notify by {{ $labels.integration }}",
                "{{ $value | humanizePercentage }} of its notifications failed.",
                "critical",
            ),
        ),
    )
