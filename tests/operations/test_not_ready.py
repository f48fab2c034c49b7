"""A deployment that fails shows what was not ready, although the rollback has removed it."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from settings_files import without_examples

from operations import deploy, not_ready, terraform_stack
from operations.cluster_access import ClusterAccess, ClusterUnavailableError
from operations.not_ready import ClusterWatch, Problem, ending_problems, pod_problems, warnings
from tools.providers import ProviderSource

Object = dict[str, Any]
REMOTE = "data.terraform_remote_state.cluster.outputs"


def self_signed() -> tuple[str, str]:
    """Certificate of 127.0.0.1, which is its own CA, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    day = timedelta(days=1)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


CERTIFICATE = base64.b64encode(self_signed()[0].encode()).decode()


def pod(name: str = "loki-0", namespace: str = "observability", **status: Any) -> Object:
    return {"metadata": {"name": name, "namespace": namespace}, "status": status}


def condition(kind: str, status: str, **more: str) -> Object:
    return {"type": kind, "status": status, **more}


def container(name: str = "loki", **state: Any) -> Object:
    return {"name": name, "state": state}


def event(uid: str = "1", count: int = 1, **more: Any) -> Object:
    return {
        "metadata": {"uid": uid, "namespace": "dev"},
        "involvedObject": {"kind": "ReplicaSet", "name": "otel-gateway-5c"},
        "reason": "FailedCreate",
        "message": "exceeded quota: quota",
        "count": count,
        **more,
    }


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-ins are on this computer, whatever a proxy is configured for."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


# --- Objects ------------------------------------------------------------------------------------

SCHEDULED = condition("PodScheduled", "True")
KILLED = {"exitCode": 137, "reason": "OOMKilled"}
UNREADY = condition("Ready", "False", reason="ContainersNotReady", message="unready: [loki]")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running", "conditions": [condition("Ready", "True")]}, []),
        ({"phase": "Succeeded", "conditions": [UNREADY]}, []),
        (
            {
                "phase": "Pending",
                "conditions": [
                    condition("PodScheduled", "False", reason="Unschedulable", message="0/3 nodes")
                ],
            },
            [("Unschedulable", "0/3 nodes")],
        ),
        (
            {
                "conditions": [SCHEDULED, UNREADY],
                "containerStatuses": [
                    container(waiting={"reason": "ImagePullBackOff", "message": "no such tag"}),
                    container("sidecar", running={}),
                ],
            },
            [("ImagePullBackOff", "container loki: no such tag")],
        ),
        (
            {
                "conditions": [SCHEDULED, UNREADY],
                "initContainerStatuses": [
                    {
                        **container("init", waiting={"reason": "CrashLoopBackOff"}),
                        "lastState": {"terminated": {"exitCode": 1, "message": "no disk\n"}},
                    }
                ],
                "containerStatuses": [container(waiting={"reason": "PodInitializing"})],
            },
            [("CrashLoopBackOff", "container init: ended with exit code 1, no disk")],
        ),
        (
            {
                "conditions": [SCHEDULED, UNREADY],
                "containerStatuses": [container(terminated=KILLED)],
            },
            [("OOMKilled", "container loki: ended with exit code 137")],
        ),
        (
            {"conditions": [SCHEDULED, UNREADY], "containerStatuses": [container(running={})]},
            [("ContainersNotReady", "unready: [loki]")],
        ),
        ({"phase": "Pending"}, [("Pending", "")]),
    ],
    ids=[
        "ready", "ended well", "no node", "no image", "an init container crashes",
        "killed for its memory", "not ready by its probe", "just made",
    ],
)  # fmt: skip
def test_why_a_pod_is_not_ready(status: Object, expected: list[tuple[str, str]]) -> None:
    problems = list(pod_problems(pod(**status)))
    assert [(problem.reason, problem.message) for problem in problems] == expected
    assert {(problem.namespace, problem.object) for problem in problems} <= {
        ("observability", "Pod loki-0")
    }


def test_warnings_are_those_given_since_the_beginning() -> None:
    before = {"old": 3, "again": 2}
    new = [
        event("old", 3),
        event("again", 7),
        event("first", 1),
        event("series", 0, series={"count": 4}),
    ]
    assert [problem.times for problem in warnings(new, before)] == [5, 1, 4]


def test_what_a_namespace_that_ends_waits_for() -> None:
    waits = condition("NamespaceFinalizersRemaining", "True", reason="SomeFinalizersRemain")
    gone = condition("NamespaceContentRemaining", "False")
    namespace: Object = {"metadata": {"name": "dev"}, "status": {"conditions": [waits, gone]}}
    assert list(ending_problems(namespace)) == []
    namespace["metadata"]["deletionTimestamp"] = "2026-11-26T12:00:00Z"
    (problem,) = ending_problems(namespace)
    assert (problem.object, problem.reason) == ("Namespace dev", "SomeFinalizersRemain")


# --- The watch ----------------------------------------------------------------------------------

Answers = dict[str, list[Object]]


def watch_of(answers: Answers) -> ClusterWatch:
    return ClusterWatch(lambda path: {"items": answers.get(path, [])}, ["observability", "dev"])


PENDING: Object = {
    "phase": "Pending",
    "conditions": [condition("PodScheduled", "False", reason="NoNode")],
}


def test_a_pod_that_is_gone_stays_in_the_record_and_one_that_became_ready_does_not() -> None:
    answers: Answers = {not_ready.PODS: [pod("a-0", **PENDING), pod("b-0", **PENDING)]}
    watch = watch_of(answers)
    watch.look()
    ready = pod("b-0", phase="Running", conditions=[condition("Ready", "True")])
    answers[not_ready.PODS] = [ready]
    watch.look()
    assert [problem.object for problem in watch.problems] == ["Pod a-0"]


def test_the_pod_of_a_hook_that_helm_has_deleted_is_no_problem() -> None:
    hook = pod("admission-create-x", **PENDING)
    hook["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "admission-create"}]
    answers: Answers = {not_ready.PODS: [hook]}
    watch = watch_of(answers)
    watch.look()
    assert [problem.object for problem in watch.problems] == ["Pod admission-create-x"]
    answers[not_ready.PODS] = []
    watch.look()
    assert watch.problems == []


def test_a_pod_that_is_being_deleted_keeps_what_was_wrong_before() -> None:
    answers: Answers = {not_ready.PODS: [pod(**PENDING)]}
    watch = watch_of(answers)
    watch.look()
    ending = pod(phase="Running", conditions=[UNREADY, SCHEDULED])
    ending["metadata"]["deletionTimestamp"] = "2026-11-26T12:00:00Z"
    answers[not_ready.PODS] = [ending]
    watch.look()
    assert [problem.reason for problem in watch.problems] == ["NoNode"]


def test_other_namespaces_and_repetitions_are_left_out() -> None:
    answers: Answers = {}
    watch = watch_of(answers)
    watch.look()
    said = condition("PodScheduled", "False", reason="Unschedulable", message="0/3 nodes")
    repeated = {
        "metadata": {"uid": "2", "namespace": "dev"},
        "involvedObject": {"kind": "Pod", "name": "app-0"},
        "reason": "FailedScheduling",
        "message": "0/3 nodes",
    }
    answers[not_ready.PODS] = [
        pod("theirs-0", "default", **PENDING),
        pod("app-0", "dev", phase="Pending", conditions=[said]),
    ]
    answers[not_ready.WARNINGS] = [event(), repeated]
    watch.look()
    assert [(problem.object, problem.reason) for problem in watch.problems] == [
        ("Pod app-0", "Unschedulable"),
        ("ReplicaSet otel-gateway-5c", "FailedCreate"),
    ]


def test_the_report_is_short_and_says_where_there_is_more() -> None:
    problem = Problem(
        namespace="dev", object="Pod [bold]x[/]", reason="Failed", message="y" * 1000, times=3
    )
    shown = not_ready.table([problem] * (not_ready.SHOWN + 2))
    assert "and 2 more: kubectl get events -A" in shown
    assert "Failed (3 times)" in shown
    assert "[bold]x[/]" in shown
    assert shown.count("y") < 22 * not_ready.MESSAGE_LENGTH
    assert not_ready.table([]) == ""


def test_without_problems_and_without_access_it_says_so() -> None:
    quiet = watch_of({})
    quiet.look()
    assert quiet.report().startswith("In the cluster, nothing was seen that was not ready")

    def refuse(path: str) -> Any:
        raise ClusterUnavailableError("https://x does not answer: timed out")

    asked = threading.Event()

    def refuse_and_tell(path: str) -> Any:
        asked.set()
        return refuse(path)

    with ClusterWatch(refuse_and_tell, ["dev"]) as watch:
        assert asked.wait(60)
    watch._thread.join(60)
    assert watch.report() == (
        "What was not ready in the cluster is not shown: https://x does not answer: timed out."
    )


# --- The connection -----------------------------------------------------------------------------


def test_the_token_goes_to_no_other_host() -> None:
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    login = ("echo", '{"status": {"token": "t"}}')
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(ClusterUnavailableError, match="answers /x with 302 Found"):
            ClusterAccess(address, self_signed()[0], login).get("/x")
        server.shutdown()
    assert asked == ["/x"]


def test_the_clusters_certificate_alone_is_trusted(tmp_path: Path) -> None:
    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"asked": self.headers["Authorization"]}).encode())

        def log_message(self, *_: object) -> None:
            pass

    certificate, key = self_signed()
    for name, text in (("certificate.pem", certificate), ("key.pem", key)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    login = ("echo", '{"status": {"token": "t"}}')
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"https://127.0.0.1:{server.server_port}"
        assert ClusterAccess(address, certificate, login).get("/x") == {"asked": "Bearer t"}
        for other in (self_signed()[0], "no PEM"):
            with pytest.raises(ClusterUnavailableError, match=f"{address} does not answer: "):
                ClusterAccess(address, other, login).get("/x")
        server.shutdown()


# --- A deployment that fails ----------------------------------------------------------------------

# As Terraform does: it ends once the release was rolled back, for which `rolled-back` stands.
TERRAFORM = r"""#!/bin/sh
[ "$1" = version ] && { echo "Terraform v1.11.4"; exit 0; }
root=$PWD/../../../..
case $1 in
plan) exit 2 ;;
show) cat "$root/plan.json" ;;
apply)
    left=4800
    while [ -f "$root/wait" ] && [ ! -f "$root/rolled-back" ]; do
        [ $left -gt 0 ] && sleep 0.05 || exit 3
        left=$((left - 1))
    done
    printf '\nError: context deadline exceeded\n'
    exit 1 ;;
esac
"""
AWS = r"""#!/bin/sh
wanted="eks get-token --cluster-name obs-dev --region us-east-1"
[ "$*" = "$wanted" ] || { echo "got $*" >&2; exit 9; }
[ -f "$0.expired" ] && { echo "ExpiredToken: log in" >&2; exit 254; }
echo '{"kind": "ExecCredential", "status": {"token": "the-token"}}'
"""
STACK = {
    "provider": {
        "kubernetes": [
            {
                "host": f"${{{REMOTE}.cluster_endpoint}}",
                "cluster_ca_certificate": f"${{base64decode({REMOTE}.ca)}}",
                "exec": [
                    {
                        "command": "aws",
                        "args": [
                            *("eks", "get-token", "--cluster-name"),
                            *(f"${{{REMOTE}.cluster_name}}", "--region", "us-east-1"),
                        ],
                    }
                ],
            }
        ]
    },
    "resource": {
        "kubernetes_namespace_v1": {"dev": {"metadata": {"name": "dev"}}},
        "helm_release": {"loki": {"namespace": "observability"}},
    },
}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    """A Kubernetes API: a pod without an image and a quota, until the second look; then nothing."""
    looks: list[str] = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers["Authorization"] != "Bearer the-token":
                self.send_error(401)
                return
            first = not looks
            items: list[Object] = []
            if self.path == not_ready.PODS and first:
                waiting = {"reason": "ImagePullBackOff", "message": "no such tag"}
                items = [
                    pod(conditions=[SCHEDULED], containerStatuses=[container(waiting=waiting)])
                ]
            if self.path == not_ready.WARNINGS and not first:
                items = [event()]
            if self.path == not_ready.NAMESPACES:
                looks.append(self.path)
                if len(looks) == 2:
                    (tmp_path / "project" / "rolled-back").touch()
            body = json.dumps({"items": items}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


Deploy = Callable[[str], tuple[int, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    folder = root / "cdktf.out" / "dev" / "stacks" / "observability"
    folder.mkdir(parents=True)
    (root / "environments").mkdir()
    (root / "environments" / "dev.yaml").write_text(without_examples("dev"), encoding="utf-8")
    (folder / "cdk.tf.json").write_text(json.dumps(STACK), encoding="utf-8")
    manifest = {
        "stacks": {
            "observability": {
                "dependencies": [],
                "synthesizedStackPath": "stacks/observability/cdk.tf.json",
            }
        }
    }
    (root / "cdktf.out" / "dev" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("terraform", TERRAFORM), ("aws", AWS)):
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(programs / "terraform"))
    for name in ("cat", "sleep"):
        (programs / name).symlink_to(str(shutil.which(name)))
    # Alone, so that no aws of this computer is found.
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(terraform_stack, "find_source", ProviderSource)
    monkeypatch.setattr(not_ready, "POLL_SECONDS", 0.05)
    return root


def write_plan(root: Path, **outputs: str) -> None:
    values = {"type": "terraform_remote_state", "name": "cluster", "values": {"outputs": outputs}}
    plan = {"prior_state": {"values": {"root_module": {"resources": [values]}}}}
    (root / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


@pytest.fixture
def run(project: Path, capfd: pytest.CaptureFixture[str]) -> Deploy:
    def run(action: str) -> tuple[int, str]:
        options = ["--env", "dev", "--yes", "--stack", "observability"]
        status = deploy.main([action, *options], root=project)
        return status, capfd.readouterr().out

    return run


@pytest.mark.parametrize("action", ["deploy", "destroy"])
def test_what_was_not_ready_is_shown_after_it_is_gone(
    project: Path, api: str, run: Deploy, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setattr(deploy, "_is_protected", lambda env, root: False)
    write_plan(project, cluster_endpoint=api, ca=CERTIFICATE, cluster_name="obs-dev")
    (project / "wait").touch()
    status, out = run(action)
    assert status == 1
    lines = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert "observability Pod loki-0 ImagePullBackOff container loki: no such tag" in lines
    assert "dev ReplicaSet otel-gateway-5c FailedCreate exceeded quota: quota" in lines
    # Terraform's own message comes first, and what to do last.
    error = lines.index("Error: context deadline exceeded")
    table = next(n for n, line in enumerate(lines) if line.startswith("Not ready in the cluster"))
    assert error < table < len(lines) - 2
    assert "the-token" not in out


def refused_outputs(project: Path, api: str) -> str:
    write_plan(project, ca=CERTIFICATE)
    return "stack cluster has no output cluster_endpoint yet"


def no_certificate(project: Path, api: str) -> str:
    write_plan(project, cluster_endpoint=api, ca="!", cluster_name="obs-dev")
    return "the cluster's certificate is no base64 of a PEM"


def no_plan(project: Path, api: str) -> str:
    (project / "plan.json").write_text("{}", encoding="utf-8")
    return "the plan has no outputs of the cluster's stack"


def other_provider(project: Path, api: str) -> str:
    file = project / "cdktf.out" / "dev" / "stacks" / "observability" / "cdk.tf.json"
    file.write_text(json.dumps({**STACK, "provider": {"kubernetes": [{}]}}), encoding="utf-8")
    return "the Kubernetes provider is not configured with host, cluster_ca_certificate and exec"


@pytest.mark.parametrize("spoil", [refused_outputs, no_certificate, no_plan, other_provider])
def test_without_access_one_line_says_why(
    project: Path, api: str, run: Deploy, spoil: Callable[[Path, str], str]
) -> None:
    reason = spoil(project, api)
    status, out = run("deploy")
    assert status == 1
    assert f"What was not ready in the cluster is not shown: {reason}.\n" in out


def expired(programs: Path) -> str:
    (programs / "aws.expired").touch()
    return "aws eks get-token failed: ExpiredToken: log in"


def absent(programs: Path) -> str:
    (programs / "aws").unlink()
    return "aws is not on the PATH"


def wordy(programs: Path) -> str:
    (programs / "aws").write_text("#!/bin/sh\necho hello\n", encoding="utf-8")
    return "aws eks get-token printed no token"


def foreign(programs: Path) -> str:
    token = '{"status": {"token": "of another cluster"}}'
    (programs / "aws").write_text(f"#!/bin/sh\necho '{token}'\n", encoding="utf-8")
    return "answers /api/v1/events?fieldSelector=type%3DWarning with 401 Unauthorized"


@pytest.mark.parametrize("spoil", [expired, absent, wordy, foreign])
def test_a_cluster_that_cannot_be_asked_does_not_disturb(
    project: Path,
    api: str,
    run: Deploy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], str],
) -> None:
    reason = spoil(tmp_path / "bin")
    write_plan(project, cluster_endpoint=api, ca=CERTIFICATE, cluster_name="obs-dev")
    looked = threading.Event()
    look = ClusterWatch.look

    def look_and_tell(watch: ClusterWatch) -> None:
        try:
            look(watch)
        finally:
            if looked.is_set():
                (project / "rolled-back").touch()
            looked.set()

    monkeypatch.setattr(ClusterWatch, "look", look_and_tell)
    (project / "wait").touch()
    status, out = run("deploy")
    assert status == 1
    assert "What was not ready in the cluster is not shown: " in out
    assert f"{reason}.\n" in out


def test_a_stack_without_a_cluster_is_not_watched(project: Path, run: Deploy) -> None:
    file = project / "cdktf.out" / "dev" / "stacks" / "observability" / "cdk.tf.json"
    file.write_text("{}", encoding="utf-8")
    status, out = run("deploy")
    assert status == 1
    assert "in the cluster" not in out
