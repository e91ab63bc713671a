"""What every call has to answer: a status, and a value of the type that the description names."""

import os
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs
from typeguard import check_type

from frontdesk_client import AuthenticatedClient, Client, models, types
from frontdesk_client.models.problem import Problem
from frontdesk_client.models.problem_error import ProblemError

T = TypeVar("T")

URL = os.environ["CLIENT_URL"]
ADMIN = os.environ["CLIENT_ADMIN"]
PASSWORD = os.environ["CLIENT_PASSWORD"]


def anonymous() -> Client:
    return Client(URL, raise_on_unexpected_status=True)


def logged_in(token: str) -> AuthenticatedClient:
    return AuthenticatedClient(URL, token=token, raise_on_unexpected_status=True)


def answer(response: types.Response[Any], status: int, expected: type[T]) -> T:
    """The body of an answer, which must have this status and be as it is typed."""
    parsed = response.parsed
    assert response.status_code == status, (response.status_code, response.content)
    assert isinstance(parsed, expected), (expected, parsed)
    is_as_typed(parsed)
    return parsed


def empty(response: types.Response[Any], status: int = 204) -> None:
    """An answer without a body."""
    assert (response.status_code, response.content) == (status, b""), response


def problem(response: types.Response[Any], status: int, kind: ProblemError) -> Problem:
    """A problem of a kind."""
    found = answer(response, status, Problem)
    assert found.error is kind and found.status == status, found
    return found


def tag(response: types.Response[Any]) -> str:
    """The entity tag of a record."""
    return str(response.headers["ETag"])


def is_as_typed(value: object) -> None:
    """Checks every member against its annotation: the generated code parses without looking."""
    if isinstance(value, list):
        for item in value:
            is_as_typed(item)
    model: Any = type(value)
    if not attrs.has(model):
        return
    names = {**vars(models), "Unset": types.Unset, "Any": Any}
    hints = typing.get_type_hints(model, localns=names)
    for field in attrs.fields(model):
        member = getattr(value, field.name)
        if field.name == "additional_properties":
            # Nothing but a map has members that are not described.
            is_map = len(attrs.fields(model)) == 1
            assert is_map or not member, (model, member)
            continue
        check_type(member, hints[field.name])
        is_as_typed(member)


def query_of(address: str) -> Mapping[str, str]:
    """The query of the address of another page."""
    from httpx import URL as Address

    return dict(Address(address).params)
