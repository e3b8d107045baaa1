//! Whether every promise was kept.
mod images;
mod last;
mod live;
mod theirs;

pub use last::{Final, check, may_be_forgotten};
pub use live::check_told;

use crate::{book::Invariant, world::World};
use domain::{Change, ChangeAction, Operation};
use images::{at, covers, is_derived, note_of, stripped};

/// When somebody is told "committed": each object must have been read back after the last write of it, as wished.
pub fn confirm(world: &World, operation: &Operation) {
    for change in operation.plan.iter().flat_map(|plan| &plan.changes) {
        if let Err(why) = confirmed(world, change) {
            let what = format!("{} was told as committed, but {} {why}", operation.id, change.object);
            world.book.broken(Invariant::ReportedAsObserved, what);
        }
    }
}

fn confirmed(world: &World, change: &Change) -> Result<(), String> {
    let (object, note) = match change.object.split_once('#') {
        Some((object, note)) if object.starts_with("file:") => (object, Some(note)),
        Some((object, _)) => (object, None),
        None => (change.object.as_str(), None),
    };
    let look = world.book.last_look(object).ok_or("was never looked at")?;
    // The registry holds the notes of all workers, so its last write may be another operation's.
    let own = note.is_none();
    if own && world.book.last_write(object).is_some_and(|write| write > look.served) {
        return Err("was not read back after the last write".into());
    }
    let tree = look.tree.map(|tree| note.map_or(tree.clone(), |worker| note_of(&tree, worker)));
    let tree = tree.map(stripped);
    if change.action == ChangeAction::Delete {
        return if tree.is_none() { Ok(()) } else { Err("was still there".into()) };
    }
    for line in change.diff.iter().filter(|line| !is_derived(&change.object, &line.path)) {
        let wanted = line.after.clone().map(stripped);
        if !covers(at(tree.as_ref(), &line.path), wanted.as_ref()) {
            return Err(format!("was read back with another {}", line.path));
        }
    }
    Ok(())
}
