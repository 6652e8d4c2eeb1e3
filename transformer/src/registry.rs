//! The settings of the schema registry on the command line.

use std::sync::Arc;

use clap::Args;
use schema_registry::{RegistrySettings, SchemaRegistry};
use service_kit::{Failure, secret_from_env};

use crate::judging::EventJudge;

/// Where schemas are looked up. The password comes from SCHEMA_REGISTRY_PASSWORD, or from the file that
/// SCHEMA_REGISTRY_PASSWORD_FILE names.
#[derive(Debug, Clone, Args)]
pub struct RegistryArgs {
    /// The schema registry that Confluent frames are read with, as in http://localhost:8081; without one they are
    /// quarantined as unknown_schema
    #[arg(long, env = "SCHEMA_REGISTRY_URL", value_name = "URL")]
    schema_registry_url: Option<String>,
    /// The user for the schema registry
    #[arg(long, env = "SCHEMA_REGISTRY_USER", value_name = "NAME")]
    schema_registry_user: Option<String>,
}

impl RegistryArgs {
    /// A judge that asks this registry, or none. Its clones share what the registry said.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where an address, a user or a password cannot be used.
    pub fn judge(&self) -> Result<EventJudge, Failure> {
        // Compose files set what is not set to nothing.
        let is_given = |text: &&String| !text.is_empty();
        let Some(url) = self.schema_registry_url.as_ref().filter(is_given) else {
            return Ok(EventJudge::new(None));
        };
        let user = self.schema_registry_user.as_ref().filter(is_given).cloned();
        let password = secret_from_env("SCHEMA_REGISTRY_PASSWORD")?;
        let settings = RegistrySettings::new(url, user, password)?;
        tracing::info!(
            schema_registry = settings.target(),
            "reading Confluent frames"
        );
        Ok(EventJudge::new(Some(Arc::new(SchemaRegistry::new(
            settings,
        )?))))
    }
}
