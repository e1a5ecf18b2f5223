"""Numbers out of numbers: the only source of chance in the sandbox, and the keys that objects are called by.

Everything that the sandbox invents follows from a seed by `mix`, so the same seed gives the same world on
every machine, whatever is asked first. Keys are computed from an object's position and turned back into it by
computing: 100,000 objects need no table.

Before: nothing. After: `collection` counts by keys, `invent` and the worlds draw from states.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    T = TypeVar("T")

#: How a UUID is written (RFC 9562).
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"


def mix(state: int, salt: int) -> int:
    """A new state of 64 bits out of a state and a number; the finalizer of SplitMix64 (Steele et al., 2014)."""
    x = (state ^ (salt * _GOLDEN)) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


@lru_cache(maxsize=4096)
def salt(text: str) -> int:
    """A number for a text, the same in every process (`hash` is not)."""
    return crc32(text.encode())


def state_of(seed: int, *texts: str) -> int:
    """The state that belongs to a path of names under a seed."""
    state = mix(seed, 0x51)
    for text in texts:
        state = mix(state, salt(text))
    return state


def pick(values: Sequence[T], state: int) -> T:
    """One of the values."""
    return values[state % len(values)]


class Keys:
    """A rule that gives the object at a position its key, and finds the position of a key again."""

    def key(self, index: int) -> str:
        """The key of the object at `index`, from 0."""
        raise NotImplementedError

    def index(self, key: str) -> int:
        """The position of the object of this key, or -1; whoever asks checks that it is in range."""
        raise NotImplementedError


@lru_cache(maxsize=4)
def _pairs(alphabet: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Every pair of characters by its number, and its number by the pair."""
    pairs = tuple(a + b for a in alphabet for b in alphabet)
    return pairs, {pair: number for number, pair in enumerate(pairs)}


@lru_cache(maxsize=16)
def _inverse(factor: int, size: int) -> int:
    return pow(factor, -1, size)


class CodeKeys(Keys):
    """Codes of a fixed length over an alphabet, such as `00u1B9fK20dZqXb4Q5d7` or `k3f-0ax-9pd`.

    A position is multiplied and shifted modulo alphabet^length, which can be undone. `groups` puts a dash after
    each so many characters, and takes small letters only.
    """

    _FACTOR = 0x2545F4914F6CDD1D  # prime to 2, 3 and 31, so that it has an inverse for both alphabets

    def __init__(self, state: int, prefix: str = "", length: int = 10, suffix: str = "", groups: int = 0) -> None:
        self._alphabet = _LOWER if groups else _BASE62
        self._pairs, self._numbers = _pairs(self._alphabet)
        self._length = length
        self._size: int = len(self._alphabet) ** length
        self._factor = self._FACTOR % self._size
        self._shift = mix(state, 3) % self._size
        self._prefix = prefix
        self._suffix = suffix
        self._groups = groups

    def key(self, index: int) -> str:
        number = (index * self._factor + self._shift) % self._size
        pairs = self._pairs
        base = len(pairs)
        if self._length == 10 and not self._groups:  # every Okta id: in half the time
            number, a = divmod(number, base)
            number, b = divmod(number, base)
            number, c = divmod(number, base)
            number, d = divmod(number, base)
            return f"{self._prefix}{pairs[a]}{pairs[b]}{pairs[c]}{pairs[d]}{pairs[number]}{self._suffix}"
        parts = []
        for _ in range(self._length // 2):
            number, low = divmod(number, base)
            parts.append(pairs[low])
        code = "".join(parts)
        if self._length % 2:
            code += self._alphabet[number]
        if self._groups:
            code = "-".join(code[at : at + self._groups] for at in range(0, self._length, self._groups))
        return f"{self._prefix}{code}{self._suffix}"

    def index(self, key: str) -> int:
        if not (key.startswith(self._prefix) and key.endswith(self._suffix)):
            return -1
        code = key[len(self._prefix) : len(key) - len(self._suffix)]
        if self._groups:
            code = code.replace("-", "")
        if len(code) != self._length:
            return -1
        even = self._length // 2 * 2
        number = self._alphabet.find(code[even]) if even < self._length else 0
        for at in range(even - 2, -1, -2):
            low = self._numbers.get(code[at : at + 2], -1)
            if low < 0 or number < 0:
                return -1
            number = number * len(self._pairs) + low
        index: int = (number - self._shift) * _inverse(self._factor, self._size) % self._size
        return index if not self._groups or self.key(index) == key else -1


class UuidKeys(Keys):
    """UUIDs of version 4 (RFC 9562): half of the digits hold the position, the others follow from them."""

    _SIZE = 1 << 60
    _FACTOR = 0x2545F4914F6CDD1D % (1 << 60)
    _INVERSE = pow(0x2545F4914F6CDD1D, -1, 1 << 60)

    def __init__(self, state: int) -> None:
        self._shift = mix(state, 3) % self._SIZE
        self._salt = mix(state, 4)

    def key(self, index: int) -> str:
        number = (index * self._FACTOR + self._shift) % self._SIZE
        front = f"{number:015x}"
        back = f"{mix(self._salt, number) >> 4:015x}"
        return f"{front[:8]}-{front[8:12]}-4{front[12:]}-{'89ab'[number & 3]}{back[:3]}-{back[3:]}"

    def index(self, key: str) -> int:
        digits = key.lower().replace("-", "")
        if len(digits) != 32:
            return -1
        try:
            number = int(digits[:12] + digits[13:16], 16)
        except ValueError:
            return -1
        index = (number - self._shift) * self._INVERSE % self._SIZE
        return index if self.key(index) == key.lower() else -1


class IntegerKeys(Keys):
    """Whole numbers of seven digits or a few more, in no visible order."""

    _FACTOR = 0x5851F42D

    def __init__(self, state: int, low: int = 1_000_000, bits: int = 23) -> None:
        self._low = low
        self._size = 1 << bits
        self._inverse = pow(self._FACTOR, -1, self._size)
        self._shift = mix(state, 3) % self._size

    def key(self, index: int) -> str:
        return str(self._low + (index * self._FACTOR + self._shift) % self._size)

    def index(self, key: str) -> int:
        if not key.isdecimal() or len(key) > 18:
            return -1
        number = int(key) - self._low
        if not 0 <= number < self._size:
            return -1
        return (number - self._shift) * self._inverse % self._size


class NameKeys(Keys):
    """Names out of a list; when it is used up, the list again with a number behind."""

    def __init__(self, names: Sequence[str], separator: str = "-") -> None:
        self._names = names
        self._at = {name: at for at, name in enumerate(names)}
        self._separator = separator

    def key(self, index: int) -> str:
        again, at = divmod(index, len(self._names))
        return self._names[at] + (f"{self._separator}{again + 1}" if again else "")

    def index(self, key: str) -> int:
        if key in self._at:
            return self._at[key]
        name, _, number = key.rpartition(self._separator)
        if name not in self._at or not number.isdecimal() or number.startswith("0") or number == "1":
            return -1
        return self._at[name] + (int(number) - 1) * len(self._names)
