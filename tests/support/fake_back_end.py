"""A program that says how it was started, and answers as Loki, Tempo, Grafana or kubectl would.

Tests put it on the PATH under the name of the one it plays.
"""

import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import yaml


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def port() -> int:
    if "GF_SERVER_HTTP_PORT" in os.environ:
        return int(os.environ["GF_SERVER_HTTP_PORT"])
    for argument in sys.argv[1:]:
        if argument.startswith("-config.file="):
            config = yaml.safe_load(Path(argument.partition("=")[2]).read_text(encoding="utf-8"))
            return int(config["server"]["http_listen_port"])
        if ports := re.fullmatch(r"(\d+):\d+", argument):
            return int(ports[1])
    raise SystemExit(f"no port in {sys.argv}")


if __name__ == "__main__":
    record = Path(__file__).resolve().parent / f"{Path(sys.argv[0]).name}.started"
    with Path(os.environ.get("RECORD", record)).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"argv": sys.argv, "env": dict(os.environ)}) + "\n")
    HTTPServer(("127.0.0.1", port()), Handler).serve_forever()
