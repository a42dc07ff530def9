//! From what a terminal is sent to a picture of it: text with ANSI colours in, SVG out.

use std::fmt::Write;

/// The size of a character's cell, and the edge around the text.
const CELL: (f64, f64) = (8.4, 18.0);
const EDGE: f64 = 20.0;
/// The bar on top, with its three buttons.
const BAR: f64 = 34.0;

/// The colours of a dark terminal: plain, then the eight of the palette, then their bright forms.
const PLAIN: &str = "#d4d8df";
const PALETTE: [&str; 8] =
    ["#5c6370", "#ef6b73", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d4d8df"];

/// How a run of text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pen {
    bold: bool,
    dim: bool,
    colour: Option<usize>,
}

/// A picture of a terminal that was sent this text, so many columns wide.
pub fn of(text: &str, columns: usize, label: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let width = columns as f64 * CELL.0 + 2.0 * EDGE;
    let height = lines.len() as f64 * CELL.1 + EDGE + BAR;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"{label}\">\n\
         <style>text {{ font: 14px ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; \
         white-space: pre; fill: {PLAIN} }} .b {{ font-weight: 700 }} .d {{ fill: #7f8896 }}"
    );
    for (index, colour) in PALETTE.iter().enumerate() {
        let _ = write!(svg, " .c{index} {{ fill: {colour} }}");
    }
    let _ = writeln!(
        svg,
        "</style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f27\"/>\n\
         <circle cx=\"22\" cy=\"17\" r=\"5.5\" fill=\"#ef6b73\"/><circle cx=\"40\" cy=\"17\" r=\"5.5\" fill=\"#e5c07b\"/>\
         <circle cx=\"58\" cy=\"17\" r=\"5.5\" fill=\"#98c379\"/>"
    );
    let mut pen = Pen::default();
    for (row, line) in lines.iter().enumerate() {
        let y = BAR + (row as f64 + 0.8) * CELL.1;
        for (column, run, pen) in runs(line, &mut pen) {
            write_run(&mut svg, column, y, &run, pen);
        }
    }
    svg + "</svg>\n"
}

/// The runs of a line, each with its column; escape sequences that are not colours are dropped.
fn runs(line: &str, pen: &mut Pen) -> Vec<(usize, String, Pen)> {
    let (mut runs, mut column) = (Vec::new(), 0);
    for (index, piece) in line.split("\u{1b}[").enumerate() {
        let text = match piece.split_once('m') {
            Some((codes, rest)) if index > 0 => {
                codes.split(';').for_each(|code| pen.take(code));
                rest
            }
            _ => piece,
        };
        // A run begins at its first letter: blanks are empty space in any pen.
        let blanks = text.chars().take_while(|c| *c == ' ').count();
        let shown = text.trim();
        if !shown.is_empty() {
            runs.push((column + blanks, shown.to_owned(), *pen));
        }
        column += text.chars().count();
    }
    runs
}

impl Pen {
    /// Takes one code of a colour sequence (ECMA-48 SGR).
    fn take(&mut self, code: &str) {
        match code.parse::<usize>() {
            Ok(1) => self.bold = true,
            Ok(2) => self.dim = true,
            Ok(22) => (self.bold, self.dim) = (false, false),
            Ok(code @ 30..=37) => self.colour = Some(code - 30),
            Ok(code @ 90..=97) => self.colour = Some(code - 90),
            Ok(39) => self.colour = None,
            Ok(0) | Err(_) => *self = Pen::default(),
            Ok(_) => {}
        }
    }
}

fn write_run(svg: &mut String, column: usize, y: f64, run: &str, pen: Pen) {
    let (x, width) = (EDGE + column as f64 * CELL.0, run.chars().count() as f64 * CELL.0);
    let mut classes = Vec::new();
    if pen.bold {
        classes.push("b".to_owned());
    }
    match pen.colour {
        Some(colour) => classes.push(format!("c{colour}")),
        None if pen.dim => classes.push("d".to_owned()),
        None => {}
    }
    let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
    let text = run.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The width is stated, so that columns stay in line whatever font is there.
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\"{class}>{text}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_columns_and_pens() {
        let mut pen = Pen::default();
        let runs = runs("ab \u{1b}[1;36m  X\u{1b}[0m y", &mut pen);
        let bold = Pen { bold: true, dim: false, colour: Some(6) };
        assert_eq!(
            runs,
            [(0, "ab".into(), Pen::default()), (5, "X".into(), bold), (7, "y".into(), Pen::default())]
        );
    }

    #[test]
    fn text_cannot_become_markup() {
        let svg = of("a <b> & c\n", 80, "x");
        assert!(svg.contains(">a &lt;b&gt; &amp; c</text>"), "{svg}");
    }
}
