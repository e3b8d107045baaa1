//! The language of a page.
use crate::support::{ADMIN, World};

const LIKES_CHINESE: (&str, &str) = ("accept-language", "zh-CN,zh;q=0.9,en;q=0.5");

#[tokio::test]
async fn a_page_speaks_as_its_reader_likes() {
    let world = World::start().await;
    let page = world.call("GET", "/agm/login", &[LIKES_CHINESE], "").await;
    assert!(page.text.contains(r#"<html lang="zh-CN""#) && page.text.contains("用户名"), "{}", page.text);
    let page = world.call("GET", "/agm/login", &[LIKES_CHINESE, ("cookie", "agm-lang=en")], "").await;
    assert!(page.text.contains(r#"<html lang="en""#) && page.text.contains("Password"), "{}", page.text);
    let missing = world.call("GET", "/agm/nowhere", &[ADMIN, LIKES_CHINESE], "").await;
    assert_eq!(missing.status.as_u16(), 404);
    assert!(missing.text.contains("页面不存在"), "{}", missing.text);
}

#[tokio::test]
async fn a_choice_in_the_address_is_remembered_and_taken_out() {
    let world = World::start().await;
    for (address, rest) in
        [("/agm/?lang=zh-CN", "/agm/"), ("/agm/nowhere?a=1&lang=zh-CN", "/agm/nowhere?a=1")]
    {
        let answer = world.call("GET", address, &[ADMIN], "").await;
        assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (303, &rest.parse().unwrap()));
        let kept = answer.headers["set-cookie"].to_str().unwrap();
        let cookie = kept.split(';').next().unwrap();
        let page = world.call("GET", rest, &[ADMIN, ("cookie", cookie)], "").await;
        assert!(page.text.contains(r#"<html lang="zh-CN""#), "{}", page.text);
    }
    let unknown = world.call("GET", "/agm/login?lang=tlh", &[], "").await;
    assert_eq!((unknown.status.as_u16(), unknown.headers.get("set-cookie")), (200, None));
}
