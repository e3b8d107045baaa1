//! What the doctor remembers. Kept in memory: after a restart nothing is known.
use super::asked::Answers;
use crate::{Operations, cache::Cache};
use domain::{Doctor, OperationId, OperationState};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::{sync::Mutex, time::Instant};

/// How long an examination may be shown to somebody who did not ask for one, while no operation ends.
const YOUNG: Duration = Duration::from_secs(30);

/// The last of each.
pub struct Memory {
    /// Held while somebody examines, so that all who wait share what is seen.
    examined: Mutex<Option<Last>>,
    /// Nobody pays twice for what is asked twice at once.
    pub asking: Cache<Answers>,
    answers: RwLock<Option<Arc<Answers>>>,
}

/// An examination.
struct Last {
    began: Instant,
    /// The operations that had ended before it began.
    ended: Vec<Ended>,
    /// What the models had answered by then.
    answers: Option<Arc<Answers>>,
    doctor: Doctor,
}

/// An operation that ended, and how. One that waits for a person may go on.
type Ended = (OperationId, OperationState, bool);

impl Default for Memory {
    fn default() -> Self {
        let (examined, answers) = Default::default();
        Self { examined, answers, asking: Cache::new(Duration::ZERO) }
    }
}

impl Memory {
    /// What the models answered last.
    pub fn answers(&self) -> Option<Arc<Answers>> {
        self.answers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what the models answered instead of what they did before.
    pub fn keep(&self, answers: Arc<Answers>) {
        *self.answers.write().unwrap_or_else(PoisonError::into_inner) = Some(answers);
    }
}

impl Operations {
    /// Examines the whole installation as it is now. With `probe` first makes the checks that cost something: asks each
    /// provider for its models and the model of each agent for one token, and tries the store. What they saw is told, with
    /// its time, also by every later examination, until they are made again or what they were about was changed. Never
    /// fails: what cannot be looked at says so.
    pub async fn doctor(&self, probe: bool) -> Doctor {
        if probe {
            self.ask_all().await;
        }
        let asked_for = Instant::now();
        self.examined(|last| last.began >= asked_for).await
    }

    /// The last examination, for a page that renews itself: not older than 30 s, and begun when no operation had ended
    /// that has ended now, and with the answers that the models gave last. Where there is none, makes one.
    pub async fn doctor_lately(&self) -> Doctor {
        let knows_answers = |last: &Last| match (&last.answers, &self.0.doctor.answers()) {
            (None, None) => true,
            (Some(then), Some(now)) => Arc::ptr_eq(then, now),
            _ => false,
        };
        let is_young = |last: &Last| last.began.elapsed() < YOUNG;
        self.examined(|last| is_young(last) && last.ended == self.ended() && knows_answers(last)).await
    }

    async fn examined(&self, serves: impl Fn(&Last) -> bool) -> Doctor {
        let mut examined = self.0.doctor.examined.lock().await;
        if let Some(last) = examined.as_ref().filter(|last| serves(last)) {
            return last.doctor.clone();
        }
        let (began, ended, answers) = (Instant::now(), self.ended(), self.0.doctor.answers());
        let doctor = Box::pin(self.examine(answers.as_deref())).await;
        *examined = Some(Last { began, ended, answers, doctor: doctor.clone() });
        doctor
    }

    fn ended(&self) -> Vec<Ended> {
        let log = self.0.engine.log.list();
        let ended = log.iter().filter(|operation| operation.state.is_final());
        ended.map(|one| (one.id.clone(), one.state, one.settled.is_some())).collect()
    }
}
