"""What moto keeps in memory: the front reads it, and puts back what moto drops."""

from typing import Any

from verification.rehearsal.aws.aws_eks_model import (
    InvalidParameterException,
    Json,
    ResourceNotFoundException,
)


class MotoBackends:
    """The questions that the front asks moto's state in this process."""

    def __init__(self, account_id: str) -> None:
        # moto reads its settings when it is imported, so only after main() has set them.
        from moto.budgets.models import budgets_backends
        from moto.ec2.models import ec2_backends
        from moto.eks.models import eks_backends
        from moto.iam.models import iam_backends
        from moto.kms.models import kms_backends
        from moto.s3.models import s3_backends

        self.account_id = account_id
        self._budgets = budgets_backends
        self._ec2 = ec2_backends
        self._eks = eks_backends
        self._iam = iam_backends
        self._kms = kms_backends
        self._s3 = s3_backends

    def eks(self, region: str) -> Any:
        """Return moto's EKS state of a region."""
        return self._eks[self.account_id][region]

    def ec2(self, region: str) -> Any:
        """Return moto's EC2 state of a region."""
        return self._ec2[self.account_id][region]

    def kms_key(self, region: str, id_or_arn: str) -> Any:
        """Return moto's key."""
        return self._kms[self.account_id][region].keys[id_or_arn.rpartition("/")[2]]

    def budgets(self) -> dict[str, Any]:
        """Return moto's budgets of the account, by name."""
        budgets: dict[str, Any] = self._budgets[self.account_id]["aws"].budgets[self.account_id]
        return budgets

    def billed_tags(self) -> set[str]:
        """Return the tag keys that a bill would have: those of the KMS keys, each billed alone."""
        return {
            tag
            for region in list(self._kms[self.account_id].values())
            for key in region.keys.values()
            for tag in region.tagger.get_tag_dict_for_resource(key.id)
        }

    def bucket(self, name: str) -> Any:
        """Return moto's bucket."""
        return self._s3[self.account_id]["aws"].buckets[name]

    def cluster(self, region: str, name: str) -> Any:
        """Return moto's cluster; raises ResourceNotFoundException."""
        cluster = self.eks(region).clusters.get(name)
        if cluster is None:
            raise ResourceNotFoundException(f"No cluster found for name: {name}.", clusterName=name)
        return cluster

    def nodegroup(self, region: str, cluster_name: str, name: str) -> Any:
        """Return moto's node group; raises ResourceNotFoundException."""
        nodegroup = self.cluster(region, cluster_name).nodegroups.get(name)
        if nodegroup is None:
            raise ResourceNotFoundException(
                f"No node group found for name: {name}.",
                clusterName=cluster_name,
                nodegroupName=name,
            )
        return nodegroup

    def role(self, arn: str) -> Any:
        """Return a role of the account; raises InvalidParameterException."""
        roles = self._iam[self.account_id]["aws"].roles.values()
        for role in roles:
            if role.arn == arn:
                return role
        raise InvalidParameterException(f"Role {arn} does not exist in this account.")

    def check_principal(self, arn: str) -> None:
        """Raise InvalidParameterException unless the ARN is a role or user of the account."""
        users = self._iam[self.account_id]["aws"].users.values()
        if not any(user.arn == arn for user in users):
            self.role(arn)

    def subnets(self, region: str, ids: list[str]) -> list[Any]:
        """Return the subnets; raises InvalidParameterException."""
        known = {
            subnet_id: subnet
            for zone in self.ec2(region).subnets.values()
            for subnet_id, subnet in zone.items()
        }
        missing = [subnet_id for subnet_id in ids if subnet_id not in known]
        if missing:
            raise InvalidParameterException(f"The subnets {missing} do not exist.")
        return [known[subnet_id] for subnet_id in ids]

    def check_security_groups(self, region: str, ids: list[str]) -> None:
        """Raise InvalidParameterException unless each security group exists."""
        for group_id in ids:
            if self.ec2(region).get_security_group_from_id(group_id) is None:
                raise InvalidParameterException(f"The security group {group_id} does not exist.")

    def launch_template(self, region: str, specification: Json) -> tuple[Json, Json]:
        """Return a reference {id, name, version} and the data of a launch template's version.

        Raises InvalidParameterException when it does not exist.
        """
        for template in self.ec2(region).launch_templates.values():
            if specification.get("id") == template.id or specification.get("name") == template.name:
                break
        else:
            raise InvalidParameterException(f"The launch template {specification} does not exist.")
        number = str(specification.get("version", template.default_version_number))
        versions = {str(version.number): version for version in template.versions}
        versions["$Latest"] = template.latest_version()
        versions["$Default"] = template.default_version()
        if number not in versions:
            raise InvalidParameterException(f"{template.name} has no version {number}.")
        reference = {"id": template.id, "name": template.name, "version": number}
        return reference, versions[number].data
