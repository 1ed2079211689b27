//! Why no answer came, or not all of it.

use std::error::Error;
use std::io;

use obelisc_document::Reason;

use super::Failed;

/// Why no answer came.
pub(super) fn not_sent(error: &reqwest::Error) -> Failed {
    let detail = whole(error);
    if error.is_timeout() {
        Failed::passing(Reason::FetchTimeout, detail, None)
    } else if find::<rustls::Error>(error).is_some() {
        Failed::new(Reason::TlsFailed, detail)
    } else if error.is_connect() {
        Failed::passing(Reason::ConnectionFailed, detail, None)
    } else if is_head_too_large(error) {
        Failed::new(Reason::HeaderTooLarge, detail)
    } else if find::<h2::Error>(error).is_some_and(is_flooded) {
        // All that came over the connection ends with it, whosever header it was; so each may try again.
        Failed::passing(Reason::HeaderTooLarge, detail, None)
    } else {
        Failed::passing(Reason::InvalidAnswer, detail, None)
    }
}

/// Why an answer ended early.
pub(super) fn broken_off(error: &reqwest::Error, bytes: usize) -> Failed {
    Failed::passing(Reason::TruncatedBody, format!("after {bytes} bytes: {}", whole(error)), None)
}

/// Whether the client read no further since a header was larger than it takes: that of HTTP/1.1 keeps to itself what it found, but for the words.  That of HTTP/2
/// says of such a stream what it says of one that is no HTTP.
fn is_head_too_large(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.to_string() == "message head is too large")
}

/// Whether the client ended a connection of HTTP/2 over a header that went on and on.
fn is_flooded(error: &h2::Error) -> bool {
    let reasons = [h2::Reason::ENHANCE_YOUR_CALM, h2::Reason::COMPRESSION_ERROR];
    error.is_go_away() && error.is_library() && error.reason().is_some_and(|reason| reasons.contains(&reason))
}

/// The first error of this type among an error and its causes.
fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// An error and its causes.  What an I/O error wraps is among them: it tells of its own cause alone what lies below that.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

/// An error with its causes, in words.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_found_below_those_that_wrap_it() {
        let wrap = |error: io::Error| io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
        let of_tls = wrap(io::Error::other(rustls::Error::HandshakeNotComplete));
        assert_eq!(find::<rustls::Error>(&of_tls), Some(&rustls::Error::HandshakeNotComplete));
        let in_words = wrap(io::Error::other("the certificate of tls"));
        assert_eq!(find::<rustls::Error>(&in_words), None);
    }
}
