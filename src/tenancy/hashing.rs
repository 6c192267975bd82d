//! Where passwords are hashed: a few at a time, and a bounded number waiting. A hash takes a core for a
//! quarter of a second, so that a crowd of logins would otherwise hold up everything else.

use std::{num::NonZero, sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Error, Result, blocking};

/// How many may wait for their turn: some seconds' worth of hashing.
const WAITING: usize = 64;

/// How many passwords are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashQueue {
    /// Right now.
    pub running: u64,
    /// Once it is their turn.
    pub waiting: u64,
}

/// The queue that every hash of one process goes through.
pub(super) struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// How many of each there are.
    at_once: usize,
    all: usize,
}

/// A place in the queue, given up when it is dropped.
pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
}

impl Hashing {
    /// As many at a time as there are cores.
    pub(super) fn new() -> Self {
        Self::with(thread::available_parallelism().map_or(1, NonZero::get), WAITING)
    }

    fn with(at_once: usize, waiting: usize) -> Self {
        let all = at_once + waiting;
        let places = Arc::new(Semaphore::new(all));
        Self { places, turns: Arc::new(Semaphore::new(at_once)), at_once, all }
    }

    /// How full it is.
    pub(super) fn load(&self) -> HashQueue {
        let running = self.at_once.saturating_sub(self.turns.available_permits());
        let taken = self.all.saturating_sub(self.places.available_permits());
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        HashQueue { running: number(running), waiting: number(taken.saturating_sub(running)) }
    }

    /// A place in the queue.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once where too many are waiting already.
    pub(super) fn enter(&self) -> Result<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Error::Overloaded)?;
        Ok(Place { _place: place, turns: Arc::clone(&self.turns) })
    }
}

impl Place {
    /// Waits for its turn, and runs `work` on a thread that may block. Work that has begun goes on to its
    /// end, and keeps its turn until then, also where nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::Machine`] where the work panicked.
    pub(super) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| Error::Machine(error.to_string()))?;
        blocking(move || {
            let done = work();
            drop((turn, self));
            done
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_few_run_at_a_time_and_a_crowd_is_turned_away_at_once() {
        let hashing = Hashing::with(2, 3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let both = Arc::new(Barrier::new(2));
        let places: Vec<_> = (0..5).map(|_| hashing.enter().unwrap()).collect();
        assert!(matches!(hashing.enter(), Err(Error::Overloaded)));
        assert_eq!(hashing.load(), HashQueue { running: 0, waiting: 5 });
        let mut places = places.into_iter();
        // One that gives up makes room for another.
        drop(places.next());
        let last = hashing.enter().unwrap();
        let all = places.chain([last]).enumerate().map(|(at, place)| {
            let (running, most, both) =
                (Arc::clone(&running), Arc::clone(&most), Arc::clone(&both));
            tokio::spawn(place.run(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                if at < 2 {
                    both.wait();
                }
                running.fetch_sub(1, Ordering::SeqCst);
            }))
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(hashing.places.available_permits(), 5);
    }
}
