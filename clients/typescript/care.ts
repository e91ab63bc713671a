// Doctors, assignments, visits, and what is read across all records.

import assert from "node:assert/strict";
import {
  answer, empty, ifMatch, ifNoneMatch, problem, type Api, type Schemas,
} from "./answers.js";

type Doctor = Schemas["Doctor"];
const directory = "/api/doctors";
const doctor = "/api/doctors/{id}";
const assignment = "/api/assignments/{id}";
const visit = "/api/visits/{id}";

// Two doctors. The second one is changed, archived and restored.
export async function doctors(api: Api): Promise<[Doctor, Doctor]> {
  const create = async (first_name: string): Promise<Doctor> => {
    const rest = { last_name: "Typescript", specialization: "Ornithology" };
    const body = { first_name, ...rest, consultation_fee: "200.00" };
    return answer(await api.POST(directory, { body }), 201);
  };
  const first = await create("Alice");
  const path = { id: (await create("Elizabeth")).id };
  const query = { search: "typescript", specialization: "ornithology" };
  assert.equal(answer(await api.GET(directory, { params: { query } }), 200).count, 2);
  answer(await api.GET("/api/doctors/specializations"), 200);
  const read = await api.GET(doctor, { params: { path } });
  empty(await api.GET(doctor, { params: { path, header: ifNoneMatch(read) } }), 304);
  const known = { path, header: ifMatch(read) };
  const body = { years_of_experience: 11 };
  const changed = await api.PATCH(doctor, { params: known, body });
  const record = answer(changed, 200);
  const stale = problem(await api.PATCH(doctor, { params: known, body }), 412, "stale");
  assert(stale.current && "consultation_fee" in stale.current);
  const whole = { params: { path, header: ifMatch(changed) }, body: record };
  const replaced = await api.PUT(doctor, whole);
  const last = { path, header: ifMatch(replaced) };
  const archived = await api.POST("/api/doctors/{id}/archive", { params: last });
  assert(answer(archived, 200).archived_at);
  const back = await api.POST("/api/doctors/{id}/restore", { params: { path } });
  const history = await api.GET("/api/doctors/{id}/history", { params: { path } });
  assert.equal(answer(history, 200).results[0]?.action, "doctor.restored");
  return [first, answer(back, 200)];
}

// A patient in the care of one doctor, then of the other.
export async function assignments(
  api: Api, patient: number, [first, second]: [Doctor, Doctor],
): Promise<void> {
  const body = { patient, doctor: first.id, reason_for_visit: "Checkup" };
  const key = { header: { "Idempotency-Key": "typescript-1" } };
  const care = answer(await api.POST("/api/assignments", { params: key, body }), 201);
  const again = problem(await api.POST("/api/assignments", { body }), 409, "conflict");
  assert.equal(again.existing?.id, care.id);
  const leaving = { params: { path: { id: first.id } } };
  const busy = problem(await api.DELETE(doctor, leaving), 409, "conflict");
  assert.equal(busy.active_assignments, 1);

  const path = { id: care.id };
  const read = await api.GET(assignment, { params: { path } });
  const known = { path, header: ifMatch(read) };
  const changed = await api.PATCH(assignment, { params: known, body: { notes: "every year" } });
  const record = answer(changed, 200);
  const stale = await api.PATCH(assignment, { params: known, body: { notes: null } });
  const current = problem(stale, 412, "stale").current;
  assert(current && "doctor_name" in current);
  const whole = { params: { path, header: ifMatch(changed) }, body: record };
  answer(await api.PUT(assignment, whole), 200);
  const listed = await api.GET("/api/assignments", { params: { query: { patient } } });
  assert.equal(answer(listed, 200).count, 1);
  const ofDoctor = await api.GET("/api/doctors/{id}/patients", leaving);
  assert.equal(answer(ofDoctor, 200).results[0]?.patient, patient);

  const to = { doctor: second.id, reason_for_visit: "Second opinion" };
  const transfer = await api.POST("/api/assignments/{id}/transfer", { params: { path }, body: to });
  const moved = { params: { path: { id: answer(transfer, 201).id } } };
  const ofPatient = await api.GET("/api/patients/{id}/doctors", { params: { path: { id: patient } } });
  assert.equal(answer(ofPatient, 200).results[0]?.doctor, second.id);
  empty(await api.DELETE(assignment, moved));
  const history = await api.GET("/api/assignments/{id}/history", moved);
  assert.equal(answer(history, 200).results[0]?.action, "assignment.ended");
  empty(await api.DELETE(doctor, leaving));
}

// A patient who arrives, is called, and leaves.
export async function visits(api: Api, patient: number): Promise<void> {
  const body = { patient, reason: "Bitten by a parrot", is_urgent: true };
  const entered = answer(await api.POST("/api/visits", { body }), 201);
  const again = problem(await api.POST("/api/visits", { body }), 409, "conflict").existing;
  assert(again && "arrived_at" in again);
  assert.equal(again.number, entered.number);
  const query = { is_open: true, patient };
  const waiting = answer(await api.GET("/api/visits", { params: { query } }), 200);
  assert.deepEqual(waiting.results.map((row) => row.id), [entered.id]);
  const path = { id: entered.id };
  const read = await api.GET(visit, { params: { path } });
  empty(await api.GET(visit, { params: { path, header: ifNoneMatch(read) } }), 304);
  const known = { path, header: ifMatch(read) };
  const called = await api.PATCH(visit, { params: known, body: { status: "CALLED" } });
  assert(answer(called, 200).called_at);
  const stale = await api.PATCH(visit, { params: known, body: { status: "CALLED" } });
  const current = problem(stale, 412, "stale").current;
  assert(current && "arrived_at" in current);
  const left = await api.PATCH(visit, { params: { path }, body: { status: "LEFT" } });
  assert(answer(left, 200).ended_at);
  const history = await api.GET("/api/visits/{id}/history", { params: { path } });
  assert.equal(answer(history, 200).results.at(-1)?.action, "visit.created");
}

// What one box finds, and the counts.
export async function across(api: Api): Promise<void> {
  const query = { q: "typescript" };
  const found = answer(await api.GET("/api/lookup", { params: { query } }), 200);
  assert.deepEqual(new Set(found.results.map((it) => it.kind)), new Set(["patient", "doctor"]));
  const dashboard = answer(await api.GET("/api/dashboard"), 200);
  assert(dashboard.recent_patients.length > 0);
  assert.equal(dashboard.visits.left, 1);
}
