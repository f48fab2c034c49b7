"""Content and retention of each bucket: the only source of lifecycle rules.

The rules are a safety net behind the back ends' own retention (Thanos and Tempo compactor, Loki
compactor, Velero's time to live), so an object must be gone by the back end's hand before its rule
applies. An object is written after the data in it, so its age is never more than the data's; Loki
deletes a chunk its `retention_delete_delay` (2 h) after the retention ended (Loki "Log retention").
SAFETY_MARGIN_DAYS is far more than both.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from settings.model import Settings

SAFETY_MARGIN_DAYS = 3
NONCURRENT_STATE_DAYS = 90
"""Days for which an earlier Terraform state can be restored."""


@dataclass(frozen=True, kw_only=True)
class LifecycleRule:
    """One rule of a bucket's lifecycle.

    `prefix` is empty for the whole bucket. `expiration_days` is the age at which objects are
    deleted, `noncurrent_days` the same for versions that are no longer the current ones.
    """

    id: str
    prefix: str = ""
    expiration_days: int | None = None
    noncurrent_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BucketPlan:
    """How a bucket is set up.

    Versions and Object Lock (`object_lock_days`, governance mode) are only for buckets whose
    objects are written once: a compacting back end deletes and rewrites blocks all day, and with
    versioning each deleted block would go on costing (grafana/tempo#3141, grafana/loki#4215).
    """

    purpose: str
    versioned: bool = False
    object_lock_days: int | None = None
    lifecycle: tuple[LifecycleRule, ...] = ()


def plan_storage_buckets(settings: Settings) -> Mapping[str, BucketPlan]:
    """Buckets of the back ends by purpose: metrics, logs, traces and backups."""
    plans = (
        BucketPlan(purpose="metrics", lifecycle=_metrics_lifecycle(settings)),
        BucketPlan(
            purpose="logs",
            lifecycle=_lifecycle_by_namespace(
                {name: ns.retention_days.logs for name, ns in settings.namespaces.items()}
            ),
        ),
        BucketPlan(
            purpose="traces",
            lifecycle=_lifecycle_by_namespace(
                {name: ns.retention_days.traces for name, ns in settings.namespaces.items()}
            ),
        ),
        BucketPlan(
            purpose="backups",
            versioned=True,
            object_lock_days=settings.retention_days.backups,
            lifecycle=(
                # Only what Velero has deleted expires: its repository shares blocks between
                # backups, so the age of an object does not tell whether it is still needed.
                LifecycleRule(
                    id="deleted-backups",
                    noncurrent_days=settings.retention_days.backups + SAFETY_MARGIN_DAYS,
                ),
            ),
        ),
    )
    return {plan.purpose: plan for plan in plans}


def plan_state_bucket() -> BucketPlan:
    """Bucket of the Terraform states."""
    return BucketPlan(
        purpose="tfstate",
        versioned=True,
        lifecycle=(LifecycleRule(id="replaced-states", noncurrent_days=NONCURRENT_STATE_DAYS),),
    )


def plan_flow_logs_bucket(settings: Settings) -> BucketPlan:
    """Bucket of the VPC flow logs."""
    return BucketPlan(
        purpose="flow-logs",
        lifecycle=(
            LifecycleRule(
                id="flow-logs", expiration_days=settings.network.flow_logs_retention_days
            ),
        ),
    )


def _metrics_lifecycle(settings: Settings) -> tuple[LifecycleRule, ...]:
    # Thanos keeps every resolution's blocks side by side at the top of the bucket, so the only
    # rule that is true for all of them is the longest retention.
    metrics = settings.retention_days.metrics
    longest = max(metrics.raw, metrics.five_minutes, metrics.one_hour)
    return (LifecycleRule(id="blocks", expiration_days=longest + SAFETY_MARGIN_DAYS),)


def _lifecycle_by_namespace(days: Mapping[str, int]) -> tuple[LifecycleRule, ...]:
    # Loki and Tempo write a tenant's objects under "<tenant>/", and a tenant is a namespace. What
    # lies beside these prefixes (Loki's index, cluster seed, delete requests) must never expire.
    return tuple(
        LifecycleRule(
            id=f"{namespace}-retention",
            prefix=f"{namespace}/",
            expiration_days=retention + SAFETY_MARGIN_DAYS,
        )
        for namespace, retention in days.items()
    )
