use super::*;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

fn route(name: &str, path: Match) -> LiveRoute {
    LiveRoute {
        ingress: name.to_owned(),
        hosts: Vec::new(),
        path,
        path_case_sensitive: true,
        methods: Vec::new(),
        headers: Vec::new(),
        params: Vec::new(),
        backends: Vec::new(),
        fallback: None,
        allow: None,
        rewrite_path: None,
        add_headers: Vec::new(),
    }
}

fn prefix(name: &str, path: &str) -> LiveRoute {
    route(name, Match::Prefix(path.to_owned()))
}

fn on(host: &str, route: LiveRoute) -> LiveRoute {
    LiveRoute { hosts: vec![host.to_owned()], ..route }
}

fn for_model(rule: Match, route: LiveRoute) -> LiveRoute {
    LiveRoute { headers: vec![(MODEL_HEADER.to_owned(), rule)], ..route }
}

fn model(name: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(MODEL_HEADER), HeaderValue::try_from(name).unwrap());
    headers
}

fn ask<'a>(host: &'a str, path: &'a str, headers: &'a HeaderMap) -> Asked<'a> {
    Asked { host, method: "POST", path, query: "", headers }
}

fn chosen(routes: &[LiveRoute], asked: Asked<'_>) -> Option<String> {
    RouteTable::new(routes).choose(&asked).map(|route| route.ingress.clone())
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn a_model_predicate_beats_the_default_route_on_the_same_path_only() {
    let none = HeaderMap::new();
    let kimi = model("kimi-k2.5");
    let rule = || Match::Prefix("kimi-".to_owned());
    let same = [prefix("default", "/v1"), for_model(rule(), prefix("kimi", "/v1"))];
    assert_eq!(chosen(&same, ask("any", "/v1/chat/completions", &kimi)), some("kimi"));
    assert_eq!(chosen(&same, ask("any", "/v1/chat/completions", &model("glm-5"))), some("default"));
    assert_eq!(chosen(&same, ask("any", "/v1/models", &none)), some("default"));
    let shorter = [prefix("default", "/v1"), for_model(rule(), prefix("kimi", "/"))];
    assert_eq!(chosen(&shorter, ask("any", "/v1/chat/completions", &kimi)), some("default"));
    assert_eq!(chosen(&shorter, ask("any", "/other", &kimi)), some("kimi"));
}

#[test]
fn the_most_specific_host_alone_is_asked() {
    let headers = HeaderMap::new();
    let routes = [
        prefix("any", "/"),
        on("aigw-local.hiclaw.io", prefix("named", "/v1")),
        on("*.hiclaw.io", prefix("wild", "/")),
        on("*.io", prefix("wilder", "/")),
    ];
    let at = |host, path| chosen(&routes, ask(host, path, &headers));
    assert_eq!(at("aigw-local.hiclaw.io:8080", "/v1/x"), some("named"));
    assert_eq!(at("AIGW-local.hiclaw.io", "/v1/x"), some("named"));
    assert_eq!(
        at("aigw-local.hiclaw.io", "/other"),
        None,
        "neither `*` nor a wildcard is merged into a named host"
    );
    assert_eq!(at("fs.hiclaw.io", "/other"), some("wild"));
    assert_eq!(at("hiclaw.io", "/"), some("wilder"));
    assert_eq!(at("127.0.0.1:18080", "/v1/x"), some("any"));
    assert_eq!(at("", "/"), some("any"));
    assert_eq!(chosen(&routes[1..2], ask("127.0.0.1", "/v1", &headers)), None);
}

#[test]
fn a_prefix_ends_at_a_segment() {
    let headers = HeaderMap::new();
    let routes = [prefix("v1", "/v1")];
    for (path, fits) in
        [("/v1", true), ("/v1/", true), ("/v1/x", true), ("/v1beta", false), ("/V1", false), ("/", false)]
    {
        assert_eq!(chosen(&routes, ask("h", path, &headers)).is_some(), fits, "{path}");
    }
    assert!(chosen(&[prefix("slash", "/v1/")], ask("h", "/v1", &headers)).is_some());
    let fold = [LiveRoute { path_case_sensitive: false, ..prefix("v1", "/v1") }];
    assert!(chosen(&fold, ask("h", "/V1/x", &headers)).is_some());
    assert!(chosen(&routes, ask("h", "/é", &headers)).is_none());
}

#[test]
fn exact_before_prefix_before_regex_and_a_bare_slash_last() {
    let headers = HeaderMap::new();
    let routes = [
        prefix("slash", "/"),
        route("regex", Match::Regex("/v1/chat/.*completions".to_owned())),
        prefix("short", "/v1"),
        prefix("long", "/v1/chat"),
        route("exact", Match::Equal("/v1/chat/completions".to_owned())),
    ];
    let at = |routes: &[LiveRoute]| chosen(routes, ask("h", "/v1/chat/completions", &headers));
    assert_eq!(at(&routes), some("exact"));
    assert_eq!(at(&routes[..4]), some("long"));
    assert_eq!(at(&routes[..3]), some("short"));
    assert_eq!(at(&routes[..2]), some("regex"), "a bare slash comes after regular expressions too");
    assert_eq!(at(&routes[..1]), some("slash"));
}

#[test]
fn methods_then_headers_then_params_break_ties_and_the_older_wins_the_rest() {
    let mut headers = HeaderMap::new();
    headers.insert("x-a", HeaderValue::from_static("1"));
    let query = Asked { query: "k=v%20w", ..ask("h", "/v1", &headers) };
    let plain = prefix("plain", "/v1");
    let equal = |name: &str, value: &str| (name.to_owned(), Match::Equal(value.to_owned()));
    let params = LiveRoute { params: vec![equal("k", "v w")], ..prefix("params", "/v1") };
    let header = LiveRoute { headers: vec![equal("X-A", "1")], ..prefix("header", "/v1") };
    let method = LiveRoute { methods: vec!["POST".to_owned()], ..prefix("method", "/v1") };
    assert_eq!(chosen(&[plain.clone(), params.clone(), header.clone(), method], query), some("method"));
    assert_eq!(chosen(&[plain.clone(), params.clone(), header], query), some("header"));
    assert_eq!(chosen(&[plain.clone(), params.clone()], query), some("params"));
    assert_eq!(chosen(&[plain, params], ask("h", "/v1", &headers)), some("plain"));
    let starts = for_model(Match::Prefix("gpt-".to_owned()), prefix("starts", "/v1"));
    let whole = for_model(Match::Equal("gpt-5.4".to_owned()), prefix("whole", "/v1"));
    let asked = model("gpt-5.4");
    let asked = ask("h", "/v1", &asked);
    assert_eq!(chosen(&[starts.clone(), whole.clone()], asked), some("starts"), "the older");
    assert_eq!(chosen(&[whole, starts], asked), some("whole"));
}

#[test]
fn several_model_predicates_are_one_expression_over_the_whole_name() {
    let routes = [for_model(Match::Regex("^(gpt-4o|deepseek.*)".to_owned()), prefix("r", "/v1"))];
    for (name, fits) in
        [("gpt-4o", true), ("gpt-4o-mini", false), ("deepseek-chat", true), ("xdeepseek", false)]
    {
        assert_eq!(chosen(&routes, ask("h", "/v1", &model(name))).is_some(), fits, "{name}");
    }
}

#[test]
fn an_unreadable_expression_takes_only_its_own_route_away() {
    let headers = HeaderMap::new();
    let routes = [route("bad", Match::Regex("(".to_owned())), prefix("good", "/v1")];
    assert_eq!(chosen(&routes, ask("h", "/v1", &headers)), some("good"));
}

#[test]
fn the_router_is_on_while_a_route_names_the_model_header() {
    assert!(!RouteTable::new(&[prefix("r", "/v1")]).by_model());
    let rule = Match::Equal("m".to_owned());
    assert!(RouteTable::new(&[for_model(rule, prefix("r", "/v1"))]).by_model());
}

fn any_match(texts: &'static [&'static str]) -> impl Strategy<Value = Match> {
    let text = prop::sample::select(texts).prop_map(str::to_owned);
    (text, 0..2u8).prop_map(|(text, kind)| if kind == 0 { Match::Equal(text) } else { Match::Prefix(text) })
}

fn any_route() -> impl Strategy<Value = LiveRoute> {
    const HOSTS: &[&str] = &["a.io", "b.a.io", "*.a.io", "*.io"];
    (
        prop::collection::vec(prop::sample::select(HOSTS).prop_map(str::to_owned), 0..3),
        any_match(&["/", "/v1", "/v1/", "/v1/chat", "/x"]),
        any::<bool>(),
        prop::sample::subsequence(vec!["GET".to_owned(), "POST".to_owned()], 0..2),
        prop::option::of(any_match(&["", "gpt-", "gpt-5.4", "kimi"])),
        prop::option::of(any_match(&["1", "2"])),
    )
        .prop_map(|(hosts, path, path_case_sensitive, methods, model, param)| LiveRoute {
            hosts,
            path_case_sensitive,
            methods,
            headers: model.map(|rule| (MODEL_HEADER.to_owned(), rule)).into_iter().collect(),
            params: param.map(|rule| ("p".to_owned(), rule)).into_iter().collect(),
            ..route("", path)
        })
}

/// Routes named by their age.
fn any_routes() -> impl Strategy<Value = Vec<LiveRoute>> {
    prop::collection::vec(any_route(), 0..12).prop_map(|mut routes| {
        for (age, route) in routes.iter_mut().enumerate() {
            route.ingress = age.to_string();
        }
        routes
    })
}

#[derive(Clone, Debug)]
struct Question {
    host: &'static str,
    method: &'static str,
    path: &'static str,
    query: &'static str,
    model: Option<&'static str>,
}

impl Question {
    fn headers(&self) -> HeaderMap {
        self.model.map(model).unwrap_or_default()
    }

    fn asked<'a>(&'a self, headers: &'a HeaderMap) -> Asked<'a> {
        Asked { host: self.host, method: self.method, path: self.path, query: self.query, headers }
    }
}

fn any_question() -> impl Strategy<Value = Question> {
    (
        prop::sample::select(vec!["a.io", "b.a.io:80", "c.a.io", "x.io", "localhost:1"]),
        prop::sample::select(vec!["GET", "POST", "PUT"]),
        prop::sample::select(vec!["/", "/v1", "/V1/Chat", "/v1/chat/completions", "/v1beta", "/x"]),
        prop::sample::select(vec!["", "p=1", "q=1&p=2", "p=12"]),
        prop::sample::select(vec![None, Some("gpt-5.4"), Some("gpt-4o"), Some("kimi")]),
    )
        .prop_map(|(host, method, path, query, model)| Question { host, method, path, query, model })
}

/// Whether a text meets a rule, told in another way than the code under test does.
fn meets(rule: &Match, text: Option<&str>) -> bool {
    match (rule, text) {
        (_, None) => false,
        (Match::Equal(wanted), Some(text)) => wanted == text,
        (Match::Prefix(wanted), Some(text)) => text.get(..wanted.len()) == Some(wanted),
        (Match::Regex(_), _) => unreachable!("not generated"),
    }
}

/// Whether a route fits a question, hosts aside.
fn fits(route: &LiveRoute, question: &Question) -> bool {
    let fold = |text: &str| if route.path_case_sensitive { text.to_owned() } else { text.to_lowercase() };
    let asked = fold(question.path);
    let path = match &route.path {
        Match::Equal(path) => asked == fold(path),
        Match::Prefix(path) => {
            let wanted: Vec<String> =
                fold(path).split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect();
            let segments: Vec<&str> = asked.split('/').filter(|s| !s.is_empty()).collect();
            segments.len() >= wanted.len() && segments.iter().zip(&wanted).all(|(a, b)| a == b)
        }
        Match::Regex(_) => unreachable!("not generated"),
    };
    let param = question.query.split('&').find_map(|pair| pair.strip_prefix("p="));
    path && (route.methods.is_empty() || route.methods.iter().any(|method| method == question.method))
        && route.headers.iter().all(|(_, rule)| meets(rule, question.model))
        && route.params.iter().all(|(_, rule)| meets(rule, param))
}

/// The names under which a host can be listed, most specific first.
fn names(host: &str) -> Vec<String> {
    let host = host.split(':').next().unwrap();
    let labels: Vec<&str> = host.split('.').collect();
    let wildcards = (1..labels.len()).map(|skip| format!("*.{}", labels[skip..].join(".")));
    std::iter::once(host.to_owned()).chain(wildcards).chain(["*".to_owned()]).collect()
}

fn is_on(route: &LiveRoute, name: &str) -> bool {
    if route.hosts.is_empty() { name == "*" } else { route.hosts.iter().any(|host| host == name) }
}

/// Whether the controller takes two routes of one host for the same.
fn twins(a: &LiveRoute, b: &LiveRoute) -> bool {
    a.path == b.path && a.methods == b.methods && a.headers == b.headers && a.params == b.params
}

/// Higress's order in the words of the contract, as a key to be maximised.
fn rank(route: &LiveRoute) -> (bool, bool, usize, bool, usize, usize, std::cmp::Reverse<usize>) {
    let (exact, path) = match &route.path {
        Match::Equal(path) => (true, path),
        Match::Prefix(path) => (false, path),
        Match::Regex(_) => unreachable!("not generated"),
    };
    let bare = !exact
        && path == "/"
        && route.methods.is_empty()
        && route.headers.is_empty()
        && route.params.is_empty();
    let age = std::cmp::Reverse(route.ingress.parse().unwrap());
    (!bare, exact, path.len(), !route.methods.is_empty(), route.headers.len(), route.params.len(), age)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The choice is the best by rank among all that fit, on the first host name that any route is listed under.
    #[test]
    fn the_choice_is_the_best_of_the_right_host(routes in any_routes(), question in any_question()) {
        let host = names(question.host).into_iter().find(|name| routes.iter().any(|route| is_on(route, name)));
        let expected = host.and_then(|name| {
            let here: Vec<&LiveRoute> = routes.iter().filter(|route| is_on(route, &name)).collect();
            let first = here.iter().enumerate().filter(|(age, route)| !here[..*age].iter().any(|old| twins(old, route)));
            let candidates = first.map(|(_, route)| route).filter(|route| fits(route, &question));
            candidates.max_by_key(|route| rank(route)).map(|route| route.ingress.clone())
        });
        let headers = question.headers();
        let asked = question.asked(&headers);
        prop_assert_eq!(chosen(&routes, asked), expected);
    }

    /// A younger route with the same conditions changes nothing, even where it would fit more (case-insensitive path).
    #[test]
    fn a_younger_duplicate_is_never_chosen(
        routes in any_routes(),
        question in any_question(),
        pick in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!routes.is_empty());
        let headers = question.headers();
        let asked = question.asked(&headers);
        let before = chosen(&routes, asked);
        let original = &routes[pick.index(routes.len())];
        let twin = LiveRoute { ingress: "twin".to_owned(), path_case_sensitive: false, ..original.clone() };
        let with_twin: Vec<LiveRoute> = routes.iter().cloned().chain([twin]).collect();
        prop_assert_eq!(chosen(&with_twin, asked), before);
    }
}
