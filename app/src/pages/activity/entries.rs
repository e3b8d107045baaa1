//! Operations, and those of one request together.
use domain::{Operation, OperationId};
use std::sync::Arc;

/// What stands for itself in the list.
#[derive(Debug, PartialEq)]
pub enum Entry {
    One(Arc<Operation>),
    /// Operations that one request for many agents began.
    Bulk(OperationId, Vec<Arc<Operation>>),
}

/// Keeps the order, newest first; a request stands where its newest operation does.
pub fn together(operations: Vec<Arc<Operation>>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for operation in operations {
        add(&mut entries, operation);
    }
    entries
}

fn add(entries: &mut Vec<Entry>, operation: Arc<Operation>) {
    let Some(bulk) = operation.bulk.clone() else { return entries.push(Entry::One(operation)) };
    let same = entries.iter_mut().find_map(|entry| match entry {
        Entry::Bulk(id, operations) if *id == bulk => Some(operations),
        _ => None,
    });
    match same {
        Some(operations) => operations.push(operation),
        None => entries.push(Entry::Bulk(bulk, vec![operation])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::activity::tests::{id, operation};
    use serde_json::json;

    #[test]
    fn what_one_request_began_stands_together_where_its_newest_does() {
        let make = |n, bulk: Option<usize>| Arc::new(operation(json!({"id": id(n), "bulk": bulk.map(id)})));
        let all = [make(5, Some(9)), make(4, None), make(3, Some(9)), make(2, Some(8)), make(1, Some(9))];
        let [a, b, c, d, e] = all.clone();
        let bulk = |n| id(n).parse::<OperationId>().unwrap();
        let expected = [Entry::Bulk(bulk(9), vec![a, c, e]), Entry::One(b), Entry::Bulk(bulk(8), vec![d])];
        assert_eq!(together(all.into()), expected);
    }
}
