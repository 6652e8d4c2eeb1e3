use local_stack::Finding;

use super::{Outcome, print};

const CONFIGURATION: u8 = 3;

pub(crate) fn doctor() -> Outcome {
    let findings = local_stack::examine();
    print(&table(&findings));
    let missing = findings
        .iter()
        .filter(|finding| finding.found.is_err())
        .count();
    if missing == 0 {
        print("\nEverything is there.");
        return Ok(0);
    }
    print(&format!(
        "\n{missing} missing. As root on Debian or Ubuntu, scripts/install-prerequisites installs it all."
    ));
    Ok(CONFIGURATION)
}

fn table(findings: &[Finding]) -> String {
    let width = |text: fn(&Finding) -> &str| {
        findings
            .iter()
            .map(|finding| text(finding).chars().count())
            .max()
            .unwrap_or_default()
    };
    let (needed_width, purpose_width) = (
        width(|finding| &finding.needed),
        width(|finding| finding.purpose),
    );
    let rows: Vec<String> = findings
        .iter()
        .map(|finding| {
            let start = format!(
                "{:needed_width$}  {:purpose_width$}",
                finding.needed, finding.purpose
            );
            match &finding.found {
                Ok(version) => format!("ok       {start}  {version}"),
                Err(reason) => format!("missing  {start}  {reason}: {}", finding.remedy),
            }
        })
        .collect();
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_a_missing_one_shows_its_remedy() {
        let mut findings = local_stack::examine();
        findings.truncate(2);
        findings[0].found = Ok("1.2.3".to_owned());
        findings[1].found = Err("not found".to_owned());
        findings[1].remedy = "get it".to_owned();
        let table = table(&findings);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows[0].find("1.2.3"), rows[1].find("not found"));
        assert!(
            rows[1].starts_with("missing") && rows[1].ends_with("not found: get it"),
            "{table}"
        );
    }
}
