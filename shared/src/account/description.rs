//! The bodies about accounts in the API description.

use super::{
    EMAIL_MAX, EmailVerification, FULL_NAME_MAX, Login, Logout, MailRequest, NAME_MAX,
    PASSWORD_MAX, PHONE_MAX, PasswordChange, ProfileInput, ProfilePatch, ProfileReplacement,
    Refresh, Registration, TOKEN_MAX, USERNAME_MAX,
};
use crate::account::{CODE_MAX, NewUser, PASSWORD_MIN, PasswordReset, Role, UserPatch, managed};
use crate::describe::{Describe, Object, Schemas, Shape};

fn text(max: usize, example: &str) -> Shape {
    Shape::string().max_length(max).nullable().example(example)
}

fn email() -> Shape {
    Shape::string().format("email").min_length(1).max_length(EMAIL_MAX).example("ana@example.com")
}

fn password() -> Shape {
    Shape::string().format("password").min_length(1).max_length(PASSWORD_MAX)
}

fn device() -> Shape {
    let shape = Shape::string().max_length(TOKEN_MAX).nullable();
    shape.example("tq3mM0xXo1v0u9yJm5cS7wQe8rTzLk2bVhNfGdPaXsY")
}

fn names(object: &mut Object) {
    let username = text(USERNAME_MAX, "ana").pattern(r"^[^@\s]*$");
    object.property("username", &["Username: no `@`, no spaces."], username, false);
    object.property("first_name", &["Given names."], text(NAME_MAX, "Ana"), false);
    object.property("last_name", &["Family names."], text(NAME_MAX, "Gómez"), false);
    let doc = &["Phone number with 5 to 15 digits."];
    object.property("phone", doc, text(PHONE_MAX, "+1 555 765 4321"), false);
}

impl Describe for Registration {
    fn shape(schemas: &mut Schemas) -> Shape {
        schemas.request("Registration", &["What registering asks for."], |object, _| {
            object.property("email", &["E-mail address."], email(), true);
            let new = password().min_length(PASSWORD_MIN).example("a long walk by the sea");
            object.property("password", &["Password."], new, true);
            let doc = &["The password again, where a form asks for it."];
            object.property("password_confirm", doc, password().nullable(), false);
            names(object);
            let doc = &["Both names in one; the last word is the last name."];
            object.property(
                "name",
                doc,
                Shape::string().max_length(FULL_NAME_MAX).nullable(),
                false,
            );
            let role = Shape::one_of(&["member", "patient", "doctor"]).nullable().example("member");
            object.property("role", &["`member` unless it is said."], role, false);
            let doc = &["The device token of an earlier login; a new account gets a new one."];
            object.property("device", doc, device(), false);
        })
    }
}

impl Describe for Login {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["Who logs in: `email` or `username`, and either may hold either."];
        schemas.request("Login", doc, |object, _| {
            let identifier = || Shape::string().max_length(EMAIL_MAX).nullable();
            let doc = &["E-mail address or username."];
            object.property("email", doc, identifier().example("ana@example.com"), false);
            object.property("username", doc, identifier(), false);
            let secret = password().example("a long walk by the sea");
            object.property("password", &["The password."], secret, true);
            let doc = &["The device token that the last login with this account has answered, or \
                the one-time code with which its password was set within the last hour. Attempts \
                that carry it are counted apart from everybody else's. A token that is unknown, of \
                another account or too old counts for nothing."];
            object.property("device", doc, device(), false);
        })
    }
}

impl Describe for Refresh {
    fn shape(schemas: &mut Schemas) -> Shape {
        schemas.request("Refresh", &["A refresh token."], |object, _| {
            let token = Shape::string().min_length(1).max_length(TOKEN_MAX);
            object.property("refresh", &["The token."], token, true);
        })
    }
}

impl Describe for Logout {
    fn shape(schemas: &mut Schemas) -> Shape {
        schemas.request("Logout", &["The end of this session."], |object, _| {
            let token = Shape::string().max_length(TOKEN_MAX).nullable();
            object.property("refresh", &["The refresh token; not needed."], token, false);
        })
    }
}

impl Describe for PasswordChange {
    fn shape(schemas: &mut Schemas) -> Shape {
        schemas.request("PasswordChange", &["A new password for oneself."], |object, _| {
            let current = password().example("a long walk by the sea");
            object.property("current_password", &["The password until now."], current, true);
            let new = password().min_length(PASSWORD_MIN).example("a longer walk by the sea");
            object.property("new_password", &["The password from now on."], new, true);
        })
    }
}

impl Describe for MailRequest {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["The address to which a code is to be mailed."];
        schemas.request("MailRequest", doc, |object, _| {
            object.property("email", &["E-mail address of an account."], email(), true);
        })
    }
}

impl Describe for EmailVerification {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["The code that was mailed to an address."];
        schemas.request("EmailVerification", doc, |object, _| {
            let code = Shape::string().min_length(1).max_length(CODE_MAX);
            let doc = &["The code; case, spaces and dashes don't matter."];
            object.property("token", doc, code.example("0123-4567-89AB-CDEF-GH10"), true);
        })
    }
}

impl ProfileInput {
    fn describe(name: &'static str, doc: &str, schemas: &mut Schemas) -> Shape {
        schemas.request(name, &[doc], |object, _| {
            let doc = &["E-mail address; a change needs `current_password`."];
            object.property("email", doc, email().nullable(), false);
            names(object);
            let doc = &["Both names in one, where neither part is given."];
            object.property(
                "name",
                doc,
                Shape::string().max_length(FULL_NAME_MAX).nullable(),
                false,
            );
            let doc = &["The current password, where the e-mail address changes."];
            object.property("current_password", doc, password().nullable(), false);
            for name in super::COMPUTED.iter().chain(super::FIXED) {
                let doc = &["Read-only: may be sent back as it was read."];
                object.property(name, doc, Shape::any(), false);
            }
        })
    }
}

impl Describe for ProfileReplacement {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = "A profile as it shall be: an absent member is cleared.";
        ProfileInput::describe("ProfileReplacement", doc, schemas)
    }
}

impl Describe for ProfilePatch {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = "A change to a profile: an absent member stays, `null` clears it.";
        ProfileInput::describe("ProfilePatch", doc, schemas)
    }
}

fn role() -> Shape {
    Shape::one_of(Role::TEXTS)
}

impl Describe for NewUser {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["An account to be made: `email` or `username` is required."];
        schemas.request("NewUser", doc, |object, _| {
            object.property("email", &["E-mail address."], email().nullable(), false);
            names(object);
            let doc = &["Both names in one; the last word is the last name."];
            let name = Shape::string().max_length(FULL_NAME_MAX).nullable();
            object.property("name", doc, name, false);
            object.property("role", &["The role."], role().example("staff"), true);
        })
    }
}

impl Describe for UserPatch {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["A change to an account: an absent member stays, `null` clears it."];
        schemas.request("UserPatch", doc, |object, _| {
            let doc = &["E-mail address; another one counts as verified."];
            object.property("email", doc, email().nullable(), false);
            names(object);
            let doc = &["Both names in one, where neither part is given."];
            let name = Shape::string().max_length(FULL_NAME_MAX).nullable();
            object.property("name", doc, name, false);
            object.property("role", &["The role."], role().example("staff"), false);
            let doc = &["`false` ends all sessions and API tokens and lets nobody log in."];
            object.property("is_active", doc, Shape::boolean(), false);
            for name in managed::COMPUTED.iter().chain(managed::FIXED) {
                let doc = &["Read-only: may be sent back as it was read."];
                object.property(name, doc, Shape::any(), false);
            }
        })
    }
}

impl Describe for PasswordReset {
    fn shape(schemas: &mut Schemas) -> Shape {
        let doc = &["A new password, with a one-time code."];
        schemas.request("PasswordReset", doc, |object, _| {
            let doc = &["The code: case, spaces and dashes don't matter."];
            let code = Shape::string().min_length(1).max_length(CODE_MAX);
            object.property("token", doc, code.example("4JX7-2M9C-T0VQ-8KRE-W35N"), true);
            let new = password().min_length(PASSWORD_MIN).example("a longer walk by the sea");
            object.property("new_password", &["The password from now on."], new, true);
        })
    }
}
