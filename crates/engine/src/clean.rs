//! Makes text from outside fit for a terminal: one line, nothing that steers, hides or reorders.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// What one character becomes on a terminal.
enum Fate {
    Keep,
    Space,
    Drop,
}

/// The text as one safe line; borrowed when it already is.
///
/// C0, DEL, C1, bidi controls and characters without width are dropped. An escape sequence (CSI, OSC, DCS, …)
/// is dropped whole; one that never ends loses only its introducer, so that it cannot hide what follows.
/// Line breaks, tabs and the Unicode line separators become one space each, CR LF together one.
pub fn clean(text: &str) -> Cow<'_, str> {
    let Some(first) = text.char_indices().find(|&(_, c)| !matches!(fate(c), Fate::Keep)).map(|(at, _)| at)
    else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = match (c, fate(c)) {
            ('\x1b' | '\u{80}'..='\u{9f}', Fate::Drop) => skip_sequence(c, after),
            ('\r', _) if after.starts_with('\n') => after,
            (_, Fate::Drop) => after,
            (_, Fate::Space) => {
                out.push(' ');
                after
            }
            (_, Fate::Keep) => {
                out.push(c);
                after
            }
        };
    }
    Cow::Owned(out)
}

/// The text as one safe line of at most `columns`; what does not fit gives way to `…`.
pub fn clip(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    let mut used = 0;
    // Where the text must be cut if the ellipsis turns out to be needed.
    let mut cut = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            let ellipsis = if columns == 0 { "" } else { "…" };
            return Cow::Owned(format!("{}{ellipsis}", &text[..cut]));
        }
        if used < columns {
            cut = at + c.len_utf8();
        }
    }
    text
}

fn fate(c: char) -> Fate {
    match c {
        ' '..='~' => Fate::Keep,
        '\t' | '\n' | '\x0b' | '\x0c' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Fate::Space,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => Fate::Drop,
        // Arabic letter mark, LRM and RLM, embeddings and overrides, isolates.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Fate::Drop,
        // Soft hyphen, grapheme joiner, fillers, zero-width space and joiners, invisible operators,
        // variation selectors, byte order mark, interlinear annotation, tags.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => Fate::Drop,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' => Fate::Drop,
        '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => Fate::Drop,
        '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// What stands behind the escape sequence that `introducer` opened (ECMA-48, 7-bit and 8-bit forms).
fn skip_sequence(introducer: char, after: &str) -> &str {
    match introducer {
        '\x1b' => match after.bytes().next() {
            Some(b'[') => skip_csi(&after[1..]),
            Some(b']' | b'P' | b'X' | b'^' | b'_') => skip_string(&after[1..]),
            Some(b' '..=b'~') => {
                let body = after.trim_start_matches(|c| matches!(c, ' '..='/'));
                if body.starts_with(|c| matches!(c, '0'..='~')) { &body[1..] } else { after }
            }
            _ => after,
        },
        '\u{9b}' => skip_csi(after),
        '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(after),
        _ => after,
    }
}

/// Parameters, intermediates, one final byte.
fn skip_csi(body: &str) -> &str {
    let end =
        body.trim_start_matches(|c| matches!(c, '0'..='?')).trim_start_matches(|c| matches!(c, ' '..='/'));
    if end.starts_with(|c| matches!(c, '@'..='~')) { &end[1..] } else { body }
}

/// A control string: up to BEL or ST. Any other control character means that it was never closed.
fn skip_string(body: &str) -> &str {
    let Some(at) = body.find(char::is_control) else { return body };
    let end = &body[at..];
    ["\x07", "\u{9c}", "\x1b\\"].iter().find_map(|terminator| end.strip_prefix(terminator)).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["", "OOMKilled", "exit 137 · 128 + 9", "Grüße, 世界, 🦀, e\u{301}"] {
            assert!(matches!(clean(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn sequences_go_whole() {
        for (text, want) in [
            ("\x1b[31;1mred\x1b[0m", "red"),
            ("\u{9b}2Jgone", "gone"),
            ("a\x1b]0;title\x07b", "ab"),
            ("a\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
            ("a\u{9d}52;c;cGFzdGU=\u{9c}b", "ab"),
            ("a\x1bP+q\x1b\\b\x1b_x\x07c", "abc"),
            ("a\x1bcb\x1b(Bc\x1b7d", "abcd"),
        ] {
            assert_eq!(clean(text), want, "{text:?}");
        }
    }

    #[test]
    fn an_unfinished_sequence_hides_nothing() {
        for (text, want) in [
            ("\x1b]0;Killed process 1", "0;Killed process 1"),
            ("\x1b]0;x\nnext", "0;x next"),
            ("\x1b[31", "31"),
            ("\x1b[3é", "3é"),
            ("end\x1b", "end"),
            ("\x1b\u{9b}\x1b[", ""),
            ("\x1bé", "é"),
            ("\x1b ", " "),
        ] {
            assert_eq!(clean(text), want, "{text:?}");
        }
    }

    #[test]
    fn breaks_become_spaces() {
        assert_eq!(clean("a\r\nb\nc\td\u{2028}e\u{85}f\rg"), "a b c d e f g");
    }

    #[test]
    fn hidden_and_reordering_characters_go() {
        assert_eq!(clean("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{ad}f\u{e0041}g\u{7f}h\0i"), "abcdefghi");
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = format!("x{c}y");
            let got = clean(&text);
            assert!(!got.chars().any(char::is_control), "{:x}", u32::from(c));
            // What has no width and stays is a mark or letter of some script, never format or bidi control.
            if "\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{61c}"
                .contains(c)
            {
                assert_eq!(got, "xy");
            }
        }
    }

    #[test]
    fn clean_is_idempotent_and_linear_on_hostile_input() {
        for unit in ["\x1b]", "\x1b[1", "\x1b]0;\x1b", "\u{9d}a", "\x1b(", "\r\n"] {
            let text = unit.repeat(200_000);
            let once = clean(&text).into_owned();
            assert_eq!(clean(&once), once);
        }
    }

    #[test]
    fn clip_counts_columns() {
        assert_eq!(clip("OOMKilled", 9), "OOMKilled");
        assert_eq!(clip("OOMKilled", 8), "OOMKill…");
        assert_eq!(clip("世界世界", 8), "世界世界");
        assert_eq!(clip("世界世界", 7), "世界世…");
        assert_eq!(clip("世界世界", 6), "世界…");
        assert_eq!(clip("abc", 1), "…");
        assert_eq!(clip("abc", 0), "");
        assert_eq!(clip("a\x1b[2Jbc", 3), "abc");
        for columns in 0..12 {
            assert!(clip("ab世c界e\u{301}fghij", columns).width() <= columns);
        }
    }
}
