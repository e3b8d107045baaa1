use super::*;
use axum::{Router, http::StatusCode, response::IntoResponse, routing::get};
use std::sync::Mutex;

/// Answers by name, one answer after another; the last one stays.
#[derive(Default)]
struct Names(Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>);

impl Names {
    fn with(self, name: &str, answers: &[&[&str]]) -> Self {
        let answers =
            answers.iter().map(|list| list.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        self.0.lock().unwrap().insert(name.into(), answers);
        self
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(host) {
            Some(answers) if answers.len() > 1 => Ok(answers.remove(0)),
            Some(answers) => Ok(answers[0].clone()),
            None => Err(io::Error::other("no such name")),
        };
        Box::pin(async move { answer })
    }
}

fn egress(names: Names, allow_private: bool, own: &[&str], map: &[(&str, SocketAddr)]) -> Egress {
    let params = EgressParams {
        allow_private,
        own: own.iter().map(|url| Url::parse(url).unwrap()).collect(),
        map: map.iter().map(|(host, addr)| ((*host).to_owned(), *addr)).collect(),
        connect: Duration::from_secs(5),
        total: Duration::from_secs(10),
    };
    Egress::with_resolver(params, Arc::new(names)).unwrap()
}

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    addr
}

/// Hosts that are never called, in every spelling that the URL parser understands.
const NEVER: &[&str] = &[
    "localhost",
    "LOCALHOST",
    "localhost.",
    "foo.localhost",
    "localhost.localdomain",
    "a.localdomain",
    "localhost.example.com",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "0x7f.0x0.0x0.0x1",
    "127.0.0.01",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "①27.0.0.1",
    "0",
    "0.0.0.0",
    "0.1.2.3",
    "0x0",
    "00",
    "0.0.0.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::ffff:0.0.0.0]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[64:ff9b:1::1]",
    "169.254.169.254",
    "169.254.0.1",
    "169.254.255.255",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::169.254.169.254]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[febf::1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "100.100.100.200",
    "0x646464c8",
    "168.63.129.16",
    "192.0.0.192",
    "metadata.google.internal",
    "METADATA.google.internal",
    "x.metadata.google.internal",
    "metadata",
    "metadata.azure.internal",
    "224.0.0.1",
    "239.255.255.250",
    "[ff02::1]",
    "[ff0e::1]",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "037777777777",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.7",
    "203.0.113.9",
    "[2001:db8::1]",
    "[2001::1]",
    "[2001:20::1]",
    "[100::1]",
    "[3fff::1]",
    "[4000::1]",
    "[1::1]",
    "[::ffff:0:127.0.0.1]",
    "[5f00::1]",
    "[fec0::1]",
    "example.com.",
    "a.b.example.com.",
];

/// Hosts that may be called when private addresses are permitted.
const PRIVATE: &[&str] = &[
    "10.0.0.1",
    "10.255.255.255",
    "0x0a000001",
    "167772161",
    "012.0.0.1",
    "10.1",
    "172.16.0.1",
    "172.31.255.255",
    "0xac100001",
    "192.168.0.1",
    "192.168.255.255",
    "3232235521",
    "0xc0a80001",
    "0300.0250.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "[::ffff:10.0.0.1]",
    "[::ffff:a00:1]",
    "[::ffff:192.168.1.1]",
    "[64:ff9b::10.0.0.1]",
    "[2002:a00:1::]",
    "[fc00::1]",
    "[fd12:3456::1]",
];

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "134744072",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "191.255.255.255",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "[2606:4700::1111]",
    "[::ffff:1.1.1.1]",
    "[64:ff9b::1.1.1.1]",
    "[2002:101:101::]",
    "api.deepseek.com",
    "llm.example.com",
    "notlocalhost.example.com",
    "xn--bcher-kva.example",
];

/// Whole URLs that are never called, whatever their host.
const SHAPES: &[&str] = &[
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "gopher://api.example.com/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "ws://api.example.com/",
    "ldap://api.example.com/",
    "unix:/run/docker.sock",
    "jar:http://x!/",
    "dict://api.example.com:11211/",
    "http://user@api.example.com/",
    "http://user:pw@api.example.com/",
    "https://:pw@api.example.com/",
    "http://api.example.com@127.0.0.1/",
    "http://127.0.0.1@api.example.com/",
    "http://api.example.com:0/",
    "http:127.0.0.1/",
    "http:/127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http://127.0.0.1\\@api.example.com/",
    "http://127.0.0.1#@api.example.com/",
    "http://127.0.0.1?@api.example.com/",
    "http://127.0.0.1:80/",
    "https://127.0.0.1:443/v1",
    "http://localhost:8001/v1/consumers",
    "http://console.example.com:8001/x",
    "https://minio.example.com/",
    "https://MINIO.example.com:443/",
];

#[test]
fn no_spelling_of_a_forbidden_address_gets_through() {
    let own = ["http://console.example.com:8001", "https://minio.example.com"];
    let (strict, lenient) =
        (egress(Names::default(), false, &own, &[]), egress(Names::default(), true, &own, &[]));
    let mut checked = 0;
    let mut expect = |text: &str, strictly: bool, leniently: bool| {
        checked += 1;
        let allowed = |egress: &Egress| Url::parse(text).is_ok_and(|url| egress.check(&url).is_ok());
        assert_eq!((allowed(&strict), allowed(&lenient)), (strictly, leniently), "{text}");
    };
    for host in NEVER {
        expect(&format!("https://{host}/v1"), false, false);
    }
    for host in PRIVATE {
        expect(&format!("http://{host}:11434/v1"), false, true);
    }
    for host in PUBLIC {
        assert!(Url::parse(&format!("https://{host}/v1")).is_ok(), "{host}");
        expect(&format!("https://{host}/v1"), true, true);
    }
    for url in SHAPES {
        expect(url, false, false);
    }
    // The same systems by another port are somebody else.
    expect("http://console.example.com:9999/", true, true);
    assert!(checked >= 150, "{checked}");
}

#[tokio::test]
async fn a_name_is_as_good_as_the_worst_of_its_addresses() {
    for (answer, allow_private) in [
        (&["127.0.0.1"][..], true),
        (&["1.1.1.1", "127.0.0.1"], true),
        (&["1.1.1.1", "::1"], true),
        (&["::ffff:169.254.169.254"], true),
        (&["1.1.1.1", "10.0.0.1"], false),
        (&["fe80::1"], true),
    ] {
        let egress = egress(Names::default().with("llm.example.com", &[answer]), allow_private, &[], &[]);
        let url = Url::parse("http://llm.example.com/v1").unwrap();
        let error = egress.get(&url, HeaderMap::new()).await.unwrap_err();
        assert!(matches!(error, EgressError::Forbidden(_)), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn our_own_systems_are_refused_by_address_too() {
    let names =
        || Names::default().with("alias.example.com", &[&["10.9.9.9"]]).with("console", &[&["10.9.9.9"]]);
    for url in ["http://alias.example.com:8001/", "http://10.9.9.9:8001/", "http://[::ffff:10.9.9.9]:8001/"] {
        let egress = egress(names(), true, &["http://console:8001"], &[]);
        let error = egress.get(&Url::parse(url).unwrap(), HeaderMap::new()).await.unwrap_err();
        assert!(matches!(&error, EgressError::Forbidden(why) if why.contains("itself")), "{url}: {error:?}");
    }
}

#[tokio::test]
async fn a_resolver_that_changes_its_mind_changes_nothing() {
    // 127.0.0.2 stands for the internet here, 127.0.0.1 for our own network; both listen on one port.
    let outside = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = outside.local_addr().unwrap().port();
    let inside = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    for (listener, text) in [(outside, "outside"), (inside, "inside")] {
        let router = Router::new().fallback(move || async move { text });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    }
    let names = Names::default().with("llm.example.com", &[&["127.0.0.2"], &["127.0.0.1"]]);
    let mut egress = egress(names, false, &[], &[]);
    egress.class = |ip| if ip == IpAddr::from([127, 0, 0, 2]) { Class::Public } else { address::class(ip) };
    let url = Url::parse(&format!("http://llm.example.com:{port}/")).unwrap();
    let first = egress.get(&url, HeaderMap::new()).await.unwrap();
    assert_eq!(first.body, "outside", "the connection goes to the address that was checked");
    let second = egress.get(&url, HeaderMap::new()).await.unwrap_err();
    assert!(matches!(second, EgressError::Forbidden(_)), "{second:?}");
}

#[tokio::test]
async fn an_unknown_name_is_a_dns_error() {
    let egress = egress(Names::default().with("empty.example.com", &[&[]]), false, &[], &[]);
    for host in ["nowhere.example.com", "empty.example.com"] {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        assert!(
            matches!(egress.get(&url, HeaderMap::new()).await.unwrap_err(), EgressError::Dns(_)),
            "{host}"
        );
    }
}

/// A resolver whose server is gone.
struct Silent;

impl Resolver for Silent {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_resolver_costs_no_more_than_a_silent_host() {
    let own = ["http://console.example.com:8001"];
    let params = EgressParams::clone(&egress(Names::default(), false, &own, &[]).params);
    let (patience, egress) = (params.connect, Egress::with_resolver(params, Arc::new(Silent)).unwrap());
    let begun = tokio::time::Instant::now();
    let url = Url::parse("https://llm.example.com/").unwrap();
    let error = egress.get(&url, HeaderMap::new()).await.unwrap_err();
    assert!(matches!(error, EgressError::Dns(_)), "{error:?}");
    assert!(begun.elapsed() < patience * 2, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let inside = serve(Router::new().fallback(|| async { "inside" })).await;
    let location = format!("http://{inside}/secret");
    let router = Router::new()
        .fallback(move || async move { (StatusCode::FOUND, [("location", location)]).into_response() });
    let egress = egress(Names::default(), false, &[], &[("llm.example.com", serve(router).await)]);
    let answer = egress
        .get(&Url::parse("https://llm.example.com/v1/models").unwrap(), HeaderMap::new())
        .await
        .unwrap();
    assert_eq!((answer.status, &answer.body[..]), (302, &b""[..]));
}

#[tokio::test]
async fn a_mapped_host_is_called_here_under_its_own_name() {
    let echo = |headers: HeaderMap, uri: axum::http::Uri| async move {
        format!("{} {uri} {}", headers["host"].to_str().unwrap(), headers["x-key"].to_str().unwrap())
    };
    let addr = serve(Router::new().fallback(get(echo))).await;
    let egress = egress(Names::default(), false, &[], &[("llm.example.com", addr)]);
    let headers = HeaderMap::from_iter([("x-key".parse().unwrap(), "k".parse().unwrap())]);
    let answer = egress
        .get(&Url::parse("https://llm.example.com:8443/v1/models?a=b").unwrap(), headers)
        .await
        .unwrap();
    assert_eq!(answer.body, "llm.example.com /v1/models?a=b k");
    // Only that very name is mapped, and only in a URL that is fine otherwise.
    let other = Url::parse(&format!("http://127.0.0.1:{}/", addr.port())).unwrap();
    assert!(matches!(egress.get(&other, HeaderMap::new()).await, Err(EgressError::Forbidden(_))));
    assert!(egress.check(&Url::parse("https://u:p@llm.example.com/").unwrap()).is_err());
}

#[tokio::test]
async fn a_huge_answer_and_a_slow_one_end() {
    let router = Router::new()
        .route("/huge", get(|| async { vec![b'x'; LARGEST_BODY + 1] }))
        .route("/slow", get(|| async { std::future::pending::<String>().await }));
    let mut egress = egress(Names::default(), false, &[], &[("llm.example.com", serve(router).await)]);
    let huge = egress.get(&Url::parse("http://llm.example.com/huge").unwrap(), HeaderMap::new()).await;
    assert_eq!(huge.unwrap_err(), EgressError::TooLarge(LARGEST_BODY));
    egress.params = Arc::new(EgressParams { total: Duration::from_millis(100), ..(*egress.params).clone() });
    let slow = egress.get(&Url::parse("http://llm.example.com/slow").unwrap(), HeaderMap::new()).await;
    assert_eq!(slow.unwrap_err(), EgressError::Timeout);
}
