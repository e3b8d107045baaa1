//! Who used which model: summed up by model and by consumer, and each pair.
use crate::{
    components::{
        blocks::Blocks,
        said::Said,
        scale::Scale,
        table::{Cell, Row, RowHead, Table, head},
        tabs::{TabPanel, Tabs},
    },
    describe::{self, tokens},
    pages::Live,
    text::{formats::number, t},
};
use domain::{ModelUsage, Usage, Used};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// How many of the sums are shown, and of the pairs.
const MOST_SUMS: usize = 8;
const MOST_PAIRS: usize = 200;
/// The rest of an hour that nobody misses.
const WHOLE_HOUR: u64 = 3_540;

/// Whose tokens: the tabs, and what `seen` shows of each.
pub fn panel(seen: AnyView) -> AnyView {
    let tabs = vec![t().monitor_by_model(), t().monitor_by_consumer(), t().monitor_by_pair()];
    view! {
        <section class="panel usage tabbed" aria-labelledby="usage-title">
            <header class="panel-head">
                <h2 id="usage-title">{t().monitor_usage()}</h2>
                <Tabs name="usage-by" label=t().monitor_usage() tabs/>
            </header>
            <Live id="usage" topics="metrics">{seen}</Live>
        </section>
    }
    .into_any()
}

/// What was used, or why that is not known.
pub fn view(usage: Usage) -> AnyView {
    let note = note(&usage);
    let body = match (&usage.unavailable, usage.rows.is_empty()) {
        (Some(why), _) => {
            view! { <p class="note warn">{t().monitor_no_usage()} " " <Said text=format!("{why}.")/></p> }
                .into_any()
        }
        (None, true) => view! { <p class="empty">{t().monitor_nothing_used()}</p> }.into_any(),
        (None, false) => tables(usage.rows, usage.left_out),
    };
    view! { {body} {note.map(|note| view! { <p class="measured">{note}</p> })} }.into_any()
}

/// That the last hour was not measured whole.
fn note(usage: &Usage) -> Option<String> {
    let short = !usage.rows.is_empty() && usage.measured_seconds < WHOLE_HOUR;
    short.then(|| t().monitor_measured_part(usage.measured_seconds.div_ceil(60)))
}

fn tables(rows: Vec<ModelUsage>, left_out: usize) -> AnyView {
    let models = sums(&rows, |row| row.model.clone());
    let consumers = sums(&rows, consumer);
    let hidden = rows.len().saturating_sub(MOST_PAIRS) + left_out;
    let pairs = rows.into_iter().take(MOST_PAIRS).map(|row| {
        let name = format!("{} · {}", row.model, consumer(&row));
        Sum { name, hour: row.last_hour, start: row.since_start }
    });
    view! {
        <TabPanel at=1>{table(t().monitor_by_model(), t().model(), models, MOST_SUMS)}</TabPanel>
        <TabPanel at=2>{table(t().monitor_by_consumer(), t().monitor_consumer(), consumers, MOST_SUMS)}</TabPanel>
        <TabPanel at=3>
            {table(t().monitor_by_pair(), t().monitor_pair(), pairs.collect(), MOST_PAIRS)}
            {(hidden > 0).then(|| view! { <p class="meter-note">{t().monitor_left_out(hidden)}</p> })}
        </TabPanel>
    }
    .into_any()
}

/// What was used under one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sum {
    name: String,
    hour: Used,
    start: Used,
}

/// Who called; without a key nobody knows.
fn consumer(row: &ModelUsage) -> String {
    row.consumer.as_deref().map_or(t().monitor_without_key(), describe::consumer).to_owned()
}

/// The rows of one name together, the most tokens of the last hour first.
fn sums(rows: &[ModelUsage], name: fn(&ModelUsage) -> String) -> Vec<Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(name(row)).or_default();
        add(&mut sum.hour, row.last_hour);
        add(&mut sum.start, row.since_start);
    }
    let mut sums: Vec<_> = sums.into_iter().map(|(name, sum)| Sum { name, ..sum }).collect();
    sums.sort_by_key(|sum| std::cmp::Reverse((total(sum.hour), total(sum.start))));
    sums
}

fn add(sum: &mut Used, used: Used) {
    sum.requests = sum.requests.saturating_add(used.requests);
    sum.input_tokens = sum.input_tokens.saturating_add(used.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(used.output_tokens);
}

fn total(used: Used) -> u64 {
    used.input_tokens.saturating_add(used.output_tokens)
}

fn table(title: &'static str, of: &'static str, sums: Vec<Sum>, most: usize) -> AnyView {
    let heads = [of, t().monitor_last_hour(), t().monitor_since_start()].map(head).into();
    let whole = sums.iter().map(|sum| total(sum.hour)).max().unwrap_or_default();
    let more = sums.len().saturating_sub(most);
    let rows = sums.into_iter().take(most).map(|sum| row(sum, whole)).collect();
    view! {
        <div>
            <Table class="ledger usage-rows" name=title heads rows/>
            {(more > 0).then(|| view! { <p class="meter-note">{t().alarm_more(more)}</p> })}
        </div>
    }
    .into_any()
}

fn row(sum: Sum, whole: u64) -> AnyView {
    view! {
        <Row>
            <RowHead>{sum.name}</RowHead>
            <Cell head=t().monitor_last_hour()>
                <p class="share"><Blocks value=total(sum.hour) scale=Scale::Of(whole)/> {figure(sum.hour)}</p>
            </Cell>
            <Cell head=t().monitor_since_start()>{figure(sum.start)}</Cell>
        </Row>
    }
    .into_any()
}

/// Tokens, large; of what, on pointing at it; and calls.
fn figure(used: Used) -> AnyView {
    let split = t().monitor_split(&number(used.input_tokens), &number(used.output_tokens));
    view! {
        <span>
            <b title=split>{tokens(total(used))}</b> <small>" " {t().monitor_calls(&number(used.requests))}</small>
        </span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn used(requests: u64, input_tokens: u64) -> Used {
        Used { requests, input_tokens, output_tokens: 1 }
    }

    fn row(model: &str, consumer: Option<&str>, hour: Used) -> ModelUsage {
        let consumer = consumer.map(str::to_owned);
        ModelUsage { model: model.into(), consumer, since_start: used(9, 90), last_hour: hour }
    }

    #[test]
    fn rows_of_a_name_are_summed_up_and_the_most_tokens_stand_first() {
        let rows = [
            row("a", Some("worker-bob"), used(1, 10)),
            row("b", Some("worker-bob"), used(2, 50)),
            row("a", None, used(3, 20)),
        ];
        let by_model = sums(&rows, |row| row.model.clone());
        assert_eq!(by_model.iter().map(|sum| sum.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(by_model[1].hour, Used { requests: 4, input_tokens: 30, output_tokens: 2 });
        assert_eq!(by_model[1].start, Used { requests: 18, input_tokens: 180, output_tokens: 2 });
        let by_consumer = sums(&rows, consumer);
        let names: Vec<_> = by_consumer.iter().map(|sum| sum.name.as_str()).collect();
        assert_eq!(names, ["bob", t().monitor_without_key()]);
    }

    #[test]
    fn an_hour_that_was_measured_in_part_is_said_to_be() {
        let usage = |measured_seconds, rows| Usage {
            rows,
            measured_seconds,
            left_out: 0,
            observed_at: Timestamp::from_rfc3339("2026-01-15T10:30:00Z".into()),
            unavailable: None,
        };
        let rows = || vec![row("a", None, used(1, 10))];
        assert_eq!(note(&usage(3_595, rows())), None);
        assert_eq!(note(&usage(150, rows())), Some(t().monitor_measured_part(3)));
        assert_eq!(note(&usage(150, Vec::new())), None, "nothing that could be short");
    }
}
