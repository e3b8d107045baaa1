//! What uses a provider and so keeps it from being removed, each with the way to it.
use crate::{describe, text::t};
use domain::{ProviderName, UsedBy};
use leptos::prelude::*;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The page of the agents, and that of the routes.
pub const AGENTS: &str = "/agm/models";
pub const ROUTES: &str = "/agm/routes";

/// So many of each are named; the page has all of them.
const NAMED: usize = 6;

/// All that may not stand in an address as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Links to routes and agents that use the provider.
pub fn users(used_by: UsedBy, provider: Option<&ProviderName>) -> AnyView {
    let agents: Vec<_> = used_by.agents.iter().map(|agent| describe::named(agent)).collect();
    view! {
        <ul class="in-the-way">
            {line(t().routes(), ROUTES, &used_by.routes, provider)}
            {line(t().agents(), AGENTS, &agents, provider)}
        </ul>
    }
    .into_any()
}

fn line(
    word: &'static str,
    page: &'static str,
    names: &[String],
    provider: Option<&ProviderName>,
) -> Option<AnyView> {
    let link = |name: &String| {
        let href = found(page, name);
        view! { " " <a class="chip" href=href>{name.clone()}</a> }
    };
    let more = names.len().checked_sub(NAMED + 1).map(|rest| {
        view! { " " <a class="chip" href=using(page, provider)>{t().alarm_more(rest + 1)}</a> }
    });
    (!names.is_empty()).then(|| {
        view! { <li>{word} ":" {names.iter().take(NAMED).map(link).collect_view()} {more}</li> }.into_any()
    })
}

/// A page as it is when those were searched for that use a provider.
pub fn using(page: &str, provider: Option<&ProviderName>) -> String {
    provider.map_or_else(|| page.to_owned(), |provider| found(page, &term(provider)))
}

/// What is found by the providers that a route may send to: part of the text of each row that is searched.
#[cfg(feature = "ssr")]
pub fn words(route: &domain::AiRoute) -> String {
    let providers = route.upstreams.iter().map(|to| &to.provider).chain(&route.fallback);
    providers.map(term).collect::<Vec<_>>().join(" ")
}

fn term(provider: &ProviderName) -> String {
    // Quoted, for the name of one may begin as that of another.
    format!("provider:\"{provider}\"")
}

/// A page as it is when a name was searched for.
fn found(page: &str, name: &str) -> String {
    format!("{page}?find={}", utf8_percent_encode(name, ESCAPED))
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_searched_for_as_it_is() {
        assert_eq!(found(AGENTS, "alice-2"), "/agm/models?find=alice-2");
        assert_eq!(found(ROUTES, "a b&c=é"), "/agm/routes?find=a%20b%26c%3D%C3%A9");
    }

    #[test]
    fn whoever_may_be_sent_to_a_provider_is_found_by_it() {
        let route = serde_json::from_value(serde_json::json!({
            "name": "shared", "managedBy": "other", "order": 1, "domains": [], "path": "/", "predicates": [],
            "upstreams": [{"provider": "deepseek", "weight": 50}, {"provider": "qwen", "weight": 50}],
            "fallback": ["kimi"], "consumers": null, "missing": [], "shadowedBy": null, "version": "1"
        }))
        .unwrap();
        assert_eq!(words(&route), r#"provider:"deepseek" provider:"qwen" provider:"kimi""#);
        assert_eq!(using(AGENTS, Some(&"qwen".parse().unwrap())), "/agm/models?find=provider%3A%22qwen%22");
    }

    #[test]
    fn many_users_are_counted_and_none_are_not_mentioned() {
        let used_by = |count: usize| UsedBy {
            routes: Vec::new(),
            agents: (0..count).map(|n| format!("worker:w{n}")).collect(),
        };
        let qwen: ProviderName = "qwen".parse().unwrap();
        let html = |count| Owner::new().with(|| users(used_by(count), Some(&qwen)).to_html());
        assert_eq!(html(6).matches("<a ").count(), 6);
        let many = html(1_000);
        assert_eq!(many.matches("<a ").count(), 7);
        assert!(many.contains("?find=provider%3A%22qwen%22\""), "{many}");
        assert!(
            many.contains("994") && many.contains("?find=w5\"") && !many.contains("/agm/routes"),
            "{many}"
        );
    }
}
