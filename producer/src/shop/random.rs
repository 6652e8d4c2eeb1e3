//! Every random number of the shop comes from here.
//!
//! A seed must give the same events on every machine and with every later release of the libraries. So nothing here
//! comes from one: the generator is SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
//! 2014), and all that is made of it (ranges, chances, exponential and normal deviates) is computed with nothing but
//! the arithmetic that IEEE 754 fixes to the last bit: `ln` and `exp` of the platform's C library may differ in the last
//! place, ours cannot. It is no secret what it will draw next: nothing here is fit for keys.

/// What a stream of random numbers is used for. Streams of different domains are independent, so that a new draw in
/// one of them leaves the others as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Building the catalog.
    Catalog,
    /// The content and fate of orders; one stream an order.
    Orders,
    /// What is sent twice, late or spoiled.
    Disturbances,
}

impl Domain {
    const fn tag(self) -> u64 {
        u64::from_le_bytes(match self {
            Domain::Catalog => *b"catalog.",
            Domain::Orders => *b"orders..",
            Domain::Disturbances => *b"disturb.",
        })
    }
}

/// A stream of random numbers, named by seed, domain and number.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    /// The stream from its beginning.
    pub(crate) const fn new(seed: u64, domain: Domain, stream: u64) -> Self {
        Dice {
            state: mix(seed, domain.tag(), stream),
        }
    }

    /// 32 random bits.
    pub(crate) const fn bits(&mut self) -> u32 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        upper_bits(finalise(self.state))
    }

    /// A whole number from 0 up to, but not including, `bound`; 0 for a bound of 0.
    ///
    /// Multiplication instead of rejection: one draw exactly, and a bias below `bound` / 2^32 that no one will see.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        scale_to(self.bits(), bound)
    }

    /// Whether something of this chance happens.
    pub(crate) fn happens(&mut self, chance: Chance) -> bool {
        chance.met_by(self.bits())
    }

    /// A standard normal deviate between -6 and 6: the sum of twelve uniform ones (Irwin-Hall).
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: f64 = (0..12).map(|_| unit(self.bits())).sum();
        sum - 6.0
    }
}

/// How often something happens, from never to always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chance(u64);

impl Chance {
    /// A chance in per cent; what lies outside of 0 to 100 is taken as the nearer end.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0 ..= 2^32 in the line above"
    )]
    pub(crate) const fn percent(percent: f64) -> Self {
        let share = (percent / 100.0).clamp(0.0, 1.0);
        Chance((share * 4_294_967_296.0) as u64)
    }

    /// Whether a draw of 32 bits falls under the chance.
    pub(crate) const fn met_by(self, bits: u32) -> bool {
        (bits as u64) < self.0
    }

    /// Whether it can happen at all.
    pub(crate) const fn is_possible(self) -> bool {
        self.0 > 0
    }
}

/// Maps 32 random bits onto 0 .. bound.
pub(crate) const fn scale_to(bits: u32, bound: u32) -> u32 {
    ((bits as u64 * bound as u64) >> 32) as u32
}

/// Maps 32 random bits onto the open interval (0, 1).
pub(crate) fn unit(bits: u32) -> f64 {
    (f64::from(bits) + 0.5) / 4_294_967_296.0
}

/// An exponential deviate with mean 1, from 32 random bits. Between 0 and 22.9.
pub(crate) fn exponential(bits: u32) -> f64 {
    -ln(unit(bits))
}

/// A hash of three numbers, uniform in 64 bits: attributes that are derived instead of stored (SplitMix64's finaliser).
pub(crate) const fn mix(first: u64, second: u64, third: u64) -> u64 {
    let mut state = finalise(first.wrapping_add(GOLDEN_GAMMA));
    state = finalise(state ^ second.wrapping_add(GOLDEN_GAMMA));
    finalise(state ^ third.wrapping_add(GOLDEN_GAMMA))
}

/// 2^64 divided by the golden ratio, made odd: SplitMix64's step.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

const fn finalise(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// The upper 32 bits of a hash.
pub(crate) const fn upper_bits(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The lower 32 bits of a hash.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half is not wanted"
)]
pub(crate) const fn lower_bits(hash: u64) -> u32 {
    hash as u32
}

/// The natural logarithm of a positive, normal number, the same on every platform; off by less than 1e-13.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let (mantissa, exponent) = if mantissa > std::f64::consts::SQRT_2 {
        (mantissa / 2.0, exponent + 1)
    } else {
        (mantissa, exponent)
    };
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut term = s;
    let mut sum = 0.0;
    let mut odd = 1.0;
    for _ in 0..11 {
        sum += term / odd;
        term *= square;
        odd += 2.0;
    }
    2.0 * sum + f64::from(exponent) * std::f64::consts::LN_2
}

/// e to the power of x, for x between -100 and 100, the same on every platform; off by less than 1e-12 of the value.
pub(crate) fn exp(x: f64) -> f64 {
    let clamped = x.clamp(-100.0, 100.0);
    let halvings = 10;
    // e^x = (e^(x / 2^10))^(2^10): a short series near zero, then squarings.
    let small = clamped / 1024.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..=10 {
        term *= small / f64::from(step);
        sum += term;
    }
    for _ in 0..halvings {
        sum *= sum;
    }
    sum
}

/// Cumulative weights: picks an index with a probability proportional to its weight.
#[derive(Debug, Clone)]
pub(crate) struct Weighted {
    /// Upper bounds on the scale of 2^32; the last is 2^32.
    bounds: Vec<u64>,
}

impl Weighted {
    /// Over weights that are positive and finite.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 2^32"
    )]
    pub(crate) fn new(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        let mut bounds: Vec<u64> = sums
            .iter()
            .map(|bound| (bound / sum * 4_294_967_296.0) as u64)
            .collect();
        if let Some(last) = bounds.last_mut() {
            *last = 1 << 32;
        }
        Weighted { bounds }
    }

    /// Popularity by rank after Zipf: the weight of rank r (from 1) is 1 / r^exponent.
    pub(crate) fn zipf(ranks: u32, exponent: f64) -> Self {
        Weighted::new((1..=ranks).map(|rank| exp(-exponent * ln(f64::from(rank)))))
    }

    /// The index that 32 random bits fall on; 0 where there is none.
    pub(crate) fn pick(&self, bits: u32) -> usize {
        self.bounds
            .partition_point(|bound| *bound <= u64::from(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_apart() {
        let draw = |seed, domain, stream| Dice::new(seed, domain, stream).bits();
        assert_eq!(draw(1, Domain::Orders, 7), draw(1, Domain::Orders, 7));
        assert_ne!(draw(1, Domain::Orders, 7), draw(2, Domain::Orders, 7));
        assert_ne!(draw(1, Domain::Orders, 7), draw(1, Domain::Orders, 8));
        assert_ne!(draw(1, Domain::Orders, 7), draw(1, Domain::Catalog, 7));
    }

    #[test]
    fn logarithm_and_exponential_agree_with_the_platform() {
        for step in 1..20_000 {
            let x = f64::from(step) * 0.037;
            assert!(
                (ln(x) - x.ln()).abs() < 1e-13 * (1.0 + x.ln().abs()),
                "ln {x}"
            );
            let y = x / 15.0 - 24.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-11, "exp {y}");
        }
        assert!((ln(unit(0)) - unit(0).ln()).abs() < 1e-12);
    }

    #[test]
    fn chances_hold_at_both_ends_and_between() {
        assert!(!Chance::percent(0.0).met_by(0));
        assert!(Chance::percent(100.0).met_by(u32::MAX));
        assert!(!Chance::percent(f64::NAN).is_possible());
        let mut dice = Dice::new(3, Domain::Disturbances, 0);
        let hits = (0..100_000)
            .filter(|_| dice.happens(Chance::percent(20.0)))
            .count();
        assert!((19_000..21_000).contains(&hits), "{hits}");
    }

    #[test]
    fn deviates_have_their_moments() {
        let mut dice = Dice::new(5, Domain::Orders, 0);
        let count = 100_000;
        let mean = (0..count).map(|_| exponential(dice.bits())).sum::<f64>() / f64::from(count);
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
        let normals: Vec<f64> = (0..count).map(|_| dice.normal()).collect();
        let mean = normals.iter().sum::<f64>() / f64::from(count);
        let variance =
            normals.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(count);
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }

    #[test]
    fn zipf_prefers_the_first_ranks_and_reaches_the_last() {
        let table = Weighted::zipf(1000, 1.0);
        assert_eq!(table.pick(0), 0);
        assert_eq!(table.pick(u32::MAX), 999);
        let mut dice = Dice::new(5, Domain::Orders, 1);
        let first_ten = (0..100_000)
            .filter(|_| table.pick(dice.bits()) < 10)
            .count();
        // The harmonic numbers H(10) / H(1000) = 0.391.
        assert!((37_500..40_700).contains(&first_ten), "{first_ten}");
    }
}
