//! `cargo xtask fuzz`: gives inputs of chance to everything that reads, one target after the other (needs `cargo install
//! cargo-fuzz`). What is interesting stays below `target/fuzz`; what breaks something is to be kept in `fuzz/crashers`.

use crate::run::{Options, cargo, shown};
use crate::{Outcome, place};

/// Longest input, and the most that one may take: seconds, and MiB of memory. One that takes a second is told.
const LIMITS: &[&str] =
    &["-max_len=65536", "-timeout=10", "-rss_limit_mb=1024", "-report_slow_units=1", "-print_final_stats=1"];

pub fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args, &[], &["--minutes"])?;
    let minutes: u64 =
        options.value("--minutes").unwrap_or("10").parse().map_err(|_| "minutes are a number")?;
    let mut targets = options.rest.clone();
    if targets.is_empty() {
        let sources = place::files(&place::at("fuzz/fuzz_targets"), ".rs");
        targets
            .extend(sources.iter().filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())));
    }
    let built = place::target().join("fuzz");
    for target in &targets {
        let corpus = built.join("corpus").join(target);
        let found = built.join("found").join(target);
        std::fs::create_dir_all(&corpus)?;
        std::fs::create_dir_all(&found)?;
        // Nothing of ours is unsafe; without the sanitizer twice as much is tried, on a stable toolchain.
        let mut command = cargo(&["fuzz", "run", "--sanitizer", "none", "--target-dir"]);
        command.arg(&built).arg(target).arg(&corpus).arg(place::at("fuzz/seeds").join(target));
        command.arg("--").args(LIMITS).arg(format!("-max_total_time={}", minutes * 60));
        command.arg(format!("-artifact_prefix={}/", found.display()));
        command.arg(format!("-dict={}", place::at("fuzz/words.dict").display()));
        shown(&mut command)?;
    }
    Ok(())
}
