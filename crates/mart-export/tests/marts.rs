//! Marts of a real warehouse, carried elsewhere and read back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use mart_export::{csv_file, mysql, parquet_file};
use mysql_async::prelude::Queryable;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use test_warehouse::TestWarehouse;
use warehouse::export::{self, MARTS};
use warehouse::{Session, Warehouse};

const GIVEN: &str = "
    INSERT INTO silver.dim_products (product_id, product_name, category)
    SELECT format('p%s', n), CASE n WHEN 1 THEN '=cmd|x' WHEN 2 THEN E'two\\nlines, \"quoted\"' ELSE format('Näme %s 🫖', n) END, 'toys'
    FROM generate_series(1, 1200) AS n;
    INSERT INTO gold.sales_summary_sums
    SELECT format('p%s', n), 'EUR', n, n % 3, n * 1234567.89, 0.01, -n FROM generate_series(1, 1200) AS n;
    INSERT INTO gold.sales_hourly_sums (sales_hour, currency, channel, orders, units_sold, gross_amount, discount_amount,
        tax_amount, shipping_amount, total_amount, returns, units_returned, returned_amount, returned_goods_amount,
        cancellations, cancelled_amount, cost_amount, cancelled_goods_amount)
    VALUES ('2026-03-01 05:00Z', 'EUR', 'web', 0, 1, 10, 0, 0, 0, 9999999999999999999999.99, 0, 0, 1, 1, 0, 0, 5, 0);
    INSERT INTO gold.new_customers_sums VALUES ('2026-03-01', 'EUR', 3), ('1999-12-31', 'EUR', 2);";

async fn given() -> (TestWarehouse, Session) {
    let test = TestWarehouse::fresh().await;
    test.inspector().await.batch_execute(GIVEN).await.unwrap();
    let warehouse = Warehouse::new(test.settings_of("transformer"), 1).unwrap();
    let session = warehouse.connect().await.unwrap();
    (test, session)
}

/// A column of a query, as text.
async fn column(test: &TestWarehouse, query: &str) -> Vec<Option<String>> {
    let rows = test.inspector().await.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_holds_what_sql_says_and_is_replaced() {
    let (test, session) = given().await;
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("summary.csv");
    for _ in 0..2 {
        let rows = export::open(&session, "sales_summary").await.unwrap();
        assert_eq!(csv_file::write(rows, &target).await.unwrap(), 1_200);
    }
    let mut reader = csv::Reader::from_path(&target).unwrap();
    assert_eq!(reader.headers().unwrap().get(8), Some("revenue_amount"));
    let mut found: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    found.sort();
    let text = "SELECT array_to_string(ARRAY[product_id, CASE WHEN product_name LIKE '=%' THEN '''' ELSE '' END || product_name, category, currency,
        lines::text, quantity::text, gross_amount::text, discount_amount::text, revenue_amount::text, cost_amount::text,
        margin_amount::text, coalesce(average_unit_revenue::text, '')], '|') FROM gold.sales_summary";
    let mut expected: Vec<String> = column(&test, text).await.into_iter().flatten().collect();
    expected.sort();
    let mut found: Vec<String> = found.iter().map(|row| row.join("|")).collect();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mart_goes_into_parquet_and_comes_back_exactly() {
    let (test, session) = given().await;
    let directory = tempfile::tempdir().unwrap();
    for mart in MARTS {
        let target = directory.path().join(format!("{mart}.parquet"));
        let rows = export::open(&session, mart).await.unwrap();
        let count = parquet_file::write(rows, &target)
            .await
            .unwrap_or_else(|error| panic!("{mart}: {error}"));
        let reader = SerializedFileReader::new(std::fs::File::open(&target).unwrap()).unwrap();
        assert_eq!(
            reader.metadata().file_metadata().num_rows(),
            i64::try_from(count).unwrap()
        );
    }
    let target = directory.path().join("sales_summary.parquet");
    let reader = SerializedFileReader::new(std::fs::File::open(&target).unwrap()).unwrap();
    let mut found = Vec::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let fields: Vec<String> = row
            .get_column_iter()
            .map(|(_, field)| match field {
                Field::Decimal(decimal) => {
                    let bytes: [u8; 16] = decimal.data().try_into().unwrap();
                    assert_eq!((decimal.precision(), decimal.scale()), (38, 4));
                    i128::from_be_bytes(bytes).to_string()
                }
                Field::Str(text) => text.clone(),
                Field::Long(number) => number.to_string(),
                Field::Null => String::new(),
                other => panic!("{other:?}"),
            })
            .collect();
        found.push(fields.join("|"));
    }
    let scaled = "SELECT array_to_string(ARRAY[product_id, product_name, category, currency, lines::text, quantity::text,
        trunc(gross_amount * 10000)::text, trunc(discount_amount * 10000)::text, trunc(revenue_amount * 10000)::text,
        trunc(cost_amount * 10000)::text, trunc(margin_amount * 10000)::text,
        coalesce(trunc(average_unit_revenue * 10000)::text, '')], '|') FROM gold.sales_summary";
    let mut expected: Vec<String> = column(&test, scaled).await.into_iter().flatten().collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    let reader = SerializedFileReader::new(
        std::fs::File::open(directory.path().join("new_customers.parquet")).unwrap(),
    )
    .unwrap();
    let mut days: Vec<String> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().get_column_iter().next().unwrap().1.to_string())
        .collect();
    days.sort();
    assert_eq!(days, ["1999-12-31", "2026-03-01"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mart_is_refused() {
    let (_test, session) = given().await;
    let refused = export::open(&session, "x; DROP TABLE gold.rfm_cuts")
        .await
        .err()
        .unwrap();
    assert!(
        refused.to_string().contains("there are sales_performance"),
        "{refused}"
    );
}

/// Needs a MySQL or MariaDB of its own: `make mysql-test` starts one and says where it is.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by `make mysql-test`"]
async fn a_table_of_mysql_is_replaced_and_never_seen_half() {
    let url = std::env::var("MYSQL_TEST_URL").expect("MYSQL_TEST_URL");
    let (test, session) = given().await;
    let mut client = mysql_async::Conn::from_url(&url).await.unwrap();
    // What a killed export leaves is in nobody's way.
    client
        .query_drop("CREATE TABLE sales_summary__next (x INT)")
        .await
        .unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let watcher = {
        let (url, stop) = (url.clone(), stop.clone());
        tokio::spawn(async move {
            let mut client = mysql_async::Conn::from_url(&url).await.unwrap();
            let (mut counts, mut looks) = (std::collections::BTreeSet::new(), 0);
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                let count: Result<Option<u64>, _> = client
                    .query_first("SELECT count(*) FROM sales_summary")
                    .await;
                looks += 1;
                // Before the first export there is no table.
                match count {
                    Ok(count) => counts.insert(count.unwrap()),
                    Err(_) => counts.insert(0),
                };
            }
            (counts, looks)
        })
    };
    for _ in 0..5 {
        let rows = export::open(&session, "sales_summary").await.unwrap();
        assert_eq!(
            mysql::write(rows, &url, "sales_summary").await.unwrap(),
            1_200
        );
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let (counts, looks) = watcher.await.unwrap();
    assert!(
        counts.iter().all(|count| [0, 1_200].contains(count)),
        "{counts:?}"
    );
    assert!(looks > 5, "the watcher looked {looks} times");
    let mut found: Vec<String> = client
        .query(
            "SELECT CONCAT_WS('|', product_id, product_name, category, currency, `lines`, quantity, gross_amount, discount_amount,
             revenue_amount, cost_amount, margin_amount, COALESCE(average_unit_revenue, '')) FROM sales_summary",
        )
        .await
        .unwrap();
    let text = "SELECT array_to_string(ARRAY[product_id, product_name, category, currency, lines::text, quantity::text,
        gross_amount::numeric(38,4)::text, discount_amount::numeric(38,4)::text, revenue_amount::numeric(38,4)::text,
        cost_amount::numeric(38,4)::text, margin_amount::numeric(38,4)::text,
        coalesce(average_unit_revenue::numeric(38,4)::text, '')], '|') FROM gold.sales_summary";
    let mut expected: Vec<String> = column(&test, text).await.into_iter().flatten().collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    for mart in MARTS {
        let rows = export::open(&session, mart).await.unwrap();
        mysql::write(rows, &url, mart).await.unwrap();
    }
    let hour: Option<String> = client
        .query_first("SELECT CONCAT_WS(' ', sales_hour, total_amount) FROM sales_hourly")
        .await
        .unwrap();
    assert_eq!(
        hour.unwrap(),
        "2026-03-01 05:00:00.000000 9999999999999999999999.9900"
    );
    let tables: Vec<String> = client.query("SHOW TABLES").await.unwrap();
    assert_eq!(tables.len(), MARTS.len(), "{tables:?}");
}
