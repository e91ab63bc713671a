"""Doctors, assignments, visits, and what is read across all records."""

from answers import answer, empty, problem, tag
from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.assignments import (
    create_assignment,
    delete_assignment,
    get_assignment,
    list_assignment_history,
    list_assignments,
    replace_assignment,
    transfer_assignment,
    update_assignment,
)
from frontdesk_client.api.doctors import (
    archive_doctor,
    create_doctor,
    delete_doctor,
    get_doctor,
    list_doctor_history,
    list_doctor_patients,
    list_doctors,
    list_specializations,
    replace_doctor,
    restore_doctor,
    update_doctor,
)
from frontdesk_client.api.overview import get_dashboard, look_up
from frontdesk_client.api.patients import list_patient_doctors
from frontdesk_client.api.visits import (
    create_visit,
    get_visit,
    list_visit_history,
    list_visits,
    update_visit,
)
from frontdesk_client.models import (
    Archiving,
    Assignment,
    AssignmentPage,
    AssignmentPatch,
    AssignmentReplacement,
    Dashboard,
    Doctor,
    DoctorPage,
    DoctorPatch,
    DoctorReplacement,
    HistoryPage,
    Lookup,
    NewAssignment,
    NewDoctor,
    NewVisit,
    Patient,
    ProblemError,
    SpecializationPage,
    Transfer,
    Visit,
    VisitPage,
    VisitPatch,
    VisitStatus,
)


def doctors(client: AuthenticatedClient) -> tuple[Doctor, Doctor]:
    """Two doctors. The second one is changed, archived and restored."""
    made = []
    for name in ["Alice", "Elizabeth"]:
        body = NewDoctor.from_dict(
            {"first_name": name, "last_name": "Python", "specialization": "Herpetology",
             "consultation_fee": "200.00"}
        )  # fmt: skip
        made.append(answer(create_doctor.sync_detailed(client=client, body=body), 201, Doctor))
    first, second = made
    page = list_doctors.sync_detailed(client=client, search="python", specialization="herpetology")
    assert answer(page, 200, DoctorPage).count == 2
    answer(list_specializations.sync_detailed(client=client), 200, SpecializationPage)
    read = get_doctor.sync_detailed(second.id, client=client)
    empty(get_doctor.sync_detailed(second.id, client=client, if_none_match=tag(read)), 304)
    patch = DoctorPatch(years_of_experience=11)
    changed = update_doctor.sync_detailed(
        second.id, client=client, body=patch, if_match=tag(read)
    )
    assert answer(changed, 200, Doctor).years_of_experience == 11
    stale = update_doctor.sync_detailed(second.id, client=client, body=patch, if_match=tag(read))
    assert isinstance(problem(stale, 412, ProblemError.STALE).current, Doctor)
    whole = DoctorReplacement.from_dict(answer(changed, 200, Doctor).to_dict())
    replaced = replace_doctor.sync_detailed(
        second.id, client=client, body=whole, if_match=tag(changed)
    )
    archived = archive_doctor.sync_detailed(
        second.id, client=client, body=Archiving(), if_match=tag(replaced)
    )
    assert answer(archived, 200, Doctor).archived_at
    back = restore_doctor.sync_detailed(second.id, client=client, body=Archiving())
    history = list_doctor_history.sync_detailed(second.id, client=client)
    assert answer(history, 200, HistoryPage).results[0].action == "doctor.restored"
    return first, answer(back, 200, Doctor)


def assignments(
    client: AuthenticatedClient, patient: Patient, doctors: tuple[Doctor, Doctor]
) -> None:
    """A patient in the care of one doctor, then of the other."""
    first, second = doctors
    body = NewAssignment(patient=patient.id, doctor=first.id, reason_for_visit="Checkup")
    created = create_assignment.sync_detailed(client=client, body=body, idempotency_key="python-1")
    care = answer(created, 201, Assignment)
    again = problem(
        create_assignment.sync_detailed(client=client, body=body), 409, ProblemError.CONFLICT
    )
    assert isinstance(again.existing, Assignment) and again.existing.id == care.id
    busy = problem(
        delete_doctor.sync_detailed(first.id, client=client, body=Archiving()),
        409,
        ProblemError.CONFLICT,
    )
    assert busy.active_assignments == 1
    read = get_assignment.sync_detailed(care.id, client=client)
    patch = AssignmentPatch(notes="every year")
    changed = update_assignment.sync_detailed(
        care.id, client=client, body=patch, if_match=tag(read)
    )
    stale = update_assignment.sync_detailed(care.id, client=client, body=patch, if_match=tag(read))
    assert isinstance(problem(stale, 412, ProblemError.STALE).current, Assignment)
    whole = AssignmentReplacement.from_dict(answer(changed, 200, Assignment).to_dict())
    replaced = replace_assignment.sync_detailed(
        care.id, client=client, body=whole, if_match=tag(changed)
    )
    answer(replaced, 200, Assignment)
    listed = list_assignments.sync_detailed(client=client, patient=patient.id)
    assert answer(listed, 200, AssignmentPage).count == 1
    of_doctor = list_doctor_patients.sync_detailed(first.id, client=client)
    assert answer(of_doctor, 200, AssignmentPage).results[0].patient == patient.id

    to = Transfer(doctor=second.id, reason_for_visit="Second opinion")
    moved = answer(transfer_assignment.sync_detailed(care.id, client=client, body=to), 201, Assignment)
    of_patient = list_patient_doctors.sync_detailed(patient.id, client=client)
    assert answer(of_patient, 200, AssignmentPage).results[0].doctor == second.id
    empty(delete_assignment.sync_detailed(moved.id, client=client))
    history = list_assignment_history.sync_detailed(moved.id, client=client)
    assert answer(history, 200, HistoryPage).results[0].action == "assignment.ended"
    empty(delete_doctor.sync_detailed(first.id, client=client, body=Archiving()))


def visits(client: AuthenticatedClient, patient: Patient) -> None:
    """A patient who arrives, is called, and leaves."""
    body = NewVisit(patient=patient.id, reason="Bitten by a snake", is_urgent=True)
    visit = answer(create_visit.sync_detailed(client=client, body=body), 201, Visit)
    again = problem(create_visit.sync_detailed(client=client, body=body), 409, ProblemError.CONFLICT)
    assert isinstance(again.existing, Visit) and again.existing.number == visit.number
    waiting = list_visits.sync_detailed(client=client, is_open=True, patient=patient.id)
    assert [row.id for row in answer(waiting, 200, VisitPage).results] == [visit.id]
    read = get_visit.sync_detailed(visit.id, client=client)
    empty(get_visit.sync_detailed(visit.id, client=client, if_none_match=tag(read)), 304)
    call = VisitPatch(status=VisitStatus.CALLED)
    called = update_visit.sync_detailed(visit.id, client=client, body=call, if_match=tag(read))
    assert answer(called, 200, Visit).called_at
    stale = update_visit.sync_detailed(visit.id, client=client, body=call, if_match=tag(read))
    assert isinstance(problem(stale, 412, ProblemError.STALE).current, Visit)
    leave = VisitPatch(status=VisitStatus.LEFT)
    assert answer(update_visit.sync_detailed(visit.id, client=client, body=leave), 200, Visit).ended_at
    history = list_visit_history.sync_detailed(visit.id, client=client)
    assert answer(history, 200, HistoryPage).results[-1].action == "visit.created"


def across(client: AuthenticatedClient) -> None:
    """What one box finds, and the counts."""
    found = answer(look_up.sync_detailed(client=client, q="python"), 200, Lookup)
    kinds = {type(result.record) for result in found.results}
    assert {Patient, Doctor} <= kinds, kinds
    dashboard = answer(get_dashboard.sync_detailed(client=client), 200, Dashboard)
    assert dashboard.recent_patients and dashboard.visits.left == 1
