//! A row of a source, and the columns that are looked for in its header.

use service_kit::Failure;

/// One record of a source: its fields as text, in the order of the header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Where people find it: the line of a text file where it begins, the row of a sheet, the number of a database's row;
    /// each from 1.
    pub line: u64,
    /// What tells it from all other rows of its source, and is the same at every reading: its number among the rows of a
    /// file, or its key in a database.
    pub position: Position,
    /// The fields. May be fewer or more than the header has.
    pub fields: Vec<String>,
}

/// See [`Row::position`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// The how many-th row after the header, from 1.
    Number(u64),
    /// The value of the key column.
    Key(String),
}

impl Default for Position {
    fn default() -> Self {
        Position::Number(0)
    }
}

impl Row {
    /// The field of a column without the blanks around it; empty where the row is too short.
    pub fn field(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field.trim())
    }

    /// The field of a column that need not exist.
    pub fn optional(&self, column: Option<usize>) -> &str {
        column.map_or("", |column| self.field(column))
    }

    /// Whether there is nothing in it, as in the empty lines at the end of many a sheet.
    pub fn is_blank(&self) -> bool {
        self.fields.iter().all(|field| field.trim().is_empty())
    }
}

/// The names of a source's columns, compared without case, blanks and punctuation: `Customer ID` is `CustomerID`.
#[derive(Debug, Clone)]
pub struct Header {
    names: Vec<String>,
    comparable: Vec<String>,
}

impl Header {
    /// From the fields of the first row.
    pub fn new(names: Vec<String>) -> Self {
        let comparable = names.iter().map(|name| comparable(name)).collect();
        Header { names, comparable }
    }

    /// The names as they stand in the source.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The first column that has one of these names.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let wanted = comparable(name);
            self.comparable.iter().position(|found| *found == wanted)
        })
    }

    /// The same for a column without which nothing works.
    ///
    /// # Errors
    /// [`Failure::DataNotInOrder`], which names the columns that there are.
    pub fn require(&self, names: &[&str]) -> Result<usize, Failure> {
        self.find(names).ok_or_else(|| {
            let shown: Vec<String> = self
                .names
                .iter()
                .take(20)
                .map(|name| format!("`{}`", shortened(name.trim(), 40)))
                .collect();
            Failure::DataNotInOrder(format!(
                "the column `{}` is missing; there are {}: check the header, the delimiter (--delimiter) and, for other names, \
                 the mapping file",
                names.first().unwrap_or(&""),
                shown.join(", ")
            ))
        })
    }
}

fn comparable(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// At most so many characters of a text from outside, with control characters made visible, for messages.
pub fn shortened(text: &str, most: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(most)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_however_they_are_spelt() {
        let header = Header::new(
            ["Invoice", "Customer ID", "UNIT_PRICE"]
                .map(str::to_owned)
                .to_vec(),
        );
        assert_eq!(header.find(&["CustomerID"]), Some(1));
        assert_eq!(header.find(&["InvoiceNo", "Invoice"]), Some(0));
        assert_eq!(header.find(&["unit price"]), Some(2));
        let failure = header.require(&["Country"]).unwrap_err();
        assert_eq!(failure.exit_code(), 5);
        assert!(failure.to_string().contains("`Country`"), "{failure}");
        assert!(failure.to_string().contains("`Customer ID`"), "{failure}");
    }

    #[test]
    fn rows_of_any_length_can_be_asked() {
        let row = Row {
            fields: vec![" a ".to_owned(), String::new()],
            ..Row::default()
        };
        assert_eq!(
            (row.field(0), row.field(7), row.optional(None)),
            ("a", "", "")
        );
        assert!(!row.is_blank());
        assert!(Row::default().is_blank());
    }

    #[test]
    fn foreign_text_is_cut_and_escaped() {
        assert_eq!(shortened("ab\u{1b}[31m", 3), "ab\\u{1b}…");
    }
}
