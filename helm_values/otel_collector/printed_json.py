"""How the agent parses a complete record of container output.

A line of JSON becomes what the same logger sends by OTLP: severity, trace and span, the message as
text and the other fields as attributes. The keys are those of pino, bunyan, winston,
python-json-logger, structlog, logback with the logstash encoder, log4j, zap, slog, Serilog and the
console of .NET, without any setting. A line in which one of them cannot be told stays as printed.

Regular expressions use `[.]`: see collector_guards.py.
"""

from collections.abc import Iterable

from blueprint.documents import Config
from helm_values.otel_collector.collector_guards import CLAIM

ANNOTATION = "logs.observability/printed"
"""Of a pod: what is done with its lines."""

AS_PRINTED, NOT_JSON = "as-printed", "not-json"
"""Values of the annotation: leave JSON as it is; drop JSON, as the application also sends it. Any
other value is none."""

CHOICE = "printed.lines"
"""Resource attribute that holds the annotation's value on its way through the agent."""

MAX_FIELDS = 96
"""Of Loki's 128 (`max_structured_metadata_entries_count`); the others are the pod's."""

MAX_FIELDS_LENGTH = 32_768
"""Bytes of all fields of a line, of Loki's 64 KiB (`max_structured_metadata_size`)."""

MESSAGE_KEYS = ("message", "msg", "@m", "Message", "event", "short_message", "@mt")
LEVEL_KEYS = (
    "level", "severity", "levelname", "log.level", "@l", "LogLevel", "lvl", "loglevel",
)  # fmt: skip
TRACE_KEYS = (
    "trace_id", "traceId", "trace.id", "TraceId", "@tr", "otelTraceID", "mdc.trace_id",
    "mdc.traceId", "contextMap.trace_id",
)  # fmt: skip
SPAN_KEYS = (
    "span_id", "spanId", "span.id", "SpanId", "@sp", "otelSpanID", "mdc.span_id", "mdc.spanId",
    "contextMap.span_id",
)  # fmt: skip
"""Each costs a question on each line of JSON: no spelling that no logger has."""

LEVELS = {
    "TRACE": "TRACE|VERBOSE|SILLY|FINEST|FINER|ALL",
    "DEBUG": "DEBUG|FINE|CONFIG",
    "INFO": "INFO|INFORMATION|INFORMATIONAL|NOTICE|HTTP|DEFAULT|SUCCESS",
    "WARN": "WARN|WARNING",
    "ERROR": "ERR|ERROR|SEVERE|EXCEPTION",
    "FATAL": "FATAL|CRIT|CRITICAL|ALERT|EMERG|EMERGENCY|PANIC|DPANIC",
}
"""Names that loggers give, by severity. slog adds a number (`ERROR+2`)."""

LEVEL_NUMBERS = {"TRACE": 10, "DEBUG": 20, "INFO": 30, "WARN": 40, "ERROR": 50, "FATAL": 60}
"""Least numbers of pino and bunyan."""

_JSON = 'log.cache["json"]'
_LOOKS_LIKE_JSON = 'IsMatch(log.body, "^[[:space:]]*[{]")'

_TRACE_LINES = (
    "(?m)Traceback [(]most recent call last[)]:$"
    "|[[:cntrl:]](?:[[:space:]]+at [^ ]|goroutine [0-9]+ |Caused by: |[[:space:]]+[^ ]+[.]go:[0-9])"
)


def understand_lines() -> Config:
    """Processor `transform`: JSON, and the severity of stack traces."""
    return {
        # Whatever cannot be read stays as it is, and is no reason for a line in the agent's log.
        "error_mode": "silent",
        "log_statements": [
            {
                "context": "log",
                "conditions": [
                    f'{_LOOKS_LIKE_JSON} and resource.attributes["{CHOICE}"] != "{AS_PRINTED}"'
                ],
                "statements": list(_json_statements()),
            },
            {
                "context": "log",
                # The cheap questions first. JSON has named its severity before.
                "conditions": [
                    'log.severity_number == 0 and IsMatch(log.body, "[[:cntrl:]]") '
                    f'and IsMatch(log.body, "{_TRACE_LINES}")'
                ],
                "statements": [
                    'set(log.severity_text, "ERROR")',
                    "set(log.severity_number, SEVERITY_NUMBER_ERROR)",
                ],
            },
        ],
    }


def drop_what_is_sent_too() -> Config:
    """Processor `filter`: JSON of pods that ask for it."""
    return {
        "error_mode": "silent",
        "logs": {
            "log_record": [
                f'resource.attributes["{CHOICE}"] == "{NOT_JSON}" and IsMap(ParseJSON(log.body))'
            ]
        },
    }


def _json_statements() -> Iterable[str]:
    yield f"set({_JSON}, ParseJSON(log.body))"
    yield f'flatten({_JSON}) where IsMatch(log.body, ":[[:space:]]*[[{{]")'
    yield from _first_of("level", LEVEL_KEYS)
    yield from _severity()
    yield from _identifier("trace", TRACE_KEYS, 32)
    yield from _identifier("span", SPAN_KEYS, 16)
    yield from _first_of("message", MESSAGE_KEYS)
    # All or nothing: a line that would lose something stays as it is.
    yield (
        'set(log.cache["whole"], true) where IsString(log.cache["message"]) '
        f'and Len(log.cache["message"]) > 0 and Len({_JSON}) <= {MAX_FIELDS} '
        # Names repeat what they are in: a short line can have long ones.
        f"and (Len(log.body) <= 1024 or Len(String({_JSON})) <= {MAX_FIELDS_LENGTH}) "
        # JSON's numbers become floating point, which holds 15 digits.
        'and not IsMatch(log.body, "[0-9]{16}")'
    )
    whole = 'where log.cache["whole"] == true'
    for key in MESSAGE_KEYS:
        field = f'{_JSON}["{key}"]'
        yield f'delete_key({_JSON}, "{key}") {whole} and {field} == log.cache["message"]'
    yield f'delete_matching_keys({_JSON}, "{CLAIM}") {whole}'
    yield f'set(log.body, log.cache["message"]) {whole}'
    yield f'merge_maps(log.attributes, {_JSON}, "insert") {whole}'


def _first_of(what: str, keys: Iterable[str]) -> Iterable[str]:
    value = f'log.cache["{what}"]'
    for key in keys:
        field = f'{_JSON}["{key}"]'
        yield f"set({value}, {field}) where {value} == nil and {field} != nil"


def _severity() -> Iterable[str]:
    level, number = 'log.cache["level"]', "log.severity_number"
    # Serilog leaves it out where it is Information.
    yield f'set({level}, "INFO") where {level} == nil and {_JSON}["@t"] != nil'
    for name, names in LEVELS.items():
        where = f'where IsString({level}) and IsMatch({level}, "^(?i:{names})(?:[+-][0-9]+)?$")'
        yield f'set(log.severity_text, "{name}") {where}'
    for name, least in LEVEL_NUMBERS.items():
        yield f'set(log.severity_text, "{name}") where IsDouble({level}) and {level} >= {least}'
    for name in LEVELS:
        yield f'set({number}, SEVERITY_NUMBER_{name}) where log.severity_text == "{name}"'


def _identifier(what: str, keys: Iterable[str], digits: int) -> Iterable[str]:
    pattern = f"^[0-9a-fA-F]{{{digits}}}$"
    for key in keys:
        field = f'{_JSON}["{key}"]'
        is_one = f'{field} != nil and IsMatch({field}, "{pattern}")'
        yield f"set(log.{what}_id.string, {field}) where {is_one}"
        yield f'delete_key({_JSON}, "{key}") where {is_one}'
