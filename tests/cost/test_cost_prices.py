"""Price tables: against amounts that others have calculated or paid, and complete with sources."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cost.prices import DIRECTORY, SAAS, Prices, load_prices, load_table, regions
from settings.load import SettingsError

PRICES = load_prices("us-east-1")


@pytest.mark.parametrize(
    ("name", "units", "usd"),
    [
        # What infracost calculates from AWS's price list (its *_test.golden, snapshot 2026-08-21).
        ("eks_cluster", 730, 73.00),
        ("eks_cluster_extended", 730, 438.00),
        ("nat_gateway", 730, 32.85),
        ("nat_gateway_data", 100, 4.50),
        ("interface_endpoint", 1_460, 14.60),  # one endpoint in two subnets
        ("interface_endpoint_data", 1_000, 10.00),
        ("ebs_gp3_storage", 40, 3.20),
        ("ebs_gp3_iops", 1_000, 5.00),  # 4,000 provisioned, 3,000 included
        ("ebs_gp3_throughput", 5, 0.20),  # 130 MB/s provisioned, 125 included
        ("s3_storage", 10_000, 230.00),
        ("s3_infrequent_storage", 30_000, 375.00),
        ("s3_put", 10, 0.05),
        ("s3_infrequent_transition", 30, 0.30),
        ("kms_key", 3, 3.00),
        ("logs_ingested", 1_000, 500.00),
        ("logs_stored", 500, 15.00),
        ("secret", 1, 0.40),
        ("secret_request", 10, 0.50),
        ("amg_editor", 2, 18.00),
        ("amg_viewer", 3, 15.00),
        # A bill that somebody has paid: "USD 168.71, $0.25 per GB of log data delivered to S3 for
        # the first 10TB, 674.86 GB" (Zenn, "AWS CloudWatch ...USE1-S3-Egress-Bytes").
        ("logs_delivered_to_s3", 674.86, 168.71),
        # AWS's own example (aws.amazon.com/xray/pricing): 2,000 requests an hour x 24 x 31 x 10 %
        # = 148,800 traces, less 100,000 free, x $0.000005 = $0.24.
        ("x_ray_trace", 0.1488, 0.24),
    ],
)
def test_a_known_amount(name: str, units: float, usd: float) -> None:
    assert PRICES.cost(name, units) == pytest.approx(usd, abs=0.006)


@pytest.mark.parametrize(
    ("metrics", "usd"),
    [
        (10_000, 3_000),  # 10,000 x 0.30
        (30_000, 5_000),  # + 20,000 x 0.10
        (250_000, 27_000),  # 3,000 + 240,000 x 0.10
        (1_000_000, 64_500),  # 27,000 + 750,000 x 0.05
        (1_500_000, 74_500),  # 64,500 + 500,000 x 0.02
    ],
)
def test_tiers_are_graduated(metrics: float, usd: float) -> None:
    """By the four tiers of the CloudWatch pricing page, calculated by hand."""
    assert PRICES.cost("cloudwatch_metric", metrics) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("samples", "usd"),
    [
        (40e6, 0),  # all free
        (2e9, 176.40),  # (2,000M - 40M) / 10M x 0.90: `beginRange` 40000000, `endRange` 2000000000
        (4e9, 246.40),  # + 2,000M / 10M x 0.35
    ],
)
def test_free_units_count_in_the_bounds_of_tiers(samples: float, usd: float) -> None:
    assert PRICES.cost("amp_sample", samples / 1e7) == pytest.approx(usd)


def test_less_than_what_is_free_costs_nothing() -> None:
    assert PRICES.cost("grafana_written", 49) == 0
    assert PRICES.cost("grafana_written", 51) == pytest.approx(0.40)


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_price_has_a_source_with_a_page_and_a_copy(path: Path) -> None:
    table = load_table(path)
    assert {price.source for price in table.prices.values()} == set(table.sources)
    for name, source in table.sources.items():
        assert source.url.startswith("https://"), name
        assert source.copy_, name
        assert source.as_of is None or source.as_of <= table.read <= date(2100, 1, 1), name
    for name, price in table.prices.items():
        copy = table.sources[price.source].copy_
        if "memory" in copy and path.stem != SAAS:
            assert not price.is_verified, f"{name} is from memory and must say so"


def test_an_unknown_region_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"region 'eu-west-1'.*allowed: us-east-1"):
        load_prices("eu-west-1")
    assert SAAS not in regions()


def test_a_missing_price_is_named() -> None:
    with pytest.raises(SettingsError, match=r"us-east-1.yaml: ec2.x9z.large: no price; allowed: "):
        PRICES.cost("ec2.x9z.large", 1)


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ("{usd: 1, unit: x, source: nowhere}", r":8: prices.a.source: 'nowhere': allowed: page"),
        ("{unit: x, source: page}", r":8: prices.a: allowed: either usd or tiers"),
        ("{usd: -1, unit: x, source: page}", r":8: prices.a.usd: -1: allowed: a number from 0"),
        ("{usd: 1, source: page}", r":8: prices.a.unit: missing"),
        ("{usd: 1, unit: x, source: page, sku: y}", r":8: prices.a.sku: unknown key"),
    ],
)
def test_a_wrong_table_is_answered_with_its_line(price: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "mars-1.yaml"
    file.write_text(
        "region: mars-1\nread: 2026-11-25\nsources:\n  page:\n    url: https://x\n"
        f"    copy: x\nprices:\n  a: {price}\n"
    )
    with pytest.raises(SettingsError, match=says):
        load_table(file)


def test_what_is_from_memory_is_named() -> None:
    assert set(PRICES.unverified()) >= {"amp_sample", "datadog_custom_metrics"}
    assert "ec2.m7i.large" not in set(PRICES.unverified())
    assert Prices(PRICES.tables).source("ec2.m7i.large").as_of == date(2026, 7, 20)
