use std::convert::Infallible;

use chrono::TimeZone;
use event_contract::judge::{Verdict, judge};

use super::*;

fn sale(order_id: &str, customer: Option<&str>, product: &str) -> Sale {
    Sale {
        head: OrderHead {
            order_id: order_id.to_owned(),
            kind: Kind::Sale,
            at: Utc.with_ymd_and_hms(2010, 12, 1, 8, 26, 0).unwrap(),
            customer_id: customer.map(str::to_owned),
            country: "GB".to_owned(),
            city: String::new(),
            channel: Channel::Import,
            currency: "GBP".to_owned(),
            payment_method: "unknown".to_owned(),
        },
        item: Item {
            id: product.to_owned(),
            name: "A thing".to_owned(),
            category: "Things".to_owned(),
            unit_price: Money::from_cents(255),
            quantity: 6,
            discount: Money::ZERO,
            cost: Money::ZERO,
        },
    }
}

fn group(sales: Vec<Sale>) -> Vec<Order> {
    let mut orders = Vec::new();
    let mut grouping = Grouping::default();
    let mut emit = |order| {
        orders.push(order);
        Ok::<_, Infallible>(())
    };
    for (number, sale) in (1..).zip(sales) {
        grouping
            .take(sale, number + 1, &Position::Number(number), &mut emit)
            .unwrap();
    }
    grouping.finish(&mut emit).unwrap();
    orders
}

#[test]
fn rows_of_an_order_meet_wherever_they_stand() {
    let orders = group(vec![
        sale("1", Some("a"), "x"),
        sale("2", Some("b"), "y"),
        sale("1", Some("a"), "x"),
        sale("2", Some("b"), "z"),
    ]);
    let shapes: Vec<(String, Vec<u64>)> = orders
        .iter()
        .map(|order| (order.transaction_id(), order.lines.clone()))
        .collect();
    assert_eq!(
        shapes,
        [("1".to_owned(), vec![2, 4]), ("2".to_owned(), vec![3, 5])]
    );
    assert_eq!(orders[0].items.len(), 2, "identical lines both count");
}

#[test]
fn a_row_beyond_the_window_is_a_further_part_and_so_is_another_customers() {
    let mut sales = vec![sale("1", Some("a"), "x"), sale("1", Some("b"), "x")];
    sales.extend((0..WINDOW).map(|number| sale(&format!("n{number}"), None, "y")));
    sales.push(sale("1", Some("a"), "z"));
    let ids: Vec<String> = group(sales)
        .iter()
        .map(Order::transaction_id)
        .filter(|id| id.starts_with('1'))
        .collect();
    assert_eq!(ids, ["1", "1#2", "1#3"]);
}

#[test]
fn what_is_too_large_for_an_event_is_split_and_each_part_is_accepted() {
    let mut sales: Vec<Sale> = (0..2_500).map(|_| sale("1", None, "x")).collect();
    let mut wide = sale("2", None, "y");
    wide.item.name = "ü".repeat(256);
    wide.item.category = "ü".repeat(128);
    sales.extend(std::iter::repeat_n(wide, 1_000));
    let orders = group(sales);
    let ids: Vec<(String, usize)> = orders
        .iter()
        .map(|order| (order.transaction_id(), order.items.len()))
        .collect();
    let parts = [
        ("1", 1_000),
        ("1#2", 1_000),
        ("2", 780),
        ("1#3", 500),
        ("2#2", 220),
    ];
    let parts = parts.map(|(id, lines)| (id.to_owned(), lines));
    assert_eq!(ids, parts);
    for order in &orders {
        let event = event_of(order, CustomerType::New, "test");
        let mut payload = Vec::new();
        encode::single_object(&event, &mut payload);
        let verdict = judge(Some(&payload), Utc::now(), &Limits::default());
        assert!(
            matches!(verdict, Verdict::Accepted(_)),
            "{:?}",
            order.transaction_id()
        );
    }
}

#[test]
fn open_orders_are_bounded_by_bytes() {
    let mut grouping = Grouping::default();
    let mut emitted = 0_usize;
    for number in 0..9_000_u64 {
        for line in 0..2 {
            let mut sale = sale(&format!("order {number}"), None, "y");
            sale.item.name = "x".repeat(5_000);
            let mut emit = |_| {
                emitted += 1;
                Ok::<_, Infallible>(())
            };
            grouping
                .take(sale, line, &Position::Number(number), &mut emit)
                .unwrap();
            assert!(grouping.bytes <= MOST_OPEN_BYTES);
        }
    }
    assert!(emitted > 0);
}

#[test]
fn the_same_order_is_the_same_event_and_another_is_not() {
    let order = |position, product| {
        let mut orders = group(vec![sale("1", Some("a"), product)]);
        orders[0].position = position;
        orders.remove(0)
    };
    let id = |order: &Order, source| event_of(order, CustomerType::New, source).event_id;
    let one = order(Position::Number(1), "x");
    assert_eq!(id(&one, "uci"), id(&order(Position::Number(1), "x"), "uci"));
    assert_eq!(id(&one, "uci").get_version_num(), 5);
    assert_ne!(id(&one, "uci"), id(&one, "other"));
    assert_ne!(id(&one, "uci"), id(&order(Position::Number(2), "x"), "uci"));
    assert_ne!(id(&one, "uci"), id(&order(Position::Number(1), "y"), "uci"));
    assert_ne!(
        id(&one, "uci"),
        id(&order(Position::Key("1".to_owned()), "x"), "uci")
    );
}

#[test]
fn customers_are_new_once() {
    let mut seen = SeenCustomers::default();
    assert_eq!(seen.see(Some("a")), CustomerType::New);
    assert_eq!(seen.see(Some("a")), CustomerType::Returning);
    assert_eq!(seen.see(None), CustomerType::New);
    assert_eq!(seen.see(None), CustomerType::New);
}

#[test]
fn remembered_orders_are_bounded() {
    let mut parts = Parts::default();
    for number in 0..=MOST_REMEMBERED {
        assert_eq!(parts.next(&sale(&number.to_string(), None, "x").head), 1);
    }
    assert_eq!(parts.counts.len(), MOST_REMEMBERED);
    assert_eq!(parts.oldest_first.len(), MOST_REMEMBERED);
}
