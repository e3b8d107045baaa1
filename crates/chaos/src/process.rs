//! The process under test: it is started, it ends at any moment, and it is started again on what is left.
use crate::{book::Invariant, life::Life, locked::locked, world::World};
use disk::Loss;
use operations::Operations;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::Notify, time::sleep};

/// A process that serves.
#[derive(Clone)]
pub struct Alive {
    pub life: Life,
    pub operations: Operations,
}

/// The process over all its lives.
pub struct Process {
    world: Arc<World>,
    alive: Mutex<Option<Alive>>,
    /// Wakes who waits in the order in which they came, which a watch channel does not.
    began: Notify,
    /// The life that began last, also while it is not serving yet.
    newest: Mutex<Life>,
}

impl Process {
    /// Nothing runs yet.
    pub fn new(world: Arc<World>) -> Arc<Self> {
        let newest = Mutex::new(Life::begin(0));
        Arc::new(Self { world, alive: Mutex::new(None), began: Notify::new(), newest })
    }

    /// Starts the process again whenever it ends.
    pub async fn keep_alive(self: Arc<Self>) {
        for number in 1.. {
            let life = Life::begin(number);
            *locked(&self.newest) = life.clone();
            if let Some(operations) = self.start(&life).await {
                self.world.trace.note(format_args!("{number} serves"));
                self.world.served_by(Some(operations.clone()));
                *locked(&self.alive) = Some(Alive { life: life.clone(), operations });
                self.began.notify_waiters();
                life.ended().await;
            }
            life.end();
            *locked(&self.alive) = None;
            self.world.served_by(None);
            self.lose();
            sleep(self.world.weather.pause(10, 8_000)).await;
        }
    }

    /// None: it ended before it served.
    async fn start(&self, life: &Life) -> Option<Operations> {
        self.world.trace.note(format_args!("{} begins", life.number()));
        self.world.book.forget_looks();
        let started = async {
            let operations = Operations::with(self.world.config(), self.world.outside(life))?;
            operations.recover().await?;
            Ok::<_, domain::Failure>(operations)
        };
        tokio::select! {
            biased;
            () = life.ended() => None,
            started = started => match started {
                _ if life.is_over() => None,
                Ok(operations) => Some(operations),
                Err(failure) => {
                    let what = format!("a start failed: {}", failure.message);
                    self.world.book.broken(Invariant::StatesParse, what);
                    None
                }
            },
        }
    }

    /// What was not synced is lost, all of it or some of it, when the power was cut.
    fn lose(&self) {
        let weather = &self.world.weather;
        let mut chance = fastrand::Rng::with_seed(weather.below(usize::MAX) as u64);
        let loss = match weather.below(4) {
            0 | 1 => Loss::Nothing,
            2 => Loss::Everything,
            _ => Loss::Some(&mut chance),
        };
        self.world.trace.note(format_args!("the process is gone; {}", name_of(&loss)));
        self.world.restart_disk(loss);
    }

    /// Ends the process now, also while it starts.
    pub fn kill(&self) {
        self.world.weather.count("process Kill".into());
        locked(&self.newest).end();
    }

    /// Ends the process so long after it begins its `nth` write from now on.
    pub fn kill_at_write(&self, nth: u64, after: Duration) {
        self.world.arm(nth, after);
    }

    /// The process that serves, when there is one again.
    pub async fn alive(&self) -> Alive {
        loop {
            let began = self.began.notified();
            if let Some(found) = self.now() {
                return found;
            }
            began.await;
        }
    }

    /// The process, if it serves now.
    pub fn now(&self) -> Option<Alive> {
        locked(&self.alive).clone().filter(|found| !found.life.is_over())
    }
}

fn name_of(loss: &Loss<'_>) -> &'static str {
    match loss {
        Loss::Nothing => "the machine runs on",
        Loss::Everything => "all that was not synced is lost",
        Loss::Some(_) => "some of what was not synced is lost",
    }
}
