//! Plans that are kept, so that exactly what a person has seen can be applied later.
use crate::{Operations, Running, engine::Asked, prepare::Prepared};
use domain::{Code, Context, DiffLine, Failure, Moved, Mutation, OperationId, Plan, rules::diff};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How many plans are kept, the newest.
const KEPT: usize = 100;
/// How long a plan can be applied.
const LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Members that hold the time of planning: they differ from plan to plan.
const TIMES: [&str; 2] = ["/updatedAt", "/meta/lastTouchedAt"];

/// A plan as it was shown, with what it was made from. It holds keys and stays in memory.
pub struct KeptPlan {
    /// What it would do, as data.
    pub mutation: Mutation,
    /// What was shown. An operation that does it has the same id.
    pub plan: Plan,
    seen: BTreeMap<String, Looked>,
    until: Instant,
}

/// An object as a plan has seen it.
#[derive(Clone)]
pub struct Looked {
    /// As in [`domain::Read`]; empty: not there.
    pub version: String,
    /// As [`crate::edits::Edit::hash`] tells it.
    pub hash: String,
    /// Keys included. None: not there, or no JSON.
    pub tree: Option<Value>,
}

/// The kept plans of this process.
#[derive(Default)]
pub struct Plans(Mutex<VecDeque<Arc<KeptPlan>>>);

impl Plans {
    /// Keeps a plan that was just made.
    pub fn keep(&self, mutation: Mutation, prepared: Prepared) -> Plan {
        let until = Instant::now() + LIFETIME;
        let kept = KeptPlan { mutation, plan: prepared.plan, seen: prepared.looked, until };
        let shown = kept.plan.clone();
        let mut plans = self.fresh();
        plans.push_back(Arc::new(kept));
        let surplus = plans.len().saturating_sub(KEPT);
        plans.drain(..surplus);
        shown
    }

    /// A plan that can still be applied.
    pub fn get(&self, id: &OperationId) -> Result<Arc<KeptPlan>, Failure> {
        let found = self.fresh().iter().find(|kept| kept.plan.id == *id).cloned();
        found.ok_or_else(|| {
            let minutes = LIFETIME.as_secs() / 60;
            Failure::new(Code::OperationNotFound, format!("there is no plan {id} any more")).hint(format!(
                "Plan again: a plan can be applied for {minutes} minutes, and the server keeps the newest {KEPT} until it is restarted."
            ))
        })
    }

    /// All that are not too old.
    fn fresh(&self) -> MutexGuard<'_, VecDeque<Arc<KeptPlan>>> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        plans.retain(|kept| kept.until > now);
        plans
    }
}

/// Whether what is about to be done is what was planned: the same changes, made from the same objects. The engine asks
/// this when it holds everything that the plan needs, before the intent is written, so nothing moves in between.
///
/// # Errors
/// `CONFLICT` with every object that moved.
pub fn compare(kept: &KeptPlan, prepared: &Prepared) -> Result<(), Failure> {
    let moved = moved(kept, &prepared.plan, &prepared.looked);
    if moved.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = moved.iter().map(|moved| moved.object.as_str()).collect();
    let message = format!("the installation changed since the plan was made: {}", names.join(", "));
    let mut failure = Failure::new(Code::Conflict, message)
        .hint("Nothing was changed. Look at the differences, and plan again.");
    failure.diff = moved;
    Err(failure)
}

fn moved(kept: &KeptPlan, plan: &Plan, now: &BTreeMap<String, Looked>) -> Vec<Moved> {
    let objects: BTreeSet<&str> = kept.seen.keys().chain(now.keys()).map(String::as_str).collect();
    let change = |plan: &'_ Plan, object: &str| plan.changes.iter().find(|c| c.object == object).cloned();
    let changed = |plan: &Plan, object: &str| {
        let change = change(plan, object)?;
        Some((change.action, change.diff.into_iter().filter_map(timeless).collect::<Vec<_>>()))
    };
    let line = |object: &str| {
        let (then, now) = (kept.seen.get(object), now.get(object));
        let version = |looked: Option<&Looked>| looked.map_or_else(String::new, |l| l.version.clone());
        let same = version(then) == version(now)
            && then.is_some() == now.is_some()
            && changed(&kept.plan, object) == changed(plan, object);
        let tree = |looked: Option<&Looked>| looked.and_then(|looked| looked.tree.clone());
        let mut lines = diff(tree(then).as_ref(), tree(now).as_ref());
        if lines.is_empty() {
            lines = change(plan, object).map(|change| change.diff).unwrap_or_default();
        }
        let (planned, now) = (version(then), version(now));
        (!same).then(|| Moved { object: object.to_owned(), planned, now, diff: lines })
    };
    objects.into_iter().filter_map(line).collect()
}

/// A line without the time of planning in it; none when it is nothing else.
fn timeless(mut line: DiffLine) -> Option<DiffLine> {
    for time in TIMES {
        let below = |inner: &&str| inner.is_empty() || inner.starts_with('/');
        let Some(inner) = time.strip_prefix(line.path.as_str()).filter(below) else { continue };
        let (parent, key) = inner.rsplit_once('/')?;
        for side in [&mut line.before, &mut line.after].into_iter().flatten() {
            if let Some(Value::Object(map)) = side.pointer_mut(parent) {
                map.remove(key);
            }
        }
    }
    Some(line)
}

impl Operations {
    /// What the mutation would change, kept for an hour so that exactly this can be applied. Changes nothing.
    pub async fn plan_to_apply(&self, mutation: Mutation) -> Result<Plan, Failure> {
        let mutation = self.opened(mutation).await?;
        let prepared = self.prepare(&mutation).await?;
        Ok(self.0.plans.keep(mutation, prepared))
    }

    /// Does what a kept plan says, in an operation that has the plan's id: applying twice gives the same operation.
    ///
    /// # Errors
    /// `OPERATION_NOT_FOUND` when the plan is unknown or too old. The operation ends with `CONFLICT`, and nothing is
    /// changed, when what the plan was made from has moved; `diff` shows what.
    pub async fn apply(&self, plan: &OperationId, context: Context) -> Result<Running, Failure> {
        match self.0.plans.get(plan) {
            Ok(kept) => {
                let mutation = kept.mutation.clone();
                self.begin(Asked { mutation, context, kept: Some(kept) }).await
            }
            // It may have been applied while it could be.
            Err(unknown) => match self.operation(plan).await {
                Ok(watch) => Ok(Running::follow((plan.clone(), watch))),
                Err(_) => Err(unknown),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Change, ChangeAction, Read};
    use serde_json::json;

    const OBJECT: &str = "s3:agents/alice/model.json";

    /// A plan that writes one object.
    fn prepared(number: usize, version: &str, before: Option<Value>, after: Value) -> Prepared {
        let looked = Looked { version: version.into(), hash: version.into(), tree: before.clone() };
        let change = Change {
            object: OBJECT.into(),
            action: if before.is_some() { ChangeAction::Update } else { ChangeAction::Create },
            diff: diff(before.as_ref(), Some(&after)),
            owner: "agm".into(),
            lasts: None,
        };
        let plan = Plan {
            id: format!("{number:026}").parse().unwrap(),
            kind: "set_model".into(),
            targets: Vec::new(),
            created_at: crate::Clock::default().now(),
            reads: vec![Read { object: OBJECT.into(), version: version.into() }],
            changes: vec![change],
            affected: Vec::new(),
            warnings: Vec::new(),
            steps: Vec::new(),
            keys: Vec::new(),
            needs: BTreeMap::new(),
        };
        let looked = BTreeMap::from([(OBJECT.to_owned(), looked)]);
        Prepared {
            plan,
            work: Vec::new(),
            restarts: Vec::new(),
            needs: Default::default(),
            lasts: None,
            looked,
        }
    }

    fn mutation() -> Mutation {
        Mutation::RepairRoutes { route: None, consumer: None }
    }

    fn kept(prepared: Prepared) -> Arc<KeptPlan> {
        let plans = Plans::default();
        let plan = plans.keep(mutation(), prepared);
        plans.get(&plan.id).unwrap()
    }

    fn record(model: &str, at: &str) -> Value {
        json!({"model": model, "updatedAt": at})
    }

    #[tokio::test]
    async fn the_time_of_planning_does_not_count() {
        for before in [None, Some(record("a", "then"))] {
            let kept = kept(prepared(1, "v", before.clone(), record("b", "now")));
            assert_eq!(compare(&kept, &prepared(1, "v", before.clone(), record("b", "later"))), Ok(()));
            assert!(compare(&kept, &prepared(1, "v", before, record("c", "now"))).is_err());
        }
        let bare = json!({"agents": {}});
        let touched = |at: &str| json!({"agents": {}, "meta": {"lastTouchedAt": at}});
        let kept = kept(prepared(1, "v", Some(bare.clone()), touched("now")));
        assert_eq!(compare(&kept, &prepared(1, "v", Some(bare), touched("later"))), Ok(()));
    }

    #[tokio::test]
    async fn what_moved_is_shown_from_then_to_now() {
        let kept = kept(prepared(1, "1", Some(record("a", "x")), record("b", "x")));
        let failure =
            compare(&kept, &prepared(1, "2", Some(record("z", "x")), record("b", "x"))).unwrap_err();
        let moved = &failure.diff[0];
        assert_eq!((moved.planned.as_str(), moved.now.as_str()), ("1", "2"));
        assert_eq!((&moved.diff[0].before, &moved.diff[0].after), (&Some("a".into()), &Some("z".into())));
        // The same ground, another change: what it would change now.
        let failure =
            compare(&kept, &prepared(1, "1", Some(record("a", "x")), record("c", "x"))).unwrap_err();
        assert_eq!(failure.diff[0].diff[0].after, Some("c".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn plans_are_kept_for_an_hour_and_the_newest_hundred() {
        let plans = Plans::default();
        let ids: Vec<_> = (0..=KEPT)
            .map(|number| plans.keep(mutation(), prepared(number, "v", None, record("a", "x"))).id)
            .collect();
        assert!(plans.get(&ids[0]).is_err() && plans.get(&ids[1]).is_ok());
        tokio::time::advance(LIFETIME).await;
        assert_eq!(plans.get(&ids[1]).err().unwrap().code, Code::OperationNotFound);
        assert!(plans.fresh().is_empty(), "what is too old is let go");
    }
}
