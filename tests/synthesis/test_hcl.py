"""A stack as HCL says the same as its JSON."""

from __future__ import annotations

from typing import Any

import pytest

from synthesis.hcl import render


def hcl(**parts: Any) -> str:
    """Render a stack; what precedes the part under test is cut off."""
    return render({"terraform": {}, **parts}).removeprefix("terraform {\n}\n\n")


def argument(value: Any, name: str = "name") -> str:
    """How one argument of a resource is written."""
    text = hcl(resource={"aws_thing": {"this": {name: value}}})
    lines = text.splitlines()
    assert lines[0] == 'resource "aws_thing" "this" {'
    assert lines[-1] == "}"
    return "\n".join(lines[1:-1])


# --- Text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", '"plain"'),
        ("", '""'),
        ('say "hello"', r'"say \"hello\""'),
        # In Terraform's JSON a backslash is an ordinary character, in HCL it escapes.
        (r"C:\new", r'"C:\\new"'),
        ("one\ntwo\r\n\tthree", r'"one\ntwo\r\n\tthree"'),
        # JSON's own short escapes of these are errors in HCL.
        ("\b\f", r'"\u0008\u000c"'),
        ("\N{NO-BREAK SPACE}\N{LANGUAGE TAG}", r'"\u00a0\U000e0001"'),
        ("é × 日本", '"é × 日本"'),
        ("$ % { } $x %y", '"$ % { } $x %y"'),
    ],
)
def test_text_is_quoted(text: str, expected: str) -> None:
    assert argument(text) == f"  name = {expected}"


@pytest.mark.parametrize(
    "text",
    ["$${literal}", "a $${literal} b", "%%{literal}", "$${a}${b}"],
)
def test_escaped_sequences_stay_text(text: str) -> None:
    assert argument(text) == f'  name = "{text}"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${aws_vpc.this.id}", "aws_vpc.this.id"),
        ("${ aws_vpc.this.id }", "aws_vpc.this.id"),
        ('${replace(x, "https://", "")}', 'replace(x, "https://", "")'),
        ('${replace(x, "}", "{")}', 'replace(x, "}", "{")'),
        (r'${replace(x, "\"", "\\")}', r'replace(x, "\"", "\\")'),
        ('${replace(x, "a", "${y["}"]}-")}', 'replace(x, "a", "${y["}"]}-")'),
        ('${replace(x, "$${", "a")}', 'replace(x, "$${", "a")'),
        ("${jsonencode({a = {b = 1}})}", "jsonencode({a = {b = 1}})"),
    ],
)
def test_a_value_that_is_one_expression_is_written_without_quotes(text: str, expected: str) -> None:
    assert argument(text) == f"  name = {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${a}-${b}", '"${a}-${b}"'),
        ("${a}${b}", '"${a}${b}"'),
        (" ${a}", '" ${a}"'),
        # The quotes inside an expression are its own and not escaped, those outside are.
        ('"${replace(x, "https://", "")}":aud', r'"\"${replace(x, "https://", "")}\":aud"'),
        ('${f({"}" = "{"})}/*', '"${f({"}" = "{"})}/*"'),
        ('%{ if x == "a" }yes%{ endif }', '"%{ if x == "a" }yes%{ endif }"'),
        ("%{ if x }", '"%{ if x }"'),
        # Markers that strip white space mean something in a template only.
        ("${~ a ~}", '"${~ a ~}"'),
    ],
)
def test_expressions_inside_text_stay_as_they_are(text: str, expected: str) -> None:
    assert argument(text) == f"  name = {expected}"


@pytest.mark.parametrize("text", ["${a", '${f("a)}', '${f("${a")}', "%{ if"])
def test_fails_when_an_expression_has_no_end(text: str) -> None:
    with pytest.raises(ValueError, match="has no end"):
        argument(text)


def test_quotes_in_an_escaped_sequence_are_text_and_it_needs_no_end() -> None:
    assert argument('$${"a"}') == r'''  name = "$${\"a\"}"'''
    assert argument("$${") == '  name = "$${"'


# --- Other values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (42, "42"),
        (1.5, "1.5"),
        (None, "null"),
        ([], "[]"),
        (["a", 1, True, "${b}"], '["a", 1, true, b]'),
        ([["a"], []], '[["a"], []]'),
    ],
)
def test_values_keep_their_type(value: Any, expected: str) -> None:
    assert argument(value) == f"  name = {expected}"


def test_fails_when_a_value_cannot_stand_in_json() -> None:
    with pytest.raises(TypeError, match="cannot stand in Terraform JSON"):
        argument({1, 2})
    with pytest.raises(ValueError, match="not JSON compliant"):
        argument(float("nan"))


def test_a_list_that_is_too_long_for_a_line_has_a_line_per_item() -> None:
    items = [f"{letter * 30}" for letter in "abc"]
    assert argument(items).splitlines() == [
        "  name = [",
        f'    "{"a" * 30}",',
        f'    "{"b" * 30}",',
        f'    "{"c" * 30}",',
        "  ]",
    ]


def test_references_to_resources_have_no_quotes() -> None:
    assert argument(["aws_vpc.this"], "depends_on") == "  depends_on = [aws_vpc.this]"
    body = {"lifecycle": {"ignore_changes": ["scaling_config[0].desired_size"]}}
    assert hcl(resource={"aws_thing": {"this": body}}).splitlines()[1:-1] == [
        "  lifecycle {",
        "    ignore_changes = [scaling_config[0].desired_size]",
        "  }",
    ]


def test_a_map_is_an_argument_and_quotes_the_keys_that_need_it() -> None:
    tags = {"Name": "x", "kubernetes.io/role/elb": "1", "${local.issuer}:aud": "y", "a b": "z"}
    assert argument(tags, "tags").splitlines() == [
        "  tags = {",
        '    Name                     = "x"',
        '    "kubernetes.io/role/elb" = "1"',
        '    "${local.issuer}:aud"    = "y"',
        '    "a b"                    = "z"',
        "  }",
    ]


def test_an_empty_map_is_an_argument() -> None:
    assert argument({}, "tags") == "  tags = {}"


# --- JSON inside text ---------------------------------------------------------------------------


def test_a_policy_is_readable() -> None:
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"],'
        ' "Resource": "${aws_s3_bucket.this.arn}/*",'
        ' "Condition": {"StringEquals": {"${local.issuer}:aud": "sts.amazonaws.com"}}}]}'
    )
    assert argument(policy, "policy").splitlines() == [
        "  policy = jsonencode({",
        '    Version = "2012-10-17"',
        "    Statement = [",
        "      {",
        '        Effect   = "Allow"',
        '        Action   = ["s3:GetObject"]',
        '        Resource = "${aws_s3_bucket.this.arn}/*"',
        "        Condition = {",
        "          StringEquals = {",
        '            "${local.issuer}:aud" = "sts.amazonaws.com"',
        "          }",
        "        }",
        "      },",
        "    ]",
        "  })",
    ]


def test_iam_policy_variables_in_a_policy_stay_text() -> None:
    assert argument('{"Resource": "home/$${aws:username}"}', "policy").splitlines() == [
        "  policy = jsonencode({",
        '    Resource = "home/$${aws:username}"',
        "  })",
    ]


@pytest.mark.parametrize("text", ["{not json}", "{", '{"a": NaN}', '["a"]', "{}x"])
def test_text_that_is_no_json_object_stays_text(text: str) -> None:
    assert "jsonencode" not in argument(text)


# --- Blocks -------------------------------------------------------------------------------------


def test_objects_are_nested_blocks_and_lists_of_objects_repeat_them() -> None:
    body = {
        "a": 1,
        "one": {"b": 2, "inner": {"c": 3}},
        "several": [{"d": 4}, {"d": 5}],
        "z": 6,
    }
    assert hcl(resource={"aws_thing": {"this": body}}) == (
        'resource "aws_thing" "this" {\n'
        "  a = 1\n"
        "  z = 6\n"
        "\n"
        "  one {\n"
        "    b = 2\n"
        "\n"
        "    inner {\n"
        "      c = 3\n"
        "    }\n"
        "  }\n"
        "\n"
        "  several {\n"
        "    d = 4\n"
        "  }\n"
        "\n"
        "  several {\n"
        "    d = 5\n"
        "  }\n"
        "}\n"
    )


def test_an_empty_object_is_an_empty_block() -> None:
    assert argument({}, "pod_selector") == "  pod_selector {\n  }"


def test_equals_signs_of_neighbouring_lines_are_in_a_column() -> None:
    body = {"a": 1, "bcd": 2, "tags": {"x": "1"}, "efghi": 3, "j": 4}
    assert hcl(resource={"aws_thing": {"this": body}}).splitlines()[1:-1] == [
        "  a   = 1",
        "  bcd = 2",
        "  tags = {",
        '    x = "1"',
        "  }",
        "  efghi = 3",
        "  j     = 4",
    ]


def test_notes_of_cdktf_are_left_out() -> None:
    body = {"//": {"metadata": {"path": "a/b"}}, "a": 1}
    text = render(
        {
            "//": {"metadata": {"version": "0.21.0"}},
            "terraform": {},
            "resource": {"aws_thing": {"this": body}},
        }
    )
    assert "metadata" not in text
    assert "//" not in text


def test_terraform_settings_come_first_and_blocks_are_sorted() -> None:
    text = render(
        {
            "output": {"b": {"value": 1}, "a": {"value": {"k": "${x}"}}},
            "resource": {"b_b": {"y": {}, "x": {}}, "a_a": {"z": {}}},
            "data": {"terraform_remote_state": {"s": {"backend": "s3", "config": {"key": "k"}}}},
            "locals": {"l": "${x}"},
            "provider": {"b": [{}], "aws": [{"region": "r"}, {"alias": "other"}]},
            "terraform": {
                "required_providers": {"aws": {"source": "aws", "version": ">= 5"}},
                "backend": {"s3": {"bucket": "name"}},
                "required_version": ">= 1.10",
            },
        }
    )
    assert text == (
        "terraform {\n"
        '  required_version = ">= 1.10"\n'
        "\n"
        "  required_providers {\n"
        "    aws = {\n"
        '      source  = "aws"\n'
        '      version = ">= 5"\n'
        "    }\n"
        "  }\n"
        "\n"
        '  backend "s3" {\n'
        '    bucket = "name"\n'
        "  }\n"
        "}\n"
        "\n"
        'provider "aws" {\n'
        '  region = "r"\n'
        "}\n"
        "\n"
        'provider "aws" {\n'
        '  alias = "other"\n'
        "}\n"
        "\n"
        'provider "b" {\n'
        "}\n"
        "\n"
        "locals {\n"
        "  l = x\n"
        "}\n"
        "\n"
        'data "terraform_remote_state" "s" {\n'
        '  backend = "s3"\n'
        "  config = {\n"
        '    key = "k"\n'
        "  }\n"
        "}\n"
        "\n"
        'resource "a_a" "z" {\n'
        "}\n"
        "\n"
        'resource "b_b" "x" {\n'
        "}\n"
        "\n"
        'resource "b_b" "y" {\n'
        "}\n"
        "\n"
        'output "a" {\n'
        "  value = {\n"
        "    k = x\n"
        "  }\n"
        "}\n"
        "\n"
        'output "b" {\n'
        "  value = 1\n"
        "}\n"
    )


def test_fails_rather_than_leaving_out_a_kind_of_block() -> None:
    with pytest.raises(ValueError, match="no HCL for moved; known: "):
        render({"terraform": {}, "moved": [{"from": "a.b", "to": "a.c"}]})


def test_text_of_several_lines_is_a_heredoc_and_its_escapes_stay() -> None:
    stack = {
        "terraform": {},
        "resource": {"helm_release": {"x": {"values": ["a: '\\d'\nb: $${env:IP}\n"]}}},
    }
    assert "  values = [\n    <<EOT\na: '\\d'\nb: $${env:IP}\nEOT\n    ,\n  ]" in render(stack)


def test_the_selector_of_a_service_is_a_map_and_any_other_a_block() -> None:
    labels = {"app.kubernetes.io/name": "x"}
    text = render(
        {
            "terraform": {},
            "resource": {
                "kubernetes_service_v1": {"x": {"spec": {"selector": labels}}},
                "kubernetes_stateful_set_v1": {
                    "x": {"spec": {"selector": {"match_labels": labels}}}
                },
            },
        }
    )
    assert 'selector = {\n      "app.kubernetes.io/name" = "x"' in text
    assert "selector {\n      match_labels = {" in text
