//! Jobs of a cluster: what Slurm and Kubernetes are asked to run so that a prepared run is worked on by many machines.
//!
//! Neither of them hands out tasks.  A job is a number of workers, `obelisc work`, which take tasks by lease out of the
//! output folder until none is left or their time is up; so a worker that is killed costs the tasks it held, and a
//! number of workers that was guessed badly costs nothing but time.
//!
//! A config's table `[slurm]` becomes [`Slurm`], `[kubernetes]` becomes [`Kubernetes`]; each writes a [`Plan`] as texts.
//! Nothing here touches a file, a process or the network: the command line hands the texts to `sbatch` and `kubectl`.
//!
//! ```
//! use obelisc_filter::options::Source;
//! use obelisc_schedule::{Plan, Planned, Slurm};
//!
//! let source = Source::parse("cluster.toml", "[slurm]\npartition = \"batch\"\nworkers = 50\n", &[]);
//! let mut root = source.root();
//! let (slurm, _) = Slurm::read(&mut root, &["extract", "finish"]);
//! root.finish();
//! assert!(source.finish().is_ok());
//!
//! let stages = vec![Planned::new("extract", Some(20)), Planned::new("finish", None)];
//! let plan = Plan { recipe: "default".into(), output: "/data/out".into(), program: "/opt/obelisc".into(), arguments: vec![], stages };
//! let scripts = slurm.unwrap_or_default().scripts(&plan)?;
//! // Twenty archives are no work for fifty.
//! assert!(scripts[0].text.contains("#SBATCH --array=0-19\n"));
//! assert!(scripts[0].text.contains("/opt/obelisc work /data/out --stage extract --until 3h45m &\n"));
//! # Ok::<(), obelisc_schedule::Unwritable>(())
//! ```

mod amount;
mod kubernetes;
mod plan;
mod quote;
mod reading;
mod slurm;

pub use amount::{Memory, Time};
pub use kubernetes::{Kubernetes, Volume};
pub use plan::{Plan, Planned, Unwritable};
pub use slurm::{Job, JobId, LogName, NoJobId, Script, Slurm, Submission};
