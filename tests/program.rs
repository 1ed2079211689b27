//! The program under test, and what it answered.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use serde_json::Value;

/// A file of the repository.
pub(crate) fn repository(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A call of the program that is being put together.
pub(crate) struct Call {
    words: Vec<String>,
    environment: Vec<(String, String)>,
}

/// `obelisc` with these words.
pub(crate) fn obelisc<const N: usize>(words: [&str; N]) -> Call {
    Call { words: words.iter().map(|word| (*word).to_owned()).collect(), environment: Vec::new() }
}

/// `obelisc run` of the quickstart recipe on these inputs.
pub(crate) fn run_of(inputs: &[impl AsRef<Path>], output: &Path) -> Call {
    run_recipe(Path::new(&repository("tests/fixtures/plain.toml")), inputs, output)
}

/// The README's first command.
pub(crate) fn run_quickstart(output: &Path) -> Call {
    let archive = repository("tests/fixtures/quickstart.warc.gz");
    run_recipe(Path::new(&repository("pipelines/quickstart.toml")), &[archive], output)
}

/// `obelisc run` of any recipe.
pub(crate) fn run_recipe(recipe: &Path, inputs: &[impl AsRef<Path>], output: &Path) -> Call {
    let mut call = obelisc(["run"]).path(recipe).word("--input");
    for input in inputs {
        call = call.path(input.as_ref());
    }
    call.word("--output").path(output)
}

impl Call {
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    pub(crate) fn words<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.words.extend(words.map(str::to_owned));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn envs(mut self, variables: Vec<(String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    pub(crate) fn path(self, path: &Path) -> Self {
        self.word(path.to_str().unwrap())
    }

    /// The same words behind another subcommand.
    pub(crate) fn instead(mut self, command: &str) -> Self {
        command.clone_into(&mut self.words[0]);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_obelisc"));
        command.args(&self.words).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Runs to the end.
    pub(crate) fn end(self) -> Ended {
        let output = self.command().output().unwrap();
        self.ended(output)
    }

    /// Runs to the end with these bytes on standard input.
    pub(crate) fn reading(self, input: &[u8]) -> Ended {
        let mut command = self.command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The program may have seen enough before it read all.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        self.ended(output)
    }

    fn ended(self, output: std::process::Output) -> Ended {
        Ended {
            call: self.words.join(" "),
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs to the end, which must be a good one.
    pub(crate) fn ok(self) -> Ended {
        let ended = self.end();
        assert_eq!(ended.code(), Some(0), "{ended}");
        ended
    }

    /// Runs to the end, which must be this exit code.
    pub(crate) fn fails(self, code: i32) -> Ended {
        let ended = self.end();
        assert_eq!(ended.code(), Some(code), "{ended}");
        ended
    }

    /// The events of a run that must end well.
    pub(crate) fn events(self) -> Vec<Value> {
        self.words(["--log-format", "json"]).ok().events()
    }

    /// Starts and goes on beside the test; its standard error can be read line by line.
    pub(crate) fn start(self) -> Started {
        let mut command = self.words(["--log-format", "json"]).command();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Started { child, lines }
    }
}

/// What a call came to.
pub(crate) struct Ended {
    call: String,
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "obelisc {}\n{}\n--- stdout\n{}\n--- stderr\n{}", self.call, self.status, self.stdout, self.stderr)
    }
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }

    /// Standard output as JSON lines.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn events(&self) -> Vec<Value> {
        self.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error lines.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("error: ")).collect()
    }

    /// The one error line, in which all of these words stand.
    pub(crate) fn one_error<const N: usize>(&self, words: [&str; N]) {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "{self}");
        for word in words {
            assert!(errors[0].contains(word), "{word:?} is missing\n{self}");
        }
    }
}

/// A call that goes on beside the test.
pub(crate) struct Started {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Started {
    /// The next line of standard error, `None` at its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.lines.read_line(&mut line).unwrap() > 0).then(|| line.trim_end().to_owned())
    }

    /// Reads this many lines; fewer where the program ends before.
    pub(crate) fn lines(&mut self, count: usize) -> Vec<String> {
        (0..count).map_while(|_| self.line()).collect()
    }

    /// Reads lines until one has these words.
    pub(crate) fn read_until(&mut self, words: &str) {
        let mut seen = Vec::new();
        while let Some(line) = self.line() {
            if line.contains(words) {
                return;
            }
            seen.push(line);
        }
        panic!("{words:?} was never said: {seen:?}");
    }

    /// Whether the program still runs.
    pub(crate) fn running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(status.unwrap().success());
    }

    /// Reads what is left of standard error and waits for the end.
    pub(crate) fn wait(&mut self) -> (ExitStatus, Vec<String>) {
        let lines = std::iter::from_fn(|| self.line()).collect();
        (self.child.wait().unwrap(), lines)
    }

    /// `kill -9`; whether the program was still running, and the lines that it had written.
    pub(crate) fn kill(&mut self) -> (bool, Vec<String>) {
        self.child.kill().unwrap();
        let (status, lines) = self.wait();
        (status.code().is_none(), lines)
    }
}

/// Nothing goes on when its test has ended, however that came about.
impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes with the test, and paths in it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that it needs.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}
