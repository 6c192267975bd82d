//! `org list --sort size` and the like: sizes are in no record and no index, so each organization that matches is measured
//! first.

use std::{
    cmp::Ordering,
    io::{self, IsTerminal},
};

use super::{
    Answer, Failure,
    doc::written,
    line::SizeSort,
    org::PAGE,
    records::{Columns, Lines},
    sizes::PageSizes,
    terminal::Telling,
};
use crate::{
    config::Output,
    org::{Org, thousands},
    store::{Count, PageQuery, Size},
    tenancy::Tenancy,
};

/// How many are kept where `--limit` does not say.
const MOST: usize = 100_000;

/// How many are measured before it is said how far that is.
const AT_ONCE: usize = 100;

/// The organizations of a query in the order of their sizes, the first `limit` or all of them.
pub(super) async fn answer(
    tenancy: &Tenancy,
    query: PageQuery,
    sort: SizeSort,
    limit: Option<u32>,
    (output, mut columns): (Option<Output>, Columns),
) -> Result<Answer, Failure> {
    let lines = output.and_then(Lines::of);
    let pages = lines.is_none() && io::stdout().is_terminal();
    let limit = limit.or(Some(PAGE).filter(|_| pages));
    let measured = measure(tenancy, query.clone(), sort, limit).await?;
    let Measured { orgs, sizes, matched, nearest } = measured;
    let sizes = PageSizes::known(sizes);
    if let Some(lines) = lines {
        columns.sizes |= columns.fields.is_empty();
        let mut text = columns.heading(lines);
        let wanted = columns.have_sizes();
        for (org, size) in sizes.beside(&orgs) {
            text.push_str(&columns.line(lines, org, size.filter(|_| wanted))?);
        }
        written(&text)?;
        return Ok(Answer::Written);
    }
    let total = Some(Count { counted: matched, ..Count::default() });
    let place = tenancy.place().clone();
    Ok(Answer::Listed { orgs, sizes, next: None, query, total, nearest, place })
}

struct Measured {
    orgs: Vec<Org>,
    sizes: Vec<Option<Size>>,
    /// How many there are in all.
    matched: u64,
    nearest: Vec<Org>,
}

async fn measure(
    tenancy: &Tenancy,
    mut query: PageQuery,
    sort: SizeSort,
    limit: Option<u32>,
) -> Result<Measured, Failure> {
    let most = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MOST);
    let telling = Telling::default();
    let told = telling.measuring();
    let (mut first, mut matched, mut nearest) = (First::new(sort, most), 0_u64, Vec::new());
    loop {
        let page = tenancy.page(&query).await?;
        let next = page.next();
        nearest.extend(page.nearest);
        for orgs in page.orgs.chunks(AT_ONCE) {
            let sizes = tenancy.sizes(orgs).await?;
            matched += sizes.len() as u64;
            first.add(orgs.iter().cloned().zip(sizes));
            told(matched);
        }
        if limit.is_none() && matched > MOST as u64 {
            let what = format!("more than {} organizations match", thousands(MOST as u64));
            let help = "add --limit, or narrow them with --search";
            return Err(Failure::usage(what, help));
        }
        match next {
            Some(next) => query.at = next,
            None => break,
        }
    }
    let (orgs, sizes) = first.end().into_iter().unzip();
    Ok(Measured { orgs, sizes, matched, nearest })
}

/// The first of those that were measured, and no more than twice as many.
struct First {
    sort: SizeSort,
    most: usize,
    all: Vec<(Org, Option<Size>)>,
}

impl First {
    fn new(sort: SizeSort, most: usize) -> Self {
        Self { sort, most, all: Vec::new() }
    }

    fn add(&mut self, more: impl Iterator<Item = (Org, Option<Size>)>) {
        self.all.extend(more);
        if self.all.len() > self.most.saturating_mul(2) {
            self.cut();
        }
    }

    fn end(mut self) -> Vec<(Org, Option<Size>)> {
        self.cut();
        self.all
    }

    fn cut(&mut self) {
        let sort = self.sort;
        // Those of one size stay in the order they came in, which is that of their names.
        self.all.sort_by(|(_, one), (_, other)| compare(sort, *one, *other));
        self.all.truncate(self.most);
    }
}

/// By size; what is not known comes last, whichever way.
fn compare(sort: SizeSort, one: Option<Size>, other: Option<Size>) -> Ordering {
    let known = |size: Option<Size>| size.and_then(|size| sort.key.of(size));
    match (known(one), known(other)) {
        (Some(one), Some(other)) if sort.descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use bson::DateTime;

    use super::*;
    use crate::{
        orgs::org,
        store::{SizeKey, Statistics},
    };

    fn one(number: u8, bytes: Option<u64>) -> (Org, Option<Size>) {
        let held = |bytes| Statistics { documents: 100 - bytes, bytes, indexes: 1 };
        let newest = |bytes| Some(DateTime::from_millis(-1)).filter(|_| bytes > 20);
        let size = bytes.map(|bytes| Size { held: held(bytes), newest: newest(bytes) });
        (org(number, &format!("org{number}"), "a@b.example"), size)
    }

    fn first(key: SizeKey, descending: bool, most: usize) -> Vec<u8> {
        let mut first = First::new(SizeSort { key, descending }, most);
        let all = [(1, Some(20)), (2, None), (3, Some(70)), (4, Some(20)), (5, Some(5))];
        for (number, bytes) in all {
            first.add(std::iter::once(one(number, bytes)));
        }
        first.end().iter().map(|(org, _)| org.id.bytes()[11]).collect()
    }

    #[test]
    fn sizes_are_in_order_and_what_is_not_known_is_last() {
        assert_eq!(first(SizeKey::Bytes, false, 9), [5, 1, 4, 3, 2]);
        assert_eq!(first(SizeKey::Bytes, true, 9), [3, 1, 4, 5, 2]);
        assert_eq!(first(SizeKey::Documents, false, 9), [3, 1, 4, 5, 2]);
        assert_eq!(first(SizeKey::Indexes, true, 9), [1, 3, 4, 5, 2]);
        for descending in [false, true] {
            assert_eq!(first(SizeKey::Newest, descending, 9), [3, 1, 2, 4, 5]);
        }
    }

    #[test]
    fn no_more_are_kept_than_asked_for() {
        for most in 1..4 {
            assert_eq!(first(SizeKey::Bytes, true, most), [3, 1, 4][..most]);
        }
    }
}
