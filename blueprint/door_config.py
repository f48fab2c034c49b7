"""The configuration of a door's nginx: a pure function from `doors.Door` to its text.

Three rules make it tight. A request is compared byte for byte as it came (`$request_uri`), so no
spelling of a path (`//`, `/./`, `%2e`, another case) matches another one. A push is forwarded to a
path that is written here, with the few headers that a push needs. All requests without a route are
refused.
"""

from collections.abc import Iterator

from blueprint.doors import HEALTH_PORT, TENANT_HEADER, Call, Door, Listener

REFUSED = 403
MAX_BODY = "16m"
"""The collectors' batches are 3 MiB, but a single larger item is not split."""
RESOLVER = "kube-dns.kube-system.svc.cluster.local"
"""The cluster's DNS on EKS. nginx asks again as answers expire: a pod may come back elsewhere."""

SCRATCH_DIRECTORY = "/run/nginx"
"""A volume of the pod: the root file system is read-only."""

_HEAD = f"""\
worker_processes 1;
pid {SCRATCH_DIRECTORY}/nginx.pid;
error_log /dev/stderr warn;
events {{ worker_connections 2048; }}
http {{
  server_tokens off;
  client_body_temp_path {SCRATCH_DIRECTORY}/client_body;
  proxy_temp_path {SCRATCH_DIRECTORY}/proxy;
  fastcgi_temp_path {SCRATCH_DIRECTORY}/fastcgi;
  uwsgi_temp_path {SCRATCH_DIRECTORY}/uwsgi;
  scgi_temp_path {SCRATCH_DIRECTORY}/scgi;
  # Refusals alone: a line for each push would be collected, pushed through here, logged, ...
  map $status $refused {{ "~^4" 1; default 0; }}
  log_format refusals escape=json '{{"time":"$time_iso8601","level":"warn","status":$status,'
    '"method":"$request_method","target":"$request_uri","client":"$remote_addr"}}';
  access_log /dev/stdout refusals if=$refused;
  resolver {RESOLVER} valid=10s ipv6=off;
  merge_slashes off;
  client_max_body_size {MAX_BODY};
  # A client that sends half a request holds nothing for long.
  client_header_timeout 10s;
  client_body_timeout 30s;
  send_timeout 30s;
  # Straight through: a door keeps nothing that the back end has not acknowledged.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  proxy_connect_timeout 5s;
  grpc_connect_timeout 5s;
  proxy_read_timeout 300s;
  grpc_read_timeout 300s;
  proxy_http_version 1.1;
  # Of a request to become a web socket (Grafana follows logs by one) and of no other.
  map $http_upgrade $websocket_connection {{ "~^websocket\\z" upgrade; default ""; }}
  map $http_upgrade $websocket_upgrade {{ "~^websocket\\z" websocket; default ""; }}
"""


_PUSH_HEADERS = (
    "Content-Type",
    "Content-Encoding",
    "User-Agent",
    "X-Prometheus-Remote-Write-Version",
)


def nginx_config(door: Door) -> str:
    """The whole nginx.conf."""
    lines = [_HEAD.rstrip("\n")]
    for name, address in door.upstreams.items():
        lines += [f"  upstream {name} {{", f"    zone {name} 64k;"]
        lines += [f"    server {address} resolve;", "    keepalive 16;", "  }"]
    for listener in door.listeners:
        lines += _maps(listener)
        lines += _server(listener)
    lines += [f"  server {{ listen {HEALTH_PORT}; location / {{ return 200; }} }}", "}"]
    return "\n".join(lines) + "\n"


def _maps(listener: Listener) -> Iterator[str]:
    for number, call in enumerate(listener.calls):
        if call.tenant.allowed:
            tenants = tuple((tenant, tenant) for tenant in call.tenant.allowed)
            yield from _by_tenant(_tenant(listener, number), tenants)
        if call.upstream_of:
            yield from _by_tenant(_upstream(listener, number), call.upstream_of)
    if listener.reads:
        yield f'  map "$request_method $request_uri" {_read(listener)} {{'
        for read in listener.reads:
            methods = "|".join(read.methods)
            yield f"    {_quoted(f'~^(?:{methods}) {read.pattern}{_END}')} {read.upstream};"
        yield '    default "";'
        yield "  }"


_END = r"\z"
"""`$` would also match before a line break."""


def _by_tenant(variable: str, values: tuple[tuple[str, str], ...]) -> Iterator[str]:
    # Expressions, since plain texts match in upper and lower case. Of two headers nginx makes one
    # text with a comma, which matches none.
    yield f"  map $http_x_scope_orgid {variable} {{"
    yield from (f"    {_quoted(f'~^{tenant}{_END}')} {value};" for tenant, value in values)
    yield '    default "";'
    yield "  }"


def _tenant(listener: Listener, number: int) -> str:
    return f"$tenant_{listener.port}_{number}"


def _upstream(listener: Listener, number: int) -> str:
    return f"$upstream_{listener.port}_{number}"


def _read(listener: Listener) -> str:
    return f"$read_{listener.port}"


def _quoted(text: str) -> str:
    # In nginx a backslash only hides a quotation mark or another backslash.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _server(listener: Listener) -> Iterator[str]:
    yield "  server {"
    yield f"    listen {listener.port};"
    yield "    http2 on;"
    for number, call in enumerate(listener.calls):
        yield from _call(listener, call, number)
    yield "    location / {"
    if listener.reads:
        yield f'      if ({_read(listener)} = "") {{ return {REFUSED}; }}'
        yield f"      proxy_set_header {TENANT_HEADER} {_quoted(listener.tenant.fixed)};"
        yield "      proxy_set_header Connection $websocket_connection;"
        yield "      proxy_set_header Upgrade $websocket_upgrade;"
        yield f"      proxy_pass http://{_read(listener)};"
    else:
        yield f"      return {REFUSED};"
    yield "    }"
    yield "  }"


def _call(listener: Listener, call: Call, number: int) -> Iterator[str]:
    tenant = _tenant(listener, number) if call.tenant.allowed else _quoted(call.tenant.fixed)
    yield f"    location = {call.path} {{"
    yield f"      if ($request_uri != {_quoted(call.path)}) {{ return {REFUSED}; }}"
    yield f"      if ($request_method != POST) {{ return {REFUSED}; }}"
    if call.tenant.allowed:
        yield f'      if ({tenant} = "") {{ return {REFUSED}; }}'
    if call.grpc:
        yield f"      grpc_set_header {TENANT_HEADER} {tenant};"
        yield f"      grpc_pass grpc://{call.upstream};"
    else:
        upstream = _upstream(listener, number) if call.upstream_of else call.upstream
        yield "      proxy_pass_request_headers off;"
        yield '      proxy_set_header Connection "";'
        # An empty header is not sent.
        for header in _PUSH_HEADERS:
            variable = "$http_" + header.lower().replace("-", "_")
            yield f"      proxy_set_header {header} {variable};"
        yield f"      proxy_set_header {TENANT_HEADER} {tenant};"
        yield f"      proxy_pass http://{upstream}{call.target or call.path};"
    yield "    }"
