//! What befalls an exchange and the process itself: by the script, by the weather, or by a fuse.
use super::World;
use crate::{
    book::Invariant,
    fault::Fault,
    life::Life,
    locked::locked,
    rival::{MARK, agents, mark},
    script::Trouble,
};
use std::{sync::Arc, time::Duration};

/// What a planned panic says.
pub const PLANNED: &str = "a planned panic";
/// More exchanges than any run needs.
const ENDLESS: u64 = 4_000;

impl World {
    /// What the next exchange suffers. A process that asks without end gets no answer any more.
    pub(super) async fn suffers(
        self: &Arc<Self>,
        life: &Life,
        system: &str,
        passage: &str,
        object: Option<&str>,
        writes: bool,
    ) -> Option<Fault> {
        if self.weather.exchanges() > ENDLESS {
            self.book.broken(Invariant::EndsInTime, "the process asks without end");
            std::future::pending::<()>().await;
        }
        match self.script.pass(&format!("{system} {passage}")) {
            Some(Trouble::Exchange(fault)) => Some(fault),
            Some(Trouble::CrashAfter) => Some(Fault::Unheard),
            Some(Trouble::CrashBefore) => {
                life.end();
                std::future::pending().await
            }
            Some(Trouble::Edit) if system.starts_with("controller") => {
                agents::switch_away(self).await;
                None
            }
            Some(Trouble::PutBack) => {
                agents::put_back(self).await;
                None
            }
            Some(Trouble::Edit) => {
                if let Some(object) = object {
                    mark(self, object, &format!("{MARK}in-between.")).await;
                }
                None
            }
            Some(trouble) => {
                self.befalls(trouble);
                None
            }
            None => self.weather.next(system, writes),
        }
    }

    /// Trouble of the process itself.
    pub(super) fn befalls(&self, trouble: Trouble) {
        self.trace.note(format_args!("{trouble:?}"));
        match trouble {
            Trouble::Panic => panic!("{PLANNED}"),
            Trouble::Jump(seconds) => self.jump(seconds),
            Trouble::Leave => self.script.leave.notify_one(),
            Trouble::Terminate => self.script.terminate.notify_one(),
            _ => {}
        }
    }

    /// Ends the process so long after it begins its `nth` write from now on.
    pub fn arm(&self, nth: u64, after: Duration) {
        *locked(&self.fuse) = Some((nth, after));
    }

    pub(super) fn burn(&self, life: &Life) {
        let mut fuse = locked(&self.fuse);
        let Some((left, after)) = *fuse else { return };
        if left > 1 {
            *fuse = Some((left - 1, after));
            return;
        }
        *fuse = None;
        self.weather.count("process Kill in an operation".into());
        let life = life.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            life.end();
        });
    }

    /// From now on nothing goes wrong any more.
    pub fn calm(&self) {
        self.weather.calm();
        *locked(&self.fuse) = None;
    }
}
