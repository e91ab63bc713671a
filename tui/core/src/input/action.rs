//! The actions of the user.

/// One thing that somebody can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Show what can be done here.
    Help,
    /// Find an action by its name.
    Palette,
    /// Show what was said until now.
    Messages,
    /// Draw everything anew.
    Repaint,
    /// Stop the process.
    Suspend,
    /// Go to the day at the desk.
    Home,
    /// Go to the patients.
    Patients,
    /// Go to the doctors.
    Doctors,
    /// Go to the assignments.
    Assignments,
    /// Go to the visits.
    Visits,
    /// Go to the dashboard.
    Dashboard,
    /// Go to the accounts.
    Accounts,
    /// Go to the audit log.
    Audit,
    /// Go to the patients who may be one person.
    Duplicates,
    /// Go to one's own account.
    MyAccount,
    /// Change one's own password.
    MyPassword,
    /// Go to one's own sessions.
    MySessions,
    /// Go to one's own API tokens.
    MyTokens,
    /// Show the addresses of the API.
    Api,
    /// Show what another machine has to type to use this desk.
    Share,
    /// Leave the throw-away desk and set up the local one.
    SetUp,
    /// Lock the desk.
    Lock,
    /// End the session.
    LogOut,
    /// End the program.
    Quit,
    /// Ask the server again.
    Refresh,
    /// One step back.
    Back,
    /// Take the last edit back.
    Undo,
    /// Take the last undo back.
    Redo,
    /// Empty the field.
    ClearField,
    /// Remove the word before the cursor.
    RemoveWord,
    /// Go to the next field.
    NextField,
    /// Go to the field before.
    PreviousField,
    /// Accept what is typed or selected.
    Accept,
    /// Save.
    Save,
    /// One row up.
    RowUp,
    /// One row down.
    RowDown,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
    /// To the first row.
    FirstRow,
    /// To the last row.
    LastRow,
    /// Open the selected row.
    Open,
    /// Go to the search field.
    Search,
    /// Go from the search field to the rows.
    Results,
    /// Create a record of the kind that is listed.
    New,
    /// Create a record with the searched words filled in.
    NewFromSearch,
    /// Register a relative of the record's person.
    Relative,
    /// Choose values in the history to be put back.
    PutBack,
    /// Take the last save back.
    UndoSave,
    /// Park the form that is open, or go on with a parked one.
    Park,
    /// Choose the order of the list.
    Sort,
    /// Narrow the list.
    Filter,
    /// Show all again.
    ClearFilters,
    /// List the records in the archive.
    ShowArchive,
    /// Edit the record.
    Edit,
    /// Say that a patient has arrived, or take a visit its next step.
    Arrive,
    /// Archive the record.
    Archive,
    /// Restore the record from the archive.
    Restore,
    /// Assign the record, or transfer it.
    Assign,
    /// Mark the selected row, or take its mark away.
    Mark,
    /// Mark all rows of the list, on every page.
    MarkAll,
    /// Take all marks away.
    Unmark,
    /// Go to the list of the records that belong to the record.
    Related,
    /// Copy the record's code.
    Copy,
    /// Create a one-time code for the owner of an account.
    IssueCode,
    /// End all sessions of an account.
    EndSessions,
    /// End all listed records but the one in use.
    EndOthers,
    /// Go to what the audit log has about the record.
    Trail,
    /// Let a visit be one of another patient.
    Correct,
    /// Link an account to a doctor or a patient.
    Link,
    /// End the link of an account.
    Unlink,
    /// Set a password with a one-time code.
    EnterCode,
    /// Go to where an account is opened.
    Register,
    /// Go back to the local desk.
    LocalDesk,
    /// Choose the next of a few.
    NextChoice,
    /// Choose the one before of a few.
    PreviousChoice,
    /// Take one's own value.
    TakeMine,
    /// Take the value of the record on the left.
    TakeLeft,
    /// Take the value of the record on the right.
    TakeRight,
    /// Merge two records of one person.
    Merge,
    /// Say that two records are of different people.
    TellApart,
    /// Undo the newest merge into a record.
    Unmerge,
    /// Take the other's value.
    TakeTheirs,
}

impl Action {
    /// Whether it edits the text of a field.
    pub fn is_edit(self) -> bool {
        matches!(self, Self::Undo | Self::Redo | Self::ClearField | Self::RemoveWord)
    }

    /// Whether it moves, edits a text or does something else that every screen has: the palette lists it
    /// after what the screen is for.
    pub fn is_routine(self) -> bool {
        self.is_edit()
            || self.is_outside()
            || matches!(
                self,
                Self::RowUp
                    | Self::RowDown
                    | Self::PageUp
                    | Self::PageDown
                    | Self::FirstRow
                    | Self::LastRow
                    | Self::NextField
                    | Self::PreviousField
                    | Self::Accept
                    | Self::Back
                    | Self::Refresh
                    | Self::Messages
            )
    }

    /// Whether it is about the program and its terminal rather than about what is shown.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Quit | Self::Repaint | Self::Suspend)
    }
}

/// Where keys mean something. Several hold at once; the first that knows a key decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// A field for text has the focus.
    Text,
    /// A form.
    Form,
    /// Rows to move among, or a page to scroll.
    Rows,
    /// The find box.
    Find,
    /// The search field of a list.
    Search,
    /// The rows of a list.
    Results,
    /// A list.
    List,
    /// A record's page.
    Record,
    /// The dashboard.
    Dashboard,
    /// The login.
    Login,
    /// A list to pick from, under a field for text.
    Pick,
    /// A question.
    Question,
    /// Two versions of a record.
    Conflict,
    /// Two records side by side.
    Compare,
    /// Something to be copied.
    Copying,
    /// After a save.
    Saved,
    /// Anything that lies over a screen.
    Layer,
    /// Everywhere.
    Global,
}

impl Context {
    /// Every context, in the order in which they are listed.
    pub const ALL: &'static [Self] = &[
        Self::Find,
        Self::Search,
        Self::Results,
        Self::List,
        Self::Record,
        Self::Dashboard,
        Self::Login,
        Self::Rows,
        Self::Form,
        Self::Text,
        Self::Pick,
        Self::Question,
        Self::Conflict,
        Self::Compare,
        Self::Copying,
        Self::Saved,
        Self::Layer,
        Self::Global,
    ];

    /// How it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "Typing",
            Self::Form => "Forms",
            Self::Rows => "Moving",
            Self::Find => "Find box",
            Self::Search => "Search field",
            Self::Results => "Rows of a list",
            Self::List => "Lists",
            Self::Record => "A record",
            Self::Dashboard => "The dashboard",
            Self::Login => "Logging in",
            Self::Pick => "Picking from a list",
            Self::Question => "Questions",
            Self::Conflict => "Two versions",
            Self::Compare => "Two records of one person",
            Self::Copying => "Something to copy",
            Self::Saved => "After a save",
            Self::Layer => "Anything on top",
            Self::Global => "Everywhere",
        }
    }
}
