"""AWS for the rehearsal: moto, and in front of it what moto 5.2.5 lacks for our stacks.

The front answers the EKS operations that moto does not have (add-ons, access entries, pod identity
associations, updates), completes what moto forgets of clusters and node groups, and mends
answers of other services (S3 lifecycle and notification, EC2 flow logs and launch templates, KMS
rotation periods). It answers what moto lacks of AWS Budgets and Cost Explorer.
Everything else goes to moto unchanged. Without these, Terraform either fails or plans a change
straight after an apply.

Routes, required parameters and field names come from botocore's model of EKS. Error types and
statuses are those of the Amazon EKS API reference; the wording of messages is ours.

Different from AWS on purpose: changes are done at once; what would wait for nodes fails after
SETTLE_SECONDS instead of 20 minutes or more; any well-formed add-on version exists; IAM permissions
are not evaluated.

    python -m verification.rehearsal.aws.aws_emulator --port 5000 --account-id 111122223333
"""

import argparse
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, quote, unquote

from tools.paths import ROOT
from verification.rehearsal import processes
from verification.rehearsal.aws import aws_s3
from verification.rehearsal.aws.aws_backends import MotoBackends
from verification.rehearsal.aws.aws_billing import (
    BillingError,
    BudgetsFront,
    CostExplorerFront,
    operation_of,
)
from verification.rehearsal.aws.aws_eks import EksFront
from verification.rehearsal.aws.aws_eks_model import (
    Answer,
    Call,
    EksError,
    InvalidParameterException,
    Json,
    succeeded,
)

DEFAULT_REGION = "us-east-1"
# How long an add-on or a node group may wait for what it needs before it fails. Resources that
# Terraform creates at the same time must find each other within it.
SETTLE_SECONDS = 60.0
READY_PATH = "/moto-api/data.json"

# The settings of a bucket that moto does not give back as they were put.
ECHOED_BUCKET_SETTINGS = {"lifecycle", "notification"}


Environ = dict[str, Any]


@dataclass(frozen=True)
class Route:
    """One operation of EKS as botocore describes it."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    input_shape: Any


def _routes() -> list[Route]:
    """Return the routes of the operations that EksFront has a method for."""
    import botocore.session
    from botocore import xform_name

    model = botocore.session.get_session().get_service_model("eks")
    routes = []
    for name in model.operation_names:
        if not hasattr(EksFront, xform_name(name)):
            continue
        described = model.operation_model(name)
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", described.http["requestUri"]))
        method = described.http["method"]
        routes.append(Route(xform_name(name), method, pattern, described.input_shape))
    return routes


class Front:
    """The WSGI application: routes a request to the front's own answer, or to moto."""

    def __init__(self, account_id: str, settle_seconds: float = SETTLE_SECONDS) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        aws_s3.mend()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._backends = MotoBackends(account_id)
        self._eks = EksFront(self._backends, settle_seconds)
        self._budgets = BudgetsFront(self._backends.budgets)
        self._cost_explorer = CostExplorerFront(account_id, self._backends.billed_tags)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one HTTP request."""
        aws_s3.begin_request(environ)
        service, region = _signed_for(environ)
        if service == "eks":
            status, headers, body = self._answer_eks(environ, region)
        elif service == "s3" and ECHOED_BUCKET_SETTINGS & _query(environ).keys():
            status, headers, body = self._answer_bucket_setting(environ)
        elif service == "ec2" and environ["REQUEST_METHOD"] == "POST":
            status, headers, body = self._answer_ec2(environ, region)
        elif service == "kms" and _target(environ) == "EnableKeyRotation":
            status, headers, body = self._answer_kms_enable(environ, region)
        elif service == "kms" and _target(environ) == "GetKeyRotationStatus":
            status, headers, body = self._answer_kms_status(environ, region)
        elif service in ("budgets", "ce"):
            status, headers, body = self._answer_billing(environ, service)
        else:
            answered: Iterable[bytes] = self._moto(environ, start_response)
            return answered
        start_response(status, headers)
        return [body]

    def _forward(self, environ: Environ, body: bytes) -> Answer:
        from werkzeug.test import run_wsgi_app

        environ = {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        chunks, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
        return status, list(headers), b"".join(chunks)

    @cached_property
    def _eks_routes(self) -> list[Route]:
        return _routes()

    def _answer_eks(self, environ: Environ, region: str) -> Answer:
        body = _read_body(environ)
        # The raw path: an ARN in it is one segment, whose slashes are escaped.
        path = environ["REQUEST_URI"].partition("?")[0]
        for route in self._eks_routes:
            match = route.pattern.fullmatch(path)
            if match and route.method == environ["REQUEST_METHOD"]:
                break
        else:
            return self._forward(environ, body)
        try:
            call = Call(
                region,
                _parameters(route, match.groupdict(), environ, body),
                forward=lambda: self._forward(environ, body),
                read=lambda path: self._read(environ, path),
            )
            answer = self._eks.answer(route.operation, call)
        except EksError as error:
            kind = type(error).__name__
            return _json_answer(error.status, error.body, [("x-amzn-ErrorType", kind)])
        return answer if isinstance(answer, tuple) else _json_answer("200 OK", answer, [])

    def _read(self, environ: Environ, path: str) -> Answer:
        raw = quote(path)
        request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
        return self._forward({**environ, **request, "REQUEST_URI": raw, "RAW_URI": raw}, b"")

    def _answer_bucket_setting(self, environ: Environ) -> Answer:
        """Give a bucket's setting back as it was put.

        moto drops object sizes and newer versions of lifecycle rules, and EventBridge.
        """
        body = _read_body(environ)
        status, headers, answer = self._forward(environ, body)
        if not status.startswith("2"):
            return status, headers, answer
        bucket = self._backends.bucket(environ["PATH_INFO"].strip("/"))
        (setting,) = ECHOED_BUCKET_SETTINGS & _query(environ).keys()
        # Kept on moto's object, so that it ends with the bucket.
        attribute = f"put_{setting}"
        if environ["REQUEST_METHOD"] == "PUT":
            setattr(bucket, attribute, body)
        if environ["REQUEST_METHOD"] == "GET":
            answer = getattr(bucket, attribute, answer)
            headers = _with_length(headers, answer)
        return status, headers, answer

    def _answer_ec2(self, environ: Environ, region: str) -> Answer:
        """Keep what moto drops of a flow log, and mend the tags of launch templates."""
        body = _read_body(environ)
        request = dict(parse_qsl(body.decode("utf-8", "replace")))
        templates = self._backends.ec2(region).launch_templates
        if request.get("Action") == "DescribeLaunchTemplates":
            for template in templates.values():
                # moto answers with the tags of the creation.
                template.tags = template.get_tags()
        answer = self._forward(environ, body)
        if not succeeded(answer):
            return answer
        if request.get("Action") == "CreateFlowLogs":
            for flow_log_id in re.findall(r"<item>(fl-\w+)</item>", answer[2].decode()):
                flow_log = self._backends.ec2(region).flow_logs[flow_log_id]
                flow_log.destination_options = _destination_options(request)
        if request.get("Action") == "CreateLaunchTemplate":
            for template in templates.values():
                if template.name == request["LaunchTemplateName"]:
                    _without_own_tags(template.default_version().data)
        return answer

    def _answer_billing(self, environ: Environ, service: str) -> Answer:
        """Answer what moto lacks of AWS Budgets and Cost Explorer."""
        body = _read_body(environ)
        request = json.loads(body or b"{}")
        front = self._budgets if service == "budgets" else self._cost_explorer
        try:
            operation = operation_of(front, service, _target(environ), request)
            if operation is not None:
                return _json_answer("200 OK", operation(request), [])
        except BillingError as error:
            return _json_answer(
                "400 Bad Request", {"__type": error.kind, "message": str(error)}, []
            )
        answer = self._forward(environ, body)
        if succeeded(answer) and _target(environ) == "CreateBudget":
            self._budgets.created(request)
        return answer

    def _answer_kms_enable(self, environ: Environ, region: str) -> Answer:
        """Keep the period of a key's rotation."""
        body = _read_body(environ)
        answer = self._forward(environ, body)
        request = json.loads(body)
        if succeeded(answer) and "RotationPeriodInDays" in request:
            key = self._backends.kms_key(region, request["KeyId"])
            key.rotation_period_in_days = request["RotationPeriodInDays"]
        return answer

    def _answer_kms_status(self, environ: Environ, region: str) -> Answer:
        """Add the period to the status of a key's rotation; AWS's default is a year."""
        body = _read_body(environ)
        status, headers, answer = self._forward(environ, body)
        if status.startswith("2") and json.loads(answer)["KeyRotationEnabled"]:
            key = self._backends.kms_key(region, json.loads(body)["KeyId"])
            period = getattr(key, "rotation_period_in_days", 365)
            answer = json.dumps({"RotationPeriodInDays": period, **json.loads(answer)}).encode()
        return status, _with_length(headers, answer), answer


def _with_length(headers: list[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    kept = [pair for pair in headers if pair[0].lower() != "content-length"]
    return [*kept, ("Content-Length", str(len(body)))]


def _without_own_tags(data: Json) -> None:
    """Remove the template's own tags, which moto mixes into those for instances."""
    specifications = [
        specification
        for specification in data.pop("TagSpecifications", [])
        if specification["ResourceType"] != "launch-template"
    ]
    if specifications:
        data["TagSpecifications"] = specifications


def _destination_options(request: Json) -> Json | None:
    prefix = "DestinationOptions."
    if not any(name.startswith(prefix) for name in request):
        return None
    return {
        "FileFormat": request.get(f"{prefix}FileFormat", "plain-text"),
        "HiveCompatiblePartitions": request.get(f"{prefix}HiveCompatiblePartitions") == "true",
        "PerHourPartition": request.get(f"{prefix}PerHourPartition") == "true",
    }


def _signed_for(environ: Environ) -> tuple[str, str]:
    """Return service and region from the signature's scope; empty for an unsigned request."""
    credential = re.search(
        r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", "")
    )
    return (credential[2], credential[1]) if credential else ("", "")


def _target(environ: Environ) -> str:
    return str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]


def _query(environ: Environ) -> dict[str, str]:
    return dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))


def _read_body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _parameters(route: Route, path: dict[str, str], environ: Environ, body: bytes) -> Json:
    """Collect the parameters under the names of the wire; raises InvalidParameterException."""
    from botocore.validate import ParamValidator

    wire_names = {
        name: member.serialization.get("name", name)
        for name, member in route.input_shape.members.items()
    }
    parameters: Json = {name: unquote(value) for name, value in path.items()}
    lists = [n for n, member in route.input_shape.members.items() if member.type_name == "list"]
    for name, value in parse_qsl(environ.get("QUERY_STRING", "")):
        if name in lists:
            parameters.setdefault(name, []).append(value)
        else:
            parameters[name] = value
    try:
        parameters |= json.loads(body or b"{}")
    except ValueError as error:
        raise InvalidParameterException(f"The body is not JSON: {error}") from error
    # Path and query arrive as text whatever their type is, so only the others are checked.
    checked = {
        name: parameters[wire]
        for name, wire in wire_names.items()
        if wire in parameters
        and (not isinstance(parameters[wire], str) or _is_text(route.input_shape.members[name]))
    }
    report = ParamValidator().validate(checked, route.input_shape)
    if report.has_errors():
        raise InvalidParameterException(report.generate_report())
    return parameters


def _is_text(shape: Any) -> bool:
    return bool(shape.type_name == "string")


def _json_answer(status: str, body: Json, headers: list[tuple[str, str]]) -> Answer:
    content = json.dumps(body).encode()
    common = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    return status, [*common, *headers], content


@dataclass(frozen=True)
class AwsEmulator:
    """A running emulator; also a context manager that stops it."""

    endpoint_url: str
    # The same AWS, at an address whose requests count as not encrypted (`aws:SecureTransport`).
    plain_http_url: str
    # For Terraform and boto3; replaces every AWS setting of the caller's environment.
    environment: dict[str, str]
    process: processes.RunningProcess

    def stop(self) -> None:
        """Stop the emulator; its state is gone with it."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_aws_emulator(
    account_id: str,
    log_dir: Path,
    region: str = DEFAULT_REGION,
    settle_seconds: float = SETTLE_SECONDS,
) -> AwsEmulator:
    """Start the emulator on a free port of loopback and wait until it answers.

    Its log is `aws-emulator.log` in `log_dir`. `region` is only what `environment` says: every
    region works. Raises verification.rehearsal.processes.ProcessError when it does not start.
    """

    def begin() -> tuple[processes.RunningProcess, int]:
        port, plain_port = processes.free_port(), processes.free_port()
        process = processes.start(
            [
                *(sys.executable, "-m", "verification.rehearsal.aws.aws_emulator"),
                *("--port", str(port), "--plain-port", str(plain_port)),
                *("--account-id", account_id),
                *("--settle-seconds", str(settle_seconds)),
            ],
            name="AWS emulator",
            port=port,
            log_path=log_dir / "aws-emulator.log",
            working_directory=ROOT,
            ready_path=READY_PATH,
        )
        return process, plain_port

    process, plain_port = processes.on_free_ports(begin)
    environment = {
        "AWS_ENDPOINT_URL": process.url,
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Nothing of the user's own configuration may reach a rehearsal.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": processes.LOOPBACK,
    }
    plain_http_url = f"http://{processes.LOOPBACK}:{plain_port}"
    return AwsEmulator(process.url, plain_http_url, environment, process)


def _serve(port: int, plain_port: int | None, account_id: str, settle_seconds: float) -> None:
    # Before the first import of moto, which reads them only then.
    os.environ["MOTO_ACCOUNT_ID"] = account_id
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_PORT"] = str(port)
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    # One line per request is no use in a log whose end is shown when something fails.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    front = Front(account_id, settle_seconds)

    def plain(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        return front({**environ, aws_s3.PLAIN_HTTP: True}, start_response)

    listen = partial(
        make_server, processes.LOOPBACK, threaded=True, request_handler=MotoRequestHandler
    )
    server = listen(port=port, app=front)
    if plain_port is not None:
        threading.Thread(
            target=listen(port=plain_port, app=plain).serve_forever, daemon=True
        ).start()
    print(f"listening on http://{processes.LOOPBACK}:{port}", flush=True)
    server.serve_forever()


def _account_id(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError("an account id has 12 digits")
    return text


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m verification.rehearsal.aws.aws_emulator",
        description="Emulate the AWS services of our stacks on loopback; state is in memory only.",
    )
    parser.add_argument("--port", type=int, required=True, help="TCP port on 127.0.0.1")
    parser.add_argument(
        "--plain-port",
        type=int,
        help="another TCP port, whose requests count as sent without TLS in bucket policies",
    )
    parser.add_argument(
        "--account-id",
        type=_account_id,
        required=True,
        help="account that everything belongs to, as in the providers' allowed_account_ids",
    )
    parser.add_argument(
        "--settle-seconds",
        type=float,
        default=SETTLE_SECONDS,
        help="how long add-ons and node groups wait for what they need (default: %(default)g)",
    )
    options = parser.parse_args(arguments)
    _serve(options.port, options.plain_port, options.account_id, options.settle_seconds)


if __name__ == "__main__":
    main()
