"""Okta's policies, some of every type, and their rules.

Before: `world`. After: `okta_world` puts them at `/api/v1/policies`.
"""

from __future__ import annotations

from quaestor.sandbox.answer.query import Query
from quaestor.sandbox.data.collection import Collection, Generated
from quaestor.sandbox.data.seeded import CodeKeys, mix
from quaestor.sandbox.okta.groups import described
from quaestor.sandbox.okta.users import ORG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from quaestor.sandbox.okta.world import OktaWorld

#: Policy type, type of its rules, names of the policies.
_POLICIES = (
    ("OKTA_SIGN_ON", "SIGN_ON", ("Administrators", "Contractors", "Default Policy")),
    ("PASSWORD", "PASSWORD", ("Strict passwords", "Default Policy")),
    ("MFA_ENROLL", "MFA_ENROLL", ("Security keys", "Default Policy")),
    ("IDP_DISCOVERY", "IDP_DISCOVERY", ("Idp Discovery Policy",)),
    ("ACCESS_POLICY", "ACCESS_POLICY", ("Any two factors", "Password only", "Phishing resistant")),
    ("PROFILE_ENROLLMENT", "PROFILE_ENROLLMENT", ("Default Policy",)),
    ("POST_AUTH_SESSION", "POST_AUTH_SESSION", ("Default Policy",)),
    ("ENTITY_RISK", "ENTITY_RISK", ("Entity Risk Policy",)),
)


class OktaPolicies(Generated):
    """Policies of every type; a list is of one type."""

    def __init__(self, world: OktaWorld) -> None:
        self._all = [(kind, rule, name) for kind, rule, names in _POLICIES for name in names]
        self._world = world
        state = world.state("policies")
        keys = CodeKeys(state, "00p", 10, ORG)
        inventor = world.ground.inventor
        super().__init__(inventor, "Policy", keys, len(self._all), state, home="/api/v1/policies", facts=self._about)

    def _about(self, index: int, key: str) -> dict[str, Any]:
        kind, _, name = self._all[index]
        first = next(at for at, (other, _, _) in enumerate(self._all) if other == kind)
        return {
            "type": kind,
            "name": name,
            "description": None,
            "status": "INACTIVE" if name == "Contractors" else "ACTIVE",
            "priority": index - first + 1,
            "system": name == "Default Policy",
            **self._world.dated(self._world.state("policy", name, kind)),
        }

    def select(self, query: Query) -> Sequence[int]:
        """Those of the asked `type`; `status` and `q` (start of the name) narrow it."""
        kind, status, start = query.text("type"), query.text("status"), query.text("q").lower()
        chosen = [at for at, (of, _, _) in enumerate(self._all) if of == kind]
        if status:
            chosen = [at for at in chosen if self._about(at, "")["status"] == status]
        return [at for at in chosen if self._all[at][2].lower().startswith(start)]

    def admits(self, query: Query, row: Any) -> bool:
        kind, status, start = query.text("type"), query.text("status"), query.text("q").lower()
        if not kind:  # a place that names policies
            return True
        name = str(row.get("name", "")).lower()
        return row.get("type") == kind and status in ("", row.get("status")) and name.startswith(start)

    def rules(self, policy: int) -> Collection:
        """The rules of a policy; the last of each takes everybody."""
        _, kind, name = self._all[policy]
        state = mix(self._state, 900 + policy)
        count = 1 + state % 2
        path = f"/api/v1/policies/{self.key(policy)}/rules"

        def about(index: int, key: str) -> dict[str, Any]:
            last = index == count - 1
            row: dict[str, Any] = {
                "type": kind,
                "name": "Catch-all Rule" if last else described(mix(state, index)),
                "priority": 99 if last else index,
                "status": "ACTIVE",
                "system": last,
                **self._world.dated(mix(state, index)),
            }
            if kind == "SIGN_ON":
                row["actions"] = {
                    "signon": {"access": "ALLOW", "requireFactor": not last, "primaryFactor": "PASSWORD_IDP"}
                }
            if kind == "ACCESS_POLICY":
                mode = "1FA" if name == "Password only" else "2FA"
                verification = {"type": "ASSURANCE", "factorMode": mode, "reauthenticateIn": "PT2H"}
                row["actions"] = {"appSignOn": {"access": "ALLOW", "verificationMethod": verification}}
            return row

        keys = CodeKeys(state, "0pr", 10, ORG)
        return Generated(self._world.ground.inventor, "PolicyRule", keys, count, state, home=path, facts=about)
