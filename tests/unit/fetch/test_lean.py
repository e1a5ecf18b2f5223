"""msgspec in its cheapest form: only in a process of our own, and nothing left behind."""

import subprocess
import sys

SCRIPT = """
import sys
from quaestor.fetch import lean
if {ours}:
    lean.this_process_is_ours()
msgspec = lean.load_msgspec()
assert msgspec.json.decode(b'[1]', type=list[int]) == [1]
assert msgspec.defstruct("S", [("a", int)])(1).a == 1
print("inspect" in sys.modules, "textwrap" in sys.modules, sys.modules.get("typing_extensions", "absent") is None)
import typing_extensions
import msgspec.inspect
assert msgspec.inspect.type_info(int) == msgspec.inspect.IntType()
"""


def loaded(ours: bool) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(ours=ours)], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_a_process_of_ours_does_without_what_it_does_not_need() -> None:
    assert loaded(ours=True) == ["False", "False", "False"]


def test_in_a_process_of_others_nothing_is_touched() -> None:
    assert loaded(ours=False)[1:] == ["True", "False"]
