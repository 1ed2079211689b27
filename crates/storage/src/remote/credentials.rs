//! What the files of AWS's own tools say of who asks: `~/.aws/credentials` and `~/.aws/config`.
//!
//! Keys that stand in them are read, and the region and endpoint beside them.  What they say of single sign-on, of other programs that know keys and of roles
//! to assume is not: such keys come through the environment (`aws configure export-credentials --format env`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest such file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Variables that name an endpoint.
pub(super) const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT"];
/// Variables that name a region.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
/// Variables that say who asks.
const KEYS: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];
/// Beginning of what the files call a key.
const KEY: &str = "aws_";

/// The variables with what is not among them and stands in the files: keys where none are given, region and endpoint.
pub(super) fn with_files(mut variables: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let has = |names: &[&str]| names.iter().any(|name| variables.contains_key(*name));
    let (has_keys, has_region, has_endpoint) = (has(&KEYS), has(&REGIONS), has(&ENDPOINTS));
    let profile = variables.get("AWS_PROFILE").cloned().unwrap_or_else(|| "default".to_owned());
    let mut found = BTreeMap::new();
    let sections = [profile.clone(), format!("profile {profile}")];
    for (variable, name) in [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")] {
        let home = || Some(Path::new(variables.get("HOME")?).join(".aws").join(name));
        let Some(path) = variables.get(variable).map(PathBuf::from).or_else(home) else { continue };
        let Ok(text) = read(&path) else { continue };
        for (key, value) in values(&text, &sections) {
            found.entry(key).or_insert(value);
        }
    }
    for (key, value) in found {
        // Keys of the files have the names of the variables.
        let (variable, is_given) = match key.as_str() {
            "region" => ("AWS_REGION".to_owned(), has_region),
            "endpoint_url" => ("AWS_ENDPOINT_URL".to_owned(), has_endpoint),
            key if key.starts_with(KEY) => (key.to_ascii_uppercase(), has_keys),
            _ => continue,
        };
        if !is_given {
            variables.insert(variable, value);
        }
    }
    variables
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(text)
}

/// The values of these sections: lines `key = value` below `[section]`.
fn values(text: &str, sections: &[String]) -> Vec<(String, String)> {
    let mut inside = false;
    let mut values = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = sections.iter().any(|section| section == name.trim());
        } else if let Some((key, value)) = line.split_once('=').filter(|(key, _)| {
            // What is set in is of the line before it, and a comment is none.
            inside && !key.starts_with([' ', '\t', '#', ';'])
        }) {
            values.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = AK\naws_secret_access_key=SK=\n\n[lab]\naws_access_key_id = LAB\n  region = no\n";
    const CONFIG: &str =
        "[default]\nregion = eu-1\n[profile lab]\nregion = eu-2\nendpoint_url = https://s3.lab.example\n";

    fn variables(more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(home.path().join(".aws/credentials"), CREDENTIALS).unwrap();
        std::fs::write(home.path().join(".aws/config"), CONFIG).unwrap();
        let home = ("HOME", home.path().to_str().unwrap());
        let given = std::iter::once(&home).chain(more);
        with_files(given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn keys_of_the_chosen_profile_are_taken() {
        let default = variables(&[]);
        assert_eq!((default["AWS_ACCESS_KEY_ID"].as_str(), default["AWS_SECRET_ACCESS_KEY"].as_str()), ("AK", "SK="));
        assert_eq!(default["AWS_REGION"], "eu-1");
        let lab = variables(&[("AWS_PROFILE", "lab")]);
        assert_eq!((lab["AWS_ACCESS_KEY_ID"].as_str(), lab["AWS_REGION"].as_str()), ("LAB", "eu-2"));
        assert_eq!(lab["AWS_ENDPOINT_URL"], "https://s3.lab.example");
    }

    #[test]
    fn what_the_environment_says_comes_first() {
        let given = variables(&[("AWS_ACCESS_KEY_ID", "E"), ("AWS_REGION", "us-1")]);
        assert_eq!((given["AWS_ACCESS_KEY_ID"].as_str(), given["AWS_REGION"].as_str()), ("E", "us-1"));
        // A secret of one key does not go with another.
        assert!(!given.contains_key("AWS_SECRET_ACCESS_KEY"));
    }
}
