//! Looking up keys and actions in the table.

use super::{
    action::{Action, Context},
    table::{Entry, TABLE},
};
use crate::input::chord::Chord;

/// What a key means in these contexts, the first of which decides.
pub fn resolve(contexts: &[Context], chord: Chord) -> Option<Action> {
    contexts.iter().find_map(|context| in_context(*context, chord))
}

fn in_context(context: Context, chord: Chord) -> Option<Action> {
    let holds = |entry: &&Entry| {
        entry.keys.iter().any(|(place, chords)| *place == context && chords.contains(&chord))
    };
    TABLE.iter().find(holds).map(|entry| entry.action)
}

/// The keys that reach an entry in these contexts: those that no earlier context takes.
pub fn chords_of(entry: &Entry, contexts: &[Context]) -> Vec<Chord> {
    let here = entry.keys.iter().filter(|(place, _)| contexts.contains(place));
    let reach = here
        .flat_map(|(_, chords)| chords.iter().copied())
        .filter(|chord| resolve(contexts, *chord) == Some(entry.action));
    let mut found = Vec::new();
    for chord in reach {
        if !found.contains(&chord) {
            found.push(chord);
        }
    }
    found
}

/// Every entry that holds in these contexts, with or without a key.
pub fn entries(contexts: &[Context]) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| entry.keys.iter().any(|(place, _)| contexts.contains(place)))
}

/// The first key of an action in these contexts, as a sentence names it.
pub fn key_of(action: Action, contexts: &[Context]) -> String {
    let entry = Entry::of(action);
    let chord = entry.and_then(|entry| chords_of(entry, contexts).first().copied());
    chord.map(Chord::label).unwrap_or_default()
}

/// The first key of an action, as a sentence names it.
pub fn key(action: Action) -> String {
    Entry::of(action).map(first_key).unwrap_or_default()
}

/// A sentence with keys in the place of the actions that it names in braces: `{Refresh} tries again.`
pub fn with_keys(sentence: &str) -> String {
    let mut all = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    {
        all.push_str(before);
        match TABLE.iter().find(|entry| entry.name == name) {
            Some(entry) => all.push_str(&first_key(entry)),
            None => all.push_str(name),
        }
        rest = after;
    }
    all + rest
}

fn first_key(entry: &Entry) -> String {
    let chords = entry.keys.iter().flat_map(|(_, chords)| chords.iter());
    chords.copied().next().map(Chord::label).unwrap_or_default()
}

/// The keys of an entry as hints print them.
pub fn labels(chords: &[Chord]) -> String {
    chords.iter().map(|chord| chord.label()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::input::chord::Key;

    /// Every chain of contexts that a screen or a layer can show, innermost first.
    const CHAINS: &[&[Context]] = &[
        &[Context::Text, Context::Find, Context::Global],
        &[Context::Text, Context::Find, Context::Layer, Context::Global],
        &[Context::Text, Context::Search, Context::List, Context::Global],
        &[Context::Results, Context::Rows, Context::List, Context::Global],
        &[Context::Rows, Context::Record, Context::Global],
        &[Context::Rows, Context::Record, Context::Saved, Context::Global],
        &[Context::Text, Context::Form, Context::Saved, Context::Global],
        &[Context::Rows, Context::Dashboard, Context::Global],
        &[Context::Text, Context::Form, Context::Global],
        &[Context::Text, Context::Form, Context::Login, Context::Global],
        &[Context::Text, Context::Pick, Context::Layer, Context::Global],
        &[Context::Text, Context::Form, Context::Layer, Context::Global],
        &[Context::Text, Context::Question, Context::Layer, Context::Global],
        &[Context::Conflict, Context::Rows, Context::Layer, Context::Global],
        &[Context::Compare, Context::Rows, Context::Layer, Context::Global],
        &[Context::Copying, Context::Rows, Context::Layer, Context::Global],
        &[Context::Rows, Context::Pick, Context::Layer, Context::Global],
        &[Context::Form, Context::Global],
        &[Context::Question, Context::Layer, Context::Global],
        &[Context::Rows, Context::Layer, Context::Global],
    ];

    /// What an inner context may take from an outer one, on purpose.
    const SHADOWS: &[(Action, Action)] = &[
        (Action::Undo, Action::Suspend),
        (Action::Undo, Action::UndoSave),
        (Action::UndoSave, Action::Suspend),
        (Action::Back, Action::Back),
    ];

    #[test]
    fn no_key_means_two_things_at_once() {
        for chain in CHAINS {
            let mut seen: Vec<(Chord, Action)> = Vec::new();
            for context in *chain {
                for entry in TABLE {
                    for (place, chords) in entry.keys {
                        for chord in chords.iter().filter(|_| place == context) {
                            let earlier = seen.iter().find(|(known, _)| known == chord);
                            if let Some((_, first)) = earlier {
                                let pair = (*first, entry.action);
                                let fine = first == &entry.action || SHADOWS.contains(&pair);
                                assert!(fine, "{} is {pair:?} in {chain:?}", chord.label());
                            }
                            seen.push((*chord, entry.action));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_action_has_one_entry_with_label_help_and_place() {
        let mut actions = HashSet::new();
        for entry in TABLE {
            assert!(actions.insert(entry.action), "{:?} is listed twice", entry.action);
            assert!(!entry.label.is_empty() && entry.help.ends_with('.'), "{:?}", entry.action);
            assert!(!entry.keys.is_empty(), "{:?} holds nowhere", entry.action);
        }
    }

    #[test]
    fn every_key_exists_on_a_vt220() {
        for (_, chord) in TABLE.iter().flat_map(|entry| {
            entry.keys.iter().flat_map(|(place, chords)| chords.iter().map(move |c| (place, c)))
        }) {
            if chord.ctrl {
                let Key::Char(letter) = chord.key else { panic!("{}", chord.label()) };
                assert!(letter.is_ascii_lowercase(), "{}", chord.label());
                assert!(!"imhj".contains(letter), "{} is another key", chord.label());
            }
        }
    }

    #[test]
    fn no_action_is_on_a_printed_character() {
        for entry in TABLE {
            let chords = entry.keys.iter().flat_map(|(_, chords)| chords.iter());
            assert_eq!(chords.filter(|chord| chord.is_printable()).count(), 0, "{}", entry.label);
        }
    }
}
