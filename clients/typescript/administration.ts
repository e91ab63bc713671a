// Accounts, the audit log, live changes, and what is asked without a login.

import assert from "node:assert/strict";
import {
  answer, client, empty, ifMatch, problem, type Api, type Schemas,
} from "./answers.js";

const words = "nine lamps burn in the hall";
const one = "/api/users/{id}";

// What everybody may ask.
export async function service(): Promise<void> {
  assert(!answer(await client().GET("/api/meta"), 200).is_setup_needed);
  answer(await client().GET("/healthz"), 200);
  answer(await client().GET("/readyz"), 200);
}

// Somebody else at the front desk, who sets a password with the code.
export async function colleague(api: Api): Promise<Api> {
  const username = "colleague";
  const body = { email: "colleague@example.com", username, role: "staff" as const };
  const made = answer(await api.POST("/api/users", { body }), 201);
  const reset = { token: made.code, new_password: words };
  empty(await client().POST("/api/auth/password/reset", { body: reset }));
  const login = { username, password: words };
  return client(answer(await client().POST("/api/auth/login", { body: login }), 200).access);
}

// What an administrator does with the accounts of others.
export async function users(api: Api, colleague: Api): Promise<void> {
  const page = answer(await api.GET("/api/users"), 200);
  const user = page.results.find((user) => user.username === "colleague");
  assert(user);
  const path = { id: user.id };
  const read = await api.GET(one, { params: { path } });
  answer(read, 200);
  const known = { path, header: ifMatch(read) };
  const body = { phone: "+1 555 765 4321" };
  const changed = await api.PATCH(one, { params: known, body });
  assert.equal(answer(changed, 200).phone, body.phone);
  const stale = problem(await api.PATCH(one, { params: known, body }), 412, "stale");
  assert(stale.current && "has_password" in stale.current);
  answer(await api.POST("/api/users/{id}/code", { params: { path } }), 200);
  problem(await colleague.GET("/api/audit"), 403, "forbidden");
  empty(await api.DELETE("/api/users/{id}/sessions", { params: { path } }));
  empty(await api.DELETE(one, { params: { path, header: ifMatch(changed) } }));
}

// The log of all this.
export async function audit(api: Api): Promise<void> {
  const query = { action: "patient.created" as const, page_size: 2 };
  const { results } = answer(await api.GET("/api/audit", { params: { query } }), 200);
  assert.deepEqual(results.map((entry) => entry.action), ["patient.created", "patient.created"]);
}

// The first event of the stream since the beginning.
export async function events(api: Api): Promise<void> {
  const params = { header: { "Last-Event-ID": "0" } };
  const { data } = await api.GET("/api/events", { params, parseAs: "stream" });
  assert(data);
  const fields = new Map<string, string>();
  let text = "";
  for await (const piece of data.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const block = text.split("\n\n").find((block) => block.includes("\ndata: "));
    if (block === undefined) continue;
    for (const line of block.split("\n")) {
      const end = line.indexOf(":");
      fields.set(line.slice(0, end), line.slice(end + 1).trim());
    }
    break;
  }
  const change: Schemas["StreamEvent"] = {
    id: Number(fields.get("id")),
    event: fields.get("event") as Schemas["EventName"],
    data: JSON.parse(fields.get("data") ?? ""),
  };
  assert("version" in change.data && change.event !== "reset" && change.id > 0);
}
