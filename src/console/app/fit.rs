//! How well what is typed into the palette fits a command.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// How well a search fits, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The search is the whole name, or a key.
    Whole,
    /// The name begins with it.
    Beginning,
    /// It is made of the beginnings of words of the name, in their order: `shtr` for `show-trash`.
    Words,
    /// Its words begin words of what is said of the command.
    Said,
    /// The name has its letters in this order; this many fewer points than the best.
    Letters(u32),
}

impl Fit {
    /// How well a search fits a name and what is said of it, in any case; none where it does not.
    pub fn find(name: &str, does: &str, search: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('-', " ");
        let search = search.to_lowercase().replace('-', " ");
        if name == search {
            return Some(Self::Whole);
        }
        if name.starts_with(&search) {
            return Some(Self::Beginning);
        }
        let words: Vec<&str> = name.split_whitespace().collect();
        let letters: String = search.split_whitespace().collect();
        if begins_words(&words, &letters) {
            return Some(Self::Words);
        }
        let does = does.to_lowercase();
        let said = |word: &str| {
            does.split(|c: char| !c.is_alphanumeric()).any(|other| other.starts_with(word))
        };
        if search.split_whitespace().all(said) {
            return Some(Self::Said);
        }
        let pattern = Pattern::parse(&search, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let score = pattern.score(Utf32Str::new(&name, &mut Vec::new()), &mut matcher)?;
        Some(Self::Letters(u32::MAX - score))
    }

    /// Whether such a command was clearly meant, if no other one fits as well.
    pub fn is_clear(self) -> bool {
        match self {
            Self::Whole | Self::Beginning | Self::Words | Self::Said => true,
            Self::Letters(_) => false,
        }
    }

    /// The same for all that fit by their letters.
    pub fn tier(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Beginning => 1,
            Self::Words => 2,
            Self::Said => 3,
            Self::Letters(_) => 4,
        }
    }
}

/// Whether letters are beginnings of words, of each word as many as there are, in the order of the words.
fn begins_words(words: &[&str], letters: &str) -> bool {
    if letters.is_empty() {
        return true;
    }
    words.iter().enumerate().any(|(at, word)| {
        let shared = word.chars().zip(letters.chars()).take_while(|(a, b)| a == b).count();
        // Fewer than are shared may be needed where the next word begins with the same letter.
        (1..=shared).any(|taken| {
            let rest = letters.char_indices().nth(taken).map_or("", |(from, _)| &letters[from..]);
            begins_words(&words[at + 1..], rest)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_what_is_said_and_that_before_scattered_letters() {
        let fit = |search| Fit::find("show-trash", "show the trash, or go back", search);
        assert_eq!(fit("show-trash"), Some(Fit::Whole));
        assert_eq!(fit("show trash"), Some(Fit::Whole));
        assert_eq!(fit("sho"), Some(Fit::Beginning));
        assert_eq!(fit("shtr"), Some(Fit::Words));
        assert_eq!(fit("trash"), Some(Fit::Words));
        assert_eq!(fit("go back"), Some(Fit::Said));
        assert!(matches!(fit("hwrs"), Some(Fit::Letters(_))));
        assert_eq!(fit("xyz"), None);
        // No letters out of what is said.
        let mouse = "toggle mouse capture (off: the terminal selects text)";
        assert_eq!(Fit::find("mouse", mouse, "theme"), None);
    }

    #[test]
    fn letters_may_be_shared_between_words_that_begin_alike() {
        assert!(begins_words(&["next", "new", "tab"], "newt"));
        assert!(begins_words(&["purge", "now"], "pn"));
        assert!(!begins_words(&["purge", "now"], "np"));
    }
}
