use crate::{World, provider};
use futures::future::BoxFuture;
use higress::{Console, HigressError, HttpWire, Observation, Outcome, Wire, WireAnswer, WireRequest};
use reqwest::{Method, StatusCode};
use sandbox::console::{Canned, Effect};
use serde_json::json;
use std::{sync::Arc, time::Duration};

const ONE: &str = "/v1/ai/providers/*";
const ALL: &str = "/v1/ai/providers";

#[tokio::test]
async fn a_provider_is_made_changed_and_removed() {
    let world = World::start().await;
    let first = provider("lab", "https://one.example.com/v1");
    let made = world.console.write_provider(None, &first).await.unwrap();
    assert_eq!(made.before, None);
    assert_eq!(made.after.json()["rawConfigs"]["id"], "lab");

    let second = provider("lab", "https://two.example.com/v1");
    let changed = world.console.write_provider(Some(&first), &second).await.unwrap();
    assert_eq!(changed.before, Some(made.after));
    assert_eq!(changed.after.base_url().unwrap().host_str(), Some("two.example.com"));
    assert_eq!(world.console.resync_provider(first.name()).await.unwrap(), Some(changed.after));

    world.console.remove_provider(&second).await.unwrap();
    assert!(world.console.providers().await.unwrap().is_empty());
    world.console.remove_provider(&second).await.unwrap();
    assert_eq!(world.console.resync_provider(first.name()).await.unwrap(), None);
}

#[tokio::test]
async fn what_somebody_else_wrote_is_not_overwritten() {
    let world = World::start().await;
    let mine = provider("lab", "https://mine.example.com/v1");
    let theirs = provider("lab", "https://theirs.example.com/v1");
    world.rival(Method::POST, ALL, theirs.json()).await;
    let changed = |outcome: higress::WriteError| {
        assert!(matches!(outcome.error, HigressError::Changed { .. }), "{outcome:?}");
        assert_eq!(outcome.outcome, Outcome::NotApplied);
    };
    changed(world.console.write_provider(None, &mine).await.unwrap_err());
    let other = provider("lab", "https://other.example.com/v1");
    changed(world.console.write_provider(Some(&other), &mine).await.unwrap_err());
    changed(world.console.remove_provider(&mine).await.unwrap_err());
    let now = world.console.provider(mine.name()).await.unwrap().unwrap();
    assert_eq!(now.base_url().unwrap().host_str(), Some("theirs.example.com"));
    // Gone in the meantime is a change, too.
    let gone = provider("gone", "https://gone.example.com/v1");
    changed(
        world
            .console
            .write_provider(Some(&gone), &gone)
            .await
            .map(drop)
            .map_or_else(|e| e, |()| panic!("written")),
    );
}

/// A way to the console on which somebody else writes as soon as a write of ours is answered.
struct Followed {
    wire: HttpWire,
    then: WireRequest,
}

impl Wire for Followed {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        Box::pin(async move {
            let (writes, account) = (request.method != Method::GET, request.account.clone());
            let answer = self.wire.send(request).await;
            if writes {
                self.wire.send(WireRequest { account, ..self.then.clone() }).await?;
            }
            answer
        })
    }
}

#[tokio::test]
async fn what_somebody_else_made_of_an_acknowledged_write_may_hold_it() {
    let world = World::start().await;
    let first = provider("lab", "https://one.example.com/v1");
    world.console.write_provider(None, &first).await.unwrap();
    let mut theirs = provider("lab", "https://two.example.com/v1").json().clone();
    theirs["rawConfigs"]["theirs"] = json!(true);
    let then = WireRequest {
        method: Method::PUT,
        url: world.url.join("/v1/ai/providers/lab").unwrap(),
        account: None,
        body: Some(theirs),
        limit: Duration::from_secs(20),
    };
    let followed = Followed { wire: HttpWire::new(Duration::from_secs(5)).unwrap(), then };
    let console = Console::over(crate::params(world.url.clone(), "admin"), Arc::new(followed)).unwrap();
    let second = provider("lab", "https://two.example.com/v1");
    let changed = console.write_provider(Some(&first), &second).await.unwrap_err();
    assert!(matches!(changed.error, HigressError::Changed { .. }), "{changed:?}");
    assert_eq!(changed.outcome, Outcome::Unknown);
}

#[tokio::test]
async fn conflicts_are_tried_again() {
    let world = World::start().await;
    let conflict = Canned::error(StatusCode::CONFLICT, "x.ResourceConflictException: null");
    let wrapped = r#"io.kubernetes.client.openapi.ApiException: Conflict - {"kind":"Status","code":409}"#;
    let wrapped = Canned::error(StatusCode::INTERNAL_SERVER_ERROR, wrapped);
    let lab = provider("lab", "https://llm.example.com/v1");
    world.fault(Method::POST, ALL, 2, Effect::Answer(conflict));
    world.fault(Method::DELETE, ONE, 2, Effect::Answer(wrapped));
    world.console.write_provider(None, &lab).await.unwrap();
    world.console.remove_provider(&lab).await.unwrap();
    assert_eq!(world.console.provider(lab.name()).await.unwrap(), None);
}

#[tokio::test]
async fn a_lasting_conflict_is_reported() {
    let world = World::start().await;
    let conflict = Canned::error(StatusCode::CONFLICT, "x.ResourceConflictException: null");
    world.fault(Method::POST, ALL, u32::MAX, Effect::Answer(conflict));
    let error =
        world.console.write_provider(None, &provider("lab", "https://llm.example.com/v1")).await.unwrap_err();
    assert!(matches!(error.error, HigressError::Conflict { .. }));
    assert_eq!(error.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn an_acknowledged_write_that_was_swallowed_is_written_again() {
    let world = World::start().await;
    let lab = provider("lab", "https://llm.example.com/v1");
    world.fault(Method::POST, ALL, 2, Effect::Lose);
    world.console.write_provider(None, &lab).await.unwrap();
    assert!(world.console.provider(lab.name()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_write_that_never_stays_is_not_claimed() {
    let world = World::start().await;
    let lab = provider("lab", "https://llm.example.com/v1");
    world.fault(Method::POST, ALL, u32::MAX, Effect::Lose);
    let error = world.console.write_provider(None, &lab).await.unwrap_err();
    assert!(matches!(error.error, HigressError::Lost { .. }), "{error:?}");
    assert_eq!(error.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn a_delete_that_deletes_nothing_is_noticed() {
    let world = World::start().await;
    let lab = provider("lab", "https://llm.example.com/v1");
    world.console.write_provider(None, &lab).await.unwrap();
    let nothing =
        || Effect::Answer(Canned { status: StatusCode::NO_CONTENT, content_type: "", body: String::new() });
    world.fault(Method::DELETE, ONE, 1, nothing());
    world.console.remove_provider(&lab).await.unwrap();
    world.console.write_provider(None, &lab).await.unwrap();
    world.fault(Method::DELETE, ONE, u32::MAX, nothing());
    let error = world.console.remove_provider(&lab).await.unwrap_err();
    assert!(matches!(error.error, HigressError::Lost { .. }), "{error:?}");
    assert_eq!(error.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn a_write_without_an_answer_is_unknown_until_looked_at() {
    for (effect, seen) in [
        (Effect::HangAfter, Observation::AllNew),
        (Effect::Hang, Observation::AllOld),
        (Effect::DropAfter, Observation::AllNew),
        (Effect::Drop, Observation::AllOld),
    ] {
        let world = World::start().await;
        let lab = provider("lab", "https://llm.example.com/v1");
        world.fault(Method::POST, ALL, 1, effect.clone());
        let error = world.impatient().write_provider(None, &lab).await.unwrap_err();
        assert_eq!(error.outcome, Outcome::Unknown, "{effect:?}");
        let lost = matches!(error.error, HigressError::Timeout | HigressError::Interrupted { .. });
        assert!(lost, "{effect:?} {error:?}");
        assert_eq!(
            world.console.observe_provider(lab.name(), None, Some(&lab)).await.unwrap(),
            seen,
            "{effect:?}"
        );
    }
}

#[tokio::test]
async fn an_error_after_the_write_is_found_out() {
    let world = World::start().await;
    let lab = provider("lab", "https://llm.example.com/v1");
    let broken = Canned::error(StatusCode::INTERNAL_SERVER_ERROR, "java.lang.IllegalStateException: oops");
    world.fault(Method::POST, ALL, 1, Effect::AnswerAfter(broken.clone()));
    world.console.write_provider(None, &lab).await.unwrap();
    // Not done, and said so.
    let other = provider("other", "https://other.example.com/v1");
    world.fault(Method::POST, ALL, 1, Effect::Answer(broken));
    let error = world.console.write_provider(None, &other).await.unwrap_err();
    assert!(matches!(error.error, HigressError::Server { status: 500, .. }));
    assert_eq!(error.outcome, Outcome::NotApplied);
}

#[tokio::test]
async fn a_provider_stored_in_spite_of_a_refusal_is_told() {
    let world = World::start().await;
    let one = provider("one", "https://one.example.com/v1");
    let two = provider("two", "https://two.example.com/v1");
    world.console.write_provider(None, &one).await.unwrap();
    world.console.write_provider(None, &two).await.unwrap();
    let route = json!({ "name": "mixed", "pathPredicate": { "matchType": "PRE", "matchValue": "/" },
        "upstreams": [{ "provider": "one", "weight": 50 }, { "provider": "two", "weight": 50 }] });
    world.rival(Method::POST, "/v1/ai/routes", &route).await;
    world.rival(Method::DELETE, "/v1/ai/providers/two", &json!({})).await;
    let moved = provider("one", "https://moved.example.com/v1");
    let error = world.console.write_provider(Some(&one), &moved).await.unwrap_err();
    assert_eq!(error.error, HigressError::Invalid { message: "Unknown provider: two".into() });
    assert_eq!(error.outcome, Outcome::Applied);
}

#[tokio::test]
async fn writes_of_one_process_do_not_swallow_each_other() {
    let world = World::start().await;
    let writes = (0..12).map(|n| {
        let console = world.console.clone();
        tokio::spawn(async move {
            let lab = provider(&format!("lab{n}"), &format!("https://lab{n}.example.com/v1"));
            console.write_provider(None, &lab).await
        })
    });
    for write in writes.collect::<Vec<_>>() {
        write.await.unwrap().unwrap();
    }
    assert_eq!(world.console.providers().await.unwrap().len(), 12);
}

#[tokio::test]
async fn an_edit_keeps_tokens_and_settings_that_it_does_not_name() {
    let world = World::start().await;
    let json = json!({ "name": "qwen", "type": "qwen", "protocol": "openai/v1", "tokens": ["sk-qwen-1"], "proxyName": "p",
        "rawConfigs": { "hiclawMode": true, "firstByteTimeout": 7, "modelMapping": { "a": "b" } } });
    world.rival(Method::POST, ALL, &json).await;
    let before = world.console.provider(&"qwen".parse().unwrap()).await.unwrap().unwrap();
    let edit =
        serde_json::from_value(json!({ "protocol": "original", "settings": { "firstByteTimeout": null } }))
            .unwrap();
    let wanted = before.edited(&edit).unwrap();
    let after = world.console.write_provider(Some(&before), &wanted).await.unwrap().after;
    let raw = &after.json()["rawConfigs"];
    assert_eq!(after.json()["tokens"], json!(["sk-qwen-1"]));
    assert_eq!((&raw["hiclawMode"], &raw["modelMapping"]), (&json!(true), &json!({ "a": "b" })));
    assert_eq!((after.json()["protocol"].as_str(), raw.get("firstByteTimeout")), (Some("original"), None));
    assert!(after.hiclaw_owned());
}
