//! Faults that a test puts in the way of requests: what real consoles did to their clients.
use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

/// A release of the console whose behaviour a client can tell from another's.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub enum Release {
    /// What HiClaw's image contains: retries of 120 000 s by default, no `vllm`, deletions that delete nothing.
    V2_2_1,
    /// What was recorded.
    #[default]
    V2_2_4,
}

impl Release {
    /// As `/system/info` tells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_2_1 => "2.2.1",
            Self::V2_2_4 => "2.2.4",
        }
    }
}

/// Which requests a switch is about.
#[derive(Clone, Debug)]
pub struct RequestMatch {
    /// None: any.
    pub method: Option<Method>,
    /// Path whose segment `*` stands for any one segment, and whose last segment `**` for any rest.
    pub path: String,
}

impl RequestMatch {
    /// Requests of one method on a path such as `/v1/ai/routes/*`.
    pub fn new(method: Method, path: &str) -> Self {
        Self { method: Some(method), path: path.to_owned() }
    }

    /// Requests of any method on a path such as `/v1/**`.
    pub fn any(path: &str) -> Self {
        Self { method: None, path: path.to_owned() }
    }

    pub(super) fn matches(&self, request: &Request) -> bool {
        if self.method.as_ref().is_some_and(|method| method != request.method) {
            return false;
        }
        let mut segments = request.path.split('/');
        for wanted in self.path.split('/') {
            match (wanted, segments.next()) {
                ("**", _) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(segment)) if wanted == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

/// One request, as the switches know it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
}

/// An answer that the console would not give by itself.
#[derive(Clone, Debug)]
pub struct Canned {
    /// HTTP status.
    pub status: StatusCode,
    /// Value of `content-type`.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Canned {
    /// The console's error envelope.
    pub fn error(status: StatusCode, message: &str) -> Self {
        let body = serde_json::json!({"success": false, "message": message, "data": null}).to_string();
        Self { status, content_type: "application/json", body }
    }

    /// A web page where JSON is expected: a wrong port, a proxy's sign-in form.
    pub fn page(status: StatusCode) -> Self {
        let body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>".to_owned();
        Self { status, content_type: "text/html", body }
    }
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Effect {
    /// It is not carried out and answered with this.
    Answer(Canned),
    /// It is carried out and answered with this.
    AnswerAfter(Canned),
    /// It is not carried out, and the connection closes without an answer.
    Drop,
    /// It is carried out, and the connection closes without an answer.
    DropAfter,
    /// It is not carried out and never answered.
    Hang,
    /// It is carried out and never answered.
    HangAfter,
    /// It takes this much longer.
    Delay(Duration),
    /// It is carried out up to a call to the API server, which fails: half a write.
    StoreFails(StoreCall, Trouble),
    /// It is carried out and answered as usual, and then another writer's older copy overwrites what it wrote.
    Lose,
}

/// A fault for the next requests that match.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Which requests.
    pub requests: RequestMatch,
    /// How many of them; later ones are served as usual.
    pub times: u32,
    /// What happens to each.
    pub effect: Effect,
}

/// How a call to the API server fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody else wrote in between (409).
    Conflict,
    /// The store failed (500).
    Broken,
}

/// Kind of a call to the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreVerb {
    /// One document.
    Read,
    /// All documents of a kind.
    List,
    /// A new document.
    Create,
    /// A new content for a document.
    Replace,
    /// The end of a document.
    Delete,
}

/// A call to the API server that a request makes.
#[derive(Clone, Debug)]
pub struct StoreCall {
    /// Kind of call.
    pub verb: StoreVerb,
    /// `ingresses`, `configmaps`, `wasmplugins` or `mcpbridges`.
    pub plural: &'static str,
    /// Name of the document, such as `ai-proxy.internal`; none: any.
    pub name: Option<String>,
    /// How many calls of this kind go by before.
    pub skip: u32,
}

impl StoreCall {
    /// The first call of a kind on one document.
    pub fn first(verb: StoreVerb, plural: &'static str, name: &str) -> Self {
        Self { verb, plural, name: Some(name.to_owned()), skip: 0 }
    }

    /// True when this is the call: counts down the calls to skip.
    pub(super) fn reached(&mut self, verb: StoreVerb, plural: &str, name: &str) -> bool {
        let same = self.verb == verb
            && self.plural == plural
            && self.name.as_ref().is_none_or(|wanted| wanted == name);
        if same && self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Request {
        Request { method: Method::PUT, path: path.to_owned() }
    }

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        let one = RequestMatch::new(Method::PUT, "/v1/ai/routes/*");
        assert!(one.matches(&request("/v1/ai/routes/x")));
        assert!(!one.matches(&request("/v1/ai/routes")));
        assert!(!one.matches(&request("/v1/ai/routes/x/y")));
        let rest = RequestMatch::any("/v1/**");
        assert!(rest.matches(&request("/v1/ai/routes/x")));
        assert!(!rest.matches(&request("/system/info")));
        assert!(!RequestMatch::new(Method::GET, "/v1/**").matches(&request("/v1/x")));
    }
}
