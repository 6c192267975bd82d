//! Bringing a database of the service before this program up to date: what that adds, and how far it is.

/// What an upgrade adds to a database. Nothing that is there is changed, and the program that wrote it goes
/// on working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradePlan {
    /// Whether there is nothing in the database yet: then there is nothing to upgrade either, and the first
    /// change makes what it needs.
    pub empty: bool,
    /// Whether somebody has yet to agree: until then nothing is written.
    pub asks: bool,
    /// How many organizations lack our fields.
    pub organizations: u64,
    /// How many admins do.
    pub admins: u64,
    /// Which fields these are given, by collection.
    pub fields: Vec<(String, Vec<String>)>,
    /// Which indexes are missing, by collection.
    pub indexes: Vec<(String, Vec<String>)>,
    /// The file's format and the one that the first write brings it to, where it has an older one. Nobody has
    /// to agree: no other program has the file.
    pub formats: Option<(i32, i32)>,
}

impl UpgradePlan {
    /// Where there is nothing to bring up to date.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            empty: false,
            asks: false,
            organizations: 0,
            admins: 0,
            fields: Vec::new(),
            indexes: Vec::new(),
            formats: None,
        }
    }

    /// How many records lack our fields.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.organizations + self.admins
    }

    /// How many indexes are missing.
    #[must_use]
    pub fn missing_indexes(&self) -> usize {
        self.indexes.iter().map(|(_, indexes)| indexes.len()).sum()
    }
}

/// How far an upgrade is. Said only where there is much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// How many records that are.
    pub records: u64,
    /// How much of the work is done, from 0 to 100.
    pub percent: u8,
}

/// Is told how far it is, again and again.
pub type Progress = dyn Fn(Upgrade) + Send + Sync;

/// Nobody is told.
pub fn no_progress(_: Upgrade) {}
