"""The measured load of a gateway: the limit of one core, as the load tests recorded it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from settings.load import SettingsError

FILE = Path(__file__).parent / "measured_load.json"

PerSecond = Annotated[float, Field(gt=0, le=1e9)]


class PerCore(BaseModel):
    """What one core of a gateway accepts a second without loss."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    spans_per_second: PerSecond
    log_records_per_second: PerSecond
    data_points_per_second: PerSecond


class MeasuredLoad(BaseModel):
    """The file that the load tests write; keys that the model does not use are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    measured_on: date
    cpu: str
    collector: str
    per_core: PerCore


def load_measured(path: Path = FILE) -> MeasuredLoad | None:
    """Read the measured load; None where there is no file yet.

    Raises:
        SettingsError: the file is not what the load tests write; one line per problem.
    """
    label = f"{path.parent.name}/{path.name}"
    try:
        return MeasuredLoad.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        if not isinstance(error, ValidationError):
            raise SettingsError(f"{label}: {error}; allowed: what `make load` writes") from None
        raise SettingsError(
            "\n".join(
                f"{label}: {'.'.join(map(str, details['loc'])) or 'the file'}: {details['msg']}; "
                "allowed: what `make load` writes"
                for details in error.errors()
            )
        ) from None


def promised(spans_per_second_per_core: float) -> MeasuredLoad:
    """The default where nothing was measured yet: the promise of the sizes' documentation.

    A gateway promises spans. A data point or log record, which passes one gateway, is neither held
    nor counted, is taken to cost a fifth: an estimate of ours.
    """
    rate = spans_per_second_per_core
    return MeasuredLoad(
        measured_on=date(2026, 11, 24),
        cpu="none: calculated",
        collector="not measured: the promise in docs/operations/capacity.md",
        per_core=PerCore(
            spans_per_second=rate,
            log_records_per_second=5 * rate,
            data_points_per_second=5 * rate,
        ),
    )
