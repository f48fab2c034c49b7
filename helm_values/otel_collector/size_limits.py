"""Limits on the number and length of attributes: longer values are shortened and marked.

Loki keeps the attributes of a log record, of its resource and of its scope as structured metadata:
together at most 128 entries and 64 KiB (`max_structured_metadata_entries_count` and
`max_structured_metadata_size`, https://grafana.com/docs/loki/latest/configure/#limits_config). What
has more is refused there, after it was acknowledged here. So the largest record that these limits
let through stays below both (`largest_structured_metadata`).
"""

from dataclasses import dataclass
from typing import Any

SHORTENED = "telemetry.shortened"
"""Attribute of an item of which something was cut off or left out: true."""

MARK = "...[shortened]"
"""Ends a text that was cut off."""

MAX_KEY_LENGTH = 128
LOKI_ENTRIES = 128
LOKI_BYTES = 64 * 1024
ADDED_ENTRIES = 28
"""What the gateway adds of Kubernetes (16), and Loki itself: severity, trace id, scope, ..."""
ADDED_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Most attributes, and the longest value of one in bytes."""

    attributes: int
    value: int

    @property
    def bytes(self) -> int:
        """The most that keys and values can have together."""
        return self.attributes * (MAX_KEY_LENGTH + self.value)


RESOURCE = Limits(attributes=32, value=256)
SCOPE = Limits(attributes=4, value=256)
FEW = Limits(attributes=12, value=2048)
"""Of a log record with few attributes ..."""
MANY = Limits(attributes=48, value=384)
"""... and of one with more."""
STACK_TRACE_BYTES = 16 * 1024
"""A stack trace is important for a diagnosis, so it may be longer; 16 KiB are about 150 frames."""
MAX_BODY_BYTES = 192 * 1024
"""Bytes; Loki cuts a line at 256 KiB (`max_line_size`)."""
SPAN = Limits(attributes=128, value=4096)
"""As many as an SDK keeps unless told otherwise (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`)."""

_STACK_TRACE = "exception.stacktrace"
_RESOURCE_FIRST = (
    "service.name", "service.namespace", "service.version", "service.instance.id",
    "telemetry.sdk.language",
)  # fmt: skip
_LOG_FIRST = ("exception.type", "exception.message", _STACK_TRACE, SHORTENED)
_SPAN_FIRST = (
    "http.request.method", "http.route", "http.response.status_code", "http.method",
    "http.status_code", "error.type", "url.path", SHORTENED,
)  # fmt: skip


def largest_structured_metadata() -> tuple[int, int]:
    """Entries and bytes of the largest log record that passes, as Loki counts them."""
    attributes = max(FEW.bytes, MANY.bytes) + STACK_TRACE_BYTES
    entries = max(FEW.attributes, MANY.attributes) + RESOURCE.attributes + SCOPE.attributes
    return (
        entries + ADDED_ENTRIES,
        attributes + RESOURCE.bytes + SCOPE.bytes + ADDED_BYTES,
    )


def _statements(context: str, *statements: str) -> dict[str, Any]:
    return {"context": context, "statements": list(statements)}


def _first(keys: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{key}"' for key in keys) + "]"


def truncate(path: str, longest: int) -> str:
    """The statement that shortens every text in a map of attributes."""
    return f'truncate_all({path}, {longest}, true, "{MARK}")'


def limit_holder(holder: str, limits: Limits, first: tuple[str, ...] = ()) -> list[str]:
    """Statements for the attributes of a resource or of a scope; they are not marked."""
    path = f"{holder}.attributes"
    return [
        f'delete_matching_keys({path}, "^.{{{MAX_KEY_LENGTH + 1}}}")',
        f"limit({path}, {limits.attributes}, {_first(first)})",
        truncate(path, limits.value),
    ]


def limit_holders() -> list[dict[str, Any]]:
    """Groups for resource and scope, the same for every signal."""
    return [
        _statements("resource", *limit_holder("resource", RESOURCE, _RESOURCE_FIRST)),
        _statements("scope", *limit_holder("scope", SCOPE)),
    ]


def _mark(item: str) -> str:
    return f'set({item}.attributes["{SHORTENED}"], true)'


def limit_log_records() -> dict[str, Any]:
    """Log records that Loki takes: whatever is cut off is marked, in the text and on the record."""
    path = "log.attributes"
    stack = f'{path}["{_STACK_TRACE}"]'
    held = 'log.cache["stack"]'
    return _statements(
        "log",
        # Loki would make an entry of each part of a map, however many there are.
        f"flatten({path}, depth=2)",
        f'set(log.cache["sent"], {path})',
        f'delete_matching_keys({path}, "^.{{{MAX_KEY_LENGTH + 1}}}") where Len({path}) > 0',
        f"limit({path}, {MANY.attributes}, {_first(_LOG_FIRST)})",
        f"set({held}, {stack}) where {stack} != nil",
        f"{truncate(path, MANY.value)} where Len({path}) > {FEW.attributes}",
        f"{truncate(path, FEW.value)} where Len({path}) <= {FEW.attributes}",
        f"set({stack}, {held}) where {held} != nil and Len({held}) <= {STACK_TRACE_BYTES}",
        f"set({stack}, Concat([Substring({held}, 0, {STACK_TRACE_BYTES - len(MARK)}, true), "
        f'"{MARK}"], "")) where {held} != nil and Len({held}) > {STACK_TRACE_BYTES}',
        f'{_mark("log")} where {path} != log.cache["sent"]',
        f"{_mark('log')} where IsString(log.body) and Len(log.body) > {MAX_BODY_BYTES}",
        f"set(log.body, Concat([Substring(log.body, 0, {MAX_BODY_BYTES - len(MARK)}, true), "
        f'"{MARK}"], "")) where IsString(log.body) and Len(log.body) > {MAX_BODY_BYTES}',
    )


def limit_spans() -> list[dict[str, Any]]:
    """Spans with at most as many attributes as an SDK sends, and texts that can be looked at."""
    path = "span.attributes"
    return [
        _statements(
            "span",
            f'set(span.cache["sent"], {path})',
            f"limit({path}, {SPAN.attributes}, {_first(_SPAN_FIRST)})",
            truncate(path, SPAN.value),
            f'{_mark("span")} where {path} != span.cache["sent"]',
        ),
        _statements(
            "spanevent",
            f"limit(spanevent.attributes, {SPAN.attributes}, {_first((_STACK_TRACE,))})",
            truncate("spanevent.attributes", STACK_TRACE_BYTES),
        ),
    ]
