"""docs/reference/licences.md: images that are deployed, with their licences."""

from __future__ import annotations

from docgen.markdown import code, codes, page, table
from verification.supply_chain.deployed import read_images


def licences_page() -> str:
    """Every image that is deployed, with the licence of its program."""
    images = read_images()
    copyleft = [image for image in images if image.licence.startswith("AGPL")]
    rows = [
        (
            code(image.image),
            code(image.tag),
            codes(image.releases) if image.releases else "-",
            image.licence,
            image.source,
        )
        for image in images
    ]
    return page(
        "Licences of deployed software",
        "The images of the releases, with the licence (SPDX) of the program in each image, from "
        "`verification/supply_chain/deployed.yaml`. The base images have their own licences. "
        "`NOASSERTION`: the licence was not looked up.",
        f"Under the AGPL-3.0: {codes(image.image for image in copyleft)}. Running them "
        "unchanged requires nothing. If you change a program and let others use it over a "
        "network, you must offer them its source (section 13).",
        table(("Image", "Tag", "Releases", "Licence", "Source"), rows),
    )
