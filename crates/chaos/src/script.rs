//! One trouble at one passage, instead of trouble by chance. A passage is what the process does to the outside, by kind:
//! `console PUT route`, `disk rename record`.
use crate::{fault::Fault, locked::locked};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard},
};
use tokio::sync::Notify;

/// What happens at a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// To an exchange with another system.
    Exchange(Fault),
    /// The call of the disk fails with this number of the operating system.
    Disk(i32),
    /// Half of it is written, and the disk is full.
    Short,
    /// The process is gone before, or when it was done.
    CrashBefore,
    CrashAfter,
    /// The operation panics.
    Panic,
    /// The wall clock jumps by these seconds.
    Jump(i64),
    /// Who asked goes away.
    Leave,
    /// The process is told to stop.
    Terminate,
    /// Somebody else changes the object just before.
    Edit,
    /// Somebody else puts back just before what agents had at first, and again when that does not stay.
    PutBack,
}

/// One trouble, and where it strikes.
#[derive(Clone, Debug)]
pub struct Strike {
    pub passage: String,
    /// After so many passages of this kind since the last strike, or since the process began.
    pub after: u32,
    pub trouble: Trouble,
}

/// What is to strike, and what was passed.
#[derive(Default)]
pub struct Script {
    lines: Mutex<Lines>,
    /// Who asked shall go away.
    pub leave: Notify,
    /// The process shall stop.
    pub terminate: Notify,
}

#[derive(Default)]
struct Lines {
    strikes: VecDeque<Strike>,
    passed: BTreeMap<String, u32>,
    struck: usize,
}

impl Script {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        locked(&self.lines)
    }

    /// From now on these strike, one after the other; the counting of passages begins.
    pub fn arm(&self, strikes: impl IntoIterator<Item = Strike>) {
        *self.lines() = Lines { strikes: strikes.into_iter().collect(), ..Lines::default() };
    }

    /// Another life begins: it has passed nothing yet.
    pub fn another_life(&self) {
        self.lines().passed.clear();
    }

    /// A passage. Some: this strikes here.
    pub fn pass(&self, passage: &str) -> Option<Trouble> {
        let mut lines = self.lines();
        let passed = lines.passed.entry(passage.to_owned()).or_default();
        let before = *passed;
        *passed += 1;
        let next = lines.strikes.front()?;
        if next.passage != passage || next.after != before {
            return None;
        }
        lines.struck += 1;
        lines.passed.clear();
        lines.strikes.pop_front().map(|strike| strike.trouble)
    }

    /// How often what was passed since the last strike, or since the process began.
    pub fn passed(&self) -> BTreeMap<String, u32> {
        self.lines().passed.clone()
    }

    /// How many troubles have struck.
    pub fn struck(&self) -> usize {
        self.lines().struck
    }
}
