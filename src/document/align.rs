//! Which element of an array became which: what was inserted in the middle must not look like a change of all that
//! is behind it. The cost is bounded, whatever the length.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use super::{
    element::{Malformed, Value},
    fields::Fields,
};

/// How many elements may be inserted and removed for the shortest way to be looked for. It takes the square of this in
/// time and memory.
const EDITS_MOST: usize = 512;
/// How many steps along equal elements that may take, beside some for each element.
const STEPS_MOST: usize = 2_000_000;
/// How many pairs of elements are compared where several stand for others.
const PAIRS_MOST: usize = 4096;
/// How many fields of two documents are compared to see whether one became the other.
const FIELDS_MOST: usize = 8;

/// What became of an element. Those that are the same are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aligned {
    /// It became another.
    Pair { before: usize, after: usize },
    /// It is gone; it would be where `after` is.
    Removed { before: usize, after: usize },
    /// It is new; it would have been where `before` is.
    Added { before: usize, after: usize },
}

/// What became of the elements of an array, from the first to the last.
pub(super) struct Alignment {
    pub told: Vec<Aligned>,
    /// Whether too much was different somewhere, so that elements were compared by their number.
    pub by_number: bool,
}

/// Aligns the elements of two arrays.
pub(super) fn align(before: &Fields, after: &Fields) -> Result<Alignment, Malformed> {
    let same = |one: usize, two: usize| before.raw(one) == after.raw(two);
    let shorter = before.len().min(after.len());
    let head = (0..shorter).take_while(|at| same(*at, *at)).count();
    let tail = |at: &usize| same(before.len() - 1 - at, after.len() - 1 - at);
    let tail = (0..shorter - head).take_while(tail).count();
    let (old, new) = (head..before.len() - tail, head..after.len() - tail);
    let hashes = |fields: &Fields, range: &Range<usize>| -> Vec<u64> {
        range.clone().map(|at| hash(fields, at)).collect()
    };
    let (pairs, by_number) = if old.is_empty() || new.is_empty() {
        (Vec::new(), false)
    } else {
        let (one, two) = (hashes(before, &old), hashes(after, &new));
        let equal = |x: usize, y: usize| one.get(x) == two.get(y) && same(head + x, head + y);
        match common(one.len(), two.len(), &equal) {
            Some(pairs) => (pairs, false),
            None => between_anchors(&one, &two, &equal),
        }
    };
    let mut told = Vec::new();
    let (mut x, mut y) = (old.start, new.start);
    for (one, two) in pairs {
        Gap { before: x..head + one, after: y..head + two }.fill(before, after, &mut told)?;
        (x, y) = (head + one + 1, head + two + 1);
    }
    Gap { before: x..old.end, after: y..new.end }.fill(before, after, &mut told)?;
    Ok(Alignment { told, by_number })
}

fn hash(fields: &Fields, at: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    fields.raw(at).bytes().hash(&mut hasher);
    hasher.finish()
}

/// Pairs that are equal where all at once are too many: those that are there only once, in the longest run that keeps
/// their order, and what is found between each two of them. Also whether even that was too much somewhere.
fn between_anchors(
    one: &[u64],
    two: &[u64],
    equal: &dyn Fn(usize, usize) -> bool,
) -> (Vec<(usize, usize)>, bool) {
    // Where each is; none where it is there twice.
    let places = |hashes: &[u64]| {
        let mut places: HashMap<u64, Option<usize>> = HashMap::new();
        for (at, hash) in hashes.iter().enumerate() {
            places.entry(*hash).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (in_one, in_two) = (places(one), places(two));
    let anchor = |(x, hash): (usize, &u64)| {
        let only = in_one.get(hash).copied().flatten().is_some();
        let y = in_two.get(hash).copied().flatten().filter(|y| only && equal(x, *y))?;
        Some((x, y))
    };
    let anchors: Vec<(usize, usize)> = one.iter().enumerate().filter_map(anchor).collect();
    let mut anchors = longest_rising(&anchors);
    anchors.push((one.len(), two.len()));
    let (mut pairs, mut by_number) = (Vec::new(), false);
    let (mut x, mut y) = (0, 0);
    for (to_x, to_y) in anchors {
        let equal = |row: usize, column: usize| equal(x + row, y + column);
        match common(to_x - x, to_y - y, &equal) {
            Some(found) => pairs.extend(found.into_iter().map(|(a, b)| (x + a, y + b))),
            None => by_number = true,
        }
        if to_x < one.len() {
            pairs.push((to_x, to_y));
        }
        (x, y) = (to_x + 1, to_y + 1);
    }
    (pairs, by_number)
}

/// The longest run of pairs whose second numbers rise as their first ones do.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The pair that ends the best run of each length, and the one before each pair in its run.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, y)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs.get(*end).is_some_and(|pair| pair.1 < *y));
        previous.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied()));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let before = |at: &usize| previous.get(*at).copied().flatten();
    let run = std::iter::successors(ends.last().copied(), before);
    let mut run: Vec<(usize, usize)> = run.filter_map(|at| pairs.get(at).copied()).collect();
    run.reverse();
    run
}

/// Elements that stand for others, with nothing among them that stayed the same.
struct Gap {
    before: Range<usize>,
    after: Range<usize>,
}

impl Gap {
    fn fill(
        self,
        before: &Fields,
        after: &Fields,
        told: &mut Vec<Aligned>,
    ) -> Result<(), Malformed> {
        let (rows, columns) = (self.before.len(), self.after.len());
        if rows == columns || rows.min(columns) == 0 || rows.saturating_mul(columns) > PAIRS_MOST {
            self.by_number(before, after, told);
            return Ok(());
        }
        let mut score = Vec::with_capacity(rows * columns);
        for one in self.before.clone() {
            for two in self.after.clone() {
                score.push(likeness(before, after, one, two)?);
            }
        }
        let score = |row: usize, column: usize| score.get(row * columns + column).copied();
        // What is left from a row and a column on can come to at most.
        let mut best = vec![0_u32; (rows + 1) * (columns + 1)];
        let at = |row: usize, column: usize| row * (columns + 1) + column;
        let get = |best: &[u32], row, column| best.get(at(row, column)).copied().unwrap_or(0);
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                let pair = get(&best, row + 1, column + 1) + score(row, column).unwrap_or(0);
                let apart = get(&best, row + 1, column).max(get(&best, row, column + 1));
                if let Some(place) = best.get_mut(at(row, column)) {
                    *place = pair.max(apart);
                }
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows || column < columns {
            let (one, two) = (self.before.start + row, self.after.start + column);
            let here = get(&best, row, column);
            if row < rows && (column == columns || here == get(&best, row + 1, column)) {
                told.push(Aligned::Removed { before: one, after: two });
                row += 1;
            } else if column < columns && (row == rows || here == get(&best, row, column + 1)) {
                told.push(Aligned::Added { before: one, after: two });
                column += 1;
            } else {
                told.push(Aligned::Pair { before: one, after: two });
                (row, column) = (row + 1, column + 1);
            }
        }
        Ok(())
    }

    /// The first with the first, and so on; what is more on one side was removed or added at the end.
    fn by_number(&self, before: &Fields, after: &Fields, told: &mut Vec<Aligned>) {
        let Self { before: old, after: new } = self;
        for (before_at, after_at) in old.clone().zip(new.clone()) {
            if before.raw(before_at) != after.raw(after_at) {
                told.push(Aligned::Pair { before: before_at, after: after_at });
            }
        }
        let shared = old.len().min(new.len());
        let removed = old.clone().skip(shared);
        told.extend(removed.map(|before| Aligned::Removed { before, after: new.end }));
        let added = new.clone().skip(shared);
        told.extend(added.map(|after| Aligned::Added { before: old.end, after }));
    }
}

/// How much two elements have in common; never nothing, so that what can be a pair is one.
fn likeness(before: &Fields, after: &Fields, one: usize, two: usize) -> Result<u32, Malformed> {
    if before.raw(one).kind() != after.raw(two).kind() {
        return Ok(1);
    }
    let (Value::Document(one), Value::Document(two)) = (before.value(one)?, after.value(two)?)
    else {
        return Ok(2);
    };
    let mut likeness = 2;
    for (one, two) in one.clone().zip(two.clone()).take(FIELDS_MOST) {
        let (one, two) = (one?, two?);
        likeness += u32::from(one.key == two.key) + 8 * u32::from(one.raw == two.raw);
    }
    Ok(likeness)
}

/// The longest run of pairs that are equal and keep their order: Myers' algorithm, "An O(ND) Difference Algorithm and
/// Its Variations". None where too many others are between them.
fn common(
    rows: usize,
    columns: usize,
    equal: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<(usize, usize)>> {
    let most = EDITS_MOST.min(rows + columns);
    let centre = most + 1;
    // How far down each diagonal leads; the one through the beginning is in the middle.
    let mut furthest = vec![0_usize; 2 * most + 3];
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    // Where much is the same as much else, all diagonals are long.
    let mut left = STEPS_MOST + 4 * (rows + columns);
    for edits in 0..=most {
        rounds.push(furthest.get(centre - edits - 1..=centre + edits + 1)?.to_vec());
        for diagonal in (centre - edits..=centre + edits).step_by(2) {
            let mut x = entered(&furthest, diagonal, (centre, edits), 0).0;
            while x < rows && x + centre - diagonal < columns && equal(x, x + centre - diagonal) {
                x += 1;
                left = left.checked_sub(1)?;
            }
            *furthest.get_mut(diagonal)? = x;
            if x >= rows && x + centre - diagonal >= columns {
                return Some(walked_back(&rounds, centre, (rows, columns)));
            }
        }
    }
    None
}

/// Where a diagonal is entered in a round, and from which other one. `from` is the diagonal that the slice begins
/// with.
fn entered(
    furthest: &[usize],
    diagonal: usize,
    (centre, edits): (usize, usize),
    from: usize,
) -> (usize, usize) {
    let on = |diagonal: usize| furthest.get(diagonal - from).copied().unwrap_or(0);
    let down = diagonal == centre - edits
        || (diagonal != centre + edits && on(diagonal - 1) < on(diagonal + 1));
    if down { (on(diagonal + 1), diagonal + 1) } else { (on(diagonal - 1) + 1, diagonal - 1) }
}

fn walked_back(
    rounds: &[Vec<usize>],
    centre: usize,
    (mut x, mut y): (usize, usize),
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (edits, furthest) in rounds.iter().enumerate().rev() {
        let diagonal = x + centre - y;
        let (start, other) = entered(furthest, diagonal, (centre, edits), centre - edits - 1);
        while x > start {
            (x, y) = (x - 1, y - 1);
            pairs.push((x, y));
        }
        if edits > 0 {
            // One step back from where the diagonal was entered.
            x = if other > diagonal { start } else { start - 1 };
            y = x + centre - other;
        }
    }
    pairs.reverse();
    pairs
}
