"""The telemetry pipeline: what is refused, lost, late or not stored."""

from alertmanager.alert_model import Alert, RuleGroup, Severity
from settings.model import OBSERVABILITY, Settings
from signals import metrics as m
from signals import uids
from signals.links import dashboard

_PIPELINE = dashboard(uids.PIPELINE)
_WHERE = "{{ $labels.namespace }}"


def alerts(settings: Settings) -> RuleGroup:
    """Alerts for the platform team, whatever namespace the data is of."""

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
                _any_of(m.REFUSED_SPANS, m.REFUSED_POINTS, m.REFUSED_LOGS, by="namespace"),
                "10m",
                f"Collectors of {_WHERE} refuse data",
                "{{ $value | humanize }} items a second were refused: senders repeat them for a "
                "while, then they are lost.",
                namespace=_WHERE,
            ),
            alert(
                "CollectorDroppingData",
                _any_of(m.DROPPED_SPANS, m.DROPPED_POINTS, m.DROPPED_LOGS, by="namespace"),
                "5m",
                f"Collectors of {_WHERE} have no room in their queues",
                "{{ $value | humanize }} items a second found the queue full.",
                "critical",
                namespace=_WHERE,
            ),
            alert(
                "CollectorGivingUpData",
                _any_of(m.FAILED_SPANS, m.FAILED_POINTS, m.FAILED_LOGS, by="namespace"),
                "5m",
                f"Collectors of {_WHERE} lose data that a back end refuses",
                "{{ $value | humanize }} items a second were given up.",
                namespace=_WHERE,
            ),
            alert(
                "CollectorQueueNearlyFull",
                f"max by (namespace, exporter) ({m.QUEUE_SIZE} / {m.QUEUE_CAPACITY}) > 0.8",
                "10m",
                f"A queue of {_WHERE} to {{{{ $labels.exporter }}}} is nearly full",
                "{{ $value | humanizePercentage }} of its room are taken: the back end is away or "
                "too slow.",
                namespace=_WHERE,
            ),
            alert(
                "TailSamplingDroppingEarly",
                f"sum by (namespace) (rate({m.TRACES_DROPPED_EARLY}[5m])) > 0",
                "10m",
                f"The gateway of {_WHERE} has more traces than fit into its memory",
                "{{ $value | humanize }} traces a second were dropped before the decision, errors "
                "among them.",
                namespace=_WHERE,
            ),
            alert(
                "SamplesTooOld",
                f"sum by (pod) (rate({m.TOO_OLD_SAMPLES}[5m])) > 0",
                "15m",
                "Prometheus refuses samples that come too late",
                "{{ $value | humanize }} samples a second came after the out-of-order window.",
            ),
            alert(
                "RemoteWriteLagging",
                f"max by (tenant) ({m.REMOTE_WRITE_NEWEST}) - on (tenant) "
                f"min by (tenant) ({m.REMOTE_WRITE_SENT}) > 120",
                "15m",
                "Tempo's service graph reaches Prometheus late",
                "{{ $value | humanizeDuration }} behind.",
            ),
            alert(
                "LokiDiscardingLines",
                f"sum by (tenant, reason) (rate({m.LOKI_DISCARDED}[5m])) > 0",
                "15m",
                "Loki refuses lines of {{ $labels.tenant }}",
                "{{ $value | humanize }} lines a second: {{ $labels.reason }}.",
                namespace="{{ $labels.tenant }}",
            ),
            alert(
                "TempoDiscardingSpans",
                f"sum by (tenant, reason) (rate({m.TEMPO_DISCARDED}[5m])) > 0",
                "15m",
                "Tempo refuses spans of {{ $labels.tenant }}",
                "{{ $value | humanize }} spans a second: {{ $labels.reason }}.",
                namespace="{{ $labels.tenant }}",
            ),
            *(
                alert(
                    f"{name}RequestsFailing",
                    f'sum by (route) (rate({metric.count}{{status_code=~"5.."}}[5m])) / '
                    f"sum by (route) (rate({metric.count}[5m])) > 0.1",
                    "15m",
                    f"{name} fails requests to {{{{ $labels.route }}}}",
                    "{{ $value | humanizePercentage }} of them were answered with 500 or above.",
                )
                for name, metric in (("Loki", m.LOKI_REQUESTS), ("Tempo", m.TEMPO_REQUESTS))
            ),
            alert(
                "ThanosUploadsFailing",
                f"sum by (pod) (increase({m.SHIPPER_FAILURES}[3h])) > 0",
                "15m",
                "{{ $labels.pod }} cannot upload blocks of metrics",
                "{{ $value | humanize }} uploads failed in three hours. Blocks wait on the volume "
                "until its retention.",
                "critical",
            ),
            alert(
                "ThanosCompactorHalted",
                f"max({m.COMPACT_HALTED}) == 1",
                "5m",
                "The compactor has stopped for good",
                "{{ $value }} means halted: it found blocks that it must not touch. Nothing is "
                "deleted or downsampled meanwhile.",
            ),
            alert(
                "ThanosCompactorStale",
                f"sum(increase({m.COMPACT_ITERATIONS}[1d])) == 0",
                "1h",
                "The compactor has not finished a round in a day",
                "{{ $value }} rounds in 24 hours.",
            ),
            alert(
                "ObjectStorageFailing",
                f"sum by (pod, operation) (rate({m.OBJSTORE_FAILURES}[5m])) / "
                f"sum by (pod, operation) (rate({m.OBJSTORE_OPERATIONS}[5m])) > 0.05",
                "15m",
                "{{ $labels.pod }} fails to {{ $labels.operation }} in the bucket of metrics",
                "{{ $value | humanizePercentage }} of the requests failed.",
            ),
            alert(
                "LokiRetentionStale",
                f"time() - max({m.LOKI_RETENTION} > 0) > 24 * 3600",
                "1h",
                "Loki has not applied retention for a day",
                "The last time was {{ $value | humanizeDuration }} ago: logs are kept too long.",
            ),
            alert(
                "TempoFlushFailing",
                f"sum by (pod) (increase({m.TEMPO_FLUSH_FAILURES}[1h])) > 2",
                "5m",
                "{{ $labels.pod }} cannot write traces to the bucket",
                "{{ $value | humanize }} flushes failed in an hour.",
                "critical",
            ),
            alert(
                "NotificationsFailing",
                f"sum by (integration) (rate({m.NOTIFICATIONS_FAILED}[15m])) / "
                f"sum by (integration) (rate({m.NOTIFICATIONS}[15m])) > 0.1",
                "10m",
                "Alertmanager cannot notify by {{ $labels.integration }}",
                "{{ $value | humanizePercentage }} of its notifications failed.",
                "critical",
            ),
        ),
    )


def _any_of(*counters: m.Metric, by: str) -> str:
    """Items per second of several counters; one that never counted has no series."""
    pattern = "|".join(str(counter) for counter in counters)
    return f'sum by ({by}) (rate({{__name__=~"{pattern}"}}[5m])) > 0'
