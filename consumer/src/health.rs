//! Whether Kafka and PostgreSQL can be reached: said once when that changes, and shown by `/readyz`.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use service_kit::{Outage, Readiness};

use crate::happenings;

/// One of the two things that the consumer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// The source.
    Kafka,
    /// The destination.
    Postgres,
}

/// The present state of both dependencies.
#[derive(Debug)]
pub struct Health {
    readiness: Readiness,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    states: [State; 2],
    is_at_work: bool,
}

#[derive(Debug)]
struct State {
    dependency: Dependency,
    outage: Outage,
    has_answered: bool,
    reason: String,
}

impl State {
    fn new(dependency: Dependency, name: String) -> Self {
        State {
            dependency,
            outage: Outage::new(name),
            has_answered: false,
            reason: String::new(),
        }
    }

    fn obstacle(&self) -> Option<String> {
        if self.outage.lasting().is_some() {
            return Some(format!(
                "{} is away: {}",
                self.outage.dependency(),
                self.reason
            ));
        }
        (!self.has_answered).then(|| format!("{} has not answered yet", self.outage.dependency()))
    }
}

impl Health {
    /// Neither has answered yet. The addresses are shown in logs and must hold no password.
    pub fn new(readiness: Readiness, kafka_address: &str, postgres_address: &str) -> Self {
        let states = [
            State::new(Dependency::Kafka, format!("Kafka at {kafka_address}")),
            State::new(
                Dependency::Postgres,
                format!("PostgreSQL at {postgres_address}"),
            ),
        ];
        Health {
            readiness,
            inner: Mutex::new(Inner {
                states,
                is_at_work: false,
            }),
        }
    }

    /// Whether the topic is there and registered, so that records can be read.
    pub fn is_at_work(&self, is_at_work: bool) {
        let mut inner = self.lock();
        inner.is_at_work = is_at_work;
        self.publish(&inner);
    }

    /// An attempt failed.
    pub fn away(&self, dependency: Dependency, reason: &dyn Display) {
        let mut inner = self.lock();
        let Some(state) = inner
            .states
            .iter_mut()
            .find(|state| state.dependency == dependency)
        else {
            return;
        };
        state.reason = reason.to_string();
        if state.outage.away(reason) {
            happenings::outage(match dependency {
                Dependency::Kafka => "kafka",
                Dependency::Postgres => "postgresql",
            });
        }
        self.publish(&inner);
    }

    /// An attempt succeeded.
    pub fn back(&self, dependency: Dependency) {
        let mut inner = self.lock();
        let Some(state) = inner
            .states
            .iter_mut()
            .find(|state| state.dependency == dependency)
        else {
            return;
        };
        let was_first = !std::mem::replace(&mut state.has_answered, true);
        if state.outage.back().is_some() || was_first {
            self.publish(&inner);
        }
    }

    /// Whether the dependency is known to be away.
    pub fn is_away(&self, dependency: Dependency) -> bool {
        let inner = self.lock();
        inner
            .states
            .iter()
            .any(|state| state.dependency == dependency && state.outage.lasting().is_some())
    }

    fn publish(&self, inner: &Inner) {
        let obstacle = inner.states.iter().find_map(State::obstacle);
        let waiting =
            (!inner.is_at_work).then(|| "the topic is not there or not registered yet".to_owned());
        match obstacle.or(waiting) {
            None => self.readiness.ready(),
            Some(obstacle) => self.readiness.not_ready(obstacle),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change is a plain assignment, so a panic elsewhere leaves whole values behind.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_that_both_answer_and_that_there_is_a_topic() {
        let readiness = Readiness::new();
        let health = Health::new(readiness.clone(), "broker:9092", "db:5432/assay");
        health.back(Dependency::Kafka);
        assert_eq!(
            readiness.obstacle().unwrap(),
            "PostgreSQL at db:5432/assay has not answered yet"
        );
        health.back(Dependency::Postgres);
        assert!(readiness.obstacle().unwrap().contains("topic"));
        health.is_at_work(true);
        assert_eq!(readiness.obstacle(), None);

        health.away(Dependency::Kafka, &"no route");
        assert!(health.is_away(Dependency::Kafka));
        assert!(!health.is_away(Dependency::Postgres));
        assert_eq!(
            readiness.obstacle().unwrap(),
            "Kafka at broker:9092 is away: no route"
        );
        health.back(Dependency::Postgres);
        assert!(readiness.obstacle().is_some());
        health.back(Dependency::Kafka);
        assert_eq!(readiness.obstacle(), None);
    }
}
