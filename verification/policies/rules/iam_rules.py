"""IAM: actions, resources and principals are named, and roles trust by subject and audience."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.documents import Config
from synthesis.reading import as_list, instances, policies, resources, strings
from verification.policies.rule import Breach, Rule, Subject

ACCOUNT_STATEMENT = "IamPoliciesOfTheAccount"
"""The one statement that may allow a whole service: in the key policy of a KMS key, for the
account's own IAM. Without it IAM policies have no effect on the key, and nobody could manage it
any more ("Default key policy", KMS developer guide)."""

DESCRIBES = "IAM knows it for all resources or none (Service Authorization Reference)"
WITHOUT_RESOURCE_LEVEL = {
    "autoscaling:DescribeAutoScalingGroups": DESCRIBES,
    "autoscaling:DescribeAutoScalingInstances": DESCRIBES,
    "autoscaling:DescribeLaunchConfigurations": DESCRIBES,
    "autoscaling:DescribeScalingActivities": DESCRIBES,
    "ec2:DescribeImages": DESCRIBES,
    "ec2:DescribeInstanceTypes": DESCRIBES,
    "ec2:DescribeLaunchTemplateVersions": DESCRIBES,
    "ec2:DescribeSnapshots": DESCRIBES,
    "ec2:DescribeVolumes": DESCRIBES,
    "ec2:GetInstanceTypesFromInstanceRequirements": DESCRIBES,
}
"""Actions that may be allowed on all resources, each with the reason."""

MANAGED_POLICIES = {
    "AmazonEC2ContainerRegistryPullOnly": "nodes pull images",
    "AmazonEBSCSIDriverPolicyV2": "the EBS CSI driver",
    "AmazonEKSClusterPolicy": "the control plane",
    "AmazonEKSWorkerNodePolicy": "nodes join",
    "AmazonEKS_CNI_Policy": "the network plugin",
}
"""AWS writes these for exactly this use, and EKS changes them with its needs."""


def _allowing(config: Config) -> Iterator[tuple[str, Config]]:
    for address, statements in policies(config):
        for statement in statements:
            if statement["Effect"] == "Allow":
                yield address, statement


def _is_key_policy(address: str) -> bool:
    return address.startswith("aws_kms_key.")


def _is_account_statement(address: str, statement: Config, account_id: str) -> bool:
    return (
        _is_key_policy(address)
        and statement.get("Sid") == ACCOUNT_STATEMENT
        and statement.get("Principal") == {"AWS": f"arn:aws:iam::{account_id}:root"}
        and statement.get("Action") == "kms:*"
    )


def _is_for_a_service(address: str, statement: Config) -> bool:
    """A family such as kms:ReEncrypt* is for AWS's own services, and under a condition."""
    return (
        _is_key_policy(address)
        and "Service" in statement.get("Principal", {})
        and bool(statement.get("Condition"))
    )


def _actions(subject: Subject) -> Iterator[Breach]:
    for address, statement in _allowing(subject.config):
        if _is_account_statement(address, statement, subject.settings.account_id):
            continue
        if "NotAction" in statement:
            yield Breach(address, "NotAction allows everything else")
        for action in as_list(statement.get("Action", [])):
            service, _, name = action.partition(":")
            whole = service == "*" or not name.strip("*")
            if whole or ("*" in action and not _is_for_a_service(address, statement)):
                yield Breach(address, f"allows {action}")


def _resources(subject: Subject) -> Iterator[Breach]:
    for address, statement in _allowing(subject.config):
        if address.endswith(".assume_role_policy"):
            continue
        if "NotResource" in statement:
            yield Breach(address, "NotResource allows everything else")
        # In a key policy the resource "*" is the key itself.
        if "*" not in as_list(statement.get("Resource", [])) or _is_key_policy(address):
            continue
        for action in as_list(statement.get("Action", [])):
            if action not in WITHOUT_RESOURCE_LEVEL:
                yield Breach(
                    address, f"allows {action} on all resources, without a recorded reason"
                )


def _principals(subject: Subject) -> Iterator[Breach]:
    for address, statement in _allowing(subject.config):
        if "NotPrincipal" in statement:
            yield Breach(address, "NotPrincipal allows everybody else")
        for text in strings(statement.get("Principal", {})):
            if "*" in text:
                yield Breach(address, f"allows the principal {text}")
        if (
            _is_key_policy(address)
            and "Service" in statement.get("Principal", {})
            and not statement.get("Condition")
        ):
            yield Breach(address, "a service may use the key for any account (confused deputy)")


def _managed(subject: Subject) -> Iterator[Breach]:
    attachments = instances(subject.config, "aws_iam_role_policy_attachment")
    for name, attachment in attachments.items():
        prefix, _, policy_name = attachment["policy_arn"].rpartition("/")
        # The EBS CSI driver's policy has a path of its own in older lists; the last part decides.
        if prefix != "arn:aws:iam::aws:policy" or policy_name not in MANAGED_POLICIES:
            yield Breach(
                f"aws_iam_role_policy_attachment.{name}",
                f"{attachment['policy_arn']}; allowed: {', '.join(sorted(MANAGED_POLICIES))}",
            )
    for address, body in resources(subject.config):
        if body.get("managed_policy_arns") or address.startswith("aws_iam_user."):
            yield Breach(address, "allowed: roles, with attachments that are looked at")


def _trust(subject: Subject) -> Iterator[Breach]:
    for address, statement in _allowing(subject.config):
        if not address.endswith(".assume_role_policy"):
            continue
        principal = statement.get("Principal", {})
        if "Federated" not in principal:
            if set(principal) != {"Service"}:
                yield Breach(address, f"trusts {principal}; allowed: a service or an OIDC provider")
            continue
        if statement["Action"] != "sts:AssumeRoleWithWebIdentity":
            yield Breach(address, f"an OIDC provider may {statement['Action']}")
        condition = statement.get("Condition", {})
        # StringEquals and not StringLike: a "*" in it is an ordinary character.
        if set(condition) != {"StringEquals"}:
            yield Breach(address, f"condition {sorted(condition)}; allowed: StringEquals alone")
        equal = condition.get("StringEquals", {})
        keys = {key.rpartition(":")[2]: value for key, value in equal.items()}
        if keys.get("aud") != "sts.amazonaws.com":
            yield Breach(address, "the audience is not sts.amazonaws.com")
        subjects = as_list(keys.get("sub", []))
        if not subjects:
            yield Breach(address, "any service account: no subject")
        for text in subjects:
            parts = text.split(":")
            if parts[:2] != ["system", "serviceaccount"] or len(parts) != 4 or "*" in text:
                yield Breach(address, f"subject {text}; allowed: one service account by name")


RULES = (
    Rule(
        id="iam-actions-are-named",
        title="No statement allows every action of a service",
        reason="A whole service is more than any program here calls, and grows with AWS.",
        source="IAM user guide, Security best practices: Apply least-privilege permissions",
        check=_actions,
    ),
    Rule(
        id="iam-resources-are-named",
        title="All resources only where IAM cannot name one, with the reason recorded",
        reason="A role that reaches every resource reaches other environments' too.",
        source="Service Authorization Reference; reasons in policies/rules/iam_rules.py",
        check=_resources,
    ),
    Rule(
        id="iam-principals-are-named",
        title="No statement allows everybody, and services act for this account only",
        reason="A resource policy with everybody in it is public.",
        source="IAM user guide, The confused deputy problem",
        check=_principals,
    ),
    Rule(
        id="iam-managed-policies-fit",
        title="AWS's managed policies are those made for the purpose, attached to roles",
        reason="Convenient ones such as AdministratorAccess allow far more than is needed.",
        source="EKS user guide, AWS managed policies for Amazon EKS",
        check=_managed,
    ),
    Rule(
        id="iam-trust-has-sub-and-aud",
        title="A role trusts named service accounts, by subject and audience",
        reason="Without both, any pod of the cluster could take the role.",
        source="EKS user guide, Assign IAM roles to Kubernetes service accounts",
        check=_trust,
    ),
)
