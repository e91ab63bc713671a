"""Patients: create, page, read, change, archive, erase."""

from answers import answer, empty, problem, query_of, tag
from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.patients import (
    archive_patient,
    create_patient,
    delete_patient,
    get_patient,
    list_patient_history,
    list_patients,
    purge_patient,
    replace_patient,
    restore_patient,
    update_patient,
)
from frontdesk_client.models import (
    Archiving,
    Gender,
    HistoryPage,
    NewPatient,
    Patient,
    PatientPage,
    PatientPatch,
    PatientReplacement,
    ProblemError,
    Purging,
)


def create(client: AuthenticatedClient) -> Patient:
    """Three patients; the first request is sent twice and creates one."""
    body = NewPatient.from_dict(
        {"first_name": "Grace", "last_name": "Python", "date_of_birth": "1906-12-09", "gender": "F"}
    )
    key = "python-grace"
    first = create_patient.sync_detailed(client=client, body=body, idempotency_key=key)
    patient = answer(first, 201, Patient)
    assert patient.gender is Gender.F and "Idempotency-Replayed" not in first.headers
    replayed = create_patient.sync_detailed(client=client, body=body, idempotency_key=key)
    assert answer(replayed, 201, Patient).id == patient.id
    assert replayed.headers["Idempotency-Replayed"] == "true"
    other = NewPatient(first_name="Mary", last_name="Python")
    reused = create_patient.sync_detailed(client=client, body=other, idempotency_key=key)
    problem(reused, 422, ProblemError.IDEMPOTENCY_KEY_REUSED)
    for name in ["Mary", "Joan"]:
        body = NewPatient(first_name=name, last_name="Python")
        answer(create_patient.sync_detailed(client=client, body=body), 201, Patient)

    bad = NewPatient(first_name="Grace", age=200, email="nobody")
    found = problem(
        create_patient.sync_detailed(client=client, body=bad), 400, ProblemError.VALIDATION
    )
    assert found.errors["age"] == ["must be between 0 and 150"], found.errors
    codes = {error.field: error for error in found.error_codes}
    assert codes["email"].code == "invalid_email"
    assert codes["age"].params["max"] == 150, codes
    return patient


def page(client: AuthenticatedClient) -> None:
    """Follows `next` to the end of a list with filters."""
    names = []
    asked = list_patients.sync_detailed(
        client=client, search="python", ordering="first_name", page_size=2
    )
    while True:
        found = answer(asked, 200, PatientPage)
        names += [row.first_name for row in found.results]
        if found.next_ is None:
            break
        query = query_of(found.next_)
        asked = list_patients.sync_detailed(
            client=client, search="python", ordering="first_name", page_size=2,
            cursor=query["cursor"],
        )  # fmt: skip
    assert names == ["Grace", "Joan", "Mary"], names
    women = list_patients.sync_detailed(client=client, search="python", gender=Gender.F)
    assert answer(women, 200, PatientPage).count == 1
    past = list_patients.sync_detailed(client=client, page=400)
    problem(past, 404, ProblemError.NOT_FOUND)


def change(client: AuthenticatedClient, patient: Patient, colleague: AuthenticatedClient) -> None:
    """Changes with a tag; another one's change in between is not overwritten."""
    read = get_patient.sync_detailed(patient.id, client=client)
    record = answer(read, 200, Patient)
    empty(get_patient.sync_detailed(patient.id, client=client, if_none_match=tag(read)), 304)
    city = PatientPatch(city="Arlington", email=None)
    changed = update_patient.sync_detailed(
        patient.id, client=colleague, body=city, if_match=tag(read)
    )
    assert answer(changed, 200, Patient).version == record.version + 1
    stale = update_patient.sync_detailed(patient.id, client=client, body=city, if_match=tag(read))
    found = problem(stale, 412, ProblemError.STALE)
    assert isinstance(found.current, Patient) and found.current.city == "Arlington"
    assert found.changed_by == "colleague" and found.changed_at
    unsaid = update_patient.sync_detailed(patient.id, client=client, body=city)
    problem(unsaid, 428, ProblemError.PRECONDITION_REQUIRED)
    # What was read can be sent back.
    whole = PatientReplacement.from_dict(found.current.to_dict())
    whole.city = None
    replaced = replace_patient.sync_detailed(
        patient.id, client=client, body=whole, if_match=tag(changed)
    )
    assert answer(replaced, 200, Patient).city is None
    history = list_patient_history.sync_detailed(patient.id, client=client, page_size=5)
    entries = answer(history, 200, HistoryPage).results
    assert [entry.action for entry in entries][0] == "patient.updated", entries


def archive(client: AuthenticatedClient, patient: Patient) -> None:
    """To the archive and back, and then away for good."""
    reason = Archiving(reason="moved away")
    empty(delete_patient.sync_detailed(patient.id, client=client, body=reason))
    problem(get_patient.sync_detailed(patient.id, client=client), 404, ProblemError.NOT_FOUND)
    answer(get_patient.sync_detailed(patient.id, client=client, archived=True), 200, Patient)
    back = restore_patient.sync_detailed(patient.id, client=client, body=Archiving())
    assert answer(back, 200, Patient).archived_at is None
    gone = archive_patient.sync_detailed(patient.id, client=client, body=Archiving())
    assert answer(gone, 200, Patient).archived_at
    body = Purging.from_dict({"reason": "asked for it"})
    empty(purge_patient.sync_detailed(patient.id, client=client, body=body))
