//! `coroner`, also `kubectl coroner`: names the root cause of a Kubernetes crash.

use clap::{Parser, Subcommand};
use engine::report::{Options, Scope};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "coroner",
    version,
    about = "Names the root cause of a Kubernetes crash from what the cluster left behind"
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Evidence in, incidents out.
    Diagnose {
        /// A file, a folder, or `-` for standard input.
        #[arg(long)]
        from: PathBuf,
        /// How to print.
        #[arg(short, long, default_value = "text")]
        output: String,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    match args.command {
        Command::Diagnose { from, output } => {
            let read = match bundle::read(&from) {
                Ok(read) => read,
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "error: {error}");
                    return ExitCode::from(1);
                }
            };
            let (evidence, unread) = read.finish();
            let options =
                Options { source: from.display().to_string(), scope: Scope::default(), ..Options::default() };
            let report = engine::diagnose(&evidence, &options);
            let mut out = std::io::stdout().lock();
            if output == "tsv" {
                for incident in &report.incidents {
                    let aspect: Vec<String> =
                        incident.root.aspect.iter().map(|(k, v)| format!("{k}={v}")).collect();
                    let _ = writeln!(
                        out,
                        "{}\t{}\t{}\t{}",
                        incident.root.code.as_str(),
                        aspect.join(","),
                        incident.root.subject,
                        incident.impact.workloads.first().map_or_else(String::new, |w| w.0.to_string())
                    );
                }
            } else {
                for incident in &report.incidents {
                    let _ = writeln!(
                        out,
                        "{} {} [{}]",
                        incident.severity.as_str(),
                        incident.title,
                        incident.root.code.as_str()
                    );
                    for step in &incident.because {
                        let _ = writeln!(
                            out,
                            "   {} {} {}: {}",
                            step.id,
                            step.certainty.as_str(),
                            step.code.as_str(),
                            step.summary
                        );
                        for proof in step.evidence.iter().take(2) {
                            let _ = writeln!(out, "       › {}", proof.text);
                        }
                    }
                }
                let _ = writeln!(out, "unread {} of {}", unread.lines, unread.of);
            }
            ExitCode::SUCCESS
        }
    }
}
