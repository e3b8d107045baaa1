//! The gateway's Prometheus page: the few figures that we need of it.
use super::usage::Counted;
use std::collections::BTreeMap;

/// A counter of the requests that Envoy took, by listener.
const REQUESTS: &str = "envoy_http_downstream_rq_total";
/// A gauge of the connections that are open, by listener.
const CONNECTIONS: &str = "envoy_http_downstream_cx_active";
/// Listeners that carry traffic; the others serve Envoy's own pages.
const TRAFFIC: &str = "outbound_0.0.0.0_";
/// What the ai-statistics plugin counts begins like this: answered calls that reported their tokens, by route, upstream,
/// model and consumer.
const AI: &str = "route_upstream_model_consumer_metric_";
/// What its label of the consumer says of a route that asks for no key.
const NOBODY: &str = "none";
/// A label that is longer is nobody's name.
const MAX_LABEL: usize = 256;

/// One reading of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Requests since the gateway started, by series.
    pub requests: BTreeMap<String, f64>,
    /// None: the page has no such gauge.
    pub connections: Option<f64>,
    /// What was used since the gateway started.
    pub used: Counted,
}

/// Reads the page's text. Lines that are not understood are passed over.
pub fn read(page: &str) -> Reading {
    let mut reading = Reading::default();
    for (name, labels, value) in page.lines().filter_map(sample) {
        if let Some(counter) = name.strip_prefix(AI) {
            count_used(&mut reading.used, counter, labels, value);
            continue;
        }
        let listener = labels.split("http_conn_manager_prefix=\"").nth(1).unwrap_or_default();
        if !listener.starts_with(TRAFFIC) {
            continue;
        }
        match name {
            REQUESTS => {
                reading.requests.insert(labels.to_owned(), value);
            }
            CONNECTIONS => *reading.connections.get_or_insert(0.0) += value,
            _ => {}
        }
    }
    reading
}

/// How many requests came between two readings. A counter that fell was reset by a restart, so all it shows is new; so
/// is all of a series that was not there before.
pub fn requests_between(before: &Reading, after: &Reading) -> f64 {
    let delta = |(series, now): (&String, &f64)| match before.requests.get(series) {
        Some(then) if then <= now => now - then,
        _ => *now,
    };
    after.requests.iter().map(delta).sum()
}

/// Adds one of the plugin's counters to what its consumer used of its model, over all routes and upstreams.
fn count_used(used: &mut Counted, counter: &str, labels: &str, value: f64) {
    if !matches!(counter, "input_token" | "output_token" | "llm_duration_count") {
        return;
    }
    let named = |name| label(labels, name).filter(|value| value.len() <= MAX_LABEL);
    let (Some(model), Some(consumer)) = (named("ai_model"), named("ai_consumer")) else { return };
    let used = used.entry((model, Some(consumer).filter(|name| name != NOBODY))).or_default();
    let sum = match counter {
        "input_token" => &mut used.input_tokens,
        "output_token" => &mut used.output_tokens,
        _ => &mut used.requests,
    };
    *sum = sum.saturating_add(value.max(0.0) as u64);
}

/// The value of a label, of which the text may hold `\\`, `\"` and `\n`.
fn label(labels: &str, wanted: &str) -> Option<String> {
    let mut rest = labels;
    loop {
        let (name, after) = rest.split_once("=\"")?;
        let (value, left) = quoted(after)?;
        if name.trim_start_matches([',', ' ']) == wanted {
            return Some(value);
        }
        rest = left;
    }
}

/// A text up to its closing quotation mark, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            plain => value.push(plain),
        }
    }
}

fn sample(line: &str) -> Option<(&str, &str, f64)> {
    if line.starts_with('#') {
        return None;
    }
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once('}')?;
    let value: f64 = value.split_whitespace().next()?.parse().ok()?;
    value.is_finite().then_some((name, labels, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Used;

    const PAGE: &str = r#"# TYPE envoy_http_downstream_rq_total counter
envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 120
envoy_http_downstream_rq_total{http_conn_manager_prefix="admin"} 900
envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8443"} 5
envoy_http_downstream_cx_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 3
envoy_http_downstream_cx_active{http_conn_manager_prefix="stats"} 7
nonsense
envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_1"} NaN
"#;

    #[test]
    fn only_listeners_with_traffic_count() {
        let reading = read(PAGE);
        assert_eq!(reading.connections, Some(3.0));
        assert_eq!(reading.requests.values().sum::<f64>(), 125.0);
        assert_eq!(read("").connections, None);
    }

    #[test]
    fn a_restart_of_the_gateway_is_no_negative_traffic() {
        let before = read(PAGE);
        let after = read(&PAGE.replace(" 120", " 2").replace(" 5", " 9"));
        assert_eq!(requests_between(&before, &after), 2.0 + 4.0);
        assert_eq!(requests_between(&Reading::default(), &before), 125.0);
    }

    #[test]
    fn tokens_are_summed_by_model_and_consumer() {
        let line = |counter: &str, route: &str, model: &str, consumer: &str, value: u64| {
            format!(
                r#"{AI}{counter}{{ai_route="{route}",ai_cluster="c",ai_model="{model}",ai_consumer="{consumer}"}} {value}"#
            )
        };
        let odd = r#"a\"b\\,ai_consumer=\"#;
        let long = "x".repeat(MAX_LABEL + 1);
        let page = [
            line("input_token", "one", "qwen-max", "manager", 10),
            line("input_token", "two", "qwen-max", "manager", 5),
            line("output_token", "one", "qwen-max", "manager", 7),
            line("llm_duration_count", "one", "qwen-max", "manager", 2),
            line("llm_service_duration", "one", "qwen-max", "manager", 900),
            line("output_token", "one", odd.strip_suffix('\\').unwrap(), "none", 3),
            line("output_token", "one", &long, "none", 3),
            format!("{AI}output_token{{ai_model=\"broken}} 3"),
        ];
        let used = read(&page.join("\n")).used;
        let manager = Used { requests: 2, input_tokens: 15, output_tokens: 7 };
        let nobody = Used { output_tokens: 3, ..Used::default() };
        let expected = [
            (("a\"b\\,ai_consumer=".to_owned(), None), nobody),
            (("qwen-max".to_owned(), Some("manager".to_owned())), manager),
        ];
        assert_eq!(used, Counted::from(expected));
    }
}
