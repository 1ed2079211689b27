//! The environment of the process: credentials of object stores stand there.

use obelisc_pipeline::prepare::Environment;

/// The variables as they are now.
#[expect(clippy::disallowed_methods, reason = "a front end reads the environment and hands it over")]
pub(crate) fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}
