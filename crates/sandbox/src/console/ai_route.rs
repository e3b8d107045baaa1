//! An AI route as the console's API has it, and what it may not be.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::faults::Release;
use super::jackson::{self, blank};
use super::refusal::Refusal;
use super::route::{Auth, Cors, HeaderControl, KeyedPredicate, MatchType, Predicate, Retry};

/// Header into which the gateway copies the model of a request.
pub(super) const MODEL_HEADER: &str = "x-higress-llm-model";

/// `AiUpstream`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AiUpstream {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) provider: Option<String>,
    #[serde(deserialize_with = "jackson::integer")]
    pub(super) weight: Option<i32>,
    #[serde(deserialize_with = "jackson::text_map")]
    pub(super) model_mapping: Option<Map<String, Value>>,
}

impl AiUpstream {
    fn validate(&self) -> Result<(), Refusal> {
        if jackson::empty(self.provider.as_deref()) {
            return Err(Refusal::invalid("provider cannot be null or empty."));
        }
        Ok(())
    }
}

/// `AiRouteFallbackConfig`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Fallback {
    #[serde(deserialize_with = "jackson::boolean")]
    pub(super) enabled: Option<bool>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) upstreams: Option<Vec<AiUpstream>>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) fallback_strategy: Option<String>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) response_codes: Option<Vec<String>>,
}

impl Fallback {
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled == Some(true)
    }

    fn validate(&mut self) -> Result<(), Refusal> {
        if !self.is_enabled() {
            return Ok(());
        }
        if let Some(strategy) =
            self.fallback_strategy.as_deref().filter(|strategy| !["", "RAND", "SEQ"].contains(strategy))
        {
            return Err(Refusal::invalid(format!("unknown fallback strategy: {strategy}")));
        }
        let Some(upstreams) = self.upstreams.as_ref().filter(|upstreams| !upstreams.is_empty()) else {
            return Err(Refusal::invalid("upstreams cannot be empty when fallback is enabled."));
        };
        let Some(codes) = self.response_codes.as_mut().filter(|codes| !codes.is_empty()) else {
            return Err(Refusal::invalid("response codes cannot be empty when fallback is enabled."));
        };
        let mut seen = std::collections::HashSet::new();
        codes.retain(|code| seen.insert(code.clone()));
        if let Some(code) = codes.iter().find(|code| !["4xx", "5xx"].contains(&code.as_str())) {
            return Err(Refusal::invalid(format!("invalid response code:{code}")));
        }
        upstreams.iter().try_for_each(AiUpstream::validate)
    }
}

/// `AiRoute`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AiRoute {
    #[serde(deserialize_with = "jackson::text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "jackson::text")]
    pub(super) version: Option<String>,
    #[serde(deserialize_with = "jackson::names")]
    pub(super) domains: Option<Vec<String>>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) path_predicate: Option<Predicate>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) header_predicates: Option<Vec<KeyedPredicate>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) url_param_predicates: Option<Vec<KeyedPredicate>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) upstreams: Option<Vec<AiUpstream>>,
    #[serde(deserialize_with = "jackson::list")]
    pub(super) model_predicates: Option<Vec<Predicate>>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) auth_config: Option<Auth>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) fallback_config: Option<Fallback>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) cors: Option<Cors>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) header_control: Option<HeaderControl>,
    #[serde(deserialize_with = "jackson::object")]
    pub(super) proxy_next_upstream: Option<Retry>,
    #[serde(deserialize_with = "jackson::text_map")]
    pub(super) custom_configs: Option<Map<String, Value>>,
    #[serde(deserialize_with = "jackson::text_map")]
    pub(super) custom_labels: Option<Map<String, Value>>,
}

impl AiRoute {
    /// Everything that is refused before anything is written, in the console's order.
    pub(super) fn validate(&mut self) -> Result<(), Refusal> {
        if blank(self.name.as_deref()) {
            return Err(Refusal::invalid("name cannot be blank."));
        }
        let upstreams = self.upstreams.as_deref().unwrap_or_default();
        if upstreams.is_empty() {
            return Err(Refusal::invalid("upstreams cannot be empty."));
        }
        if let Some(path) = &self.path_predicate
            && path.validate()? != MatchType::Pre
        {
            return Err(Refusal::invalid("pathPredicate must be of type PRE."));
        }
        let headers = self.header_predicates.as_deref().unwrap_or_default();
        headers.iter().try_for_each(|header| header.predicate.validate().map(|_| ()))?;
        if headers
            .iter()
            .filter_map(|header| header.key.as_deref())
            .any(|key| key.eq_ignore_ascii_case(MODEL_HEADER))
        {
            return Err(Refusal::invalid("headerPredicates cannot contain the model routing header."));
        }
        let parameters = self.url_param_predicates.as_deref().unwrap_or_default();
        parameters.iter().try_for_each(|parameter| parameter.predicate.validate().map(|_| ()))?;
        headers.iter().chain(parameters).try_for_each(KeyedPredicate::check_ascii)?;
        upstreams.iter().try_for_each(AiUpstream::validate)?;
        let weights: Option<Vec<i32>> = upstreams.iter().map(|upstream| upstream.weight).collect();
        let sum = weights.ok_or(Refusal::NullPointer)?.into_iter().fold(0_i32, i32::wrapping_add);
        if sum != 100 {
            return Err(Refusal::invalid("The sum of upstream weights must be 100."));
        }
        if let Some(fallback) = &mut self.fallback_config {
            fallback.validate()?;
        }
        for predicate in self.model_predicates.iter().flatten() {
            if predicate.validate()? == MatchType::Regular {
                return Err(Refusal::invalid(
                    "AiModelPredicate does not support regular expression matchType",
                ));
            }
        }
        Ok(())
    }

    /// What is filled in before writing and again on every read.
    pub(super) fn fill_defaults(&mut self, release: Release) {
        self.path_predicate.get_or_insert_with(|| Predicate {
            match_type: Some("PRE".to_owned()),
            match_value: Some("/".to_owned()),
            case_sensitive: Some(true),
        });
        fill_single_weight(self.upstreams.as_mut());
        if let Some(fallback) = self.fallback_config.as_mut().filter(|fallback| fallback.is_enabled()) {
            fill_single_weight(fallback.upstreams.as_mut());
            if jackson::empty(fallback.fallback_strategy.as_deref()) {
                fallback.fallback_strategy = Some("RAND".to_owned());
            }
        }
        self.proxy_next_upstream.get_or_insert_with(|| Retry {
            enabled: Some(true),
            attempts: Some(3),
            // The older release meant milliseconds and the gateway reads seconds.
            timeout: Some(if release == Release::V2_2_1 { 120_000 } else { 120 }),
            conditions: Some(["error", "timeout", "non_idempotent"].map(str::to_owned).to_vec()),
        });
    }

    /// The header predicate that stands for all model predicates.
    pub(super) fn model_header(&self) -> Option<KeyedPredicate> {
        let predicates = self.model_predicates.as_deref().unwrap_or_default();
        let predicate = match predicates {
            [] => return None,
            [one] => Predicate { case_sensitive: None, ..one.clone() },
            several => {
                let alternatives: Vec<String> = several.iter().map(pattern).collect();
                Predicate {
                    match_type: Some("REGULAR".to_owned()),
                    match_value: Some(format!("^({})", alternatives.join("|"))),
                    case_sensitive: None,
                }
            }
        };
        Some(KeyedPredicate { key: Some(MODEL_HEADER.to_owned()), predicate })
    }
}

fn fill_single_weight(upstreams: Option<&mut Vec<AiUpstream>>) {
    if let Some([upstream]) = upstreams.map(Vec::as_mut_slice) {
        upstream.weight = Some(100);
    }
}

fn pattern(predicate: &Predicate) -> String {
    let mut pattern = String::new();
    for c in predicate.match_value.as_deref().unwrap_or_default().chars() {
        if "[]{}()^$|*+?.\\".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if predicate.match_type.as_deref().and_then(MatchType::of) == Some(MatchType::Pre) {
        pattern.push_str(".*");
    }
    pattern
}
