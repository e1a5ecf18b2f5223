"""What examples need that change what is in a certain state: by the vendor's rules, which the sandbox has too, nobody
deletes an active app or unlocks a user who isn't locked.

Before: `running` has an example. After: its values are replaced by those of the statements here, and what has to come
before it has been run.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class State:
    """What an example needs.

    Attributes:
        values: by placeholder, a SELECT of one value, which may have the example's placeholders.
        texts: by placeholder, a value.
        before: statements to run first, with the example's placeholders.
    """

    values: dict[str, str] = field(default_factory=dict)
    texts: dict[str, object] = field(default_factory=dict)
    before: tuple[str, ...] = ()


def _user(status: str) -> State:
    return State({"id": f"SELECT id FROM okta.users.users WHERE status = '{status}' LIMIT 1"})


_GROUP = "SELECT id FROM okta.groups.groups WHERE type = 'OKTA_GROUP' LIMIT 1"
_PROFILE = {"login": "new@example.com", "email": "new@example.com", "firstName": "N", "lastName": "N"}
_PERMISSION = "SELECT id FROM datadog.organization.permissions LIMIT 1"

#: By the name of the method.
STATES = {
    "okta.apps.application_users.assign_user_to_application": State(
        {
            "id": "SELECT id FROM okta.users.users WHERE status = 'ACTIVE' AND id NOT IN ("
            "SELECT id FROM okta.apps.application_users WHERE appId = "
            "(SELECT id FROM okta.apps.applications LIMIT 1)) LIMIT 1"
        }
    ),
    "okta.apps.keys.clone_application_key": State(
        {"targetAid": "SELECT id FROM okta.apps.applications WHERE id <> '{{ appId }}' LIMIT 1"}
    ),
    "okta.idps.signing_keys.clone_identity_provider_key": State(
        {"targetIdpId": "SELECT id FROM okta.idps.identity_providers WHERE id <> '{{ idpId }}' LIMIT 1"}
    ),
    "okta.apps.applications.delete_application": State(
        before=("EXEC okta.apps.applications.deactivate_application @appId = '{{ appId }}'",)
    ),
    "okta.eventhooks.event_hooks.delete_event_hook": State(
        before=("EXEC okta.eventhooks.event_hooks.deactivate_event_hook @eventHookId = '{{ eventHookId }}'",)
    ),
    "okta.inlinehooks.inline_hooks.delete_inline_hook": State(
        before=("EXEC okta.inlinehooks.inline_hooks.deactivate_inline_hook @inlineHookId = '{{ inlineHookId }}'",)
    ),
    "okta.groups.groups.delete_group": State(
        {"groupId": "SELECT id FROM okta.groups.groups WHERE type = 'OKTA_GROUP' LIMIT 1"}
    ),
    "okta.groups.users.assign_user_to_group": State({"groupId": _GROUP}),
    "okta.groups.users.unassign_user_from_group": State(
        {"groupId": _GROUP, "userId": "SELECT id FROM okta.groups.users WHERE groupId = '{{ groupId }}' LIMIT 1"}
    ),
    "okta.users.users.create_user": State(texts={"profile": _PROFILE, "groupIds": []}),
    "okta.users.users.update_user": State(texts={"profile": _PROFILE}),
    "okta.users.users.replace_user": State(texts={"profile": _PROFILE}),
    "okta.users.role_assignment_users.assign_role_to_user": State(
        {"userId": "SELECT id FROM okta.users.users WHERE status = 'STAGED' LIMIT 1"}
    ),
    "okta.groups.groups.list_groups": State(texts={"filter": 'type eq "OKTA_GROUP"'}),
    "okta.groups.owners.list_group_owners": State(texts={"search": 'type eq "USER"'}),
    "okta.logs.system_log_events.list_log_events": State(texts={"filter": 'severity eq "INFO"'}),
    "okta.realms.realms.list_realms": State(texts={"search": 'profile.name eq "Default"'}),
    "okta.zones.network_zones.list_network_zones": State(texts={"filter": 'usage eq "POLICY"'}),
    "okta.users.users.activate_user": _user("STAGED"),
    "okta.users.users.reactivate_user": _user("PROVISIONED"),
    "okta.users.users.unlock_user": _user("LOCKED_OUT"),
    "okta.users.users.unsuspend_user": _user("SUSPENDED"),
    "datadog.organization.role_permissions.add_permission_to_role": State({"id": _PERMISSION}),
    "datadog.organization.role_permissions.remove_permission_from_role": State(
        {"id": "SELECT id FROM datadog.organization.role_permissions WHERE role_id = '{{ role_id }}' LIMIT 1"}
    ),
    "datadog.organization.role_users.add_user_to_role": State(
        {"id": "SELECT id FROM datadog.organization.users LIMIT 1"}
    ),
    "datadog.organization.role_users.remove_user_from_role": State(
        {"id": "SELECT id FROM datadog.organization.role_users WHERE role_id = '{{ role_id }}' LIMIT 1"}
    ),
    "datadog.organization.users.list_users": State(texts={"sort": "name"}),
}
