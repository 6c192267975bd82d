//! Text of several kinds in lines, broken between words.

use crate::org::{characters, width};

use super::render::{Kind, Line, Span};

/// How many columns it takes.
pub(super) fn columns(spans: &[Span]) -> usize {
    spans.iter().map(|span| width(&span.text)).sum()
}

/// Adds text, to the last part of the line where that is of the same kind.
pub(super) fn push(line: &mut Line, text: &str, kind: Kind) {
    match line.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.kind == kind => last.text.push_str(text),
        Some(_) | None => line.push(Span { text: text.to_owned(), kind }),
    }
}

/// Adds what another line has.
pub(super) fn append(line: &mut Line, more: &[Span]) {
    for span in more {
        push(line, &span.text, span.kind);
    }
}

/// The text in lines of at most `most` columns. Only a word that is longer is broken itself.
pub(super) fn wrap(spans: &[Span], most: usize) -> Vec<Line> {
    let most = most.max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (Line::new(), 0);
    for word in words(spans) {
        if used > 0 && used + 1 + columns(&word) > most {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            // A space between two words of a kind is of that kind.
            let kinds = (line.last().map(|span| span.kind), word.first().map(|span| span.kind));
            let kind = kinds.0.filter(|_| kinds.0 == kinds.1).unwrap_or_default();
            push(&mut line, " ", kind);
            used += 1;
        }
        for span in &word {
            for (character, needed) in characters(&span.text) {
                if used + needed > most && used > 0 {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                push(&mut line, character, span.kind);
                used += needed;
            }
        }
    }
    lines.push(line);
    lines
}

/// A line whose spaces mean something, in as many as it needs: broken at a space in its second half, or else in a
/// word, those after the first further in.
pub(super) fn fold(line: &str, most: usize) -> Vec<String> {
    let most = most.max(4);
    let further = (line.len() - line.trim_start_matches(' ').len() + 2).min(most / 2);
    let mut lines = Vec::new();
    let mut rest = line.to_owned();
    while width(&rest) > most {
        let (mut end, mut used) = (0, 0);
        for (character, needed) in characters(&rest).take_while(|(_, needed)| *needed <= most) {
            used += needed;
            if used > most {
                break;
            }
            end += character.len();
        }
        let space = rest[..end].rfind(' ').filter(|at| width(&rest[..*at]) * 2 > most);
        let behind = rest.split_off(space.unwrap_or(end));
        lines.push(std::mem::replace(
            &mut rest,
            " ".repeat(further) + behind.trim_start_matches(' '),
        ));
    }
    lines.push(rest);
    lines
}

/// The words, each in its kinds.
fn words(spans: &[Span]) -> Vec<Line> {
    let mut words = Vec::new();
    let mut word = Line::new();
    for span in spans {
        for (at, part) in span.text.split(' ').enumerate() {
            if at > 0 {
                words.push(std::mem::take(&mut word));
            }
            push(&mut word, part, span.kind);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
