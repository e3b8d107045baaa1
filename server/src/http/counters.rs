//! What the server counts about itself.
use http::{Method, StatusCode};
use operations::Durations;
use std::{sync::atomic::AtomicU64, time::Duration, time::SystemTime};

/// The pattern of the path that a router found for a call, such as `/ni_status/providers/{name}`. On an answer.
#[derive(Clone, Debug)]
pub struct Route(pub String);

/// What answers belong to that no router has seen: refused before, or at no path that there is.
const NO_ROUTE: &str = "none";

/// Answers, and refused sign-ins, since the server started.
#[derive(Debug)]
pub struct Counters {
    /// By method, route and status, until the head of the answer.
    pub answers: Durations<(&'static str, String, u16)>,
    pub refused_sign_ins: AtomicU64,
    pub started: SystemTime,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            answers: Durations::default(),
            refused_sign_ins: AtomicU64::new(0),
            started: SystemTime::now(),
        }
    }
}

impl Counters {
    /// Counts one answer.
    pub fn answered(&self, method: &Method, route: Option<Route>, status: StatusCode, took: Duration) {
        let route = route.map_or_else(|| NO_ROUTE.to_owned(), |Route(route)| route);
        self.answers.note((known(method), route, status.as_u16()), took);
    }
}

/// A caller may make methods up.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_make_up_does_not_make_the_page_longer() {
        let counters = Counters::default();
        for number in 0..100 {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            counters.answered(&method, None, StatusCode::METHOD_NOT_ALLOWED, Duration::ZERO);
        }
        let answers = counters.answers.read();
        assert_eq!(answers.keys().collect::<Vec<_>>(), [&("other", NO_ROUTE.to_owned(), 405)]);
        assert_eq!(answers.values().next().unwrap().count, 100);
    }
}
