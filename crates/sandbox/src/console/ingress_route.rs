//! The route of an Ingress, as the console reads it back from the annotations.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::documents::{Ingress, IngressPath};
use super::ingress::{DISABLED, PREFIX, is_custom, is_custom_label};
use super::jackson::{blank, split};
use super::route::{
    Cors, Header, HeaderControl, HeaderStage, KeyedPredicate, MatchType, Predicate, Retry, Rewrite, Route,
    Upstream,
};

fn get<'a>(annotations: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    annotations.get(&format!("{PREFIX}{key}")).map(String::as_str)
}

fn get_function<'a>(annotations: &'a BTreeMap<String, String>, enabled: bool, key: &str) -> Option<&'a str> {
    if enabled {
        get(annotations, key)
    } else {
        annotations.get(&format!("{DISABLED}{PREFIX}{key}")).map(String::as_str)
    }
}

/// The route of an Ingress, without its authorisation, which stands elsewhere.
pub(super) fn to_route(name: &str, version: String, ingress: &Ingress) -> Route {
    let notes = &ingress.annotations;
    let custom = |map: &BTreeMap<String, String>, keep: &dyn Fn(&str) -> bool| -> Map<String, Value> {
        map.iter()
            .filter(|(key, _)| keep(key))
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect()
    };
    let (headers, url_params) = predicates(notes);
    Route {
        name: Some(name.to_owned()),
        version: Some(version),
        domains: Some(ingress.hosts.iter().flatten().cloned().collect()),
        path: ingress.path.as_ref().map(|path| get_path(notes, path)),
        methods: get(notes, "match-method")
            .filter(|methods| !blank(Some(methods)))
            .map(|methods| words(methods, ' ')),
        headers,
        url_params,
        // Without a path the console does not look for a destination.
        services: get(notes, "destination")
            .filter(|_| ingress.path.is_some())
            .map(|text| text.lines().filter_map(upstream).collect()),
        rewrite: get_rewrite(notes),
        proxy_next_upstream: get_retry(notes),
        cors: Some(get_cors(notes)),
        header_control: get_header_control(notes),
        custom_configs: Some(custom(notes, &is_custom)),
        custom_labels: Some(custom(&ingress.labels, &is_custom_label)),
        readonly: Some(false),
        ..Route::default()
    }
}

fn words(text: &str, separator: char) -> Vec<String> {
    split(text, separator).into_iter().map(str::to_owned).collect()
}

fn get_path(notes: &BTreeMap<String, String>, path: &IngressPath) -> Predicate {
    let kind = match path.exact {
        true => MatchType::Equal,
        false if get(notes, "use-regex") == Some("true") => MatchType::Regular,
        false => MatchType::Pre,
    };
    Predicate {
        match_type: Some(kind.as_str().to_owned()),
        match_value: Some(path.value.clone()),
        case_sensitive: get(notes, "ignore-path-case").map(|ignore| ignore != "true"),
    }
}

type Predicates = Option<Vec<KeyedPredicate>>;

fn predicates(notes: &BTreeMap<String, String>) -> (Predicates, Predicates) {
    let (mut headers, mut parameters) = (Vec::new(), Vec::new());
    for (note, value) in notes {
        let Some(note) = note.strip_prefix(PREFIX) else { continue };
        let keyed = |keyword: &str, mark: &str| {
            let (kind, key) = note.split_once(keyword)?;
            let kind = match kind {
                "exact" => Some(MatchType::Equal),
                "prefix" => Some(MatchType::Pre),
                "regex" => Some(MatchType::Regular),
                _ => None,
            };
            let predicate = Predicate {
                match_type: kind.map(|kind| kind.as_str().to_owned()),
                match_value: Some(value.clone()),
                case_sensitive: None,
            };
            Some(KeyedPredicate { key: Some(format!("{mark}{key}")), predicate })
        };
        if let Some(header) = keyed("-match-header-", "").or_else(|| keyed("-match-pseudo-header-", ":")) {
            headers.push(header);
        } else if let Some(parameter) = keyed("-match-query-", "") {
            parameters.push(parameter);
        }
    }
    let some = |list: Vec<KeyedPredicate>| Some(list).filter(|list| !list.is_empty());
    (some(headers), some(parameters))
}

/// One line of a destination: `[weight% ]host[:port][ version]`.
fn upstream(line: &str) -> Option<Upstream> {
    let mut fields = line.split(' ').filter(|field| !field.is_empty()).peekable();
    let weight = match fields.peek()?.strip_suffix('%') {
        Some(weight) => {
            fields.next();
            weight.parse().ok()?
        }
        None => 100,
    };
    let address = fields.next()?;
    let (name, port) = match address.rsplit_once(':').map(|(name, port)| (name, port.parse::<i32>())) {
        Some((name, Ok(port))) if (1..65536).contains(&port) => (name, Some(port)),
        Some((_, Ok(port))) => (address, Some(port)),
        _ => (address, None),
    };
    let version = fields.next().map(str::to_owned);
    Some(Upstream { name: Some(name.to_owned()), port, version, weight: Some(weight) })
}

fn get_rewrite(notes: &BTreeMap<String, String>) -> Option<Rewrite> {
    let raw = get(notes, "enable-rewrite");
    let enabled = raw.is_none_or(|raw| raw.is_empty() || raw == "true");
    let path = get_function(notes, enabled, "rewrite-path").filter(|path| !path.is_empty());
    let path = path.or_else(|| get_function(notes, enabled, "rewrite-target"));
    let host = get_function(notes, enabled, "upstream-vhost");
    (!blank(raw) || !blank(path) || !blank(host)).then(|| Rewrite {
        enabled: Some(enabled),
        path: path.map(str::to_owned),
        host: host.map(str::to_owned),
    })
}

fn get_retry(notes: &BTreeMap<String, String>) -> Option<Retry> {
    let raw = get(notes, "enable-proxy-next-upstream");
    let enabled = raw.is_none_or(|raw| raw.is_empty() || raw == "true");
    let [tries, timeout, conditions] =
        ["proxy-next-upstream-tries", "proxy-next-upstream-timeout", "proxy-next-upstream"]
            .map(|key| get_function(notes, enabled, key));
    ([raw, tries, timeout, conditions].iter().any(|text| !blank(*text))).then(|| Retry {
        enabled: Some(enabled),
        attempts: tries.and_then(|tries| tries.parse().ok()),
        timeout: timeout.and_then(|timeout| timeout.parse().ok()),
        conditions: conditions
            .filter(|conditions| !conditions.is_empty())
            .map(|conditions| words(conditions, ',')),
    })
}

fn get_cors(notes: &BTreeMap<String, String>) -> Cors {
    let list = |key: &str| get(notes, key).filter(|text| !text.is_empty()).map(|text| words(text, ','));
    let flag = |key: &str| {
        get(notes, key).filter(|text| !text.is_empty()).map(|text| text.eq_ignore_ascii_case("true"))
    };
    Cors {
        enabled: flag("enable-cors"),
        allow_origins: list("cors-allow-origin"),
        allow_methods: list("cors-allow-methods"),
        allow_headers: list("cors-allow-headers"),
        expose_headers: list("cors-expose-headers"),
        max_age: get(notes, "cors-max-age").and_then(|age| age.parse().ok()),
        allow_credentials: flag("cors-allow-credentials"),
    }
}

fn get_header_control(notes: &BTreeMap<String, String>) -> Option<HeaderControl> {
    let enabled = get(notes, "enable-header-control").is_none_or(|raw| raw == "true");
    let request = get_header_stage(notes, "request", enabled);
    let response = get_header_stage(notes, "response", enabled);
    (request.is_some() || response.is_some()).then_some(HeaderControl {
        enabled: Some(enabled),
        request,
        response,
    })
}

fn get_header_stage(notes: &BTreeMap<String, String>, name: &str, enabled: bool) -> Option<HeaderStage> {
    let [add, set, remove] = ["add", "update", "remove"]
        .map(|action| get_function(notes, enabled, &format!("{name}-header-control-{action}")));
    if [add, set, remove].iter().all(|text| blank(*text)) {
        return None;
    }
    let headers = |text: Option<&str>| {
        text.filter(|text| !text.is_empty()).map(|text| split(text, '\n').into_iter().map(header).collect())
    };
    Some(HeaderStage {
        add: headers(add),
        set: headers(set),
        remove: remove.filter(|text| !text.is_empty()).map(|text| words(text, ',')),
    })
}

fn header(line: &str) -> Header {
    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
    Header { key: Some(key.to_owned()), value: Some(value.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::ingress::from_route;
    use super::*;
    use proptest::option::of;
    use proptest::prelude::*;

    prop_compose! {
        fn keyed()(kind in prop::sample::select(vec!["EQUAL", "PRE", "REGULAR"]), key in "[a-z-]{1,6}", value in "[a-z ]{0,4}")
        -> KeyedPredicate {
            let predicate = Predicate { match_type: Some(kind.to_owned()), match_value: Some(value), case_sensitive: None };
            KeyedPredicate { key: Some(key), predicate }
        }
    }

    prop_compose! {
        fn upstream_service()(name in "[a-z]{1,5}\\.(dns|static)", port in of(1..65536_i32), weight in of(0..100_i32))
        -> Upstream {
            Upstream { name: Some(name), port, version: None, weight }
        }
    }

    prop_compose! {
        fn route()(
            domains in of(prop::collection::vec("[a-z]{1,4}\\.com", 0..3)),
            headers in of(prop::collection::vec(keyed(), 0..4)),
            url_params in of(prop::collection::vec(keyed(), 0..3)),
            services in prop::collection::vec(upstream_service(), 1..4),
            enabled in of(any::<bool>()),
            timeout in of(1..500_i32),
            added in of(prop::collection::vec(("[a-z]{1,5}", "[a-z ]{0,5}"), 0..3)),
            origins in of(prop::collection::vec("[a-z]{1,4}", 0..3)),
        ) -> Route {
            let header = |(key, value)| Header { key: Some(key), value: Some(value) };
            let add = added.map(|added| added.into_iter().map(header).collect());
            Route {
                name: Some("r".to_owned()),
                domains, headers, url_params,
                services: Some(services),
                path: Some(Predicate { match_type: Some("PRE".to_owned()), match_value: Some("/".to_owned()), case_sensitive: enabled }),
                proxy_next_upstream: Some(Retry { enabled, timeout, ..Retry::default() }),
                header_control: Some(HeaderControl { enabled, request: Some(HeaderStage { add, ..HeaderStage::default() }), response: None }),
                cors: Some(Cors { enabled, allow_origins: origins, ..Cors::default() }),
                rewrite: Some(Rewrite { enabled, path: Some("/x".to_owned()), host: None }),
                ..Route::default()
            }
        }
    }

    proptest! {
        /// What one trip through an Ingress has left of a route, the next trip keeps.
        #[test]
        fn a_route_that_was_read_is_written_unchanged(route in route()) {
            let read = |ingress: &Ingress| to_route("r", "1".to_owned(), ingress);
            let once = read(&from_route(&route).expect("valid"));
            let twice = read(&from_route(&once).expect("valid"));
            prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn a_destination_is_read_with_and_without_its_parts() {
        let read =
            |line: &str| upstream(line).map(|u| (u.name.unwrap_or_default(), u.port, u.version, u.weight));
        assert_eq!(read("a.dns:80"), Some(("a.dns".to_owned(), Some(80), None, Some(100))));
        assert_eq!(read("30% a.dns v1"), Some(("a.dns".to_owned(), None, Some("v1".to_owned()), Some(30))));
        assert_eq!(read("x% a"), None);
        assert_eq!(read(""), None);
    }
}
