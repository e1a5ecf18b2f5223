"""Transforms of answers: Go's templates as provider documents write them, and XML."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quaestor.errors import CatalogError, DecodeError
from quaestor.fetch.transforms import gotemplate, markup, transform


def made(template: str, data: Any) -> str:
    return gotemplate.execute(gotemplate.parse(template), data)


@pytest.mark.parametrize(
    ("template", "data", "text"),
    [
        ("a{{ . }}b", "x", "axb"),
        ("a {{- . -}} b", "x", "axb"),
        ("{{/* nothing */}}{{ .a.b }}", {"a": {"b": 1}}, "1"),
        ("{{ .a.b }}", {"a": 5}, "<no value>"),
        ("{{ if . }}y{{ else }}n{{ end }}", [], "n"),
        ('{{ if eq (kindOf .) "map" }}m{{ else if eq (kindOf .) "slice" }}s{{ else }}o{{ end }}', [1], "s"),
        ('{{ if eq (kindOf .) "map" }}m{{ else if eq (kindOf .) "slice" }}s{{ else }}o{{ end }}', 1.5, "o"),
        ("{{ range . }}<{{ . }}>{{ else }}none{{ end }}", [], "none"),
        ("{{ range . }}<{{ . }}>{{ else }}none{{ end }}", [1, True], "<1><true>"),
        ("{{ range $i, $v := . }}{{ if $i }},{{ end }}{{ $i }}={{ $v }}{{ end }}", ["a", "b"], "0=a,1=b"),
        ("{{ range $k, $v := . }}{{ $k }}:{{ toJson $v }};{{ end }}", {"b": None, "a": [1]}, "a:[1];b:null;"),
        ("{{ $n := .a }}{{ if $n }}{{ $n = .b }}{{ end }}{{ $n }}", {"a": 1, "b": 2}, "2"),
        ("{{ $n := .a }}{{ if $n }}{{ $n := .b }}{{ end }}{{ $n }}", {"a": 1, "b": 2}, "1"),
        ("{{ with .a }}{{ .b }}{{ end }}{{ .c }}", {"a": {"b": 1}, "c": 2}, "12"),
        ("{{ with $x := .a }}{{ $x.b }}{{ $.c }}{{ end }}", {"a": {"b": 1}, "c": 2}, "12"),
        ('{{ printf "{\\"a\\":%s}" . }}', "[1]", '{"a":[1]}'),
        ('{{ printf "%q %d %v %%" .a 2 true }}', {"a": 'x"y'}, '"x\\"y" 2 true %'),
        ('{{ . | printf "%s!" | len }}', "ab", "3"),
        ('{{ index . "a" 1 }}', {"a": [5, 6]}, "6"),
        ('{{ safeIndex . "a" 9 }}', {"a": []}, "<no value>"),
        ('{{ (index . "a").b }}', {"a": {"b": 7}}, "7"),
        ('{{ and 1 "" "z" }}|{{ or "" 2 }}|{{ not 0 }}', None, "|2|true"),
        ('{{ index (jsonMapFromString .) "k" }}', '{"k": 12345678901234567890}', "12345678901234567890"),
        ('{{ getRegexpFirstMatch . "id=([0-9]+)" }}', "id=12", "12"),
        ('[{{{- if . -}}"a": 1{{- end -}}}]', True, '[{"a": 1}]'),
    ],
)  # fmt: skip
def test_templates(template: str, data: Any, text: str) -> None:
    assert made(template, data) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ if . }}", "end"),
        ("{{ end }}", "belongs to nothing"),
        ("{{ nothing . }}", "nothing"),
        ("{{ @ }}", "isn't understood"),
        ("{{ (. }}", r"\("),
        ("{{ . | }}", "empty"),
        ("{{{ x", "without its"),
        ("{{ $a, $b := . }}", "too many"),
        ("x" * 100_001, "too long"),
    ],
)
def test_what_the_subset_has_not_is_refused(template: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        gotemplate.parse(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ $x }}",
        "{{ $x = 1 }}",
        "{{ range . }}{{ end }}",
        "{{ toBool . }}",
        "{{ index . 1 }}",
        "{{ .a 1 }}",
        "{{ len 1 }}",
    ],
)
def test_data_that_does_not_fit_is_an_error(template: str) -> None:
    with pytest.raises(DecodeError):
        made(template, 5)


def test_azure_properties_are_laid_flat() -> None:
    flat = '{{ range $k, $v := $p }}{{ printf "%q" $k }}: {{ toJson $v }}, {{ end }}'
    template = (
        '{"value": [\n{{- range $i, $row := index . "value" }}{{ if $i }},{{ end }}\n  '
        '{ {{ $p := index $row "properties" }}{{ if eq (kindOf $p) "map" }}'
        + flat
        + '{{ end }}"_flattened": true }\n{{- end }}\n]}'
    )
    body = json.dumps({"value": [{"properties": {"a": "ü"}}, {"name": "n"}]}).encode()
    assert json.loads(transform("golang_template_json", template, body)) == {
        "value": [{"a": "ü", "_flattened": True}, {"_flattened": True}]
    }


XML = b"""<ListUsersResponse xmlns="urn:x"><ListUsersResult><Users>
<member><UserName>a</UserName><Size>3</Size><Tags><member><Key>k</Key></member></Tags></member>
<member><UserName>b</UserName><Size>many</Size></member>
</Users><IsTruncated>false</IsTruncated></ListUsersResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</ListUsersResponse>"""
COLUMNS = {"UserName": "string", "Size": "integer", "Tags": "string", "On": "boolean"}
ROW = json.dumps({"name": "UserDisplay", "columns": COLUMNS})


def test_rows_of_a_schema_are_found_in_xml() -> None:
    assert json.loads(transform("schema_driven_xml", ROW, XML)) == {
        "line_items": [{"UserName": "a", "Size": 3, "Tags": [{"Key": "k"}]}, {"UserName": "b", "Size": "many"}]
    }


def test_an_empty_list_in_xml_has_no_rows() -> None:
    empty = b"<R><ListUsersResult><Users/><IsTruncated>false</IsTruncated></ListUsersResult></R>"
    assert transform("schema_driven_xml", ROW, empty) == b'{"line_items":[]}'
    assert transform("schema_driven_xml", ROW, b"") == b'{"line_items":[]}'


def test_of_two_kinds_of_elements_the_schema_s_own_is_taken() -> None:
    root = markup.parse(
        b"<R><Version><Key>a</Key></Version><DeleteMarker><Key>b</Key></DeleteMarker><Name>n</Name></R>"
    )
    assert markup.rows(root, {"Key": "string"}, "ObjectVersionDisplay") == [{"Key": "a"}]


GROUP = """<R><GetGroupResult><Group><Path>/</Path><GroupName>g</GroupName><Arn>x</Arn></Group>
<Users>%s</Users></GetGroupResult></R>"""


def test_what_stands_beside_a_list_is_no_row_of_it() -> None:
    columns = dict.fromkeys(("UserName", "Path", "Arn", "Tags"), "string")
    users = "<member><UserName>u</UserName><Path>/</Path></member>"
    root = markup.parse((GROUP % users).encode())
    assert markup.rows(root, columns, "UserDisplay") == [{"UserName": "u", "Path": "/"}]
    assert markup.rows(markup.parse((GROUP % "").encode()), columns, "UserDisplay") == []


def test_a_row_may_have_more_than_its_document_knows() -> None:
    root = markup.parse(b"<Retention><Mode>a</Mode><Until>b</Until><New>c</New><Newer>d</Newer></Retention>")
    (row,) = markup.rows(root, {"Mode": "string", "Until": "string"}, "RetentionDisplay")
    assert row["Mode"] == "a"


def test_lists_without_a_wrapper_stay_lists() -> None:
    root = markup.parse(b"<R><Rule><Id>1</Id><Event>a</Event><Event>b</Event><On>true</On></Rule></R>")
    columns = {"Id": "string", "Event": "string", "On": "boolean"}
    assert markup.rows(root, columns, "RuleDisplay") == [{"Id": "1", "Event": ["a", "b"], "On": True}]


def test_xml_whole() -> None:
    root = markup.parse(b'<a xmlns="u" id="7"><b>1</b><b>2</b><c/><d k="v">t</d></a>')
    assert markup.whole(root) == {"a": {"-id": "7", "b": ["1", "2"], "c": "", "d": {"-k": "v", "#text": "t"}}}


@pytest.mark.parametrize(
    "body",
    [
        b"<a",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError):
        markup.parse(body)


def test_bodies_that_are_not_what_the_transform_takes() -> None:
    with pytest.raises(DecodeError, match="UTF-8"):
        transform("golang_template_text", "{{ . }}", b"\xff")
    with pytest.raises(DecodeError, match="JSON"):
        transform("golang_template_json", "{{ . }}", b"<html>")
