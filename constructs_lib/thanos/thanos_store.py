"""The store gateway of Thanos: reads the blocks in the bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from constructs import Construct

from constructs_lib.thanos.thanos_parts import (
    GRPC,
    HTTP,
    ObjectStorage,
    disruption_budget,
    service,
    service_account,
)
from constructs_lib.thanos.thanos_stateful_set import (
    StatefulComponentProps,
    stateful_set,
)
from helm_values.thanos import thanos
from settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class ThanosStoreProps:
    """`role_arn` may read the bucket; `after` must be there first, the namespace at least."""

    settings: Settings
    bucket_name: str
    role_arn: str
    object_storage: ObjectStorage
    after: Sequence[ITerraformDependable] = ()


class ThanosStore(Construct):
    """Each replica serves every block: the querier needs one of them, and takes both."""

    def __init__(self, scope: Construct, id_: str, props: ThanosStoreProps) -> None:
        super().__init__(scope, id_)
        component = thanos.store(props.settings)
        service_account(self, component, props.role_arn, props.after)
        service(self, component, (GRPC, HTTP), props.after, headless=True)
        disruption_budget(self, component, props.after)
        stateful_set(
            self,
            StatefulComponentProps(
                component=component,
                ports=(GRPC, HTTP),
                config_map_name=props.object_storage.name,
                bucket_name=props.bucket_name,
                after=props.after,
            ),
        )
