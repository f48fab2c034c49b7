"""How the agent reads container output: from lines of a file to records.

    line of the file --> text, stream and time, as the runtime wrote them
                     --> parts that the runtime cut are put together again
                     --> invalid UTF-8 is replaced
                     --> lines of a stack trace become one record

Each step looks at one file and one stream at a time: parts of stdout and of stderr alternate in the
same file. What a step does not recognise goes on unchanged, so nothing is lost by a wrong guess.

Nothing but parts of long lines and lines of stack traces is ever held back, and no longer than
`FLUSH`: what is held is lost if the agent is killed.
"""

from typing import Any

from helm_values.otel_collector.printed_json import CHOICE

Operator = dict[str, Any]

LOKI_LINE_BYTES = 262_144
"""Loki refuses longer lines (`limits_config.max_line_size`, 256KB by default)."""

MAX_LINE_BYTES = LOKI_LINE_BYTES // 2
"""Bytes of a record's text, before invalid UTF-8 is replaced, which makes it at most twice as long:
a run of invalid bytes, at least one, becomes one character of three bytes, and a valid byte stands
between two runs."""

RUNTIME_PART = 16_384
"""Bytes after which containerd cuts a line (`max_container_log_line_size`, its default)."""

MAX_TRACE_BYTES = 65_536
"""Bytes after which a stack trace is continued in a further record."""

MAX_TRACE_LINE_BYTES = 16_384
"""Bytes. A longer line is no line of a stack trace."""

SHORTENED = "telemetry.truncated"
"""Attribute of what was shortened."""

FLUSH = "2s"
"""How long a step waits for the rest of a line or of a trace."""

SOURCE = "attributes.source"
"""File and stream of a line."""


def patterns(namespace: str, pods: str = "*") -> list[str]:
    """Files of the containers of a namespace, as the kubelet names them.

    <namespace>_<pod>_<uid>/<container>/<restart>.log; no name has an underscore in it. A rotated
    file gets the time (`0.log.20261126-114500`), and is compressed when the next one is rotated
    (`.gz`).
    """
    log = f"/var/log/pods/{namespace}_{pods}/*/*.log"
    return [log, f"{log}.2*"]


UNFINISHED = "/var/log/pods/*/*/*.tmp"
"""What the kubelet is compressing; the file itself is still there."""


def operators() -> list[Operator]:
    """The steps from a line of the file to a record.

    Resource attribute `log.file.path` is left for `pod_of_path`.
    """
    return [*_runtime_line(), _partial_lines(), _valid_text(), *_stack_traces(), *_tidy()]


_POD_OF_PATH = (
    "/(?P<namespace>[^/_]+)_(?P<pod>[^/_]+)_(?P<uid>[^/_]+)/(?P<container>[^/]+)"
    "/(?P<restart>[0-9]+)[.]log"
)
_OF_PATH = {
    "namespace": "k8s.namespace.name",
    "pod": "k8s.pod.name",
    "uid": "k8s.pod.uid",
    "container": "k8s.container.name",
    "restart": "k8s.container.restart_count",
}


def pod_of_path() -> dict[str, Any]:
    """Processor `transform`: the pod and the container, which are in the path of the file."""
    path = f'ExtractPatterns(resource.attributes["log.file.path"], "{_POD_OF_PATH}")'
    return {
        "error_mode": "silent",
        "log_statements": [
            {
                "context": "resource",
                "statements": [
                    f'set(resource.cache["path"], {path})',
                    *(
                        f'set(resource.attributes["{attribute}"], resource.cache["path"]["{part}"])'
                        for part, attribute in _OF_PATH.items()
                    ),
                ],
            }
        ],
    }


MAX_POD_ATTRIBUTES = 32
MAX_POD_ATTRIBUTE_LENGTH = 512
"""Characters. 32 of them leave room in Loki's 64 KiB for the fields of a line."""


def limit_pod_attributes() -> dict[str, Any]:
    """Processor `transform`: a pod's annotations become attributes, and may have any length.

    What was shortened is marked. The pod's own names are never dropped.
    """
    names = ", ".join(f'"{name}"' for name in (*_OF_PATH.values(), "log.file.path", "service.name"))
    attributes = "resource.attributes"
    return {
        "error_mode": "silent",
        "log_statements": [
            {
                "context": "resource",
                "statements": [
                    f'delete_key({attributes}, "{CHOICE}")',
                    f'set(resource.cache["sent"], {attributes})',
                    f"truncate_all({attributes}, {MAX_POD_ATTRIBUTE_LENGTH})",
                    f"limit({attributes}, {MAX_POD_ATTRIBUTES}, [{names}])",
                    f'set({attributes}["{SHORTENED}"], true) '
                    f'where {attributes} != resource.cache["sent"]',
                ],
            }
        ],
    }


def _runtime_line() -> list[Operator]:
    return [
        {
            "type": "regex_parser",
            "id": "line",
            # 2026-11-26T11:45:00.123456789Z stderr F text
            "regex": "^(?P<time>[^ ]+) (?P<stream>stdout|stderr) "
            "(?P<logtag>[^ ]+) ?(?P<text>(?s:.*))",
            "timestamp": {
                "parse_from": "attributes.time",
                "layout_type": "gotime",
                "layout": "2006-01-02T15:04:05.999999999Z07:00",
            },
            "on_error": "send_quiet",
        },
        _quietly({"type": "move", "id": "text", "from": "attributes.text", "to": "body"}),
        _quietly({"type": "remove", "id": "time", "field": "attributes.time"}),
        {
            "type": "add",
            "id": "source",
            "field": SOURCE,
            "value": 'EXPR((attributes.stream ?? "") + attributes["log.file.path"])',
        },
    ]


def _partial_lines() -> Operator:
    return _joined(
        "parts",
        # A part of another size is not from this runtime; it goes on by itself and still fits.
        condition=f'attributes.logtag in ["P", "F"] and len(body) <= {RUNTIME_PART}',
        last='attributes.logtag != "P"',
        combine_with="",
        longest=MAX_LINE_BYTES - RUNTIME_PART,
    )


def _valid_text() -> Operator:
    # After parts were put together: the runtime cuts between bytes, also those of one character.
    return {"type": "sanitize_utf8", "id": "valid_text", "field": "body"}


_TRACEBACK = 'body endsWith "Traceback (most recent call last):"'
_PYTHON_FRAME = """(body contains 'File "' and body matches '^[ |]*File "[^"]+", line [0-9]')"""
_GO_CRASH = (
    '(body startsWith "panic: " or body startsWith "fatal error: " or body startsWith "[signal SIG"'
    ' or body startsWith "\tpanic: ")'
)
_PYTHON_LINES = (
    '(body contains "Traceback (most recent call last):"'
    " and body matches '(?m)Traceback [(]most recent call last[)]:$'"
    f" or {_PYTHON_FRAME}"
    """ or body startsWith "  " and body matches '^[ |]+(?:[~^]+ *$|.Previous line repeated )')"""
)
"""Of Python's trace, when each frame is together with the line of code under it."""

_HEAD = (
    '(body contains "Exception" or body contains "Error" or body contains "Throwable"'
    ' or body contains "panic" or body startsWith "fatal error: "'
    # A class of the application's own: `com.example.OutOfStock: no shoes`, not `INFO: started`.
    ' or body contains ": " and body matches'
    " '^(?:[0-9A-Za-z_$]+[.])*[A-Z][0-9A-Za-z_$]*[a-z][0-9A-Za-z_$]*: ')"
    ' and not (body startsWith "{") and not (body contains "Traceback (most recent call last):")'
)
"""May be the line before the frames: it waits for them. Whatever stands before the name of the
exception belongs to it."""

_FRAME = (
    # Java, Node.js, .NET
    "[[:space:]]+at [^ ].*|[[:space:]]*[.]{3} [0-9]+ (?:more|common frames omitted).*"
    "|[[:space:]]*(?:Caused by|Suppressed|[[]cause[]]): .*|[[:space:]]*--- End of .*| ---> .*"
    # Go
    "|goroutine [0-9]+ .*|[[:space:]]+[^ ]+[.](?:go|s):[0-9]+.*|created by [^ ]+[.][^ ]+.*"
    "|(?:panic|[0-9A-Za-z_./%-]+[.][]0-9A-Za-z_.*()[-]+)[(](?:[{]*(?:[.]{3}|0x[0-9a-f]).*|)[)]"
)
_IS_FRAME = (
    '(body startsWith " " or body startsWith "\t" or body endsWith ")" or body startsWith "c"'
    ' or body startsWith "goroutine " or body startsWith "C" or body startsWith "S"'
    ' or body startsWith "." or body startsWith "-")'
    f" and body matches '^(?:{_FRAME})$'"
)
"""The cheap questions first: most lines are none. No backslash: there would have to be two."""


def _stack_traces() -> list[Operator]:
    """One record for each stack trace of Java, Node.js, .NET, Go and Python.

    A line can only be judged by itself, and only what is certain is joined. In Python the lines of
    code and the last line look like any other, but each follows a line that is certain. Elsewhere
    the frames are certain, and belong to what stands before them.
    """
    short = f"len(body) <= {MAX_TRACE_LINE_BYTES}"
    return [
        _joined(
            "followed",
            condition=short,
            last=f"not ({_TRACEBACK} or {_PYTHON_FRAME} or {_GO_CRASH})",
        ),
        _joined(
            "python_trace",
            condition=f"len(body) <= {MAX_TRACE_BYTES}",
            # Where frames have no code, the last line is with them already.
            last=f"not {_PYTHON_LINES} or body matches '(?m:^)[^ |].*$'",
        ),
        {
            **_joined("trace", condition=f"{short} and (({_HEAD}) or ({_IS_FRAME}))"),
            "is_first_entry": f"not ({_IS_FRAME})",
        },
    ]


def _tidy() -> list[Operator]:
    return [
        _quietly(
            {
                "type": "move",
                "id": "stream",
                "from": "attributes.stream",
                "to": 'attributes["log.iostream"]',
            }
        ),
        _quietly({"type": "remove", "id": "logtag", "field": "attributes.logtag"}),
        {"type": "remove", "id": "no_source", "field": SOURCE},
        # Of the resource: all records of a file have the same, which is then looked at only once.
        {
            "type": "move",
            "id": "path",
            "from": 'attributes["log.file.path"]',
            "to": 'resource["log.file.path"]',
        },
    ]


def _joined(
    name: str,
    *,
    condition: str,
    last: str = "",
    combine_with: str = "\n",
    longest: int = MAX_TRACE_BYTES,
) -> Operator:
    """Join lines of one file and one stream, up to a last one; others go on at once."""
    return {
        "type": "recombine",
        "id": name,
        "if": condition,
        **({"is_last_entry": last} if last else {}),
        "combine_field": "body",
        "combine_with": combine_with,
        "source_identifier": SOURCE,
        "max_log_size": longest,
        # Bounded in bytes, not in lines.
        "max_batch_size": 0,
        "max_unmatched_batch_size": 0,
        "force_flush_period": FLUSH,
        "on_error": "send_quiet",
    }


def _quietly(operator: Operator) -> Operator:
    # A line that is not the runtime's has no such field, and is no reason for an error in the log.
    return {**operator, "on_error": "send_quiet"}
