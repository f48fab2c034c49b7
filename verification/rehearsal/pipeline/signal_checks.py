"""The promises of the pipeline for application telemetry, each checked on received data.

Each function takes what was read from the back ends, returns what it saw in a sentence, and raises
CheckFailedError with what is missing or wrong. None talks to a back end: each can be shown to fail
with doctored data (tests/verification/rehearsal/test_rehearsal_checks.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import sqrt

from settings.model import Settings
from signals.metrics import ENVIRONMENT, SERVICE
from verification.rehearsal.pipeline.app_traffic import Sent
from verification.rehearsal.pipeline.backend_queries import Exemplar, Span
from verification.rehearsal.pipeline.received_telemetry import Arrived
from verification.rehearsal.verdicts import CheckFailedError, expect, some

Check = Callable[[Arrived], str]

_SIGMAS = 5
"""A share of sampled traces farther from the settings' than this is no chance (1 in 3 million)."""


def must_be_kept(settings: Settings, sent: Sent) -> bool:
    """Whether the sampler may not drop the trace of a request.

    It looks at spans, which are a little shorter than what the caller measures: only what is meant
    to be slow counts as slow.
    """
    sampling = settings.sampling(sent.stage)
    return sent.failed or sent.kind == "slow" or sampling.sampling_percentage == 100


def traces_arrive_whole(arrived: Arrived) -> str:
    """Every trace that must be kept, or is, has a span of each service that took part; one root.

    Half a trace is worse than none.
    """
    kept = [
        request
        for request in arrived.sent
        if must_be_kept(arrived.settings, request)
        or arrived.traces[request.stage, request.trace_id]
    ]
    expect(bool(kept), "no trace was kept, and none had to be")
    missing = []
    for request in kept:
        spans = arrived.traces[request.stage, request.trace_id]
        absent = set(request.services) - {span.service for span in spans}
        if absent:
            missing.append(
                f"{request.kind} {request.trace_id} in {request.stage} without {some(absent)}"
            )
        elif torn := _orphans(spans):
            missing.append(f"{request.trace_id} in {request.stage}: no parent of {some(torn)}")
    expect(not missing, f"{len(missing)} of {len(kept)} traces: {some(missing)}")
    crossing = [request for request in kept if len(request.services) == len(arrived.services) > 1]
    return f"{len(kept)} traces, {len(crossing)} of them across {len(arrived.services)} services"


def _orphans(spans: Sequence[Span]) -> list[str]:
    """Spans whose parent is in no service; the first span's parent is the sender of traffic."""
    known = {span.span_id for span in spans}
    outside = [span for span in spans if span.parent_id and span.parent_id not in known]
    return [span.name for span in outside] if len(outside) > 1 else []


def traces_stay_in_their_namespace(arrived: Arrived) -> str:
    """No tenant has a trace of another one."""
    strays = [
        f"{request.trace_id} of {request.stage} in {tenant}"
        for request in arrived.sent
        for tenant in arrived.settings.stages
        if tenant != request.stage and arrived.traces[tenant, request.trace_id]
    ]
    expect(not strays, f"{len(strays)} traces in a wrong tenant: {some(strays)}")
    tenants = len(arrived.settings.stages)
    return f"{len(arrived.sent)} traces looked for in {tenants} tenants"


def spans_say_where_they_come_from(arrived: Arrived) -> str:
    """Each span has the resource attributes that the gateway enforces, and the service's name."""
    seen, wrong = 0, []
    for (tenant, _), spans in arrived.traces.items():
        for span in spans:
            seen += 1
            wrong += [
                f"{span.service} in {tenant}: {problem}"
                for problem in _wrong_identity(arrived, tenant, span.resource)
            ]
    expect(seen > 0, "no span arrived")
    expect(not wrong, f"{len(wrong)} attributes: {some(set(wrong))}")
    return f"{seen} spans"


def _wrong_identity(arrived: Arrived, tenant: str, resource: Mapping[str, object]) -> Iterator[str]:
    expected = {
        ENVIRONMENT: (tenant,),
        "k8s_namespace_name": (tenant,),
        "k8s_cluster_name": (arrived.settings.prefix,),
        SERVICE: arrived.services,
    }
    for label, allowed in expected.items():
        # OpenTelemetry's dots, Prometheus' and Loki's underscores.
        name = _ATTRIBUTES[label]
        value = resource.get(name, resource.get(label))
        if value not in allowed:
            yield f"{name} is {value!r}, expected {' or '.join(allowed)}"


_ATTRIBUTES = {
    ENVIRONMENT: "deployment.environment.name",
    "k8s_namespace_name": "k8s.namespace.name",
    "k8s_cluster_name": "k8s.cluster.name",
    SERVICE: "service.name",
}


def sampling_keeps_errors_and_slow_ones(arrived: Arrived) -> str:
    """Every failed and every slow request has a trace with its error or its duration."""
    requests = [request for request in arrived.sent if request.failed or request.kind == "slow"]
    expect(bool(requests), "no request failed or was slow")
    dropped = []
    for request in requests:
        spans = arrived.traces[request.stage, request.trace_id]
        bound = _slow_seconds(arrived.settings, request.stage)
        if request.failed and not any(span.error for span in spans):
            dropped.append(f"error {request.trace_id} in {request.stage}")
        if request.kind == "slow" and not any(span.seconds >= bound for span in spans):
            dropped.append(f"slow {request.trace_id} in {request.stage}")
    expect(not dropped, f"{len(dropped)} of {len(requests)} are gone: {some(dropped)}")
    failed = sum(request.failed for request in requests)
    return f"{failed} failed and {len(requests) - failed} slow requests, all with a trace"


def _slow_seconds(settings: Settings, stage: str) -> float:
    return settings.sampling(stage).slow_trace_ms / 1000


def sampling_keeps_its_share_of_the_rest(arrived: Arrived) -> str:
    """Of ordinary requests as many traces are kept as the settings say."""
    said = []
    for stage in arrived.stages:
        sampling = arrived.settings.sampling(stage)
        share = sampling.sampling_percentage / 100
        rest = [
            request for request in arrived.of_stage(stage) if request.kind in ("list", "create")
        ]
        kept = sum(bool(arrived.traces[stage, request.trace_id]) for request in rest)
        allowed = _SIGMAS * sqrt(len(rest) * share * (1 - share))
        expect(
            abs(kept - len(rest) * share) <= allowed,
            f"{stage}: {kept} of {len(rest)} ordinary traces were kept, "
            f"expected {sampling.sampling_percentage:g} %",
        )
        said.append(f"{stage} {kept} of {len(rest)} at {sampling.sampling_percentage:g} %")
    return "; ".join(said)


def logs_carry_the_trace_id(arrived: Arrived) -> str:
    """Every service that took part in a request wrote a line with the request's trace id.

    Logs are not sampled, so this holds for every request, and in its tenant.
    """
    with_trace = {
        key: {line.trace_id for line in lines if line.trace_id}
        for key, lines in arrived.logs.items()
    }
    missing = [
        f"{service} in {request.stage} for {request.trace_id} ({request.kind})"
        for request in arrived.sent
        for service in request.services
        if request.trace_id not in with_trace[request.stage, service]
    ]
    asked = sum(len(request.services) for request in arrived.sent)
    expect(asked > 0, "nothing was sent")
    expect(not missing, f"{len(missing)} of {asked} lines are missing: {some(missing)}")
    return f"{asked} requests of services, each with a line of its trace"


def logs_stay_in_their_namespace(arrived: Arrived) -> str:
    """A tenant has only lines of requests of its own, with its own name in the resource."""
    owner = {request.trace_id: request.stage for request in arrived.sent}
    wrong, seen = [], 0
    for (tenant, service), lines in arrived.logs.items():
        for line in lines:
            seen += 1
            if owner.get(line.trace_id, tenant) != tenant:
                wrong.append(f"a line of {owner[line.trace_id]} in {tenant} ({service})")
            wrong += [
                f"{service}: {problem}"
                for problem in _wrong_identity(arrived, tenant, line.resource)
            ]
    expect(seen > 0, "no line arrived")
    expect(not wrong, f"{len(wrong)} lines: {some(set(wrong))}")
    return f"{seen} lines"


def own_metrics_arrive(arrived: Arrived) -> str:
    """The custom counter of each application counts exactly the orders that were created."""
    return _same_counts("orders", arrived.expected("create"), arrived.created)


def every_request_is_counted(arrived: Arrived) -> str:
    """The metrics made of spans count every request, also those whose trace was not kept."""
    return _same_counts("requests", arrived.expected(), arrived.calls)


def _same_counts(
    items: str, expected: Mapping[tuple[str, str], int], counted: Mapping[tuple[str, str], float]
) -> str:
    expect(bool(expected), f"no {items} were sent")
    wrong = [
        f"{service} in {stage}: {counted.get((stage, service), 0):g} of {number}"
        for (stage, service), number in expected.items()
        if counted.get((stage, service), 0) != number
    ]
    strays = [f"{service} in {stage!r}" for stage, service in set(counted) - set(expected)]
    expect(not wrong, f"{items} counted otherwise than sent: {some(wrong)}")
    expect(not strays, f"{items} of somebody who sent none: {some(strays)}")
    return f"{sum(expected.values())} {items} of {len(expected)} services, counted one by one"


def metrics_stay_in_their_namespace(arrived: Arrived) -> str:
    """Every series of an application names a stage in which it runs, and this cluster."""
    wrong = []
    for series in arrived.series:
        name, stage = series.get("__name__", ""), series.get(ENVIRONMENT, "")
        if stage not in arrived.stages:
            wrong.append(f"{name} in {stage!r}")
        elif not _is_made_by_rules(name):
            wrong += [f"{name}: {problem}" for problem in _wrong_identity(arrived, stage, series)]
    expect(bool(arrived.series), "no series arrived")
    expect(not wrong, f"{len(wrong)} series: {some(set(wrong))}")
    return f"{len(arrived.series)} series"


def _is_made_by_rules(name: str) -> bool:
    # They keep the stage and the service only.
    return ":" in name or name.startswith("ALERTS")


def exemplars_point_to_traces(arrived: Arrived) -> str:
    """An exemplar of a request whose trace is kept leads to it.

    Exemplars are made before sampling, so one of an ordinary request may have no trace (ADR 0016).
    """
    sent = {request.trace_id: request for request in arrived.sent}
    asked, missing = 0, []
    for exemplar in arrived.exemplars:
        origin = sent.get(exemplar.trace_id)
        if origin is None or not must_be_kept(arrived.settings, origin):
            continue
        asked += 1
        stage = exemplar.series.get(ENVIRONMENT, "")
        if not arrived.exemplar_traces.get((stage, exemplar.trace_id)):
            missing.append(f"{_of(exemplar)} -> {exemplar.trace_id}")
    expect(asked > 0, f"{len(arrived.exemplars)} exemplars, none of a request whose trace is kept")
    expect(not missing, f"{len(missing)} of {asked} lead nowhere: {some(missing)}")
    silent = {(stage, service) for stage in arrived.stages for service in arrived.services} - {
        (exemplar.series.get(ENVIRONMENT, ""), exemplar.series.get(SERVICE, ""))
        for exemplar in arrived.exemplars
    }
    if silent:
        raise CheckFailedError(f"no exemplar of {some(' in '.join(s[::-1]) for s in silent)}")
    return f"{asked} exemplars, each with its trace"


def _of(exemplar: Exemplar) -> str:
    return f"{exemplar.series.get(SERVICE)} in {exemplar.series.get(ENVIRONMENT)}"


CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("traces", "arrive whole, across the services", traces_arrive_whole),
    ("traces", "are in their namespace's tenant only", traces_stay_in_their_namespace),
    ("traces", "have the enforced resource attributes", spans_say_where_they_come_from),
    ("traces", "sampling keeps all errors and slow ones", sampling_keeps_errors_and_slow_ones),
    ("traces", "sampling keeps its share of the rest", sampling_keeps_its_share_of_the_rest),
    ("logs", "arrive with the trace id", logs_carry_the_trace_id),
    ("logs", "are in their namespace's tenant only", logs_stay_in_their_namespace),
    ("metrics", "of the applications arrive, exactly", own_metrics_arrive),
    ("metrics", "from spans count every request", every_request_is_counted),
    ("metrics", "are in their namespace only", metrics_stay_in_their_namespace),
    ("metrics", "exemplars point to traces that exist", exemplars_point_to_traces),
)
"""Group, name and function."""
