//! Optimised builds: of the `obelisc` command, as a user would run it, and of this program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};

use crate::root;

/// Cargo, as the one who started us was.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// The recipe of the measurements.
pub(crate) fn quickstart() -> PathBuf {
    root().join("pipelines/quickstart.toml")
}

/// A built `obelisc`.
pub(crate) struct Binary(PathBuf);

/// One `obelisc run`.
pub(crate) struct Run<'a> {
    pub(crate) inputs: &'a [PathBuf],
    pub(crate) output: &'a Path,
    pub(crate) threads: Option<usize>,
}

impl Binary {
    /// Builds `obelisc` with the release profile.
    pub(crate) fn release() -> Result<Self> {
        let status = cargo().args(["build", "--quiet", "--release", "--package", "obelisc"]).status()?;
        ensure!(status.success(), "the build failed");
        Ok(Self(target()?.join("release/obelisc")))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Starts a run of the quickstart recipe.
    pub(crate) fn start(&self, run: &Run<'_>) -> Result<Child> {
        let mut command = Command::new(&self.0);
        command.arg("--quiet").arg("run").arg(quickstart()).arg("--input").args(run.inputs);
        command.arg("--output").arg(run.output).stdin(Stdio::null());
        command.args(run.threads.map(|threads| format!("--threads={threads}")));
        command.spawn().with_context(|| format!("{} does not start", self.0.display()))
    }

    /// The same, to its end.
    pub(crate) fn finish(&self, run: &Run<'_>) -> Result<()> {
        let status: ExitStatus = self.start(run)?.wait()?;
        ensure!(status.success(), "the run into {} ended with {status}", run.output.display());
        Ok(())
    }
}

/// Builds this program again, optimised and with these features, and hands the command line over.
pub(crate) fn optimised(features: &str) -> Result<bool> {
    const AGAIN: &str = "OBELISC_XTASK_OPTIMISED";
    ensure!(
        std::env::var_os(AGAIN).is_none(),
        "the release profile has debug assertions: a measurement would mean nothing"
    );
    let mut again = cargo();
    again.args(["run", "--quiet", "--release", "--package=obelisc-xtask", "--features", features, "--"]);
    // Relative paths are those of the caller.
    again.current_dir(std::env::current_dir()?).env(AGAIN, "1").args(std::env::args_os().skip(1));
    Ok(again.status()?.success())
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf> {
    let output = cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    metadata["target_directory"].as_str().map(PathBuf::from).context("cargo metadata names no target folder")
}
