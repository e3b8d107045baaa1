//! What the routing rules read of an installation, taken from the console's own objects.
use crate::{
    ConsumerName, MatchType, ModelId, ModelPredicate, NameError, ProviderName, ProviderType, RouteName,
};
use crate::{RouteUpstream, Target};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that decides where an agent's call goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingView {
    /// The host name under which agents call the gateway, with or without a port.
    pub host: String,
    /// All AI routes in the order of the console, which stands for their age: oldest first.
    pub routes: Vec<RouteView>,
    pub providers: Vec<ProviderView>,
    /// The Manager and every worker.
    pub agents: Vec<AgentView>,
    /// All consumers of the gateway, agents' and others.
    pub consumers: Vec<ConsumerName>,
}

/// What decides on one AI route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteView {
    pub name: RouteName,
    /// Opaque; changes with each write.
    pub version: String,
    /// Empty: any host.
    pub domains: Vec<String>,
    pub path: PathRule,
    pub headers: Vec<ValueRule>,
    pub params: Vec<ValueRule>,
    pub predicates: Vec<ModelPredicate>,
    pub upstreams: Vec<RouteUpstream>,
    /// Providers that take over on an error; empty when that is off.
    pub fallback: Vec<ProviderName>,
    /// Who is let in. None: the route asks for no key.
    pub consumers: Option<Vec<ConsumerName>>,
}

/// The path prefix of a route. The console takes no other kind for AI routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRule {
    pub prefix: String,
    pub case_sensitive: bool,
}

/// A condition on a request header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueRule {
    pub key: String,
    /// `EQUAL`, `PRE` or `REGULAR`.
    pub kind: String,
    pub value: String,
}

/// What decides on one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderView {
    pub name: ProviderName,
    /// None: a type that we do not know.
    pub kind: Option<ProviderType>,
    /// Its calls go to somebody else than the vendor that its type is named for.
    pub custom_endpoint: bool,
}

/// An agent and the model that it runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentView {
    pub target: Target,
    /// None: its config could not be read, or names no model of the gateway.
    pub model: Option<ModelId>,
}

/// An object of the console that does not have the shape it should have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{object}: {problem}")]
pub struct Unreadable {
    /// `route deepseek-ai-route`, `provider qwen`.
    pub object: String,
    pub problem: String,
}

impl RoutingView {
    /// Builds the view from the objects of `GET /v1/ai/routes` and `GET /v1/ai/providers`.
    pub fn from_console_json(
        host: String,
        routes: &[Value],
        providers: &[Value],
        agents: Vec<AgentView>,
        consumers: Vec<ConsumerName>,
    ) -> Result<Self, Unreadable> {
        Ok(Self {
            host,
            routes: routes.iter().map(RouteView::from_console_json).collect::<Result<_, _>>()?,
            providers: providers.iter().map(ProviderView::from_console_json).collect::<Result<_, _>>()?,
            agents,
            consumers,
        })
    }

    /// The route of this name.
    pub fn route(&self, name: &RouteName) -> Option<&RouteView> {
        self.routes.iter().find(|r| r.name == *name)
    }

    /// The provider of this name.
    pub fn provider(&self, name: &ProviderName) -> Option<&ProviderView> {
        self.providers.iter().find(|p| p.name == *name)
    }

    /// The agents' consumers: `manager`, which is always one, and every `worker-…`; sorted.
    pub fn agent_consumers(&self) -> Vec<ConsumerName> {
        let mut names: Vec<_> = self.consumers.iter().filter(|c| c.is_agent()).cloned().collect();
        names.push(ConsumerName::manager());
        names.sort();
        names.dedup();
        names
    }
}

impl RouteView {
    /// Reads one AI route of the console. Members that it leaves out or sends as `null` mean what the console's own
    /// defaults say.
    pub fn from_console_json(route: &Value) -> Result<Self, Unreadable> {
        let text = route["name"].as_str().unwrap_or_default();
        let wrong = |problem: String| Unreadable { object: format!("route {text}"), problem };
        let named = |e: NameError| wrong(e.to_string());
        let path = &route["pathPredicate"];
        let upstreams =
            members(&route["upstreams"]).map(upstream).collect::<Result<Vec<_>, _>>().map_err(named)?;
        let predicates =
            members(&route["modelPredicates"]).map(predicate).collect::<Result<_, _>>().map_err(wrong)?;
        let fallback = match route["fallbackConfig"]["enabled"].as_bool() {
            Some(true) => members(&route["fallbackConfig"]["upstreams"])
                .map(|u| string(u, "provider").parse())
                .collect::<Result<_, _>>()
                .map_err(named)?,
            _ => Vec::new(),
        };
        Ok(Self {
            name: text.parse().map_err(named)?,
            version: match &route["version"] {
                Value::String(version) => version.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            },
            domains: members(&route["domains"]).filter_map(Value::as_str).map(str::to_owned).collect(),
            path: PathRule {
                prefix: path["matchValue"].as_str().unwrap_or("/").to_owned(),
                case_sensitive: path["caseSensitive"].as_bool().unwrap_or(true),
            },
            headers: members(&route["headerPredicates"]).map(value_rule).collect(),
            params: members(&route["urlParamPredicates"]).map(value_rule).collect(),
            predicates,
            upstreams,
            fallback,
            consumers: consumers(&route["authConfig"]).map_err(named)?,
        })
    }
}

impl ProviderView {
    /// Reads one provider of the console. A custom URL on the vendor's own host is not custom.
    pub fn from_console_json(provider: &Value) -> Result<Self, Unreadable> {
        let text = string(provider, "name");
        let name = text.parse().map_err(|e: NameError| Unreadable {
            object: format!("provider {text}"),
            problem: e.to_string(),
        })?;
        let kind = string(provider, "type").parse().ok();
        Ok(Self { name, kind, custom_endpoint: kind.is_some_and(|k| is_custom(k, &provider["rawConfigs"])) })
    }
}

/// Whether the settings of a provider send its calls to somebody else than the vendor. Vendors have several hosts for
/// one API (DashScope by region, Zhipu's `api.z.ai`); those are their own.
fn is_custom(kind: ProviderType, settings: &Value) -> bool {
    let set = |key: &str| settings[key].as_str().filter(|text| !text.is_empty());
    let (own, used): (&[&str], Option<&str>) = match kind {
        ProviderType::Openai if set("openaiCustomServiceName").is_some() => return true,
        ProviderType::Openai => (&["api.openai.com"], set("openaiCustomUrl")),
        ProviderType::Claude => {
            (&["api.anthropic.com"], set("claudeCustomUrl").or_else(|| set("providerDomain")))
        }
        ProviderType::Qwen => (&["aliyuncs.com"], set("qwenDomain")),
        ProviderType::Zhipuai => (&["bigmodel.cn", "z.ai"], set("zhipuDomain")),
        ProviderType::Azure | ProviderType::Ollama | ProviderType::Vllm => return true,
        _ => return false,
    };
    used.is_some_and(|url| !own.iter().any(|vendor| is_host_of(url, vendor)))
}

/// Whether a URL or bare host lies on a domain or below it.
fn is_host_of(url: &str, domain: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    host.strip_suffix(domain).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

fn members(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn string<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

fn upstream(item: &Value) -> Result<RouteUpstream, NameError> {
    let mapping: BTreeMap<_, _> = item["modelMapping"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(from, to)| (from.clone(), to.as_str().unwrap_or_default().to_owned()))
        .collect();
    let weight = item["weight"].as_i64().unwrap_or(100);
    Ok(RouteUpstream { provider: string(item, "provider").parse()?, weight, mapping })
}

fn predicate(item: &Value) -> Result<ModelPredicate, String> {
    let kind = match string(item, "matchType") {
        "EQUAL" => MatchType::Equal,
        "PRE" => MatchType::Pre,
        other => return Err(format!("unknown model predicate {other:?}")),
    };
    Ok(ModelPredicate { kind, value: string(item, "matchValue").to_owned() })
}

fn value_rule(item: &Value) -> ValueRule {
    let text = |key| string(item, key).to_owned();
    ValueRule { key: text("key"), kind: text("matchType"), value: text("matchValue") }
}

fn consumers(auth: &Value) -> Result<Option<Vec<ConsumerName>>, NameError> {
    if auth["enabled"].as_bool() != Some(true) {
        return Ok(None);
    }
    members(&auth["allowedConsumers"])
        .map(|name| name.as_str().unwrap_or_default().parse())
        .collect::<Result<_, _>>()
        .map(Some)
}
