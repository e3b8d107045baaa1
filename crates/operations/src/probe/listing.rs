//! A provider's list of models, in the shapes that vendors give it.
use domain::ModelId;
use serde_json::Value;

/// A model that a provider lists, with the figures that it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    pub id: ModelId,
    /// Tokens.
    pub context_window: Option<u64>,
    /// Tokens of one answer.
    pub max_tokens: Option<u64>,
}

/// Names for the context window: OpenRouter, Groq, vLLM, Mistral, Gemini.
const CONTEXT: &[&str] =
    &["/context_length", "/context_window", "/max_model_len", "/max_context_length", "/inputTokenLimit"];
/// Names for the longest answer: OpenRouter, Groq, Gemini.
const OUTPUT: &[&str] = &[
    "/top_provider/max_completion_tokens",
    "/max_completion_tokens",
    "/max_output_tokens",
    "/max_output_length",
    "/outputTokenLimit",
];

/// The models in `{"data":[…]}`, `{"models":[…]}` or a bare list. None: this is no list of models. An id that no
/// request could carry is left out.
pub fn models(answer: &Value) -> Option<Vec<ListedModel>> {
    let list = [&answer["data"], &answer["models"], answer].into_iter().find_map(Value::as_array)?;
    let mut models: Vec<ListedModel> = list.iter().filter_map(model).collect();
    if models.is_empty() && !list.is_empty() {
        return None;
    }
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models.dedup_by(|a, b| a.id == b.id);
    Some(models)
}

fn model(entry: &Value) -> Option<ListedModel> {
    let id = ["id", "name", "model"].iter().find_map(|key| entry[*key].as_str())?;
    let id = id.strip_prefix("models/").unwrap_or(id).parse().ok()?;
    let figure =
        |names: &[&str]| names.iter().find_map(|name| entry.pointer(name)?.as_u64().filter(|n| *n > 0));
    Some(ListedModel { id, context_window: figure(CONTEXT), max_tokens: figure(OUTPUT) })
}
