//! Reads a live cluster: lists, objects, logs and journals, as raw records. It never writes, and what it may ask for
//! stands in one table.
//!
//! ```text
//! Read ── request ──▶ path, verb, resource ── allowed? ──▶ session ──▶ answer ──▶ raw record, or a gap and why
//! ```

mod answer;
mod connect;
mod error;
mod page;
mod registry;
mod request;
mod session;

pub use connect::{Connect, Identity};
pub use error::Error;
pub use request::{ALLOWED, Allowed, Verb};
pub use session::{Item, Progress};

use engine::evidence::Read;
use engine::moment::Moment;
use session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Runs something when the user interrupts, where no cluster is read.
pub fn on_interrupt(act: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            act();
        }
    });
}

/// A cluster that can be read.
pub struct Cluster {
    runtime: Runtime,
    session: Arc<Session>,
    identity: Identity,
}

impl Cluster {
    /// Prepares to read as the options and the kubeconfig say. Nothing is asked yet, except of a credential plugin.
    pub fn connect(options: &Connect) -> Result<Cluster, Error> {
        // One thread for the network; whoever reads decodes on its own meanwhile.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Error::Own(error.to_string()))?;
        let (client, identity) = runtime.block_on(connect::client(options))?;
        let session = Arc::new(Session::new(client, identity.server.clone(), options));
        Ok(Cluster { runtime, session, identity })
    }

    /// Who reads, and what.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Executes reads, at most two requests at a time, and hands over what comes back while the rest is under way, in
    /// any order. A read that gives nothing becomes a gap.
    ///
    /// # Errors
    ///
    /// Where the server cannot be talked to any more. What was read until then was handed over, and the reads that
    /// were left are gaps.
    pub fn read(&self, reads: &[Read], sink: &mut dyn FnMut(Item)) -> Result<(), Error> {
        let mut items = self.session.start(reads, &self.runtime);
        while let Some(item) = items.blocking_recv() {
            sink(item);
        }
        self.session.cut().map_or(Ok(()), Err)
    }

    /// The API server's clock at its last answer; none before the first.
    pub fn captured(&self) -> Option<Moment> {
        self.session.date().map(Moment::api_second)
    }

    /// Whether a read is made at all: journals and tags are only where the user asked for them.
    pub fn wants(&self, read: &Read) -> bool {
        self.session.wants(read)
    }

    /// What was asked so far.
    pub fn progress(&self) -> Progress {
        self.session.progress()
    }

    /// Begins a new reading of the same cluster: the deadline counts from now, and earlier refusals are forgotten.
    pub fn renew(&mut self) {
        self.session = Arc::new(self.session.renewed());
    }

    /// Runs something when the user interrupts.
    pub fn on_interrupt(&self, act: impl FnOnce() + Send + 'static) {
        self.runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                act();
            }
        });
    }

    /// Waits.
    pub fn pause(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }
}
