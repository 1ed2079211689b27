use super::*;
use crate::{Plan, Planned, Unwritable};

const STAGES: [&str; 3] = ["extract", "fetch", "finish"];

fn read(text: &str) -> Result<Slurm, Vec<String>> {
    let source = Source::parse("c.toml", text, &[]);
    let mut root = source.root();
    let (slurm, _) = Slurm::read(&mut root, &STAGES);
    root.finish();
    source.finish().map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(slurm.unwrap())
}

fn plan(output: &str) -> Plan {
    let stages = vec![Planned::new("extract", Some(7)), Planned::new("fetch", None)];
    Plan { recipe: "default".into(), output: output.into(), program: "/bin/obelisc".into(), arguments: vec![], stages }
}

fn first(text: &str, output: &str) -> String {
    read(text).unwrap().scripts(&plan(output)).unwrap().remove(0).text
}

#[test]
fn an_empty_table_is_the_default_and_no_table_is_none() {
    assert_eq!(read("[slurm]").unwrap(), Slurm::default());
    let source = Source::parse("c.toml", "", &[]);
    assert_eq!(Slurm::read(&mut source.root(), &STAGES).0, None);
}

#[test]
fn every_key_is_declared_once() {
    let source = Source::parse("c.toml", "", &[]);
    let (_, declared) = Slurm::read(&mut source.root(), &STAGES);
    let mut keys: Vec<_> = declared.iter().map(|option| option.key.as_str()).collect();
    assert!(keys.contains(&"slurm.time_limit") && keys.contains(&"slurm.stages.NAME.workers"), "{keys:?}");
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), declared.len());
}

#[test]
fn a_stage_of_many_tasks_is_cut_at_the_site_s_limit() {
    let slurm = read("[slurm]\nworkers = 5000\nmax_array = 1001\n").unwrap();
    let mut plan = plan("/out");
    plan.stages =
        vec![Planned::new("extract", Some(90_000)), Planned::new("fetch", None), Planned::new("finish", Some(0))];
    let scripts = slurm.scripts(&plan).unwrap();
    assert_eq!(scripts.iter().map(|script| script.workers).collect::<Vec<_>>(), [1001, 1001, 1]);
    assert!(scripts[0].text.contains("\n#SBATCH --array=0-1000\n"));
    assert_eq!(scripts[2].file_name(), "3-finish.sbatch");
}

#[test]
fn a_stage_has_what_it_says_and_the_rest_from_the_table_above() {
    let text = "[slurm]\nworkers = 50\n[slurm.stages.fetch]\nworkers = 4\ntime_limit = \"1-00:00:00\"\nmemory_per_worker = \"2G\"\ncpus_per_worker = 1\n";
    let slurm = read(text).unwrap();
    assert_eq!(slurm.share("extract").workers, 50);
    let scripts = slurm.scripts(&plan("/out")).unwrap();
    for line in ["--array=0-3", "--time=1-00:00:00", "--mem=2048M", "--cpus-per-task=1"] {
        assert!(scripts[1].text.contains(&format!("\n#SBATCH {line}\n")), "{line}: {}", scripts[1].text);
    }
    assert!(scripts[1].text.contains(" --stage fetch --until 23h45m &\n"));
    assert!(scripts[0].text.contains("\n#SBATCH --time=4:00:00\n"));
}

#[test]
fn paths_are_quoted_for_the_shell_and_for_sbatch() {
    let text = first("[slurm]\nprogram = \"/opt/my tools/obelisc\"\n", "/data/it's 100% \"mine\"/$out");
    assert!(
        text.contains(r#"#SBATCH --output="/data/it's 100%% \"mine\"/$out/run/logs/slurm/extract-%A_%a.log""#),
        "{text}"
    );
    let command = r#"'/opt/my tools/obelisc' work '/data/it'\''s 100% "mine"/$out' --stage extract --until 3h45m &"#;
    assert!(text.contains(command), "{text}");
}

#[test]
fn an_interrupted_element_goes_back_into_the_queue_unless_the_config_says_no() {
    let text = first("[slurm]\nmax_restarts = 3\n", "/out");
    assert!(text.contains("#SBATCH --requeue\n") && text.contains("scontrol requeue \"$element\"\n"));
    assert!(text.contains("elif [ \"$restarts\" -ge 3 ]; then\n"));
    let text = first("[slurm]\nrequeue = false\n", "/out");
    assert!(text.contains("#SBATCH --no-requeue\n") && !text.contains("scontrol"));
}

#[test]
fn setup_and_extra_options_stand_where_they_take_effect() {
    let text =
        first("[slurm]\nsetup = [\"module load gcc\"]\nextra = [\"--constraint=fast\"]\npartition = \"a,b\"\n", "/out");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(place("#SBATCH --constraint=fast\n") < place("trap end TERM"));
    assert!(place("#SBATCH --partition=a,b\n") < place("trap end TERM"));
    assert!(place("trap end TERM") < place("\nmodule load gcc\n"));
    assert!(place("\nmodule load gcc\n") < place("/bin/obelisc work"));
}

#[test]
fn all_mistakes_of_the_table_are_told_with_their_lines() {
    let text = "[slurm]\ntime_limit = \"soon\"\nmemory_per_worker = \"8GB\"\npartition = \"a b\"\nextra = [\"-p x\", \"--array=1\"]\nworkers = 0\n[slurm.stages.fetsch]\nworkers = 1\n[slurm.stages.fetch]\ntime_limit = \"10m\"\n";
    let problems = read(text).unwrap_err();
    let expected = [
        "c.toml:2: slurm.time_limit: \"soon\" is given, a time as in \"4h\", \"3h45m\" or \"2d\", or as Slurm writes it is allowed",
        "c.toml:3: slurm.memory_per_worker: \"8GB\" is given, memory as in \"8G\" or \"512M\", which are GiB and MiB is allowed",
        "c.toml:4: slurm.partition: \"a b\" is given, one word of letters, digits and _ . , + : @ / - is allowed",
        "c.toml:5: slurm.extra: \"-p x\" is given, options that begin with -- are allowed, each on one line",
        "c.toml:5: slurm.extra: \"--array=1\" is given, --array is written by this program from keys of its own",
        "c.toml:6: slurm.workers: 0 is given, a whole number from 1 to 4000001 is allowed",
        "c.toml:7: slurm.stages.fetsch: no stage is named so; did you mean \"fetch\"?; there are: extract, fetch, finish",
        "c.toml:10: slurm.stages.fetch.time_limit: 10m is given, more than slurm.margin is allowed, which is 15m",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn an_output_that_other_machines_would_not_find_is_refused() {
    let scripts = |output: &str, text: &str| read(text).unwrap().scripts(&plan(output)).map(|_| ());
    assert_eq!(scripts("out", "[slurm]"), Err(Unwritable::Relative("out".into())));
    assert_eq!(scripts("/a\\b", "[slurm]"), Err(Unwritable::Logs("/a\\b/run/logs/slurm".into())));
    assert_eq!(scripts("s3://b/out", "[slurm]"), Err(Unwritable::NoFolder("s3://b/out".into())));
    assert_eq!(scripts("s3://b/out", "[slurm]\nlogs = \"/logs\"\n"), Ok(()));
}

#[test]
fn a_job_waits_for_the_one_before_it() {
    assert_eq!(Script::sbatch_arguments(None), ["--parsable"]);
    let before = JobId::parse("17\n").ok();
    let words = ["--parsable", "--dependency=afterok:17", "--kill-on-invalid-dep=yes"];
    assert_eq!(Script::sbatch_arguments(before), words);
}

#[test]
fn the_answer_of_sbatch_is_a_number_with_or_without_its_cluster() {
    let number = |answer: &str| JobId::parse(answer).map(|id| id.to_string());
    assert_eq!(number("4711\n"), Ok("4711".to_owned()));
    assert_eq!(number("4711;north\n"), Ok("4711".to_owned()));
    assert_eq!(number("a site says hello\n4711\n"), Ok("4711".to_owned()));
    let refused = number("Submitted batch job 12").unwrap_err().to_string();
    assert_eq!(refused, "sbatch answers \"Submitted batch job 12\", where the number of a job is expected");
    assert!(number("").is_err() && number("0").is_err() && number("-1").is_err());
}

#[test]
fn the_name_of_a_log_tells_stage_job_and_element() {
    let name = LogName::parse("extract-12_3.log").unwrap();
    assert_eq!((name.stage.as_str(), name.job.to_string().as_str(), name.element), ("extract", "12", 3));
    assert_eq!(LogName::parse("extract-12_3.log.gz"), None);
    assert_eq!(LogName::parse("notes.log"), None);
}

#[test]
fn a_submission_is_read_as_it_was_written() {
    let job = Job { stage: "extract".into(), id: JobId::parse("3").unwrap(), workers: 2 };
    let submission = Submission::new("/out/run/logs/slurm".into(), vec![job]);
    let text = serde_json::to_string(&submission).unwrap();
    assert_eq!(text, r#"{"format":1,"logs":"/out/run/logs/slurm","jobs":[{"stage":"extract","id":3,"workers":2}]}"#);
    assert_eq!(serde_json::from_str::<Submission>(&text).unwrap(), submission);
}
