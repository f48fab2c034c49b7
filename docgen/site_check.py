"""`make site-check`: check the built site in Chromium, and keep screenshots.

It checks what no reader of HTML can: that diagrams are drawn, that the search finds, and that the
two languages show theirs. Pictures are in .cache/site-check.
"""

from __future__ import annotations

import argparse
import functools
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tools.paths import ROOT

SITE: Final = ROOT / "site"
PICTURES: Final = ROOT / ".cache" / "site-check"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SECONDS: Final = 90
SETTLE_SECONDS: Final = (3, 20)
"""How long a page may work until it is looked at; the second applies if it was not finished."""
_WAIT: Final = "/settle.png"
NOT_CHECKED: Final = (
    "not checked: whether diagrams are drawn and the search finds, in a browser: none of "
    f"{', '.join(BROWSERS)} is on the PATH"
)


@dataclass(frozen=True, kw_only=True)
class View:
    """A page to look at, with what its finished HTML must have and must not have."""

    name: str
    address: str
    has: tuple[str, ...] = ()
    has_not: tuple[str, ...] = ()
    height: int = 1400


DIAGRAM: Final = '<div class="mermaid">'
VIEWS: Final = (
    View(name="home", address="index.html", has=("<h1",)),
    View(
        name="architecture",
        address="architecture.html",
        has=(DIAGRAM,),
        has_not=('class="mermaid"><code', "Syntax error"),
        height=6000,
    ),
    View(
        name="runbook",
        address="runbooks/troubleshooting.html",
        has=('class="highlight"',),
    ),
    View(
        name="portuguese",
        address="pt-BR/runbooks/troubleshooting.html",
        has=('<html lang="pt-BR"', "Buscar"),
    ),
    View(
        name="search",
        address="index.html?q=quota",
        has=("md-search-result__item",),
    ),
)


def browser() -> Path | None:
    """The first browser on the PATH."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    return Path(program) if program else None


class _Handler(SimpleHTTPRequestHandler):
    """Serves pages with a picture that takes its time, as a browser is done when all is loaded.

    Diagrams and the search need some seconds of work; a browser that is asked for a page's HTML
    or picture gives it at the load event.
    """

    def __init__(self, *arguments: Any, settle_seconds: float, **options: Any) -> None:
        # The base class answers the request while it is created.
        self._settle_seconds = settle_seconds
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        """Answer with a file, the page with its picture, or the picture."""
        path = Path(self.translate_path(self.path))
        if self.path == _WAIT:
            time.sleep(self._settle_seconds)
            self.send_response(204)
            self.end_headers()
        elif path.suffix == ".html" and path.is_file():
            page = path.read_bytes() + f'<img src="{_WAIT}" hidden>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(site: Path, settle_seconds: float) -> Iterator[str]:
    """The site on loopback; its address."""
    handler = functools.partial(_Handler, directory=str(site), settle_seconds=settle_seconds)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def looked_at(program: Path, site: Path, view: View, picture: Path | None) -> list[str]:
    """What is wrong with a page, in words; the picture is taken in a second visit."""
    problems: list[str] = []
    for settle_seconds in SETTLE_SECONDS:
        with served(site, settle_seconds) as url:
            problems = _problems(program, f"{url}/{view.address}", view, picture)
        if not problems:
            break
    return problems


def _problems(program: Path, url: str, view: View, picture: Path | None) -> list[str]:
    html = _run(program, url, "--dump-dom")
    problems = [f"{view.name}: no {text!r}" for text in view.has if text not in html]
    problems += [f"{view.name}: {text!r}" for text in view.has_not if text in html]
    if picture is not None:
        size = f"--window-size=1400,{view.height}"
        _run(program, url, size, f"--screenshot={picture}")
        if not picture.is_file():
            problems.append(f"{view.name}: no picture")
    return problems


def external(site: Path) -> list[str]:
    """What pages would load from elsewhere: scripts, styles, fonts and pictures."""
    loads = re.compile(
        r"<(?:script|img|iframe|link[^>]*rel=\"?(?:stylesheet|preconnect))[^>]*https?://"
    )
    return [
        f"{page.relative_to(site)}: {match[0]}"
        for page in sorted(site.rglob("*.html"))
        for match in loads.finditer(page.read_text(encoding="utf-8"))
    ]


def _run(program: Path, url: str, *arguments: str) -> str:
    command = [str(program), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [*arguments, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at every view; exit code 1 if one is not as it should be, 2 without site or browser."""
    parser = argparse.ArgumentParser(prog="python -m docgen.site_check", description=__doc__)
    parser.add_argument("--no-pictures", action="store_true", help="check only")
    pictures = not parser.parse_args(arguments).no_pictures
    program = browser()
    if program is None:
        print(NOT_CHECKED, file=sys.stderr)
        return 2
    if not (SITE / "index.html").is_file():
        print("site/ is not built: run `make site`.", file=sys.stderr)
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    problems = external(SITE)
    for view in VIEWS:
        picture = PICTURES / f"{view.name}.png" if pictures else None
        view_problems = looked_at(program, SITE, view, picture)
        print(f"{'ok' if not view_problems else 'FAILED':8}{view.name}", flush=True)
        problems += view_problems
    print("\n".join(problems) or f"Pictures: {PICTURES.relative_to(ROOT)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
