"""The base of every stack: providers, versions, tags, and its own state in a known place."""

from typing import Any

from cdktf import (
    DataTerraformRemoteStateS3,
    LocalBackend,
    S3Backend,
    TerraformRemoteState,
    TerraformStack,
)
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct, IConstruct

from settings.model import Settings
from versions import PROVIDER_RANGES, TERRAFORM_MINIMUM


def state_key(environment: str, stack_id: str) -> str:
    """Key of a stack's state in the state bucket."""
    return f"{environment}/{stack_id}.tfstate"


def state_key_alias(settings: Settings) -> str:
    """Alias of the KMS key that encrypts the states."""
    return f"alias/{settings.prefix}-tfstate"


def default_tags(settings: Settings) -> dict[str, str]:
    """Tags on every resource that can have them; also the cost-allocation tags."""
    return {
        **settings.tags.extra,
        "Project": settings.name,
        "Environment": settings.environment,
        "Owner": settings.tags.owner,
        "CostCenter": settings.tags.cost_center,
        "ManagedBy": "terraform",
    }


class EnvironmentStack(TerraformStack):
    """A stack of one environment, with the AWS provider and a state in the state bucket.

    Owns: its provider and backend. Depends on: the state stack, which makes the bucket.
    """

    makes_aws_resources = True
    """Otherwise it needs no AWS provider, of some 700 MB: Terraform itself reads and writes states
    in S3."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        self.settings = settings
        self._logical_ids: dict[tuple[str, str], str] = {}
        if self.makes_aws_resources:
            self._aws_provider(settings)
        self.add_override("terraform.required_version", f">= {TERRAFORM_MINIMUM}")
        self.set_backend()

    def _aws_provider(self, settings: Settings) -> None:
        AwsProvider(
            self,
            "aws",
            region=settings.region,
            # A profile of another account then fails at plan, before anything is made in it.
            allowed_account_ids=[settings.account_id],
            default_tags=[AwsProviderDefaultTags(tags=default_tags(settings))],
        )
        self.require_provider("aws")

    def _allocate_logical_id(self, tf_element: IConstruct) -> str:
        """Name an element by its path, `flow-logs_bucket`, where cdktf would append a hash.

        A child called `Resource` takes its parent's name, as in cdktf.

        Raises:
            ValueError: another element of the same type has this name.
        """
        path = tf_element.node.path
        parts = [part for part in path.split("/")[1:] if part != "Resource"]
        logical_id = "_".join(parts)
        kind = getattr(tf_element, "terraform_resource_type", type(tf_element).__name__)
        other = self._logical_ids.setdefault((kind, logical_id), path)
        if other != path:
            raise ValueError(f"{kind}.{logical_id} is the name of both {other} and {path}")
        return logical_id

    def require_provider(self, name: str) -> None:
        """Replace the exact provider version that the bindings write by the tested range."""
        self.add_override(f"terraform.required_providers.{name}.version", PROVIDER_RANGES[name])

    def set_backend(self) -> None:
        """Keep the state in the state bucket, locked while Terraform writes."""
        S3Backend(self, **self._state_location(self.node.id))
        # The bindings know only locks in DynamoDB, which Terraform has deprecated.
        self.add_override("terraform.backend.s3.use_lockfile", True)

    def remote_state(self, stack_id: str) -> TerraformRemoteState:
        """Outputs of another stack of this environment."""
        return DataTerraformRemoteStateS3(self, stack_id, **self._state_location(stack_id))

    def _state_location(self, stack_id: str) -> dict[str, Any]:
        settings = self.settings
        return {
            "bucket": settings.state_bucket_name,
            "key": state_key(settings.environment, stack_id),
            "region": settings.region,
            "encrypt": True,
            "kms_key_id": (
                f"arn:aws:kms:{settings.region}:{settings.account_id}:{state_key_alias(settings)}"
            ),
        }


class LocalStateStack(EnvironmentStack):
    """A stack whose state is a local file, because the state bucket is what it makes."""

    def set_backend(self) -> None:
        """Keep the state in a file below the project's folder.

        The path is relative to the folder in which Terraform runs, which is
        cdktf.out/<env>/stacks/<stack>, so that the synthesized file is the same on every computer.
        """
        environment = self.settings.environment
        LocalBackend(self, path=f"../../../../terraform-state/{environment}/{self.node.id}.tfstate")
