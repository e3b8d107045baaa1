//! Who answers for which object: an operation that has not ended yet, and one that has, while late requests may still
//! reach it.
use super::course::side_of;
use crate::edits::{Edit, Side};
use domain::{OperationId, ProviderName, rules::Outcome};
use higress::RouteDoc;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The objects that operations answer for.
#[derive(Default)]
pub struct Watches {
    watched: Mutex<BTreeMap<OperationId, Watched>>,
    hurried: Notify,
}

/// What one operation answers for.
#[derive(Default)]
struct Watched {
    objects: BTreeMap<String, Object>,
    /// Objects that are somebody else's work: so it was seen, or so a later operation took them over.
    changed: Vec<String>,
}

/// Why nobody can rely on an object now.
#[derive(Debug, PartialEq, Eq)]
pub enum Debt {
    /// This operation has not ended, and may undo what it did there.
    Open(OperationId),
    /// It is not as an operation told, for a reason that its watch has yet to put right.
    Strayed,
}

struct Object {
    /// An operation that has not ended changes it, and it has no target whose lock says so.
    open: bool,
    /// The hash of what it was told to be. None: nothing was told, or a person took it over.
    told: Option<String>,
    /// The route that it was told to be.
    told_route: Option<RouteDoc>,
    /// Where a route is told to lead; of an operation that has not ended: where it may come to lead again.
    leads_to: Vec<ProviderName>,
    /// Hashes of what it may have become by no wish of anybody: by a late write of ours, or for want of a swallowed one.
    strays: Vec<String>,
    /// What may still arrive there.
    ghosts: Vec<Edit>,
    /// Somebody else's work stands there. What arrives late may still spoil its live part.
    left: bool,
}

impl Object {
    /// `late`: a call of this edit was left without an answer. `earlier`: what may still arrive of others.
    fn new(edit: &Edit, outcome: Option<Outcome>, late: bool, earlier: Vec<Edit>) -> Self {
        let side = outcome.and_then(side_of);
        let late = late || !edit.is_fenced();
        // What compares nothing can be done once more, also when it was answered. Where it stands, nothing of ours brings the
        // former image.
        let ghost = match side {
            Some(Side::After) if !edit.is_fenced() => edit.after_alone(),
            _ => edit.clone(),
        };
        let sides = outcome.map_or(vec![Side::Before, Side::After], |_| side.into_iter().collect());
        let replaced = side.filter(|side| edit.is_shared() || late && *side == Side::Before);
        let earlier_images =
            earlier.iter().flat_map(|ghost| [Side::Before, Side::After].map(|s| ghost.hash(s)));
        Self {
            open: outcome.is_none() && edit.agent().is_none(),
            told: side.map(|side| edit.hash(side)),
            told_route: side.and_then(|side| edit.route(side)).cloned(),
            leads_to: sides.into_iter().flat_map(|side| edit.leads_to(side)).collect(),
            strays: replaced.map(|side| edit.hash(side.other())).into_iter().chain(earlier_images).collect(),
            ghosts: late.then_some(ghost).into_iter().chain(earlier).collect(),
            left: false,
        }
    }

    fn is_as_told(&self, seen: &str) -> bool {
        self.told.as_ref().is_none_or(|told| told == seen)
    }

    /// Whether the edit found the route as it was told, with more agents let in, as HiClaw does by itself.
    fn lets_in_more(&self, edit: &Edit) -> bool {
        let found = edit.route(Side::Before).zip(self.told_route.as_ref());
        found.is_some_and(|(found, told)| found.lets_in_beside(told).is_some())
    }

    fn knows(&self, edit: &Edit) -> bool {
        let images = |edit: &Edit| [Side::Before, Side::After].map(|side| edit.hash(side));
        self.ghosts.iter().any(|ghost| images(ghost) == images(edit))
    }

    fn has_strayed(&self, seen: &str) -> bool {
        !self.left && !self.is_as_told(seen) && self.strays.iter().any(|stray| stray == seen)
    }
}

impl Watches {
    /// An operation answers for the objects of its `edits`, which are what its outcome says; no outcome: it has not ended.
    /// `late`: one of its calls was left without an answer. `ghosts`: the edits of earlier operations whose requests may
    /// still arrive there.
    ///
    /// When it goes on or is taken up again, what later operations took over meanwhile stays theirs, and what was left stays left.
    pub fn begin<'a>(
        &self,
        id: &OperationId,
        edits: impl Iterator<Item = &'a Edit>,
        outcome: Option<Outcome>,
        late: bool,
        ghosts: &[Edit],
    ) {
        let watch = |edit: &Edit| {
            let object = edit.object();
            let earlier = ghosts.iter().filter(|ghost| ghost.object() == object).cloned().collect();
            (object, Object::new(edit, outcome, late, earlier))
        };
        let objects = edits.map(watch);
        match self.locked().entry(id.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Watched { objects: objects.collect(), changed: Vec::new() });
            }
            Entry::Occupied(mut known) => {
                for (object, again) in objects {
                    if let Some(known) = known.get_mut().objects.get_mut(&object) {
                        *known = Object { left: known.left, ..again };
                    }
                }
            }
        }
    }

    /// A write by which the operation put its object right may still arrive.
    pub fn may_still_come(&self, id: &OperationId, edit: &Edit) {
        let mut watches = self.locked();
        let object = watches.get_mut(id).and_then(|watched| watched.objects.get_mut(&edit.object()));
        if let Some(object) = object.filter(|object| !object.knows(edit)) {
            object.ghosts.push(edit.clone());
        }
    }

    /// What may still arrive at these objects from operations that have ended.
    pub fn ghosts(&self, objects: &[String]) -> Vec<Edit> {
        let watches = self.locked();
        let of = |object| watches.values().filter_map(move |watched| watched.objects.get(object));
        objects.iter().flat_map(of).flat_map(|object| object.ghosts.iter().cloned()).collect()
    }

    /// What is owed on an object that was seen so: whoever built on it would keep it so, or lose what he built on.
    pub fn debt(&self, object: &str, seen: &str) -> Option<Debt> {
        self.locked().iter().find_map(|(id, watched)| match watched.objects.get(object)? {
            known if known.open => Some(Debt::Open(id.clone())),
            known if known.has_strayed(seen) => Some(Debt::Strayed),
            _ => None,
        })
    }

    /// What is owed on a route that leads to the provider, or may again, where a plan that takes the provider away has not
    /// `seen` that route: it strayed, or somebody else took it away, which its watch has not seen yet.
    pub fn absent_route(
        &self,
        provider: &ProviderName,
        seen: impl Fn(&str) -> bool,
    ) -> Option<(String, Debt)> {
        self.locked().iter().find_map(|(id, watched)| {
            let absent = |object: &str, known: &Object| {
                !known.left && known.leads_to.contains(provider) && !seen(object)
            };
            let (object, known) = watched.objects.iter().find(|(object, known)| absent(object, known))?;
            let debt = if known.open { Debt::Open(id.clone()) } else { Debt::Strayed };
            Some((object.clone(), debt))
        })
    }

    /// From now on the operation of these edits answers for their objects. One that it did not find as told is somebody
    /// else's work, and whose watch it was cannot see that any more.
    pub fn take_over<'a>(&self, edits: impl Iterator<Item = &'a Edit>) {
        let mut watches = self.locked();
        for edit in edits {
            let (object, seen) = (edit.object(), edit.hash(Side::Before));
            for watched in watches.values_mut() {
                let as_told = |was: &Object| was.is_as_told(&seen) || was.lets_in_more(edit);
                if watched.objects.remove(&object).is_some_and(|was| !as_told(&was)) {
                    watched.changed.push(object.clone());
                }
            }
        }
    }

    /// The objects of the operation that are somebody else's work now.
    pub fn changed(&self, id: &OperationId) -> Vec<String> {
        self.locked().get(id).map(|watched| watched.changed.clone()).unwrap_or_default()
    }

    /// Lets every watch look at once.
    pub fn hurry(&self) {
        self.hurried.notify_waiters();
    }

    /// Waits until somebody needs to know how things are.
    pub async fn hurried(&self) {
        self.hurried.notified().await;
    }

    /// Whether the operation still answers for what the object is.
    pub fn has(&self, id: &OperationId, object: &str) -> bool {
        self.find(id, object, |object| !object.left)
    }

    /// Whether the object is somebody else's work now, and no later operation of ours has taken it over.
    pub fn has_left(&self, id: &OperationId, object: &str) -> bool {
        self.find(id, object, |object| object.left)
    }

    fn find(&self, id: &OperationId, object: &str, so: impl Fn(&Object) -> bool) -> bool {
        self.locked().get(id).and_then(|watched| watched.objects.get(object)).is_some_and(so)
    }

    /// The operation does not answer for what the object is any more: it is somebody else's work.
    pub fn leave(&self, id: &OperationId, object: &str) {
        let mut watches = self.locked();
        let Some(watched) = watches.get_mut(id) else { return };
        if let Some(known) = watched.objects.get_mut(object) {
            known.left = true;
            watched.changed.push(object.to_owned());
        }
    }

    /// The operation does not answer for what the object is any more: it cannot be put right.
    pub fn give_up(&self, id: &OperationId, object: &str) {
        if let Some(known) = self.locked().get_mut(id).and_then(|watched| watched.objects.get_mut(object)) {
            known.left = true;
        }
    }

    /// The watch has ended.
    pub fn end(&self, id: &OperationId) {
        self.locked().remove(id);
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<OperationId, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Target;
    use hiclaw::{Held, Image, Part, Version};

    use Outcome::{Committed, GivenUp, RolledBack};

    const OBJECT: &str = "s3:agents/alice/openclaw.json";

    fn edit_of(part: Part, before: &str, after: &str) -> Edit {
        let before = Held { image: Image::new(before.to_owned()), version: Version::Note(before.to_owned()) };
        let after = Image::new(after.to_owned());
        let (object, owner, sure_after) = (OBJECT.to_owned(), "manager".into(), std::time::Duration::ZERO);
        Edit::Agent {
            target: Target::Manager,
            edit: hiclaw::Edit { part, object, before, after, owner, lasts: None, sure_after },
        }
    }

    fn edit(before: &str, after: &str) -> Edit {
        edit_of(Part::Config, before, after)
    }

    /// The watch of an operation that ended so.
    fn watched(edit: &Edit, outcome: Outcome, late: bool, ghosts: &[Edit]) -> (Watches, OperationId) {
        let (watches, id) = (Watches::default(), crate::Clock::default().new_id().unwrap());
        watches.begin(&id, std::iter::once(edit), Some(outcome), late, ghosts);
        (watches, id)
    }

    fn strays(watches: &Watches, seen: &str) -> bool {
        watches.debt(OBJECT, &edit(seen, "next").hash(Side::Before)).is_some()
    }

    #[test]
    fn nobody_builds_on_what_came_late_or_was_swallowed() {
        let (undone, id) = watched(&edit("old", "new"), RolledBack, true, &[]);
        assert_eq!(["old", "new", "theirs"].map(|seen| strays(&undone, seen)), [false, true, false]);
        undone.leave(&id, OBJECT);
        assert!(!strays(&undone, "new"), "it was looked at and is somebody else's work");

        let (sure, _) = watched(&edit("old", "new"), RolledBack, false, &[]);
        assert!(!strays(&sure, "new"), "nothing of it can come late: somebody else wrote the same");
        let (done, _) = watched(&edit("old", "new"), Committed, true, &[]);
        assert!(!strays(&done, "old"), "nobody but somebody else can put the old image back");
        let (shared, _) = watched(&edit_of(Part::Registry, "old", "new"), Committed, false, &[]);
        assert_eq!(["old", "new", "theirs"].map(|seen| strays(&shared, seen)), [true, false, false]);

        let (later, _) = watched(&edit("new", "newer"), Committed, false, &[edit("old", "new")]);
        assert_eq!(["old", "new", "newer"].map(|seen| strays(&later, seen)), [true, true, false]);
        // What compares nothing can be written once more; the image that it replaced can be written by a person alone.
        let spec = |before, after| edit_of(Part::Spec, before, after);
        let (first, _) = watched(&spec("old", "new"), Committed, false, &[]);
        let ghosts = first.ghosts(&[OBJECT.to_owned()]);
        let (later, _) = watched(&spec("new", "newer"), Committed, false, &ghosts);
        assert_eq!(["old", "new", "newer"].map(|seen| strays(&later, seen)), [false, true, false]);
        let (taken, _) = watched(&edit("old", "new"), GivenUp, true, &[edit("older", "old")]);
        assert_eq!(["old", "new", "older"].map(|seen| strays(&taken, seen)), [false; 3]);
    }

    #[test]
    fn what_somebody_else_changed_before_it_was_taken_over_is_told() {
        for (outcome, seen, told) in [
            (RolledBack, "old", false),
            (RolledBack, "theirs", true),
            (Committed, "new", false),
            (Committed, "old", true),
            (GivenUp, "theirs", false),
        ] {
            let (watches, id) = watched(&edit("old", "new"), outcome, false, &[]);
            watches.take_over(std::iter::once(&edit(seen, "next")));
            assert!(!watches.has(&id, OBJECT));
            assert_eq!(watches.changed(&id).len(), usize::from(told), "{outcome:?} {seen}");
        }
    }

    #[test]
    fn nobody_begins_on_a_shared_object_whose_operation_has_not_ended() {
        let name: domain::ProviderName = "zhipuai".parse().unwrap();
        let provider = Edit::Provider { name, before: None, after: None };
        let (object, seen, config) = (provider.object(), "whatever", edit("old", "new"));
        let (watches, id) = (Watches::default(), crate::Clock::default().new_id().unwrap());
        let goes_on = |outcome| watches.begin(&id, [&provider, &config].into_iter(), outcome, true, &[]);
        goes_on(None);
        assert_eq!(watches.debt(&object, seen), Some(Debt::Open(id.clone())));
        assert_eq!(watches.debt(OBJECT, seen), None, "the lock of its target keeps others away");
        goes_on(Some(RolledBack));
        assert_eq!(watches.debt(&object, seen), None, "it has ended, and this is somebody else's work");
    }

    #[test]
    fn a_watch_that_is_taken_up_again_takes_nothing_back() {
        let mine = edit("old", "new");
        let (watches, id) = watched(&mine, RolledBack, false, &[]);
        let again = || watches.begin(&id, std::iter::once(&mine), Some(RolledBack), true, &[]);
        again();
        assert!(watches.has(&id, OBJECT) && strays(&watches, "new"), "now it may come late");
        watches.leave(&id, OBJECT);
        again();
        assert!(watches.has_left(&id, OBJECT), "what was left as somebody else's work stays left");
        watches.take_over(std::iter::once(&edit("theirs", "next")));
        again();
        assert!(!watches.has(&id, OBJECT) && !watches.has_left(&id, OBJECT), "a later one answers for it");
        assert!(!strays(&watches, "new") && watches.ghosts(&[OBJECT.to_owned()]).is_empty());
        assert!(watches.changed(&id).iter().any(|changed| changed == OBJECT), "that is still to be told");
    }
}
