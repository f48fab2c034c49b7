"""What is not ready in a cluster while Terraform changes it, recorded before it is gone.

A release that is not ready in time is rolled back, and Terraform says only "context deadline
exceeded": by then its pods do not exist any more. So they are looked at all the time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.cluster_access import ClusterUnavailableError

POLL_SECONDS: Final = 5.0
SHOWN: Final = 20
MESSAGE_LENGTH: Final = 240
NAMESPACES: Final = "/api/v1/namespaces"
PODS: Final = "/api/v1/pods"
MORE: Final = "kubectl get events -A --field-selector type=Warning"
WARNINGS: Final = "/api/v1/events?fieldSelector=type%3DWarning"

Object = dict[str, Any]
Get = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why something is not ready; `times` is how often a warning was given."""

    namespace: str
    object: str
    reason: str
    message: str
    times: int = 1


class ClusterWatch:
    """Looks at some namespaces again and again, in a thread of its own, until it is stopped.

    No error in it may disturb what is watched: the last one is kept for the report.
    """

    def __init__(self, get: Get, namespaces: Collection[str]) -> None:
        self._get = get
        self._namespaces = frozenset(namespaces)
        self._pods: dict[tuple[str, str], list[Problem]] = {}
        self._of_jobs: set[tuple[str, str]] = set()
        self._warnings: dict[tuple[str, str, str], Problem] = {}
        self._ending: list[Problem] = []
        self._given_before: dict[str, int] | None = None
        self._error = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ClusterWatch:
        """Start to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; a request under way is not waited for."""
        self._stopped.set()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except ClusterUnavailableError as error:
                self._error = str(error)
            except Exception as error:
                self._error = f"{type(error).__name__}: {error}"
            if self._stopped.wait(POLL_SECONDS):
                return

    def look(self) -> None:
        """Look once.

        Raises:
            ClusterUnavailableError: the cluster cannot be asked.
        """
        events = self._items(WARNINGS)
        if self._given_before is None:
            self._given_before = {_id(event): _times(event) for event in events}
        for problem in warnings(events, self._given_before):
            self._warnings[problem.namespace, problem.object, problem.reason] = problem
        self._look_at_pods(self._items(PODS))
        namespaces = self._get(NAMESPACES)["items"]
        self._ending = [
            problem
            for namespace in namespaces
            if namespace["metadata"]["name"] in self._namespaces
            for problem in ending_problems(namespace)
        ]

    def _look_at_pods(self, pods: list[Object]) -> None:
        listed = {_key(pod) for pod in pods}
        # Helm deletes a hook that has succeeded; one that fails leaves a warning of its Job.
        for key in self._of_jobs - listed:
            self._pods.pop(key, None)
        self._of_jobs |= {_key(pod) for pod in pods if _is_of_job(pod)}
        for pod in pods:
            if pod["metadata"].get("deletionTimestamp"):
                continue  # What was wrong with it before it was deleted is what counts.
            if problems := list(pod_problems(pod)):
                self._pods[_key(pod)] = problems
            else:
                self._pods.pop(_key(pod), None)

    def _items(self, path: str) -> list[Object]:
        items: list[Object] = self._get(path)["items"]
        return [item for item in items if item["metadata"].get("namespace") in self._namespaces]

    @property
    def problems(self) -> list[Problem]:
        """What was recorded, without warnings that repeat what a pod says of itself."""
        pods = [problem for problems in list(self._pods.values()) for problem in problems]
        said = {(problem.object, problem.message) for problem in pods}
        others = [
            problem
            for problem in list(self._warnings.values())
            if (problem.object, problem.message) not in said
        ]
        return [*self._ending, *pods, *others]

    def report(self) -> str:
        """A table of what was recorded, or one line that says why there is none."""
        if self._given_before is None:
            return not_shown(self._error or "it was not looked at")
        return table(self.problems) or (
            "In the cluster, nothing was seen that was not ready, and no warning was given."
        )


def not_shown(reason: str) -> str:
    """The line instead of a table."""
    return f"What was not ready in the cluster is not shown: {reason}."


def pod_problems(pod: Object) -> Iterator[Problem]:
    """Why a pod is not ready: where it is not scheduled, or what its containers wait for."""
    status, metadata = pod.get("status", {}), pod["metadata"]
    conditions = {item["type"]: item for item in status.get("conditions") or ()}
    if status.get("phase") == "Succeeded" or _is(conditions.get("Ready"), "True"):
        return
    problem = Problem(
        namespace=metadata["namespace"], object=f"Pod {metadata['name']}", reason="", message=""
    )
    scheduled = conditions.get("PodScheduled")
    if _is(scheduled, "False"):
        yield _with_condition(problem, scheduled)
        return
    reasons = [
        replace(problem, reason=reason, message=message)
        for kind in ("initContainerStatuses", "containerStatuses")
        for container in status.get(kind) or ()
        for reason, message in _container_problems(container)
    ]
    yield from reasons
    if not reasons:
        yield _with_condition(problem, conditions.get("Ready") or {"reason": status.get("phase")})


def _container_problems(container: Object) -> Iterator[tuple[str, str]]:
    """Reason and message; nothing for a container that has begun, or waits for others."""
    name, state = container["name"], container.get("state") or {}
    waiting, ended = state.get("waiting"), state.get("terminated")
    last = (container.get("lastState") or {}).get("terminated")
    if waiting and waiting.get("reason") not in (None, "PodInitializing"):
        said = [f"container {name}", waiting.get("message")]
        if last:
            said.append(_end(last))
        yield waiting["reason"], ": ".join(filter(None, said))
    elif ended and ended.get("exitCode"):
        yield ended.get("reason") or "Error", f"container {name}: {_end(ended)}"


def _end(terminated: Object) -> str:
    message = (terminated.get("message") or "").strip()
    return f"ended with exit code {terminated.get('exitCode')}" + (
        f", {message}" if message else ""
    )


def warnings(events: Iterable[Object], before: dict[str, int]) -> Iterator[Problem]:
    """Warnings given since the count that was taken before, by the events' ids."""
    for event in events:
        times = _times(event) - before.get(_id(event), 0)
        if times > 0:
            about = event["involvedObject"]
            yield Problem(
                namespace=event["metadata"]["namespace"],
                object=f"{about.get('kind')} {about.get('name')}",
                reason=str(event.get("reason")),
                message=str(event.get("message") or ""),
                times=times,
            )


def ending_problems(namespace: Object) -> Iterator[Problem]:
    """What a namespace that is being deleted waits for."""
    if not namespace["metadata"].get("deletionTimestamp"):
        return
    name = namespace["metadata"]["name"]
    for condition in namespace.get("status", {}).get("conditions") or ():
        if _is(condition, "True"):
            problem = Problem(namespace=name, object=f"Namespace {name}", reason="", message="")
            yield _with_condition(problem, condition)


def table(problems: list[Problem]) -> str:
    """The problems as a table, at most `SHOWN`; empty without any."""
    if not problems:
        return ""
    # In a log there is no terminal width to keep to.
    console = Console(width=None if sys.stdout.isatty() else 160)
    shown = Table(title="Not ready in the cluster, before anything was rolled back")
    for column in ("Namespace", "Object", "Reason", "Message"):
        shown.add_column(column, overflow="fold")
    for problem in problems[:SHOWN]:
        times = f" ({problem.times} times)" if problem.times > 1 else ""
        message = problem.message[:MESSAGE_LENGTH]
        cells = (problem.namespace, problem.object, problem.reason + times, message)
        shown.add_row(*(escape(cell) for cell in cells))
    with console.capture() as capture:
        console.print(shown)
    more = len(problems) - SHOWN
    rest = [f"and {more} more: {MORE}"] if more > 0 else []
    return "\n".join([capture.get().rstrip("\n"), *rest])


def _with_condition(problem: Problem, condition: Object | None) -> Problem:
    condition = condition or {}
    return replace(
        problem,
        reason=str(condition.get("reason") or condition.get("type")),
        message=str(condition.get("message") or ""),
    )


def _is(condition: Object | None, status: str) -> bool:
    return condition is not None and condition.get("status") == status


def _key(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]


def _is_of_job(pod: Object) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())


def _id(event: Object) -> str:
    uid: str = event["metadata"]["uid"]
    return uid


def _times(event: Object) -> int:
    """How often it was given: the count of an old event, the series of a new one, else once."""
    series: Object = event.get("series") or {}
    return int(event.get("count") or series.get("count") or 1)
