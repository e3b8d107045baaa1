//! The gateway's Prometheus page: the few figures that we need of it.
use std::collections::BTreeMap;

/// A counter of the requests that Envoy took, by listener.
const REQUESTS: &str = "envoy_http_downstream_rq_total";
/// A gauge of the connections that are open, by listener.
const CONNECTIONS: &str = "envoy_http_downstream_cx_active";
/// Listeners that carry traffic; the others serve Envoy's own pages.
const TRAFFIC: &str = "outbound_0.0.0.0_";

/// One reading of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Requests since the gateway started, by series.
    pub requests: BTreeMap<String, f64>,
    /// None: the page has no such gauge.
    pub connections: Option<f64>,
}

/// Reads the page's text. Lines that are not understood are passed over.
pub fn read(page: &str) -> Reading {
    let mut reading = Reading::default();
    for (name, labels, value) in page.lines().filter_map(sample) {
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
}
