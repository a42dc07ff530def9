//! What the scoring script printed, read back: its tables, its figures and its misses.

use crate::{Failure, Outcome};
use std::collections::BTreeMap;
use std::fmt;

/// A case's label: its category and its cause.
pub type Labels = BTreeMap<String, (String, String)>;

/// Categories and causes that a reader of evidence has to get right: nothing in them is hidden by the files.
const GATED_CATEGORIES: &[&str] = &["admission", "scheduling", "startup", "infrastructure"];
const GATED_CAUSES: &[&str] = &["liveness_probe", "readiness_probe", "container_memory"];

/// The labels of the cases by their ids.
pub fn labels(text: &str) -> Labels {
    let rows = text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter_map(|row| Some(((*row.first()?).into(), ((*row.get(2)?).into(), (*row.get(3)?).into()))))
        .collect()
}

/// A share of cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Of these are right.
    pub right: usize,
    /// So many.
    pub of: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({}/{})", self.right as f64 / self.of.max(1) as f64, self.right, self.of)
    }
}

/// A row of a table: what it is of, and the shares of right verdicts, right ones among three, objects and causes.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// A category or a cause.
    pub name: String,
    /// JRA, top3, CA, FA.
    pub shares: [Share; 4],
}

/// A case that the first verdict did not hit.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Miss {
    /// Its category.
    pub category: String,
    /// Its cause.
    pub cause: String,
    /// The object at fault.
    pub object: String,
    /// The case.
    pub id: String,
    /// What was answered.
    pub answer: String,
}

/// All that was printed.
#[derive(Debug, Default)]
pub struct Scored {
    /// `JRA`, `top3`, `CA`, `FA`, `macro JRA`, as printed.
    pub figures: Vec<(String, String)>,
    /// By category.
    pub categories: Vec<Row>,
    /// By cause.
    pub causes: Vec<Row>,
    /// Misses, by category and cause.
    pub misses: Vec<Miss>,
    /// The category of each cause.
    pub category_of: BTreeMap<String, String>,
}

/// Reads the script's output.
pub fn read(text: &str, labels: &Labels) -> Result<Scored, Failure> {
    let mut scored = Scored {
        category_of: labels.values().map(|(a, b)| (b.clone(), a.clone())).collect(),
        ..Scored::default()
    };
    let mut section = "";
    for line in text.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        match (section, first) {
            (_, "") => {}
            (_, "misses:" | "system" | "category" | "root_cause") => section = first,
            (_, "codes" | "predictions") if section == "misses:" => section = "",
            ("", "JRA" | "top3" | "CA" | "FA" | "macro") => {
                let name = if first == "macro" { "macro JRA" } else { first };
                let value = line.strip_prefix(name).unwrap_or_default().trim();
                scored.figures.push((name.to_owned(), value.to_owned()));
            }
            ("category", _) => scored.categories.push(row(line)?),
            ("root_cause", _) => scored.causes.push(row(line)?),
            ("misses:", _) => scored.misses.push(miss(line, labels)?),
            _ => {}
        }
    }
    scored.misses.sort();
    if scored.figures.len() != 5 || scored.causes.is_empty() {
        return Err("the scoring script printed another form than this reads".into());
    }
    Ok(scored)
}

fn row(line: &str) -> Result<Row, Failure> {
    let cells: Vec<&str> = line.split_whitespace().collect();
    let &[name, of, jra, top3, ca, fa] = cells.as_slice() else {
        return Err(format!("not a row of six cells: {line}").into());
    };
    let of: usize = of.parse()?;
    // Shares are printed with two digits, enough to tell the count of at most some fifty cases.
    let share = |cell: &str| -> Result<Share, Failure> {
        Ok(Share { right: (cell.parse::<f64>()? * of as f64).round() as usize, of })
    };
    Ok(Row { name: name.to_owned(), shares: [share(jra)?, share(top3)?, share(ca)?, share(fa)?] })
}

/// `id  cause object  <-  answer`
fn miss(line: &str, labels: &Labels) -> Result<Miss, Failure> {
    let (wanted, answer) = line.split_once("  <-  ").ok_or_else(|| format!("not a miss: {line}"))?;
    let cells: Vec<&str> = wanted.split_whitespace().collect();
    let &[id, cause, object] = cells.as_slice() else { return Err(format!("not a miss: {line}").into()) };
    Ok(Miss {
        category: labels.get(id).map(|(category, _)| category.clone()).unwrap_or_default(),
        cause: cause.to_owned(),
        object: object.to_owned(),
        id: id.to_owned(),
        answer: answer.to_owned(),
    })
}

impl Scored {
    /// The verdicts of all cases.
    pub fn all(&self) -> Share {
        sum(self.causes.iter())
    }

    /// The verdicts of the rows that are gated.
    pub fn gated(&self) -> Share {
        sum(self.causes.iter().filter(|row| {
            let category = self.category_of.get(&row.name).map_or("", String::as_str);
            GATED_CATEGORIES.contains(&category)
                || GATED_CAUSES.iter().any(|cause| row.name.starts_with(cause))
        }))
    }

    /// Fails where fewer verdicts are right than were written down before.
    pub fn not_below(&self, written: Option<Share>) -> Outcome {
        let now = self.all();
        match written {
            Some(before) if before.of == now.of && now.right < before.right => Err(format!(
                "{} of {} verdicts are right, and {} were before",
                now.right, now.of, before.right
            )
            .into()),
            _ => Ok(()),
        }
    }
}

fn sum<'r>(rows: impl Iterator<Item = &'r Row>) -> Share {
    rows.fold(Share::default(), |all, row| {
        let [jra, ..] = row.shares;
        Share { right: all.right + jra.right, of: all.of + jra.of }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "cases      3, answered 2, abstained 1, predictions per answer 1.00\nJRA         0.667 (2/3)\n\
        top3        0.667 (2/3)\nCA          0.667 (2/3)\nFA          0.667 (2/3)\nmacro JRA   0.750 (mean over 2 causes)\n\n\
        category   n   JRA   top3     CA     FA\nscheduling   3   0.67   0.67   0.67   0.67\n\n\
        root_cause   n   JRA   top3     CA     FA\na   2   0.50   0.50   0.50   0.50\nb   1   1.00   1.00   1.00   1.00\n\n\
        misses: 1\n  1  a app/x  <-  (nothing)\n\ncodes without a label: z (1)\n";

    fn scored() -> Scored {
        let labels = labels(
            "id\tsystem\tcategory\troot_cause\tobject\n1\ts\tscheduling\ta\tapp/x\n2\ts\tservice\tb\tapp/y\n",
        );
        read(TEXT, &labels).unwrap()
    }

    #[test]
    fn tables_and_misses_are_read() {
        let scored = scored();
        assert_eq!(scored.all(), Share { right: 2, of: 3 });
        assert_eq!(scored.gated(), Share { right: 1, of: 2 });
        assert_eq!(scored.misses.len(), 1);
        assert_eq!(scored.misses[0].category, "scheduling");
        assert_eq!(scored.figures[4].1, "0.750 (mean over 2 causes)");
    }

    #[test]
    fn fewer_right_verdicts_than_written_down_fail() {
        assert!(scored().not_below(Some(Share { right: 3, of: 3 })).is_err());
        assert!(scored().not_below(Some(Share { right: 2, of: 3 })).is_ok());
        assert!(scored().not_below(None).is_ok());
    }

    #[test]
    fn another_form_is_refused() {
        assert!(read("JRA 1.0\n", &Labels::new()).is_err());
    }
}
