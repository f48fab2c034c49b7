"""`make access`: ask a real API server what each identity may do, and write the page about it.

The page is docs/reference/access.md. With RECORD=1 the rights that the charts give are rendered
first and recorded (verification/rehearsal/cluster/chart_rbac.yaml); that needs the charts.

Exit code 1 when the page is out of date (`--check`), or the API server or a chart is unavailable.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from blueprint.access import CLUSTER_ADMIN, access_entries
from blueprint.names import telemetry_namespace
from docgen import markdown
from settings.load import SettingsError
from settings.model import Settings
from synthesis.foundation import Foundation, all_settings
from tools.paths import ROOT
from tools.programs import ProgramUnavailableError
from verification.charts.chart_contract import STAGE
from verification.charts.chart_settings import samples
from verification.rehearsal.cluster import recorded_rbac
from verification.rehearsal.cluster.access_matrix import ALL, Access, access_of, grant, subjects
from verification.rehearsal.cluster.applying import apply_all
from verification.rehearsal.cluster.control_plane import running_control_plane
from verification.rehearsal.cluster.dangerous_requests import DANGEROUS
from verification.rehearsal.cluster.kube_api import KubeApi
from verification.rehearsal.cluster.recorded_rbac import Record, RecordError, read_record
from verification.rehearsal.cluster.rendered_charts import rendered_releases
from verification.rehearsal.cluster.rights import CLUSTER, Right
from verification.rehearsal.cluster.rights import table as rights_table
from verification.rehearsal.cluster.terraform_objects import kubernetes_objects
from verification.rehearsal.processes import ProcessError

PAGE: Final = ROOT / "docs" / "reference" / "access.md"
NOTICE: Final = "<!-- Written by `make access` (docgen/access_page.py): change its sources. -->"

STARTED_BY_KUBERNETES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
SERVICE_ACCOUNT: Final = "ServiceAccount"
Stack = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is the exit code, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="make access", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when out of date")
    parser.add_argument(
        "--record", action="store_true", help="record what the charts give, with the charts"
    )
    options = parser.parse_args(arguments)
    try:
        if options.record:
            recorded_rbac.FILE.write_text(recorded().text, encoding="utf-8")
            print(f"Written: {recorded_rbac.FILE.relative_to(ROOT)}")
        page = current_page(*first_environment())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (ProgramUnavailableError, ProcessError, RecordError) as error:
        print(f"docs/reference/access.md is not written: {error}", file=sys.stderr)
        return 1
    if options.check and stale(page):
        print("out of date, run `make access`: docs/reference/access.md", file=sys.stderr)
        return 1
    if not options.check:
        PAGE.write_text(page, encoding="utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}")
    return 0


def first_environment() -> tuple[Settings, Stack]:
    """Settings and observability stack of the first environment: rights are the same in all."""
    name, settings = next(iter(all_settings().items()))
    return settings, Foundation.load(environments=[name]).configs[name]["observability"]


def recorded() -> Record:
    """What the charts give in each size.

    Raises:
        RecordError: a chart is unavailable, or stages or sizes get different rights.
    """
    return recorded_rbac.record(
        item for settings in samples(date.today()).values() for item in rendered_releases(settings)
    )


def current_page(settings: Settings, stack: Stack) -> str:
    """The page, from a control plane that is started for it.

    Raises:
        ProgramUnavailableError, ProcessError: there is no control plane.
    """
    version = settings.cluster.kubernetes_version
    with (
        tempfile.TemporaryDirectory() as folder,
        running_control_plane(Path(folder), version) as plane,
    ):
        return render(asked(plane.api, settings, stack, read_record()), settings, plane.version)


# --- Ask ------------------------------------------------------------------------------------------


def with_editors(settings: Settings) -> Settings:
    """The settings with one administrator, and an editor of each namespace."""
    role = f"arn:aws:iam::{settings.account_id}:role"
    cluster = settings.cluster.model_copy(update={"admin_role_arns": (f"{role}/administrator",)})
    namespaces = {
        name: namespace.model_copy(update={"editor_role_arns": (f"{role}/editor-of-{name}",)})
        for name, namespace in settings.namespaces.items()
    }
    return settings.model_copy(update={"cluster": cluster, "namespaces": namespaces})


def asked(api: KubeApi, settings: Settings, stack: Stack, record: Record) -> list[Access]:
    """What each identity of an environment may do, by the API server's own word."""
    entries = access_entries(with_editors(settings))
    own = [item.manifest for item in kubernetes_objects(stack, api)]
    namespaces = [item for item in own if item["kind"] == "Namespace"]
    rbac = record.objects(settings.stages)
    apply_all(api, namespaces)
    grant(api, entries, rbac)
    accounts = [item for item in (*own, *rbac) if item["kind"] == SERVICE_ACCOUNT]
    names = sorted({*(item["metadata"]["name"] for item in namespaces), *STARTED_BY_KUBERNETES})
    return [access_of(api, subject, names) for subject in subjects(entries, accounts)]


# --- Write ----------------------------------------------------------------------------------------


def stale(page: str, path: Path = PAGE) -> bool:
    """Whether the committed page is outdated."""
    return not path.exists() or path.read_text(encoding="utf-8") != page


def render(accesses: Sequence[Access], settings: Settings, version: str) -> str:
    """The page about what the API server said."""
    identities = _general(accesses, settings.stages)
    powerless = sorted(name for name, (rights, _) in identities.items() if not rights)
    lines = [
        "# What each identity may do in the cluster",
        "",
        NOTICE,
        "",
        f"Asked of a real API server (Kubernetes {version.removeprefix('v')}) in the name of each "
        "identity, with the rules",
        "of the charts, of Terraform and of EKS' access policies. `<stage>` is any stage. What "
        "everybody may",
        "do who is known to the cluster (discovery, asking about oneself) is left out.",
        "",
        "## Who may make dangerous requests",
        "",
        *_dangers(identities).splitlines(),
        "",
        "## Rights of each identity",
    ]
    for name, (rights, _) in identities.items():
        if rights:
            lines += ["", f"### {name}", "", *_rights(rights).splitlines()]
    lines += [
        "",
        "### No right at all",
        "",
        f"{', '.join(powerless)}.",
        "",
        "Not asked: EKS' own authorizer, of which the access policies are copied from the user "
        "guide",
        "(`verification/rehearsal/cluster/eks_access.py`), and the service accounts of EKS' "
        "add-ons.",
        "",
    ]
    return "\n".join(lines)


Places = dict[str, frozenset[Right]]
Identity = tuple[Places, dict[str, tuple[str, ...]]]


def _general(accesses: Iterable[Access], stages: Sequence[str]) -> dict[str, Identity]:
    """Identities by name; those of a stage are one where they are the same in every stage.

    Raises:
        ValueError: they are not, so that the page would say something wrong.
    """
    general: dict[str, Identity] = {}
    for access in accesses:
        own = next((stage for stage in stages if _is_of(access, stage)), None)
        name = _named(access)
        places = {_place(place, own): rights for place, rights in access.rights.items()}
        dangers = {
            words: tuple(dict.fromkeys(_place(place, own) for place in where))
            for words, where in access.dangers.items()
        }
        if own:
            name = name.replace(own, STAGE, 1)
        else:
            name = _of_any_stage(name, stages)
            places = _each_stage(places, stages)
        if general.setdefault(name, (places, dangers)) != (places, dangers):
            raise ValueError(f"{name} has other rights in {own} than in another stage")
    return general


def _is_of(access: Access, stage: str) -> bool:
    return bool({stage, telemetry_namespace(stage)} & set(access.subject.home))


def _named(access: Access) -> str:
    subject = access.subject
    if subject.name.startswith(CLUSTER_ADMIN):
        return "administrator (`cluster.admin_role_arns`)"
    if subject.person.user.startswith("system:serviceaccount:"):
        return f"service account `{subject.name}`"
    return f"editor of {markdown.codes(subject.home)} (`editor_role_arns`)"


def _of_any_stage(name: str, stages: Sequence[str]) -> str:
    """The name of what serves one stage from another namespace, such as a door of its own."""
    stage = next((stage for stage in stages if name.endswith(f"-{stage}`")), None)
    return name.replace(f"-{stage}`", f"-{STAGE}`") if stage else name


def _place(place: str, stage: str | None) -> str:
    if stage and place in (stage, telemetry_namespace(stage)):
        return place.replace(stage, STAGE, 1)
    return place


def _each_stage(places: Places, stages: Sequence[str]) -> Places:
    """Places with the stages as one, where the rights are the same in each."""
    merged = dict(places)
    for name in (lambda stage: stage, telemetry_namespace):
        inside = [places.get(name(stage)) for stage in stages]
        first = inside[0] if inside else None
        if first and all(rights == first for rights in inside):
            for stage in stages:
                del merged[name(stage)]
            merged[name(STAGE)] = first
    return merged


def _dangers(identities: Mapping[str, Identity]) -> str:
    rows = []
    for request in DANGEROUS:
        by_place: dict[str, list[str]] = defaultdict(list)
        for name, (_, dangers) in identities.items():
            if request.words in dangers:
                by_place[_where(dangers[request.words])].append(name)
        rows += [(request.words, where, ", ".join(who)) for where, who in by_place.items()]
        if not by_place:
            rows.append((request.words, "-", "nobody"))
    return markdown.table(("Request", "Where", "Who"), rows)


def _where(places: Sequence[str]) -> str:
    return "everywhere" if ALL in places else markdown.codes(places)


def _rights(places: Places) -> str:
    rows = []
    for place, rights in places.items():
        where = place if place == CLUSTER else markdown.code(place)
        rows += [
            (where, markdown.codes(verbs.split(", ")), markdown.codes(what.split("; ")))
            for verbs, what in rights_table(rights)
        ]
    return markdown.table(("Where", "May", "On"), rows)


if __name__ == "__main__":
    sys.exit(main())
