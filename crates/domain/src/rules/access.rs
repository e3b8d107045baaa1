//! What HiClaw does to routes by itself: it lets the consumer of each agent that it makes into all of them, and takes that
//! of an agent that is gone off them.
use crate::{ConsumerName, DeclaredRoute, Target};
use std::collections::BTreeSet;

/// The agents that there are, as far as HiClaw's hand in who is let in is told by them.
pub struct Hired {
    consumers: BTreeSet<ConsumerName>,
    /// False: others may be agents too.
    all: bool,
}

impl Hired {
    /// These; `all`: nobody else.
    pub fn of<'a>(agents: impl Iterator<Item = &'a Target>, all: bool) -> Self {
        Self { consumers: agents.map(Target::consumer).collect(), all }
    }

    /// A route of earlier, as HiClaw alone would have left it on the way to what it is now.
    pub fn followed(&self, then: &DeclaredRoute, now: Option<&DeclaredRoute>) -> DeclaredRoute {
        let mut route = then.clone();
        let now = now.and_then(|now| now.consumers.as_ref());
        if let (Some(then), Some(now)) = (&mut route.consumers, now) {
            *then = self.let_in(then, now);
        }
        route
    }

    /// Whether somebody else let an agent in, or shut one out. `then`: none of a route that is new.
    pub fn is_overruled(&self, then: Option<&DeclaredRoute>, now: Option<&DeclaredRoute>) -> bool {
        let listed = |route: Option<&DeclaredRoute>| {
            route.and_then(|route| route.consumers.clone()).unwrap_or_default()
        };
        let agents = |list: &[ConsumerName]| {
            list.iter().filter(|name| name.is_agent()).cloned().collect::<BTreeSet<_>>()
        };
        let (then, now) = (listed(then), listed(now));
        agents(&self.let_in(&then, &now)) != agents(&now)
    }

    fn let_in(&self, then: &[ConsumerName], now: &[ConsumerName]) -> Vec<ConsumerName> {
        let is_hired = |name: &ConsumerName| self.consumers.contains(name);
        let stays =
            |name: &&ConsumerName| !name.is_agent() || now.contains(name) || self.all && is_hired(name);
        let came =
            |name: &&ConsumerName| name.is_agent() && !then.contains(name) && (is_hired(name) || !self.all);
        then.iter().filter(stays).chain(now.iter().filter(came)).cloned().collect()
    }
}
