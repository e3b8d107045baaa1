//! What the address of a page asks for.
use leptos::prelude::GetUntracked;
use leptos_router::{hooks::use_location, location::Url};
use url::form_urlencoded::{Serializer, parse};

/// Names and values behind the `?` of an address, decoded once. The router's own map decodes each value twice, so that a
/// typed `%41` would become `A`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Of the page that is asked for.
    pub fn current() -> Self {
        Self::read(&use_location().search.get_untracked())
    }

    /// Of the part of an address behind its `?`.
    pub fn read(search: &str) -> Self {
        Self(parse(search.as_bytes()).into_owned().collect())
    }

    /// Of names and values as they are.
    #[cfg(test)]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The last value under a name, without the spaces around it; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        let last = self.0.iter().rev().find(|(known, _)| known == name);
        last.map_or("", |(_, value)| value.trim())
    }
}

/// The last part of the path of the page that is asked for, decoded once; the router's own parameters are decoded twice.
pub fn last_part() -> String {
    let path = use_location().pathname.get_untracked();
    Url::unescape(path.rsplit('/').next().unwrap_or_default())
}

/// The address of a page that is asked for these; what is empty is left out.
pub fn address<'a>(path: &str, asked: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(asked.into_iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::*;
    use leptos_router::{
        components::{Route, Router, Routes},
        location::RequestUrl,
        path,
    };

    /// What pages of the real router read: the last part of the path, or what stands under `find`.
    fn read(address: &str) -> String {
        let page = || view! { <p>{format!("[{}]", Query::current().get("find"))}</p> };
        let one = || view! { <p>{format!("[{}]", last_part())}</p> };
        let html = Owner::new().with(|| {
            provide_context(RequestUrl::new(address));
            view! {
                <Router>
                    <Routes fallback=|| "lost">
                        <Route path=path!("/agm/models") view=page/>
                        <Route path=path!("/agm/activity/:id") view=one/>
                    </Routes>
                </Router>
            }
            .to_html()
        });
        let (_, read) = html.split_once('[').unwrap_or_else(|| panic!("{html}"));
        read.split_once(']').unwrap().0.to_owned()
    }

    #[test]
    fn a_value_is_decoded_once() {
        assert_eq!(read("/agm/activity/x%2541?find=b"), "x%41");
        assert_eq!(read("/agm/activity/a+%E5%BF%99"), "a+忙");
        assert_eq!(read("/agm/models?find=%2541"), "%41");
        assert_eq!(read("/agm/models?find=a%2Bb+c%26d&lang=en"), "a+b c&amp;d");
        assert_eq!(read("/agm/models?find=%E5%BF%99"), "忙");
        assert_eq!(read("/agm/models?find=a&find=+b+"), "b");
        assert_eq!(read("/agm/models?other=a"), "");
    }

    #[test]
    fn what_an_address_is_made_of_is_read_from_it() {
        for value in ["%41", "a+b c", "a&range=1h#x", "忙", "worker:alice"] {
            let made = address("/agm/models", [("lang", ""), ("find", value)]);
            let (path, search) = made.split_once('?').unwrap();
            assert_eq!((path, Query::read(search).get("find")), ("/agm/models", value), "{made}");
        }
        assert_eq!(address("/agm/models", [("find", "")]), "/agm/models");
    }
}
