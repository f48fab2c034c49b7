"""The compactor of Thanos: the only one that rewrites and deletes blocks in the bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import ITerraformDependable
from constructs import Construct

from constructs_lib.thanos.thanos_parts import (
    HTTP,
    ObjectStorage,
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
class ThanosCompactorProps:
    """`role_arn` may write the bucket; `after` must be there first, the namespace at least."""

    settings: Settings
    bucket_name: str
    role_arn: str
    object_storage: ObjectStorage
    after: Sequence[ITerraformDependable] = ()


class ThanosCompactor(Construct):
    """A StatefulSet of one: unlike a Deployment, it never runs a second pod during an update."""

    def __init__(self, scope: Construct, id_: str, props: ThanosCompactorProps) -> None:
        super().__init__(scope, id_)
        component = thanos.compactor(props.settings)
        service_account(self, component, props.role_arn, props.after)
        service(self, component, (HTTP,), props.after, headless=True)
        stateful_set(
            self,
            StatefulComponentProps(
                component=component,
                ports=(HTTP,),
                config_map_name=props.object_storage.name,
                bucket_name=props.bucket_name,
                after=props.after,
            ),
        )
