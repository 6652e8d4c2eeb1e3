//! How customers score and which segment they are in, as the warehouse ships it (docs/MARTS.md): written down a second
//! time, so that a truth can tell segments without asking the warehouse.

/// Days since the last order from which on a customer scores one less than 5, than 4, and so on.
pub const RECENCY_DAYS: [i64; 4] = [8, 31, 91, 181];
/// Orders from which on a customer scores 2, 3, 4 and 5.
pub const ORDERS: [i64; 4] = [2, 3, 5, 10];
/// Net hundredths of the currency from which on a customer scores 2, 3, 4 and 5.
pub const NET_CENTS: [i64; 4] = [10_000, 30_000, 100_000, 300_000];
/// The same in yen, which is worth less.
pub const NET_CENTS_JPY: [i64; 4] = [1_500_000, 4_500_000, 15_000_000, 45_000_000];

/// From 5, bought this week, to 1.
pub fn recency_score(days_since_last_order: i64) -> i64 {
    5 - reached(&RECENCY_DAYS, days_since_last_order)
}

/// From 1, ordered once, to 5.
pub fn frequency_score(orders: i64) -> i64 {
    1 + reached(&ORDERS, orders)
}

/// From 1 to 5 by the net amount, in hundredths.
pub fn monetary_score(currency: &str, net_cents: i64) -> i64 {
    let cuts = match currency {
        "JPY" => &NET_CENTS_JPY,
        _ => &NET_CENTS,
    };
    1 + reached(cuts, net_cents)
}

fn reached(cuts: &[i64; 4], value: i64) -> i64 {
    cuts.iter().map(|cut| i64::from(value >= *cut)).sum()
}

/// The segment of three scores.
pub const fn segment(recency: i64, frequency: i64, monetary: i64) -> &'static str {
    match (recency, frequency, monetary) {
        (4.., 4.., 4..) => "champions",
        (3.., 3.., _) => "loyal",
        (4.., 1, _) => "new",
        (4.., _, _) => "promising",
        (3, _, _) => "needs_attention",
        (_, 4.., 4..) => "cannot_lose",
        (_, 3.., _) | (2, 2, _) => "at_risk",
        (2, _, _) => "hibernating",
        _ => "lost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_begin_at_their_cuts() {
        assert_eq!(
            [0, 7, 8, 180, 181, 4_000].map(recency_score),
            [5, 5, 4, 2, 1, 1]
        );
        assert_eq!([1, 2, 9, 10].map(frequency_score), [1, 2, 4, 5]);
        let euros = [-500, 9_999, 10_000, 300_000].map(|cents| monetary_score("EUR", cents));
        assert_eq!(euros, [1, 1, 2, 5]);
        assert_eq!(monetary_score("JPY", 300_000), 1);
    }

    #[test]
    fn segments_are_those_of_the_documentation() {
        let segments = [
            (5, 4, 4),
            (5, 4, 3),
            (3, 3, 1),
            (4, 1, 5),
            (5, 2, 1),
            (3, 2, 5),
        ]
        .map(|(r, f, m)| segment(r, f, m));
        let expected = [
            "champions",
            "loyal",
            "loyal",
            "new",
            "promising",
            "needs_attention",
        ];
        assert_eq!(segments, expected);
        let lapsed = [
            (1, 4, 4),
            (2, 4, 3),
            (2, 2, 5),
            (2, 1, 1),
            (1, 2, 5),
            (1, 3, 1),
        ]
        .map(|(r, f, m)| segment(r, f, m));
        let expected = [
            "cannot_lose",
            "at_risk",
            "at_risk",
            "hibernating",
            "lost",
            "at_risk",
        ];
        assert_eq!(lapsed, expected);
    }
}
