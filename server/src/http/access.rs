//! Which paths are open. Everything that is not named here needs somebody who is signed in.

/// What a path asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// A session or Basic; else a redirect to the sign-in page.
    Page,
    /// A session or Basic; else 401.
    Api,
    /// A session, Basic or the token for scraping; else 401.
    Scrape,
}

/// Open, exactly.
pub const OPEN: &[&str] =
    &["/", "/healthz", "/readyz", "/ni_status/health", "/ni_status/login", "/agm/login", "/agm/icon.svg"];

/// Open with everything below.
pub const OPEN_BELOW: &[&str] = &["/agm/pkg/", "/agm/fonts/"];

/// What this path asks for. `deep` health names the systems, so it is not open.
pub fn access(path: &str, query: Option<&str>) -> Access {
    match path {
        "/ni_status/health" if query.is_some_and(|query| query.contains("deep")) => Access::Api,
        _ if OPEN.contains(&path) || OPEN_BELOW.iter().any(|below| path.starts_with(below)) => Access::Open,
        "/metrics" => Access::Scrape,
        "/docs" | "/agm" => Access::Page,
        _ if path.starts_with("/agm/") => Access::Page,
        _ => Access::Api,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_closed() {
        for path in [
            "/agm/login/",
            "/agm/pkg",
            "/agm/pkgx/a",
            "//",
            "/ni_status/health/",
            "/ni_status",
            "/openapi.json",
            "/x",
        ] {
            assert_ne!(access(path, None), Access::Open, "{path}");
        }
        assert_eq!(access("/ni_status/health", None), Access::Open);
        for query in ["deep=true", "deep=1", "x=1&deep=true", "deep"] {
            assert_eq!(access("/ni_status/health", Some(query)), Access::Api, "{query}");
        }
    }
}
