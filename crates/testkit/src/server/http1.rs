//! HTTP/1.1: requests one after the other.

use std::collections::BTreeMap;
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use super::{Asked, Protocol, Reply, Shared};

pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
                None => break,
            };
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let reply = shared.reply(Asked { path, headers, body, protocol: Protocol::Http1 }).await?;
        let sent = send(stream.get_mut(), &reply).await;
        shared.done();
        sent?;
        if reply.cut.is_some() {
            return stream.shutdown().await;
        }
    }
}

async fn send(out: &mut (impl AsyncWrite + Unpin), reply: &Reply) -> io::Result<()> {
    let length = match reply.is_chunked {
        true => "Transfer-Encoding: chunked".to_owned(),
        false => format!("Content-Length: {}", reply.body.len()),
    };
    let mut head = format!("HTTP/1.1 {} Test\r\n{length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut body = reply.sent().to_vec();
    if reply.is_chunked {
        body = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    }
    out.write_all(&[head.as_bytes(), b"\r\n", &body].concat()).await?;
    out.flush().await
}
