//! Operations by day, and those of one request together.
use domain::{Operation, OperationId};
use std::sync::Arc;

/// The operations of a day by the server's clock, which is UTC.
#[derive(Debug, PartialEq)]
pub struct Day {
    /// `2026-01-15`
    pub date: String,
    pub entries: Vec<Entry>,
}

/// What stands for itself in the list.
#[derive(Debug, PartialEq)]
pub enum Entry {
    One(Arc<Operation>),
    /// Operations that one request for many agents began.
    Bulk(OperationId, Vec<Arc<Operation>>),
}

/// Keeps the order, newest first; a request stands where its newest operation does.
pub fn by_day(operations: Vec<Arc<Operation>>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for operation in operations {
        let date = operation.started_at.as_str().get(..10).unwrap_or_default();
        if days.last().is_none_or(|day| day.date != date) {
            days.push(Day { date: date.to_owned(), entries: Vec::new() });
        }
        if let Some(day) = days.last_mut() {
            add(&mut day.entries, operation);
        }
    }
    days
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
    fn what_one_request_began_stands_together_within_its_day() {
        let make = |n, day: &str, bulk: Option<usize>| {
            let at = format!("{day}T10:00:00Z");
            Arc::new(operation(json!({"id": id(n), "startedAt": at, "bulk": bulk.map(id)})))
        };
        let (today, before) = ("2026-01-02", "2026-01-01");
        let all = [
            make(5, today, Some(9)),
            make(4, today, None),
            make(3, today, Some(9)),
            make(2, today, Some(8)),
            make(1, before, Some(9)),
        ];
        let [a, b, c, d, e] = all.clone();
        let bulk = |n| id(n).parse::<OperationId>().unwrap();
        let days = by_day(all.into());
        let expected = [
            (today, vec![Entry::Bulk(bulk(9), vec![a, c]), Entry::One(b), Entry::Bulk(bulk(8), vec![d])]),
            (before, vec![Entry::Bulk(bulk(9), vec![e])]),
        ];
        assert_eq!(days, expected.map(|(date, entries)| Day { date: date.into(), entries }));
    }
}
