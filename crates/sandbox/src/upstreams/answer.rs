//! What a model says: the same words for the same question, with the model's and the provider's name in front.
use super::catalog::Embedding;
use serde::Deserialize;
use serde_json::{Value, json};

/// A call of `/chat/completions`, as far as it matters here.
#[derive(Deserialize)]
pub(super) struct ChatRequest {
    pub model: String,
    pub messages: Vec<Message>,
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    pub max_tokens: Option<usize>,
    pub max_completion_tokens: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    pub role: String,
    /// A string, a list of parts, or null.
    #[serde(default)]
    pub content: Value,
}

#[derive(Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub include_usage: bool,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts = parts.iter().filter_map(|part| part["text"].as_str());
                texts.collect::<Vec<_>>().join(" ")
            }
            _ => String::new(),
        }
    }
}

/// A whole completion. A word counts as a token.
pub(super) struct Completion {
    pub id: String,
    pub model: String,
    /// With the space before each but the first.
    pub words: Vec<String>,
    pub finish_reason: &'static str,
    pub prompt_tokens: usize,
}

impl Completion {
    /// What `provider` answers as its call number `number`.
    pub fn of(request: &ChatRequest, provider: &str, number: usize) -> Self {
        let asked = request.messages.iter().rev().find(|message| message.role == "user").map(Message::text);
        let asked = asked.filter(|text| !text.trim().is_empty());
        let model = &request.model;
        let said =
            asked.map_or_else(|| "ready.".to_owned(), |text| format!("you said \"{}\".", shorten(&text)));
        let text = format!("{model} on {provider}: {said}");
        let mut words: Vec<String> = text
            .split_whitespace()
            .enumerate()
            .map(|(i, word)| if i == 0 { word.to_owned() } else { format!(" {word}") })
            .collect();
        let limit = request.max_completion_tokens.or(request.max_tokens).unwrap_or(usize::MAX);
        let finish_reason = if words.len() > limit { "length" } else { "stop" };
        words.truncate(limit);
        let prompt_tokens = request.messages.iter().map(|m| m.text().split_whitespace().count() + 1).sum();
        Self {
            id: format!("chatcmpl-{provider}-{number}"),
            model: model.clone(),
            words,
            finish_reason,
            prompt_tokens,
        }
    }

    pub fn usage(&self) -> Value {
        let (prompt, completion) = (self.prompt_tokens, self.words.len());
        json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
    }

    pub fn json(&self, created: i64) -> Value {
        json!({
            "id": self.id, "object": "chat.completion", "created": created, "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": self.words.concat()},
                "finish_reason": self.finish_reason,
            }],
            "usage": self.usage(),
        })
    }

    /// The events of a stream, without the final `[DONE]`.
    pub fn chunks(&self, created: i64, include_usage: bool) -> Vec<Value> {
        let chunk = |choices: Value, usage: Value| {
            json!({
                "id": self.id, "object": "chat.completion.chunk", "created": created, "model": self.model,
                "choices": choices, "usage": usage,
            })
        };
        let choice =
            |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        let role = chunk(choice(json!({"role": "assistant", "content": ""}), Value::Null), Value::Null);
        let words =
            self.words.iter().map(|word| chunk(choice(json!({"content": word}), Value::Null), Value::Null));
        let end = chunk(choice(json!({}), json!(self.finish_reason)), Value::Null);
        let usage = include_usage.then(|| chunk(json!([]), self.usage()));
        std::iter::once(role).chain(words).chain([end]).chain(usage).collect()
    }
}

/// The first 80 characters.
fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The vectors of an `/embeddings` call: derived from the text alone, of length 1.
pub(super) fn embeddings(embedding: &Embedding, inputs: &[String]) -> Value {
    let data: Vec<Value> = inputs
        .iter()
        .enumerate()
        .map(|(index, text)| {
            json!({"object": "embedding", "index": index, "embedding": vector(text, embedding.dimensions)})
        })
        .collect();
    let tokens: usize = inputs.iter().map(|text| text.split_whitespace().count()).sum();
    json!({
        "object": "list", "data": data, "model": embedding.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

fn vector(text: &str, dimensions: usize) -> Vec<f64> {
    let mut bytes = vec![0; dimensions];
    blake3::Hasher::new().update(text.as_bytes()).finalize_xof().fill(&mut bytes);
    let raw: Vec<f64> = bytes.into_iter().map(|byte| f64::from(byte) - 127.5).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
    raw.into_iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(extra: &str) -> ChatRequest {
        let text = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi there"}}]{extra}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_answer_names_model_and_provider() {
        let json = Completion::of(&request(""), "lab", 1).json(0);
        assert_eq!(json["choices"][0]["message"]["content"], "m on lab: you said \"hi there\".");
        assert_eq!(json["choices"][0]["finish_reason"], "stop");
        assert_eq!(json["usage"], json!({"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10}));
    }

    #[test]
    fn either_limit_cuts_the_answer() {
        for field in ["max_tokens", "max_completion_tokens"] {
            let json = Completion::of(&request(&format!(r#","{field}":1"#)), "lab", 1).json(0);
            assert_eq!(json["choices"][0]["message"]["content"], "m");
            assert_eq!(json["choices"][0]["finish_reason"], "length");
            assert_eq!(json["usage"]["completion_tokens"], 1);
        }
    }

    #[test]
    fn chunks_join_to_the_same_text() {
        let completion = Completion::of(&request(""), "lab", 1);
        let chunks = completion.chunks(0, true);
        let text: String =
            chunks.iter().filter_map(|c| c["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(text, completion.words.concat());
        assert_eq!(chunks.last().map(|c| c["usage"].clone()), Some(completion.usage()));
        assert!(completion.chunks(0, false).iter().all(|c| c["usage"].is_null()));
    }

    #[test]
    fn vectors_depend_on_the_text_only_and_have_length_one() {
        let a = vector("a", 64);
        assert_eq!(a, vector("a", 64));
        assert_ne!(a, vector("b", 64));
        assert!((a.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
