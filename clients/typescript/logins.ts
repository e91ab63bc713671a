// Logging in, one's own account, sessions and API tokens.

import assert from "node:assert/strict";
import {
  admin, answer, client, empty, ifMatch, ifNoneMatch, password, problem, type Api,
} from "./answers.js";

const words = "eight geese cross the river";

// Logs in as the administrator, with JSON and with the form of OAuth.
export async function logIn(): Promise<Api> {
  const body = { email: admin, password };
  const session = answer(await client().POST("/api/auth/login", { body }), 200);
  assert.equal(session.access, session.tokens.access);
  const wrong = { username: admin, password: "wrong" };
  problem(await client().POST("/api/auth/login", { body: wrong }), 401, "unauthenticated");
  const asked = await client().POST("/api/auth/oauth/token", {
    body: { grant_type: "password", username: admin, password },
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  return client(answer(asked, 200).access_token);
}

// A user who registers, and everything that this user may do with the account.
export async function ownAccount(): Promise<void> {
  const email = "typescript@example.com";
  const body = { email, password: words, first_name: "Anders" };
  const registered = answer(await client().POST("/api/auth/register", { body }), 201);
  assert(registered.refresh !== undefined);
  const again = { refresh: registered.refresh };
  const pair = answer(await client().POST("/api/auth/token/refresh", { body: again }), 200);
  const api = client(pair.access);
  const path = "/api/auth/profile";
  const read = await api.GET(path);
  const user = answer(read, 200);
  empty(await api.GET(path, { params: { header: ifNoneMatch(read) } }), 304);
  const patch = { last_name: "Hejlsberg", phone: null };
  const changed = await api.PATCH(path, { params: { header: ifMatch(read) }, body: patch });
  assert.equal(answer(changed, 200).name, "Anders Hejlsberg");
  const stale = await api.PATCH(path, { params: { header: ifMatch(read) }, body: patch });
  assert.equal(problem(stale, 412, "stale").current?.id, user.id);
  const whole = { email, username: user.username, first_name: "Anders" };
  const replaced = await api.PUT(path, { params: { header: ifMatch(changed) }, body: whole });
  assert.equal(answer(replaced, 200).last_name, null);

  const passwords = { current_password: words, new_password: `${words} again` };
  empty(await api.POST("/api/auth/password", { body: passwords }));
  empty(await client().POST("/api/auth/password/forgot", { body: { email } }), 202);
  empty(await api.POST("/api/auth/logout", { body: {} }));
  problem(await api.GET(path), 401, "unauthenticated");
}

// The sessions of the one who asks, of which one is ended.
export async function sessions(api: Api): Promise<void> {
  const body = { email: admin, password };
  const other = answer(await client().POST("/api/auth/login", { body }), 200);
  const page = answer(await api.GET("/api/auth/sessions"), 200);
  const newest = page.results.reduce((a, b) => (a.id > b.id ? a : b));
  assert(!newest.is_current);
  const params = { path: { id: newest.id } };
  empty(await api.DELETE("/api/auth/sessions/{id}", { params }));
  problem(await client(other.access).GET("/api/auth/profile"), 401, "unauthenticated");
}

// A token for an unattended program, from its making to its end.
export async function apiTokens(api: Api): Promise<void> {
  const body = { name: "typescript", scopes: ["read" as const] };
  const made = answer(await api.POST("/api/auth/tokens", { body }), 201);
  const program = client(made.token);
  answer(await program.GET("/api/auth/profile"), 200);
  const params = { path: { id: made.id } };
  const read = answer(await api.GET("/api/auth/tokens/{id}", { params }), 200);
  const page = answer(await api.GET("/api/auth/tokens"), 200);
  assert(page.results.some((token) => token.id === read.id));
  empty(await api.DELETE("/api/auth/tokens/{id}", { params }));
  problem(await program.GET("/api/auth/profile"), 401, "unauthenticated");
}
