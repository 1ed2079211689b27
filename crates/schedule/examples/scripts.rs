//! Writes the batch scripts of a config for a run that is not prepared: `scripts CONFIG PROGRAM OUTPUT STAGE=TASKS...`.
//!
//! What `tests/slurm/scripts.sh` tries under a real Slurm.  Prints each script's file, a line each, in order.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that is called by hand")]

use std::error::Error;
use std::path::Path;

use obelisc_filter::options::Source;
use obelisc_schedule::{Plan, Planned, Slurm};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [config, program, output, stages @ ..] = &words[..] else {
        return Err("scripts CONFIG PROGRAM OUTPUT STAGE=TASKS...".into());
    };
    let stages: Option<Vec<_>> = stages.iter().map(|word| planned(word)).collect();
    let stages = stages.ok_or("a stage is NAME=TASKS")?;
    let slurm = read(config, &stages)?;
    let plan =
        Plan { recipe: "test".into(), output: output.clone(), program: program.clone(), arguments: vec![], stages };
    let folder = Path::new(output).join("run/jobs");
    std::fs::create_dir_all(&folder)?;
    std::fs::create_dir_all(slurm.log_folder(&plan)?)?;
    for script in slurm.scripts(&plan)? {
        let path = folder.join(script.file_name());
        std::fs::write(&path, &script.text)?;
        println!("{}", path.display());
    }
    Ok(())
}

fn planned(word: &str) -> Option<Planned> {
    let (name, tasks) = word.split_once('=')?;
    Some(Planned::new(name, Some(tasks.parse().ok()?)))
}

fn read(config: &str, stages: &[Planned]) -> Result<Slurm, Box<dyn Error>> {
    let source = Source::parse(config, &std::fs::read_to_string(config)?, &[]);
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    let mut root = source.root();
    let (slurm, _) = Slurm::read(&mut root, &names);
    let lines = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n");
    source.finish().map_err(|problems: Vec<obelisc_filter::options::Problem>| lines(problems))?;
    Ok(slurm.ok_or("the config has no table [slurm]")?)
}
