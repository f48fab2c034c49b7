"""Price tables: what a unit costs, where that is published, and how old the copy read is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from settings.load import SettingsError, load_model

DIRECTORY = Path(__file__).parent
SAAS = "saas"
"""The table of vendors whose prices are the same in every region."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Dollars = Annotated[float, Field(ge=0, le=1_000_000)]
Amount = Annotated[float, Field(ge=0, le=1e15)]


class Source(_Model):
    """Where a price is published, and which copy of it was read."""

    url: str
    """Page or file of the vendor."""
    copy_: Annotated[str, Field(alias="copy")]
    """What was read, as the live page could not be."""
    as_of: date | None = None
    """Day of that copy; None where it has no date."""


class Tier(_Model):
    """Price of the units up to a number of them; the last tier has no bound."""

    usd: Dollars
    """US dollars a unit."""
    up_to: Amount | None = None
    """Units a month to which it applies."""
    unverified: bool = False
    """No dated copy confirms it."""


class Price(_Model):
    """A list price. Either `usd` or `tiers` is given."""

    unit: str
    """What one unit is."""
    source: str
    """Name in `sources`."""
    usd: Dollars | None = None
    """US dollars a unit."""
    tiers: Annotated[tuple[Tier, ...], Field(max_length=9)] = ()
    """Prices by volume, each of the units above the previous bound."""
    free: Amount = 0
    """Units that every account has free every month."""
    unverified: bool = False
    """No dated copy confirms it."""

    def cost(self, units: float) -> float:
        """US dollars for a number of units a month: graduated, after the free ones.

        The bounds of tiers count from the first unit on, the free ones included (as AWS's price
        lists give `beginRange`).
        """
        tiers = self.tiers or (Tier(usd=self.usd or 0),)
        cost, begin = 0.0, self.free
        for tier in tiers:
            end = units if tier.up_to is None else min(units, tier.up_to)
            cost += max(0.0, end - begin) * tier.usd
            begin = max(begin, end)
        return cost

    @property
    def is_verified(self) -> bool:
        """Whether a dated copy confirms all of it."""
        return not (self.unverified or any(tier.unverified for tier in self.tiers))


class PriceTable(_Model):
    """The prices of one region."""

    region: str
    """AWS region, or `any`."""
    read: date
    """Day on which the copies were read."""
    sources: dict[str, Source]
    """Where prices are published, by name."""
    prices: dict[str, Price]
    """Prices, by name."""


@dataclass(frozen=True)
class Prices:
    """The price table of a region together with those of vendors that have no regions."""

    tables: tuple[PriceTable, ...]

    @property
    def region(self) -> str:
        """AWS region."""
        return self.tables[0].region

    def __getitem__(self, name: str) -> Price:
        for table in self.tables:
            if name in table.prices:
                return table.prices[name]
        known = ", ".join(sorted(self.tables[0].prices))
        raise SettingsError(
            f"cost/prices/{self.region}.yaml: {name}: no price; allowed: add it with its source, "
            f"or use one of {known}"
        )

    def cost(self, name: str, units: float) -> float:
        """US dollars for a number of units a month."""
        return self[name].cost(units)

    def source(self, name: str) -> Source:
        """Where a price was read."""
        for table in self.tables:
            if name in table.prices:
                return table.sources[table.prices[name].source]
        raise KeyError(name)

    def unverified(self) -> Iterator[str]:
        """Names of the prices that no dated copy confirms."""
        for table in self.tables:
            yield from (name for name, price in table.prices.items() if not price.is_verified)


def regions() -> tuple[str, ...]:
    """Regions that have a price table."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.yaml") if path.stem != SAAS))


@cache
def load_prices(region: str) -> Prices:
    """Read the prices of a region.

    Raises:
        SettingsError: the region has no table, or a table is wrong; one line per problem.
    """
    if region not in regions():
        raise SettingsError(
            f"region {region!r}: no price table in cost/prices/; allowed: {', '.join(regions())} "
            "(a further region is a further file of the same form)"
        )
    return Prices(
        (load_table(DIRECTORY / f"{region}.yaml"), load_table(DIRECTORY / f"{SAAS}.yaml"))
    )


def load_table(path: Path) -> PriceTable:
    """Read one price table.

    Raises:
        SettingsError: one line per problem.
    """
    from settings.checks import Problem

    def rules(table: PriceTable) -> Iterator[Problem]:
        for name, price in table.prices.items():
            if price.source not in table.sources:
                known = ", ".join(table.sources)
                yield Problem(("prices", name, "source"), price.source, f"allowed: {known}")
            if (price.usd is None) == (not price.tiers):
                yield Problem(("prices", name), None, "allowed: either usd or tiers")

    return load_model(path, PriceTable, rules)
