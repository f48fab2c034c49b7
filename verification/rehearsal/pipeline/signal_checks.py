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


def traces_arrive_whole(found: Arrived) -> str:
    """Every trace that must be kept, or is, has a span of each service that took part; one root.

    Half a trace is worse than none.
    """
    kept = [
        one
        for one in found.sent
        if must_be_kept(found.settings, one) or found.traces[one.stage, one.trace_id]
    ]
    expect(bool(kept), "no trace was kept, and none had to be")
    missing = []
    for one in kept:
        spans = found.traces[one.stage, one.trace_id]
        absent = set(one.services) - {span.service for span in spans}
        if absent:
            missing.append(f"{one.kind} {one.trace_id} in {one.stage} without {some(absent)}")
        elif torn := _orphans(spans):
            missing.append(f"{one.trace_id} in {one.stage}: no parent of {some(torn)}")
    expect(not missing, f"{len(missing)} of {len(kept)} traces: {some(missing)}")
    crossing = [one for one in kept if len(one.services) == len(found.services) > 1]
    return f"{len(kept)} traces, {len(crossing)} of them across {len(found.services)} services"


def _orphans(spans: Sequence[Span]) -> list[str]:
    """Spans whose parent is in no service; the first span's parent is the sender of traffic."""
    known = {span.span_id for span in spans}
    outside = [span for span in spans if span.parent_id and span.parent_id not in known]
    return [span.name for span in outside] if len(outside) > 1 else []


def traces_stay_in_their_namespace(found: Arrived) -> str:
    """No tenant has a trace of another one."""
    strays = [
        f"{one.trace_id} of {one.stage} in {tenant}"
        for one in found.sent
        for tenant in found.settings.stages
        if tenant != one.stage and found.traces[tenant, one.trace_id]
    ]
    expect(not strays, f"{len(strays)} traces in a wrong tenant: {some(strays)}")
    tenants = len(found.settings.stages)
    return f"{len(found.sent)} traces looked for in {tenants} tenants"


def spans_say_where_they_come_from(found: Arrived) -> str:
    """Each span has the resource attributes that the gateway enforces, and the service's name."""
    seen, wrong = 0, []
    for (tenant, _), spans in found.traces.items():
        for span in spans:
            seen += 1
            wrong += [
                f"{span.service} in {tenant}: {problem}"
                for problem in _wrong_identity(found, tenant, span.resource)
            ]
    expect(seen > 0, "no span arrived")
    expect(not wrong, f"{len(wrong)} attributes: {some(set(wrong))}")
    return f"{seen} spans"


def _wrong_identity(found: Arrived, tenant: str, resource: Mapping[str, object]) -> Iterator[str]:
    expected = {
        ENVIRONMENT: (tenant,),
        "k8s_namespace_name": (tenant,),
        "k8s_cluster_name": (found.settings.prefix,),
        SERVICE: found.services,
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


def sampling_keeps_errors_and_slow_ones(found: Arrived) -> str:
    """Every failed and every slow request has a trace with its error or its duration."""
    wanted = [one for one in found.sent if one.failed or one.kind == "slow"]
    expect(bool(wanted), "no request failed or was slow")
    dropped = []
    for one in wanted:
        spans = found.traces[one.stage, one.trace_id]
        bound = _slow_seconds(found.settings, one.stage)
        if one.failed and not any(span.error for span in spans):
            dropped.append(f"error {one.trace_id} in {one.stage}")
        if one.kind == "slow" and not any(span.seconds >= bound for span in spans):
            dropped.append(f"slow {one.trace_id} in {one.stage}")
    expect(not dropped, f"{len(dropped)} of {len(wanted)} are gone: {some(dropped)}")
    failed = sum(one.failed for one in wanted)
    return f"{failed} failed and {len(wanted) - failed} slow requests, all with a trace"


def _slow_seconds(settings: Settings, stage: str) -> float:
    return settings.sampling(stage).slow_trace_ms / 1000


def sampling_keeps_its_share_of_the_rest(found: Arrived) -> str:
    """Of ordinary requests as many traces are kept as the settings say."""
    said = []
    for stage in found.stages:
        sampling = found.settings.sampling(stage)
        share = sampling.sampling_percentage / 100
        rest = [one for one in found.of_stage(stage) if one.kind in ("list", "create")]
        kept = sum(bool(found.traces[stage, one.trace_id]) for one in rest)
        allowed = _SIGMAS * sqrt(len(rest) * share * (1 - share))
        expect(
            abs(kept - len(rest) * share) <= allowed,
            f"{stage}: {kept} of {len(rest)} ordinary traces were kept, "
            f"expected {sampling.sampling_percentage:g} %",
        )
        said.append(f"{stage} {kept} of {len(rest)} at {sampling.sampling_percentage:g} %")
    return "; ".join(said)


def logs_carry_the_trace_id(found: Arrived) -> str:
    """Every service that took part in a request wrote a line with the request's trace id.

    Logs are not sampled, so this holds for every request, and in its tenant.
    """
    with_trace = {
        key: {line.trace_id for line in lines if line.trace_id} for key, lines in found.logs.items()
    }
    missing = [
        f"{service} in {one.stage} for {one.trace_id} ({one.kind})"
        for one in found.sent
        for service in one.services
        if one.trace_id not in with_trace[one.stage, service]
    ]
    asked = sum(len(one.services) for one in found.sent)
    expect(asked > 0, "nothing was sent")
    expect(not missing, f"{len(missing)} of {asked} lines are missing: {some(missing)}")
    return f"{asked} requests of services, each with a line of its trace"


def logs_stay_in_their_namespace(found: Arrived) -> str:
    """A tenant has only lines of requests of its own, with its own name in the resource."""
    owner = {one.trace_id: one.stage for one in found.sent}
    wrong, seen = [], 0
    for (tenant, service), lines in found.logs.items():
        for line in lines:
            seen += 1
            if owner.get(line.trace_id, tenant) != tenant:
                wrong.append(f"a line of {owner[line.trace_id]} in {tenant} ({service})")
            wrong += [f"{service}: {one}" for one in _wrong_identity(found, tenant, line.resource)]
    expect(seen > 0, "no line arrived")
    expect(not wrong, f"{len(wrong)} lines: {some(set(wrong))}")
    return f"{seen} lines"


def own_metrics_arrive(found: Arrived) -> str:
    """The custom counter of each application counts exactly the orders that were created."""
    return _same_counts("orders", found.expected("create"), found.created)


def every_request_is_counted(found: Arrived) -> str:
    """The metrics made of spans count every request, also those whose trace was not kept."""
    return _same_counts("requests", found.expected(), found.calls)


def _same_counts(
    what: str, expected: Mapping[tuple[str, str], int], counted: Mapping[tuple[str, str], float]
) -> str:
    expect(bool(expected), f"no {what} were sent")
    wrong = [
        f"{service} in {stage}: {counted.get((stage, service), 0):g} of {number}"
        for (stage, service), number in expected.items()
        if counted.get((stage, service), 0) != number
    ]
    strays = [f"{service} in {stage!r}" for stage, service in set(counted) - set(expected)]
    expect(not wrong, f"{what} counted otherwise than sent: {some(wrong)}")
    expect(not strays, f"{what} of somebody who sent none: {some(strays)}")
    return f"{sum(expected.values())} {what} of {len(expected)} services, counted one by one"


def metrics_stay_in_their_namespace(found: Arrived) -> str:
    """Every series of an application names a stage in which it runs, and this cluster."""
    wrong = []
    for series in found.series:
        name, stage = series.get("__name__", ""), series.get(ENVIRONMENT, "")
        if stage not in found.stages:
            wrong.append(f"{name} in {stage!r}")
        elif not _is_made_by_rules(name):
            wrong += [f"{name}: {one}" for one in _wrong_identity(found, stage, series)]
    expect(bool(found.series), "no series arrived")
    expect(not wrong, f"{len(wrong)} series: {some(set(wrong))}")
    return f"{len(found.series)} series"


def _is_made_by_rules(name: str) -> bool:
    # They keep the stage and the service only.
    return ":" in name or name.startswith("ALERTS")


def exemplars_point_to_traces(found: Arrived) -> str:
    """An exemplar of a request whose trace is kept leads to it.

    Exemplars are made before sampling, so one of an ordinary request may have no trace (ADR 0016).
    """
    sent = {one.trace_id: one for one in found.sent}
    asked, missing = 0, []
    for one in found.exemplars:
        origin = sent.get(one.trace_id)
        if origin is None or not must_be_kept(found.settings, origin):
            continue
        asked += 1
        stage = one.series.get(ENVIRONMENT, "")
        if not found.exemplar_traces.get((stage, one.trace_id)):
            missing.append(f"{_of(one)} -> {one.trace_id}")
    expect(asked > 0, f"{len(found.exemplars)} exemplars, none of a request whose trace is kept")
    expect(not missing, f"{len(missing)} of {asked} lead nowhere: {some(missing)}")
    silent = {(stage, service) for stage in found.stages for service in found.services} - {
        (one.series.get(ENVIRONMENT, ""), one.series.get(SERVICE, "")) for one in found.exemplars
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
