//! `submit`: a prepared run handed to a cluster.
//!
//! What is written comes from `obelisc-schedule`; here it goes into `run/jobs/` of the output, and to `sbatch` or `kubectl`,
//! which read it from standard input, so that an output in an object store serves as well as a folder.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

use obelisc_schedule::{Job, JobId, Kubernetes, Plan, Script, Slurm, Submission};
use obelisc_storage::Storage;

use crate::Failure;
use crate::output::print;

/// Folder of what was submitted, below the output.
const JOBS: &str = "run/jobs";

/// A run whose output is prepared: workers that are called with the output's name find all they need.
pub struct Submitted<'a> {
    /// What the workers do, with absolute paths.
    pub plan: Plan,
    /// The config's table `[slurm]`.
    pub slurm: Option<&'a Slurm>,
    /// The config's table `[kubernetes]`.
    pub kubernetes: Option<&'a Kubernetes>,
    /// The output.
    pub storage: &'a dyn Storage,
    /// Whether the jobs are written and shown, and not submitted.
    pub dry_run: bool,
}

/// Hands a run to the cluster that its config names.
///
/// # Errors
/// Code 2 where the config names none or both, or one that cannot run this output; 3 where nothing can be written, and where
/// `sbatch` or `kubectl` is missing or refuses.
pub fn submit(submitted: &Submitted<'_>) -> Result<(), Failure> {
    match (submitted.slurm, submitted.kubernetes) {
        (Some(slurm), None) => to_slurm(submitted, slurm),
        (None, Some(kubernetes)) => to_kubernetes(submitted, kubernetes),
        (Some(_), Some(_)) => {
            Err(Failure::usage("the config has [slurm] and [kubernetes]: a run is submitted to one of them"))
        }
        (None, None) => Err(Failure::usage(
            "the config has neither [slurm] nor [kubernetes]: begin one with configs/slurm.toml or configs/kubernetes.toml",
        )),
    }
}

fn to_slurm(submitted: &Submitted<'_>, slurm: &Slurm) -> Result<(), Failure> {
    let plan = &submitted.plan;
    let scripts = slurm.scripts(plan).map_err(|error| Failure::usage(error.to_string()))?;
    let logs = slurm.log_folder(plan).map_err(|error| Failure::usage(error.to_string()))?;
    for script in &scripts {
        write(submitted.storage, &script.file_name(), &script.text)?;
    }
    if submitted.dry_run {
        return print(|out| scripts.iter().try_for_each(|script| show(out, &script.file_name(), &script.text)));
    }
    // Slurm makes no folder, and an element whose log cannot be written fails without a word.
    std::fs::create_dir_all(&logs).map_err(|error| Failure::unreachable(format!("{logs}: {error}")))?;
    let mut submission = Submission::new(logs, Vec::new());
    let result = chain(&scripts, &mut submission);
    // What is in the queue is noted, also where the rest was refused.
    if !submission.jobs.is_empty() {
        let text = serde_json::to_string_pretty(&submission).map_err(Failure::unreachable)?;
        write(submitted.storage, "slurm.json", &text)?;
    }
    result?;
    print(|out| {
        for job in &submission.jobs {
            writeln!(out, "job {}: {}, {} workers", job.id, job.stage, job.workers)?;
        }
        writeln!(out, "logs: {}\nhow far it is: obelisc status {}", submission.logs, plan.output)
    })
}

/// Submits the scripts one behind the other.
fn chain(scripts: &[Script], submission: &mut Submission) -> Result<(), Failure> {
    for script in scripts {
        let before = submission.jobs.last().map(|job| job.id);
        let id = sbatch(script, before).map_err(|failure| in_queue(failure, &submission.jobs))?;
        submission.jobs.push(Job { stage: script.stage.clone(), id, workers: script.workers });
    }
    Ok(())
}

fn sbatch(script: &Script, before: Option<JobId>) -> Result<JobId, Failure> {
    let output = call("sbatch", &Script::sbatch_arguments(before), &script.text)?;
    JobId::parse(&String::from_utf8_lossy(&output.stdout)).map_err(Failure::unreachable)
}

/// A refusal in the middle leaves jobs in the queue, which the user must know.
fn in_queue(mut failure: Failure, jobs: &[Job]) -> Failure {
    if !jobs.is_empty() {
        let ids: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
        failure.message += &format!("\njobs are in the queue already; they go with: scancel {}", ids.join(" "));
    }
    failure
}

fn to_kubernetes(submitted: &Submitted<'_>, kubernetes: &Kubernetes) -> Result<(), Failure> {
    let plan = &submitted.plan;
    let job = kubernetes.job(plan).map_err(|error| Failure::usage(error.to_string()))?;
    write(submitted.storage, "kubernetes.yaml", &job)?;
    if submitted.dry_run {
        return print(|out| show(out, "kubernetes.yaml", &job));
    }
    call("kubectl", &["create", "--filename=-"].map(str::to_owned), &job)?;
    let namespace = kubernetes.namespace.as_ref().map(|name| format!(" --namespace={name}")).unwrap_or_default();
    print(|out| {
        writeln!(out, "job {}", kubernetes.job_name(plan))?;
        writeln!(out, "logs: kubectl logs{namespace} --prefix job/{}", kubernetes.job_name(plan))?;
        writeln!(out, "how far it is: obelisc status {}", plan.output)
    })
}

/// Writes what is submitted, whole.
fn write(storage: &dyn Storage, name: &str, text: &str) -> Result<(), Failure> {
    let key = format!("{JOBS}/{name}");
    storage.write(&key, text.as_bytes()).map_err(Failure::unreachable)
}

fn show(out: &mut impl Write, name: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "# {JOBS}/{name}\n{text}")
}

/// Calls a program of the cluster's with a text on its standard input.
fn call(program: &str, arguments: &[String], input: &str) -> Result<Output, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::unreachable(format!(
            "{program} is not found: jobs are submitted from a machine that has it, or written alone with --dry-run"
        )),
        _ => Failure::unreachable(format!("{program}: {error}")),
    })?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that refuses before it read all has a reason, which is told below.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| Failure::unreachable(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = if said.trim().is_empty() { output.status.to_string() } else { said.trim().to_owned() };
    Err(Failure::unreachable(format!("{program} refuses: {said}")))
}
