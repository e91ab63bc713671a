"""Logging in, one's own account, sessions and API tokens."""

from answers import ADMIN, PASSWORD, anonymous, answer, empty, logged_in, problem, tag
from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.auth import (
    change_password,
    create_token,
    end_session,
    forget_password,
    get_profile,
    get_token,
    list_sessions,
    list_tokens,
    log_in,
    log_out,
    refresh_tokens,
    register,
    replace_profile,
    request_tokens,
    revoke_token,
    update_profile,
)
from frontdesk_client.models import (
    ApiToken,
    ApiTokenPage,
    CreatedApiToken,
    Login,
    LoginSessionPage,
    Logout,
    MailRequest,
    NewApiToken,
    OAuthTokens,
    PasswordChange,
    ProblemError,
    ProfilePatch,
    ProfileReplacement,
    Refresh,
    Refreshed,
    Registered,
    Registration,
    Session,
    TokenRequest,
    TokenRequestGrantType,
    User,
)

WORDS = "seven boats leave at dawn"


def admin() -> AuthenticatedClient:
    """Logs in as the administrator, with JSON and with the form of OAuth."""
    body = Login(email=ADMIN, password=PASSWORD)
    session = answer(log_in.sync_detailed(client=anonymous(), body=body), 200, Session)
    assert session.access == session.tokens.access and session.user.email == ADMIN
    body = Login(username=ADMIN, password="wrong")
    refused = log_in.sync_detailed(client=anonymous(), body=body)
    problem(refused, 401, ProblemError.UNAUTHENTICATED)

    form = TokenRequest(
        grant_type=TokenRequestGrantType.PASSWORD, username=ADMIN, password=PASSWORD
    )
    tokens = request_tokens.sync_detailed(client=anonymous(), body=form)
    return logged_in(answer(tokens, 200, OAuthTokens).access_token)


def own_account() -> None:
    """A user who registers, and everything that this user may do with the account."""
    body = Registration(email="python@example.com", password=WORDS, first_name="Guido")
    registered = answer(register.sync_detailed(client=anonymous(), body=body), 201, Registered)
    assert isinstance(registered.refresh, str)
    again = Refresh(refresh=registered.refresh)
    pair = answer(refresh_tokens.sync_detailed(client=anonymous(), body=again), 200, Refreshed)
    client = logged_in(pair.access)

    read = get_profile.sync_detailed(client=client)
    user = answer(read, 200, User)
    empty(get_profile.sync_detailed(client=client, if_none_match=tag(read)), 304)
    patch = ProfilePatch(last_name="Rossum", phone=None)
    changed = update_profile.sync_detailed(client=client, body=patch, if_match=tag(read))
    assert answer(changed, 200, User).name == "Guido Rossum"
    stale = update_profile.sync_detailed(client=client, body=patch, if_match='"7"')
    current = problem(stale, 412, ProblemError.STALE).current
    assert isinstance(current, User) and current.id == user.id
    whole = ProfileReplacement(email=user.email, username=user.username, first_name="Guido")
    replaced = replace_profile.sync_detailed(client=client, body=whole, if_match=tag(changed))
    assert answer(replaced, 200, User).last_name is None

    new = PasswordChange(current_password=WORDS, new_password=WORDS + " again")
    empty(change_password.sync_detailed(client=client, body=new))
    mail = MailRequest(email="python@example.com")
    empty(forget_password.sync_detailed(client=anonymous(), body=mail), 202)
    empty(log_out.sync_detailed(client=client, body=Logout()))
    problem(get_profile.sync_detailed(client=client), 401, ProblemError.UNAUTHENTICATED)


def sessions(client: AuthenticatedClient) -> None:
    """The sessions of the one who asks, of which one is ended."""
    body = Login(email=ADMIN, password=PASSWORD)
    other = answer(log_in.sync_detailed(client=anonymous(), body=body), 200, Session)
    page = answer(list_sessions.sync_detailed(client=client), 200, LoginSessionPage)
    newest = max(page.results, key=lambda session: session.id)
    assert not newest.is_current and page.count == len(page.results)
    empty(end_session.sync_detailed(newest.id, client=client))
    ended = get_profile.sync_detailed(client=logged_in(other.access))
    problem(ended, 401, ProblemError.UNAUTHENTICATED)


def api_tokens(client: AuthenticatedClient) -> None:
    """A token for an unattended program, from its making to its end."""
    body = NewApiToken.from_dict({"name": "python", "scopes": ["read"]})
    made = answer(create_token.sync_detailed(client=client, body=body), 201, CreatedApiToken)
    program = logged_in(made.token)
    answer(get_profile.sync_detailed(client=program), 200, User)
    read = answer(get_token.sync_detailed(made.id, client=client), 200, ApiToken)
    page = answer(list_tokens.sync_detailed(client=client), 200, ApiTokenPage)
    assert read.id in [token.id for token in page.results]
    empty(revoke_token.sync_detailed(made.id, client=client))
    problem(get_profile.sync_detailed(client=program), 401, ProblemError.UNAUTHENTICATED)
