//! Keys of dimension members, remembered between loads: a business id's key never changes.

use std::collections::{HashMap, HashSet};

use event_contract::TransactionEvent;
use warehouse::WarehouseError;
use warehouse::silver::{CustomerAttributes, NamedDimension, ProductAttributes, SilverTransaction};

use super::orders::OrderKeys;
use super::verdicts::LoadableEvent;

/// Members remembered of one dimension; beyond that the memory is emptied and fills anew.
const MAX_REMEMBERED: usize = 200_000;

/// The key of the Unknown member of every dimension.
const UNKNOWN_KEY: i64 = 0;

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
    products: KeyMemory<i64>,
}

/// The keys of one event's dimensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventKeys {
    pub(super) order: OrderKeys,
    pub(super) location_key: i32,
    pub(super) payment_method_key: i32,
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
        self.products.settle(is_committed);
    }

    /// Makes sure that every member that these events name has a key.
    pub(super) async fn learn(
        &mut self,
        transaction: &SilverTransaction<'_>,
        events: &[LoadableEvent<'_>],
        customers: &[CustomerAttributes<'_>],
        products: &[ProductAttributes<'_>],
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
        self.learn_customers(transaction, customers).await?;
        self.learn_products(transaction, products).await
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
        customers: &[CustomerAttributes<'_>],
    ) -> Result<(), WarehouseError> {
        let missing: Vec<CustomerAttributes<'_>> = customers
            .iter()
            .filter(|customer| self.customers.get(customer.id).is_none())
            .copied()
            .collect();
        if !missing.is_empty() {
            self.customers
                .fresh
                .extend(transaction.customer_keys(&missing).await?);
        }
        Ok(())
    }

    async fn learn_products(
        &mut self,
        transaction: &SilverTransaction<'_>,
        products: &[ProductAttributes<'_>],
    ) -> Result<(), WarehouseError> {
        let missing: Vec<ProductAttributes<'_>> = products
            .iter()
            .filter(|product| self.products.get(product.id).is_none())
            .copied()
            .collect();
        if !missing.is_empty() {
            self.products
                .fresh
                .extend(transaction.product_keys(&missing).await?);
        }
        Ok(())
    }

    /// The keys of an event, after [`DimensionKeys::learn`].
    pub(super) fn of_event(&self, event: &TransactionEvent) -> Result<EventKeys, WarehouseError> {
        let mut place = String::new();
        write_place(&mut place, &event.customer.country, &event.customer.city);
        let customer_key = match &event.customer.id {
            Some(id) => known(self.customers.get(id), "customer")?,
            None => UNKNOWN_KEY,
        };
        Ok(EventKeys {
            order: OrderKeys {
                customer_key,
                channel_key: known(self.channels.get(event.channel.as_str()), "channel")?,
                currency_key: known(self.currencies.get(&event.order.currency), "currency")?,
                order_status_key: known(self.order_statuses.get(&event.order.status), "status")?,
            },
            location_key: known(self.locations.get(&place), "location")?,
            payment_method_key: known(
                self.payment_methods.get(&event.order.payment_method),
                "payment method",
            )?,
        })
    }

    pub(super) fn of_category(&self, category: &str) -> Result<i32, WarehouseError> {
        known(self.categories.get(category), "category")
    }

    pub(super) fn of_product(&self, product_id: &str) -> Result<i64, WarehouseError> {
        known(self.products.get(product_id), "product")
    }

    pub(super) fn of_customer(&self, customer_id: &str) -> Result<i64, WarehouseError> {
        known(self.customers.get(customer_id), "customer")
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

/// Neither part can hold a control character, so the pair is unambiguous.
fn write_place(place: &mut String, country: &str, city: &str) {
    place.clear();
    place.push_str(country);
    place.push('\n');
    place.push_str(city);
}

fn known<Key>(key: Option<Key>, what: &str) -> Result<Key, WarehouseError> {
    key.ok_or_else(|| {
        WarehouseError::Inconsistent(format!("a {what} has no key, though all were looked up"))
    })
}
