//! What is measured becomes one aligned table.

use std::time::Duration;

const OK: &str = "ok";
const OVER: &str = "OVER";

/// The rows so far.
pub struct Table(Vec<[String; 4]>);

impl Table {
    pub fn new() -> Self {
        Self(vec![["what", "budget", "measured", ""].map(str::to_owned)])
    }

    /// Adds a row, and shows on standard error that it is done.
    pub fn row(&mut self, what: &str, budget: &str, measured: &str, kept: bool) {
        eprintln!("  {what}: {measured}");
        let verdict = if kept { OK } else { OVER };
        self.0.push([what, budget, measured, verdict].map(str::to_owned));
    }

    /// Prints it, columns aligned.
    pub fn print(&self) {
        let width = |column: usize| {
            self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
        };
        let (what, budget, measured) = (width(0), width(1), width(2));
        for row in &self.0 {
            let [first, second, third, verdict] = row;
            println!("{first:what$} | {second:budget$} | {third:measured$} | {verdict}");
        }
    }
}

/// The times of one thing that was done many times.
pub struct Times(Vec<Duration>);

impl Times {
    /// At least one.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100).saturating_sub(1)]
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// `1.25 ms`.
pub fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}
