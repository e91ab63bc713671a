//! The list of all stable error codes. The API description has it as a closed list, and
//! `/problems` explains each code.

/// A code and its meaning for a member or parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, as in `error_codes`.
    pub name: &'static str,
    /// The meaning, in a sentence.
    pub meaning: &'static str,
    /// The possible parameters with their meanings.
    pub params: &'static [(&'static str, &'static str)],
}

impl Code {
    /// The entry with this name.
    pub fn from_name(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|code| code.name == name)
    }
}

macro_rules! codes {
    ($($name:literal $meaning:literal $([$($param:literal $about:literal),+])?;)*) => {
        /// Every code, in alphabetical order.
        pub const ALL: &[Code] = &[$(Code {
            name: $name,
            meaning: $meaning,
            params: &[$($(($param, $about)),+)?],
        }),*];

        /// The name of every code.
        pub const NAMES: &[&str] = &[$($name),*];
    };
}

codes! {
    "already_assigned" "The patient already has an active assignment to this doctor.";
    "already_open" "The patient already has an open visit on this day.";
    "archived" "The record is archived. Restore it first.";
    "before_birth" "The date is before the date of birth.";
    "broken_off" "The body ended before it was complete.";
    "changed_since" "What the merge has taken over or moved was changed since, or something was merged later.";
    "control_character" "The text contains an invisible control character."
        ["character" "the character, as in `U+202E`"];
    "deactivated" "The account is deactivated.";
    "disagrees" "The value contradicts another one, in the request or in the stored record."
        ["date_of_birth" "the date of birth that the age contradicts", "age" "the age that was sent"];
    "empty" "The parameter is empty. Leave it out instead.";
    "ended" "The assignment or visit has already ended.";
    "has_patients" "The doctor has active assignments."
        ["active" "the number of active assignments"];
    "in_future" "The date is in the future.";
    "in_the_past" "The time has already passed.";
    "invalid_cursor" "The cursor does not belong to this list or to this ordering.";
    "invalid_date" "The value is not a date.";
    "invalid_email" "The value is not an e-mail address.";
    "invalid_id" "The value is not a positive whole number.";
    "invalid_identifier" "The value is not an identifier with a system and a value.";
    "invalid_key" "The `Idempotency-Key` is empty, too long or not printable ASCII.";
    "invalid_language" "The value is not a language tag of BCP 47.";
    "invalid_money" "The value is not an amount with at most two decimal places.";
    "invalid_mrn" "The value does not have the form of a medical record number.";
    "invalid_phone" "The value is not a telephone number."
        ["min_digits" "the smallest number of digits", "max_digits" "the largest number of digits"];
    "invalid_tag" "The header does not contain entity tags.";
    "invalid_time" "The value is not a time in the format of RFC 3339.";
    "invalid_username" "The value cannot be a username.";
    "last_admin" "The change would leave no active administrator.";
    "likely_duplicate" "Patients are likely to be the same person. Name them in `duplicates_seen` if this is somebody else."
        ["count" "The number of these patients."];
    "line_break" "The text contains a line break and must be on one line.";
    "merged" "The record was merged into another one, to which its id and its number lead."
        ["merged_into" "the id of that record"];
    "mistyped_mrn" "The check letter of the medical record number does not match its digits.";
    "never_null" "The member cannot be `null`. Leave it out instead.";
    "no_such_date" "The date does not exist in the calendar.";
    "no_such_record" "No record that you may see has this id.";
    "no_such_user" "No active account with the required role has this id."
        ["role" "the role that the account must have"];
    "not_a_pair" "The value is not a list of two different ids.";
    "not_an_object" "The body is not a JSON object.";
    "not_both" "The value cannot be combined with another one that was sent.";
    "not_first" "An administrator already exists.";
    "not_json" "The body is not valid JSON.";
    "not_merged" "The record was not merged into this one.";
    "not_one_of" "The value is not in the list of allowed values."
        ["choices" "the allowed values"];
    "not_the_same" "The two passwords differ.";
    "not_unique" "Another record already has this value.";
    "not_utf8" "The value is not valid UTF-8.";
    "not_valid" "The token or one-time code is wrong, has expired or was already used.";
    "out_of_range" "The value is outside its range."
        ["min" "the smallest allowed value", "max" "the largest allowed value"];
    "own_account" "Administrators change their own account in their profile.";
    "own_data" "The password is the e-mail address, username or name of the account.";
    "read_only" "The member cannot be changed here. Send it as it is, or leave it out.";
    "repeated" "The member, parameter or item is given twice."
        ["other" "the other name under which the member is given"];
    "required" "The member or parameter is missing or empty.";
    "same_doctor" "The doctor is the same as before.";
    "same_record" "The record is the one in the path.";
    "too_far" "The page number is too high. Follow `next` instead.";
    "too_late" "The time is too far in the future.";
    "too_long" "The value has too many characters."
        ["max" "the largest number of characters"];
    "too_many" "There are too many members, items or records."
        ["max" "the largest number allowed"];
    "too_many_words" "The search has too many words."
        ["max" "the largest number of words"];
    "too_old" "The date is too long ago."
        ["max" "the highest age, in years"];
    "too_short" "The password has too few characters."
        ["min" "the smallest number of characters"];
    "unknown" "No such member or parameter exists."
        ["nearest" "the known name that is most similar"];
    "unknown_host" "The `Host` header does not name this server.";
    "void" "The one-time code was used or replaced in the meantime.";
    "well_known" "The password is easy to guess: it is common, or made of words, rows of keys, repetitions or the data of the account.";
    "wrong_password" "The password is not the current one.";
    "wrong_type" "The value has the wrong JSON type."
        ["expected" "the type that is expected"];
}
