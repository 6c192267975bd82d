//! Folding: the form in which names, e-mails and searches are compared, and the text that is stored for
//! search. Stored and typed text go through the same function.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::org::{is_hidden, name::KEY_MOST};

/// Begins and ends a field.
pub(super) const FIELD: char = '\n';

/// Separates the e-mails from what precedes them.
pub(super) const EMAILS: char = '\u{1}';

/// The text that is stored for search: an organization's collection, its name, and the e-mails of its admins.
#[must_use]
pub fn searchable<'a>(
    name: &str,
    collection: &str,
    emails: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut text = String::with_capacity(96);
    // Not marked as a field: every collection begins with the same prefix.
    text.push('\t');
    push_words(&mut text, collection);
    text.push(FIELD);
    push_words(&mut text, name);
    text.extend([FIELD, EMAILS, FIELD]);
    for email in emails {
        push_words(&mut text, email);
        text.push(FIELD);
    }
    text
}

fn push_words(text: &mut String, words: &str) {
    text.push(' ');
    text.push_str(&fold(words));
}

/// The distinct trigrams of a [`searchable`] text, and its last two characters. A text that contains another also
/// has its trigrams.
#[must_use]
pub fn grams(searchable: &str) -> Vec<String> {
    let starts: Vec<usize> =
        searchable.char_indices().map(|(at, _)| at).chain([searchable.len()]).collect();
    let mut grams: Vec<String> = starts
        .iter()
        .enumerate()
        .filter(|(at, _)| at + 2 < starts.len())
        .filter_map(|(at, start)| {
            let end = starts.get(at + 3).or(starts.last())?;
            searchable.get(*start..*end).map(str::to_owned)
        })
        .collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The form in which texts are compared: letters and digits without case, accents and width. Punctuation and
/// spaces between them become one space; apostrophes are removed.
#[must_use]
pub fn fold(text: &str) -> String {
    folded(text).0
}

/// As [`fold`], with the range of the original text that each byte stands for.
pub(super) fn folded(text: &str) -> (String, Vec<Range<usize>>) {
    let (mut folded, mut places) = (String::with_capacity(text.len()), Vec::new());
    let mut space = false;
    for (at, character) in text.char_indices().take(KEY_MOST) {
        let place = at..at + character.len_utf8();
        // Most text is ASCII, and a frame folds every row that it shows.
        if character.is_ascii() {
            push(character.to_ascii_lowercase(), &place, &mut space, &mut folded, &mut places);
            continue;
        }
        let decomposed: String = character.nfkd().collect();
        for character in caseless::default_case_fold_str(&decomposed).nfkd() {
            push(character, &place, &mut space, &mut folded, &mut places);
        }
    }
    (folded, places)
}

/// Adds one character that comes from `place`. `space` remembers a separator until the next letter.
fn push(
    character: char,
    place: &Range<usize>,
    space: &mut bool,
    folded: &mut String,
    places: &mut Vec<Range<usize>>,
) {
    if is_ignored(character) {
        // An accent belongs to its letter.
        if let Some(last) = places.last_mut().filter(|_| !*space) {
            last.end = place.end;
        }
        return;
    }
    let is_mark = character.general_category_group() == GeneralCategoryGroup::Mark;
    if !character.is_alphanumeric() && !is_mark {
        *space = true;
        return;
    }
    if std::mem::take(space) && !folded.is_empty() {
        folded.push(' ');
        places.push(place.clone());
    }
    let before = folded.len();
    match latin(character) {
        Some(plain) => folded.push_str(&plain.to_lowercase()),
        None => folded.push(character),
    }
    places.extend((before..folded.len()).map(|_| place.clone()));
}

/// Whether a character is ignored: an accent, an apostrophe, or invisible.
fn is_ignored(character: char) -> bool {
    // Marks that are part of a letter stay: in many scripts these are vowels, joiners and viramas.
    let is_accent = matches!(canonical_combining_class(character), 1 | 7 | 8 | 10..=36 | 200..=240);
    let is_apostrophe =
        matches!(character, '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '′' | '＇' | 'ʹ');
    is_accent || is_apostrophe || is_hidden(character)
}

/// The ASCII spelling of a Latin letter that does not decompose: ł, ø, æ, ı.
fn latin(character: char) -> Option<&'static str> {
    let is_latin = matches!(character, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let is_word = |plain: &&str| plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
    deunicode::deunicode_char(character).filter(is_word).filter(|_| is_latin)
}
