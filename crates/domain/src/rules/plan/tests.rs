use super::*;
use crate::rules::{apply_edit, simulate};
use crate::{ProviderType, Simulate};
use proptest::prelude::*;
use serde_json::{Value, json};

/// An installation as the console shows it, so that typed and JSON edits can be compared.
#[derive(Clone, Debug)]
struct World {
    routes: Vec<Value>,
    providers: Vec<Value>,
    agents: Vec<AgentView>,
    consumers: Vec<&'static str>,
}

fn route(name: &str, provider: &str, predicates: &[(&str, &str)], consumers: &[&str]) -> Value {
    let predicates: Vec<_> =
        predicates.iter().map(|(kind, v)| json!({"matchType": kind, "matchValue": v})).collect();
    json!({"name": name, "version": "7", "domains": ["aigw-local.hiclaw.io"], "unknown": {"kept": 1},
        "pathPredicate": {"matchType": "PRE", "matchValue": "/", "caseSensitive": false},
        "headerPredicates": null, "upstreams": [{"provider": provider, "weight": 100, "modelMapping": {}, "extra": true}],
        "modelPredicates": predicates,
        "authConfig": {"enabled": true, "allowedCredentialTypes": ["key-auth"], "allowedConsumers": consumers},
        "headerControl": {"enabled": true, "request": {"add": [{"key": "user-agent", "value": "HiClaw/1.0.9"}]}}})
}

fn provider(name: &str, kind: &str) -> Value {
    match kind.strip_prefix("custom-") {
        Some(kind) => {
            json!({"name": name, "type": kind, "rawConfigs": {"openaiCustomUrl": "https://llm.example.com/v1"}})
        }
        None => json!({"name": name, "type": kind, "rawConfigs": {}}),
    }
}

fn agent(target: &str, model: &str) -> AgentView {
    AgentView { target: target.parse().unwrap(), model: Some(model.parse().unwrap()) }
}

impl World {
    /// One provider, a Manager and two workers, as HiClaw leaves it.
    fn hiclaw() -> Self {
        Self {
            routes: vec![route("default-ai-route", "qwen", &[], &["manager", "worker-alice", "worker-bob"])],
            providers: vec![provider("qwen", "qwen")],
            agents: vec![
                agent("manager", "qwen3.5-plus"),
                agent("alice", "qwen3.5-plus"),
                agent("bob", "qwen3.5-plus"),
            ],
            consumers: vec!["manager", "worker-alice", "worker-bob", "somebody"],
        }
    }

    fn with(mut self, name: &str, kind: &str) -> Self {
        self.providers.push(provider(name, kind));
        self
    }

    fn view(&self) -> RoutingView {
        let consumers = self.consumers.iter().map(|c| c.parse().unwrap()).collect();
        let (routes, providers) = (&self.routes, &self.providers);
        RoutingView::from_console_json(
            "aigw-local.hiclaw.io:8080".into(),
            routes,
            providers,
            self.agents.clone(),
            consumers,
        )
        .unwrap()
    }

    fn plan(&self, wanted: &Wanted) -> Result<RoutePlan, RouteError> {
        plan_routes(&self.view(), wanted)
    }

    /// The world after the edits, made on the JSON as the route writer makes them.
    fn after(&self, edits: &[RouteEdit]) -> Self {
        let mut world = self.clone();
        for edit in edits {
            let at = world.routes.iter().position(|r| r["name"] == edit.route().as_str());
            let default = world.routes.iter().find(|r| r["name"] == "default-ai-route").unwrap();
            let edited = apply_edit(at.map(|at| &world.routes[at]), default, edit).unwrap();
            match (at, edited) {
                (Some(at), Some(route)) => world.routes[at] = route,
                (None, Some(route)) => world.routes.push(route),
                (Some(at), None) => drop(world.routes.remove(at)),
                (None, None) => unreachable!("nothing to delete"),
            }
        }
        world
    }

    fn provider_of(&self, model: &str) -> Option<String> {
        winner_for(&self.view(), model).map(|route| route.upstreams[0].provider.to_string())
    }

    fn json(&self, name: &str) -> &Value {
        self.routes.iter().find(|r| r["name"] == name).unwrap()
    }
}

fn set(target: &str, provider: &str, model: &str) -> Wanted {
    Wanted::SetModel {
        target: target.parse().unwrap(),
        provider: provider.parse().unwrap(),
        model: model.parse().unwrap(),
    }
}

fn add(name: &str, kind: &str, models: &[&str]) -> Wanted {
    let provider = ProviderView::from_console_json(&provider(name, kind)).unwrap();
    Wanted::AddProvider { provider, models: models.iter().map(|m| m.parse().unwrap()).collect() }
}

fn remove(name: &str) -> Wanted {
    Wanted::RemoveProvider { provider: name.parse().unwrap() }
}

fn predicates(route: &Value) -> Vec<(&str, &str)> {
    let list = route["modelPredicates"].as_array().unwrap();
    list.iter().map(|p| (p["matchType"].as_str().unwrap(), p["matchValue"].as_str().unwrap())).collect()
}

#[test]
fn a_model_that_the_default_route_serves_needs_no_edit() {
    let plan = World::hiclaw().plan(&set("alice", "qwen", "qwen3.6-plus")).unwrap();
    assert_eq!((plan.edits, plan.affected, plan.warnings), (vec![], vec![], vec![]));
    assert_eq!(plan.winner, Some(RouteName::default_route()));
}

#[test]
fn a_second_provider_gets_its_route_with_the_vendors_families_and_every_agent() {
    let world = World::hiclaw();
    let plan = world.plan(&add("kimi", "moonshot", &[])).unwrap();
    let after = world.with("kimi", "moonshot").after(&plan.edits);
    let route = after.json("kimi-ai-route");
    assert_eq!(predicates(route), [("PRE", "kimi-"), ("PRE", "moonshot-")]);
    for copied in ["domains", "pathPredicate", "headerControl"] {
        assert_eq!(route[copied], after.json("default-ai-route")[copied], "{copied}");
    }
    let auth = json!({"enabled": true, "allowedCredentialTypes": ["key-auth"],
        "allowedConsumers": ["manager", "worker-alice", "worker-bob"]});
    assert_eq!(route["authConfig"], auth);
    assert_eq!(after.provider_of("kimi-k2.5").unwrap(), "kimi");
    assert_eq!(after.provider_of("qwen3.5-plus").unwrap(), "qwen");
    assert!(plan.affected.is_empty() && plan.warnings.is_empty());
}

#[test]
fn a_custom_provider_gets_exact_ids_only_and_never_one_that_is_in_use_elsewhere() {
    let world = World::hiclaw();
    let plan = world.plan(&add("lab", "custom-openai", &["gpt-lab", "qwen3.5-plus"])).unwrap();
    let after = world.clone().with("lab", "custom-openai").after(&plan.edits);
    assert_eq!(predicates(after.json("lab-ai-route")), [("EQUAL", "gpt-lab")]);
    let later = world.plan(&add("lab", "custom-openai", &[])).unwrap();
    assert_eq!((later.edits, later.warnings[0].code.as_str()), (vec![], "PREDICATE_TAKEN"));
}

#[test]
fn a_family_that_an_agent_runs_elsewhere_is_not_taken() {
    let mut world = World::hiclaw();
    world.agents[2] = agent("bob", "deepseek-v3");
    let plan = world.plan(&add("deepseek", "deepseek", &[])).unwrap();
    assert_eq!(plan.edits, []);
    let world = world.with("deepseek", "deepseek");
    let plan = world.plan(&set("alice", "deepseek", "deepseek-chat")).unwrap();
    let after = world.after(&plan.edits);
    assert_eq!(predicates(after.json("deepseek-ai-route")), [("EQUAL", "deepseek-chat")]);
    assert_eq!(after.provider_of("deepseek-v3").unwrap(), "qwen");
    assert!(plan.affected.is_empty());
}

#[test]
fn who_runs_the_very_same_model_is_named() {
    let mut world = World::hiclaw().with("deepseek", "deepseek");
    world.agents[2] = agent("bob", "deepseek-chat");
    let plan = world.plan(&set("alice", "deepseek", "deepseek-chat")).unwrap();
    assert_eq!(plan.affected.len(), 1);
    assert_eq!(plan.affected[0].agent, "bob");
    assert!(plan.affected[0].how.contains("deepseek instead of qwen"), "{}", plan.affected[0].how);
    let way = json!({"kind": "provider", "model": "deepseek-chat", "from": "qwen", "to": "deepseek"});
    assert_eq!(serde_json::to_value(&plan.affected[0].way).unwrap(), way);
}

#[test]
fn with_one_provider_the_default_route_is_pointed_at_it_and_that_is_said() {
    let mut world = World::hiclaw();
    world.providers = vec![provider("deepseek", "deepseek")];
    for wanted in [set("alice", "deepseek", "deepseek-chat"), add("deepseek", "deepseek", &[])] {
        let plan = world.plan(&wanted).unwrap();
        let after = world.after(&plan.edits);
        assert_eq!(after.routes.len(), 1);
        let upstream = json!({"provider": "deepseek", "weight": 100, "modelMapping": {}, "extra": true});
        assert_eq!(after.json("default-ai-route")["upstreams"], json!([upstream]));
        let codes: Vec<_> = plan.warnings.iter().map(|w| w.code.as_str()).collect();
        assert_eq!(codes, ["DEFAULT_ROUTE_CHANGES", "RESET_BY_HICLAW"]);
    }
}

#[test]
fn an_existing_own_route_gets_what_it_lacks_and_keeps_the_rest() {
    let mut world = World::hiclaw().with("lab", "custom-openai");
    world.routes.push(route("lab-ai-route", "lab", &[("EQUAL", "a")], &["manager"]));
    let plan = world.plan(&set("alice", "lab", "b")).unwrap();
    let after = world.after(&plan.edits);
    let mut wanted = world.json("lab-ai-route").clone();
    wanted["modelPredicates"]
        .as_array_mut()
        .unwrap()
        .push(json!({"matchType": "EQUAL", "matchValue": "b", "caseSensitive": true}));
    wanted["authConfig"]["allowedConsumers"] = json!(["manager", "worker-alice"]);
    assert_eq!(after.json("lab-ai-route"), &wanted);
    let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(after.json("lab-ai-route")), keys(&wanted));
}

#[test]
fn a_serving_route_that_lacks_the_agent_lets_only_it_in() {
    let mut world = World::hiclaw();
    world.routes[0]["authConfig"]["allowedConsumers"] = json!(["manager"]);
    let plan = world.plan(&set("alice", "qwen", "qwen3.5-plus")).unwrap();
    let after = world.after(&plan.edits);
    assert_eq!(
        after.json("default-ai-route")["authConfig"]["allowedConsumers"],
        json!(["manager", "worker-alice"])
    );
    let plan = World::hiclaw().plan(&set("carol", "qwen", "qwen3.5-plus")).unwrap();
    let missing = &plan.warnings[0];
    assert_eq!((missing.code.as_str(), missing.about.join(" ")), ("CONSUMER_MISSING", "worker-carol".into()));
}

#[test]
fn an_own_route_off_the_default_host_is_brought_back() {
    let mut world = World::hiclaw().with("deepseek", "deepseek");
    let mut off = route("deepseek-ai-route", "deepseek", &[], &["manager"]);
    off["domains"] = json!([]);
    world.routes.push(off);
    let plan = world.plan(&set("alice", "deepseek", "deepseek-chat")).unwrap();
    let after = world.after(&plan.edits);
    assert_eq!(after.json("deepseek-ai-route")["domains"], json!(["aigw-local.hiclaw.io"]));
    assert_eq!(after.provider_of("deepseek-chat").unwrap(), "deepseek");
    assert_eq!(after.provider_of("qwen3.5-plus").unwrap(), "qwen");
}

#[test]
fn an_exact_id_moves_between_own_routes_and_a_family_does_not() {
    let mut world = World::hiclaw().with("lab", "custom-openai").with("deepseek", "deepseek");
    world.routes.push(route("lab-ai-route", "lab", &[("EQUAL", "glm-5"), ("EQUAL", "x")], &["manager"]));
    let plan = world.plan(&set("alice", "deepseek", "glm-5")).unwrap();
    let after = world.after(&plan.edits);
    assert_eq!(predicates(after.json("lab-ai-route")), [("EQUAL", "x")]);
    assert_eq!(after.provider_of("glm-5").unwrap(), "deepseek");
    // Back again, to a route that had no other id.
    world.routes[1] = route("lab-ai-route", "lab", &[("EQUAL", "glm-5")], &["manager"]);
    let plan = world.plan(&set("alice", "qwen", "glm-5")).unwrap();
    assert_eq!(plan.edits, [RouteEdit::Delete { route: "lab-ai-route".parse().unwrap() }]);

    world.routes[1] = route("deepseek-ai-route", "deepseek", &[("PRE", "deepseek-")], &["manager"]);
    let taken = world.plan(&set("alice", "lab", "deepseek-chat")).unwrap_err();
    assert!(matches!(taken, RouteError::ModelTaken { route, .. } if route.as_str() == "deepseek-ai-route"));
    world.routes[1] = route("somebodys-own", "deepseek", &[("EQUAL", "m")], &["manager"]);
    assert!(matches!(world.plan(&set("alice", "lab", "m")), Err(RouteError::ModelTaken { .. })));
}

#[test]
fn what_cannot_be_planned_says_why() {
    let world = World::hiclaw();
    assert!(matches!(world.plan(&set("alice", "nobody", "m")), Err(RouteError::ProviderNotFound(_))));
    let mut other = World::hiclaw().with("lab", "custom-openai");
    other.routes.push(route("lab-ai-route", "qwen", &[("EQUAL", "x")], &[]));
    assert!(matches!(other.plan(&set("alice", "lab", "m")), Err(RouteError::OwnRouteForeign { .. })));
    let mut elsewhere = World::hiclaw();
    elsewhere.routes[0]["domains"] = json!(["other.example.com"]);
    assert!(matches!(elsewhere.plan(&set("alice", "qwen", "m")), Err(RouteError::HostNotServed(_))));
    let mut bare = World::hiclaw();
    bare.routes.clear();
    assert_eq!(bare.plan(&set("alice", "qwen", "m")), Err(RouteError::DefaultRouteMissing));
    assert_eq!(
        bare.plan(&add("kimi", "moonshot", &[])).unwrap().warnings[0].code.as_str(),
        "DEFAULT_ROUTE_MISSING"
    );
}

#[test]
fn a_provider_goes_with_its_route_unless_somebody_needs_it() {
    let mut world = World::hiclaw().with("kimi", "moonshot");
    world.routes.push(route("kimi-ai-route", "kimi", &[("PRE", "kimi-")], &["manager"]));
    let plan = world.plan(&remove("kimi")).unwrap();
    assert_eq!(plan.edits, [RouteEdit::Delete { route: "kimi-ai-route".parse().unwrap() }]);
    world.agents[1] = agent("alice", "kimi-k2.5");
    let RouteError::ProviderInUse(_, used) = world.plan(&remove("kimi")).unwrap_err() else {
        panic!("not in use")
    };
    assert_eq!((used.routes, used.agents), (vec![], vec!["worker:alice".to_owned()]));
    let RouteError::ProviderInUse(_, used) = world.plan(&remove("qwen")).unwrap_err() else {
        panic!("not in use")
    };
    assert_eq!(used.routes, ["default-ai-route"]);
    world.agents[1].model = None;
    world.routes[0]["fallbackConfig"] = json!({"enabled": true, "upstreams": [{"provider": "kimi"}]});
    assert!(
        matches!(world.plan(&remove("kimi")), Err(RouteError::ProviderInUse(_, u)) if u.routes == ["default-ai-route"])
    );
}

#[test]
fn repair_lets_in_agents_and_nobody_else() {
    let mut world = World::hiclaw();
    world.routes.push(route("kimi-ai-route", "kimi", &[("PRE", "kimi-")], &["vip", "worker-bob"]));
    let repair = |route: Option<&str>, consumer: Option<&str>| Wanted::Repair {
        route: route.map(|r| r.parse().unwrap()),
        consumer: consumer.map(|c| c.parse().unwrap()),
    };
    let after = world.after(&world.plan(&repair(None, None)).unwrap().edits);
    let allowed = &after.json("kimi-ai-route")["authConfig"]["allowedConsumers"];
    assert_eq!(allowed, &json!(["manager", "vip", "worker-alice", "worker-bob"]));
    assert!(after.plan(&repair(None, None)).unwrap().edits.is_empty());
    let one = world.plan(&repair(Some("kimi-ai-route"), Some("worker-alice"))).unwrap();
    let RouteEdit::Update { add_consumers, .. } = &one.edits[0] else { panic!("{one:?}") };
    assert_eq!((one.edits.len(), add_consumers[0].as_str(), add_consumers.len()), (1, "worker-alice", 1));
    assert!(matches!(world.plan(&repair(None, Some("somebody"))), Err(RouteError::NotAnAgent(_))));
    assert!(matches!(world.plan(&repair(Some("none"), None)), Err(RouteError::RouteNotFound(_))));
}

#[test]
fn simulation_says_who_wins_and_what_the_others_lack() {
    let mut world = World::hiclaw();
    world.routes.push(route("kimi-ai-route", "kimi", &[("PRE", "kimi-")], &["manager"]));
    world.routes.push(route("twin", "kimi", &[("PRE", "kimi-")], &["manager"]));
    let mut off = route("off", "kimi", &[], &[]);
    off["domains"] = json!([]);
    world.routes.push(off);
    let ask = |model: &str, consumer: &str| {
        let question = Simulate {
            model: model.parse().unwrap(),
            consumer: consumer.parse().ok(),
            host: None,
            path: None,
        };
        simulate(&world.view(), &question)
    };
    let answer = ask("kimi-k2.5", "worker-alice");
    assert_eq!(answer.winner.unwrap().as_str(), "kimi-ai-route");
    assert_eq!((answer.reason.as_str(), answer.consumer_allowed), ("model starts with kimi-", Some(false)));
    let lost: Vec<_> = answer.others.iter().map(|o| (o.route.as_str(), o.lost.as_str())).collect();
    assert_eq!(
        lost,
        [
            ("default-ai-route", "fewer conditions"),
            ("twin", "dropped: kimi-ai-route has the same conditions"),
            ("off", "is not on host aigw-local.hiclaw.io"),
        ]
    );
    assert_eq!(ask("qwen3.5-plus", "manager").winner, Some(RouteName::default_route()));
    let routes = crate::rules::ai_routes(&world.view());
    let order: Vec<_> = routes.iter().map(|r| (r.name.as_str(), r.order)).collect();
    assert_eq!(order, [("kimi-ai-route", 1), ("twin", 2), ("default-ai-route", 3), ("off", 4)]);
    assert_eq!(routes[1].shadowed_by.as_ref().unwrap().as_str(), "kimi-ai-route");
    assert_eq!(
        routes[0].missing.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
        ["worker-alice", "worker-bob"]
    );
}

#[test]
fn longer_paths_and_named_hosts_come_first() {
    let mut deep = route("deep", "kimi", &[], &[]);
    deep["pathPredicate"]["matchValue"] = json!("/v1");
    let mut any = route("any", "lab", &[("PRE", "kimi-")], &[]);
    any["domains"] = json!([]);
    let mut wild = route("wild", "lab", &[], &[]);
    wild["domains"] = json!(["*.hiclaw.io"]);
    let mut world = World::hiclaw();
    world.routes.extend([deep, any, wild]);
    let view = world.view();
    let win = |host: &str, path: &str| {
        crate::rules::winner(&view.routes, host, path, Some("kimi-1")).map(|r| r.name.to_string())
    };
    assert_eq!(win("aigw-local.hiclaw.io", "/v1/chat/completions").unwrap(), "deep");
    assert_eq!(win("AIGW-local.hiclaw.io:8080", "/v1x").unwrap(), "default-ai-route");
    assert_eq!(win("other.hiclaw.io", "/v1/chat/completions").unwrap(), "wild");
    assert_eq!(win("example.com", "/").unwrap(), "any");
}

#[test]
fn mapping_takes_the_exact_key_then_the_first_prefix_then_the_star() {
    let upstream = |mapping: Value| {
        let json =
            json!({"name": "r", "upstreams": [{"provider": "p", "weight": 100, "modelMapping": mapping}]});
        RouteView::from_console_json(&json).unwrap().upstreams.remove(0)
    };
    let all =
        upstream(json!({"gpt-4": "exact", "gpt-4-*": "longer", "gpt-*": "first", "*": "rest", "keep": ""}));
    let map = |model| mapped_model(&all, model).to_owned();
    assert_eq!(
        ["gpt-4", "gpt-4-x", "gpt-5", "o1", "keep"].map(map),
        ["exact", "first", "first", "rest", "keep"]
    );
}

#[test]
fn a_vendors_other_hosts_are_not_custom() {
    let custom = |kind: &str, key: &str, value: &str| {
        ProviderView::from_console_json(&json!({"name": "p", "type": kind, "rawConfigs": {key: value}}))
            .unwrap()
            .custom_endpoint
    };
    assert!(!custom("qwen", "qwenDomain", "dashscope-intl.aliyuncs.com"));
    assert!(!custom("zhipuai", "zhipuDomain", "api.z.ai"));
    assert!(!custom("openai", "openaiCustomUrl", "https://api.openai.com/v1"));
    assert!(custom("openai", "openaiCustomUrl", "https://api.openai.com.evil.com/v1"));
    assert!(custom("openai", "openaiCustomServiceName", "x.dns"));
    assert!(custom("qwen", "qwenDomain", "notaliyuncs.com"));
    assert!(!custom("deepseek", "openaiCustomUrl", "https://x.com"));
    let unknown = ProviderView::from_console_json(&json!({"name": "p", "type": "brand-new"})).unwrap();
    assert_eq!((unknown.kind, unknown.custom_endpoint), (None, false));
    assert_eq!("qwen".parse(), Ok(ProviderType::Qwen));
}

const KINDS: [(&str, &str); 5] = [
    ("qwen", "qwen"),
    ("deepseek", "deepseek"),
    ("kimi", "moonshot"),
    ("lab", "custom-openai"),
    ("qwen2", "qwen"),
];
const MODELS: [&str; 6] =
    ["qwen3.5-plus", "deepseek-chat", "deepseek-reasoner", "kimi-k2.5", "gpt-lab", "glm-5"];
const AGENTS: [&str; 3] = ["manager", "alice", "bob"];

fn wish() -> impl Strategy<Value = Wanted> {
    let repair = (any::<bool>(), proptest::option::of(0..3usize)).prop_map(|(route, agent)| Wanted::Repair {
        route: route.then(RouteName::default_route),
        consumer: agent.map(|a| AGENTS[a].parse::<Target>().unwrap().consumer()),
    });
    prop_oneof![
        6 => (0..3usize, 0..5usize, 0..6usize).prop_map(|(a, p, m)| set(AGENTS[a], KINDS[p].0, MODELS[m])),
        2 => (0..5usize, any::<bool>()).prop_map(|(p, list)| add(KINDS[p].0, KINDS[p].1, if list { &MODELS } else { &[] })),
        1 => (0..5usize).prop_map(|p| remove(KINDS[p].0)),
        1 => repair,
    ]
}

/// Two providers' own routes want the same id.
fn overlapping(world: &World) -> bool {
    let routes = world.view().routes;
    MODELS.iter().any(|model| {
        let holders =
            routes.iter().filter(|r| r.predicates.iter().any(|p| crate::rules::order::meets(p, model)));
        holders.count() > 1
    })
}

impl World {
    /// What the wish changes beside routes.
    fn settle(&mut self, wanted: &Wanted) {
        match wanted {
            Wanted::SetModel { target, model, .. } => {
                self.agents
                    .iter_mut()
                    .filter(|a| a.target == *target)
                    .for_each(|a| a.model = Some(model.clone()));
            }
            Wanted::AddProvider { provider: new, .. } => {
                let kind = KINDS.iter().find(|(name, _)| *name == new.name.as_str()).unwrap().1;
                self.providers.retain(|p| p["name"] != new.name.as_str());
                self.providers.push(provider(new.name.as_str(), kind));
            }
            Wanted::RemoveProvider { provider } => self.providers.retain(|p| p["name"] != provider.as_str()),
            Wanted::Repair { .. } => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Any course of wishes from HiClaw's first day on.
    #[test]
    fn no_course_of_wishes_breaks_the_routes(wishes in proptest::collection::vec(wish(), 1..12)) {
        let mut world = World::hiclaw();
        for wanted in wishes {
            let before = world.view();
            let Ok(plan) = plan_routes(&before, &wanted) else { continue };
            let mut after = world.after(&plan.edits);
            prop_assert_eq!(edited(&before, &plan.edits).routes, after.view().routes);
            let default = after.view().route(&RouteName::default_route()).cloned();
            prop_assert!(default.is_some_and(|d| d.predicates.is_empty() && !d.upstreams.is_empty()), "default route lost");
            prop_assert!(!overlapping(&after), "{:?}", after.routes);
            for route in after.view().routes.iter().filter(|r| r.name != RouteName::default_route()) {
                prop_assert!(!route.predicates.is_empty() && route.consumers.is_some(), "{:?}", route);
            }
            for agent in &world.agents {
                let model = agent.model.as_ref().unwrap().as_str();
                let moved = world.provider_of(model) != after.provider_of(model);
                let named = plan.affected.iter().any(|a| a.agent == agent.target.agent());
                let asked = matches!(&wanted, Wanted::SetModel { target, .. } if *target == agent.target);
                prop_assert!(!moved || named || asked, "{} moved silently by {:?}", agent.target, wanted);
            }
            after.settle(&wanted);
            if let Wanted::SetModel { target, provider, model } = &wanted {
                let view = after.view();
                let route = winner_for(&view, model.as_str()).unwrap();
                prop_assert!(serves(route, provider, model));
                prop_assert!(route.consumers.as_ref().unwrap().contains(&target.consumer()));
                prop_assert_eq!(Some(&route.name), plan.winner.as_ref());
            }
            if !matches!(wanted, Wanted::RemoveProvider { .. }) {
                prop_assert_eq!(plan_routes(&after.view(), &wanted).unwrap().edits, vec![], "not idempotent: {:?}", wanted);
            }
            world = after;
        }
    }
}
