"""Whose manners, rules and world are whose: the one place that knows the vendors' folders.

A vendor is a folder beside this module with `manners`, `rules`, `world` and `signin`, and its line here. A provider
that has none is answered from its catalog alone.

Before: `core` and `wire` know a provider's name. After: they ask its vendor.
"""

from __future__ import annotations

from quaestor.record import Record
from quaestor.sandbox.answer.access import Gate
from quaestor.sandbox.answer.manners import Manners
from quaestor.sandbox.answer.rules import Rules
from quaestor.sandbox.data.world import World
from quaestor.sandbox.datadog.manners import DatadogManners
from quaestor.sandbox.datadog.rules import DatadogRules
from quaestor.sandbox.datadog.signin import DatadogGate
from quaestor.sandbox.datadog.world import DatadogWorld
from quaestor.sandbox.okta.manners import OktaManners
from quaestor.sandbox.okta.rules import OktaRules
from quaestor.sandbox.okta.signin import OktaGate
from quaestor.sandbox.okta.world import OktaWorld

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Vendor(Record):
    """What a vendor does beyond the catalog's facts."""

    manners: type[Manners] = Manners
    rules: type[Rules] = Rules
    world: type[World] = World
    gate: type[Gate] = Gate


VENDORS: Mapping[str, Vendor] = {
    "datadog": Vendor(DatadogManners, DatadogRules, DatadogWorld, DatadogGate),
    "okta": Vendor(OktaManners, OktaRules, OktaWorld, OktaGate),
}
_ANY = Vendor()


def vendor(provider: str) -> Vendor:
    """The vendor of a provider; one without ways of its own for any other."""
    return VENDORS.get(provider, _ANY)
