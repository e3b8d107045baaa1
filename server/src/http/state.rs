//! What every handler can reach.
use super::{
    counters::Counters, doctor::own_checks, hosts::Hosts, news::Streams, prometheus::Readiness, reads::Reads,
};
use crate::{
    auth::{Account, Limiter, Limits, Sessions},
    log::Recent,
    site::Site,
};
use app::api::{Installation, ServerFacts};
use axum::extract::FromRef;
use domain::Setting;
use leptos::config::LeptosOptions;
use operations::Operations;
use secrecy::SecretString;
use std::{net::IpAddr, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What a server is made of.
pub struct Setup {
    pub operations: Operations,
    pub user: String,
    pub password: SecretString,
    /// Opens `/metrics` beside a sign-in.
    pub metrics_token: Option<SecretString>,
    pub hosts: Hosts,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether the browser speaks TLS with us.
    pub secure: bool,
    pub sandbox: bool,
    pub limits: Limits,
    pub site: Site,
    /// Each setting and who said it.
    pub told: Vec<Setting>,
    pub log: Recent,
}

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// Asked for by Leptos, which uses nothing of it here.
    pub leptos: LeptosOptions,
    pub site: Site,
    pub shared: Arc<Shared>,
}

/// The one instance behind every clone of [`AppState`].
pub struct Shared {
    pub operations: Operations,
    pub account: Account,
    pub sessions: Sessions,
    pub limiter: Limiter,
    pub metrics_token: Option<SecretString>,
    pub hosts: Hosts,
    pub trusted_proxies: Vec<IpAddr>,
    pub secure: bool,
    pub sandbox: bool,
    pub facts: Arc<ServerFacts>,
    pub counters: Counters,
    pub reads: Reads,
    pub readiness: Readiness,
    pub streams: Streams,
    pub log: Recent,
    /// Ends the streams that would otherwise keep a shutdown waiting.
    pub closing: CancellationToken,
}

impl AppState {
    /// Takes the setup apart.
    pub fn new(setup: Setup) -> Self {
        let checks = own_checks(&setup.user, &setup.password, setup.sandbox);
        let shared = Shared {
            account: Account::new(&setup.user, &setup.password),
            operations: setup.operations,
            sessions: Sessions::default(),
            limiter: Limiter::new(setup.limits),
            metrics_token: setup.metrics_token,
            hosts: setup.hosts,
            trusted_proxies: setup.trusted_proxies,
            secure: setup.secure,
            sandbox: setup.sandbox,
            facts: Arc::new(ServerFacts { settings: setup.told, checks }),
            counters: Counters::default(),
            reads: Reads::default(),
            readiness: Readiness::default(),
            streams: Streams::default(),
            log: setup.log,
            closing: CancellationToken::new(),
        };
        let leptos = LeptosOptions::builder().output_name("agm").build();
        Self { leptos, site: setup.site, shared: Arc::new(shared) }
    }

    /// What pages and server functions find in their context.
    pub fn installation(&self) -> Installation {
        let Shared { operations, sandbox, facts, .. } = &*self.shared;
        Installation { operations: operations.clone(), sandbox: *sandbox, server: facts.clone() }
    }
}
