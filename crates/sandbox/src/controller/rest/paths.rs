//! The paths that the API has, and what each of their methods is.
use http::Method;

/// What a path and method ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Health,
    Version,
    Cluster,
    List(Kind),
    Create(Kind),
    Get(Kind),
    Update(Kind),
    Delete(Kind),
    Wake,
    Sleep,
    EnsureReady,
    Ready,
    WorkerStatus,
    Checkpoints,
    CreateConsumer,
    BindConsumer,
    DeleteConsumer,
    Workflow,
    Sts,
    MatrixToken,
    Packages,
    Docker,
}

/// What objects there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Worker,
    Manager,
    Team,
    Human,
    Project,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Manager => "manager",
            Self::Team => "team",
            Self::Human => "human",
            Self::Project => "project",
        }
    }

    /// As the Go types are called.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Worker => "Worker",
            Self::Manager => "Manager",
            Self::Team => "Team",
            Self::Human => "Human",
            Self::Project => "Project",
        }
    }
}

pub(super) type Methods = &'static [(Method, Call)];

/// Every path; `*` stands for one segment.
pub(super) const PATHS: &[(&str, Methods)] = &[
    ("/healthz", &[(Method::GET, Call::Health)]),
    ("/api/v1/version", &[(Method::GET, Call::Version)]),
    ("/api/v1/status", &[(Method::GET, Call::Cluster)]),
    (
        "/api/v1/workers",
        &[(Method::GET, Call::List(Kind::Worker)), (Method::POST, Call::Create(Kind::Worker))],
    ),
    (
        "/api/v1/workers/*",
        &[
            (Method::DELETE, Call::Delete(Kind::Worker)),
            (Method::GET, Call::Get(Kind::Worker)),
            (Method::PUT, Call::Update(Kind::Worker)),
        ],
    ),
    ("/api/v1/workers/*/wake", &[(Method::POST, Call::Wake)]),
    ("/api/v1/workers/*/sleep", &[(Method::POST, Call::Sleep)]),
    ("/api/v1/workers/*/ensure-ready", &[(Method::POST, Call::EnsureReady)]),
    ("/api/v1/workers/*/ready", &[(Method::POST, Call::Ready)]),
    ("/api/v1/workers/*/status", &[(Method::GET, Call::WorkerStatus)]),
    (
        "/api/v1/managers",
        &[(Method::GET, Call::List(Kind::Manager)), (Method::POST, Call::Create(Kind::Manager))],
    ),
    (
        "/api/v1/managers/*",
        &[
            (Method::DELETE, Call::Delete(Kind::Manager)),
            (Method::GET, Call::Get(Kind::Manager)),
            (Method::PUT, Call::Update(Kind::Manager)),
        ],
    ),
    ("/api/v1/teams", &[(Method::GET, Call::List(Kind::Team)), (Method::POST, Call::Create(Kind::Team))]),
    (
        "/api/v1/teams/*",
        &[
            (Method::DELETE, Call::Delete(Kind::Team)),
            (Method::GET, Call::Get(Kind::Team)),
            (Method::PUT, Call::Update(Kind::Team)),
        ],
    ),
    ("/api/v1/humans", &[(Method::GET, Call::List(Kind::Human)), (Method::POST, Call::Create(Kind::Human))]),
    (
        "/api/v1/humans/*",
        &[(Method::DELETE, Call::Delete(Kind::Human)), (Method::GET, Call::Get(Kind::Human))],
    ),
    ("/api/v1/gateway/consumers", &[(Method::POST, Call::CreateConsumer)]),
    ("/api/v1/gateway/consumers/*/bind", &[(Method::POST, Call::BindConsumer)]),
    ("/api/v1/gateway/consumers/*", &[(Method::DELETE, Call::DeleteConsumer)]),
    ("/api/v1/credentials/sts", &[(Method::POST, Call::Sts)]),
    ("/api/v1/packages", &[(Method::POST, Call::Packages)]),
];

/// What the second generation has beside them.
pub(super) const NEWER_PATHS: &[(&str, Methods)] = &[
    ("/api/v1/projects", &[(Method::GET, Call::List(Kind::Project))]),
    ("/api/v1/projects/*/workflow", &[(Method::GET, Call::Workflow)]),
    ("/api/v1/workers/*/checkpoints/*", &[(Method::GET, Call::Checkpoints)]),
    ("/api/v1/credentials/matrix-token", &[(Method::POST, Call::MatrixToken)]),
];

/// The segments that stand for the stars of a pattern; none: the path is another one.
pub(super) fn names_in(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut names = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(names),
            (Some("*"), Some(name)) if !name.is_empty() => names.push(decoded(name)),
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// A path segment without its percent escapes.
pub(super) fn decoded(segment: &str) -> String {
    // A plus stays one in a path.
    let pair = format!("x={}", segment.replace('+', "%2B"));
    let value = url::form_urlencoded::parse(pair.as_bytes()).next();
    value.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A path without empty and dotted segments, as Go cleans it.
pub(super) fn cleaned(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let mut clean = format!("/{}", kept.join("/"));
    if path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, clean) in [
            ("/api/v1//workers", "/api/v1/workers"),
            ("/api/v1/x/../workers", "/api/v1/workers"),
            ("/api/v1/workers/", "/api/v1/workers/"),
            ("/", "/"),
            ("/../..", "/"),
        ] {
            assert_eq!(cleaned(path), clean);
        }
    }

    #[test]
    fn a_star_is_one_segment() {
        assert_eq!(names_in("/workers/*/wake", "/workers/a%20b/wake"), Some(vec!["a b".to_owned()]));
        assert_eq!(names_in("/workers/*", "/workers/a/wake"), None);
        assert_eq!(names_in("/workers/*", "/workers/"), None);
    }
}
