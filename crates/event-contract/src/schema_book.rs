//! What is known of the ids that Confluent frames name their schemas by.

use std::collections::HashMap;
use std::sync::Arc;

use crate::resolution::WriterSchema;

/// The schemas of a registry, as far as they were looked up. The judge asks nobody: whoever judges looks up first what
/// [`crate::judge::schema_id`] names.
#[derive(Debug, Clone, Default)]
pub struct SchemaBook(HashMap<u32, RegisteredSchema>);

/// What a registry said about one id.
#[derive(Debug, Clone)]
pub enum RegisteredSchema {
    /// Events can be read from what it describes.
    Readable(Arc<WriterSchema>),
    /// They cannot, or there is no such schema: why, for people.
    Unusable(Arc<str>),
}

impl SchemaBook {
    /// Enters what was found out about an id, in the place of what was known before.
    pub fn insert(&mut self, id: u32, schema: RegisteredSchema) {
        self.0.insert(id, schema);
    }

    /// What is known about an id.
    pub fn get(&self, id: u32) -> Option<&RegisteredSchema> {
        self.0.get(&id)
    }
}
