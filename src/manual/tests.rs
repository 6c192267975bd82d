//! How Markdown looks on a terminal.

use super::*;

/// The page as text, each line with what is bold and code in it.
fn shown(text: &str, width: usize) -> Vec<String> {
    let mark = |span: Span| match span.kind {
        Kind::Text => span.text,
        Kind::Heading => format!("#{}#", span.text),
        Kind::Strong => format!("*{}*", span.text),
        Kind::Code => format!("`{}`", span.text),
    };
    lines(text, width, false).into_iter().map(|line| line.into_iter().map(mark).collect()).collect()
}

#[test]
fn headings_paragraphs_and_what_is_in_them() {
    let page = "# One *two*\nText with `code` and **weight**,\nin lines.\n\n![a picture](x.svg)\n\n## Next\n";
    let wanted = ["#One# *two*", "", "Text with `code` and", "*weight*, in lines.", "", "#Next#"];
    assert_eq!(shown(page, 20), wanted);
}

#[test]
fn a_link_names_its_topic_unless_its_text_does() {
    let page = "[Search](search.md), [First steps](first-steps.md), [the search](search.md), [it](keys.md), [z](https://z.example)";
    let wanted = "Search, First steps, the search, it (keys), z (https://z.example)";
    assert_eq!(shown(page, 80), [wanted]);
}

#[test]
fn quotes_tell_what_is_typed_where_there_are_no_styles() {
    let text = |line: Line| line.into_iter().map(|span| span.text).collect::<String>();
    let page: Vec<_> =
        lines("`d` in *it*:\n\n```sh\nx\n```\n", 80, true).into_iter().map(text).collect();
    assert_eq!(page, ["`d` in it:", "", "  x"]);
}

#[test]
fn items_hang_behind_their_marks() {
    let page = "Two:\n\n- one two three\n  four\n- five\n\n1. six\n2. seven eight nine\n";
    let wanted = [
        "Two:",
        "",
        "- one two",
        "  three four",
        "- five",
        "",
        "1. six",
        "2. seven",
        "   eight",
        "   nine",
    ];
    assert_eq!(shown(page, 12), wanted);
}

#[test]
fn a_block_keeps_its_spaces_and_folds_what_is_too_long() {
    let page = "So:\n\n```console\n$ a  b\n  → c\n$ one two three four\n```\n\nEnd.\n";
    let wanted =
        ["So:", "", "  `$ a  b`", "  `  → c`", "  `$ one two`", "  `  three four`", "", "End."];
    assert_eq!(shown(page, 16), wanted);
}

#[test]
fn a_table_has_columns_and_narrows_the_widest() {
    let page = "| key | what it does |\n|---|---|\n| `n` | create an organization |\n| | 北京 |\n";
    let wide = ["#key#  #what it does#", "`n`    create an organization", "     北京"];
    assert_eq!(shown(page, 40), wide);
    let narrow = ["#key#  #what it does#", "`n`    create an", "     organization", "     北京"];
    assert_eq!(shown(page, 20), narrow);
}

#[test]
fn a_list_of_topics_fits_80_columns() {
    for topic in TOPICS {
        assert!(topic.title().len() <= 20 && topic.answers.len() <= 54, "{}", topic.name);
    }
}

#[test]
fn every_page_fits_every_width_and_loses_no_word() {
    for topic in TOPICS {
        for width in [34, 80, 100] {
            let page = lines(topic.text, width, true);
            for line in &page {
                let columns: usize = line.iter().map(|span| crate::org::width(&span.text)).sum();
                assert!(columns <= width, "{} at {width}: {line:?}", topic.name);
            }
            let all: String = page.concat().into_iter().map(|span| span.text).collect();
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            // Pictures and where links lead are left out, and what a block is.
            assert!(letters(&all) * 10 > letters(topic.text) * 9, "{} at {width}", topic.name);
            assert!(!all.contains("](") && !all.contains("```"), "{} at {width}", topic.name);
        }
        assert!(!topic.text.contains("</"), "{}: HTML", topic.name);
    }
}
