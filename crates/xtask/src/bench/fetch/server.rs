//! A server of pictures on loopback, in a process of its own.
#![allow(clippy::disallowed_types, reason = "development only: whether the server is there")]

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::data;

/// A server that runs until it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

/// The server beside the data.
pub(super) fn of_data() -> Option<PathBuf> {
    data().map(|data| data.join("../tools/imgserver.py")).filter(|script| script.exists())
}

/// A picture that is answered after so many milliseconds.
pub(super) fn url(port: u16, number: u32, latency: u32) -> String {
    let slow = if latency == 0 { String::new() } else { format!("slow/{latency}/") };
    format!("http://127.0.0.1:{port}/{slow}img/{number}.jpg")
}

impl Server {
    pub(super) fn start(python: &Path, script: &Path, pictures: u32) -> Result<Self> {
        let port = 8900;
        let mut command = Command::new(python);
        command.arg(script).args(["--formats", "jpg", "--port", &port.to_string(), "--images", &pictures.to_string()]);
        let mut server = Self { child: command.stdout(Stdio::null()).spawn()?, port };
        // Drawing its pictures takes a while.
        for _ in 0..1200 {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("the server does not answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
