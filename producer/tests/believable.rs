//! Whether the shop looks like a business: what a chart of its events must show, held against the figures.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "where these panic, the test has failed"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Timelike, Utc};
use event_contract::{Channel, CustomerType, EventType, TransactionEvent};
use producer::shop::{Shop, ShopSettings, blank_event};

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0)
        .single()
        .expect("a time")
}

/// Shows every event of a past up to 2026-01-01 to `look`.
fn past(settings: ShopSettings, days: i64, events: u64, mut look: impl FnMut(&TransactionEvent)) {
    let mut shop = Shop::new(settings).expect("good settings");
    shop.plan_past(Duration::days(days), events)
        .expect("it fits");
    let mut event = blank_event();
    while shop.next_past(&mut event) {
        look(&event);
    }
}

fn usual_past(days: i64, events: u64, look: impl FnMut(&TransactionEvent)) {
    past(ShopSettings::new(42, start()), days, events, look);
}

fn is_order(event: &TransactionEvent) -> bool {
    event.event_type == EventType::OrderPlaced
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole)
}

#[test]
fn weeks_have_their_rhythm() {
    let mut orders = [[0u32; 24]; 7];
    // Weeks without holidays, of September and October.
    let from: NaiveDate = "2025-09-01".parse().expect("a date");
    usual_past(122, 400_000, |event| {
        let at = event.event_timestamp;
        let is_counted = (from..from + Duration::days(56)).contains(&at.date_naive());
        if is_order(event) && is_counted {
            let (day, hour) = (at.weekday().num_days_from_monday(), at.hour());
            orders[usize::try_from(day).expect("small")][usize::try_from(hour).expect("small")] +=
                1;
        }
    });
    print_week(&orders);
    let of_day = |day: usize| orders[day].iter().sum::<u32>();
    let weekend = share(of_day(5) + of_day(6), 2);
    let midweek = share(of_day(1) + of_day(2), 2);
    let ratio = weekend / midweek;
    assert!((1.15..1.35).contains(&ratio), "weekend to midweek: {ratio}");
    let of_hour = |hour: usize| (0..5).map(|day| orders[day][hour]).sum::<u32>();
    let ratio = share(of_hour(20), of_hour(3));
    assert!((10.0..25.0).contains(&ratio), "evening to night: {ratio}");
    let mornings = share(orders[5][7] + orders[6][7], 2) / share(of_hour(7), 5);
    assert!(mornings < 0.8, "people sleep in: {mornings}");
}

/// For the table in docs/SHOP.md: `cargo test -p producer --test believable weeks -- --nocapture`.
fn print_week(orders: &[[u32; 24]; 7]) {
    print!("     ");
    (0..24).step_by(2).for_each(|hour| print!("{hour:>6}h"));
    println!();
    for (day, hours) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .zip(orders)
    {
        print!("{day:<5}");
        hours
            .chunks(2)
            .for_each(|two| print!("{:>7}", two.iter().sum::<u32>()));
        println!("{:>8}", hours.iter().sum::<u32>());
    }
}

#[test]
fn business_grows_and_knows_its_seasons() {
    let mut by_month: BTreeMap<(i32, u32), u32> = BTreeMap::new();
    let mut by_day: BTreeMap<NaiveDate, u32> = BTreeMap::new();
    usual_past(1_095, 1_200_000, |event| {
        if is_order(event) {
            let day = event.event_timestamp.date_naive();
            *by_month.entry((day.year(), day.month())).or_default() += 1;
            *by_day.entry(day).or_default() += 1;
        }
    });
    for month in [3, 6, 10] {
        let growth = share(by_month[&(2025, month)], by_month[&(2024, month)]);
        assert!((1.23..1.43).contains(&growth), "{growth} in month {month}");
    }
    let december = share(by_month[&(2025, 12)], by_month[&(2025, 7)]);
    assert!(
        (1.25..1.75).contains(&december),
        "December to July: {december}"
    );
    let on = |day: &str| by_day[&day.parse::<NaiveDate>().expect("a date")];
    let christmas = share(on("2025-12-25"), on("2025-12-11"));
    assert!(christmas < 0.45, "{christmas}");
    let black_friday = share(on("2025-11-28"), on("2025-11-21"));
    assert!((1.7..2.9).contains(&black_friday), "{black_friday}");
}

/// The slope of the line through these points that is the nearest to them (least squares).
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.iter().map(|_| 1.0).sum::<f64>();
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (mean_x, mean_y) = (mean(&|point| point.0), mean(&|point| point.1));
    let covariance = mean(&|point| (point.0 - mean_x) * (point.1 - mean_y));
    covariance / mean(&|point| (point.0 - mean_x) * (point.0 - mean_x))
}

#[test]
fn popularity_of_products_follows_zipf() {
    let mut sold: HashMap<String, u32> = HashMap::new();
    usual_past(60, 300_000, |event| {
        if is_order(event) {
            for item in &event.items {
                *sold.entry(item.id.clone()).or_default() += 1;
            }
        }
    });
    let mut counts: Vec<f64> = sold.values().map(|count| f64::from(*count)).collect();
    counts.sort_by(|one, other| other.total_cmp(one));
    let points: Vec<(f64, f64)> = (1..=500u32)
        .zip(&counts)
        .map(|(rank, count)| (f64::from(rank).ln(), count.ln()))
        .collect();
    let exponent = -slope(&points);
    assert!((0.7..0.9).contains(&exponent), "{exponent}");
}

#[test]
fn baskets_are_log_normal() {
    let mut logarithms = Vec::new();
    let mut values = Vec::new();
    usual_past(60, 200_000, |event| {
        if is_order(event) && event.order.currency == "EUR" {
            let cents = f64::from(i32::try_from(event.order.subtotal.cents()).expect("small"));
            values.push(cents / 100.0);
            logarithms.push(cents.ln());
        }
    });
    let count = logarithms.iter().map(|_| 1.0).sum::<f64>();
    let mean = logarithms.iter().sum::<f64>() / count;
    let moment = |power: i32| {
        logarithms
            .iter()
            .map(|x| (x - mean).powi(power))
            .sum::<f64>()
            / count
    };
    let deviation = moment(2).sqrt();
    let (skew, kurtosis) = (moment(3) / deviation.powi(3), moment(4) / moment(2).powi(2));
    println!("deviation {deviation:.3} skew {skew:.3} kurtosis {kurtosis:.3}");
    assert!((0.6..1.3).contains(&deviation), "{deviation}");
    // Of a normal distribution: 0 and 3. The values themselves are far from it.
    assert!(skew.abs() < 0.4, "{skew}");
    assert!((2.5..4.0).contains(&kurtosis), "{kurtosis}");
    values.sort_by(f64::total_cmp);
    let median = values[values.len() / 2];
    let mean = values.iter().sum::<f64>() / count;
    assert!(mean > 1.25 * median, "a long tail: {mean} and {median}");
}

#[test]
fn every_country_pays_in_its_own_way_and_currency() {
    let mut online: HashMap<(String, String), u32> = HashMap::new();
    let mut of_country: HashMap<String, u32> = HashMap::new();
    let mut currencies: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut tills: HashMap<String, u32> = HashMap::new();
    usual_past(60, 300_000, |event| {
        if !is_order(event) {
            return;
        }
        let country = event.customer.country.clone();
        let used = currencies.entry(country.clone()).or_default();
        used.insert(event.order.currency.clone());
        let method = event.order.payment_method.clone();
        if event.channel == Channel::InStore {
            *tills.entry(method).or_default() += 1;
        } else {
            *of_country.entry(country.clone()).or_default() += 1;
            *online.entry((country, method)).or_default() += 1;
        }
    });
    let part = |country: &str, method: &str| {
        let paid = online.get(&(country.to_owned(), method.to_owned()));
        share(paid.copied().unwrap_or(0), of_country[country])
    };
    for (country, method, expected) in [
        ("DE", "invoice", 0.34),
        ("DE", "paypal", 0.34),
        ("NL", "bank_transfer", 0.56),
        ("US", "credit_card", 0.56),
        ("US", "invoice", 0.01),
        ("FR", "credit_card", 0.52),
        ("PL", "bank_transfer", 0.48),
        ("GB", "cash", 0.0),
    ] {
        let found = part(country, method);
        assert!(
            (found - expected).abs() < 0.03,
            "{country} {method}: {found}"
        );
    }
    assert_eq!(
        tills.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        BTreeSet::from(["cash", "credit_card", "debit_card"])
    );
    for (country, currency) in [
        ("DE", "EUR"),
        ("US", "USD"),
        ("GB", "GBP"),
        ("CH", "CHF"),
        ("PL", "PLN"),
    ] {
        assert_eq!(currencies[country], BTreeSet::from([currency.to_owned()]));
    }
    assert!(
        currencies.values().all(|used| used.len() == 1),
        "{currencies:?}"
    );
    assert_eq!(currencies.len(), 14);
}

#[test]
fn cities_lie_in_their_countries() {
    let mut countries: HashMap<String, BTreeSet<String>> = HashMap::new();
    usual_past(60, 100_000, |event| {
        let customer = &event.customer;
        let of_city = countries.entry(customer.city.clone()).or_default();
        of_city.insert(customer.country.clone());
    });
    assert!(countries.len() > 70, "{}", countries.len());
    assert!(
        countries.values().all(|of_city| of_city.len() == 1),
        "{countries:?}"
    );
    for (city, country) in [
        ("Wien", "AT"),
        ("Genève", "CH"),
        ("São Paulo", "BR"),
        ("Łódź", "PL"),
        ("Leeds", "GB"),
    ] {
        assert_eq!(countries[city], BTreeSet::from([country.to_owned()]));
    }
}

#[test]
fn categories_differ_in_what_comes_back_and_what_is_called_off() {
    let mut sold: HashMap<String, u32> = HashMap::new();
    let mut returned: HashMap<String, u32> = HashMap::new();
    let mut cancelled: HashMap<String, u32> = HashMap::new();
    // The categories of open orders; a year's past leaves few whose fate is not known at its end.
    let mut placed: HashMap<String, Vec<String>> = HashMap::new();
    usual_past(365, 500_000, |event| {
        let categories = || event.items.iter().map(|item| item.category.clone());
        match event.event_type {
            EventType::OrderPlaced => {
                categories().for_each(|category| *sold.entry(category).or_default() += 1);
                placed.insert(event.transaction_id.clone(), categories().collect());
            }
            EventType::OrderReturned => {
                categories().for_each(|category| *returned.entry(category).or_default() += 1);
            }
            EventType::OrderCancelled => {
                for category in &placed[&event.transaction_id] {
                    *cancelled.entry(category.clone()).or_default() += 1;
                }
            }
            _ => {}
        }
    });
    let rate = |of: &HashMap<String, u32>, category: &str| share(of[category], sold[category]);
    let (clothing, grocery) = (rate(&returned, "Clothing"), rate(&returned, "Grocery"));
    println!("returned: Clothing {clothing:.4} Grocery {grocery:.4}");
    assert!(clothing > 2.2 * grocery, "{clothing} and {grocery}");
    let (electronics, grocery) = (rate(&cancelled, "Electronics"), rate(&cancelled, "Grocery"));
    println!("cancelled: Electronics {electronics:.4} Grocery {grocery:.4}");
    assert!(electronics > 1.3 * grocery, "{electronics} and {grocery}");
}

#[test]
fn customers_come_back_move_rarely_and_are_new_once() {
    #[derive(Default)]
    struct Seen {
        orders: u32,
        new_orders: u32,
        cities: BTreeSet<String>,
        countries: BTreeSet<String>,
    }
    let mut customers: HashMap<String, Seen> = HashMap::new();
    let mut guests = 0;
    usual_past(90, 600_000, |event| {
        let Some(id) = &event.customer.id else {
            guests += u32::from(is_order(event));
            return;
        };
        let seen = customers.entry(id.clone()).or_default();
        if is_order(event) {
            let is_new = event.customer.customer_type == CustomerType::New;
            assert!(
                !is_new || seen.orders == 0,
                "{id} was new after another order"
            );
            seen.orders += 1;
            seen.new_orders += u32::from(is_new);
        }
        seen.cities.insert(event.customer.city.clone());
        seen.countries.insert(event.customer.country.clone());
    });
    let count = |wanted: &dyn Fn(&Seen) -> bool| {
        u32::try_from(customers.values().filter(|seen| wanted(seen)).count()).expect("small")
    };
    let everyone = count(&|_| true);
    assert!(
        customers
            .values()
            .all(|seen| seen.countries.len() == 1 && seen.new_orders <= 1)
    );
    let came_back = share(count(&|seen| seen.orders > 1), everyone);
    assert!((0.4..0.9).contains(&came_back), "{came_back}");
    let turned = share(
        count(&|seen| seen.new_orders == 1 && seen.orders > 1),
        everyone,
    );
    assert!(turned > 0.2, "from new to returning: {turned}");
    // 9 % have a move due within 90 days; not all of them order before and after.
    let movers = share(count(&|seen| seen.cities.len() > 1), everyone);
    println!("came back {came_back:.3}, turned {turned:.3}, moved {movers:.3}, guests {guests}");
    assert!((0.01..0.08).contains(&movers), "{movers}");
}

#[test]
fn some_products_are_renamed_and_some_are_moved() {
    let mut names: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut categories: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut latest: HashMap<String, (String, String)> = HashMap::new();
    let mut changes = 0;
    usual_past(60, 400_000, |event| {
        for item in &event.items {
            names
                .entry(item.id.clone())
                .or_default()
                .insert(item.name.clone());
            categories
                .entry(item.id.clone())
                .or_default()
                .insert(item.category.clone());
            let now = (item.name.clone(), item.category.clone());
            let before = latest.insert(item.id.clone(), now.clone());
            changes += u32::from(before.is_some_and(|before| before != now));
        }
    });
    let several = |of: &HashMap<String, BTreeSet<String>>| {
        of.values().filter(|found| found.len() > 1).count()
    };
    let (renamed, moved) = (several(&names), several(&categories));
    println!("renamed {renamed}, moved {moved} of {}", names.len());
    assert!((60..200).contains(&renamed), "{renamed} of {}", names.len());
    assert!((15..80).contains(&moved), "{moved} of {}", names.len());
    // Nobody goes back and forth within two months, whatever is returned.
    assert!(
        usize::try_from(changes).expect("small") <= renamed + moved,
        "{changes}"
    );
}
