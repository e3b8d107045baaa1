//! The console and HiClaw's controller in process, and the unreliable way to them.
use super::{Kept, World};
use crate::{
    book::{Look, Moment, Sent},
    fault::Fault,
    life::Life,
};
use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use higress::{HigressError, Wire, WireAnswer, WireRequest};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use sandbox::console::{Effect, StoreCall, StoreVerb, Trouble};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout},
};
use tower::ServiceExt;

/// No answer of the console is larger.
const LARGEST: usize = 8 << 20;
/// How late a request that was given up is carried out at most, in milliseconds.
const LATEST: u64 = 60_000;
/// Documents that a write of an AI route or a provider replaces on its way.
const HALVES: [&str; 4] = ["ingresses", "wasmplugins", "mcpbridges", "configmaps"];

/// An answer of the console.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    fn canned(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Self { status: StatusCode::from_u16(status).unwrap_or_default(), headers, body: body.into() }
    }

    fn refusal(status: u16) -> Self {
        let body = json!({"success": false, "message": format!("status {status} by chance"), "data": null});
        let mut reply = Self::canned(status, "application/json", body.to_string());
        if status == 429 {
            reply.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        reply
    }

    fn page(status: u16) -> Self {
        Self::canned(status, "text/html", "<!DOCTYPE html><html><title>Sign in</title></html>")
    }

    /// The content in the envelope.
    pub fn data(&self) -> Option<Value> {
        let mut tree: Value = serde_json::from_slice(&self.body).ok()?;
        match tree.get("success") {
            None => Some(tree),
            Some(_) => tree.get_mut("data").map(Value::take).filter(|data| !data.is_null()),
        }
    }
}

/// A call by somebody who sits beside the console: nothing goes wrong on the way.
pub async fn admin_call(world: &World, method: Method, path: &str, body: Option<Value>) -> Reply {
    admin_call_on(&world.router, method, path, body).await
}

/// As [`admin_call`], on any console.
pub async fn admin_call_on(router: &Router, method: Method, path: &str, body: Option<Value>) -> Reply {
    let basic = format!("Basic {}", STANDARD.encode("admin:admin"));
    let account = HeaderValue::from_str(&basic).ok().map(|value| (header::AUTHORIZATION, value));
    call(router, Parts { peer: Peer::Console, method, path: path.to_owned(), account, body }, None).await
}

/// A call of the controller by somebody who has its token: nothing goes wrong on the way. None: there is no controller, or
/// it refuses.
pub async fn controller_call(
    world: &World,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Option<Value> {
    let controlled = world.controlled.as_ref()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", controlled.token)).ok()?;
    let account = Some((header::AUTHORIZATION, bearer));
    let (peer, path) = (Peer::Controller, path.to_owned());
    let reply = call(&controlled.router, Parts { peer, method, path, account, body }, None).await;
    reply.data().filter(|_| reply.status.is_success())
}

/// Who is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Console,
    Controller,
}

#[derive(Clone)]
struct Parts {
    peer: Peer,
    method: Method,
    path: String,
    account: Option<(HeaderName, HeaderValue)>,
    body: Option<Value>,
}

impl Parts {
    fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// `PUT route`, `GET providers`.
    fn passage(&self) -> String {
        if self.peer == Peer::Controller && !self.writes() {
            return self.method.to_string();
        }
        let kind = self.path.rsplit('/').find(|part| part.ends_with('s')).unwrap_or_default();
        let is_one = self.method != Method::GET || !self.path.ends_with(kind);
        let kind = if is_one { kind.trim_end_matches('s') } else { kind };
        format!("{} {kind}", self.method)
    }

    /// The object that the path names, or that the body of a new one does.
    fn object(&self, world: &World) -> Option<String> {
        if self.peer == Peer::Controller {
            return world
                .kept_at(self.path.strip_prefix("/api/v1/")?, self.writes())
                .map(|kept| kept.object());
        }
        let rest = self.path.strip_prefix("/v1/ai/")?;
        let (kind, name) = match rest.split_once('/') {
            Some((kind, name)) => (kind, name.to_owned()),
            None => (rest, self.body.as_ref()?["name"].as_str()?.to_owned()),
        };
        match kind {
            "providers" => Some(format!("provider:{name}")),
            "routes" => Some(format!("route:{name}")),
            _ => None,
        }
    }
}

async fn call(router: &Router, parts: Parts, effect: Option<Effect>) -> Reply {
    let lost = || Reply::canned(500, "text/plain", "the sandbox broke");
    let mut request = Request::builder().method(parts.method).uri(parts.path);
    if let Some((name, value)) = parts.account {
        request = request.header(name, value);
    }
    if let Some(effect) = effect {
        request = request.extension(effect);
    }
    let request = match parts.body {
        Some(body) => {
            request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
        }
        None => request.body(Body::empty()),
    };
    let Ok(request) = request else { return lost() };
    let Ok(response) = router.clone().oneshot(request).await;
    let (head, body) = response.into_parts();
    match axum::body::to_bytes(body, LARGEST).await {
        Ok(body) => Reply { status: head.status, headers: head.headers, body: body.into() },
        Err(_) => lost(),
    }
}

/// The wire of one life.
pub struct Wired {
    peer: Peer,
    world: Arc<World>,
    life: Life,
}

impl Wired {
    pub fn new(peer: Peer, world: Arc<World>, life: Life) -> Self {
        Self { peer, world, life }
    }
}

impl Wire for Wired {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, HigressError>> {
        let WireRequest { method, url, account, body, limit } = request;
        let parts = Parts { peer: self.peer, method, path: url.path().to_owned(), account, body };
        let exchange = async move {
            let exchange = exchange(&self.world, &self.life, parts, limit);
            timeout(limit, exchange).await.unwrap_or(Err(HigressError::Timeout))
        };
        Box::pin(self.life.lasting(exchange))
    }
}

async fn exchange(
    world: &Arc<World>,
    life: &Life,
    parts: Parts,
    limit: Duration,
) -> Result<WireAnswer, HigressError> {
    let (writes, object) = (parts.writes(), parts.object(world));
    if let Some(object) = object.as_ref().filter(|_| writes) {
        world.writes_outside(life, object);
    }
    sleep(world.weather.pause(1, 15)).await;
    let system = world.name_of(parts.peer);
    let fault = world.suffers(life, system, &parts.passage(), object.as_deref(), writes).await;
    let (method, path) = (parts.method.clone(), parts.path.clone());
    world.trace.note(format_args!("{} {system} {method} {path} {fault:?}", life.number()));
    let _trouble = fault.map(|_| world.sets_out());
    before(fault).await?;
    let sent = object.as_ref().filter(|_| writes).map(|object| {
        let body = parts.body.as_ref().map(Value::to_string);
        world.book.sends(object, world.moment(), body)
    });
    if fault == Some(Fault::TimeoutNotApplied) {
        return std::future::pending().await;
    }
    let canned = fault.and_then(refused);
    let answer = match canned {
        Some(reply) => reply,
        None => carried_out(world, parts, fault, sent, limit).await,
    };
    if fault == Some(Fault::Unheard) {
        life.end();
    }
    let served = world.moment();
    sleep(world.weather.pause(1, 15)).await;
    let answer = after(fault, answer)?;
    world.trace.note(format_args!("{} {system} {method} {path} -> {}", life.number(), answer.status));
    if !writes {
        looked(world, &path, object, &answer, served);
    }
    Ok(WireAnswer { status: answer.status, headers: answer.headers, body: answer.body })
}

/// What goes wrong before the request is out.
async fn before(fault: Option<Fault>) -> Result<(), HigressError> {
    let unreachable = |message: &str| Err(HigressError::Unreachable { message: message.into() });
    match fault {
        Some(Fault::Refused) => unreachable("connection refused"),
        Some(Fault::Dns) => unreachable("no such host"),
        Some(Fault::ConnectTimeout) => {
            sleep(Duration::from_secs(5)).await;
            unreachable("no connection in time")
        }
        Some(Fault::ResetBefore) => Err(HigressError::Interrupted { message: "connection reset".into() }),
        _ => Ok(()),
    }
}

/// What is answered instead of doing anything.
fn refused(fault: Fault) -> Option<Reply> {
    match fault {
        Fault::BadGateway => Some(Reply::page(502)),
        Fault::LoginPage => Some(Reply::page(200)),
        Fault::SuccessFalse => {
            let body = json!({"success": false, "message": "not today", "data": null});
            Some(Reply::canned(200, "application/json", body.to_string()))
        }
        Fault::Redirect => {
            let mut reply = Reply::page(302);
            reply.headers.insert(header::LOCATION, HeaderValue::from_static("/login"));
            Some(reply)
        }
        other => other.status().map(Reply::refusal),
    }
}

/// Lets the console do it, in a task that outlives whoever asked.
async fn carried_out(
    world: &Arc<World>,
    parts: Parts,
    fault: Option<Fault>,
    sent: Option<Sent>,
    limit: Duration,
) -> Reply {
    let late = match fault {
        Some(Fault::LateApply) => limit + world.weather.pause(1, LATEST),
        Some(Fault::Slow) => (limit / 2).min(world.weather.pause(2_000, 20_000)),
        _ => Duration::ZERO,
    };
    if fault == Some(Fault::LateApply) {
        sent.iter().for_each(|sent| world.book.comes_late(&sent.object));
    }
    let again = (fault == Some(Fault::DuplicateApply)).then(|| world.weather.pause(50, LATEST));
    let effect = match fault {
        Some(Fault::HalfDone) => Some(half(world, Trouble::Broken)),
        Some(Fault::HalfConflict) => Some(half(world, Trouble::Conflict)),
        // Of AI routes the console loses nothing: they have documents of their own.
        Some(Fault::Swallowed) if parts.path.starts_with("/v1/ai/providers") => Some(Effect::Lose),
        _ => None,
    };
    let (tell, told) = oneshot::channel();
    let (world, under_way) = (world.clone(), world.sets_out());
    tokio::spawn(async move {
        let _under_way = under_way;
        sleep(late).await;
        let reply = performed(&world, parts.clone(), effect, sent.as_ref()).await;
        // Who asked may have given up.
        drop(tell.send(reply));
        if let Some(pause) = again {
            sleep(pause).await;
            sent.iter().for_each(|sent| world.book.meddles(&sent.object));
            performed(&world, parts, None, sent.as_ref()).await;
        }
    });
    match told.await {
        Ok(reply) => reply,
        Err(_) => std::future::pending().await,
    }
}

async fn performed(world: &World, parts: Parts, effect: Option<Effect>, sent: Option<&Sent>) -> Reply {
    let (method, path) = (parts.method.clone(), parts.path.clone());
    let given = parts.body.as_ref().filter(|_| parts.peer == Peer::Controller).and_then(Kept::given);
    let given = given.map(str::to_owned);
    let served = sent.map(|_| world.served_while_undone());
    if let Some(sent) = sent.filter(|_| parts.peer == Peer::Console) {
        note_before(world, sent).await;
    }
    let reply = call(world.router_of(parts.peer), parts, effect).await;
    if let Some(sent) = sent {
        if let Some(model) = given.filter(|_| reply.status.is_success()) {
            world.theirs.ours(sent, &model);
        }
        world.still_served(&served.unwrap_or_default(), &sent.object);
        world.trace.note(format_args!("  done: {method} {path} -> {}", reply.status));
        settle_marks(world, sent).await;
    }
    reply
}

/// Keeps what an object was before our first write of it.
async fn note_before(world: &World, sent: &Sent) {
    if world.book.before(&sent.object).is_none() {
        let before = content(world, &sent.object).await;
        let tree = before.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let tree = tree.map(|mut tree| tree["data"].take()).filter(|tree| !tree.is_null());
        world.book.was_before(&sent.object, tree);
    }
}

/// Looks what a write of ours did to what the rival wrote there.
async fn settle_marks(world: &World, sent: &Sent) {
    if !world.book.marks().iter().any(|mark| mark.object == sent.object) {
        return;
    }
    let now = content(world, &sent.object).await.unwrap_or_default();
    world.book.after_ours(sent, |mark| now.contains(&mark.text));
}

/// An object of the console as text; none: it is not there.
async fn content(world: &World, object: &str) -> Option<String> {
    let (kind, name) = object.split_once(':')?;
    let reply = admin_call(world, Method::GET, &format!("/v1/ai/{kind}s/{name}"), None).await;
    Some(String::from_utf8_lossy(&reply.body).into_owned()).filter(|text| !text.is_empty())
}

fn half(world: &World, trouble: Trouble) -> Effect {
    let plural = HALVES[world.weather.below(HALVES.len())];
    let skip = u32::try_from(world.weather.below(3)).unwrap_or_default();
    Effect::StoreFails(StoreCall { verb: StoreVerb::Replace, plural, name: None, skip }, trouble)
}

/// What goes wrong with the answer.
fn after(fault: Option<Fault>, mut reply: Reply) -> Result<Reply, HigressError> {
    let broke = |message: &str| Err(HigressError::Interrupted { message: message.into() });
    match fault {
        Some(Fault::TimeoutApplied) => return Err(HigressError::Timeout),
        Some(Fault::ResetAfter) => return broke("connection reset"),
        Some(Fault::ResetInBody) => return broke("connection reset within the answer"),
        Some(Fault::Huge) => {
            return Err(HigressError::Malformed { message: "more than can be read".into() });
        }
        Some(Fault::BadGatewayApplied) => reply = Reply::page(502),
        Some(Fault::Malformed) => reply.body = b"{\"success\":true,,}".to_vec(),
        Some(Fault::Truncated) => reply.body.truncate(reply.body.len() / 2),
        Some(Fault::WrongTypes) => reply.body = b"{\"success\":true,\"data\":[42]}".to_vec(),
        Some(Fault::WrongContentType) => {
            reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        _ => {}
    }
    Ok(reply)
}

/// Notes what an answer shows of objects.
fn looked(world: &World, path: &str, object: Option<String>, reply: &Reply, served: Moment) {
    let answered = world.moment();
    let note = |object: String, tree: Option<Value>| {
        world.book.looked(object, Look { served, answered, tree });
    };
    let is_absent = reply.status == StatusCode::NOT_FOUND && reply.body.is_empty();
    match (object, reply.data()) {
        (Some(object), tree) if reply.status.is_success() || is_absent => note(object, tree),
        (None, Some(list @ Value::Object(_))) => {
            for (kind, all) in ["managers", "workers"].map(|kind| (kind, list[kind].as_array())) {
                for tree in all.into_iter().flatten() {
                    let name = tree["name"].as_str().unwrap_or_default();
                    let kept = world.kept_at(&format!("{kind}/{name}"), false);
                    kept.into_iter().for_each(|kept| note(kept.object(), Some(tree.clone())));
                }
            }
        }
        (None, Some(Value::Array(all))) => {
            let kind = if path.ends_with("/providers") { "provider" } else { "route" };
            for tree in all {
                let name = tree["name"].as_str().unwrap_or_default();
                note(format!("{kind}:{name}"), Some(tree));
            }
        }
        _ => {}
    }
}
