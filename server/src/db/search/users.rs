//! Search for users, by name and username, and by e-mail address for callers who may see it.

use shared::{
    FieldError,
    text::{fold_case, fold_word, name_words},
};

use super::{EMAIL, NAME, Search, Word, check_count, term};

const USERNAME: char = 'u';

/// The terms under which a user is found, sorted.
pub(crate) fn user_terms<'a>(
    names: impl IntoIterator<Item = &'a str>,
    username: Option<&str>,
    email: Option<&str>,
) -> Vec<String> {
    let words = names.into_iter().flat_map(name_words);
    let mut terms: Vec<String> = words.map(|word| term(NAME, &word)).collect();
    terms.extend(username.map(|username| term(USERNAME, &fold_case(username))));
    terms.extend(email.map(|email| term(EMAIL, &fold_case(email))));
    terms.sort_unstable();
    terms.dedup();
    terms
}

impl Search {
    /// Parses a search for users. E-mail addresses match only for a caller who may see them. The
    /// list of users is not ranked.
    ///
    /// Fails where the text has more than [`WORDS_MAX`](super::WORDS_MAX) words.
    pub(crate) fn of_users(text: &str, sees_emails: bool) -> Result<Self, FieldError> {
        let typed: Vec<&str> = text.split_whitespace().collect();
        check_count(typed.len())?;
        let word = |typed: &str| {
            let (name, whole) = (fold_word(typed), fold_case(typed));
            let mut starts = vec![term(USERNAME, &whole)];
            starts.extend(Some(name).filter(|name| !name.is_empty()).map(|it| term(NAME, &it)));
            starts.extend(sees_emails.then(|| term(EMAIL, &whole)));
            Word { starts, exact: Vec::new() }
        };
        let words = typed.into_iter().map(word).collect();
        Ok(Self { typed: Vec::new(), words, mistyped_mrn: None })
    }
}
