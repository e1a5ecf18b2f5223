"""A user's life in Okta: making, the steps from status to status, the two DELETEs, credentials.

| what               | the rule                                                                           |
|--------------------|------------------------------------------------------------------------------------|
| making             | STAGED with `activate=false`; ACTIVE with a password, else PROVISIONED             |
| steps              | only from the statuses of `_STEPS`; E0000038 otherwise, unlock E0000032            |
| deactivating       | takes the user out of groups and applications                                      |
| activating again   | PROVISIONED: the password went with the deactivation                               |
| deleting           | the first DELETE deactivates an account in use, the second deletes it              |

https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/,
https://developer.okta.com/docs/concepts/user-profiles/#understand-user-status-values

Before: `rules` has a request for one of these. After: the user is kept, or a Refusal.
"""

from __future__ import annotations

from quaestor.sandbox.answer.answers import Answer
from quaestor.sandbox.answer.refusal import Refusal
from quaestor.sandbox.data.clock import iso
from quaestor.sandbox.data.collection import ORIGIN, encode
from quaestor.sandbox.data.seeded import CodeKeys, mix
from quaestor.sandbox.okta.assignments import GROUPS, USERS, mapping
from quaestor.sandbox.okta.users import linked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from quaestor.sandbox.answer.rules import Act, Special
    from quaestor.sandbox.change.writes import Writer
    from quaestor.sandbox.okta.assignments import Assignments

_USER = USERS + "/{}"
_LIVING = ("ACTIVE", "PROVISIONED", "STAGED", "SUSPENDED", "LOCKED_OUT", "PASSWORD_EXPIRED", "RECOVERY")
#: A user's steps: the statuses that they start from, and the one that they lead to (empty: as it was).
_STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "activate": (("STAGED", "DEPROVISIONED"), "ACTIVE"),
    "reactivate": (("PROVISIONED",), "PROVISIONED"),
    "deactivate": (_LIVING, "DEPROVISIONED"),
    "suspend": (("ACTIVE",), "SUSPENDED"),
    "unsuspend": (("SUSPENDED",), "ACTIVE"),
    "unlock": (("LOCKED_OUT",), "ACTIVE"),
    "expire_password": (("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "STAGED"), "PASSWORD_EXPIRED"),
    "expire_password_with_temp_password": (("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "STAGED"), "PASSWORD_EXPIRED"),
    "reset_password": (_LIVING, "RECOVERY"),
    "reset_factors": (_LIVING, ""),
}
REQUIRED = ("firstName", "lastName", "email", "login")


class Lives:
    """Carries out what happens to users."""

    def __init__(self, writer: Writer, assignments: Assignments) -> None:
        self._writer = writer
        self._assignments = assignments

    def special(self) -> dict[tuple[str, str], Special]:
        """What carries out which request."""
        steps: dict[tuple[str, str], Special] = {
            ("POST", f"{_USER}/lifecycle/{step}"): self._stepping(step) for step in _STEPS
        }
        kept = ("change_password", "change_recovery_question", "forgot_password_recovery_question")
        return {
            ("POST", USERS): self._make_user,
            ("DELETE", _USER): self._delete_user,
            **{("POST", f"{_USER}/credentials/{name}"): self._credentials for name in kept},
            **steps,
        }

    def _make_user(self, act: Act) -> Answer:
        body = act.body if isinstance(act.body, dict) else {}
        profile = mapping(body.get("profile"))
        blank = [(f"profile.{name}", "is required") for name in REQUIRED if not profile.get(name)]
        if blank:
            self._writer.rules.complain(blank)
        check_addresses(profile)
        given = mapping(body.get("credentials"))
        active = act.query.text("activate", "true").lower() != "false"
        status = "STAGED" if not active else "ACTIVE" if given.get("password") else "PROVISIONED"
        row = self._user(act, status, profile, given, body.get("type"))
        writer = self._writer
        users = writer.site.collection(USERS, ())
        self._writer.rules.unique(act, USERS, users, row, "")
        writer.places.keep(users, row["id"], row)
        everyone = writer.site.collection(GROUPS, ())
        if len(everyone.base):
            self._assignments.join(act, everyone.base.key(0), row["id"])
        for group in body.get("groupIds") or ():
            if not everyone.has(str(group)):
                raise Refusal("missing", str(group), kind="UserGroup")
            self._assignments.join(act, str(group), row["id"])
        return writer.done(act, row)

    def _user(self, act: Act, status: str, profile: dict[str, Any], given: dict[str, Any], of: Any) -> dict[str, Any]:
        """A new user as the service answers it."""
        site = self._writer.site
        users = site.collection(USERS, ())
        key = users.base.fresh(act.number) or ""
        types = site.collection("/api/v1/meta/types/user", ())
        kind = of["id"] if isinstance(of, dict) and of.get("id") else types.key(0)
        now = iso(act.now)
        credentials: dict[str, Any] = {"password": {}} if given.get("password") else {}
        credentials["emails"] = [{"value": profile.get("email"), "status": "VERIFIED", "type": "PRIMARY"}]
        credentials["provider"] = given.get("provider") or {"type": "OKTA", "name": "OKTA"}
        if isinstance(given.get("recovery_question"), dict):
            credentials["recovery_question"] = {"question": given["recovery_question"].get("question")}
        return linked(
            {
                "id": key,
                "status": status,
                "created": now,
                "activated": None if status == "STAGED" else now,
                "statusChanged": None if status == "STAGED" else now,
                "lastLogin": None,
                "lastUpdated": now,
                "passwordChanged": now if given.get("password") else None,
                "type": {"id": kind},
                "profile": {"mobilePhone": None, "secondEmail": None, **profile},
                "credentials": credentials,
                "_links": {"self": {"href": f"{ORIGIN}{USERS}/{key}"}},
            }
        )

    def _stepping(self, step: str) -> Callable[[Act], Answer]:
        """What carries out a step of a user's life."""

        def carry_out(act: Act) -> Answer:
            users = self._writer.site.collection(USERS, ())
            row = users.get(act.values[0], act.route.shape)
            starts, leads = _STEPS[step]
            if row["status"] not in starts:
                self._refuse(step, row["status"])
            kept = "password" in mapping(row.get("credentials")) and row["status"] != "DEPROVISIONED"
            if step == "activate" and not kept:
                leads = "PROVISIONED"
            now = iso(act.now)
            after = {**row, "status": leads or row["status"], "lastUpdated": now}
            if after["status"] != row["status"]:
                after["statusChanged"] = now
                after["activated"] = now if step == "activate" else row.get("activated")
            if step == "deactivate":
                self._assignments.dismiss(act.values[0])
            elif row["status"] == "DEPROVISIONED":
                self._back(act, act.values[0])
            self._writer.places.keep(users, act.values[0], linked(after))
            return self._stepped(act, step, linked(after))

        return carry_out

    def _stepped(self, act: Act, step: str, row: dict[str, Any]) -> Answer:
        token = CodeKeys(mix(act.number, 7), "", 20).key(act.number)
        here = {
            "activate": {"activationUrl": f"{ORIGIN}/tokens/{token}/verify", "activationToken": token},
            "reactivate": {"activationUrl": f"{ORIGIN}/tokens/{token}/verify", "activationToken": token},
            "reset_password": {"resetPasswordUrl": f"{ORIGIN}/reset_password/{token}"},
            "expire_password_with_temp_password": {"tempPassword": token[:8]},
            "expire_password": row,
        }.get(step, {})
        if step in ("activate", "reactivate", "reset_password") and act.query.text("sendEmail", "true") != "false":
            here = {}
        return Answer(200, encode(here), "application/json", (), tuple(act.query.ignored()))

    @staticmethod
    def _refuse(step: str, status: str) -> None:
        if step == "unlock":
            raise Refusal(
                "rule",
                detail="Unlock is not allowed for this user.",
                code="E0000032",
                causes=["The user is not locked out."],
            )
        if step == "activate":
            raise Refusal(
                "rule",
                detail="Activation failed because the user is already active.",
                code="E0000016",
            )
        if step in ("suspend", "unsuspend"):
            state = "active" if step == "suspend" else "suspended"
            raise Refusal(
                "body",
                f"Cannot {step} a user that is not {state}",
                causes=[f"Cannot {step} a user that is not {state}"],
            )
        raise Refusal(
            "rule", status, detail="This operation is not allowed in the user's current status.", code="E0000038"
        )

    def _delete_user(self, act: Act) -> Answer | None:
        """The first DELETE of an account in use deactivates it; the next one deletes it."""
        users = self._writer.site.collection(USERS, ())
        row = users.get(act.values[0], act.route.shape)
        if row is None or row["status"] == "DEPROVISIONED":
            return None
        now = iso(act.now)
        after = {**row, "status": "DEPROVISIONED", "statusChanged": now, "lastUpdated": now}
        key = users.canonical(act.values[0])
        self._assignments.dismiss(key)
        self._writer.places.keep(users, key, linked(after))
        return self._writer.done(act)

    def _back(self, act: Act, user: str) -> None:
        """One who had left is in everybody's group again."""
        everyone = self._writer.site.collection(GROUPS, ())
        if len(everyone.base):
            self._assignments.join(act, everyone.base.key(0), user)

    def _credentials(self, act: Act) -> Answer:
        users = self._writer.site.collection(USERS, ())
        row = users.get(act.values[0], act.route.shape)
        body = act.body if isinstance(act.body, dict) else {}
        held = {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}, **(row.get("credentials") or {})}
        question = body.get("recovery_question")
        if isinstance(question, dict) and question.get("question"):
            held["recovery_question"] = {"question": question["question"]}
        self._writer.places.keep(users, act.values[0], {**row, "credentials": held, "lastUpdated": iso(act.now)})
        said = {name: held[name] for name in ("password", "recovery_question", "provider") if name in held}
        return Answer(200, encode(said), "application/json", (), tuple(act.query.ignored()))


def check_addresses(profile: dict[str, Any]) -> None:
    """Raises Refusal for a login or an email address that is none."""
    if "@" not in str(profile["login"]):
        raise Refusal("body", "login", causes=["login: Username must be in the form of an email address"])
    if "@" not in str(profile["email"]):
        raise Refusal("body", "email", causes=["email: Does not match required pattern"])
