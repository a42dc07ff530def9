//! What the templates promise: told apart what differs in words, together what differs in values; no order, no loss,
//! no growth.

use super::*;

fn mine<'t>(lines: impl IntoIterator<Item = &'t str>) -> Vec<(String, u64)> {
    let mut miner = Miner::new();
    for (place, line) in lines.into_iter().enumerate() {
        miner.push(line, place as u64, 1);
    }
    miner.finish().into_iter().map(|t| (t.text, t.count)).collect()
}

/// A sequence that looks like chance and is the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    }

    fn word(&mut self, letters: usize) -> String {
        (0..letters).map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz"[self.roll(26)])).collect()
    }
}

#[test]
fn words_tell_templates_apart_and_values_do_not() {
    let lines = [
        r#""SyncLoop ADD" source="api" pods=["shop/web-7c9d8b6f4d-x2k4p"]"#,
        r#""SyncLoop DELETE" source="api" pods=["shop/web-7c9d8b6f4d-x2k4p"]"#,
        r#""SyncLoop REMOVE" source="api" pods=["shop/db-lxsxw"]"#,
        r#""SyncLoop ADD" source="api" pods=["shop/import-bcxzw"]"#,
        r#""SyncLoop ADD" source="api" pods=["shop/import-fedca"]"#,
    ];
    let want = [
        (r#""SyncLoop ADD" source="api" pods=["shop/<*>"]"#.to_owned(), 3),
        (r#""SyncLoop DELETE" source="api" pods=["shop/web-7c9d8b6f4d-x2k4p"]"#.to_owned(), 1),
        (r#""SyncLoop REMOVE" source="api" pods=["shop/db-lxsxw"]"#.to_owned(), 1),
    ];
    assert_eq!(mine(lines), want);
}

#[test]
fn what_never_differs_stands_as_it_is() {
    let lines = ["GET /a 503 in 12 ms", "GET /a 503 in 7 ms", "GET /a 503 in 4711 ms"];
    assert_eq!(mine(lines), [("GET /a 503 in <*> ms".to_owned(), 3)]);
}

#[test]
fn a_place_of_many_words_becomes_a_blank() {
    let names = ["anna", "bert", "carla", "dora", "emil", "fritz", "gerda", "hugo", "ida"];
    let lines: Vec<String> = names.iter().map(|name| format!("login of user {name} failed")).collect();
    assert_eq!(mine(lines.iter().map(String::as_str)), [("login of user <*> failed".to_owned(), 9)]);
    // Few are worth telling apart.
    assert_eq!(mine(lines.iter().take(3).map(String::as_str)).len(), 3);
}

#[test]
fn text_of_any_kind_is_counted() {
    for line in ["", " ", "---", "世界 9", "é", "\u{1b}[31mred 5\u{1b}[0m", "a.-_b", "-", "9-", "ab-"] {
        assert_eq!(mine([line]), [(line.to_owned(), 1)], "{line:?}");
    }
    let long = "1 ".repeat(10_000);
    assert_eq!(mine([long.as_str(), long.as_str()]).iter().map(|t| t.1).sum::<u64>(), 2);
}

#[test]
fn neither_order_nor_parts_show() {
    let mut dice = Dice(7);
    for round in 0..20 {
        let lines: Vec<(u64, String)> = (0..400)
            .map(|place| {
                let text = match dice.roll(4) {
                    0 => format!("pod {}-{} started", dice.word(3), dice.roll(999)),
                    1 => format!("user {} logged in", dice.word(2)),
                    2 => format!("took {} ms for {}", dice.roll(50), dice.word(1)),
                    _ => format!("state {}", ["ready", "lost", "full"][dice.roll(3)]),
                };
                (place, text)
            })
            .collect();
        let mut whole = Miner::new();
        lines.iter().for_each(|(place, line)| whole.push(line, *place, 1));
        let whole = whole.finish();
        assert_eq!(whole.iter().map(|t| t.count).sum::<u64>(), 400);

        let mut shuffled = lines.clone();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, dice.roll(at + 1));
        }
        let mut parts = vec![Miner::new(); 1 + round % 5];
        for (index, (place, line)) in shuffled.iter().enumerate() {
            let part = index * parts.len() / shuffled.len();
            parts[part].push(line, *place, 1);
        }
        let mut all = Miner::new();
        while !parts.is_empty() {
            all.absorb(parts.swap_remove(dice.roll(parts.len())));
        }
        assert_eq!(all.finish(), whole);
    }
}

#[test]
fn memory_is_bounded_and_no_line_is_lost() {
    let mut dice = Dice(3);
    let mut miner = Miner::within(64);
    let mut other = Miner::within(64);
    for place in 0..20_000 {
        let line = format!("{} {} {}", dice.word(6), dice.word(6), dice.word(6));
        if place % 2 == 0 {
            miner.push(&line, place, 1)
        } else {
            other.push(&line, place, 1)
        }
        assert!(miner.shapes.len() <= 64 && other.shapes.len() <= 64);
    }
    miner.absorb(other);
    assert!(miner.shapes.len() <= 64);
    let all = miner.finish();
    assert!(all.len() <= 65);
    assert_eq!(all.iter().map(|t| t.count).sum::<u64>(), 20_000);
}

#[test]
fn variable_parts_are_ranges_of_the_text() {
    let line = "pod web-1 on 10.0.0.7";
    let parts: Vec<&str> = variable(line).into_iter().filter_map(|range| line.get(range)).collect();
    assert_eq!(parts, ["web-1", "10.0.0.7"]);
}
