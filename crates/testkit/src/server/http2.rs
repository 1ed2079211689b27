//! HTTP/2: requests beside each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use http::request::Parts;
use http::{Response, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

use super::{Asked, Protocol, Reply, Shared};

pub(super) async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    let ends = Arc::new(Notify::new());
    loop {
        let request = tokio::select! {
            request = connection.accept() => request,
            () = ends.notified() => {
                connection.abrupt_shutdown(Reason::INTERNAL_ERROR);
                continue;
            }
        };
        let Some(request) = request else { return Ok(()) };
        let (request, respond) = request?;
        let (shared, ends) = (shared.clone(), Arc::clone(&ends));
        tokio::spawn(async move {
            let Ok(reply) = shared.reply(asked(&request.into_parts().0)).await else { return };
            // A stream that breaks is the client's doing.
            let _ = send(respond, &reply).await;
            shared.done();
            if reply.cut.is_some_and(|cut| !cut.goes_on) {
                ends.notify_one();
            }
        });
    }
}

fn asked(request: &Parts) -> Asked {
    let path = request.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let headers = request.headers.iter();
    let headers: BTreeMap<_, _> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    Asked { path, headers, body: Vec::new(), protocol: Protocol::Http2 }
}

async fn send(mut respond: SendResponse<Bytes>, reply: &Reply) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut response = Response::builder().status(reply.status).header(header::CONTENT_LENGTH, reply.body.len());
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let mut stream = respond.send_response(response.body(())?, false)?;
    stream.send_data(Bytes::copy_from_slice(reply.sent()), reply.cut.is_none())?;
    if let Some(cut) = reply.cut {
        // What was sent goes out before the end of it does.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        if cut.goes_on {
            stream.send_reset(Reason::INTERNAL_ERROR);
        }
    }
    Ok(())
}
