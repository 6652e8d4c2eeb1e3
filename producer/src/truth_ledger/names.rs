use std::collections::HashMap;

use event_contract::truth::table::text_hash;

/// Numbers for texts, so that cells can be looked up without copying the texts of every event.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    /// [`text_hash`], once somebody has asked for it.
    hash: Option<i64>,
}

impl Names {
    /// The number of a text; always the same for the same text.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // More than four thousand million names do not fit into memory.
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_owned(), next);
        self.texts.push(Name {
            text: text.to_owned(),
            hash: None,
        });
        next
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> &str {
        self.texts.get(place(number)).map_or("", |name| &name.text)
    }

    /// The hash of a number's text, computed once.
    pub(super) fn hash(&mut self, number: u32) -> i64 {
        let Some(name) = self.texts.get_mut(place(number)) else {
            return 0;
        };
        *name.hash.get_or_insert_with(|| text_hash(&name.text))
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
