//! Processes that outlive the command that started them, known by pid and start time, so that a pid that was given anew
//! is never taken for ours.

use crate::Failure;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The processes of one cluster.
#[derive(Clone, Debug)]
pub struct Processes {
    /// Where their pids are kept.
    pub run: PathBuf,
    /// Where their output goes.
    pub log: PathBuf,
}

impl Processes {
    /// Starts a program in the background, unless it runs already. Says whether it was started.
    pub fn start(&self, name: &str, words: &[&str]) -> Result<bool, Failure> {
        if self.alive(name).is_some() {
            return Ok(false);
        }
        let log = File::options().create(true).append(true).open(self.log.join(format!("{name}.log")))?;
        let child = Command::new("setsid")
            .args(words)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|e| format!("cannot start {name}: {e}"))?;
        let pid = child.id();
        let started = start_time(pid).ok_or_else(|| format!("{name} ended at once"))?;
        fs::write(self.file(name), format!("{pid} {started}\n"))?;
        Ok(true)
    }

    /// The pid of a process of ours that lives.
    pub fn alive(&self, name: &str) -> Option<u32> {
        let text = fs::read_to_string(self.file(name)).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        let pid = pid.parse().ok()?;
        (start_time(pid)? == started).then_some(pid)
    }

    /// Ends a process: it is asked, and after some patience killed.
    pub fn stop(&self, name: &str, patience: Duration) -> Result<(), Failure> {
        if self.alive(name).is_some() {
            // A stopped process would not hear that it shall end.
            self.signal(name, "TERM")?;
            self.signal(name, "CONT")?;
            let end = Instant::now() + patience;
            while self.alive(name).is_some() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(50));
            }
            self.signal(name, "KILL")?;
        }
        let _ = fs::remove_file(self.file(name));
        Ok(())
    }

    /// Sends a signal to a process of ours, if it lives.
    pub fn signal(&self, name: &str, signal: &str) -> Result<(), Failure> {
        if let Some(pid) = self.alive(name) {
            // It may end between the look and the signal.
            Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status()?;
        }
        Ok(())
    }

    /// The names of all that were started, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.run).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|e| Some(e.file_name().to_str()?.strip_suffix(".pid")?.to_owned())).collect();
        names.sort();
        names
    }

    fn file(&self, name: &str) -> PathBuf {
        self.run.join(format!("{name}.pid"))
    }
}

/// When a process was started, in the kernel's ticks; none where it is gone, or dead and not yet buried.
fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (!matches!(state, "Z" | "X")).then(|| fields.nth(18).map(str::to_owned))?
}

/// Waits until something holds.
pub fn wait_for(seconds: u64, what: &str, mut holds: impl FnMut() -> bool) -> Result<(), Failure> {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        if Instant::now() > end {
            return Err(format!("not there after {seconds} s: {what}").into());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Runs a program to its end and gives what it printed; where it fails, its errors are the reason.
pub fn run(words: &[&str]) -> Result<String, Failure> {
    let (name, args) = words.split_first().ok_or("nothing to run")?;
    let out = Command::new(name).args(args).stdin(Stdio::null()).output();
    let out = out.map_err(|e| format!("cannot start {name}: {e}"))?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&out.stderr);
    Err(format!("{} ended with {}: {}", words.join(" "), out.status, why.trim()).into())
}

/// Whether a program ends well.
pub fn succeeds(words: &[&str]) -> bool {
    run(words).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start_and_not_by_its_pid_alone() {
        let folder = std::env::temp_dir().join(format!("coroner-processes-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let processes = Processes { run: folder.clone(), log: folder.clone() };
        assert!(processes.start("sleeper", &["sleep", "60"]).unwrap());
        let pid = processes.alive("sleeper").unwrap();
        assert!(!processes.start("sleeper", &["sleep", "60"]).unwrap());
        fs::write(folder.join("other.pid"), format!("{pid} 1\n")).unwrap();
        assert_eq!(processes.alive("other"), None);
        processes.stop("sleeper", Duration::from_secs(5)).unwrap();
        assert_eq!((processes.alive("sleeper"), processes.names()), (None, vec!["other".to_owned()]));
        fs::remove_dir_all(&folder).unwrap();
    }
}
