// Calls each kind of operation with the types that openapi-typescript has generated, and fails where
// an answer is not as the description types it.

import * as administration from "./administration.js";
import * as care from "./care.js";
import * as logins from "./logins.js";
import * as patients from "./patients.js";

await administration.service();
const admin = await logins.logIn();
await logins.ownAccount();
await logins.sessions(admin);
await logins.apiTokens(admin);
const colleague = await administration.colleague(admin);
const patient = await patients.create(admin);
await patients.page(admin);
await patients.change(admin, patient, colleague);
await care.assignments(admin, patient.id, await care.doctors(admin));
await care.visits(admin, patient.id);
await care.across(admin);
await patients.archive(admin, patient);
await administration.events(admin);
await administration.users(admin, colleague);
await administration.audit(admin);
console.log("typescript: every answer is as described");
