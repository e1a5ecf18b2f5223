"""What is sent with a scan's requests besides the values that the statement binds.

Two things: conditions that the API tests too (`plan.pushdown`), and what makes a list whole: parameters without which
it leaves rows out (`Listing.whole`). Before: `run.reading` has a combination of values. After: it builds the request.
"""

from __future__ import annotations

from time import gmtime, strftime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from quaestor.plan.model import Scan
    from quaestor.values import SqlValue

_DAY_S = 86_400


def besides(scan: Scan, bound: Mapping[str, SqlValue], now_s: float) -> dict[str, SqlValue]:
    """The further parameters of a request, by their SQL names.

    Args:
        bound: what the statement binds; none of these is among the result.
        now_s: when the statement began, in seconds since 1970: the end of a list that would never end by itself.
    """
    sent: dict[str, SqlValue] = dict(scan.pushed)
    listing = scan.method.listing
    lows = {high: low for low, high, _ in listing.ranges.values()}
    for name, text in listing.whole.items():
        value = moment(text, now_s) if text.startswith("now") else text
        start = bound.get(lows.get(name, ""), sent.get(lows.get(name, "")))
        if name in bound or name in sent or (isinstance(start, str) and start >= value):
            continue  # an end before the start would be refused: what begins later than now has no rows yet
        sent[name] = value
    return {name: value for name, value in sent.items() if name not in bound}


def moment(text: str, now_s: float) -> str:
    """The instant that `now`, `now-90d` or `now-7d@seconds` means, in whole seconds."""
    expression, _, kind = text.partition("@")
    days = expression.removeprefix("now").removeprefix("-").removesuffix("d")
    at = int(now_s) - int(days or 0) * _DAY_S
    if kind:
        return str(at * 1000 if kind == "milliseconds" else at)
    return strftime("%Y-%m-%dT%H:%M:%S.000Z", gmtime(at))
