//! How orders are paid: other countries, other habits.

use event_contract::Channel;

use super::random::scale_to;

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaymentMethod {
    CreditCard,
    DebitCard,
    Paypal,
    BankTransfer,
    Invoice,
    Cash,
}

impl PaymentMethod {
    /// The shop's name of the method.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            PaymentMethod::CreditCard => "credit_card",
            PaymentMethod::DebitCard => "debit_card",
            PaymentMethod::Paypal => "paypal",
            PaymentMethod::BankTransfer => "bank_transfer",
            PaymentMethod::Invoice => "invoice",
            PaymentMethod::Cash => "cash",
        }
    }

    /// How long customers take to pay this way.
    pub(crate) const fn mean_seconds_to_pay(self) -> f64 {
        match self {
            PaymentMethod::CreditCard | PaymentMethod::DebitCard => 60.0,
            PaymentMethod::Paypal => 120.0,
            PaymentMethod::BankTransfer => 86_400.0,
            PaymentMethod::Invoice => 172_800.0,
            PaymentMethod::Cash => 20.0,
        }
    }
}

/// The shares of the methods in one country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PaymentHabits {
    /// Weights of credit card, debit card, PayPal, bank transfer and invoice in the web shop and the app.
    pub(crate) online: [u32; 5],
    /// Who pays cash at a till, in per cent; the others take their cards, in the proportion of `online`.
    pub(crate) cash_percent: u32,
}

impl PaymentHabits {
    /// The method that 32 random bits fall on.
    pub(crate) const fn pick(&self, channel: Channel, bits: u32) -> PaymentMethod {
        let [credit, debit, paypal, transfer, invoice] = self.online;
        if matches!(channel, Channel::InStore) {
            let cards = credit + debit;
            // In per cent of everyone at the till, times `cards`, to stay with whole numbers.
            let share = scale_to(bits, 100 * cards);
            let cash = self.cash_percent * cards;
            return if share < cash {
                PaymentMethod::Cash
            } else if share < cash + (100 - self.cash_percent) * debit {
                PaymentMethod::DebitCard
            } else {
                PaymentMethod::CreditCard
            };
        }
        let share = scale_to(bits, credit + debit + paypal + transfer + invoice);
        if share < credit {
            PaymentMethod::CreditCard
        } else if share < credit + debit {
            PaymentMethod::DebitCard
        } else if share < credit + debit + paypal {
            PaymentMethod::Paypal
        } else if share < credit + debit + paypal + transfer {
            PaymentMethod::BankTransfer
        } else {
            PaymentMethod::Invoice
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::places::COUNTRIES;

    fn shares(habits: &PaymentHabits, channel: Channel, wanted: PaymentMethod) -> u32 {
        let picks = (0..1_000u32).map(|nth| habits.pick(channel, nth * 4_294_967 + 2_000_000));
        u32::try_from(picks.filter(|method| *method == wanted).count()).expect("small")
    }

    #[test]
    fn habits_are_kept_to_in_every_country() {
        for country in COUNTRIES {
            let habits = &country.payments;
            assert_eq!(habits.online.iter().sum::<u32>(), 100, "{}", country.code);
            let invoices = shares(habits, Channel::Web, PaymentMethod::Invoice);
            assert!(
                invoices.abs_diff(habits.online[4] * 10) <= 1,
                "{}",
                country.code
            );
            let cash = shares(habits, Channel::InStore, PaymentMethod::Cash);
            assert!(
                cash.abs_diff(habits.cash_percent * 10) <= 1,
                "{}",
                country.code
            );
            let debit = shares(habits, Channel::InStore, PaymentMethod::DebitCard);
            let credit = shares(habits, Channel::InStore, PaymentMethod::CreditCard);
            assert_eq!(cash + debit + credit, 1_000, "{}", country.code);
            assert_eq!(shares(habits, Channel::Mobile, PaymentMethod::Cash), 0);
        }
    }
}
