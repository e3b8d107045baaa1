//! What the ai-statistics plugin reads of an answer while it passes: the `usage` that vendors report.
use super::counters::{AiAnswer, AiLabels, Counters};
use crate::listen::Entered;
use axum::body::{Body, BodyDataStream, Bytes};
use futures::{Stream, StreamExt as _};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use serde_json::Value;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

/// The longest event of a stream that is looked into.
const EVENT_LIMIT: usize = 1 << 20;

/// Counts the usage of one call.
pub(super) struct Meter {
    pub(super) counters: Arc<Counters>,
    /// The model is the one that was asked for, until the answer names one.
    pub(super) labels: AiLabels,
    pub(super) started: Instant,
}

impl Meter {
    /// Counts what this JSON reports. False: it has no usage.
    fn count(&self, json: &[u8], first_token: Option<Duration>) -> bool {
        let Ok(answer) = serde_json::from_slice::<Value>(json) else { return false };
        let usage = &answer["usage"];
        let Some(input) = usage["prompt_tokens"].as_u64() else { return false };
        let output = usage["completion_tokens"].as_u64().unwrap_or(0);
        let total = usage["total_tokens"].as_u64().unwrap_or(input + output);
        let mut labels = self.labels.clone();
        if let Some(model) = answer["model"].as_str() {
            model.clone_into(&mut labels.model);
        }
        let duration = self.started.elapsed();
        self.counters.ai(&labels, &AiAnswer { input, output, total, duration, first_token });
        true
    }

    /// Counts a whole answer.
    pub(super) fn whole(&self, body: &[u8]) {
        self.count(body, None);
    }

    /// Counts a stream of events as it passes.
    pub(super) fn stream(self, body: Body) -> Body {
        let stream =
            Metered { body: body.into_data_stream(), meter: Some(self), line: Vec::new(), first_token: None };
        Body::from_stream(stream)
    }
}

/// A body that is read on its way, without holding anything back.
struct Metered {
    body: BodyDataStream,
    /// None: counted.
    meter: Option<Meter>,
    line: Vec<u8>,
    first_token: Option<Duration>,
}

impl Metered {
    fn see(&mut self, chunk: &[u8]) {
        let Some(meter) = &self.meter else { return };
        self.first_token.get_or_insert_with(|| meter.started.elapsed());
        let mut counted = false;
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() <= EVENT_LIMIT {
                self.line.extend_from_slice(part);
            }
            if part.ends_with(b"\n") {
                if let Some(data) = self.line.strip_prefix(b"data:") {
                    counted |= meter.count(data, self.first_token);
                }
                self.line.clear();
            }
        }
        if counted {
            self.meter = None;
        }
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.body.poll_next_unpin(context));
        if let Some(Ok(chunk)) = &next {
            self.see(chunk);
        }
        Poll::Ready(next)
    }
}

/// A body that keeps its request counted as active until it has been sent or dropped.
pub(super) struct UntilSent {
    pub(super) body: Body,
    /// Dropped with the body.
    pub(super) _active: Entered,
}

impl HttpBody for UntilSent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
