"""Variables are nouns of the domain: names that could stand for anything are not used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.paths import ROOT

EMPTY = {"found", "one", "wanted", "made"}


def bound(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of what is assigned, matched, imported, defined or taken as a parameter."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.FunctionDef(name=name):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name


def test_no_variable_has_an_empty_name() -> None:
    folders = [path for path in ROOT.glob("[!.]*/") if path.name != "node_modules"]
    files = [*ROOT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    places = [
        f"{name}:{line}: {variable}"
        for name, file in sorted((file.relative_to(ROOT).as_posix(), file) for file in files)
        for line, variable in bound(file.read_text("utf-8"))
        if variable in EMPTY
    ]
    assert not places, "\n".join(places)


def test_every_way_to_bind_a_name_is_seen() -> None:
    source = "a: int = 1\nfor b, *c in d: e.f = g\nwith h as i: (j := [k for k in l])\n"
    source += "def m(n, *o, p=q, **r): lambda s: t\nimport u as v\nmatch w:\n  case [x, *y]: z"
    assert {name for _, name in bound(source)} == set("abcfijkmnoprsvxy")
