//! An Indexed Job of workers, out of Kubernetes' own types.
//!
//! Jobs know no order among each other, so there is one for all stages: `obelisc work` goes from stage to stage itself.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    Container, EnvFromSource, PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec, ResourceRequirements,
    SecretEnvSource, Volume as PodVolume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Kubernetes, is_label};
use crate::plan::{Plan, Unwritable};

/// Name of the container that runs the worker.
const WORKER: &str = "worker";
/// Label under which all that belongs to a recipe's job is found.
const NAME_LABEL: &str = "app.kubernetes.io/name";
/// Exit code of a worker that left cleanly and has more to do.
const MORE_TO_DO: i32 = 4;
/// Exit code of a worker whose command, recipe or config is wrong: it is wrong for every pod.
const WRONG: i32 = 2;
/// Exit code of a worker that finds tasks which failed for good: it finds them each time.
const FAILED: i32 = 1;

impl Kubernetes {
    /// The Job of a plan as YAML, which `kubectl create --filename` takes.
    ///
    /// # Errors
    /// No image; an output that pods would not find.
    pub fn job(&self, plan: &Plan) -> Result<String, Unwritable> {
        plan.check()?;
        let image = self.image.clone().ok_or(Unwritable::NoImage)?;
        let job = Job { metadata: self.metadata(plan), spec: Some(self.spec(plan, image)), status: None };
        // Each text on a line of its own: a folded one would lose spaces.
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        serde_saphyr::to_string_with_options(&job, options).map_err(|error| Unwritable::Yaml(error.to_string()))
    }

    /// Name of the Job.
    pub fn job_name(&self, plan: &Plan) -> String {
        self.name.clone().unwrap_or_else(|| {
            let sign = |c: char| if is_label(&c.to_string()) { c } else { '-' };
            let recipe: String = plan.recipe.to_ascii_lowercase().chars().map(sign).take(40).collect();
            format!("obelisc-{recipe}").trim_end_matches('-').to_owned()
        })
    }

    fn metadata(&self, plan: &Plan) -> ObjectMeta {
        let name = self.job_name(plan);
        let labels = BTreeMap::from([(NAME_LABEL.to_owned(), name.clone())]);
        ObjectMeta {
            name: Some(name),
            namespace: self.namespace.clone(),
            labels: Some(labels),
            ..ObjectMeta::default()
        }
    }

    fn spec(&self, plan: &Plan, image: String) -> JobSpec {
        let most = plan.stages.iter().map(|stage| stage.workers(self.workers)).max().unwrap_or(1);
        let count = |number: u32| Some(i32::try_from(number).unwrap_or(i32::MAX));
        let labels = BTreeMap::from([(NAME_LABEL.to_owned(), self.job_name(plan))]);
        JobSpec {
            completion_mode: Some("Indexed".to_owned()),
            completions: count(most),
            parallelism: count(most),
            backoff_limit_per_index: count(self.max_restarts),
            pod_failure_policy: Some(PodFailurePolicy { rules: failure_rules() }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
                spec: Some(self.pod(plan, image)),
            },
            ..JobSpec::default()
        }
    }

    fn pod(&self, plan: &Plan, image: String) -> PodSpec {
        let claim = |(index, volume): (usize, &super::Volume)| PodVolume {
            name: format!("volume-{index}"),
            persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                claim_name: volume.claim.clone(),
                read_only: None,
            }),
            ..PodVolume::default()
        };
        let labels: BTreeMap<String, String> = self.node_labels.iter().cloned().collect();
        PodSpec {
            containers: vec![self.container(plan, image)],
            node_selector: Some(labels).filter(|labels| !labels.is_empty()),
            // A policy on failures is allowed with this alone: the Job makes a new pod, not the node a new container.
            restart_policy: Some("Never".to_owned()),
            service_account_name: self.service_account.clone(),
            termination_grace_period_seconds: i64::try_from(self.grace.seconds()).ok(),
            volumes: some(self.volumes.iter().enumerate().map(claim).collect()),
            ..PodSpec::default()
        }
    }

    fn container(&self, plan: &Plan, image: String) -> Container {
        let words = ["work".to_owned(), plan.output.clone()].into_iter().chain(plan.arguments.iter().cloned());
        let mount = |(index, volume): (usize, &super::Volume)| VolumeMount {
            name: format!("volume-{index}"),
            mount_path: volume.path.clone(),
            ..VolumeMount::default()
        };
        let secret = |name: &String| EnvFromSource {
            secret_ref: Some(SecretEnvSource { name: name.clone(), optional: None }),
            ..EnvFromSource::default()
        };
        Container {
            name: WORKER.to_owned(),
            image: Some(image),
            // No shell stands between: the worker itself hears SIGTERM.
            command: Some(vec![self.program.clone()]),
            args: Some(words.map(as_argument).collect()),
            env_from: some(self.secrets.iter().map(secret).collect()),
            resources: Some(self.resources()),
            volume_mounts: some(self.volumes.iter().enumerate().map(mount).collect()),
            ..Container::default()
        }
    }

    /// A pod has what it asks for and no more: a worker takes as many threads as its limit has processors.
    fn resources(&self) -> ResourceRequirements {
        let amounts = BTreeMap::from([
            ("cpu".to_owned(), Quantity(self.cpus.to_string())),
            ("memory".to_owned(), Quantity(format!("{}Mi", self.memory.mib()))),
        ]);
        ResourceRequirements { limits: Some(amounts.clone()), requests: Some(amounts), claims: None }
    }
}

/// The first rule that fits holds.  A pod that is evicted and a worker that leaves with more to do are replaced and count
/// as no failure; what is in no rule counts against the limit of its index.
fn failure_rules() -> Vec<PodFailurePolicyRule> {
    let evicted =
        PodFailurePolicyOnPodConditionsPattern { type_: "DisruptionTarget".to_owned(), status: "True".to_owned() };
    let on_code = |action: &str, code: i32| PodFailurePolicyRule {
        action: action.to_owned(),
        on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
            container_name: Some(WORKER.to_owned()),
            operator: "In".to_owned(),
            values: vec![code],
        }),
        on_pod_conditions: None,
    };
    vec![
        PodFailurePolicyRule {
            action: "Ignore".to_owned(),
            on_exit_codes: None,
            on_pod_conditions: Some(vec![evicted]),
        },
        on_code("Ignore", MORE_TO_DO),
        on_code("FailJob", WRONG),
        on_code("FailIndex", FAILED),
    ]
}

/// Kubernetes fills in `$(NAME)` in arguments, and takes `$$` for a plain `$`.
fn as_argument(word: String) -> String {
    word.replace('$', "$$")
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    if list.is_empty() { None } else { Some(list) }
}
