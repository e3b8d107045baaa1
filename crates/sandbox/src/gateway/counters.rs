//! Envoy's statistics in Prometheus text, under the names that Higress shows at `:15020/stats/prometheus`.
use crate::listen::{Entered, Gauge};
use http::StatusCode;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Envoy's default histogram buckets, in milliseconds.
const BUCKETS: &[f64] = &[
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1000.0,
    2500.0,
    5000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

/// A listener of the gateway, by its `http_conn_manager_prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listener {
    Traffic,
    /// The metrics page itself: part of Envoy's totals, not of the traffic.
    Stats,
}

impl Listener {
    fn label(self) -> &'static str {
        match self {
            Self::Traffic => r#"{http_conn_manager_prefix="outbound_0.0.0.0_8080"}"#,
            Self::Stats => r#"{http_conn_manager_prefix="stats"}"#,
        }
    }

    fn with_class(self, class: u16) -> String {
        let label = self.label().trim_start_matches('{');
        format!(r#"{{response_code_class="{class}xx",{label}"#)
    }
}

/// Whose tokens are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AiLabels {
    pub(super) route: String,
    pub(super) cluster: String,
    pub(super) model: String,
    pub(super) consumer: String,
}

impl AiLabels {
    fn text(&self) -> String {
        format!(
            r#"{{ai_route="{}",ai_cluster="{}",ai_model="{}",ai_consumer="{}"}}"#,
            escape(&self.route),
            escape(&self.cluster),
            escape(&self.model),
            escape(&self.consumer)
        )
    }
}

/// One answer with `usage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AiAnswer {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) total: u64,
    /// The whole call.
    pub(super) duration: Duration,
    /// Until the first bytes; for streams only.
    pub(super) first_token: Option<Duration>,
}

#[derive(Debug, Default)]
struct Histogram {
    sum: f64,
    /// How many were at most as long as each bucket's limit; the last one has none.
    counts: Vec<u64>,
}

impl Histogram {
    fn add(&mut self, milliseconds: f64) {
        self.counts.resize(BUCKETS.len() + 1, 0);
        self.sum += milliseconds;
        let first = BUCKETS.iter().position(|limit| milliseconds <= *limit).unwrap_or(BUCKETS.len());
        for count in self.counts.iter_mut().skip(first) {
            *count += 1;
        }
    }

    fn lines(&self, cluster: &str) -> Vec<String> {
        const METRIC: &str = "envoy_cluster_upstream_rq_time";
        let limits = BUCKETS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        let mut lines: Vec<String> = limits
            .zip(&self.counts)
            .map(|(limit, count)| {
                format!(r#"{METRIC}_bucket{{cluster_name="{cluster}",le="{limit}"}} {count}"#)
            })
            .collect();
        let count = self.counts.last().copied().unwrap_or(0);
        lines.push(format!(r#"{METRIC}_sum{{cluster_name="{cluster}"}} {}"#, self.sum));
        lines.push(format!(r#"{METRIC}_count{{cluster_name="{cluster}"}} {count}"#));
        lines
    }
}

#[derive(Debug, Default)]
struct Series {
    /// Metric, then labels.
    counters: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// By cluster.
    upstream_time: BTreeMap<String, Histogram>,
}

impl Series {
    fn add(&mut self, metric: &'static str, labels: String, amount: u64) {
        *self.counters.entry(metric).or_default().entry(labels).or_default() += amount;
    }
}

/// All numbers of one gateway.
#[derive(Debug, Default)]
pub(super) struct Counters {
    series: Mutex<Series>,
    connections: Gauge,
    stats_connections: Gauge,
    active: Gauge,
}

impl Counters {
    fn series(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Open connections of clients.
    pub(super) fn connections(&self) -> Gauge {
        self.connections.clone()
    }

    /// Open connections of whoever reads the metrics.
    pub(super) fn stats_connections(&self) -> Gauge {
        self.stats_connections.clone()
    }

    /// A request of a client began; it is active until the guard is dropped.
    pub(super) fn traffic_started(&self) -> Entered {
        self.series().add("envoy_http_downstream_rq_total", Listener::Traffic.label().to_owned(), 1);
        self.active.enter()
    }

    /// A read of the metrics began.
    pub(super) fn stats_started(&self) {
        self.series().add("envoy_http_downstream_rq_total", Listener::Stats.label().to_owned(), 1);
    }

    pub(super) fn answered(&self, listener: Listener, status: StatusCode) {
        self.series().add("envoy_http_downstream_rq", listener.with_class(status.as_u16() / 100), 1);
    }

    /// A service answered. `cluster` is in istio's form, with bars.
    pub(super) fn upstream(&self, cluster: &str, status: StatusCode, took: Duration) {
        let name = escape(&cluster.replace('|', "_"));
        let mut series = self.series();
        series.add("envoy_cluster_upstream_rq_total", format!(r#"{{cluster_name="{name}"}}"#), 1);
        let class = status.as_u16() / 100;
        let labels = format!(r#"{{response_code_class="{class}xx",cluster_name="{name}"}}"#);
        series.add("envoy_cluster_upstream_rq", labels, 1);
        series.upstream_time.entry(name).or_default().add(took.as_secs_f64() * 1000.0);
    }

    /// A model answered with `usage`.
    pub(super) fn ai(&self, labels: &AiLabels, answer: &AiAnswer) {
        let milliseconds = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let labels = labels.text();
        let mut series = self.series();
        let mut add = |metric, amount| series.add(metric, labels.clone(), amount);
        add("route_upstream_model_consumer_metric_input_token", answer.input);
        add("route_upstream_model_consumer_metric_output_token", answer.output);
        add("route_upstream_model_consumer_metric_total_token", answer.total);
        add("route_upstream_model_consumer_metric_llm_service_duration", milliseconds(answer.duration));
        add("route_upstream_model_consumer_metric_llm_duration_count", 1);
        if let Some(first) = answer.first_token {
            add("route_upstream_model_consumer_metric_llm_first_token_duration", milliseconds(first));
            add("route_upstream_model_consumer_metric_llm_stream_duration_count", 1);
        }
    }

    /// Everything but the gauges starts at zero.
    pub(super) fn reset(&self) {
        *self.series() = Series::default();
    }

    /// The whole page.
    pub(super) fn page(&self) -> String {
        let gauge = |metric: &str, listener: Listener, gauge: &Gauge| {
            format!("{metric}{} {}", listener.label(), gauge.get())
        };
        let mut lines = vec![
            "# TYPE envoy_http_downstream_cx_active gauge".to_owned(),
            gauge("envoy_http_downstream_cx_active", Listener::Traffic, &self.connections),
            gauge("envoy_http_downstream_cx_active", Listener::Stats, &self.stats_connections),
            "# TYPE envoy_http_downstream_rq_active gauge".to_owned(),
            gauge("envoy_http_downstream_rq_active", Listener::Traffic, &self.active),
        ];
        let mut series = self.series();
        for listener in [Listener::Traffic, Listener::Stats] {
            series.add("envoy_http_downstream_rq_total", listener.label().to_owned(), 0);
        }
        for (metric, values) in &series.counters {
            lines.push(format!("# TYPE {metric} counter"));
            lines.extend(values.iter().map(|(labels, value)| format!("{metric}{labels} {value}")));
        }
        if !series.upstream_time.is_empty() {
            lines.push("# TYPE envoy_cluster_upstream_rq_time histogram".to_owned());
        }
        lines.extend(series.upstream_time.iter().flat_map(|(cluster, histogram)| histogram.lines(cluster)));
        lines.push(String::new());
        lines.join("\n")
    }
}

/// A label value in Prometheus text.
fn escape(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_and_stats_are_told_apart_and_reset_keeps_gauges() {
        let counters = Counters::default();
        let open = counters.connections().enter();
        let active = counters.traffic_started();
        counters.stats_started();
        counters.stats_started();
        counters.answered(Listener::Traffic, StatusCode::NOT_FOUND);
        let page = counters.page();
        for expected in [
            r#"envoy_http_downstream_rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#,
            r#"envoy_http_downstream_rq_total{http_conn_manager_prefix="stats"} 2"#,
            r#"envoy_http_downstream_rq{response_code_class="4xx",http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#,
            r#"envoy_http_downstream_cx_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#,
            r#"envoy_http_downstream_rq_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#,
        ] {
            assert!(page.lines().any(|line| line == expected), "{expected} in\n{page}");
        }
        counters.reset();
        drop(active);
        let page = counters.page();
        assert!(page.contains(r#"rq_total{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 0"#), "{page}");
        assert!(page.contains(r#"cx_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 1"#), "{page}");
        assert!(page.contains(r#"rq_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 0"#), "{page}");
        drop(open);
        assert!(counters.page().contains(r#"cx_active{http_conn_manager_prefix="outbound_0.0.0.0_8080"} 0"#));
    }

    #[test]
    fn upstream_times_are_cumulative_and_labels_escaped() {
        let counters = Counters::default();
        counters.upstream("outbound|443||a.dns", StatusCode::OK, Duration::from_millis(3));
        counters.upstream("outbound|443||a.dns", StatusCode::BAD_GATEWAY, Duration::from_millis(30));
        let labels = AiLabels {
            route: "r".to_owned(),
            cluster: "c".to_owned(),
            model: "a\"b\\c\n".to_owned(),
            consumer: "none".to_owned(),
        };
        let answer =
            AiAnswer { input: 1, output: 2, total: 3, duration: Duration::from_millis(7), first_token: None };
        counters.ai(&labels, &answer);
        let page = counters.page();
        for expected in [
            r#"envoy_cluster_upstream_rq_total{cluster_name="outbound_443__a.dns"} 2"#,
            r#"envoy_cluster_upstream_rq{response_code_class="5xx",cluster_name="outbound_443__a.dns"} 1"#,
            r#"envoy_cluster_upstream_rq_time_bucket{cluster_name="outbound_443__a.dns",le="1"} 0"#,
            r#"envoy_cluster_upstream_rq_time_bucket{cluster_name="outbound_443__a.dns",le="5"} 1"#,
            r#"envoy_cluster_upstream_rq_time_bucket{cluster_name="outbound_443__a.dns",le="+Inf"} 2"#,
            r#"envoy_cluster_upstream_rq_time_count{cluster_name="outbound_443__a.dns"} 2"#,
            r#"envoy_cluster_upstream_rq_time_sum{cluster_name="outbound_443__a.dns"} 33"#,
            r#"route_upstream_model_consumer_metric_total_token{ai_route="r",ai_cluster="c",ai_model="a\"b\\c\n",ai_consumer="none"} 3"#,
        ] {
            assert!(page.lines().any(|line| line == expected), "{expected} in\n{page}");
        }
        assert!(!page.contains("first_token"), "{page}");
    }
}
