//! Which route takes a request: pure rules of Higress's controller and of Envoy.
//!
//! Routes are grouped by exact host, and only the most specific host that fits is looked at. In a host the order is that
//! of `SortHTTPRoutes` in Higress's `pkg/ingress/kube/common/tool.go`.
use crate::live::{LiveRoute, Match};
use http::HeaderMap;
use regex::Regex;
use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// The header that carries a request's model, set by the model-router plugin.
pub(super) const MODEL_HEADER: &str = "x-higress-llm-model";

/// What is known of a request when its route is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The `Host` header; a port is ignored.
    pub host: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    /// Without the question mark.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
}

/// A route, ready to be compared.
#[derive(Debug)]
struct Rule {
    route: Arc<LiveRoute>,
    path: Pattern,
    headers: Vec<(String, Pattern)>,
    params: Vec<(String, Pattern)>,
}

#[derive(Debug)]
enum Pattern {
    Equal {
        text: String,
        fold: bool,
    },
    /// Any text with this beginning.
    Begins(String),
    /// This path and everything below it.
    Below {
        path: String,
        fold: bool,
    },
    Whole(Regex),
}

impl Pattern {
    /// For a header or a parameter.
    fn of(rule: &Match) -> Result<Self, regex::Error> {
        Ok(match rule {
            Match::Equal(text) => Self::Equal { text: text.clone(), fold: false },
            Match::Prefix(text) => Self::Begins(text.clone()),
            Match::Regex(text) => Self::Whole(Regex::new(&format!("^(?:{text})$"))?),
        })
    }

    /// For a path. A regular expression need only match its beginning (Higress appends `.*`), and takes no notice of
    /// case-insensitivity.
    fn of_path(rule: &Match, case_sensitive: bool) -> Result<Self, regex::Error> {
        let fold = !case_sensitive;
        Ok(match rule {
            Match::Equal(text) => Self::Equal { text: text.clone(), fold },
            Match::Prefix(text) => Self::Below { path: text.trim_end_matches('/').to_owned(), fold },
            Match::Regex(text) => Self::Whole(Regex::new(&format!("^(?:{text}.*)$"))?),
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equal { text: wanted, fold } => same(text, wanted, *fold),
            Self::Begins(prefix) => text.starts_with(prefix.as_str()),
            Self::Below { path, fold } => {
                let Some((start, rest)) = text.split_at_checked(path.len()) else { return false };
                same(start, path, *fold) && (rest.is_empty() || rest.starts_with('/'))
            }
            Self::Whole(regex) => regex.is_match(text),
        }
    }
}

fn same(a: &str, b: &str, fold: bool) -> bool {
    if fold { a.eq_ignore_ascii_case(b) } else { a == b }
}

impl Rule {
    fn of(route: &Arc<LiveRoute>) -> Result<Self, regex::Error> {
        let compile = |(name, rule): &(String, Match)| Ok((name.clone(), Pattern::of(rule)?));
        Ok(Self {
            path: Pattern::of_path(&route.path, route.path_case_sensitive)?,
            headers: route.headers.iter().map(compile).collect::<Result<_, _>>()?,
            params: route.params.iter().map(compile).collect::<Result<_, _>>()?,
            route: route.clone(),
        })
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        let methods = &self.route.methods;
        self.path.matches(asked.path)
            && (methods.is_empty() || methods.iter().any(|method| method.eq_ignore_ascii_case(asked.method)))
            && self.headers.iter().all(|(name, pattern)| {
                header(asked.headers, name).is_some_and(|value| pattern.matches(&value))
            })
            && self.params.iter().all(|(name, pattern)| {
                let mut params = url::form_urlencoded::parse(asked.query.as_bytes());
                params.find(|(key, _)| key == name).is_some_and(|(_, value)| pattern.matches(&value))
            })
    }
}

/// All values of a header, joined as Envoy joins them.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    if values.is_empty() { None } else { Some(values.join(",")) }
}

/// The routes of every host, best first.
#[derive(Debug, Default)]
pub struct RouteTable {
    hosts: BTreeMap<String, Vec<Rule>>,
    by_model: bool,
}

impl RouteTable {
    /// Sorts the routes, which must come oldest first. A younger route with the conditions of an older one on the same
    /// host is dropped there, as is a route whose regular expression cannot be read.
    pub fn new<'a>(routes: impl IntoIterator<Item = &'a LiveRoute>) -> Self {
        let mut table = Self::default();
        let mut taken = HashSet::new();
        for route in routes {
            let route = Arc::new(route.clone());
            table.by_model |= route.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(MODEL_HEADER));
            let any = [String::new()];
            let hosts = if route.hosts.is_empty() { any.as_slice() } else { route.hosts.as_slice() };
            for host in hosts {
                let host = if host.is_empty() { "*".to_owned() } else { host.to_ascii_lowercase() };
                if !taken.insert((host.clone(), conditions(&route))) {
                    continue;
                }
                match Rule::of(&route) {
                    Ok(rule) => table.hosts.entry(host).or_default().push(rule),
                    Err(error) => tracing::warn!(%error, ingress = route.ingress, "a route is not served"),
                }
            }
        }
        for rules in table.hosts.values_mut() {
            rules.sort_by(|a, b| precedence(&a.route, &b.route));
        }
        table
    }

    /// Whether any route looks at the model, so that the model-router plugin is on.
    pub fn by_model(&self) -> bool {
        self.by_model
    }

    /// The route for a request: the first that fits, of the most specific host that fits, and of no other host.
    pub fn choose(&self, asked: &Asked<'_>) -> Option<&Arc<LiveRoute>> {
        let rules = self.host(asked.host)?;
        rules.iter().find(|rule| rule.matches(asked)).map(|rule| &rule.route)
    }

    /// An exact host, else the longest wildcard, else `*`.
    fn host(&self, host: &str) -> Option<&Vec<Rule>> {
        let host = without_port(host).to_ascii_lowercase();
        let exact = self.hosts.get(&host);
        let wildcard = || {
            let fits = |name: &str| {
                let end = name.strip_prefix('*');
                end.is_some_and(|end| end.is_empty() || (host.len() > end.len() && host.ends_with(end)))
            };
            self.hosts
                .iter()
                .filter(|(name, _)| fits(name))
                .max_by_key(|(name, _)| name.len())
                .map(|(_, r)| r)
        };
        exact.or_else(wildcard)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// What makes two routes of one host duplicates (`createRuleKey` in Higress's `ingressv1/controller.go`).
fn conditions(route: &LiveRoute) -> String {
    let sorted = |rules: &[(String, Match)]| {
        let mut rules: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
        rules.sort();
        rules
    };
    format!("{:?} {:?} {:?} {:?}", route.path, route.methods, sorted(&route.headers), sorted(&route.params))
}

/// `Less` comes first; `Equal` leaves the older one first.
fn precedence(a: &LiveRoute, b: &LiveRoute) -> Ordering {
    let (kind_a, length_a) = kind_and_length(&a.path);
    let (kind_b, length_b) = kind_and_length(&b.path);
    let rest = || {
        let key = |route: &LiveRoute| {
            let methods = route.methods.join("|").len();
            (methods == 0, methods, Reverse(route.headers.len()), Reverse(route.params.len()))
        };
        key(a).cmp(&key(b))
    };
    catches_all(a)
        .cmp(&catches_all(b))
        .then(kind_a.cmp(&kind_b))
        .then(length_b.cmp(&length_a))
        .then_with(rest)
}

/// Exact paths before prefixes before regular expressions, with the length of the path.
fn kind_and_length(path: &Match) -> (u8, usize) {
    match path {
        Match::Equal(text) => (0, text.len()),
        Match::Prefix(text) => (1, text.len()),
        Match::Regex(text) => (2, text.len()),
    }
}

/// A plain `/` without any other condition.
fn catches_all(route: &LiveRoute) -> bool {
    route.path == Match::Prefix("/".to_owned())
        && route.methods.is_empty()
        && route.headers.is_empty()
        && route.params.is_empty()
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;
