//! The names in PromQL expressions: as much of the language as telling metrics from everything else takes.

use std::collections::BTreeSet;

/// The metrics that an expression reads. Series of a histogram (`_bucket`, `_sum`, `_count`) are given as they stand.
pub fn metric_names(expression: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = without_selectors(expression);
    while let Some(begin) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
    {
        let tail = rest.split_off(begin);
        let end = tail
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':')
            .unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        // Also `sum by (…) (…)`: the labels stand between the function and what it takes.
        let next = after.trim_start();
        let is_call = ["(", "by ", "by(", "without ", "without("]
            .iter()
            .any(|begin| next.starts_with(begin));
        if !is_call && !KEYWORDS.contains(&word) {
            names.insert(word.to_owned());
        }
        // The labels of `by (…)` and `without (…)` are no metrics.
        let skips_list = ["by", "without", "on", "ignoring"].contains(&word);
        rest = match after.split_once(')') {
            Some((_, behind)) if skips_list => behind.to_owned(),
            _ => after.to_owned(),
        };
    }
    names
}

const KEYWORDS: [&str; 8] = [
    "and", "or", "unless", "by", "without", "on", "ignoring", "bool",
];

/// The expression without what stands in braces, brackets and quotes, and without the letters within numbers.
fn without_selectors(expression: &str) -> String {
    let mut depth = 0usize;
    let mut quote = None;
    let mut kept = String::new();
    for letter in expression.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 => kept.push(letter),
            (None, _) => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_labels_and_words_are_no_metrics() {
        let names = |expression| {
            metric_names(expression)
                .into_iter()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            names(r#"sum by (layer) (rate(a_total{x="b_total[5m]"}[5m])) / max(c) > 0.05"#),
            "a_total c"
        );
        assert_eq!(names("(count(up{job=\"x\"} == 1) or vector(0)) == 0"), "up");
        assert_eq!(names("a and on (partition) b unless c > bool 1"), "a b c");
        assert_eq!(
            names("histogram_quantile(0.95, sum(rate(d_bucket[5m])) by (le))"),
            "d_bucket"
        );
        assert_eq!(names("time() - max(e_seconds) > 60"), "e_seconds");
    }
}
