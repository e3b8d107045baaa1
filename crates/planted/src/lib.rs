//! Bugs that the fault campaign plants to see whether it finds them. Each is asked for at the one place where it would
//! sit. Without the feature `on` the answer is a constant no and the place is what it would be without the question.
mod crash;

pub use crash::{PASSED, VARIABLE, crash_point};

use std::{fmt, str::FromStr};

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bug {
    /// A write whose answer did not come in time counts as not done.
    TimeoutMeansNotApplied,
    /// A 409 counts as "nothing happened", although an AI route is live before its version is checked.
    ConflictMeansNothingHappened,
    /// The undo writes the old image without looking at what stands there.
    BlindUndo,
    /// Nothing is written down before the first change.
    NoJournal,
    /// Nobody looks again after the end.
    NoSettleCheck,
    /// Two writes of one text are one to the store: the mark that tells them apart is missing.
    SameBytesFence,
    /// The folder is not synced after a rename, so a power cut brings the old file back.
    DirectoryFsyncMissing,
    /// A provider is written back without its tokens.
    TokenWipe,
    /// The operation runs in the request that asked for it, and dies with it.
    InlineExecution,
    /// What was written is not read back before it is reported.
    VerifySkipped,
    /// The undo goes from the first step to the last.
    UndoInWrongOrder,
    /// A start after a crash takes for done what was begun.
    RecoveryAlwaysCommits,
    /// Two operations may change one target at once.
    LockNotTaken,
    /// A step whose answer was lost is left out when it is looked again.
    SettleForgetsGhosts,
    /// A yes of the console is taken for proof.
    AckMeansDone,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::TimeoutMeansNotApplied,
        Self::ConflictMeansNothingHappened,
        Self::BlindUndo,
        Self::NoJournal,
        Self::NoSettleCheck,
        Self::SameBytesFence,
        Self::DirectoryFsyncMissing,
        Self::TokenWipe,
        Self::InlineExecution,
        Self::VerifySkipped,
        Self::UndoInWrongOrder,
        Self::RecoveryAlwaysCommits,
        Self::LockNotTaken,
        Self::SettleForgetsGhosts,
        Self::AckMeansDone,
    ];
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|bug| bug.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("no bug is called {text}"))
    }
}

/// Whether this bug is planted in this thread.
#[cfg(not(feature = "on"))]
pub const fn is(_: Bug) -> bool {
    false
}

#[cfg(feature = "on")]
pub use on::{is, plant};

#[cfg(feature = "on")]
mod on {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether this bug is planted in this thread.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Plants a bug in this thread, or takes the planted one out.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }
}
