//! The text format of Prometheus.
use operations::Histogram;
use std::fmt::Write;

/// Its media type.
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The labels of a sample, by their names.
pub type Labels = Vec<(&'static str, String)>;

/// A page as it grows, family by family.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Its text.
    pub fn into_text(self) -> String {
        self.0
    }

    /// What only grows. Its name ends with `_total`.
    pub fn counter(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, f64)>) {
        self.family(name, "counter", help, samples);
    }

    /// What goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (Labels, f64)>) {
        self.family(name, "gauge", help, samples);
    }

    /// The same with one sample, or none where it is not known.
    pub fn figure(&mut self, name: &str, help: &str, value: impl Into<Option<f64>>) {
        if let Some(value) = value.into() {
            self.gauge(name, help, [(Labels::new(), value)]);
        }
    }

    /// Durations; its name ends with `_seconds`.
    pub fn durations(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels, Histogram)>,
    ) {
        self.head(name, "histogram", help);
        for (labels, histogram) in samples {
            let all = ("+Inf".to_owned(), histogram.count);
            for (bound, count) in
                histogram.up_to().map(|(bound, count)| (bound.to_string(), count)).chain([all])
            {
                let labels = labels.iter().cloned().chain([("le", bound)]).collect::<Labels>();
                self.sample(&format!("{name}_bucket"), &labels, count as f64);
            }
            self.sample(&format!("{name}_sum"), &labels, histogram.sum.as_secs_f64());
            self.sample(&format!("{name}_count"), &labels, histogram.count as f64);
        }
    }

    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels, f64)>,
    ) {
        self.head(name, kind, help);
        for (labels, value) in samples {
            self.sample(name, &labels, value);
        }
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &Labels, value: f64) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    fn line(&mut self, content: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        writeln!(self.0, "{content}").unwrap_or_default();
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_families_with_head_labels_and_numbers() {
        let mut page = Page::default();
        page.counter("a_total", "All of it.", [(vec![("of", "x\"\\\n".to_owned())], 2.0)]);
        page.figure("b", "Some.", 0.25);
        page.figure("c", "Nobody knows.", None);
        let expected = "# HELP a_total All of it.\n# TYPE a_total counter\na_total{of=\"x\\\"\\\\\\n\"} 2\n\
                        # HELP b Some.\n# TYPE b gauge\nb 0.25\n";
        assert_eq!(page.into_text(), expected);
    }
}
