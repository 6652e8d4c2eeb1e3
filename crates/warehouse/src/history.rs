//! Which attributes a customer or product had when, by event time. Settled by the one gold writer, in the transaction that
//! folds the facts, so there is nobody to share it with.
//!
//! A history is a function of what the facts that gold has taken state, not of the order in which they came. Of most
//! facts nothing follows: what they state is what the history tells of their time already. Where it does not, the whole
//! history of just that customer or product is derived anew, by the one SELECT that verification also uses for all of
//! them.

use crate::transaction::LayeredTransaction;
use crate::{Layers, WarehouseError, sql};

/// How many histories changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct HistoryChanges {
    /// Customers whose history was derived anew.
    pub(crate) customers: usize,
    /// Products likewise.
    pub(crate) products: usize,
}

const UNSETTLED_CUSTOMERS: &str = concat!(
    "WITH\n",
    sql!("history/given_batches.sql"),
    sql!("history/unsettled_customers.sql")
);
const UNSETTLED_PRODUCTS: &str = concat!(
    "WITH\n",
    sql!("history/given_batches.sql"),
    ",\n",
    sql!("history/unsettled_products.sql")
);
const DERIVE_CUSTOMERS: &str = concat!(
    "WITH\n",
    sql!("history/given_customers.sql"),
    "history AS (\n",
    sql!("history/customers.sql"),
    ")\nINSERT INTO silver.dim_customers_history (customer_key, customer_version_key, valid_from, valid_to)\n",
    "SELECT customer_key, customer_version_key, valid_from, valid_to FROM history ORDER BY customer_key, valid_from"
);
const DERIVE_PRODUCTS: &str = concat!(
    "WITH\n",
    sql!("history/given_products.sql"),
    "history AS (\n",
    sql!("history/products.sql"),
    ")\nINSERT INTO silver.dim_products_history (product_key, product_version_key, valid_from, valid_to)\n",
    "SELECT product_key, product_version_key, valid_from, valid_to FROM history ORDER BY product_key, valid_from"
);

macro_rules! compare {
    ($every:literal, $derive:literal, $stored:literal) => {
        concat!(
            "WITH\n",
            sql!($every),
            "history AS (\n",
            sql!($derive),
            "),\nstored AS (",
            $stored,
            ")\nSELECT 'recomputed' AS side, to_jsonb(d)::text FROM (TABLE history EXCEPT ALL TABLE stored) AS d",
            "\nUNION ALL\nSELECT 'stored', to_jsonb(d)::text FROM (TABLE stored EXCEPT ALL TABLE history) AS d",
        )
    };
}

/// Stretches that the stored histories of customers have and a recomputation has not, or the other way round.
pub(crate) const COMPARE_CUSTOMERS: &str = compare!(
    "history/every_customer.sql",
    "history/customers.sql",
    "SELECT customer_key, customer_version_key, valid_from, valid_to FROM silver.dim_customers_history"
);
/// As [`COMPARE_CUSTOMERS`], of products.
pub(crate) const COMPARE_PRODUCTS: &str = compare!(
    "history/every_product.sql",
    "history/products.sql",
    "SELECT product_key, product_version_key, valid_from, valid_to FROM silver.dim_products_history"
);

/// Settles the histories of the customers and products that the facts of these silver batches speak of, and their
/// current attributes. The batches must not be marked as taken by gold yet, and their facts belong to it from now on.
///
/// # Errors
/// See [`WarehouseError::class`].
pub(crate) async fn settle(
    transaction: &LayeredTransaction<'_>,
    silver_batch_ids: &[i64],
) -> Result<HistoryChanges, WarehouseError> {
    // A rebuild shares the members with the live tables, and has not come to their present yet.
    let are_current = transaction.layers() == Layers::Live;
    let customers = keys(transaction, UNSETTLED_CUSTOMERS, silver_batch_ids).await?;
    if !customers.is_empty() {
        let forget = sql!("history/forget_customers.sql");
        transaction.execute(forget, &[&customers], DOING).await?;
        transaction
            .execute(DERIVE_CUSTOMERS, &[&silver_batch_ids, &customers], DOING)
            .await?;
        if are_current {
            let refresh = sql!("history/current_customers.sql");
            transaction.execute(refresh, &[&customers], DOING).await?;
        }
    }
    let products = keys(transaction, UNSETTLED_PRODUCTS, silver_batch_ids).await?;
    if !products.is_empty() {
        let forget = sql!("history/forget_products.sql");
        transaction.execute(forget, &[&products], DOING).await?;
        transaction
            .execute(DERIVE_PRODUCTS, &[&products], DOING)
            .await?;
        if are_current {
            let refresh = sql!("history/current_products.sql");
            transaction.execute(refresh, &[&products], DOING).await?;
        }
    }
    Ok(HistoryChanges {
        customers: customers.len(),
        products: products.len(),
    })
}

const DOING: &str = "settling history";

async fn keys(
    transaction: &LayeredTransaction<'_>,
    statement: &'static str,
    silver_batch_ids: &[i64],
) -> Result<Vec<i64>, WarehouseError> {
    let rows = transaction
        .query(statement, &[&silver_batch_ids], DOING)
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
