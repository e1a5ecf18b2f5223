"""Faults on demand: which request meets which, written on one line or in a YAML file.

    GET /api/v1/users first 3: status 503 retry-after 2; /api/v1/groups/** every 5th: latency 2s, truncate

    spec     = rule { ";" rule }
    rule     = [methods] path [when] ":" step { "then" step }
    methods  = GET { "," POST … }                 any, unless given
    path     = "*" | "/…"                         any; * within a segment, ** across segments
    when     = first N | after N | every Nth | at N{,N} | N%
    step     = fault { "," fault } | ok

`when` counts the requests that the rule matches, from 1; a chance is drawn from the seed. The first rule that hits
decides. `then` makes a script: each hit takes the next step. Without a `when` a script is played once, then all is
well; with one it begins again.

Before: `--faults`, `quaestor.sandbox(faults=…)`. After: `mischief` does to an answer what is asked for here.
"""

from __future__ import annotations

import re
from threading import Lock

from quaestor.catalog.document import read, sequence
from quaestor.errors import CatalogError, UsageError, caret, did_you_mean
from quaestor.record import Record
from quaestor.sandbox.data.seeded import mix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WHENS = ("first", "after", "every", "at")
#: Each fault, and what is written behind it.
FAULTS = {
    "ok": "",
    "status": "CODE [retry-after SECONDS]",
    "latency": "TIME or TIME..TIME, such as 50ms or 1s..3s",
    "drip": "BYTES/s, such as 500B/s or 20kB/s",
    "reset": "[body]",
    "truncate": "[N%]",
    "bad-gzip": "",
    "cut-gzip": "",
    "bad-json": "",
    "html": "",
    "empty": "",
    "loop": "",
    "duplicates": "",
    "foreign-link": "",
    "redirect": "[URL]",
    "expired-tls": "",
}
#: Of each group a step has one at most: they say different things about the same part of an answer.
_GROUPS = (
    ("status", "redirect", "loop", "duplicates", "foreign-link"),
    ("html", "empty", "bad-json", "bad-gzip", "cut-gzip"),
    ("reset", "truncate"),
)
#: Where a redirect and a foreign next link lead, unless another place is named; nobody has this name (RFC 2606).
ELSEWHERE = "https://elsewhere.example"


class Fault(Record):
    """One thing that goes wrong.

    Attributes:
        kind: one of `FAULTS`.
        number: a status, seconds, bytes a second, percent; `upper` the longest latency, in seconds.
        text: the seconds of Retry-After, where a redirect leads, `body` for a reset within it.
    """

    kind: str
    number: float = 0.0
    upper: float = 0.0
    text: str = ""


class When(Record):
    """Which of the matching requests a rule hits: `kind` is `always`, `chance` (in percent) or one of `WHENS`."""

    kind: str = "always"
    numbers: tuple[float, ...] = ()


class Rule(Record):
    """One rule; `text` is how it was written."""

    text: str
    methods: tuple[str, ...]
    path: str
    when: When
    steps: tuple[tuple[Fault, ...], ...]


class Hit(Record):
    """What a request met: the rule, and where it was asked."""

    rule: str
    method: str
    path: str


class Faults:
    """The rules of a sandbox, and how often each was met; safe to ask from several threads.

    Attributes:
        rules: in their order.
        hits: what was hit so far, in order.
    """

    def __init__(self, rules: Sequence[Rule] = (), seed: int = 1) -> None:
        self.rules = tuple(rules)
        self.hits: list[Hit] = []
        self._patterns = [pattern(rule.path) for rule in self.rules]
        self._seen = [0] * len(self.rules)
        self._hit = [0] * len(self.rules)
        self._seed = seed
        self._lock = Lock()

    @property
    def expired_tls(self) -> bool:
        """Whether the certificate is to be out of date."""
        return any(fault.kind == "expired-tls" for rule in self.rules for step in rule.steps for fault in step)

    def decide(self, method: str, paths: Sequence[str]) -> tuple[Fault, ...]:
        """What a request meets; nothing if all is well.

        Args:
            paths: under which names it is known: as it was asked, and without the provider's prefix.
        """
        with self._lock:
            for number, rule in enumerate(self.rules):
                if rule.methods and method not in rule.methods:
                    continue
                if not any(self._patterns[number](path) for path in paths):
                    continue
                self._seen[number] += 1
                if not self._falls(number, rule):
                    continue
                step = rule.steps[self._hit[number] % len(rule.steps)]
                self._hit[number] += 1
                if step[0].kind != "ok":
                    self.hits.append(Hit(rule.text, method, paths[0]))
                    return step
                return ()
        return ()

    def _falls(self, number: int, rule: Rule) -> bool:
        """Whether the rule hits the request that was just counted."""
        seen, numbers = self._seen[number], rule.when.numbers
        match rule.when.kind:
            case "first":
                return seen <= numbers[0]
            case "after":
                return seen > numbers[0]
            case "every":
                return seen % int(numbers[0]) == 0
            case "at":
                return seen in numbers
            case "chance":
                return mix(self._seed, number * 1_000_003 + seen) % 1_000_000 < numbers[0] * 10_000
        return len(rule.steps) == 1 or seen <= len(rule.steps)


def parse(spec: str, *, where: str = "--faults") -> tuple[Rule, ...]:
    """The rules of a text, or of the YAML file that it names (`….yaml`, `….yml`). No text, no rules.

    Raises UsageError with the place of what can't be read; `where` is what the text was given as.
    """
    if re.fullmatch(r"\s*\S+\.ya?ml\s*", spec):
        return _of_file(spec.strip())
    rules = []
    start = 0
    for piece in spec.split(";"):
        if piece.strip():
            rules.append(_Reader(spec, start, start + len(piece), where).rule())
        start += len(piece) + 1
    return tuple(rules)


def _of_file(path: str) -> tuple[Rule, ...]:
    """The rules of a file:

    faults:
      - {route: GET /api/v1/users, when: first 3, fault: status 503}
      - {route: "*", script: [status 429 retry-after 1, ok]}
    """
    try:
        document = read(path)
        entries = sequence(document.get("faults"), f"{path}: faults")
    except CatalogError as error:
        raise UsageError(error.message, hint="a file of faults begins with `faults:` and a list") from error
    odd = next((key for key in document if key != "faults"), None)
    if odd is not None or not entries:
        raise UsageError(f"{path} should hold a list `faults`" + (f", not {odd!r}" if odd else " and does not"))
    return tuple(_of_entry(entry, f"{path}: faults[{number}]") for number, entry in enumerate(entries))


def _of_entry(entry: Any, where: str) -> Rule:
    if not isinstance(entry, dict):
        raise UsageError(f"{where} should be a mapping with route and fault")
    odd = next((key for key in entry if key not in ("route", "when", "fault", "script")), None)
    if odd is not None:
        raise UsageError(
            f"{where} has a key {odd!r}", hint=did_you_mean(str(odd), ["route", "when", "fault", "script"])
        )
    if ("fault" in entry) == ("script" in entry):
        raise UsageError(f"{where} needs either fault or script")
    texts = {key: entry[key] for key in ("route", "when", "fault") if key in entry}
    texts.setdefault("route", "*")
    script = entry.get("script", [entry.get("fault")])
    if not isinstance(script, list) or not script or not all(isinstance(step, str) for step in script):
        raise UsageError(
            f"{where}.{'script' if 'script' in entry else 'fault'} should be text, a script a list of texts"
        )
    if not all(isinstance(text, str) for text in texts.values()):
        raise UsageError(f"{where}: route, when and fault are texts")
    head = " ".join([texts["route"], texts["when"]] if "when" in texts else [texts["route"]])
    text = f"{head}: {' then '.join(script)}"
    return _Reader(text, 0, len(text), where).rule()


def pattern(path: str) -> Callable[[str], bool]:
    """Whether a path fits a rule's."""
    if path == "*":
        return lambda path: True
    pieces = (".*" if piece == "**" else "[^/]*" if piece == "*" else re.escape(piece) for piece in _split(path))
    compiled = re.compile("".join(pieces))
    return lambda path: compiled.fullmatch(path) is not None


def _split(path: str) -> list[str]:
    return re.split(r"(\*\*|\*)", path)


class _Reader:
    """Reads one rule; every refusal names its column."""

    def __init__(self, text: str, start: int, end: int, where: str) -> None:
        self._text = text
        self._where = where
        # commas and the colon of the head stand alone, but a path may hold both
        pattern = r"[^\s,]+|,"
        body = re.compile(r":(?=\s|$)").search(text, start, end)
        self._colon = body.start() if body else -1
        cut = end if body is None else body.start()
        self._words = [(match[0], match.start()) for match in re.compile(r"\S+").finditer(text, start, cut)]
        self._head = len(self._words)
        if body is not None:
            self._words += [(match[0], match.start()) for match in re.compile(pattern).finditer(text, cut + 1, end)]
        self._at = 0
        self._start, self._end = start, end

    def rule(self) -> Rule:
        """The rule. Raises UsageError."""
        first = self._words[0][1] if self._words else self._start
        if self._colon < 0:
            self._refuse(
                "a rule says where, then a colon and a blank, then what",
                first,
                "write PATH: FAULT, such as `/api/v1/users first 3: status 503`",
            )
        methods = self._methods()
        path = self._path()
        when = self._when()
        if self._at < self._head:
            self._refuse(
                f"{self._words[self._at][0]!r} is none of {', '.join(WHENS)} and N%", self._words[self._at][1]
            )
        steps = [self._step()]
        while self._at < len(self._words):
            self._at += 1  # the step ended at `then`
            steps.append(self._step())
        for step in steps:
            if any(fault.kind == "expired-tls" for fault in step) and (
                path != "*" or methods or when.kind != "always"
            ):
                self._refuse("a certificate is shown before a path is asked for", first, "write `*: expired-tls`")
        return Rule(self._text[first : self._end].strip(), methods, path, when, tuple(steps))

    def _refuse(self, message: str, position: int, hint: str = "") -> NoReturn:
        raise UsageError(
            f"{self._where}, column {position + 1}: {message}\n  "
            + caret(self._text, min(position, len(self._text))).replace("\n", "\n  "),
            hint=hint,
        )

    def _methods(self) -> tuple[str, ...]:
        word, position = self._words[0] if self._head else ("", self._colon)
        if not word or word[0] in "/*":
            return ()
        names = word.split(",")
        for name in names:
            if name.upper() not in METHODS:
                self._refuse(
                    f"{name!r} is no method, and a path begins with / or is *",
                    position,
                    did_you_mean(name, METHODS) or "write a path such as /api/v1/users, or * for any",
                )
        self._at = 1
        return tuple(name.upper() for name in names)

    def _path(self) -> str:
        if self._at >= self._head:
            self._refuse("here is no path", self._colon, "write one such as /api/v1/users, or * for any")
        path, position = self._words[self._at]
        if path != "*" and not path.startswith("/"):
            self._refuse(f"{path!r} is no path: it begins with / or is *", position)
        if "?" in path:
            self._refuse(
                "a path is matched without its query", position + path.index("?"), "leave out ? and the rest"
            )
        self._at += 1
        return path

    def _when(self) -> When:
        if self._at >= self._head:
            return When()
        word, position = self._words[self._at]
        if word.endswith("%"):
            self._at += 1
            chance = self._number(word[:-1], position, "a chance such as 10%")
            if chance > 100:
                self._refuse(f"{word} is more than always", position)
            return When("chance", (chance,))
        if word not in WHENS:
            return When()
        if self._at + 1 >= self._head:
            self._refuse(f"{word} needs a number", position, f"write {word} 3")
        text, at = self._words[self._at + 1]
        if word == "every":
            text = re.sub(r"(?<=\d)(st|nd|rd|th)\Z", "", text)
        numbers = tuple(self._whole(part, at) for part in (text.split(",") if word == "at" else [text]))
        self._at += 2
        return When(word, numbers)

    def _step(self) -> tuple[Fault, ...]:
        """The faults up to the next `then`."""
        faults: list[Fault] = []
        while True:
            word, position = self._peek("a fault")
            fault = self._fault()
            self._check(fault, faults, position)
            faults.append(fault)
            if self._at == len(self._words) or self._words[self._at][0] == "then":
                return tuple(faults)
            word, position = self._words[self._at]
            if word != ",":
                self._refuse(f"{word!r} is not expected here", position, "a comma stands between faults")
            self._at += 1

    def _check(self, fault: Fault, others: Sequence[Fault], position: int) -> None:
        for other in others:
            same = fault.kind == other.kind or any(fault.kind in g and other.kind in g for g in _GROUPS)
            alone = {fault.kind, other.kind} & {"ok", "expired-tls"}
            early = (fault if fault.kind == "reset" else other) if "reset" in (fault.kind, other.kind) else None
            before = early is not None and not early.text and {fault.kind, other.kind} != {"reset", "latency"}
            if same or alone or before:
                self._refuse(
                    f"{fault.kind} doesn't go with {other.kind}", position, "write `then` for one after another"
                )

    def _peek(self, what: str) -> tuple[str, int]:
        if self._at >= len(self._words):
            self._refuse(f"{what} is missing here", self._end, f"there are {', '.join(FAULTS)}")
        return self._words[self._at]

    def _fault(self) -> Fault:
        kind, position = self._peek("a fault")
        if kind not in FAULTS:
            hint = did_you_mean(kind, list(FAULTS)) or f"there are {', '.join(FAULTS)}"
            self._refuse(f"there is no fault {kind!r}", position, hint)
        self._at += 1
        match kind:
            case "status":
                return self._status()
            case "latency":
                text, at = self._argument(kind)
                low, _, high = text.partition("..")
                seconds = self._seconds(low, at)
                longest = self._seconds(high, at + len(low) + 2) if ".." in text else seconds
                if longest < seconds:
                    self._refuse("the longer time stands first", at)
                return Fault(kind, seconds, longest)
            case "drip":
                text, at = self._argument(kind)
                found = re.fullmatch(r"(\d+(?:\.\d+)?)(k?)(?:B|bytes)/s", text, re.ASCII)
                if not found or not float(found[1]):
                    self._refuse(f"{text!r} is no speed", at, "write one such as 500B/s or 20kB/s")
                return Fault(kind, float(found[1]) * (1000 if found[2] else 1))
            case "truncate":
                optional = self._optional()
                text, at = optional or ("50%", 0)
                if not text.endswith("%") or self._number(text[:-1], at, "a share such as 50%") >= 100:
                    self._refuse(f"{text!r} is no share of the body", at, "write one such as 50%")
                return Fault(kind, float(text[:-1]))
            case "reset":
                text, at = self._optional() or ("", 0)
                if text not in ("", "body"):
                    self._refuse(f"{text!r} is not expected here", at, "write `reset`, or `reset body`")
                return Fault(kind, text=text)
            case "redirect":
                text, at = self._optional() or (f"{ELSEWHERE}/", 0)
                if "://" not in text and not text.startswith("/"):
                    self._refuse(f"{text!r} is no address", at, "write a URL or a path")
                return Fault(kind, text=text)
        return Fault(kind)

    def _status(self) -> Fault:
        text, at = self._argument("status")
        code = self._whole(text, at)
        if not 200 <= code <= 599:
            self._refuse(f"{text} is no status of an answer", at, "200 to 599")
        optional = self._optional()
        if optional is None:
            return Fault("status", code)
        if optional[0] != "retry-after":
            self._refuse(
                f"{optional[0]!r} is not expected here", optional[1], "behind a status may stand retry-after"
            )
        text, at = self._argument("retry-after")
        return Fault("status", code, text=str(int(self._whole(text.removesuffix("s"), at, least=0))))

    def _argument(self, kind: str) -> tuple[str, int]:
        found = self._optional()
        if found is None:
            at = self._words[self._at][1] if self._at < len(self._words) else self._end
            self._refuse(f"{kind} needs a value", at, f"write {kind} {FAULTS.get(kind, 'SECONDS')}")
        return found

    def _optional(self) -> tuple[str, int] | None:
        """The next word, if it belongs to the fault."""
        if self._at == len(self._words) or self._words[self._at][0] in (",", "then"):
            return None
        self._at += 1
        return self._words[self._at - 1]

    def _seconds(self, text: str, position: int) -> float:
        try:
            return seconds(text)
        except ValueError:
            self._refuse(f"{text!r} is no time", position, "write one such as 50ms or 2s")

    def _number(self, text: str, position: int, what: str) -> float:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
            self._refuse(f"{text!r} is no number", position, f"write {what}")
        return float(text)

    def _whole(self, text: str, position: int, least: int = 1) -> float:
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < least:
            self._refuse(f"{text!r} is no whole number from {least} on", position)
        return int(text)


def seconds(text: str) -> float:
    """`50ms`, `2s`, `1.5s`, `1m` in seconds; a bare number is seconds. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|)", text, re.ASCII)
    if not found:
        raise ValueError(text)
    return float(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}[found[2]]
