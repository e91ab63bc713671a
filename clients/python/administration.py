"""Accounts, the audit log, live changes, and what is asked without a login."""

import json

from answers import anonymous, answer, empty, is_as_typed, logged_in, problem, tag
from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.audit import list_audit
from frontdesk_client.api.auth import log_in, reset_password
from frontdesk_client.api.events import listen
from frontdesk_client.api.service import get_liveness, get_meta, get_readiness
from frontdesk_client.api.users import (
    create_user,
    create_user_code,
    delete_user,
    end_user_sessions,
    get_user,
    list_users,
    update_user,
)
from frontdesk_client.models import (
    Account,
    AuditPage,
    Changed,
    CreatedUser,
    EventName,
    IssuedCode,
    Login,
    Meta,
    NewUser,
    PasswordReset,
    ProblemError,
    Role,
    Session,
    StreamEvent,
    UserPage,
    UserPatch,
)

WORDS = "nine lamps burn in the hall"


def service() -> None:
    """What everybody may ask."""
    meta = answer(get_meta.sync_detailed(client=anonymous()), 200, Meta)
    assert not meta.is_setup_needed
    for asked in [get_liveness, get_readiness]:
        found = asked.sync_detailed(client=anonymous())
        assert found.status_code == 200
        is_as_typed(found.parsed)


def colleague(admin: AuthenticatedClient) -> AuthenticatedClient:
    """Somebody else at the front desk, who sets a password with the code."""
    body = NewUser(email="colleague@example.com", username="colleague", role=Role.STAFF)
    made = answer(create_user.sync_detailed(client=admin, body=body), 201, CreatedUser)
    reset = PasswordReset(token=made.code, new_password=WORDS)
    empty(reset_password.sync_detailed(client=anonymous(), body=reset))
    login = Login(username="colleague", password=WORDS)
    session = answer(log_in.sync_detailed(client=anonymous(), body=login), 200, Session)
    return logged_in(session.access)


def users(admin: AuthenticatedClient, colleague: AuthenticatedClient) -> None:
    """What an administrator does with the accounts of others."""
    page = answer(list_users.sync_detailed(client=admin), 200, UserPage)
    [user] = [user for user in page.results if user.username == "colleague"]
    read = get_user.sync_detailed(user.id, client=admin)
    assert isinstance(answer(read, 200, object), Account)
    patch = UserPatch(phone="+1 555 765 4321")
    changed = update_user.sync_detailed(user.id, client=admin, body=patch, if_match=tag(read))
    assert answer(changed, 200, Account).phone == "+1 555 765 4321"
    stale = update_user.sync_detailed(user.id, client=admin, body=patch, if_match=tag(read))
    current = problem(stale, 412, ProblemError.STALE).current
    assert isinstance(current, Account), type(current)
    answer(create_user_code.sync_detailed(user.id, client=admin), 200, IssuedCode)
    problem(list_audit.sync_detailed(client=colleague), 403, ProblemError.FORBIDDEN)
    empty(end_user_sessions.sync_detailed(user.id, client=admin))
    empty(delete_user.sync_detailed(user.id, client=admin, if_match=tag(changed)))


def audit(admin: AuthenticatedClient) -> None:
    """The log of all this."""
    page = list_audit.sync_detailed(client=admin, action="patient.created", page_size=2)
    entries = answer(page, 200, AuditPage).results
    assert [entry.action for entry in entries] == ["patient.created"] * 2


def events(admin: AuthenticatedClient) -> None:
    """The stream from its beginning on: the generated call would wait for its end, so it is read line
    by line."""
    request = listen._get_kwargs(last_event_id="0")
    with admin.get_httpx_client().stream(**request) as stream:
        fields: dict[str, str] = {}
        for line in stream.iter_lines():
            if ":" in line:
                name, value = line.split(":", 1)
                fields[name] = value.strip()
            elif "data" in fields:
                break
    parsed = {**fields, "id": int(fields["id"]), "data": json.loads(fields["data"])}
    event = StreamEvent.from_dict({name: parsed[name] for name in ["id", "event", "data"]})
    is_as_typed(event)
    assert isinstance(event.data, Changed) and event.event is not EventName.RESET, event
