//! Answers of the last second: equal questions at one time are asked of the warehouse once.
//!
//! Bounded in number and in the size of each, hence in memory. An answer is never older than a second, so that instances
//! behind a load balancer differ by no more than that.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use crate::answer::Written;
use crate::ask::Form;
use crate::problem::Problem;

const FRESH_FOR: Duration = Duration::from_secs(1);
const MOST_ANSWERS: usize = 64;
const LARGEST_KEPT: usize = 256 * 1024;

type Key = (Form, String);
type Slot = Arc<OnceCell<Written>>;

/// The answers of the last second.
#[derive(Default)]
pub(crate) struct Cache {
    slots: Mutex<HashMap<Key, (Instant, Slot)>>,
}

impl Cache {
    /// The answer to a question: of the last second, of somebody else who is asking it right now, or found by `find`.
    pub(crate) async fn answer(
        &self,
        form: Form,
        question: &str,
        find: impl Future<Output = Result<Written, Problem>>,
    ) -> Result<Written, Problem> {
        let key = (form, question.to_owned());
        let Some(slot) = self.slot(&key) else {
            return find.await;
        };
        // An error is given to whoever ran into it only; the next one tries anew.
        let answer = slot.get_or_try_init(|| find).await?.clone();
        if answer.body.len() > LARGEST_KEPT {
            self.forget(&key, &slot);
        }
        Ok(answer)
    }

    fn slot(&self, key: &Key) -> Option<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, slot)) = slots.get(key)
            && since.elapsed() < FRESH_FOR
        {
            return Some(slot.clone());
        }
        if slots.len() >= MOST_ANSWERS {
            slots.retain(|_, (since, _)| since.elapsed() < FRESH_FOR);
        }
        if slots.len() >= MOST_ANSWERS && !slots.contains_key(key) {
            return None;
        }
        let slot = Slot::default();
        slots.insert(key.clone(), (Instant::now(), slot.clone()));
        Some(slot)
    }

    fn forget(&self, key: &Key, held: &Slot) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots
            .get(key)
            .is_some_and(|(_, slot)| Arc::ptr_eq(slot, held))
        {
            slots.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn written(body: Vec<u8>) -> Written {
        Written {
            form: Form::Json,
            body: body.into(),
            next: None,
        }
    }

    #[tokio::test]
    async fn equal_questions_at_once_are_asked_once() {
        let cache = Cache::default();
        let asked = AtomicUsize::new(0);
        let ask = || async {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(written(b"x".to_vec()))
        };
        let (one, two) = tokio::join!(
            cache.answer(Form::Json, "/a", ask()),
            cache.answer(Form::Json, "/a", ask())
        );
        assert_eq!(one.unwrap().body, two.unwrap().body);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        cache.answer(Form::Csv, "/a", ask()).await.unwrap();
        cache.answer(Form::Json, "/b", ask()).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn an_error_is_not_kept() {
        let cache = Cache::default();
        let failed = cache
            .answer(Form::Json, "/a", async { Err(Problem::bad_request("no")) })
            .await;
        assert!(failed.is_err());
        let then = cache
            .answer(Form::Json, "/a", async { Ok(written(vec![1])) })
            .await;
        assert_eq!(&then.unwrap().body[..], [1]);
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let cache = Cache::default();
        for question in 0..10 * MOST_ANSWERS {
            let answer = cache
                .answer(Form::Json, &question.to_string(), async {
                    Ok(written(vec![0; 8]))
                })
                .await;
            assert_eq!(answer.unwrap().body.len(), 8);
        }
        assert!(cache.slots.lock().unwrap().len() <= MOST_ANSWERS);
        let cache = Cache::default();
        let large = async { Ok(written(vec![0; LARGEST_KEPT + 1])) };
        cache.answer(Form::Json, "large", large).await.unwrap();
        assert!(cache.slots.lock().unwrap().is_empty());
    }
}
