//! Every interleaving, breadth first: the shortest way to what is wrong is found first.
//!
//! Of a state that was seen only a fingerprint of 64 bits is kept, which with millions of them is as
//! good as the state.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, Hash, Hasher},
};

use crate::{
    mends::Mends,
    state::{At, Kind, Legacy, State},
    trace::{Event, Found, Label},
    wrong::Wrong,
};

/// From every so many states it is tried whether everything gets settled.
const SOME: usize = 20;

/// What is searched.
#[derive(Clone, Copy)]
pub struct Model {
    pub mends: Mends,
    /// Which kinds of operation each console may begin.
    pub kinds: [&'static [Kind]; 2],
    /// Whether each takes over what another left, and how many leases it can have.
    pub takes_over: [bool; 2],
    pub leases: [u8; 2],
    /// Whether collections and admins are looked at.
    pub colls: bool,
    pub admins: bool,
    /// Which operation of the old service there is.
    pub legacy: Legacy,
    /// What is looked for; anything where there is nothing.
    pub wanted: Option<Wrong>,
    /// Only what comes of a command of A that arrives when A is past it.
    pub by_late_command: bool,
    pub start: State,
}

/// The states that can follow.
#[derive(Default)]
pub struct Next {
    states: Vec<(Label, State)>,
}

impl Next {
    /// One of them, where the others are of no interest.
    pub fn first(&mut self) -> Option<State> {
        self.states.drain(..).next().map(|(_, state)| state)
    }

    pub fn add(&mut self, who: usize, event: Event, state: State) {
        self.states.push((Label { who: who as u8, event }, state));
    }
}

/// What a search came to.
#[derive(Default)]
pub struct Searched {
    pub states: usize,
    pub steps: usize,
    pub ends: usize,
    /// What is wrong, and how it came to it.
    pub wrong: Option<Found>,
}

impl Model {
    pub fn search(&self) -> Searched {
        let mut done = Searched::default();
        let mut seen: HashSet<u64, BuildHasherDefault<Itself>> = HashSet::default();
        // From which step each state was reached, to tell the way.
        let mut steps: Vec<(u32, Option<Label>)> = vec![(0, None)];
        let mut queue = VecDeque::from([(0_u32, self.start)]);
        seen.insert(fingerprint(&self.start));
        let mut next = Next::default();
        while let Some((number, state)) = queue.pop_front() {
            done.states += 1;
            for who in 0..2 {
                self.console(&state, who, &mut next);
            }
            state.old_service(&mut next);
            let ends = next.states.is_empty();
            done.ends += usize::from(ends);
            if (ends || done.states.is_multiple_of(SOME)) && !self.recovers(&state) {
                let found = Found { wrong: Wrong::NeverSettled, way: way(&steps, number) };
                if self.is_wanted(found.wrong, &state) {
                    done.wrong = Some(found);
                    return done;
                }
            }
            for (label, after) in next.states.drain(..) {
                done.steps += 1;
                if !seen.insert(fingerprint(&after)) {
                    continue;
                }
                steps.push((number, Some(label)));
                let reached = steps.len() as u32 - 1;
                if let Some(wrong) = self.wrong(&after)
                    && self.is_wanted(wrong, &after)
                {
                    done.wrong = Some(Found { wrong, way: way(&steps, reached) });
                    return done;
                }
                queue.push_back((reached, after));
            }
        }
        done
    }
}

impl Model {
    fn is_wanted(&self, wrong: Wrong, state: &State) -> bool {
        let first = &state.consoles[0];
        let late = first.at == At::Idle && !first.may_be_late && first.late.is_none();
        self.wanted.is_none_or(|wanted| wanted == wrong) && (late || !self.by_late_command)
    }
}

fn way(steps: &[(u32, Option<Label>)], mut number: u32) -> Vec<Label> {
    let mut way = Vec::new();
    while let (before, Some(label)) = steps[number as usize] {
        way.push(label);
        number = before;
    }
    way.reverse();
    way
}

fn fingerprint(state: &State) -> u64 {
    let mut hasher = Mixer(0);
    state.hash(&mut hasher);
    hasher.finish()
}

/// A hash that is fast also where nothing is optimized.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for eight in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..eight.len()].copy_from_slice(eight);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A fingerprint is its own hash.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
