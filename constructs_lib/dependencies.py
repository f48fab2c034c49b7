"""Types that `depends_on` accepts."""

from cdktf import TerraformResource
from constructs import IConstruct


def resources_in(*constructs: IConstruct) -> list[TerraformResource]:
    """Every resource inside the constructs; `depends_on` takes resources alone.

    cdktf accepts any construct there and writes nothing for one that is not a resource.
    """
    return [
        element
        for construct in constructs
        for element in construct.node.find_all()
        if isinstance(element, TerraformResource)
    ]
