"""Documents: what is written reads back, and what is read is bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quaestor.catalog import document
from quaestor.errors import CatalogError

KEYS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["on", "NO", "null", "~", "1", "1e3", ".5", "a: b", "a #b", "- x", "*a", "&a", "$User nullable", "{x}"]
    ),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), KEYS, st.sampled_from([0.5, -1.25, 1e30]))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=25
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    text = document.write(value, comment="one\n\ntwo")
    assert document.parse(text, "here") == value
    assert document.write(value, comment="one\n\ntwo") == text


def test_words_of_other_yaml_versions_are_text() -> None:
    found = document.parse("a: on\nb: NO\nc: 2024-01-01\nd: 012\ne: yes\n", "here")
    assert found == {"a": "on", "b": "NO", "c": "2024-01-01", "d": 12, "e": "yes"}


def test_short_things_stand_on_one_line_and_long_ones_do_not() -> None:
    text = document.write(
        {"a": {"b": 1, "c": [1, 2]}, "d": {"e": {"f": {"g": 1}}}, "h": ["x" * 60, "y" * 60], "i": {}}
    )
    assert text == f"a: {{b: 1, c: [1, 2]}}\nd:\n  e: {{f: {{g: 1}}}}\nh:\n  - {'x' * 60}\n  - {'y' * 60}\ni: {{}}\n"


def test_json_is_read_too() -> None:
    assert document.parse('{"a": [1, null]}', "here") == {"a": [1, None]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- 1\n", "a mapping at its top, not a list"),
        ("", "not nothing"),
        ("a: [1\n", "not YAML or JSON"),
        ('{"a": }', "not YAML or JSON"),
        ('{"a":' + "[" * 100_000 + "]" * 100_000 + "}", "nests deeper"),
        ("a: " + "[" * 200 + "]" * 200, "nests deeper"),
        ("a: &x\n  b: *x\n", "the YAML anchor x stands for itself"),
        (
            "a0: &a0 [" + "x, " * 20 + "]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 10)),
            "bytes written out, more than",
        ),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(CatalogError, match=says) as caught:
        document.parse(text, "there.yaml")
    assert "there.yaml" in caught.value.message


def test_aliases_are_written_out() -> None:
    text = "a: &x [1, 2]\nb: [*x, *x]\nc: &y\n- &z {k: *x}\n- 2\nd: *y\ne: *z\n"
    assert document.parse(text, "here") == {
        "a": [1, 2],
        "b": [[1, 2], [1, 2]],
        "c": [{"k": [1, 2]}, 2],
        "d": [{"k": [1, 2]}, 2],
        "e": {"k": [1, 2]},
    }


def test_stars_and_ampersands_in_prose_are_no_aliases() -> None:
    text = "description: |\n  *bold* & plain, &amp; *again\npattern: '*'\n"
    assert document.parse(text, "here")["pattern"] == "*"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"can't read .*absent.yaml: No such file"):
        document.read(str(tmp_path / "absent.yaml"))
    (tmp_path / "big.yaml").write_text("a: 1\n")
    with pytest.raises(CatalogError, match="has 5 bytes, more than the 4"):
        document.read(str(tmp_path / "big.yaml"), max_bytes=4)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(CatalogError, match="not UTF-8 text: byte 3"):
        document.read(str(tmp_path / "latin.yaml"))
