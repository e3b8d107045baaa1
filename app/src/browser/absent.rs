use super::News;
use domain::OperationId;

pub fn kept_theme() -> Option<String> {
    None
}

pub fn keep_theme(_: &str) {}

pub fn local_time(_: &str) -> Option<String> {
    None
}

pub fn visit(_: &str) {}

pub fn follow(_: &OperationId, _: impl Fn(News) + 'static) {}
