"""Which images are deployed, and under which licences: reads deployed.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict

FILE: Final = Path(__file__).with_name("deployed.yaml")


class Image(BaseModel):
    """An image at a tag, with the licence (SPDX) of the program in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: str
    tag: str
    releases: tuple[str, ...]
    """Releases whose charts render it; empty where something else starts it."""
    licence: str
    source: str

    @property
    def reference(self) -> str:
        """`image:tag`."""
        return f"{self.image}:{self.tag}"


def read_images(file: Path = FILE) -> list[Image]:
    """The images, in the order of the file."""
    return [Image.model_validate(entry) for entry in yaml.safe_load(file.read_text("utf-8"))]


def images_in(value: Any) -> Iterator[str]:
    """Every image that a rendered object names."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "image" and isinstance(item, str):
                yield item
            else:
                yield from images_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from images_in(item)


def differences(rendered: Iterable[str], images: Iterable[Image]) -> list[str]:
    """What the list lacks, and what it has and nothing renders any more."""
    there, images = set(rendered), list(images)
    listed = {image.reference for image in images}
    missing = [
        f"{reference} is not in verification/supply_chain/deployed.yaml"
        for reference in there - listed
    ]
    gone = [
        f"{image.reference} is in verification/supply_chain/deployed.yaml and nothing renders it"
        for image in images
        if image.releases and image.reference not in there
    ]
    return sorted([*missing, *gone])
