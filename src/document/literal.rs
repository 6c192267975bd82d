//! What a single value is written with: text between quotes, regular expressions between slashes, numbers.

use bson::spec::ElementType;

use super::{
    parse::Parser,
    scalar::is_number,
    syntax_error::{Fault, Parsed},
};
use crate::org::escaped_short;

/// What a `\x` with two digits is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hex {
    /// The character of that number.
    Character,
    /// That byte, whether or not it is UTF-8 with the others.
    Byte,
}

const INVALID_UTF8: &str = "InvalidUtf8";

impl Parser<'_> {
    /// Text between quotes, as a string of BSON.
    pub fn string(&mut self) -> Parsed<()> {
        self.framed(Self::content)
    }

    /// Text that may be no UTF-8, as a string of BSON.
    pub fn invalid_utf8(&mut self) -> Parsed<()> {
        self.framed(Self::invalid_utf8_content)
    }

    /// Puts the length before the text and a zero behind it.
    fn framed(&mut self, content: impl FnOnce(&mut Self) -> Parsed<()>) -> Parsed<()> {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        content(self)?;
        self.out.push(0);
        self.set_length(start, self.out.len() - start - 4)
    }

    /// What stands between quotes.
    pub fn content(&mut self) -> Parsed<()> {
        self.between_quotes(Hex::Character)
    }

    /// What stands in an `InvalidUtf8("…")`.
    pub fn invalid_utf8_content(&mut self) -> Parsed<()> {
        if !self.rest().starts_with(INVALID_UTF8) {
            return Err(self.expected("text in quotes"));
        }
        self.at += INVALID_UTF8.len();
        self.blank()?;
        if !self.eat('(') {
            return Err(self.expected("( behind InvalidUtf8"));
        }
        self.blank()?;
        if !matches!(self.peek(), Some('"' | '\'')) {
            return Err(self.expected("text in quotes"));
        }
        self.between_quotes(Hex::Byte)?;
        self.blank()?;
        if self.eat(')') { Ok(()) } else { Err(self.expected(")")) }
    }

    fn between_quotes(&mut self, hex: Hex) -> Parsed<()> {
        let opened = self.at;
        let quote = self.bump().unwrap_or('"');
        loop {
            let rest = self.rest();
            // All of these are ASCII, so no byte of another character is taken for one.
            let special =
                |byte: u8| matches!(byte, b'\\' | b'\n' | b'\r') || quote == char::from(byte);
            let plain = rest.bytes().position(special).unwrap_or(rest.len());
            self.out.extend_from_slice(rest.get(..plain).unwrap_or_default().as_bytes());
            self.at += plain;
            match self.peek() {
                Some('\\') => self.escape(hex)?,
                Some(end) if end == quote => {
                    self.bump();
                    return Ok(());
                }
                _ => {
                    let message = format!("expected {quote} at the end of this text, on its line");
                    return Err(Fault::new(opened, message));
                }
            }
        }
    }

    fn escape(&mut self, hex: Hex) -> Parsed<()> {
        let at = self.at;
        self.bump();
        let character = match self.bump() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some('0') if !self.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
            Some(same @ ('"' | '\'' | '\\' | '/')) => same,
            Some('x') => {
                let byte = u8::try_from(self.hexadecimal(at, 2)?).unwrap_or_default();
                if hex == Hex::Byte {
                    self.out.push(byte);
                    return Ok(());
                }
                char::from(byte)
            }
            Some('u') => self.unicode(at)?,
            _ => {
                let message =
                    "expected an escape such as \\n, \\\" or \\u00e9; a backslash is \\\\";
                return Err(Fault::new(at, message));
            }
        };
        self.out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// So many hexadecimal digits.
    fn hexadecimal(&mut self, at: usize, count: usize) -> Parsed<u32> {
        let digits = self.rest().get(..count).unwrap_or_default();
        let right = digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.at += digits.len();
        match u32::from_str_radix(digits, 16) {
            Ok(number) if right => Ok(number),
            _ => Err(Fault::new(at, format!("expected {count} hexadecimal digits behind this"))),
        }
    }

    /// What follows `\u`: four digits, a pair of surrogates, or any number of digits in braces.
    fn unicode(&mut self, at: usize) -> Parsed<char> {
        let none = || Fault::new(at, "no character has this number");
        if self.eat('{') {
            let end = self.rest().find('}').filter(|end| (1..=6).contains(end)).ok_or_else(none)?;
            let number = self.hexadecimal(at, end)?;
            self.bump();
            return char::from_u32(number).ok_or_else(none);
        }
        let first = self.hexadecimal(at, 4)?;
        let mut second = 0;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            second = self.hexadecimal(at, 4)?;
        }
        let character = match second {
            0 => char::from_u32(first),
            0xdc00..0xe000 => {
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
            }
            _ => None,
        };
        character
            .ok_or_else(|| Fault::new(at, "half a character: its surrogate needs the other one"))
    }

    /// A regular expression between slashes.
    pub fn regex(&mut self) -> Parsed<ElementType> {
        let opened = self.at;
        self.bump();
        let start = self.at;
        let (mut class, mut escaped) = (false, false);
        let pattern = loop {
            let next = match self.peek() {
                None | Some('\n' | '\r') => {
                    let message = "expected / at the end of this regular expression, on its line";
                    return Err(Fault::new(opened, message));
                }
                Some(next) => next,
            };
            if next == '/' && !class && !escaped {
                break self.text.get(start..self.at).unwrap_or_default();
            }
            match next {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '\0' => return Err(Fault::new(self.at, "a regular expression without U+0000")),
                _ => {}
            }
            self.bump();
        };
        self.bump();
        let flags_at = self.at;
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let mut flags = rest.get(..end).unwrap_or_default().as_bytes().to_vec();
        self.at += end;
        // BSON wants them sorted.
        flags.sort_unstable();
        let once = flags.windows(2).all(|pair| pair.first() != pair.last());
        if !once || !flags.iter().all(|flag| b"ilmsux".contains(flag)) {
            return Err(Fault::new(flags_at, "expected flags out of i, l, m, s, u, x, each once"));
        }
        self.out.extend_from_slice(pattern.as_bytes());
        self.out.push(0);
        self.out.extend_from_slice(&flags);
        self.out.push(0);
        Ok(ElementType::RegularExpression)
    }

    /// A number: an integer if it has neither point nor exponent, of the smaller type that it fits.
    pub fn number(&mut self) -> Parsed<ElementType> {
        let at = self.at;
        let rest = self.rest();
        let unsigned = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        if unsigned.starts_with("Infinity") {
            let negative = rest.starts_with('-');
            self.at += rest.len() - unsigned.len() + "Infinity".len();
            let number = if negative { f64::NEG_INFINITY } else { f64::INFINITY };
            return Ok(self.double(number));
        }
        let mut before = ' ';
        let end = rest.find(|c: char| {
            let sign = matches!(c, '-' | '+') && matches!(before, ' ' | 'e' | 'E');
            before = c;
            !(sign || c.is_alphanumeric() || matches!(c, '.' | '_'))
        });
        let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += text.len();
        let shown = || escaped_short(text, 40);
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let octal = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if !is_number(text) || (octal && !digits.starts_with("0e") && !digits.starts_with("0E")) {
            return Err(Fault::new(at, format!("expected a number, found {}", shown())));
        }
        if text.contains(['.', 'e', 'E']) || text == "-0" {
            return match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(self.double(number)),
                _ => Err(Fault::new(at, format!("{} is too large for a double", shown()))),
            };
        }
        if let Ok(number) = text.parse::<i32>() {
            self.out.extend_from_slice(&number.to_le_bytes());
            return Ok(ElementType::Int32);
        }
        if let Ok(number) = text.parse::<i64>() {
            self.out.extend_from_slice(&number.to_le_bytes());
            return Ok(ElementType::Int64);
        }
        let shown = shown();
        let message = format!(
            "{shown} is too large for an integer of 64 bits: write Decimal128(\"{shown}\"), or \
             {shown}.0 for a double"
        );
        Err(Fault::new(at, message))
    }

    fn double(&mut self, number: f64) -> ElementType {
        self.out.extend_from_slice(&number.to_le_bytes());
        ElementType::Double
    }
}
