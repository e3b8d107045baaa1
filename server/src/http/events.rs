//! The steps of one operation as server-sent events.
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use domain::{Operation, OperationState, StepState};
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::{fmt::Write, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A comment this often keeps proxies from closing a quiet stream.
pub const QUIET: Duration = Duration::from_secs(15);

/// How long a stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until the outcome is known, and no agent is being started again.
    End,
    /// Until nothing of it can come late any more.
    Settled,
}

impl Until {
    fn reached(self, operation: &Operation) -> bool {
        match self {
            Self::End => operation.has_ended(),
            Self::Settled => operation.state.is_final() && operation.settled.is_some(),
        }
    }
}

/// Follows an operation. `Last-Event-ID` leaves out what was seen; when nothing is left to come, 204 tells the browser not
/// to come back.
pub fn follow(
    watch: watch::Receiver<Arc<Operation>>,
    until: Until,
    headers: &HeaderMap,
    closing: CancellationToken,
) -> Response {
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let now = watch.borrow().clone();
    if until.reached(&now) && seen.is_some_and(|seen| seen >= progress(&now)) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let stream = events(watch, until, seen.unwrap_or(0)).take_until(closing.cancelled_owned());
    let mut response = Response::new(Body::from_stream(stream.map(Ok::<_, std::convert::Infallible>)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// Where a follower is.
struct Follower {
    watch: watch::Receiver<Arc<Operation>>,
    until: Until,
    /// The last state that was told, none at first.
    told: Option<Arc<Operation>>,
    /// Nothing up to here is told again.
    seen: u64,
    ended: bool,
}

fn events(watch: watch::Receiver<Arc<Operation>>, until: Until, seen: u64) -> impl Stream<Item = String> {
    let follower = Follower { watch, until, told: None, seen, ended: false };
    stream::unfold(follower, |mut follower| async move {
        if follower.ended {
            return None;
        }
        if follower.told.is_some() {
            match tokio::time::timeout(QUIET, follower.watch.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some((": still there\n\n".to_owned(), follower)),
            }
        }
        let now = follower.watch.borrow_and_update().clone();
        follower.ended = follower.until.reached(&now);
        let text =
            if progress(&now) > follower.seen { news(follower.told.as_deref(), &now) } else { String::new() };
        follower.told = Some(now);
        Some((text, follower))
    })
}

/// A number that grows with everything that happens to an operation, so that it can stand as the sequence number of the
/// news without a list of them being kept.
fn progress(operation: &Operation) -> u64 {
    let steps = operation.steps.iter().map(|step| match step.state {
        StepState::Pending => 0,
        StepState::Running => 1,
        StepState::Done | StepState::Failed | StepState::Skipped => 2,
        StepState::Undone => 3,
    });
    let state = match operation.state {
        OperationState::Planned => 1,
        OperationState::Applying => 2,
        OperationState::Verifying => 3,
        OperationState::Compensating => 4,
        // What could not be put back may be later.
        OperationState::NeedsOperator => 5,
        OperationState::Committed | OperationState::RolledBack => 6,
    };
    steps.sum::<u64>() + state + u64::from(operation.settled.is_some())
}

/// What changed between two looks: each changed step, then the state, or that it has settled. Only the last event carries the sequence number,
/// so that a follower who lost the connection in the middle is told all of it again.
fn news(before: Option<&Operation>, now: &Operation) -> String {
    let mut text = String::new();
    for (index, step) in now.steps.iter().enumerate() {
        let known = before.and_then(|before| before.steps.get(index));
        if known != Some(step)
            && let Ok(data) = serde_json::to_string(step)
        {
            write_event(&mut text, "step", None, &data);
        }
    }
    let state = serde_json::json!({ "state": now.state }).to_string();
    match &now.settled {
        None => write_event(&mut text, "state", Some(progress(now)), &state),
        Some(settled) => {
            if before.is_none_or(|before| before.state != now.state) {
                write_event(&mut text, "state", None, &state);
            }
            let settled = serde_json::json!(settled).to_string();
            write_event(&mut text, "settled", Some(progress(now)), &settled);
        }
    }
    text
}

fn write_event(text: &mut String, event: &str, id: Option<u64>, data: &str) {
    if let Some(id) = id {
        // Writing to a String cannot fail.
        writeln!(text, "id: {id}").unwrap_or_default();
    }
    write!(text, "event: {event}\ndata: {data}\n\n").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Step, StepName, Timestamp};

    fn operation(state: OperationState, steps: &[StepState]) -> Arc<Operation> {
        let step = |state: &StepState| Step {
            name: StepName::Test,
            object: None,
            state: *state,
            ms: None,
            evidence: None,
        };
        Arc::new(Operation {
            id: "01JD0000000000000000000000".parse().unwrap(),
            kind: "set_model".into(),
            state,
            actor: "admin".into(),
            via: "rest".into(),
            targets: vec![],
            plan: None,
            steps: steps.iter().map(step).collect(),
            started_at: Timestamp::from_rfc3339("2026-01-01T00:00:00Z".into()),
            finished_at: None,
            lasts: None,
            failure: None,
            settled: None,
            undoes: None,
            bulk: None,
            broke: vec![],
        })
    }

    #[tokio::test]
    async fn steps_come_in_order_and_the_stream_ends_with_the_operation() {
        use StepState::{Done, Pending, Running};
        let (tell, watch) = watch::channel(operation(OperationState::Applying, &[Running, Pending]));
        let mut stream = Box::pin(events(watch, Until::End, 0));
        let first = stream.next().await.unwrap();
        assert_eq!(first.matches("event: step").count(), 2);
        assert!(first.contains("id: 3\nevent: state\ndata: {\"state\":\"applying\"}"), "{first}");
        tell.send_replace(operation(OperationState::Applying, &[Done, Running]));
        assert_eq!(stream.next().await.unwrap().matches("event: step").count(), 2);
        tell.send_replace(operation(OperationState::Committed, &[Done, Done]));
        let last = stream.next().await.unwrap();
        assert_eq!(last.matches("event: step").count(), 1, "{last}");
        assert!(last.contains("\"committed\""));
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn who_comes_back_is_told_only_what_is_new() {
        let now = operation(OperationState::Applying, &[StepState::Running]);
        let (_tell, watch) = watch::channel(now.clone());
        let mut stream = Box::pin(events(watch.clone(), Until::End, progress(&now)));
        assert_eq!(stream.next().await.unwrap(), "");
        let ended = operation(OperationState::Committed, &[StepState::Done]);
        let (_tell, watch) = watch::channel(ended.clone());
        let id = HeaderValue::try_from(progress(&ended).to_string()).unwrap();
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("last-event-id"), id)]);
        let status = |until| follow(watch.clone(), until, &headers, CancellationToken::new()).status();
        assert_eq!(status(Until::End), StatusCode::NO_CONTENT);
        assert_eq!(status(Until::Settled), StatusCode::OK, "it has not settled");
    }

    #[tokio::test]
    async fn who_waits_for_it_is_told_that_it_settled() {
        let ended = operation(OperationState::Committed, &[StepState::Done]);
        let (tell, watch) = watch::channel(ended.clone());
        let mut stream = Box::pin(events(watch, Until::Settled, 0));
        let first = stream.next().await.unwrap();
        assert!(first.contains("\"committed\"") && !first.contains("event: settled"), "{first}");
        let at = ended.started_at.clone();
        let settled = Some(domain::Settled { at, evidence: "3 looks".into() });
        tell.send_replace(Arc::new(Operation { settled, ..(*ended).clone() }));
        let last = stream.next().await.unwrap();
        assert!(last.starts_with("id: 9\nevent: settled\ndata: {") && last.contains("3 looks"), "{last}");
        assert!(stream.next().await.is_none());
        // Who comes late is told both at once.
        let both = events(watch::channel(tell.borrow().clone()).1, Until::End, 0).collect::<String>().await;
        assert_eq!(
            (both.matches("event: state").count(), both.matches("event: settled").count()),
            (1, 1),
            "{both}"
        );
    }
}
