"""What the agent makes of the files that the kubelet writes, with the real collector.

Files of containers are written as containerd and the kubelet write, rotate and compress them; the
tests look at what a back end on loopback was given.
"""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from outcomes import not_checked

from blueprint.documents import Config
from helm_values.otel_collector import otel_agent_logs, printed_json
from helm_values.otel_collector.otel_agent_config import agent_config
from settings.load import load_environment
from tools.programs import ProgramUnavailableError, program
from verification.rehearsal.pipeline import collectors
from verification.rehearsal.pipeline.collectors import Here, started
from verification.rehearsal.pipeline.otlp_sink import Item, OtlpSink

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 24)
DEADLINE = 40
GRACE = 1.0
"""For what should not arrive, after the last of what should."""

UID = "0f8fad5b-d9cb-469f-a165-70867728950e"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
LAST = "the last line"


@pytest.fixture(scope="module")
def otelcol() -> Path:
    try:
        return program("otelcol")
    except ProgramUnavailableError as error:
        not_checked(f"not checked: what the agent makes of log files. {error}")


def dev_agent() -> Config:
    return agent_config(load_environment("dev", TODAY))


def on_this_computer(sink: OtlpSink, folder: Path) -> Here:
    return Here(folder=folder, back_end=sink.address_of, as_json=True, hurry=True)


@dataclass
class Container:
    """The log of a container, written as containerd does and rotated as the kubelet does."""

    folder: Path
    pod: str = "web-0"
    namespace: str = "dev"
    _time: Iterator[int] = field(default_factory=itertools.count)
    _rotations: Iterator[int] = field(default_factory=lambda: itertools.count(114500))

    @property
    def file(self) -> Path:
        pods = collectors.pods_logs(self.folder)
        return pods / f"{self.namespace}_{self.pod}_{UID}" / "web" / "0.log"

    def write(self, *texts: str | bytes, stream: str = "stdout", tag: str = "F") -> None:
        """One line of the runtime for each text."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab") as log:
            for text in texts:
                head = f"2026-11-26T11:45:00.{next(self._time):09d}Z {stream} {tag} "
                body = text.encode() if isinstance(text, str) else text
                log.write(head.encode() + body + b"\n")

    def write_raw(self, line: bytes) -> None:
        """Something that is no line of the runtime."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab") as log:
            log.write(line + b"\n")

    def rotate(self) -> None:
        """Compress what was rotated before, rename the file, begin a new one."""
        for old in list(self.file.parent.iterdir()):
            if old != self.file and not old.name.endswith(".gz"):
                unfinished = old.with_name(f"{old.name}.tmp")
                unfinished.write_bytes(gzip.compress(old.read_bytes()))
                unfinished.rename(old.with_name(f"{old.name}.gz"))
                old.unlink()
        self.file.rename(self.file.with_name(f"0.log.20261126-{next(self._rotations)}"))
        self.file.touch()


def numbered(first: int, count: int) -> list[str]:
    return [f"line {number} {'x' * 100}" for number in range(first, first + count)]


def numbers(sink: OtlpSink) -> Counter[int]:
    """How often each numbered line came."""
    return Counter(
        int(record.name.split()[1])
        for record in sink.log_records()
        if record.name.startswith("line ")
    )


def wait_for(sink: OtlpSink, condition: Callable[[], bool], seconds: float = DEADLINE) -> None:
    assert sink.wait_until(condition, seconds), "what should arrive did not"


# --- One line or record each, of a container of its own -------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Record:
    """What should come of a container: text, severity, stream."""

    text: str
    severity: str = ""
    stream: str = "stdout"


def ordinary(*texts: str) -> list[Record]:
    return [Record(text=text) for text in texts]


def error(text: str) -> list[Record]:
    return [Record(text=text, severity="ERROR")]


JAVA = """java.lang.IllegalStateException: no stock
\tat com.example.Shop.order(Shop.java:10)
\tat com.example.Shop.main(Shop.java:5)
Caused by: java.lang.NullPointerException
\t... 2 more"""
JAVA_MAIN = f'Exception in thread "main" {JAVA}'
PYTHON = """Traceback (most recent call last):
  File "/app/shop.py", line 7, in <module>
    main()
  File "/app/shop.py", line 4, in main
    raise ValueError("no stock")
    ~~~~~^^^^^^^^^^^^
ValueError: no stock"""
PYTHON_SHORT = """Traceback (most recent call last):
  File "/app/shop.py", line 4, in <module>
    orders[3]
IndexError: list index out of range"""
PYTHON_WITHOUT_CODE = """Traceback (most recent call last):
  File "<string>", line 1, in <module>
  File "<frozen importlib._bootstrap>", line 1324, in _find_and_load
ModuleNotFoundError: No module named 'shop'"""
NODE = """Error: no stock
    at order (/app/shop.js:12:9)
    at async Promise.all (index 0)
    at file:///app/main.mjs:3:1
    at node:internal/main/run_main_module:28:49"""
NODE_LOGGED = "cannot order TypeError: x is not a function\n    at order (/app/shop.js:12:9)"
GO = """panic: no stock

goroutine 1 [running]:
main.(*Shop).order(0xc000012345, {0x4b2f3c, 0x5})
\t/app/main.go:5 +0x1d
main.main()
\t/app/main.go:9 +0x1d"""
GO_SIGNAL = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45f1a2]

goroutine 1 [running]:
main.main()
\t/app/main.go:9 +0x1d"""
DOTNET = """Unhandled exception. System.InvalidOperationException: no stock
 ---> System.ArgumentException: inner
   at Shop.Inner() in /src/Shop.cs:line 10
   --- End of inner exception stack trace ---
   at Shop.Main() in /src/Shop.cs:line 5"""
OWN_CLASS = "com.example.OutOfStock: no shoes\n\tat com.example.Shop.order(Shop.java:10)"
NODE_CAUSE = """Error: no stock
    at order (/app/shop.js:12:9)
  [cause]: TypeError: x is not a function
    at count (/app/shop.js:3:1)"""
GO_SERVER = """2026/11/26 11:45:00 http: panic serving 10.0.0.1:4711: no stock
goroutine 34 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1801 +0xb9
panic({0x6a3b40?, 0xc000012345?})
\t/usr/local/go/src/runtime/panic.go:785 +0x132
gopkg.in/shop%2ev3.Map[...]({...}, 0x2)
\t/app/main.go:5
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3285 +0x4b4"""
GO_DEADLOCK = """fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/app/main.go:9 +0x1d"""
DOTNET_ASYNC = """System.InvalidOperationException: no stock
   at Shop.Order() in /src/Shop.cs:line 5
--- End of stack trace from previous location ---
   at Shop.Main()"""

TRACES = {
    "own class": OWN_CLASS,
    "Node.js, cause": NODE_CAUSE,
    "Go, server": GO_SERVER,
    "Go, deadlock": GO_DEADLOCK,
    ".NET, async": DOTNET_ASYNC,
    "Java": JAVA,
    "Java's main": JAVA_MAIN,
    "Python": PYTHON,
    "Python, short": PYTHON_SHORT,
    "Python, no code": PYTHON_WITHOUT_CODE,
    "Node.js": NODE,
    "Node.js, logged": NODE_LOGGED,
    "Go": GO,
    "Go, signal": GO_SIGNAL,
    ".NET": DOTNET,
}
ORDINARY = (
    "a line",
    "  indented",
    "    by four",
    "{",
    '  "level": "error",',
    '    "deeper": 1',
    "}",
    "",
    "ValueError: not after a trace",
    "TypeError: neither",
    "Listening: on port 80",
    "INFO: started",
    "--- a line",
    "an Error in a text",
    "at the beginning",
    "main(x)",
    '{"exc_info": "Traceback (most recent call last):\\n  File \\"a.py\\", line 1"',
    LAST,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a container prints, and the records that should come of it, in any order."""

    writes: Callable[[Container], None]
    records: list[Record]


def lines_of(*texts: str, stream: str = "stdout") -> Callable[[Container], None]:
    lines = [line for text in texts for line in text.split("\n")]
    return lambda container: container.write(*lines, stream=stream)


def interleaved(container: Container) -> None:
    """Two traces, line by line on two streams."""
    for java, node in zip(JAVA.split("\n"), NODE.split("\n"), strict=True):
        container.write(java, stream="stdout")
        container.write(node, stream="stderr")


def parts_of_streams(container: Container) -> None:
    container.write("out-", tag="P")
    container.write("err-", stream="stderr", tag="P")
    container.write("1", tag="F")
    container.write("2", stream="stderr", tag="F")


CASES = {
    **{
        name: Case(
            writes=lines_of("before", trace, "after", "  indented after"),
            records=[*ordinary("before", "after", "  indented after"), *error(trace)],
        )
        for name, trace in TRACES.items()
    },
    "traces one after another": Case(
        writes=lines_of(PYTHON, JAVA, PYTHON_SHORT, GO, NODE),
        records=[r for trace in (PYTHON, JAVA, PYTHON_SHORT, GO, NODE) for r in error(trace)],
    ),
    "ordinary lines": Case(writes=lines_of(*ORDINARY), records=ordinary(*ORDINARY)),
    "traces on two streams": Case(
        writes=interleaved,
        records=[
            Record(text=JAVA, severity="ERROR"),
            Record(text=NODE, severity="ERROR", stream="stderr"),
        ],
    ),
    "parts on two streams": Case(
        writes=parts_of_streams,
        records=[Record(text="out-1"), Record(text="err-2", stream="stderr")],
    ),
    "wrong encoding": Case(
        writes=lambda container: container.write(b"caf\xe9 \xff\xfe.", "café"),
        records=ordinary("caf\ufffd \ufffd.", "café"),
    ),
    "not the runtime's": Case(
        writes=lambda container: container.write_raw(b"no line of the runtime"),
        records=[Record(text="no line of the runtime", stream="")],
    ),
    "broken JSON": Case(
        writes=lines_of('{"level":"error","msg":"half', "{}", "[1]", '{"msg":1}', '{"msg":"a"} b'),
        records=ordinary('{"level":"error","msg":"half', "{}", "[1]", '{"msg":1}', '{"msg":"a"} b'),
    ),
}


@dataclass(frozen=True)
class Reading:
    """What one agent made of every container."""

    records: list[Item]
    log: str

    def of(self, pod: str) -> list[Item]:
        return [item for item in self.records if item.resource.get("k8s.pod.name") == pod]


def names_of_pods(names: Any) -> dict[str, str]:
    return {name: f"pod-{number}" for number, name in enumerate(names)}


def read_all(
    otelcol: Path, folder: Path, writes: Mapping[str, Callable[[Container], None]], config: Config
) -> Reading:
    """Let each write to a container of its own, and an agent read them all."""
    pods = names_of_pods(writes)
    for name, write in writes.items():
        container = Container(folder=folder, pod=pods[name])
        write(container)
        container.write(LAST)
    with OtlpSink() as sink:
        adapted = collectors.adapt(config, on_this_computer(sink, folder))
        with started(otelcol, adapted, folder):
            wait_for(
                sink,
                lambda: (
                    {r.resource["k8s.pod.name"] for r in sink.log_records() if r.name == LAST}
                    == set(pods.values())
                ),
            )
            time.sleep(GRACE)
        # It stops in order: what is held back is sent before.
        return Reading(sink.log_records(), (folder / "otelcol.log").read_text("utf-8"))


@pytest.fixture(scope="module")
def reading(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    folder = tmp_path_factory.mktemp("reading")
    return read_all(otelcol, folder, {n: c.writes for n, c in CASES.items()}, dev_agent())


@pytest.mark.parametrize("name", CASES)
def test_lines_become_records(reading: Reading, name: str) -> None:
    records = [
        Record(
            text=item.name,
            severity=item.raw.get("severityText", ""),
            stream=item.attributes.get("log.iostream", ""),
        )
        for item in reading.of(names_of_pods(CASES)[name])
    ]
    expected = [*CASES[name].records, *ordinary(LAST)]
    assert Counter(records) == Counter(expected)
    for record, item in zip(records, reading.of(names_of_pods(CASES)[name]), strict=True):
        assert item.raw.get("severityNumber", 0) == (17 if record.severity else 0)


def test_a_record_knows_where_and_when_it_was_printed(reading: Reading) -> None:
    (item,) = (i for i in reading.of("pod-0") if i.name == "before")
    path = item.resource.pop("log.file.path")
    assert path.endswith("/web/0.log")
    assert item.resource == {
        "k8s.namespace.name": "dev",
        "k8s.pod.name": "pod-0",
        "k8s.pod.uid": UID,
        "k8s.container.name": "web",
        "k8s.container.restart_count": "0",
        "deployment.environment.name": "dev",
        "k8s.cluster.name": "obs-dev",
    }
    assert item.attributes == {"log.iostream": "stdout"}
    assert item.raw["timeUnixNano"] == "1795693500000000000"


def test_lines_that_cannot_be_read_are_no_errors_of_the_agent(reading: Reading) -> None:
    assert '"level":"error"' not in reading.log


def test_one_source_for_both_streams_is_noticed(otelcol: Path, tmp_path: Path) -> None:
    config = dev_agent()
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            (source,) = (o for o in receiver["operators"] if o["id"] == "source")
            source["value"] = 'EXPR(attributes["log.file.path"])'
    writes = {"parts": parts_of_streams}
    result = read_all(otelcol, tmp_path, writes, config)
    assert "out-1" not in {item.name for item in result.records}


# --- Lines that are too long ----------------------------------------------------------------------

LARGE = {
    "parts of ASCII": (b"x" * 16_384 * 100, 16_384),
    "parts within characters": ("äß€".encode() * 230_000, 16_381),
    "one line of the runtime": (b"y" * 10_000_000, 10_000_000),
    "parts that are too large": (b"z" * 600_000, 100_000),
}


@pytest.fixture(scope="module")
def large(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    def write(data: bytes, part: int) -> Callable[[Container], None]:
        pieces = [data[start : start + part] for start in range(0, len(data), part)]

        def writes(container: Container) -> None:
            container.write(*pieces[:-1], tag="P")
            container.write(pieces[-1], tag="F")

        return writes

    writes = {name: write(*of) for name, of in LARGE.items()}
    return read_all(otelcol, tmp_path_factory.mktemp("large"), writes, dev_agent())


@pytest.mark.parametrize("name", LARGE)
def test_a_long_line_is_cut_into_pieces_that_fit(large: Reading, name: str) -> None:
    pieces = [i.name for i in large.of(names_of_pods(LARGE)[name]) if i.name != LAST]
    assert max(len(piece.encode()) for piece in pieces) <= otel_agent_logs.LOKI_LINE_BYTES
    data, part = LARGE[name]
    arrived, printed = Counter("".join(pieces)), Counter(data.decode())
    # The runtime cuts within characters; those at the edges of a piece cannot be put together.
    cuts = len(pieces) - 1 if len(printed) > 1 else 0
    assert arrived.pop("\ufffd", 0) <= 2 * cuts
    assert not arrived - printed
    assert (printed - arrived).total() <= cuts
    if part <= otel_agent_logs.RUNTIME_PART:
        # Few pieces, not one for each part.
        assert len(pieces) <= 2 * len(data) // otel_agent_logs.MAX_LINE_BYTES


# --- JSON -----------------------------------------------------------------------------------------

IDS = {"trace_id": TRACE, "span_id": SPAN}


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A line of a logger, and what it should become."""

    line: dict[str, Any]
    text: str
    severity: str
    is_linked: bool = True
    attributes: dict[str, Any] = field(default_factory=dict)


LOGGERS = {
    "pino": Logged(
        line={"level": 50, "time": 1531171074631, "pid": 7, "msg": "no stock", **IDS,
              "err": {"type": "Error", "stack": "Error: x\n    at y"}},
        text="no stock",
        severity="ERROR",
        attributes={"err.type": "Error", "err.stack": "Error: x\n    at y", "pid": 7.0},
    ),
    "bunyan": Logged(
        line={"name": "shop", "level": 40, "msg": "low stock", "v": 0},
        text="low stock", severity="WARN", is_linked=False, attributes={"name": "shop"},
    ),
    "winston": Logged(
        line={"level": "error", "message": "no stock", **IDS}, text="no stock", severity="ERROR"
    ),
    "python-json-logger": Logged(
        line={"levelname": "WARNING", "name": "root", "message": "low stock",
              "otelTraceID": TRACE, "otelSpanID": SPAN},
        text="low stock", severity="WARN",
    ),
    "structlog": Logged(
        line={"event": "no stock", "level": "critical", "order": {"id": 4711}, **IDS},
        text="no stock", severity="FATAL", attributes={"order.id": 4711.0},
    ),
    "logback": Logged(
        line={"@timestamp": "2026", "@version": "1", "message": "no stock", "level": "ERROR",
              "logger_name": "c.e.Shop", "stack_trace": "java...", **IDS},
        text="no stock", severity="ERROR", attributes={"stack_trace": "java..."},
    ),
    "log4j with ECS": Logged(
        line={"message": "ordered", "log.level": "INFO", "trace.id": TRACE, "span.id": SPAN},
        text="ordered", severity="INFO",
    ),
    "Quarkus": Logged(
        line={"level": "DEBUG", "message": "order", "mdc": {"traceId": TRACE, "spanId": SPAN}},
        text="order", severity="DEBUG",
    ),
    "zap": Logged(
        line={"level": "dpanic", "ts": 1700000000.123, "caller": "a.go:1", "msg": "no stock",
              "traceId": TRACE, "spanId": SPAN},
        text="no stock", severity="FATAL", attributes={"caller": "a.go:1", "ts": 1700000000.123},
    ),
    "slog": Logged(
        line={"time": "2026", "level": "ERROR+2", "msg": "no stock", **IDS},
        text="no stock", severity="ERROR",
    ),
    "Serilog": Logged(
        line={"@t": "2026", "@m": "low stock", "@l": "Warning", "@tr": TRACE, "@sp": SPAN},
        text="low stock", severity="WARN",
    ),
    "Serilog, information": Logged(
        line={"@t": "2026", "@mt": "order {Id}", "Id": 3}, text="order {Id}", severity="INFO",
        is_linked=False, attributes={"Id": 3.0},
    ),
    "console of .NET": Logged(
        line={"EventId": 0, "LogLevel": "Information", "Category": "Shop", "Message": "ordered"},
        text="ordered", severity="INFO", is_linked=False, attributes={"Category": "Shop"},
    ),
}  # fmt: skip

DEEP = '{"a":' * 15_000 + "1" + "}" * 15_000
LEFT = {
    "no message": ('{"level":"warn","code":3}', "WARN"),
    "many fields": (json.dumps({f"k{n}": n for n in range(200)} | {"msg": "m", "level": 50}),
                    "ERROR"),
    "long names": (json.dumps({"msg": "m", "level": 30, "n" * 9000: {f"k{n}": 1
                                                                 for n in range(90)}}), "INFO"),
    "a number that would be rounded": ('{"level":"error","msg":"m","id":12345678901234567}',
                                       "ERROR"),
    "empty message": ('{"level":"error","msg":""}', "ERROR"),
    "very deep": (DEEP, ""),
}  # fmt: skip
"""Lines of JSON that would lose something: they stay as they are, and their severity is known."""

INVALID_ID = {"level": "error", "msg": "not linked", "trace_id": "none", "span_id": "0x1"}
CLAIMS = {"msg": "claims", "k8s.namespace.name": "prd", "deployment_environment_name": "prd"}


@pytest.fixture(scope="module")
def parsed(otelcol: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """By the value of the pods' annotation."""
    lines = {
        **{name: json.dumps(logged.line) for name, logged in LOGGERS.items()},
        **{name: line for name, (line, _) in LEFT.items()},
        "invalid id": json.dumps(INVALID_ID),
        "claims": json.dumps(CLAIMS),
        "text": "plain text",
    }
    writes = {name: lines_of(line) for name, line in lines.items()}
    readings = {}
    for choice in ("", printed_json.AS_PRINTED, printed_json.NOT_JSON, "nonsense"):
        config = dev_agent()
        if choice:
            # In place of `k8s_attributes`, which asks Kubernetes for the annotation.
            config["processors"]["resource/choice"] = {
                "attributes": [{"key": printed_json.CHOICE, "value": choice, "action": "upsert"}]
            }
            pipeline = config["service"]["pipelines"]["logs/dev"]
            pipeline["processors"].insert(1, "resource/choice")
        folder = tmp_path_factory.mktemp("parsed")
        readings[choice] = read_all(otelcol, folder, writes, config)
    names_of = names_of_pods(writes)
    assert list(names_of) == list(lines)
    return readings


def parsed_line(parsed: dict[str, Reading], name: str, choice: str = "") -> Item | None:
    names = [*LOGGERS, *LEFT, "invalid id", "claims", "text"]
    items = [i for i in parsed[choice].of(names_of_pods(names)[name]) if i.name != LAST]
    assert len(items) <= 1
    return items[0] if items else None


@pytest.mark.parametrize("name", LOGGERS)
def test_a_line_of_a_logger_is_understood(parsed: dict[str, Reading], name: str) -> None:
    item, logged = parsed_line(parsed, name), LOGGERS[name]
    assert item is not None
    assert item.name == logged.text
    assert item.raw["severityText"] == logged.severity
    ids = (item.raw.get("traceId", ""), item.raw.get("spanId", ""))
    assert ids == ((TRACE, SPAN) if logged.is_linked else ("", ""))
    assert item.attributes.items() >= logged.attributes.items()
    # Not twice: Loki would have the label twice.
    assert not {"trace_id", "span_id", "msg", "message"} & set(item.attributes)


@pytest.mark.parametrize("name", LEFT)
def test_a_line_that_would_lose_something_stays(parsed: dict[str, Reading], name: str) -> None:
    item, (line, severity) = parsed_line(parsed, name), LEFT[name]
    assert item is not None
    assert item.name == line
    assert item.raw.get("severityText", "") == severity
    assert item.attributes == {"log.iostream": "stdout"}


def test_what_is_no_identifier_stays_an_attribute(parsed: dict[str, Reading]) -> None:
    item = parsed_line(parsed, "invalid id")
    assert item is not None
    assert not item.raw.get("traceId")
    assert (item.attributes["trace_id"], item.attributes["span_id"]) == ("none", "0x1")


def test_a_printed_line_claims_no_other_stage(parsed: dict[str, Reading]) -> None:
    item = parsed_line(parsed, "claims")
    assert item is not None
    assert item.attributes == {"log.iostream": "stdout"}
    assert item.resource["k8s.namespace.name"] == "dev"


@pytest.mark.parametrize("name", LOGGERS)
def test_a_pod_can_have_its_lines_left_as_printed(parsed: dict[str, Reading], name: str) -> None:
    item = parsed_line(parsed, name, printed_json.AS_PRINTED)
    assert item is not None
    assert item.name == json.dumps(LOGGERS[name].line)
    assert "severityText" not in item.raw
    assert printed_json.CHOICE not in item.resource


def test_a_pod_that_sends_its_lines_too_can_have_json_dropped(parsed: dict[str, Reading]) -> None:
    for name in LOGGERS:
        assert parsed_line(parsed, name, printed_json.NOT_JSON) is None
    text = parsed_line(parsed, "text", printed_json.NOT_JSON)
    assert text is not None
    assert text.name == "plain text"


def test_any_other_annotation_is_none(parsed: dict[str, Reading]) -> None:
    def seen(choice: str) -> list[tuple[str, str]]:
        return sorted((i.name, i.raw.get("severityText", "")) for i in parsed[choice].records)

    assert seen("nonsense") == seen("")


def test_annotations_of_any_length_fit_into_loki(otelcol: Path, tmp_path: Path) -> None:
    config = dev_agent()
    config["processors"]["resource/annotations"] = {
        "attributes": [
            {"key": f"annotation.{n}", "value": "v" * 10_000, "action": "upsert"}
            for n in range(100)
        ]
    }
    config["service"]["pipelines"]["logs/dev"]["processors"].insert(1, "resource/annotations")
    result = read_all(otelcol, tmp_path, {"one": lines_of("a line")}, config)
    (item,) = (i for i in result.records if i.name == "a line")
    assert item.resource[otel_agent_logs.SHORTENED] is True
    assert item.resource["k8s.pod.name"] == "pod-0"
    assert len(item.resource) < 48
    assert sum(len(k) + len(str(v)) for k, v in item.resource.items()) < 32_768


# --- Rotation -------------------------------------------------------------------------------------


def small_queues(config: Config) -> None:
    """Full soon, and tried again soon."""
    for name, exporter in config["exporters"].items():
        if "loki" in name:
            queue = exporter["sending_queue"]
            queue["queue_size"] = 64 * 1024
            queue["batch"] |= {"min_size": 8192, "max_size": 16384, "flush_timeout": "200ms"}
            exporter["retry_on_failure"] |= {"initial_interval": "300ms", "max_interval": "1s"}


def only_current_files(config: Config) -> None:
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            receiver["include"] = [p for p in receiver["include"] if p.endswith(".log")]


def only_uncompressed_files(config: Config) -> None:
    for name, receiver in config["receivers"].items():
        if name.startswith("file_log"):
            receiver["exclude"] = [*receiver["exclude"], "/var/log/pods/*/*/*.gz"]


def nothing(config: Config) -> None:
    """As it is."""


Change = Callable[[Config], None]


def rotated_while_stopped(otelcol: Path, folder: Path, change: Change) -> Counter[int]:
    """200 lines, the agent stops, 500 lines, a rotation, 50 lines, the agent starts."""
    config, container = dev_agent(), Container(folder=folder)
    change(config)
    container.write(*numbered(0, 200))
    with OtlpSink() as sink:
        adapted = collectors.adapt(config, on_this_computer(sink, folder))
        with started(otelcol, adapted, folder):
            wait_for(sink, lambda: len(numbers(sink)) == 200)
            time.sleep(GRACE)
        container.write(*numbered(200, 500))
        container.rotate()
        container.write(*numbered(700, 50))
        with started(otelcol, adapted, folder):
            wait_for(sink, lambda: 749 in numbers(sink))
            sink.wait_until(lambda: len(numbers(sink)) == 750, 3 * GRACE)
            time.sleep(GRACE)
        return numbers(sink)


def rotated_in_an_outage(otelcol: Path, folder: Path, change: Change) -> Counter[int]:
    """Loki is away, the queue is full, and the file is rotated four times."""
    config, container = dev_agent(), Container(folder=folder)
    change(config)
    small_queues(config)
    with OtlpSink() as sink:
        sink.answer(503)
        adapted = collectors.adapt(config, on_this_computer(sink, folder))
        with started(otelcol, adapted, folder) as agent:
            container.write(*numbered(0, 1600))
            deadline = time.monotonic() + DEADLINE
            while agent.told("otelcol_exporter_queue_size", "loki-dev") < 50_000:
                assert time.monotonic() < deadline, "the queue does not fill"
                time.sleep(0.1)
            for rotation in range(4):
                container.rotate()
                container.write(*numbered(1600 + 1200 * rotation, 1200))
                time.sleep(0.3)
            sink.answer(200)
            wait_for(sink, lambda: 6399 in numbers(sink))
            sink.wait_until(lambda: len(numbers(sink)) == 6400, 5 * GRACE)
            time.sleep(GRACE)
        return numbers(sink)


def rotated_while_it_reads(otelcol: Path, folder: Path, change: Change) -> Counter[int]:
    config, container = dev_agent(), Container(folder=folder)
    change(config)
    with OtlpSink() as sink:
        adapted = collectors.adapt(config, on_this_computer(sink, folder))
        with started(otelcol, adapted, folder):
            for rotation in range(5):
                container.write(*numbered(300 * rotation, 300))
                time.sleep(0.2)
                container.rotate()
            container.write(*numbered(1500, 1))
            wait_for(sink, lambda: len(numbers(sink)) == 1501)
            time.sleep(GRACE)
        return numbers(sink)


@pytest.mark.parametrize(
    ("run", "lines"),
    [(rotated_while_stopped, 750), (rotated_in_an_outage, 6400), (rotated_while_it_reads, 1501)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rotated_files_are_read_and_once(
    otelcol: Path, tmp_path: Path, run: Callable[..., Counter[int]], lines: int
) -> None:
    assert run(otelcol, tmp_path, nothing) == Counter(range(lines))


@pytest.mark.parametrize(
    ("run", "change", "lines"),
    [
        (rotated_while_stopped, only_current_files, 750),
        (rotated_in_an_outage, only_uncompressed_files, 6400),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rotated_files_that_are_not_read_are_noticed(
    otelcol: Path,
    tmp_path: Path,
    run: Callable[..., Counter[int]],
    change: Change,
    lines: int,
) -> None:
    assert len(run(otelcol, tmp_path, change)) < lines


def test_each_rotated_file_has_one_tenant(otelcol: Path, tmp_path: Path) -> None:
    tenants = {
        "dev": "dev",
        "prd": "prd",
        "kube-system": "observability",
        "dev-tools": "observability",
    }
    for namespace in tenants:
        container = Container(folder=tmp_path, namespace=namespace)
        for number in range(3):
            container.write(f"{namespace} {number}")
            container.rotate()
        container.write(f"{namespace} 3")
    own = Container(folder=tmp_path, namespace="observability", pod="otel-agent-x7x7x")
    own.write("its own log")
    own.rotate()
    unfinished = Container(folder=tmp_path).file.with_name("0.log.20261126-000000.tmp")
    unfinished.write_bytes(b"half of a compressed file")
    with OtlpSink() as sink:
        adapted = collectors.adapt(dev_agent(), on_this_computer(sink, tmp_path))
        with started(otelcol, adapted, tmp_path):
            wait_for(sink, lambda: len(sink.log_records()) >= 4 * len(tenants))
            time.sleep(GRACE)
    lines = Counter((record.tenant, record.name) for record in sink.log_records())
    assert lines == Counter(
        (tenant, f"{namespace} {number}")
        for namespace, tenant in tenants.items()
        for number in range(4)
    )
