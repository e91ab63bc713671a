// Patients: create, page, read, change, archive, erase.

import assert from "node:assert/strict";
import {
  answer, empty, ifMatch, ifNoneMatch, problem, type Api, type Schemas,
} from "./answers.js";

type Patient = Schemas["Patient"];
const list = "/api/patients";
const one = "/api/patients/{id}";

// Three patients; the first request is sent twice and creates one.
export async function create(api: Api): Promise<Patient> {
  const body = {
    first_name: "Grace", last_name: "Typescript", date_of_birth: "1906-12-09", gender: "F" as const,
  };
  const params = { header: { "Idempotency-Key": "typescript-grace" } };
  const first = await api.POST(list, { params, body });
  const patient = answer(first, 201);
  assert.equal(first.response.headers.get("idempotency-replayed"), null);
  const replayed = await api.POST(list, { params, body });
  assert.equal(answer(replayed, 201).id, patient.id);
  assert.equal(replayed.response.headers.get("idempotency-replayed"), "true");
  const other = { first_name: "Mary", last_name: "Typescript" };
  problem(await api.POST(list, { params, body: other }), 422, "idempotency_key_reused");
  for (const first_name of ["Mary", "Joan"]) {
    answer(await api.POST(list, { body: { first_name, last_name: "Typescript" } }), 201);
  }
  const bad = await api.POST(list, { body: { first_name: "Grace", age: 200, email: "nobody" } });
  const found = problem(bad, 400, "validation");
  assert.deepEqual(found.errors["age"], ["must be between 0 and 150"]);
  const codes = new Map(found.error_codes.map((error) => [error.field, error]));
  assert.equal(codes.get("email")?.code, "invalid_email");
  assert.equal(codes.get("age")?.params["max"], 150);
  return patient;
}

// Follows `next` to the end of a list with filters.
export async function page(api: Api): Promise<void> {
  const query = { search: "typescript", ordering: "first_name" as const, page_size: 2 };
  const names = [];
  for (let cursor: string | undefined; ;) {
    const params = { query: cursor === undefined ? query : { ...query, cursor } };
    const found = answer(await api.GET(list, { params }), 200);
    names.push(...found.results.map((row) => row.first_name));
    if (found.next === null) break;
    cursor = new URL(found.next).searchParams.get("cursor") ?? undefined;
  }
  assert.deepEqual(names, ["Grace", "Joan", "Mary"]);
  const women = { query: { search: "typescript", gender: "F" as const } };
  assert.equal(answer(await api.GET(list, { params: women }), 200).count, 1);
  problem(await api.GET(list, { params: { query: { page: 400 } } }), 404, "not_found");
}

// Changes with a tag; another one's change in between is not overwritten.
export async function change(api: Api, { id }: Patient, colleague: Api): Promise<void> {
  const path = { id };
  const read = await api.GET(one, { params: { path } });
  const record = answer(read, 200);
  empty(await api.GET(one, { params: { path, header: ifNoneMatch(read) } }), 304);
  const known = { path, header: ifMatch(read) };
  const body = { city: "Arlington", email: null };
  const changed = await colleague.PATCH(one, { params: known, body });
  assert.equal(answer(changed, 200).version, record.version + 1);
  const found = problem(await api.PATCH(one, { params: known, body }), 412, "stale");
  assert(found.current && "blood_type" in found.current && found.current.city === "Arlington");
  assert.equal(found.changed_by, "colleague");
  problem(await api.PATCH(one, { params: { path }, body }), 428, "precondition_required");
  // What was read can be sent back.
  const whole = { ...found.current, city: null };
  const replaced = await api.PUT(one, { params: { path, header: ifMatch(changed) }, body: whole });
  assert.equal(answer(replaced, 200).city, null);
  const history = await api.GET("/api/patients/{id}/history", { params: { path } });
  assert.equal(answer(history, 200).results[0]?.action, "patient.updated");
}

// To the archive and back, and then away for good.
export async function archive(api: Api, { id }: Patient): Promise<void> {
  const params = { path: { id } };
  empty(await api.DELETE(one, { params, body: { reason: "moved away" } }));
  problem(await api.GET(one, { params }), 404, "not_found");
  answer(await api.GET(one, { params: { ...params, query: { archived: true } } }), 200);
  const back = await api.POST("/api/patients/{id}/restore", { params });
  assert.equal(answer(back, 200).archived_at, null);
  const gone = await api.POST("/api/patients/{id}/archive", { params });
  assert(answer(gone, 200).archived_at);
  const body = { reason: "asked for it" };
  empty(await api.POST("/api/patients/{id}/purge", { params, body }));
}
