"""AWS regions and the names of their availability zones.

Settings use this only to reject an unknown region, or a zone that is not one of its region. It
cannot know whether an account may use a zone: the zones an account sees differ, mostly in the
oldest regions, where AWS maps zone names to physical zones for each account (those made before
November 2025) and hides constrained zones from some. Ask the account itself with
``aws ec2 describe-availability-zones --region <region>``.

Sources, read on 2026-11-24:

* regions: the partition ``aws`` in botocore 1.44.5 (``data/endpoints.json``), of which EKS has an
  endpoint in all 34. Its newer ``data/partitions.json`` also names me-west-1 (Saudi Arabia) and
  sa-west-1 (Chile); neither has an EKS endpoint there nor zone names that could be confirmed, so
  both are left out. The China, GovCloud and sovereign partitions are out of this project's scope.
* zone names: moto 5.2.5, ``moto/ec2/models/availability_zones_and_regions.py``, plus
  ap-northeast-1b and us-west-1c (https://github.com/jsonmaur/aws-regions), which only some accounts
  see. ca-central-1c, which that list also has, is left out: moto does not list it, and EKS refuses
  the zone cac1-az3, which it most likely is.
* how zones are named and mapped:
  https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html

EKS refuses control-plane subnets in the zone ids use1-az3, usw1-az2 and cac1-az3 (EKS user guide,
``network-reqs``). Which letter they have in us-east-1 and us-west-1 depends on the account, so this
table cannot reject them: there EKS itself refuses the cluster.
"""

from __future__ import annotations

from typing import Final


def _zones(region: str, letters: str) -> tuple[str, ...]:
    return tuple(region + letter for letter in letters)


_LETTERS: Final[dict[str, str]] = {
    "af-south-1": "abc",
    "ap-east-1": "abc",
    "ap-east-2": "abc",
    "ap-northeast-1": "abcd",  # an account sees a, c, d; some old ones also b
    "ap-northeast-2": "abcd",
    "ap-northeast-3": "abc",
    "ap-south-1": "abc",
    "ap-south-2": "abc",
    "ap-southeast-1": "abc",
    "ap-southeast-2": "abc",
    "ap-southeast-3": "abc",
    "ap-southeast-4": "abc",
    "ap-southeast-5": "abc",
    "ap-southeast-6": "abc",
    "ap-southeast-7": "abc",
    "ca-central-1": "abd",
    "ca-west-1": "abc",
    "eu-central-1": "abc",
    "eu-central-2": "abc",
    "eu-north-1": "abc",
    "eu-south-1": "abc",
    "eu-south-2": "abc",
    "eu-west-1": "abc",
    "eu-west-2": "abc",
    "eu-west-3": "abc",
    "il-central-1": "abc",
    "me-central-1": "abc",
    "me-south-1": "abc",
    "mx-central-1": "abc",
    "sa-east-1": "abc",
    "us-east-1": "abcdef",
    "us-east-2": "abc",
    "us-west-1": "abc",  # an account sees two of the three
    "us-west-2": "abcd",
}

REGIONS: Final[dict[str, tuple[str, ...]]] = {
    region: _zones(region, letters) for region, letters in _LETTERS.items()
}
"""Every commercial region with EKS, and every zone name that some account has there."""
