//! THE table of actions and keys.
//!
//! No action is on a printed character: a name that is typed into the wrong screen must do nothing but
//! find. Tests hold that.

use super::action::{Action, Context};
use crate::input::chord::{Chord, Key};

/// One action: how it is called, and its keys.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it is.
    pub action: Action,
    /// The name of the action, by which sentences refer to its key.
    pub name: &'static str,
    /// What it is called, short enough for the footer.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// Other words for it, by which the palette finds it too.
    pub also: &'static str,
    /// Whether it changes a record, or is a step on the way to that: asks whether to, opens a form,
    /// chooses what is saved. Accepting is not: the questions that it answers have a test of their own.
    pub is_change: bool,
    /// Whether it takes something away.
    pub is_dangerous: bool,
    /// How early the footer shows it; 0 is never.
    pub rank: u8,
    /// Where it holds, and with which keys. No keys: in the palette only.
    pub keys: &'static [(Context, &'static [Chord])],
}

const fn on(key: Key) -> Chord {
    Chord::plain(key)
}

const fn ctrl(letter: char) -> Chord {
    Chord::ctrl(letter)
}

macro_rules! table {
    ($($action:ident $label:literal $help:literal $rank:literal
        $(change $change:literal)? $(danger $danger:literal)? $(also $also:literal)?
        [$($context:ident: $($chord:expr),*);* $(;)?])*) => {
        /// Every action.
        pub const TABLE: &[Entry] = &[$(Entry {
            action: Action::$action,
            name: stringify!($action),
            label: $label,
            help: $help,
            also: concat!($($also)?),
            is_change: false $(|| $change)?,
            is_dangerous: false $(|| $danger)?,
            rank: $rank,
            keys: &[$((Context::$context, &[$($chord),*])),*],
        }),*];
    };
}

table! {
    Open "open" "Open the selected record." 90 [Results: on(Key::Enter), on(Key::Right); Search: on(Key::Enter); Find: on(Key::Enter)]
    Results "to the rows" "Go from the search field to the rows." 88
        [Search: on(Key::Down), on(Key::Tab); Find: on(Key::Tab)]
    Search "search" "Go to the search field and type." 86
        [Results: on(Key::Tab), on(Key::BackTab); List: ctrl('f')]
    Save "save" "Save the form." 95 change true [Form: ctrl('s'); Conflict: ctrl('s')]
    Edit "edit" "Edit the record." 66 change true
        [Record: ctrl('e'); List: ctrl('e'); Find: ctrl('e')]
    Arrive "arrived" "Register the arrival of the patient; move a visit to its next step." 82 change true
        [Record: ctrl('a'); List: ctrl('a'); Find: ctrl('a')]
    New "new" "Create a new record, with the searched name filled in unless a match of it was opened." 80 change true
        [List: ctrl('n'); Find: ctrl('n')]
    NewFromSearch "new from search" "Create a record with what was searched filled in." 0 change true
        [List:; Find:]
    Relative "new relative" "Register a relative: last name, address and phone are copied." 0 change true
        [Record:]
    PutBack "put back" "Put values from the history back, as changes in the form." 0 change true [Record:]
    Unmerge "undo merge" "Undo the newest merge into this record: the other record is restored." 0 change true
        also "separate split different people" [Record:]
    UndoSave "undo save" "Undo the last save, unless the record was changed after it." 0 change true
        [Saved: ctrl('z'); Global:]
    Park "park" "Park the open form, or resume a parked one." 65
        also "hold minute interrupt later reopen"
        [Global: on(Key::F(10))]
    Filter "filter" "Filter the list." 70
        [List: ctrl('t')]
    Sort "sort" "Choose the order of the list." 68 [List: ctrl('o')]
    ClearFilters "show all" "Remove all filters." 20
        [List:]
    ShowArchive "archived" "List the records in the archive." 0 [List:; Find:; Record:]
    Archive "archive" "Archive the record. It can be restored." 60 change true danger true
        also "delete remove"
        [Record: ctrl('x'); List: ctrl('x'); Find: ctrl('x')]
    Restore "restore" "Restore the record from the archive." 62 change true
        also "reopen undelete activate"
        [Record: ctrl('k'); List: ctrl('k')]
    Assign "assign" "Assign the patient to a doctor, or transfer the patient." 64 change true
        [Record: ctrl('g'); List: ctrl('g')]
    Mark "mark" "Mark the row. What is done next is done with all marked rows." 24
        [List: on(Key::Insert); Pick: on(Key::Insert)]
    MarkAll "mark all" "Mark all records of this list, on every page, up to 500." 0 [List:]
    Unmark "unmark all" "Remove all marks." 0 [List:]
    Related "related" "Go to the list of the assignments of this record." 58 [Record: on(Key::Tab)]
    Copy "copy" "Copy the record's code to the clipboard; for a patient, the medical record number." 30
        [Record: ctrl('y'); Results: ctrl('y'); Copying: on(Key::Enter), ctrl('y')]
    IssueCode "new code" "Create a one-time code for the owner of an account." 0 change true [Record:]
    EndSessions "end sessions" "End all sessions of an account." 0 change true danger true [Record:]
    Correct "correct patient" "Correct the patient of the visit." 0 change true
        also "wrong mistake mixed up" [Record:]
    Link "link account" "Link an account to this record. Its owner can then read the record." 0 change true [Record:]
    Unlink "unlink account" "Remove the link between this record and its account." 0 change true danger true [Record:]
    Trail "audit of this" "Show the entries of the audit log about this record." 0 also "who changed history log"
        [Record:]
    EndOthers "end the others" "End all your sessions but this one." 0 change true danger true [List:]
    Refresh "refresh" "Ask the server again." 25
        [Global: ctrl('r')]
    Register "open an account" "Open an account for yourself." 60 [Login: ctrl('n')]
    LocalDesk "local desk" "Forget this server and open the local desk on this machine." 55
        [Login: ctrl('o')]
    EnterCode "I have a code" "Set a password with a one-time code." 50 [Login: ctrl('e')]
    TakeTheirs "theirs" "Take the value that the other user has saved." 84 change true
        [Conflict: on(Key::Left)]
    TakeMine "mine" "Keep the value that you have typed." 85 change true
        [Conflict: on(Key::Right)]
    TakeLeft "left" "Take the value of the record on the left; in the first line, let that record stay." 84
        change true [Compare: on(Key::Left)]
    TakeRight "right" "Take the value of the record on the right; in the first line, let that record stay." 85
        change true [Compare: on(Key::Right)]
    Merge "merge" "Merge both records: the other one goes into the archive." 86 change true
        [Compare: on(Key::Enter), ctrl('s')]
    TellApart "different people" "Say that these are different people; they leave the list." 83 change true
        [Compare: on(Key::Delete), ctrl('x')]
    NextField "next field" "Go to the next field." 40 [Form: on(Key::Tab), on(Key::Down)]
    PreviousField "previous field" "Go to the previous field." 0 [Form: on(Key::BackTab), on(Key::Up)]
    Accept "choose" "Accept what is typed or selected; in a form, go on to the next field." 50
        [Form: on(Key::Enter); Pick: on(Key::Enter); Question: on(Key::Enter);
         Conflict: on(Key::Enter)]
    NextChoice "next answer" "Choose the next answer." 48
        [Question: on(Key::Tab), on(Key::Right), on(Key::Down)]
    PreviousChoice "previous answer" "Choose the previous answer." 0
        [Question: on(Key::BackTab), on(Key::Left), on(Key::Up)]
    RowUp "up" "One row up." 0 [Rows: on(Key::Up); Pick: on(Key::Up); Find: on(Key::Up)]
    RowDown "down" "One row down." 0 [Rows: on(Key::Down); Pick: on(Key::Down); Find: on(Key::Down)]
    PageUp "page up" "One page up; past the first row, the previous page." 0
        [Rows: on(Key::PageUp), ctrl('b'); Search: on(Key::PageUp); Pick: on(Key::PageUp); Find: on(Key::PageUp)]
    PageDown "page down" "One page down; past the last row, the next page." 28
        [Rows: on(Key::PageDown), ctrl('d'); Search: on(Key::PageDown); Pick: on(Key::PageDown); Find: on(Key::PageDown)]
    FirstRow "first" "To the first row." 0 [Rows: on(Key::Home)]
    LastRow "last" "To the last row." 0 [Rows: on(Key::End)]
    Back "back" "Go one step back. Unsaved input is never lost without a question." 67
        [Find: on(Key::Esc); Search: on(Key::Esc); Results: on(Key::Esc); Record: on(Key::Esc);
         Dashboard: on(Key::Esc); Form: on(Key::Esc); Layer: on(Key::Esc)]
    Undo "undo" "Undo the last edit of this field." 10 [Text: ctrl('z'); Form: ctrl('z')]
    Redo "redo" "Redo the edit that was undone." 0 [Text: ctrl('y')]
    ClearField "clear" "Empty the field." 8 [Text: ctrl('u')]
    RemoveWord "remove word" "Remove the word before the cursor." 0 [Text: ctrl('w')]
    Palette "actions" "Find an action by its name." 15
        [Global: ctrl('p')]
    Messages "messages" "Show all messages, the newest first." 0 [Global: on(Key::F(12))]
    Home "today" "Go to the home screen, with today's visits." 0 [Global: on(Key::F(2))]
    Patients "patients" "Go to the patients." 0 [Global: on(Key::F(3))]
    Doctors "doctors" "Go to the doctors." 0 [Global: on(Key::F(4))]
    Assignments "assignments" "Go to the assignments." 0 also "hold complete reopen transfer"
        [Global: on(Key::F(5))]
    Visits "visits" "Go to the visits." 0 also "queue waiting room"
        [Global: on(Key::F(6))]
    Dashboard "dashboard" "Go to the dashboard." 0 [Global: on(Key::F(7))]
    Accounts "accounts" "Go to the accounts." 0 [Global: on(Key::F(8))]
    Audit "audit log" "Go to the audit log." 0 also "who changed history"
        [Global: on(Key::F(9))]
    Duplicates "likely duplicates" "Go to the patients who may be one person, to merge their records." 0
        also "merge double twice same person" [Global:]
    MyAccount "my account" "Show and change your profile: your own account." 0 [Global:]
    MyPassword "my password" "Change your own password." 0 [Global:]
    MySessions "my sessions" "Show where you are logged in, and end sessions." 0 [Global:]
    MyTokens "API tokens" "Show, create and revoke your API tokens for programs." 0 [Global:]
    Api "API" "Show the addresses of the API and of its pages." 0 [Global:]
    Share "share this desk" "Show what another machine types to use this desk." 0 [Global:]
    SetUp "set up the desk" "Leave the invented people, of whom nothing is kept, and set up your own desk." 0
        [Global:]
    Lock "lock" "Lock the desk until you log in again. No input is lost." 0
        also "minute break pause away" [Global:]
    LogOut "log out" "End the session." 0 also "sign out sign off log off exit" [Global:]
    Repaint "repaint" "Redraw the screen." 0 [Global: ctrl('l')]
    Suspend "suspend" "Suspend the program; fg in the shell resumes it." 0 [Global: ctrl('z')]
    Quit "quit" "End the program. It asks first if something is not saved." 18
        also "exit leave"
        [Global: ctrl('q'), ctrl('c')]
    Help "help" "Show the actions of this screen and their keys." 0 [Global: on(Key::F(1))]
}

impl Entry {
    /// The entry of an action.
    pub fn of(action: Action) -> Option<&'static Self> {
        TABLE.iter().find(|entry| entry.action == action)
    }
}
