// What every call has to answer: a status, and a body that fits the description.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Api = Client<paths>;
export type Schemas = components["schemas"];

function setting(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set`);
  return value;
}

export const url = setting("CLIENT_URL");
export const admin = setting("CLIENT_ADMIN");
export const password = setting("CLIENT_PASSWORD");

// Types are gone when the program runs, so every answer is compared with the description itself.
const description = JSON.parse(readFileSync(setting("CLIENT_DESCRIPTION"), "utf8"));
const ajv = new Ajv({ strict: false });
formats.default(ajv);
ajv.addSchema(description, "api");

const isAsDescribed: Middleware = {
  async onResponse({ request, response, schemaPath }) {
    if (response.headers.get("content-type") === "text/event-stream") return;
    const operation = description.paths[schemaPath][request.method.toLowerCase()];
    const described = operation.responses[response.status];
    assert(described, `${request.method} ${schemaPath} must not answer ${response.status}`);
    const text = await response.clone().text();
    const [type] = Object.keys(described.content ?? {});
    if (type === undefined) return assert.equal(text, "");
    const parts = ["paths", schemaPath, request.method.toLowerCase(), "responses",
      `${response.status}`, "content", type, "schema"];
    const place = parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
    const fits = ajv.getSchema(`api#/${place.map(encodeURIComponent).join("/")}`);
    assert(fits, `no schema of ${schemaPath}`);
    assert(fits(JSON.parse(text)), JSON.stringify({ errors: fits.errors, text }));
  },
};

// A client that sends this token.
export function client(token?: string): Api {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const api = createClient<paths>({ baseUrl: url, headers });
  api.use(isAsDescribed);
  return api;
}

interface Answer<D> {
  data?: D;
  error?: Schemas["Problem"];
  response: Response;
}

// The body of an answer of this status.
export function answer<D>(found: Answer<D>, status: number): D {
  assert.equal(found.response.status, status, JSON.stringify(found.error));
  assert(found.data !== undefined);
  return found.data;
}

// An answer without a body.
export function empty(found: Answer<unknown>, status = 204): void {
  assert.equal(found.response.status, status, JSON.stringify(found.error));
}

// A problem of a kind.
export function problem<D>(
  found: Answer<D>, status: number, kind: Schemas["Problem"]["error"],
): Schemas["Problem"] {
  assert.equal(found.response.status, status);
  assert.equal(found.error?.error, kind);
  return found.error;
}

// The entity tag of a record, as the headers of a change.
export function ifMatch(found: Answer<unknown>): { "If-Match": string } {
  return { "If-Match": found.response.headers.get("etag") ?? "" };
}

export function ifNoneMatch(found: Answer<unknown>): { "If-None-Match": string } {
  return { "If-None-Match": found.response.headers.get("etag") ?? "" };
}
