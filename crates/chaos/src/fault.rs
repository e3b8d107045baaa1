//! What can go wrong on the way to another system, and how often it does.
use crate::locked::locked;
use fastrand::Rng;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What a call of the disk can fail with: the system's number and its name.
pub const DISK_ERRORS: [(i32, &str); 4] = [(28, "ENOSPC"), (30, "EROFS"), (13, "EACCES"), (5, "EIO")];

/// What happens to one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    Refused,
    Dns,
    ConnectTimeout,
    /// The request is lost, and no answer comes.
    TimeoutNotApplied,
    /// It is carried out, and no answer comes.
    TimeoutApplied,
    /// The connection breaks before the request was read.
    ResetBefore,
    /// It is carried out, and the connection breaks before the answer.
    ResetAfter,
    /// It is carried out, and the connection breaks within the answer.
    ResetInBody,
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    PreconditionFailed,
    TooMany,
    /// 500, and nothing was done.
    ServerError,
    /// 500 after a part of the work.
    HalfDone,
    /// 409 after a part of the work: somebody else was quicker.
    HalfConflict,
    /// 502 of a proxy; nothing was done.
    BadGateway,
    /// 502 of a proxy that gave up while the work was done.
    BadGatewayApplied,
    /// 200 with `success: false`; nothing was done.
    SuccessFalse,
    /// 200 with a page to sign in.
    LoginPage,
    /// It is carried out, and what comes back is no JSON.
    Malformed,
    /// It is carried out, and the answer stops in the middle.
    Truncated,
    /// It is carried out, and the answer is JSON of another form.
    WrongTypes,
    WrongContentType,
    /// It is carried out, and the answer does not end.
    Huge,
    /// It takes long, but not too long.
    Slow,
    Redirect,
    /// No answer comes, and it is carried out up to a minute after the caller gave up.
    LateApply,
    /// It is carried out and answered, and carried out again later.
    DuplicateApply,
    /// It is carried out and answered, and another writer's older copy takes its place.
    Swallowed,
    /// It is carried out, and the process is gone before it hears of it.
    Unheard,
}

impl Fault {
    /// Faults that any exchange can suffer.
    pub const ANY: &[Self] = &[
        Self::Refused,
        Self::Dns,
        Self::ConnectTimeout,
        Self::TimeoutNotApplied,
        Self::TimeoutApplied,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::ResetInBody,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooMany,
        Self::ServerError,
        Self::BadGateway,
        Self::BadGatewayApplied,
        Self::SuccessFalse,
        Self::LoginPage,
        Self::Malformed,
        Self::Truncated,
        Self::WrongTypes,
        Self::WrongContentType,
        Self::Huge,
        Self::Slow,
        Self::Redirect,
    ];

    /// Those that only a write can suffer. They stand more than once: they are the hard ones.
    pub const WRITES: &[Self] = &[
        Self::TimeoutApplied,
        Self::LateApply,
        Self::LateApply,
        Self::LateApply,
        Self::LateApply,
        Self::DuplicateApply,
        Self::DuplicateApply,
        Self::HalfDone,
        Self::HalfDone,
        Self::HalfConflict,
        Self::HalfConflict,
        Self::Swallowed,
        Self::Swallowed,
    ];

    /// Whether it is anything of its own in a system. Only the console does things by halves and has writers with older
    /// copies.
    pub fn fits(self, system: &str) -> bool {
        system == "console" || !matches!(self, Self::HalfDone | Self::HalfConflict | Self::Swallowed)
    }

    /// The status that is answered instead of doing anything.
    pub fn status(self) -> Option<u16> {
        Some(match self {
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::PreconditionFailed => 412,
            Self::TooMany => 429,
            Self::ServerError => 500,
            Self::BadGateway => 502,
            _ => return None,
        })
    }
}

/// How much oftener writes fail than reads.
const WRITES_MORE: u32 = 6;

/// Lets exchanges fail at a rate, and counts what was let fail.
pub struct Weather {
    chance: Mutex<Rng>,
    /// Of 1,000 reads so many suffer a fault.
    rate: u32,
    /// The one way in which writes fail, and nothing else does. Without it the rare ways would hardly ever meet.
    only: Option<Fault>,
    calm: AtomicBool,
    seen: Mutex<Seen>,
}

/// What was injected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `console Refused`, `store LateApply`, `disk NoSpace`, …
    pub faults: BTreeMap<String, u64>,
    /// All exchanges, also those that suffered nothing.
    pub exchanges: u64,
}

impl Weather {
    /// So many faults in 1,000 exchanges.
    pub fn new(chance: Rng, rate: u32, only: Option<Fault>) -> Self {
        Self { chance: Mutex::new(chance), rate, only, calm: AtomicBool::new(false), seen: Mutex::default() }
    }

    /// From now on nothing fails any more.
    pub fn calm(&self) {
        self.calm.store(true, Ordering::Release);
    }

    /// True after [`Weather::calm`].
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Acquire)
    }

    /// What the next exchange suffers.
    pub fn next(&self, system: &str, writes: bool) -> Option<Fault> {
        locked(&self.seen).exchanges += 1;
        if self.is_calm() {
            return None;
        }
        let mut chance = locked(&self.chance);
        // A run has ten reads for each write, and it is the writes that matter.
        let rate = match (writes, self.only) {
            (true, _) => self.rate * WRITES_MORE,
            (false, None) => self.rate,
            (false, Some(_)) => 0,
        };
        if chance.u32(0..1000) >= rate {
            return None;
        }
        let hard = writes && chance.bool();
        let from = if hard { Fault::WRITES } else { Fault::ANY };
        let fault = self.only.or_else(|| from.get(chance.usize(..from.len())).copied());
        let fault = fault.filter(|fault| fault.fits(system));
        drop(chance);
        if let Some(fault) = fault {
            self.count(format!("{system} {fault:?}"));
        }
        fault
    }

    /// Notes a fault that somebody else chose.
    pub fn count(&self, what: String) {
        *locked(&self.seen).faults.entry(what).or_default() += 1;
    }

    /// True with this chance of 1,000, unless it is calm.
    pub fn strikes(&self, rate: u32) -> bool {
        !self.is_calm() && locked(&self.chance).u32(0..1000) < rate
    }

    /// Some time between these milliseconds.
    pub fn pause(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(locked(&self.chance).u64(from..=to))
    }

    /// A number below `end`.
    pub fn below(&self, end: usize) -> usize {
        locked(&self.chance).usize(..end)
    }

    /// How many exchanges there were.
    pub fn exchanges(&self) -> u64 {
        locked(&self.seen).exchanges
    }

    /// What was injected so far.
    pub fn seen(&self) -> Seen {
        locked(&self.seen).clone()
    }
}
