use std::collections::{BTreeMap, HashMap};

use tokio_postgres::types::ToSql;

use super::SilverTransaction;
use crate::bronze::column;
use crate::{WarehouseError, sql};

/// A dimension whose members are nothing but a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamedDimension {
    /// `silver.dim_categories`
    Categories,
    /// `silver.dim_channels`
    Channels,
    /// `silver.dim_currencies`
    Currencies,
    /// `silver.dim_order_statuses`
    OrderStatuses,
    /// `silver.dim_payment_methods`
    PaymentMethods,
}

impl NamedDimension {
    const fn statement(self) -> &'static str {
        match self {
            NamedDimension::Categories => sql!("silver/dim_categories.sql"),
            NamedDimension::Channels => sql!("silver/dim_channels.sql"),
            NamedDimension::Currencies => sql!("silver/dim_currencies.sql"),
            NamedDimension::OrderStatuses => sql!("silver/dim_order_statuses.sql"),
            NamedDimension::PaymentMethods => sql!("silver/dim_payment_methods.sql"),
        }
    }
}

/// A customer as one event saw them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerAttributes<'a> {
    /// Customer number.
    pub id: &'a str,
    /// `new` or `returning`.
    pub customer_type: &'a str,
    /// ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// City.
    pub city: &'a str,
    /// The shop's own segment, `Unknown` where none was stated.
    pub segment: &'a str,
}

/// A product as one line saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductAttributes<'a> {
    /// Product number.
    pub id: &'a str,
    /// Name.
    pub name: &'a str,
    /// Category.
    pub category: &'a str,
}

/// A member that another load makes at this moment shows only to the next statement; and then it is there.
const LOOKUPS: usize = 3;

impl SilverTransaction<'_> {
    /// The keys of members by name, made where they are missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn named_keys(
        &self,
        dimension: NamedDimension,
        names: &[&str],
    ) -> Result<HashMap<String, i32>, WarehouseError> {
        let mut keys = HashMap::new();
        for _ in 0..LOOKUPS {
            let missing: Vec<&str> = names
                .iter()
                .copied()
                .filter(|name| !keys.contains_key(*name))
                .collect();
            if missing.is_empty() {
                return Ok(keys);
            }
            let doing = "loading a dimension";
            for row in self
                .query(dimension.statement(), &[&missing], doing)
                .await?
            {
                keys.insert(row.get(0), row.get(1));
            }
        }
        complete(keys, names.len(), "a dimension")
    }

    /// The keys of locations by country and city, made where they are missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn location_keys(
        &self,
        locations: &[(&str, &str)],
    ) -> Result<HashMap<(String, String), i32>, WarehouseError> {
        let countries = column(locations, |location| location.0);
        let cities = column(locations, |location| location.1);
        let mut keys = HashMap::new();
        for _ in 0..LOOKUPS {
            if keys.len() >= locations.len() {
                return Ok(keys);
            }
            for row in self
                .query(
                    sql!("silver/dim_locations.sql"),
                    &[&countries, &cities],
                    "loading locations",
                )
                .await?
            {
                keys.insert((row.get(0), row.get(1)), row.get(2));
            }
        }
        complete(keys, locations.len(), "locations")
    }

    /// The keys of distinct customers by number, made where they are missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn customer_keys(
        &self,
        customers: &[CustomerAttributes<'_>],
    ) -> Result<HashMap<String, i64>, WarehouseError> {
        let mut keys = HashMap::new();
        for _ in 0..LOOKUPS {
            if keys.len() >= customers.len() {
                return Ok(keys);
            }
            for row in self
                .query(
                    sql!("silver/dim_customers.sql"),
                    &[
                        &column(customers, |customer| customer.id),
                        &column(customers, |customer| customer.customer_type),
                        &column(customers, |customer| customer.country),
                        &column(customers, |customer| customer.city),
                        &column(customers, |customer| customer.segment),
                    ],
                    "loading customers",
                )
                .await?
            {
                keys.insert(row.get(0), row.get(1));
            }
        }
        complete(keys, customers.len(), "customers")
    }

    /// The keys of distinct products by number, made where they are missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn product_keys(
        &self,
        products: &[ProductAttributes<'_>],
    ) -> Result<HashMap<String, i64>, WarehouseError> {
        let mut keys = HashMap::new();
        for _ in 0..LOOKUPS {
            if keys.len() >= products.len() {
                return Ok(keys);
            }
            for row in self
                .query(
                    sql!("silver/dim_products.sql"),
                    &[
                        &column(products, |product| product.id),
                        &column(products, |product| product.name),
                        &column(products, |product| product.category),
                    ],
                    "loading products",
                )
                .await?
            {
                keys.insert(row.get(0), row.get(1));
            }
        }
        complete(keys, products.len(), "products")
    }

    /// The keys of distinct versions of customers, each with its customer's key, in the order given; made where they are
    /// missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn customer_version_keys(
        &self,
        versions: &[(i64, CustomerAttributes<'_>)],
    ) -> Result<Vec<i32>, WarehouseError> {
        let parameters: [&(dyn ToSql + Sync); 5] = [
            &column(versions, |(key, _)| *key),
            &column(versions, |(_, customer)| customer.customer_type),
            &column(versions, |(_, customer)| customer.country),
            &column(versions, |(_, customer)| customer.city),
            &column(versions, |(_, customer)| customer.segment),
        ];
        let statement = sql!("silver/dim_customer_versions.sql");
        self.version_keys(
            statement,
            &parameters,
            versions.len(),
            "versions of customers",
        )
        .await
    }

    /// The keys of distinct versions of products, each with its product's key, in the order given; made where they are
    /// missing.
    ///
    /// # Errors
    /// See [`WarehouseError::class`].
    pub async fn product_version_keys(
        &self,
        versions: &[(i64, ProductAttributes<'_>)],
    ) -> Result<Vec<i32>, WarehouseError> {
        let parameters: [&(dyn ToSql + Sync); 3] = [
            &column(versions, |(key, _)| *key),
            &column(versions, |(_, product)| product.name),
            &column(versions, |(_, product)| product.category),
        ];
        let statement = sql!("silver/dim_product_versions.sql");
        self.version_keys(
            statement,
            &parameters,
            versions.len(),
            "versions of products",
        )
        .await
    }

    /// Runs a statement that answers positions, from 1, and keys.
    async fn version_keys(
        &self,
        statement: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        wanted: usize,
        what: &'static str,
    ) -> Result<Vec<i32>, WarehouseError> {
        let mut keys: BTreeMap<i64, i32> = BTreeMap::new();
        for _ in 0..LOOKUPS {
            if keys.len() >= wanted {
                break;
            }
            let rows = self
                .query(statement, parameters, "loading versions")
                .await?;
            keys.extend(rows.iter().map(|row| (row.get::<_, i64>(0), row.get(1))));
        }
        if keys.len() == wanted {
            return Ok(keys.into_values().collect());
        }
        Err(missing_keys(what, wanted, keys.len()))
    }
}

fn complete<Name, Key>(
    keys: HashMap<Name, Key>,
    wanted: usize,
    what: &str,
) -> Result<HashMap<Name, Key>, WarehouseError> {
    if keys.len() >= wanted {
        return Ok(keys);
    }
    Err(missing_keys(what, wanted, keys.len()))
}

fn missing_keys(what: &str, wanted: usize, got: usize) -> WarehouseError {
    WarehouseError::Inconsistent(format!(
        "{what}: asked for the keys of {wanted} members, got {got}"
    ))
}
