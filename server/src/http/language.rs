//! Which language a page is answered in.
use super::{front::is_page, sign_in::cookie_named};
use app::text::Lang;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, Method, Uri, header};

/// Where a browser keeps what its user chose.
const COOKIE: &str = "agm-lang";
/// What chooses a language in the address of a page.
const PARAMETER: &str = "lang";

/// The language of a request: as chosen before, else what its browser likes best, else English.
pub fn wanted(headers: &HeaderMap) -> Lang {
    let chosen = cookie_named(headers, COOKIE).and_then(|tag| tag.parse().ok());
    chosen.or_else(|| accepted(headers)).unwrap_or_default()
}

/// The best of `Accept-Language` that we speak; of equals the first.
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|list| list.to_str().ok());
    let mut best = None;
    for (lang, quality) in lists.flat_map(|list| list.split(',')).filter_map(range) {
        if best.is_none_or(|(_, so_far)| quality > so_far) {
            best = Some((lang, quality));
        }
    }
    best.map(|(lang, _)| lang)
}

/// One language range and its quality. What is malformed, not spoken here or refused (`q=0`) is no range.
fn range(text: &str) -> Option<(Lang, f32)> {
    let (tag, weight) = text.split_once(';').unwrap_or((text, "q=1"));
    let quality = weight.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?.parse().ok()?;
    // `NaN` is parsed too, and is in no range.
    (quality > 0.0 && quality <= 1.0).then_some((tag.trim().parse().ok()?, quality))
}

/// `?lang=` on a page is remembered and taken out of the address.
pub async fn choose(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match chosen(request.uri()).filter(|_| reads) {
        Some((lang, address)) => remembered(lang, &address),
        None => next.run(request).await,
    }
}

/// The language that the address of a page chooses, and the address without it.
fn chosen(uri: &Uri) -> Option<(Lang, String)> {
    let path = uri.path();
    let page = path.starts_with("/agm/") && is_page(path);
    let query = uri.query().filter(|_| page)?;
    let lang = query.split('&').find_map(|pair| tag(pair)?.parse().ok())?;
    let rest: Vec<_> = query.split('&').filter(|pair| tag(pair).is_none()).collect();
    let mark = if rest.is_empty() { "" } else { "?" };
    Some((lang, format!("{path}{mark}{}", rest.join("&"))))
}

/// What a pair of a query says of the language.
fn tag(pair: &str) -> Option<&str> {
    pair.strip_prefix(PARAMETER)?.strip_prefix('=')
}

fn remembered(lang: Lang, address: &str) -> Response {
    let mut response = Redirect::to(address).into_response();
    let cookie = format!("{COOKIE}={lang}; Path=/agm; Max-Age=31536000; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(cookie: &str, accepts: &str) -> HeaderMap {
        let value = |text: &str| HeaderValue::try_from(text).unwrap();
        HeaderMap::from_iter([(header::COOKIE, value(cookie)), (header::ACCEPT_LANGUAGE, value(accepts))])
    }

    #[test]
    fn what_was_chosen_wins_then_what_is_liked_best_then_english() {
        for (cookie, accepts, lang) in [
            ("agm-lang=zh-CN", "en", Lang::Zh),
            ("a=b; agm-lang=en", "zh-CN,zh;q=0.9", Lang::En),
            ("agm-lang=tlh", "zh", Lang::Zh),
            ("", "zh-CN,zh;q=0.9,en;q=0.8", Lang::Zh),
            ("", "en-GB,en;q=0.9,zh;q=0.8", Lang::En),
            ("", "fr-CH, en;q=0.5, zh-Hant-TW;q=0.7, *;q=0.1", Lang::Zh),
            ("", "en;q=0.8, zh;Q=0.9", Lang::Zh),
            ("", "zh, en", Lang::Zh),
            ("", "zh;q=0", Lang::En),
            ("", "zh;q=NaN, zh;q=inf, zh;q=2, zh;q=-1, zh;q=, zh;level=1", Lang::En),
            ("", "zhuang, *", Lang::En),
            ("", "", Lang::En),
        ] {
            assert_eq!(wanted(&headers(cookie, accepts)), lang, "{cookie} | {accepts}");
        }
        assert_eq!(wanted(&HeaderMap::new()), Lang::En);
    }

    #[test]
    fn lists_in_several_headers_are_one_list() {
        let mut headers = headers("", "en;q=0.5");
        headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static("zh;q=0.6"));
        assert_eq!(wanted(&headers), Lang::Zh);
    }

    #[test]
    fn a_page_is_asked_for_again_without_the_choice() {
        for (address, expected) in [
            ("/agm/?lang=zh-CN", Some((Lang::Zh, "/agm/"))),
            (
                "/agm/routes?model=a%26b&lang=en&consumer=c",
                Some((Lang::En, "/agm/routes?model=a%26b&consumer=c")),
            ),
            ("/agm/nowhere?lang=x&lang=zh&slang=1", Some((Lang::Zh, "/agm/nowhere?slang=1"))),
            ("/agm/?lang=fr", None),
            ("/agm/?lang", None),
            ("/agm/", None),
            ("/agm/pkg/agm.js?lang=en", None),
            ("/ni_status/providers?lang=en", None),
            ("//agm/?lang=en", None),
        ] {
            let expected = expected.map(|(lang, address)| (lang, address.to_owned()));
            assert_eq!(chosen(&address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_choice_is_kept_for_a_year_below_agm() {
        let response = remembered(Lang::Zh, "/agm/models");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (303, &"/agm/models".parse().unwrap())
        );
        let cookie = &response.headers()["set-cookie"];
        assert_eq!(cookie, "agm-lang=zh-CN; Path=/agm; Max-Age=31536000; SameSite=Lax");
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..60), list in "[enzhqQ0-9a.;=,*+ -]{0,60}") {
            for value in [HeaderValue::from_bytes(&bytes), HeaderValue::try_from(list)].into_iter().filter_map(Result::ok) {
                let headers = [header::COOKIE, header::ACCEPT_LANGUAGE].map(|name| (name, value.clone()));
                wanted(&HeaderMap::from_iter(headers));
            }
        }
    }
}
