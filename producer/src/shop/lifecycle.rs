//! The life of an order after it was placed: paid, shipped, completed; some are cancelled, some come back.

use event_contract::{Channel, EventType};

use super::payments::PaymentMethod;
use super::random::{Chance, Dice, exponential, scale_to};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 24.0 * HOUR;

/// The mean time from an order to its completion, in seconds: a paid and shipped one, without returns.
pub(crate) const MEAN_SECONDS_TO_COMPLETION: f64 = 3.5 * DAY;

/// The time an event is apart from the one before it at the least, in microseconds.
const SHORTEST_STEP: i64 = 1_000;

/// How an order ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Completed,
    CancelledBeforePayment,
    CancelledAfterPayment,
    ReturnedInFull,
    ReturnedInPart,
}

/// How likely an order is regretted: the sums over its lines of what is likely for each, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Regrets {
    pub(crate) lines: u32,
    pub(crate) returned: u32,
    pub(crate) cancelled: u32,
}

impl Regrets {
    fn cancels(&self, bits: u32) -> bool {
        scale_to(bits, self.lines * 1_000) < self.cancelled
    }

    fn returns(&self, bits: u32) -> bool {
        scale_to(bits, self.lines * 1_000) < self.returned
    }
}

/// The draws for what will happen to an order; what they come to depends on what is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    cancelled: u32,
    returned: u32,
    is_first_half: bool,
    /// One random draw for the waiting time of each step.
    waits: [u32; 4],
}

impl Fate {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        const HALF: Chance = Chance::percent(50.0);
        Fate {
            cancelled: dice.bits(),
            returned: dice.bits(),
            is_first_half: dice.happens(HALF),
            waits: std::array::from_fn(|_| dice.bits()),
        }
    }

    /// The journey of an order of this fate.
    pub(crate) fn journey(
        &self,
        channel: Channel,
        payment: PaymentMethod,
        regrets: &Regrets,
    ) -> Journey {
        let is_cancelled = regrets.cancels(self.cancelled);
        let is_returned = regrets.returns(self.returned);
        let outcome = match (is_cancelled, is_returned, self.is_first_half) {
            (true, _, true) => Outcome::CancelledBeforePayment,
            (true, _, false) => Outcome::CancelledAfterPayment,
            (false, true, true) => Outcome::ReturnedInFull,
            (false, true, false) => Outcome::ReturnedInPart,
            (false, false, _) => Outcome::Completed,
        };
        Journey {
            outcome,
            // What is bought at a till is carried home.
            ships: channel != Channel::InStore,
            payment,
            waits: self.waits,
        }
    }
}

/// What will happen to one order, and how patient one has to be for each step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Journey {
    pub(crate) outcome: Outcome,
    ships: bool,
    payment: PaymentMethod,
    waits: [u32; 4],
}

impl Journey {
    /// The event that follows on the given one; nothing at the end of the journey.
    pub(crate) const fn after(&self, event: EventType) -> Option<EventType> {
        match event {
            EventType::OrderPlaced => match self.outcome {
                Outcome::CancelledBeforePayment => Some(EventType::OrderCancelled),
                _ => Some(EventType::OrderPaid),
            },
            EventType::OrderPaid => match self.outcome {
                Outcome::CancelledAfterPayment => Some(EventType::OrderCancelled),
                _ if self.ships => Some(EventType::OrderShipped),
                _ => Some(EventType::OrderCompleted),
            },
            EventType::OrderShipped => Some(EventType::OrderCompleted),
            EventType::OrderCompleted => match self.outcome {
                Outcome::ReturnedInFull | Outcome::ReturnedInPart => Some(EventType::OrderReturned),
                _ => None,
            },
            EventType::OrderReturned | EventType::OrderCancelled => None,
        }
    }

    /// How many events the journey has, with the first.
    pub(crate) fn steps(&self) -> u32 {
        let mut count = 1;
        let mut event = EventType::OrderPlaced;
        while let Some(next) = self.after(event) {
            count += 1;
            event = next;
        }
        count
    }

    /// The time from the event before to this one, in microseconds; `haste` is what the usual time is multiplied by.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 23 times a few days, and a float beyond the range of an integer saturates"
    )]
    pub(crate) fn wait_for(&self, event: EventType, haste: f64) -> i64 {
        let [paying, shipping, arriving, ending] = self.waits;
        let seconds = match event {
            EventType::OrderPlaced => 0.0,
            EventType::OrderPaid => self.payment.mean_seconds_to_pay() * exponential(paying),
            EventType::OrderShipped => 4.0 * HOUR + 20.0 * HOUR * exponential(shipping),
            EventType::OrderCompleted if self.ships => DAY + 1.5 * DAY * exponential(arriving),
            EventType::OrderCompleted => 60.0 * exponential(arriving),
            EventType::OrderReturned => 2.0 * DAY + 5.0 * DAY * exponential(ending),
            EventType::OrderCancelled => 3.0 * HOUR * exponential(ending),
        };
        ((seconds * haste * 1e6) as i64).max(SHORTEST_STEP)
    }
}

/// The shop's name of the state that an event leaves an order in.
pub(crate) const fn status_after(event: EventType) -> &'static str {
    match event {
        EventType::OrderPlaced => "placed",
        EventType::OrderPaid => "paid",
        EventType::OrderShipped => "shipped",
        EventType::OrderCompleted => "completed",
        EventType::OrderReturned => "returned",
        EventType::OrderCancelled => "cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::random::Domain;

    fn journeys(channel: Channel) -> Vec<Journey> {
        (0..20_000)
            .map(|number| {
                let mut dice = Dice::new(9, Domain::Orders, number);
                let regrets = Regrets {
                    lines: 2,
                    returned: 60 + 70,
                    cancelled: 50 + 30,
                };
                Fate::draw(&mut dice).journey(channel, PaymentMethod::CreditCard, &regrets)
            })
            .collect()
    }

    fn path(journey: &Journey) -> Vec<EventType> {
        let mut events = vec![EventType::OrderPlaced];
        while let Some(next) = events.last().and_then(|last| journey.after(*last)) {
            events.push(next);
        }
        events
    }

    #[test]
    fn outcomes_have_their_shares() {
        let journeys = journeys(Channel::Web);
        let share = |wanted: &[Outcome]| {
            journeys
                .iter()
                .filter(|journey| wanted.contains(&journey.outcome))
                .count()
        };
        let cancelled = share(&[
            Outcome::CancelledBeforePayment,
            Outcome::CancelledAfterPayment,
        ]);
        let returned = share(&[Outcome::ReturnedInFull, Outcome::ReturnedInPart]);
        assert!((700..900).contains(&cancelled), "{cancelled}");
        // 6.5 % of the 96 % that are not cancelled.
        assert!((1_130..1_370).contains(&returned), "{returned}");
    }

    #[test]
    fn every_path_is_a_path_of_the_state_machine() {
        use EventType::{
            OrderCancelled, OrderCompleted, OrderPaid, OrderPlaced, OrderReturned, OrderShipped,
        };
        for journey in journeys(Channel::Mobile) {
            let expected = match journey.outcome {
                Outcome::Completed => vec![OrderPlaced, OrderPaid, OrderShipped, OrderCompleted],
                Outcome::CancelledBeforePayment => vec![OrderPlaced, OrderCancelled],
                Outcome::CancelledAfterPayment => vec![OrderPlaced, OrderPaid, OrderCancelled],
                Outcome::ReturnedInFull | Outcome::ReturnedInPart => {
                    vec![
                        OrderPlaced,
                        OrderPaid,
                        OrderShipped,
                        OrderCompleted,
                        OrderReturned,
                    ]
                }
            };
            let steps = usize::try_from(journey.steps()).expect("small");
            assert_eq!((path(&journey), steps), (expected.clone(), expected.len()));
        }
        assert!(
            journeys(Channel::InStore)
                .iter()
                .all(|journey| !path(journey).contains(&OrderShipped))
        );
    }

    #[test]
    fn waiting_takes_time_even_in_the_greatest_haste() {
        let journeys = journeys(Channel::Web);
        let journey = journeys.first().expect("many");
        for event in path(journey).into_iter().skip(1) {
            assert_eq!(journey.wait_for(event, 0.0), SHORTEST_STEP);
            assert!(journey.wait_for(event, 1.0) > SHORTEST_STEP);
        }
    }
}
