"""The bill: against amounts worked out by hand, from settings, stacks and workloads."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sample_stacks import sample_foundation
from settings_files import REAL_ENVIRONMENTS, TODAY, real_settings

from blueprint.backend_sizes import BACKENDS
from blueprint.sizes import METRICS
from blueprint.stack_names import STACKS
from cost import inventory
from cost.alternatives import alternatives
from cost.bill import COMPONENTS, Bill, Line, bill, instance, stored_gb
from cost.estimate import checked_inventory, read_stacks
from cost.flows import flows, gateways, hpa_target, kept_share
from cost.measured import FILE as MEASURED
from cost.measured import MeasuredLoad, PerCore, load_measured
from cost.prices import load_prices
from cost.sensitivity import changes, scenarios, with_namespace, with_sampling
from cost.workload import Workload, load_workload, workload_path
from settings.load import SettingsError, environment_names, load_environment
from synthesis.foundation import Foundation

PRICES = load_prices("us-east-1")
SETTINGS = {name: load_environment(name, TODAY) for name in environment_names()}

ONE_SERVICE = Workload.model_validate(
    {
        "description": "one service of which everything can be worked out by hand",
        "namespaces": {
            "prd": {
                "services": 1,
                "requests_per_second": 100,
                "spans_per_request": 10,
                "span_bytes": 500,
                "kept_anyway_percent": 2,
                "log_lines_per_second": 1000,
                "log_line_bytes": 250,
                "active_series": 30_000,
                "application_cpu": 1,
                "application_memory_gib": 4,
            }
        },
        "assumptions": {"overhead_series": 0},
    }
)


def stacks(environment: str) -> dict[str, Any]:
    return copy.deepcopy(sample_foundation().configs[environment])


def bill_of(environment: str, workload: Workload = ONE_SERVICE, **more: Any) -> Bill:
    return bill(SETTINGS[environment], workload, PRICES, **more)


def line(costs: Bill, component: str, item: str) -> Line:
    (entry,) = (
        entry for entry in costs.lines if entry.component == component and entry.item == item
    )
    return entry


# --- What the stacks make -------------------------------------------------------------------------


@pytest.mark.parametrize("environment", REAL_ENVIRONMENTS)
def test_what_is_read_of_the_stacks_is_what_is_planned_from_the_settings(environment: str) -> None:
    settings = real_settings(environment)
    reviewed = Foundation.load(environments=[environment]).configs[environment]
    resources = inventory.read(reviewed, settings)
    assert resources.differences(inventory.plan(settings)) == []


def test_the_stacks_are_counted() -> None:
    resources = inventory.read(stacks("prd"), SETTINGS["prd"])
    assert (resources.nat_gateways, resources.interface_endpoints, resources.kms_keys) == (3, 12, 4)
    assert inventory.observability_nodes(resources) == 3
    # Prometheus 10 + 3 x 25, Alertmanager 2 x 2, Grafana 10, Loki 3 x 20, Tempo 30, Thanos 90 + 10.
    assert resources.volume_gib == 289
    assert dict(resources.bucket_days)["logs/prd"] == 93


@pytest.mark.parametrize(
    ("stack", "type_", "field"),
    [
        ("network", "aws_nat_gateway", "nat_gateways"),
        ("network", "aws_vpc_endpoint", "interface_endpoints"),
        ("storage", "aws_kms_key", "kms_keys"),
        ("cluster", "aws_eks_node_group", "nodes"),
        ("observability", "helm_release", "volumes"),
        ("storage", "aws_s3_bucket_lifecycle_configuration", "bucket_days"),
    ],
)
def test_stacks_of_other_settings_are_refused(stack: str, type_: str, field: str) -> None:
    changed = stacks("prd")
    del changed[stack]["resource"][type_]
    with pytest.raises(SettingsError, match=rf"differ in .*{field}"):
        checked_inventory(changed, SETTINGS["prd"])


def test_stacks_that_are_not_all_there_are_not_read(tmp_path: Path) -> None:
    assert read_stacks(tmp_path) is None
    for name in STACKS:
        folder = tmp_path / "stacks" / name
        folder.mkdir(parents=True)
        assert read_stacks(tmp_path) is None
        (folder / "cdk.tf.json").write_text(json.dumps({"name": name}))
    configs = read_stacks(tmp_path)
    assert configs is not None
    assert configs["storage"] == {"name": "storage"}


def test_volumes_of_the_largest_size_are_found_in_its_other_charts() -> None:
    settings = SETTINGS["prd"].model_copy(update={"size": "large"})
    sizes, metrics = BACKENDS["large"], METRICS["large"]
    parts = [*sizes.loki.parts.values(), *sizes.tempo.parts.values()]
    expected = (
        sum((part.volume_gib or 0) * part.replicas for part in parts)
        + metrics.prometheus.volume_gib * metrics.prometheus.replicas
        + metrics.stage_prometheus.volume_gib * metrics.stage_prometheus.replicas * 3
        + metrics.grafana_volume_gib
        + metrics.thanos.store_volume_gib * metrics.thanos.store_replicas
        + metrics.thanos.compactor_volume_gib
        + 2 * metrics.alertmanager_replicas
    )
    assert inventory.plan(settings).volume_gib == expected


@pytest.mark.parametrize("environment", SETTINGS)
def test_volumes_depend_on_size_and_stages_alone(environment: str) -> None:
    settings = SETTINGS[environment]
    for name, change in changes(settings):
        changed = change(settings)
        if changed.size == settings.size:
            volumes = tuple(sorted(inventory.planned_volumes(changed)))
            assert volumes == inventory.plan(settings).volumes, name


@pytest.mark.parametrize("quantity", ["10G", "ten", ""])
def test_a_volume_of_an_unknown_unit_is_an_error(quantity: str) -> None:
    with pytest.raises(ValueError, match="is no size of a volume"):
        list(inventory.volumes_in({"persistence": {"size": quantity}}, "x"))


@pytest.mark.parametrize(
    ("name", "cores", "gibibytes"),
    # EC2 user guide, general purpose, memory and compute optimized instances.
    [("m7i.large", 2, 8), ("m7i.2xlarge", 8, 32), ("r7i.xlarge", 4, 32), ("c7i.large", 2, 4)],
)
def test_an_instance_type_is_known_by_its_name(name: str, cores: int, gibibytes: int) -> None:
    assert instance(name) == (cores, gibibytes)


@pytest.mark.parametrize("name", ["x2idn.large", "m7i.metal", "m7i"])
def test_an_instance_type_of_another_kind_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="only sizes of the families"):
        instance(name)


# --- What a workload becomes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("anyway", "sampling", "kept"),
    [(2, 50, 0.51), (2, 10, 0.118), (0, 10, 0.1), (100, 0, 1), (5, 100, 1)],
)
def test_the_share_that_is_kept(anyway: float, sampling: float, kept: float) -> None:
    """k + (1 - k) s: 0.02 + 0.98 x 0.5 = 0.51."""
    assert kept_share(anyway, sampling) == pytest.approx(kept)


def test_a_namespace_that_the_workload_leaves_out_sends_nothing() -> None:
    loads = {flow.namespace: flow for flow in flows(SETTINGS["dev"], ONE_SERVICE)}
    assert set(loads) == set(SETTINGS["dev"].namespaces)
    assert loads["dev"].spans == loads["dev"].log_bytes == loads["dev"].series == 0


def test_what_is_in_the_buckets() -> None:
    """Of `ONE_SERVICE` in dev's stage prd: logs 14 days, traces 7 days, 50 % sampled; metrics 7, 30
    and 90 days; one GB is 2^30 bytes.

    Logs: 1,000 x 250 B/s x 14 x 86,400 s x 0.1667 / 2^30 = 46.95
    Traces: 1,000 spans/s x 0.51 x 500 B x 7 x 86,400 s x 0.15 / 2^30 = 21.54
    Metrics: raw 30,000 / 30 x 7 x 86,400 = 604,800,000 samples; 5 min 30,000 x 5 x 288 x 30 =
    1,296,000,000; 1 h 30,000 x 5 x 24 x 90 = 324,000,000; together 2,224,800,000 x 2 B / 2^30 =
    4.144
    """
    stored = stored_gb(SETTINGS["dev"], ONE_SERVICE)
    assert stored["logs"] == pytest.approx(46.95, abs=0.01)
    assert stored["traces"] == pytest.approx(21.54, abs=0.01)
    assert stored["metrics"] == pytest.approx(4.144, abs=0.001)


def test_lines_of_the_bill_by_hand() -> None:
    """dev with `ONE_SERVICE`; a month has 730 hours.

    Observability: 3 zones x 1 m7i.large x 730 h x 0.1008 = 220.75
    Stage dev: 1 m7i.large on Spot, half price: 730 x 0.1008 x 0.5 = 36.79
    Volumes: Prometheus 5 + 3 x 5 + Alertmanager 2 + Grafana 5 + Loki 10 + Tempo 10 + Thanos 5 + 30
    = 82 GiB x 0.08 = 6.56
    NAT: 730 x 0.045 = 32.85, its address 730 x 0.005 = 3.65, 100 GB x 0.045 = 4.50
    Cross-zone, logs, to a door and on to Loki: 2 x 250,000 B/s x 0.25 x 0.667 x 2,628,000 s /
    2^30 = 204.06 GB, in and out x 0.01 = 4.08
    KMS: 4 keys = 4.00
    Control plane logs: 30 GB x 0.50 = 15.00; kept 30 d = 0.986 months x 0.15 x 0.03 = 0.13
    """
    costs = bill_of("dev")
    assert line(costs, "Control plane", "EKS cluster").usd == pytest.approx(73.00)
    assert costs.of("Nodes: observability") == pytest.approx(220.75, abs=0.01)
    assert line(costs, "Nodes: stages", "dev: 1 x m7i.large Spot").usd == pytest.approx(36.79, 1e-3)
    claimed = sum(
        entry.usd
        for entry in costs.lines
        if entry.component == "EBS volumes" and "root volumes" not in entry.item
    )
    assert claimed == pytest.approx(6.56)
    assert costs.of("NAT") == pytest.approx(32.85 + 3.65 + 4.50)
    crossing = line(costs, "Cross-zone traffic", "logs")
    assert (crossing.quantity, crossing.usd) == pytest.approx((204.06, 4.08), abs=0.01)
    assert line(costs, "KMS", "keys").usd == 4
    assert line(costs, "S3 storage", "logs").usd == pytest.approx(46.95 * 0.023, abs=0.001)
    assert line(costs, "CloudWatch Logs", "control plane, ingested").usd == 15
    stored = line(costs, "CloudWatch Logs", "control plane, stored")
    assert stored.usd == pytest.approx(30 * 720 / 730 * 0.15 * 0.03)


def test_the_total_is_the_sum_of_its_lines_and_components() -> None:
    for environment in SETTINGS:
        costs = bill_of(environment)
        assert costs.total == pytest.approx(sum(costs.by_component.values()))
        assert {entry.component for entry in costs.lines} <= set(COMPONENTS)
        parts = sum(costs.of_signal(signal) for signal in ("metrics", "logs", "traces"))
        assert costs.telemetry == pytest.approx(parts)
        assert 0 < costs.telemetry < costs.total
        for entry in costs.lines:
            assert sum(entry.shares.values()) <= 1 + 1e-9, entry.item


def test_what_a_unit_costs() -> None:
    """250,000 B/s x 2,628,000 s / 2^30 = 611.9 GB of logs; 1,000 x 2,628,000 = 2,628 million spans;
    30 thousand series."""
    costs = bill_of("dev")
    assert costs.volumes.log_gb == pytest.approx(611.88, abs=0.01)
    assert costs.unit_costs["GB of logs"] == pytest.approx(costs.of_signal("logs") / 611.88, 1e-4)
    assert costs.unit_costs["million spans"] == pytest.approx(costs.of_signal("traces") / 2628)
    assert costs.unit_costs["thousand series"] == pytest.approx(costs.of_signal("metrics") / 30)


def test_extended_support_costs_six_times_as_much() -> None:
    cluster = SETTINGS["dev"].cluster.model_copy(update={"support_type": "EXTENDED"})
    settings = SETTINGS["dev"].model_copy(update={"cluster": cluster})
    assert bill(settings, ONE_SERVICE, PRICES).of("Control plane") == pytest.approx(438)


def test_a_stage_with_a_group_in_each_zone_has_as_many_nodes() -> None:
    """min_size and max_size are then those of each zone: 3 x 1 of dev's m7i.large on Spot."""
    settings = SETTINGS["dev"]
    group = settings.node_group("dev").model_copy(update={"zone_spread": "per_zone"})
    zonal = with_namespace(settings, "dev", {"node_group": group})
    items = [entry.item for entry in bill(zonal, ONE_SERVICE, PRICES).lines]
    assert "dev: 3 x m7i.large Spot" in items
    assert "dev: root volumes, 3 x 50 GiB" in items


def test_nodes_follow_what_applications_and_gateways_request() -> None:
    """prd's stage: m7i.xlarge with 4 x 0.85 = 3.4 cores and 16 x 0.7 = 11.2 GiB, 3 to 12 of them.
    16 cores and 64 GiB of applications, and the gateway: 64 / 11.2 = 5.7, with it 6."""
    load = ONE_SERVICE.namespaces["prd"].model_copy(
        update={"application_cpu": 16, "application_memory_gib": 64}
    )
    workload = ONE_SERVICE.model_copy(update={"namespaces": {"prd": load}})
    items = [entry.item for entry in bill_of("prd", workload).lines]
    assert "prd: 6 x m7i.xlarge" in items

    too_much = load.model_copy(update={"application_memory_gib": 500})
    costs = bill_of("prd", ONE_SERVICE.model_copy(update={"namespaces": {"prd": too_much}}))
    assert "prd: 12 x m7i.xlarge" in [entry.item for entry in costs.lines]
    assert any(problem.startswith("nodes of prd: ") for problem in costs.shortages)


# --- The measured load ----------------------------------------------------------------------------


def measured(spans: float, points: float) -> MeasuredLoad:
    per_core = PerCore(
        spans_per_second=spans, log_records_per_second=points, data_points_per_second=points
    )
    return MeasuredLoad(measured_on=date(2026, 11, 25), cpu="x", collector="x", per_core=per_core)


def test_the_measured_load_sizes_the_gateways() -> None:
    """1,000 spans/s and 30,000 x 40 % / 30 s = 400 points/s: with 1,000 and 4,000 a core it takes
    1.1 cores. A replica of size small requests 150m, of which 70 % is the HPA's target: 1.1 / 0.105
    = 10.5, but 4 are the most; with ten times as much a core, 1.05, and 2 are the fewest."""
    slow, fast = (
        next(
            gateway
            for gateway in gateways(SETTINGS["dev"], ONE_SERVICE, measured(spans, 4 * spans))
            if gateway.namespace == "prd"
        )
        for spans in (1_000, 10_000)
    )
    assert (slow.cores, fast.cores) == pytest.approx((1.1, 0.11))
    assert (slow.replicas, fast.replicas) == (4, 2)
    assert hpa_target() == 0.7


def test_more_than_the_most_replicas_can_take_is_said() -> None:
    """4 replicas x 500m x 70 % = 1.4 cores."""
    costs = bill_of("dev", measured=measured(500, 2_000))
    assert any(
        problem.startswith("gateway of prd: 2.2 cores are more than the 1.4")
        for problem in costs.shortages
    )
    assert not any("gateway" in problem for problem in bill_of("dev").shortages)


def test_a_measured_load_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert load_measured(tmp_path / "measured_load.json") is None


def test_the_committed_measurement_can_be_read() -> None:
    load = load_measured()
    assert (load is not None) == MEASURED.exists()


def test_a_measured_load_is_read_and_keys_of_others_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "measured_load.json"
    document = json.loads(measured(1, 2).model_dump_json())
    file.write_text(json.dumps({**document, "memory_mib_per_million_series": 3}))
    load = load_measured(file)
    assert load is not None
    assert load.per_core.data_points_per_second == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "allowed: what `make load` writes"),
        ('{"measured_on": "2026-11-25"}', "per_core: Field required"),
        (
            '{"measured_on": "x", "cpu": "c", "collector": "c", "per_core": '
            '{"spans_per_second": 0, "log_records_per_second": 1, "data_points_per_second": 1}}',
            "per_core.spans_per_second: Input should be greater than 0",
        ),
    ],
)
def test_a_wrong_measured_load_is_answered(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "measured_load.json"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_measured(file)
    assert says in str(caught.value)
    assert "measured_load.json: " in str(caught.value)


# --- What changes it, and what others take --------------------------------------------------------


def test_more_retention_and_more_sampling_cost_more() -> None:
    by_name = {
        scenario.name: scenario
        for scenario in scenarios(SETTINGS["prd"], ONE_SERVICE, PRICES, None)
    }
    for name in ("retention of logs doubled", "retention of traces doubled", "no Spot"):
        assert by_name[name].difference > 0, name
    assert by_name["sampling of prd 10 -> 50 %"].difference > 0
    assert by_name["every stage on Spot"].difference < 0
    # Two gateways of 730 h x (0.045 + 0.005) less.
    assert by_name["one NAT gateway"].difference == pytest.approx(-73.0)
    # Retention doubles what is stored, and nothing else.
    logs = stored_gb(SETTINGS["prd"], ONE_SERVICE)["logs"] * 0.023
    assert by_name["retention of logs doubled"].difference == pytest.approx(logs)


def test_a_namespace_without_a_gateway_cannot_be_sampled() -> None:
    with pytest.raises(ValueError, match=r"namespaces\.observability\.sampling: missing"):
        with_sampling(SETTINGS["dev"], "observability", 5)


def test_what_others_take_by_hand() -> None:
    """`ONE_SERVICE` in dev: 611.88 GB of logs, 30,000 series every 30 s, 100 traces/s of which 51 %
    are kept.

    CloudWatch: 10,000 x 0.30 + 20,000 x 0.10 = 5,000 of metrics; logs 611.88 x 0.50 = 305.94, and
    stored 250,000 B/s x 14 d x 0.15 / 2^30 = 42.25 GB x 0.03 = 1.27; traces 51 x 2,628,000 = 134.03
    million, less 0.1 free, x 5 = 669.64.
    Managed Prometheus: 1,000 samples/s x 2,628,000 = 2,628 million: 176.40 + 62.8 x 0.35 = 198.38;
    stored for 90 d = 2.96 months x 2 B = 14.48 GB, 10 free, x 0.03 = 0.13; read a fifth: 0.05.
    Datadog, 4 hosts: 60 + 124; metrics (30,000 - 400) / 100 x 5 = 1,480; logs 61.19 and 2,628
    million lines x 1.70 = 4,467.60; spans 1,340.28 - 4 million x 1.70 = 2,271.68, and 624.1 GB -
    600 x 0.10 = 2.41.
    Grafana Cloud: (60 - 10) thousand x 6.50 = 325; logs 611.88 x 0.05 + 561.88 x 0.40 = 255.35;
    traces 624.1 x 0.05 + 574.1 x 0.40 = 260.85.
    """
    settings = SETTINGS["dev"]
    base = bill(settings, ONE_SERVICE, PRICES)
    by_name = {
        alternative.name: alternative
        for alternative in alternatives(settings, ONE_SERVICE, PRICES, base, 4)
    }
    ours = by_name["This foundation"]
    assert ours.total == pytest.approx(base.telemetry)
    cloudwatch = by_name["CloudWatch and X-Ray"]
    assert cloudwatch.metrics == pytest.approx(5_000)
    assert cloudwatch.logs == pytest.approx(305.94 + 1.27, abs=0.01)
    assert cloudwatch.traces == pytest.approx(669.64, abs=0.01)
    managed = by_name["Amazon Managed Prometheus and Grafana"]
    assert managed.metrics == pytest.approx(198.38 + 0.13 + 0.05, abs=0.01)
    assert managed.seats == 5 * 9 + 20 * 5
    datadog = by_name["Datadog"]
    assert datadog.metrics == pytest.approx(1_480)
    assert datadog.logs == pytest.approx(61.19 + 4_467.60, abs=0.01)
    assert datadog.traces == pytest.approx(124 + 2_271.68 + 2.41, abs=0.01)
    assert datadog.seats == 60
    grafana = by_name["Grafana Cloud"]
    assert grafana.metrics == pytest.approx(325)
    assert grafana.logs == pytest.approx(255.35, abs=0.01)
    assert grafana.traces == pytest.approx(260.85, abs=0.02)
    assert grafana.seats == 19 + (25 - 3) * 8


# --- Workload files -------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", SETTINGS)
def test_every_environment_has_a_workload_that_fits_its_size(environment: str) -> None:
    settings = SETTINGS[environment]
    workload = load_workload(workload_path(environment), settings)
    costs = bill(settings, workload, PRICES)
    assert costs.shortages == ()
    # The budget is a guard, not a guess: above what is expected, and not by far.
    assert 0.5 < costs.total / settings.cost.monthly_budget_usd < 0.9


PRD = "  prd: {services: 1, requests_per_second: 1, log_lines_per_second: 1, active_series: 1}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["w.yaml:1: is empty; allowed: the keys description, "]),
        ("description: x\n", ["w.yaml:1: namespaces: missing: By namespace"]),
        (
            f"description: x\nnamespaces:\n{PRD}  qa: {{services: 1}}\n",
            [
                "w.yaml:4: namespaces.qa.requests_per_second: missing",
                "w.yaml:4: namespaces.qa.log_lines_per_second: missing",
                "w.yaml:4: namespaces.qa.active_series: missing",
            ],
        ),
        (
            f"description: x\nnamespaces:\n{PRD.replace('prd', 'qa')}",
            ["w.yaml:3: namespaces.qa: environment dev has no such namespace; allowed: observ"],
        ),
        (
            f"description: x\nnamespaces:\n{PRD.replace('prd', 'observability')}",
            ["w.yaml:3: namespaces.observability.requests_per_second: 1: allowed: 0, as this"],
        ),
        (
            f"description: x\nscrape_interval_seconds: 1\nnamespaces:\n{PRD}"
            "assumptions: {trace_stored_ratio: 15, nat_gbs: 3}\n",
            [
                "w.yaml:2: scrape_interval_seconds: 1: allowed: a whole number from 5 to 300",
                "w.yaml:5: assumptions.trace_stored_ratio: 15: allowed: a number from 0.001 to 1",
                "w.yaml:5: assumptions.nat_gbs: unknown key; did you mean nat_gb? allowed: ",
            ],
        ),
    ],
)
def test_a_wrong_workload_is_answered_line_by_line(
    text: str, says: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_workload(file, SETTINGS["dev"])
    lines = str(caught.value).split("\n")
    assert len(lines) == len(says), lines
    for line, expected in zip(lines, says, strict=True):
        assert expected in line


def test_assumptions_can_be_set_in_the_workload() -> None:
    assumed = ONE_SERVICE.assumptions.model_copy(update={"log_stored_ratio": 1.0})
    workload = ONE_SERVICE.model_copy(update={"assumptions": assumed})
    raw, compressed = (stored_gb(SETTINGS["dev"], load)["logs"] for load in (workload, ONE_SERVICE))
    assert raw == pytest.approx(compressed / 0.1667)


def test_a_workload_that_is_not_there_is_answered() -> None:
    with pytest.raises(SettingsError, match=r"qa.yaml: no such file; allowed: .*dev, prd"):
        workload_path("qa")
