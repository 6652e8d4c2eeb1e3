use hyper::Uri;
use service_kit::{Failure, Secret};

/// Where a registry is, and as whom to ask it.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    base: Uri,
    pub(crate) credentials: Option<(String, Secret)>,
}

impl RegistrySettings {
    /// `url` as in `http://localhost:8081` or `https://host/apis/ccompat/v7`: what stands before `/schemas`. Both of user
    /// and password, or neither.
    ///
    /// # Errors
    /// [`Failure::Configuration`] where the address cannot be used, with what to set instead.
    pub fn new(
        url: &str,
        user: Option<String>,
        password: Option<Secret>,
    ) -> Result<RegistrySettings, Failure> {
        let unusable = |why: &str| {
            Failure::Configuration(format!(
                "SCHEMA_REGISTRY_URL cannot be used: {why}: set it to something like http://localhost:8081"
            ))
        };
        let base: Uri = url.trim().parse().map_err(|_| unusable("it is no URL"))?;
        if !matches!(base.scheme_str(), Some("http" | "https")) {
            return Err(unusable("it begins with neither http:// nor https://"));
        }
        let authority = base
            .authority()
            .ok_or_else(|| unusable("it names no host"))?;
        if authority.as_str().contains('@') {
            // Not shown: it may hold a password.
            return Err(unusable(
                "it holds a user, which goes into SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD",
            ));
        }
        if base.query().is_some() {
            return Err(unusable("it holds a query"));
        }
        let credentials = match (user, password) {
            (Some(user), Some(password)) if !user.contains(':') => Some((user, password)),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(Failure::Configuration(
                    "SCHEMA_REGISTRY_USER contains a colon, which HTTP's basic authentication cannot carry"
                        .into(),
                ));
            }
            _ => {
                return Err(Failure::Configuration(
                    "one of SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD is set: set both, or neither"
                        .into(),
                ));
            }
        };
        Ok(RegistrySettings { base, credentials })
    }

    /// The address, for people; it holds no secret.
    pub fn target(&self) -> String {
        self.base.to_string().trim_end_matches('/').to_owned()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.base.scheme_str() == Some("https")
    }

    pub(crate) fn uri_of(&self, id: u32) -> Result<Uri, hyper::http::uri::InvalidUri> {
        format!("{}/schemas/ids/{id}", self.target()).parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<RegistrySettings, Failure> {
        RegistrySettings::new(url, None, None)
    }

    #[test]
    fn addresses_with_and_without_a_path() {
        for (url, expected) in [
            (
                "http://localhost:8081",
                "http://localhost:8081/schemas/ids/7",
            ),
            (
                "http://localhost:8081/",
                "http://localhost:8081/schemas/ids/7",
            ),
            (
                " https://host/apis/ccompat/v7/ ",
                "https://host/apis/ccompat/v7/schemas/ids/7",
            ),
        ] {
            assert_eq!(of(url).unwrap().uri_of(7).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_without_a_password() {
        for url in [
            "",
            "localhost:8081",
            "ftp://host",
            "http://",
            "http://host?x=1",
            "http://ho st",
        ] {
            assert_eq!(of(url).unwrap_err().exit_code(), 3, "{url}");
        }
        let told = of("http://user:hunter2@host").unwrap_err().to_string();
        assert!(told.contains("SCHEMA_REGISTRY_USER"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
        let half = RegistrySettings::new("http://host", Some("user".into()), None).unwrap_err();
        assert!(half.to_string().contains("set both"), "{half}");
        let whole = RegistrySettings::new(
            "http://host",
            Some("user".into()),
            Some(Secret::new("hunter2")),
        );
        assert!(!format!("{:?}", whole.unwrap()).contains("hunter2"));
    }
}
