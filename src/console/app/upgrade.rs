//! Bringing the database of the older service up to date: asked when it is opened, done behind the open
//! console. Whoever says no only looks, and can be asked again.

use super::{App, Connection, Effect, Generation, Layer, Notice, Request, Severity, cancel};
use crate::{
    keymap::Command,
    org::counted,
    store::{Upgrade, UpgradePlan},
    tenancy::Result,
};

/// An upgrade that waits for somebody to agree, or is running.
#[derive(Debug)]
pub struct AwaitedUpgrade {
    /// What it adds.
    pub plan: UpgradePlan,
    /// The end that is waited for.
    pub running: Request,
    /// How far it is, once that was said.
    pub progress: Option<Upgrade>,
}

impl App {
    /// Keeps what is to be agreed to, and asks.
    pub(super) fn upgrade_is_awaited(&mut self, plan: UpgradePlan) {
        self.upgrade = Some(AwaitedUpgrade { plan, running: Request::default(), progress: None });
        self.layers.push(Layer::Upgrade);
    }

    /// Offers an upgrade that is not required. A failure needs no word: the next question meets it too.
    pub(super) fn upgradable(
        &mut self,
        generation: Generation,
        result: Result<Option<UpgradePlan>>,
    ) {
        if !self.looking_for_upgrade.answered(generation) || self.upgrade.is_some() {
            return;
        }
        let Ok(Some(plan)) = result else { return };
        let how = self.keymap.how(Command::Upgrade);
        let help = format!("use {how} to upgrade the database: searches are slower until then");
        let records = plan.records();
        let are = if records == 1 { "is" } else { "are" };
        let what = format!("{} {are} not indexed for search yet", counted(records, "record"));
        self.say(Severity::Warning, Notice { what, help });
        self.upgrade = Some(AwaitedUpgrade { plan, running: Request::default(), progress: None });
    }

    /// Asks again, or shows how far it is.
    pub(super) fn ask_to_upgrade(&mut self) {
        if self.upgrade.is_some() {
            self.layers.push(Layer::Upgrade);
        } else {
            self.say(Severity::Success, Notice::plain("this database is up to date"));
        }
    }

    /// Begins what is asked about, or stops it where it is running.
    pub(super) fn start_or_stop_upgrade(&mut self) -> Vec<Effect> {
        self.layers.retain(|layer| !matches!(layer, Layer::Upgrade));
        let generation = self.next();
        let now = self.now;
        let Some(upgrade) = &mut self.upgrade else { return Vec::new() };
        if let Some(running) = upgrade.running.stop() {
            upgrade.progress = None;
            let how = self.keymap.how(Command::Upgrade);
            let what = "upgrade stopped; completed changes are kept".to_owned();
            self.say(Severity::Success, Notice { what, help: format!("use {how} to resume") });
            return vec![Effect::Cancel(running)];
        }
        let mut effects = cancel(upgrade.running.begin(generation, now));
        // It is agreed: whatever cannot be written yet is refused by those who know why.
        if let Connection::Ready(connected) = &mut self.connection {
            connected.read_only = None;
        }
        // Whatever was refused until now would not be any more.
        self.notice = None;
        effects.push(Effect::Upgrade(generation));
        effects
    }

    /// How far it is.
    pub(super) fn upgrading(&mut self, generation: Generation, progress: Upgrade) {
        if let Some(upgrade) = &mut self.upgrade
            && upgrade.running.awaits(generation)
        {
            upgrade.progress = Some(progress);
        }
    }

    /// Its end, with what is still to be done.
    pub(super) fn upgraded(
        &mut self,
        generation: Generation,
        result: Result<UpgradePlan>,
    ) -> Vec<Effect> {
        let Some(upgrade) = &mut self.upgrade else { return Vec::new() };
        if !upgrade.running.answered(generation) {
            return Vec::new();
        }
        upgrade.progress = None;
        match result {
            Ok(left) => {
                self.upgrade = None;
                self.layers.retain(|layer| !matches!(layer, Layer::Upgrade));
                match left.records() {
                    0 => self.say(Severity::Success, Notice::plain("the database is up to date")),
                    held_back => {
                        let records = if held_back == 1 { "record" } else { "records" };
                        let what =
                            format!("upgraded; {held_back} conflicting {records} left unchanged");
                        let help =
                            "run `tenantry doctor` to see which, and how to resolve it".to_owned();
                        self.say(Severity::Alert, Notice { what, help });
                    }
                }
                self.refresh()
            }
            Err(error) => {
                self.say(Severity::Error, Notice::from(&error));
                Vec::new()
            }
        }
    }
}
