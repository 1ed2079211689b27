//! The fetch behind TLS, over HTTP/2 and HTTP/1.1, against servers on loopback that have made-up names and a made-up authority.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]

use std::sync::{Arc, Barrier};
use std::time::Duration;

use obelisc_document::Reason;
use obelisc_fetch::{Found, Limits, Lookup, Manners, Network, OptOuts, Policy, RootCertificates, Treatment};
use obelisc_testkit::certificates::{Authority, Identity};
use obelisc_testkit::picture;
use obelisc_testkit::server::{Asked, Protocol, Reply, Server};
use tokio::runtime::{Builder, Runtime};

const LIMITS: Limits = Limits { max_image_bytes: 100_000, max_image_pixels: 1_000_000 };
const TREATMENT: Treatment =
    Treatment { limits: LIMITS, decode: true, reencode: None, unwanted: None, max_hash_distance: 0 };
const POLICY: Policy = Policy { treatment: TREATMENT, max_redirects: 3, opt_outs: OptOuts::ALL };
const HOST: &str = "images.example";

/// All names lead to loopback.
struct Loopback;

impl Lookup for Loopback {
    fn lookup(&self, _name: &str) -> Found {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    }
}

/// A network, and what drives it.
struct Fetch {
    network: Network,
    runtime: Runtime,
}

impl Fetch {
    fn new(trusted: Option<&Authority>, servers: &[&Server]) -> Self {
        let manners = Manners {
            user_agent: "obelisc/1.0 (+https://lab.example/crawl)".to_owned(),
            allowed_addresses: vec!["127.0.0.1".parse().unwrap()],
            ports: servers.iter().map(|server| server.port()).chain([80, 443]).collect(),
            deadline: Duration::from_secs(20),
            max_wait: Duration::from_millis(100),
            max_retries: 1,
            root_certificates: trusted
                .map(|authority| RootCertificates::from_pem(authority.pem().as_bytes()).unwrap())
                .unwrap_or_default(),
            ..Manners::default()
        };
        let network = Network::with_names(manners, POLICY, Arc::new(Loopback)).unwrap();
        Self { network, runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }

    /// What came of URLs that are asked for beside each other: bytes, or why not.
    fn images(&self, urls: &[String]) -> Vec<Result<usize, (Reason, String)>> {
        let asked = urls.iter().map(|url| async {
            let came = self.network.image(url).await;
            came.map(|body| body.bytes.len()).map_err(|failed| (failed.reason, failed.detail))
        });
        self.runtime.block_on(futures::future::join_all(asked))
    }

    fn image(&self, url: &str) -> Result<usize, (Reason, String)> {
        self.images(&[url.to_owned()]).remove(0)
    }
}

fn png() -> Vec<u8> {
    picture::png(3, 60, 40)
}

fn site(asked: &Asked, _before: usize) -> Reply {
    let image = || Reply::new("image/png", png());
    match &*asked.path {
        "/cut.png" => image().cut(200),
        "/reset.png" => image().reset(200),
        "/to-metadata" => Reply::redirect("https://169.254.169.254/latest/meta-data/"),
        "/to-private" => Reply::redirect("http://127.0.0.2/x.png"),
        "/wide.png" => image().header("X-Wide", &"a".repeat(80_000)),
        "/wider.png" => image().header("X-Wide", &"a".repeat(500_000)),
        "/endless.png" => image().header("X-Wide", &"~".repeat(2 << 20)),
        "/many.png" => (0..200).fold(image(), |reply, i| reply.header(&format!("x-{i}"), "1")),
        "/ok.png" => image(),
        path if path.starts_with("/together/") => image(),
        _ => Reply::status(404),
    }
}

fn protocols(server: &Server, path: &str) -> Vec<Protocol> {
    server.asked().iter().filter(|asked| asked.path == path).map(|asked| asked.protocol).collect()
}

#[test]
fn an_image_comes_over_the_best_protocol_that_its_server_speaks() {
    let authority = Authority::new();
    let of_both = Server::start_tls(authority.sign(HOST), Protocol::BOTH, site);
    let of_one = Server::start_tls(authority.sign(HOST), &[Protocol::Http1], site);
    let of_none = Server::start_tls(authority.sign(HOST), &[], site);
    let by_address = Server::start_tls(authority.sign("127.0.0.1"), Protocol::BOTH, site);
    let fetch = Fetch::new(Some(&authority), &[&of_both, &of_one, &of_none, &by_address]);
    for (server, protocol) in [(&of_both, Protocol::Http2), (&of_one, Protocol::Http1), (&of_none, Protocol::Http1)] {
        assert_eq!(fetch.image(&server.url_of(HOST, "/ok.png")), Ok(png().len()), "{protocol:?}");
        assert_eq!(protocols(server, "/ok.png"), [protocol]);
        assert_eq!(protocols(server, "/robots.txt"), [protocol]);
    }
    assert_eq!(fetch.image(&by_address.url("/ok.png")), Ok(png().len()));
}

#[test]
fn images_of_a_host_share_a_connection_of_http2_and_keep_to_its_limit() {
    let authority = Authority::new();
    // Each waits for three others, so that four go at a time.
    let together = Barrier::new(4);
    let server = Server::start_tls(authority.sign(HOST), Protocol::BOTH, move |asked, before| {
        if asked.path.starts_with("/together/") {
            together.wait();
        }
        site(asked, before)
    });
    let urls: Vec<String> = (0..40).map(|i| server.url_of(HOST, &format!("/together/{i}.png"))).collect();
    let came = Fetch::new(Some(&authority), &[&server]).images(&urls);
    assert!(came.iter().all(|came| *came == Ok(png().len())), "{came:?}");
    assert!(server.asked().iter().all(|asked| asked.protocol == Protocol::Http2));
    assert_eq!((server.peak(), server.connections()), (4, 1));
}

#[test]
fn a_server_that_cannot_prove_who_it_is_is_asked_for_nothing_and_others_are() {
    let (authority, unknown) = (Authority::new(), Authority::new());
    let good = Server::start_tls(authority.sign(HOST), Protocol::BOTH, site);
    let identities = [
        ("self-signed", Identity::self_signed(HOST)),
        ("expired", authority.sign_expired(HOST)),
        ("of another name", authority.sign("other.example")),
        ("of an unknown authority", unknown.sign(HOST)),
    ];
    let bad = identities.map(|(name, identity)| (name, Server::start_tls(identity, Protocol::BOTH, site)));
    let servers: Vec<&Server> = bad.iter().map(|(_, server)| server).chain([&good]).collect();
    let urls: Vec<String> = servers.iter().map(|server| server.url_of(HOST, "/ok.png")).collect();
    let mut came = Fetch::new(Some(&authority), &servers).images(&urls);
    assert_eq!(came.pop(), Some(Ok(png().len())));
    for ((name, server), came) in bad.iter().zip(came) {
        // Of robots.txt already, so that nothing else is asked for.
        let (reason, detail) = came.unwrap_err();
        assert_eq!(reason, Reason::TlsFailed, "{name}: {detail}");
        assert_eq!((server.asked().len(), server.connections()), (0, 1), "{name}: {detail}");
    }
    // Who is not said to be trusted is not.
    let untrusting = Fetch::new(None, &[&good]);
    assert_eq!(untrusting.image(&good.url_of(HOST, "/ok.png")).unwrap_err().0, Reason::TlsFailed);
    // One that hangs up says nothing of who it is, and may be there later.
    let clear = Server::start(site);
    let url = clear.url_of(HOST, "/ok.png").replace("http:", "https:");
    assert_eq!(Fetch::new(None, &[&clear]).image(&url).unwrap_err().0, Reason::ConnectionFailed);
    assert_eq!(clear.connections(), 2);
}

#[test]
fn a_redirect_from_https_leads_to_no_address_that_is_refused() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.sign(HOST), Protocol::BOTH, site);
    let fetch = Fetch::new(Some(&authority), &[&server]);
    for (path, refused) in
        [("/to-metadata", "169.254.169.254 is cloud metadata"), ("/to-private", "127.0.0.2 is loopback")]
    {
        let came = fetch.image(&server.url_of(HOST, path));
        assert_eq!(came, Err((Reason::AddressRefused, refused.to_owned())));
        assert_eq!(server.count(path), 1);
    }
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again_and_told_as_such() {
    let authority = Authority::new();
    for protocols in [Protocol::BOTH, &[Protocol::Http1]] {
        let server = Server::start_tls(authority.sign(HOST), protocols, site);
        let fetch = Fetch::new(Some(&authority), &[&server]);
        for path in ["/reset.png", "/cut.png"] {
            let (reason, detail) = fetch.image(&server.url_of(HOST, path)).unwrap_err();
            assert_eq!(reason, Reason::TruncatedBody, "{path}: {detail}");
            assert_eq!(server.count(path), 2, "{path}: {detail}");
        }
        // The host is asked on.
        assert_eq!(fetch.image(&server.url_of(HOST, "/ok.png")), Ok(png().len()));
    }
}

#[test]
fn a_header_without_end_is_not_read() {
    let authority = Authority::new();
    for protocols in [Protocol::BOTH, &[Protocol::Http1]] {
        let server = Server::start_tls(authority.sign(HOST), protocols, site);
        let fetch = Fetch::new(Some(&authority), &[&server]);
        // Of a header that is read no further, HTTP/2 knows that it went wrong; the connection ends over one that goes on.
        let (wider, tries) = match protocols {
            [Protocol::Http1] => (Reason::HeaderTooLarge, 1),
            _ => (Reason::InvalidAnswer, 2),
        };
        for (path, expected, tries) in [
            ("/wide.png", Reason::HeaderTooLarge, 1),
            ("/wider.png", wider, tries),
            ("/endless.png", Reason::HeaderTooLarge, tries),
        ] {
            let (reason, detail) = fetch.image(&server.url_of(HOST, path)).unwrap_err();
            assert_eq!(reason, expected, "{protocols:?} {path}: {detail}");
            assert_eq!(server.count(path), tries, "{protocols:?} {path}: {detail}");
        }
        // HTTP/1.1 takes no more than a hundred lines.
        let many = fetch.image(&server.url_of(HOST, "/many.png"));
        match protocols {
            [Protocol::Http1] => assert_eq!(many.unwrap_err().0, Reason::HeaderTooLarge),
            _ => assert_eq!(many, Ok(png().len())),
        }
        assert_eq!(fetch.image(&server.url_of(HOST, "/ok.png")), Ok(png().len()));
    }
}

#[test]
fn what_is_no_certificate_is_refused() {
    let whole = Authority::new().pem().to_owned();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (pem, problem) in [
        ("", "holds no certificate"),
        ("text", "holds no certificate"),
        (&*format!("{whole}{garbage}"), "certificate 2"),
    ] {
        let refused = RootCertificates::from_pem(pem.as_bytes()).unwrap_err();
        assert!(refused.starts_with(problem), "{refused}");
    }
    assert!(RootCertificates::from_pem(format!("{whole}{whole}").as_bytes()).is_ok());
}
