//! The page for Prometheus, read as strictly as Prometheus would, and the dashboard that is made from it.
use crate::support::{JSON, World};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// A family of samples as the page tells it.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    /// Name, labels, value.
    samples: Vec<(String, Labels, f64)>,
}

/// Names and values, in their order.
type Labels = Vec<(String, String)>;

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Reads a page; anything that the format does not allow is a panic.
fn families(page: &str) -> BTreeMap<String, Family> {
    assert!(page.ends_with('\n'));
    let mut all = BTreeMap::<String, Family>::new();
    let mut of = String::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name) && help.ends_with('.'), "{line}");
            assert!(all.insert(name.to_owned(), Family::default()).is_none(), "{name} comes twice");
            of = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, of, "the type stands behind the help");
            kind.clone_into(&mut all.get_mut(name).unwrap().kind);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels_of(labels.strip_suffix('}').unwrap());
            all.get_mut(&of).unwrap().samples.push((name.to_owned(), labels, value.parse().unwrap()));
        }
    }
    all
}

fn labels_of(text: &str) -> Labels {
    let (mut labels, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(is_name(name.trim_start_matches(',')), "{text}");
        let end = after.char_indices().find(|(at, c)| *c == '"' && !after[..*at].ends_with('\\')).unwrap().0;
        labels.push((name.trim_start_matches(',').to_owned(), after[..end].to_owned()));
        rest = &after[end + 1..];
    }
    labels
}

/// The rules of names and of each kind.
fn check(name: &str, family: &Family) {
    let series: BTreeSet<_> = family.samples.iter().map(|(name, labels, _)| (name, labels)).collect();
    assert_eq!(series.len(), family.samples.len(), "{name} has a series twice");
    match family.kind.as_str() {
        "counter" => assert!(name.ends_with("_total"), "{name}"),
        "gauge" => assert!(!name.ends_with("_total") && !name.ends_with("_percent"), "{name}"),
        "histogram" => check_histogram(name, family),
        other => panic!("{name} is a {other}"),
    }
    if family.kind != "histogram" {
        assert!(family.samples.iter().all(|(sample, _, _)| sample == name), "{name}");
        assert!(!family.samples.is_empty(), "{name} has no sample");
    }
}

fn check_histogram(name: &str, family: &Family) {
    assert!(name.ends_with("_seconds"), "{name}");
    let mut buckets = BTreeMap::<Labels, Vec<(f64, f64)>>::new();
    let mut counts = BTreeMap::new();
    for (sample, labels, value) in &family.samples {
        match sample.strip_prefix(name).unwrap() {
            "_bucket" => {
                let (le, others) = labels.split_last().unwrap();
                assert_eq!(le.0, "le", "{sample}");
                let bound = if le.1 == "+Inf" { f64::INFINITY } else { le.1.parse().unwrap() };
                buckets.entry(others.to_vec()).or_default().push((bound, *value));
            }
            "_count" => drop(counts.insert(labels.clone(), *value)),
            "_sum" => assert!(*value >= 0.0),
            other => panic!("{name}{other}"),
        }
    }
    assert!(!buckets.is_empty(), "{name} has no sample");
    for (labels, buckets) in buckets {
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?}: {buckets:?}");
        assert_eq!(buckets.last().map(|(bound, _)| *bound), Some(f64::INFINITY));
        assert_eq!(
            buckets.last().map(|(_, count)| *count),
            counts.get(&labels).copied(),
            "{name} {labels:?}"
        );
    }
}

/// The page after a change, a failed one, a wrong password and a path that is not there.
async fn page() -> String {
    let world = World::start().await;
    let set = r#"{"provider":"moonshot","model":"kimi-k2.5"}"#;
    assert!(world.admin("PUT", "/ni_status/assignment/workers/alice", set).await.status.is_success());
    assert!(
        world.admin("POST", "/ni_status/test-provider", r#"{"provider":"qwen"}"#).await.status.is_success()
    );
    world.call("GET", "/ni_status/session", &[("authorization", "Basic eDp5"), JSON], "").await;
    world.admin("GET", "/nowhere", "").await;
    world.call("BREW", "/nowhere", &[], "").await;
    while !world.operations.metrics().await.unavailable.is_empty() {
        tokio::task::yield_now().await;
    }
    world.admin("GET", "/metrics", "").await.text
}

/// How often a series of a histogram was noted.
fn count(families: &BTreeMap<String, Family>, name: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted: Labels =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let counted = format!("{name}_count");
    let found =
        families[name].samples.iter().find(|(sample, labels, _)| *sample == counted && *labels == wanted);
    found.map_or(0.0, |(_, _, value)| *value)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_well_formed_and_counts_what_was_done() {
    let families = families(&page().await);
    for (name, family) in &families {
        check(name, family);
    }
    let http = |method, route, status| {
        count(
            &families,
            "agm_http_request_duration_seconds",
            &[("method", method), ("route", route), ("status", status)],
        )
    };
    assert_eq!(http("PUT", "/ni_status/assignment/workers/{name}", "200"), 1.0);
    assert_eq!(
        (http("GET", "none", "401"), http("GET", "none", "404"), http("other", "none", "401")),
        (1.0, 1.0, 1.0)
    );
    let switches = count(
        &families,
        "agm_operation_duration_seconds",
        &[("kind", "set_model"), ("outcome", "committed")],
    );
    assert_eq!(switches, 1.0);
    for system in ["console", "store", "gateway", "provider"] {
        let calls =
            count(&families, "agm_upstream_call_duration_seconds", &[("system", system), ("outcome", "ok")]);
        assert!(calls >= 1.0, "{system}");
    }
    let figure = |name: &str| families[name].samples[0].2;
    assert_eq!((figure("agm_sign_ins_refused_total"), figure("agm_operations_in_progress")), (1.0, 0.0));
    assert_eq!((figure("agm_backups"), figure("agm_build_info")), (1.0, 1.0));
    assert!(figure("agm_data_directory_bytes") > 1000.0 && figure("process_resident_memory_bytes") > 1e6);
}

/// The names in an expression of Prometheus that are not its own.
fn metrics_in(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("agm_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

fn expressions(panel: &Value) -> Vec<&str> {
    let targets = panel["targets"].as_array().unwrap();
    targets.iter().map(|target| target["expr"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_what_there_is_and_all_of_it() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let families = families(&page().await);
    let mut series = BTreeSet::new();
    for (name, family) in &families {
        series.extend(family.samples.iter().map(|(sample, _, _)| sample.clone()));
        series.insert(name.clone());
    }
    let (mut shown, mut ids, mut places) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let panels = dashboard["panels"].as_array().unwrap();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(places.insert(panel["gridPos"].to_string()), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        for expression in expressions(panel) {
            let named = metrics_in(expression);
            assert!(!named.is_empty(), "{expression}");
            assert!(
                named.is_subset(&series),
                "{expression}: {:?}",
                named.difference(&series).collect::<Vec<_>>()
            );
            shown.extend(named);
        }
    }
    let is_shown = |name: &&String| shown.iter().any(|used| used.starts_with(name.as_str()));
    let hidden: Vec<_> = families.keys().filter(|name| !is_shown(name)).collect();
    assert_eq!(hidden, Vec::<&String>::new());
}
