//! The sentences about the records of one kind. What only some kinds have is optional as a whole, so a
//! kind has all of its sentences or none.

use super::Access;

/// The sentences of the lists of one kind of record.
pub struct Words {
    /// The title of the list.
    pub title: &'static str,
    /// Nothing is left by the filters.
    pub none_left: &'static str,
    /// There are no records.
    pub none: &'static str,
    /// There are none that the account may see, which does not see those of others; empty where everybody
    /// sees the same.
    pub none_own: &'static str,
    /// The title of a record's page.
    pub one: &'static str,
    /// The kind in the audit log.
    pub entity: &'static str,
    /// What is said of a new record. None for kinds of which this desk creates no record.
    pub created: Option<Created>,
    /// What is said where there is such a record already and no second one may be. None for kinds of which
    /// there may be several.
    pub existing: Option<&'static str>,
    /// What copying the code is called.
    pub copy: &'static str,
    /// What is said of the secret that comes with a record. None for kinds without one.
    pub secret: Option<SecretWords>,
}

impl Words {
    /// No sentence at all.
    pub const NONE: Self = Self {
        title: "",
        none_left: "",
        none: "",
        none_own: "",
        one: "",
        entity: "",
        created: None,
        existing: None,
        copy: "",
        secret: None,
    };
}

/// What is said of a record that this desk has created, with a form or without one.
pub struct Created {
    /// The creation in a history.
    pub history: &'static str,
    /// What is said of the record, before its name.
    pub told: &'static str,
    /// What is said where the creation was stopped.
    pub not_done: &'static str,
}

/// The creation of a record with a form.
pub struct Create {
    /// Who may create a record.
    pub access: Access,
    /// What adding a record is called.
    pub label: &'static str,
    /// The title of the form.
    pub title: &'static str,
    /// What the form says at its top.
    pub intro: &'static str,
    /// How to create what was not found: the end of a sentence.
    pub not_found: &'static str,
    /// How to create the first record.
    pub first: &'static str,
    /// The question whether this record is the one whose creation may have been done.
    pub found: &'static str,
}

/// The change of a record with a form.
pub struct Change {
    /// Who may change a record, if that record permits it.
    pub access: Access,
    /// The title of the form.
    pub title: &'static str,
}

/// How a record is put away.
pub enum Removal {
    /// It goes into the archive, and can be restored.
    Archive(ArchiveWords),
    /// There is no archive. It takes one of its other statuses.
    Status(StatusWords),
}

/// The sentences of a kind whose records can be archived.
pub struct ArchiveWords {
    /// The title of the list of archived records.
    pub list: &'static str,
    /// The question whether to archive a record.
    pub title: &'static str,
    /// What archiving does.
    pub effect: &'static str,
    /// The question whether to restore a record.
    pub restore: &'static str,
}

/// The sentences of a kind whose records take another status.
pub struct StatusWords {
    /// The question which status a record gets.
    pub title: &'static str,
    /// What the change does, as the help says it.
    pub help: &'static str,
    /// Other words for the change, by which the palette finds it too.
    pub also: &'static str,
}

/// The sentences of a kind whose records are searched.
pub struct SearchWords {
    /// What can be typed into the search field.
    pub accepts: &'static str,
    /// The beginning of the sentence that nothing matches the typed text.
    pub no_match: &'static str,
    /// How to find more.
    pub advice: &'static str,
    /// How to find more without filters.
    pub filter_advice: &'static str,
}

/// What is said of a secret that is shown once.
pub struct SecretWords {
    /// Its title.
    pub title: &'static str,
    /// Its use.
    pub usage: &'static str,
}
