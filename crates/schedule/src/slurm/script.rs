//! Batch scripts: an array of workers for each stage.

use std::fmt::Write as _;

use super::{JobId, Share, Slurm};
use crate::plan::{Plan, Planned, Unwritable};
use crate::quote;

/// The script of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The stage.
    pub stage: String,
    /// Place of the stage, from 1.
    place: usize,
    /// How many elements its array has.
    pub workers: u32,
    /// What `sbatch` takes.
    pub text: String,
}

/// What becomes of the shell of a worker.  `sbatch --signal=B:` tells this shell alone that time is nearly up, and a shell that
/// waits for a program in front does not hear it: the worker runs behind, and hears of it from here.
const BEGIN: &str = r#"
element=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
restarts=${SLURM_RESTART_COUNT:-0}
say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $element: $*"; }
worker= told=
end() { told=yes; [ -z "$worker" ] || kill -TERM "$worker" 2>/dev/null; }
trap end TERM
say "on $(hostname), restart $restarts"
"#;

/// A wait that the signal broke off is begun again: it told nothing of the worker.
const WAIT: &str = r#"worker=$!
[ -z "$told" ] || kill -TERM "$worker" 2>/dev/null
while :; do
    told=
    wait "$worker"
    code=$?
    [ -n "$told" ] && [ "$code" -gt 128 ] || break
done
say "the worker ended with $code"
"#;

impl Slurm {
    /// The scripts of a plan's stages, in their order.  Each is an array of workers, as many as the config says, at most
    /// `max_array` and at most the stage's tasks.
    ///
    /// # Errors
    /// An output that other machines would not find; a folder for logs to which Slurm cannot write.
    pub fn scripts(&self, plan: &Plan) -> Result<Vec<Script>, Unwritable> {
        plan.check()?;
        let logs = self.log_folder(plan)?;
        let numbered = plan.stages.iter().enumerate();
        Ok(numbered.map(|(index, stage)| self.script(plan, stage, index + 1, &logs)).collect())
    }

    /// The folder in which the logs of a plan's jobs lie, absolute.  Slurm does not make it.
    ///
    /// # Errors
    /// One to which Slurm cannot write.
    pub fn log_folder(&self, plan: &Plan) -> Result<String, Unwritable> {
        let folder = match (self.logs.starts_with('/'), plan.is_url()) {
            (true, _) => self.logs.clone(),
            (false, false) => format!("{}/{}", plan.output.trim_end_matches('/'), self.logs),
            (false, true) => return Err(Unwritable::NoFolder(plan.output.clone())),
        };
        if folder.contains('\\') || folder.contains(char::is_control) {
            return Err(Unwritable::Logs(folder));
        }
        Ok(folder)
    }

    fn script(&self, plan: &Plan, stage: &Planned, place: usize, logs: &str) -> Script {
        let share = self.share(&stage.name);
        let workers = stage.workers(share.workers.min(self.max_array));
        let mut text = String::from("#!/bin/bash\n");
        for option in self.options(stage, share, workers, logs) {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "#SBATCH --{option}");
        }
        text.push_str(BEGIN);
        for line in &self.setup {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(&self.command(plan, &stage.name, share));
        text.push_str(WAIT);
        text.push_str(&self.end());
        Script { stage: stage.name.clone(), place, workers, text }
    }

    /// What stands on the `#SBATCH` lines.
    fn options(&self, stage: &Planned, share: Share, workers: u32, logs: &str) -> Vec<String> {
        let log = format!("{logs}/{}-", stage.name);
        let mut options = vec![
            format!("job-name=obelisc-{}", stage.name),
            format!("array=0-{}", workers - 1),
            "nodes=1".to_owned(),
            "ntasks=1".to_owned(),
            format!("cpus-per-task={}", share.cpus),
            format!("mem={}M", share.memory.mib()),
            format!("time={}", share.time_limit.to_slurm()),
            format!("signal=B:TERM@{}", self.signal.seconds()),
            if self.requeue { "requeue" } else { "no-requeue" }.to_owned(),
            // What an element said before it began again stays.
            "open-mode=append".to_owned(),
            format!("output={}%A_%a.log\"", quote::sbatch_path(&log).trim_end_matches('"')),
        ];
        let named = [("partition", &self.partition), ("account", &self.account), ("qos", &self.qos)];
        options.extend(named.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?))));
        options.extend(self.extra.iter().map(|option| option.trim_start_matches('-').to_owned()));
        options
    }

    /// The line that begins a worker.
    fn command(&self, plan: &Plan, stage: &str, share: Share) -> String {
        let until = share.time_limit.less(self.margin).unwrap_or(share.time_limit).to_string();
        let program = self.program.as_ref().unwrap_or(&plan.program);
        let words = [program.as_str(), "work", &plan.output, "--stage", stage, "--until", &until];
        let words = words.into_iter().chain(plan.arguments.iter().map(String::as_str));
        format!("\n{} &\n", words.map(quote::shell).collect::<Vec<_>>().join(" "))
    }

    /// What is done with how the worker ended.  4 is "left cleanly, more to do"; above 128 is a worker that a signal killed.
    /// Slurm tells a cancelled job to end in the same way as one whose time is up, and a cancelled one must not come back:
    /// only an element that still counts as running is put back into the queue.
    fn end(&self) -> String {
        if !self.requeue {
            return "exit \"$code\"\n".to_owned();
        }
        format!(
            r#"[ "$code" = 4 ] || [ "$code" -gt 128 ] || exit "$code"
state=$(squeue --noheader --jobs="$element" --format=%T)
if [ "$state" != RUNNING ]; then
    say "not put back into the queue: ${{state:-gone}}"
elif [ "$restarts" -ge {most} ]; then
    say "not put back into the queue: it began again {most} times"
else
    say "back into the queue"
    scontrol requeue "$element"
fi
exit "$code"
"#,
            most = self.max_restarts
        )
    }
}

impl Script {
    /// Name of its file: `1-extract.sbatch`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.sbatch", self.place, self.stage)
    }

    /// The words that `sbatch` is called with in front of the script's name: it waits until the job before it ended well,
    /// and goes with it when it did not.
    pub fn sbatch_arguments(before: Option<JobId>) -> Vec<String> {
        let mut words = vec!["--parsable".to_owned()];
        if let Some(before) = before {
            words.push(format!("--dependency=afterok:{before}"));
            words.push("--kill-on-invalid-dep=yes".to_owned());
        }
        words
    }
}
