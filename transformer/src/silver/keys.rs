//! Keys of dimension members, remembered between loads: a business id's key never changes.

use std::collections::{HashMap, HashSet};

use event_contract::{Customer, Item, TransactionEvent};
use warehouse::WarehouseError;
use warehouse::silver::{CustomerAttributes, NamedDimension, ProductAttributes, SilverTransaction};

use super::orders::OrderKeys;
use super::verdicts::LoadableEvent;

/// Members remembered of one dimension; beyond that the memory is emptied and fills anew.
const MAX_REMEMBERED: usize = 200_000;

/// The key of the Unknown member of every dimension.
const UNKNOWN_KEY: i64 = 0;
/// The key of the Unknown member's one version.
const UNKNOWN_VERSION_KEY: i32 = 0;

/// The segment of a customer of whom none was stated.
const UNKNOWN_SEGMENT: &str = "Unknown";

/// A dimension's keys: those that are committed, and those that the transaction in progress has met.
#[derive(Debug)]
struct KeyMemory<Key> {
    committed: HashMap<String, Key>,
    fresh: HashMap<String, Key>,
}

impl<Key> Default for KeyMemory<Key> {
    fn default() -> Self {
        KeyMemory {
            committed: HashMap::new(),
            fresh: HashMap::new(),
        }
    }
}

impl<Key: Copy> KeyMemory<Key> {
    fn get(&self, name: &str) -> Option<Key> {
        self.committed
            .get(name)
            .or_else(|| self.fresh.get(name))
            .copied()
    }

    fn settle(&mut self, is_committed: bool) {
        let fresh = std::mem::take(&mut self.fresh);
        if !is_committed {
            return;
        }
        if self.committed.len() + fresh.len() > MAX_REMEMBERED {
            self.committed.clear();
        }
        self.committed.extend(fresh);
    }
}

/// All dimensions' keys as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct DimensionKeys {
    categories: KeyMemory<i32>,
    channels: KeyMemory<i32>,
    currencies: KeyMemory<i32>,
    order_statuses: KeyMemory<i32>,
    payment_methods: KeyMemory<i32>,
    /// By country and city, in one string.
    locations: KeyMemory<i32>,
    customers: KeyMemory<i64>,
    /// By id and all attributes, in one string; likewise of products.
    customer_versions: KeyMemory<i32>,
    products: KeyMemory<i64>,
    product_versions: KeyMemory<i32>,
}

/// The keys of one event's dimensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventKeys {
    pub(super) order: OrderKeys,
    pub(super) customer_version_key: i32,
    pub(super) location_key: i32,
    pub(super) payment_method_key: i32,
}

/// The keys of one line's dimensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineKeys {
    pub(super) product_key: i64,
    pub(super) product_version_key: i32,
    pub(super) category_key: i32,
}

/// The segment that the event states of its customer.
fn segment_of(customer: &Customer) -> &str {
    customer.segment.as_deref().unwrap_or(UNKNOWN_SEGMENT)
}

/// What an event states of its customer; nothing for a guest.
fn customer_of(event: &TransactionEvent) -> Option<CustomerAttributes<'_>> {
    let customer = &event.customer;
    Some(CustomerAttributes {
        id: customer.id.as_deref()?,
        customer_type: customer.customer_type.as_str(),
        country: &customer.country,
        city: &customer.city,
        segment: segment_of(customer),
    })
}

/// What a line states of its product.
fn product_of(item: &Item) -> ProductAttributes<'_> {
    ProductAttributes {
        id: &item.id,
        name: &item.name,
        category: &item.category,
    }
}

impl DimensionKeys {
    /// After a transaction: keeps what it met when it was committed, forgets it otherwise.
    pub(crate) fn settle(&mut self, is_committed: bool) {
        for names in [
            &mut self.categories,
            &mut self.channels,
            &mut self.currencies,
            &mut self.order_statuses,
            &mut self.payment_methods,
            &mut self.locations,
        ] {
            names.settle(is_committed);
        }
        self.customers.settle(is_committed);
        self.customer_versions.settle(is_committed);
        self.products.settle(is_committed);
        self.product_versions.settle(is_committed);
    }

    /// Makes sure that every member that these events name has a key.
    pub(super) async fn learn(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let of_event = |name: fn(&TransactionEvent) -> &str| {
            events.iter().map(move |loadable| name(loadable.event))
        };
        let categories = events
            .iter()
            .flat_map(|loadable| &loadable.event.items)
            .map(|item| item.category.as_str());
        use NamedDimension as Named;
        learn_names(
            transaction,
            Named::Categories,
            &mut self.categories,
            categories,
        )
        .await?;
        let channels = of_event(|event| event.channel.as_str());
        learn_names(transaction, Named::Channels, &mut self.channels, channels).await?;
        let currencies = of_event(|event| &event.order.currency);
        learn_names(
            transaction,
            Named::Currencies,
            &mut self.currencies,
            currencies,
        )
        .await?;
        let statuses = of_event(|event| &event.order.status);
        learn_names(
            transaction,
            Named::OrderStatuses,
            &mut self.order_statuses,
            statuses,
        )
        .await?;
        let methods = of_event(|event| &event.order.payment_method);
        learn_names(
            transaction,
            Named::PaymentMethods,
            &mut self.payment_methods,
            methods,
        )
        .await?;
        self.learn_locations(transaction, events).await?;
        self.learn_customers(transaction, events).await?;
        self.learn_customer_versions(transaction, events).await?;
        self.learn_products(transaction, events).await?;
        self.learn_product_versions(transaction, events).await
    }

    async fn learn_locations(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let mut place = String::new();
        let mut missing: HashSet<(&str, &str)> = HashSet::new();
        for loadable in events {
            let customer = &loadable.event.customer;
            write_place(&mut place, &customer.country, &customer.city);
            if self.locations.get(&place).is_none() {
                missing.insert((&customer.country, &customer.city));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<(&str, &str)> = missing.into_iter().collect();
        for ((country, city), key) in transaction.location_keys(&missing).await? {
            write_place(&mut place, &country, &city);
            self.locations.fresh.insert(place.clone(), key);
        }
        Ok(())
    }

    async fn learn_customers(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let mut missing: HashMap<&str, CustomerAttributes<'_>> = HashMap::new();
        for customer in events.iter().filter_map(|it| customer_of(it.event)) {
            if self.customers.get(customer.id).is_none() {
                missing.insert(customer.id, customer);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<CustomerAttributes<'_>> = missing.into_values().collect();
        self.customers
            .fresh
            .extend(transaction.customer_keys(&missing).await?);
        Ok(())
    }

    async fn learn_customer_versions(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let mut name = String::new();
        let mut missing: HashMap<String, (i64, CustomerAttributes<'_>)> = HashMap::new();
        for customer in events.iter().filter_map(|it| customer_of(it.event)) {
            write_customer_version(&mut name, &customer);
            if self.customer_versions.get(&name).is_none() && !missing.contains_key(&name) {
                let customer_key = known(self.customers.get(customer.id), "customer")?;
                missing.insert(name.clone(), (customer_key, customer));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (names, versions): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let keys = transaction.customer_version_keys(&versions).await?;
        self.customer_versions
            .fresh
            .extend(names.into_iter().zip(keys));
        Ok(())
    }

    async fn learn_products(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let mut missing: HashMap<&str, ProductAttributes<'_>> = HashMap::new();
        for product in events.iter().flat_map(|it| &it.event.items).map(product_of) {
            if self.products.get(product.id).is_none() {
                missing.insert(product.id, product);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<ProductAttributes<'_>> = missing.into_values().collect();
        self.products
            .fresh
            .extend(transaction.product_keys(&missing).await?);
        Ok(())
    }

    async fn learn_product_versions(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
    ) -> Result<(), WarehouseError> {
        let mut name = String::new();
        let mut missing: HashMap<String, (i64, ProductAttributes<'_>)> = HashMap::new();
        for product in events.iter().flat_map(|it| &it.event.items).map(product_of) {
            write_product_version(&mut name, &product);
            if self.product_versions.get(&name).is_none() && !missing.contains_key(&name) {
                let product_key = known(self.products.get(product.id), "product")?;
                missing.insert(name.clone(), (product_key, product));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (names, versions): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        let keys = transaction.product_version_keys(&versions).await?;
        self.product_versions
            .fresh
            .extend(names.into_iter().zip(keys));
        Ok(())
    }

    /// The keys of an event, after [`DimensionKeys::learn`].
    pub(super) fn of_event(&self, event: &TransactionEvent) -> Result<EventKeys, WarehouseError> {
        let mut name = String::new();
        let (customer_key, customer_version_key) = match customer_of(event) {
            Some(customer) => {
                write_customer_version(&mut name, &customer);
                let version_key = self.customer_versions.get(&name);
                (
                    known(self.customers.get(customer.id), "customer")?,
                    known(version_key, "version of a customer")?,
                )
            }
            None => (UNKNOWN_KEY, UNKNOWN_VERSION_KEY),
        };
        write_place(&mut name, &event.customer.country, &event.customer.city);
        Ok(EventKeys {
            order: OrderKeys {
                customer_key,
                channel_key: known(self.channels.get(event.channel.as_str()), "channel")?,
                currency_key: known(self.currencies.get(&event.order.currency), "currency")?,
                order_status_key: known(self.order_statuses.get(&event.order.status), "status")?,
            },
            customer_version_key,
            location_key: known(self.locations.get(&name), "location")?,
            payment_method_key: known(
                self.payment_methods.get(&event.order.payment_method),
                "payment method",
            )?,
        })
    }

    /// The keys of a line, after [`DimensionKeys::learn`]. `name` is memory to work in, used again for the next line.
    pub(super) fn of_line(
        &self,
        item: &Item,
        name: &mut String,
    ) -> Result<LineKeys, WarehouseError> {
        write_product_version(name, &product_of(item));
        Ok(LineKeys {
            product_key: known(self.products.get(&item.id), "product")?,
            product_version_key: known(self.product_versions.get(name), "version of a product")?,
            category_key: known(self.categories.get(&item.category), "category")?,
        })
    }
}

async fn learn_names<'e>(
    transaction: &SilverTransaction<'_>,
    dimension: NamedDimension,
    memory: &mut KeyMemory<i32>,
    names: impl Iterator<Item = &'e str>,
) -> Result<(), WarehouseError> {
    let missing: HashSet<&str> = names.filter(|name| memory.get(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    memory
        .fresh
        .extend(transaction.named_keys(dimension, &missing).await?);
    Ok(())
}

fn write_place(name: &mut String, country: &str, city: &str) {
    write_name(name, &[country, city]);
}

fn write_customer_version(name: &mut String, customer: &CustomerAttributes<'_>) {
    write_name(
        name,
        &[
            customer.id,
            customer.customer_type,
            customer.country,
            customer.city,
            customer.segment,
        ],
    );
}

fn write_product_version(name: &mut String, product: &ProductAttributes<'_>) {
    write_name(name, &[product.id, product.name, product.category]);
}

/// No part can hold a control character, so the parts cannot be confused.
fn write_name(name: &mut String, parts: &[&str]) {
    name.clear();
    for part in parts {
        name.push_str(part);
        name.push('\n');
    }
}

fn known<Key>(key: Option<Key>, what: &str) -> Result<Key, WarehouseError> {
    key.ok_or_else(|| {
        WarehouseError::Inconsistent(format!("a {what} has no key, though all were looked up"))
    })
}
