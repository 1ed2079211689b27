use obelisc_filter::options::Source;

use super::*;
use crate::{Plan, Planned, Unwritable};

fn read(text: &str) -> Result<Kubernetes, Vec<String>> {
    let source = Source::parse("c.toml", text, &[]);
    let mut root = source.root();
    let (kubernetes, _) = Kubernetes::read(&mut root);
    root.finish();
    source.finish().map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(kubernetes.unwrap())
}

fn plan() -> Plan {
    let stages = vec![Planned::new("extract", Some(7)), Planned::new("fetch", Some(2))];
    Plan {
        recipe: "My recipe".into(),
        output: "s3://bucket/out".into(),
        program: "/bin/obelisc".into(),
        arguments: vec![],
        stages,
    }
}

#[test]
fn a_job_is_indexed_and_says_what_becomes_of_each_exit_code() {
    let text = "[kubernetes]\nimage = \"registry.example/obelisc:1\"\nworkers = 20\nsecrets = [\"s3\"]\nvolumes = [\"data:/data\"]\nnode_labels = [\"disk=ssd\"]\nmemory_per_worker = \"2G\"\n";
    let job = read(text).unwrap().job(&plan()).unwrap();
    assert_eq!(job, include_str!("job.yaml"));
}

#[test]
fn an_empty_table_is_the_default_but_for_the_image_that_a_job_needs() {
    let kubernetes = read("[kubernetes]").unwrap();
    assert_eq!(kubernetes, Kubernetes::default());
    assert_eq!(kubernetes.job(&plan()), Err(Unwritable::NoImage));
    let source = Source::parse("c.toml", "", &[]);
    assert_eq!(Kubernetes::read(&mut source.root()).0, None);
}

#[test]
fn texts_that_look_like_something_else_stay_texts() {
    let kubernetes = Kubernetes { image: Some("1.0".into()), ..Kubernetes::default() };
    let mut plan = plan();
    let long = "a word ".repeat(40);
    plan.arguments = vec!["no".into(), "$(HOME) it's: # \"x\"".into(), "- 1".into(), long.clone()];
    let job = kubernetes.job(&plan).unwrap();
    let long = format!("- {long:?}\n");
    for line in
        ["image: \"1.0\"\n", "- \"no\"\n", "- \"$$(HOME) it's: # \\\"x\\\"\"\n", "- \"- 1\"\n", "cpu: \"4\"\n", &long]
    {
        assert!(job.contains(line), "{line}: {job}");
    }
}

#[test]
fn all_mistakes_of_the_table_are_told_with_their_lines() {
    let text = "[kubernetes]\nname = \"Big Job\"\nvolumes = [\"data:data\"]\nsecrets = [\"S3\"]\nnode_labels = [\"ssd\"]\ngrace = \"long\"\n";
    let problems = read(text).unwrap_err();
    let names = "names of at most 63 small letters, digits and - are allowed";
    let expected = [
        format!("c.toml:2: kubernetes.name: \"Big Job\" is given, {names}"),
        "c.toml:3: kubernetes.volumes: \"data:data\" is given, a claim and an absolute path as in \"data:/data\" is allowed".to_owned(),
        format!("c.toml:4: kubernetes.secrets: \"S3\" is given, {names}"),
        "c.toml:5: kubernetes.node_labels: \"ssd\" is given, a label as in \"disk=ssd\" is allowed".to_owned(),
        "c.toml:6: kubernetes.grace: \"long\" is given, a time as in \"4h\", \"3h45m\" or \"2d\", or as Slurm writes it is allowed".to_owned(),
    ];
    assert_eq!(problems, expected);
}

#[test]
fn a_recipe_s_name_becomes_a_job_s() {
    let kubernetes = Kubernetes::default();
    assert_eq!(kubernetes.job_name(&plan()), "obelisc-my-recipe");
    let named = Kubernetes { name: Some("crawl".into()), ..kubernetes };
    assert_eq!(named.job_name(&plan()), "crawl");
}
