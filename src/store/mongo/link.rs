//! A server that is lost, or says nothing any more. Of the latter the driver finds out only after some
//! heartbeats; a person who waits for an answer is told within five seconds.

use std::{sync::atomic::Ordering, time::Duration};

use mongodb::{bson::doc, error::ErrorKind};

use super::{Inner, connect::read_command};
use crate::store::{Result, StoreError};

/// How long an answer is waited for before it is asked whether the server is there at all.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long it may take to say that.
const SIGN_OF_LIFE: Duration = Duration::from_millis(2_600);

/// A wait is made of steps this long. A machine that was suspended, or stood still, has waited for one of them: the
/// server's answer is still on its way then.
const STEP: Duration = Duration::from_millis(100);

/// Waits that long while this program runs.
async fn wait(duration: Duration) {
    let mut left = duration;
    while !left.is_zero() {
        let step = left.min(STEP);
        tokio::time::sleep(step).await;
        left -= step;
    }
}

/// The answer, if it comes within that time.
async fn within<T>(duration: Duration, answer: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        answer = answer => Some(answer),
        () = wait(duration) => None,
    }
}

/// How long it is from one question that got no answer to the next.
const BETWEEN_PINGS: Duration = Duration::from_millis(100);

/// How long it is until a server that was lost is looked for again.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

impl Inner {
    /// Ends once the server is lost, and says why; or where it is `lost`, once it is back. Waits for the driver's
    /// own events: as long as nothing happens this does nothing.
    pub(super) async fn link_changed(&self, lost: bool) -> Option<StoreError> {
        loop {
            if !lost {
                self.errors.lost().await;
            }
            // A connection that was only cut is there again by now.
            match (lost, self.gives_signs_of_life().await) {
                (true, true) => return None,
                (false, false) => return Some(self.errors.no_server()),
                (true, false) | (false, true) => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        }
    }

    async fn gives_signs_of_life(&self) -> bool {
        let ping = read_command(&self.db, doc! { "ping": 1 });
        let there = matches!(within(SIGN_OF_LIFE, ping).await, Some(Ok(_)));
        if there {
            self.errors.heard();
        }
        there
    }

    /// The answer, or that there is none.
    pub(super) async fn answered<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        match self.in_time(answer).await {
            Some(answer) => {
                if answer.is_ok() {
                    self.answers.fetch_add(1, Ordering::Relaxed);
                }
                answer
            }
            None => Err(self.errors.silent()),
        }
    }

    /// The answer, however long it takes, as long as the server gives signs of life.
    pub(super) async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = self.silence() => None,
        }
    }

    /// Ends once the server says anything. That a connection is gone says nothing of it: the driver ends all of
    /// them when it hears nothing itself.
    async fn sign_of_life(&self) {
        loop {
            match read_command(&self.db, doc! { "ping": 1 }).await.map_err(|error| *error.kind) {
                Ok(_) | Err(ErrorKind::Command(_)) => return,
                Err(_) => tokio::time::sleep(BETWEEN_PINGS).await,
            }
        }
    }

    /// Ends once the server says nothing any more.
    async fn silence(&self) {
        loop {
            wait(PATIENCE).await;
            let before = self.answers.load(Ordering::Relaxed);
            // Where all connections are taken it may have to wait, but then others are answered.
            if within(SIGN_OF_LIFE, self.sign_of_life()).await.is_none()
                && self.answers.load(Ordering::Relaxed) == before
            {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Instant};

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_machine_that_stood_still_has_not_waited_for_an_answer() {
        let mut waits = pin!(wait(4 * STEP));
        assert!(waits.as_mut().now_or_never().is_none());
        // Nothing of this program runs, for longer than the whole wait.
        std::thread::sleep(5 * STEP);
        tokio::task::yield_now().await;
        assert!(waits.as_mut().now_or_never().is_none(), "one step has passed");
        let resumed = Instant::now();
        waits.await;
        assert!(resumed.elapsed() >= 2 * STEP, "{:?}", resumed.elapsed());
    }
}
