//! One module for each command.

pub mod bundle;
pub mod collect;
pub mod completion;
pub mod demo;
pub mod diagnose;
pub mod events;
pub mod explain;
pub mod live;
pub mod logs;
pub mod node;
pub mod timeline;
