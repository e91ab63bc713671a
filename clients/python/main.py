"""Calls each kind of operation with the client that openapi-python-client has generated, and fails
where an answer is not as the description types it."""

import administration
import care
import logins
import patients

administration.service()
admin = logins.admin()
logins.own_account()
logins.sessions(admin)
logins.api_tokens(admin)
colleague = administration.colleague(admin)
patient = patients.create(admin)
patients.page(admin)
patients.change(admin, patient, colleague)
care.assignments(admin, patient, care.doctors(admin))
care.visits(admin, patient)
care.across(admin)
patients.archive(admin, patient)
administration.events(admin)
administration.users(admin, colleague)
administration.audit(admin)
print("python: every answer is as described")
