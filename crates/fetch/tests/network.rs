//! The fetch against a server on loopback, and names that are made up.

#![expect(clippy::unwrap_used, reason = "a test ends where an expectation fails")]
#![expect(clippy::disallowed_types, reason = "a port is taken and given back")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use obelisc_document::{Reason, UrlKey};
use obelisc_fetch::{Found, ImageStore, Limits, Lookup, Manners, Network, OptOuts, Policy, Treatment, Wish, crawl};
use obelisc_storage::LocalFolder;
use obelisc_testkit::picture;
use obelisc_testkit::server::{Reply, Server};

const LIMITS: Limits = Limits { max_image_bytes: 100_000, max_image_pixels: 1_000_000 };
const TREATMENT: Treatment =
    Treatment { limits: LIMITS, decode: true, reencode: None, unwanted: None, max_hash_distance: 0 };
const POLICY: Policy = Policy { treatment: TREATMENT, max_redirects: 3, opt_outs: OptOuts::ALL };

fn manners(server: &Server) -> Manners {
    Manners {
        user_agent: "obelisc/1.0 (+https://lab.example/crawl)".to_owned(),
        allowed_addresses: vec!["127.0.0.1".parse().unwrap()],
        ports: vec![server.port()],
        deadline: Duration::from_secs(20),
        max_wait: Duration::from_millis(100),
        max_retries: 1,
        ..Manners::default()
    }
}

/// What became of URLs, by path; each is a wish of its own.
fn fetched(
    server: &Server,
    manners: Manners,
    policy: Policy,
    urls: &[String],
) -> BTreeMap<String, (Option<Reason>, String)> {
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
    let mut journal = store.journal("n").unwrap();
    let wishes = urls.iter().map(|url| Wish { urls: vec![url.clone()] }).collect();
    assert!(crawl(manners, policy, wishes, &|_| None, &mut journal, &AtomicBool::new(false)).unwrap());
    let answers = journal.seal().unwrap();
    assert_eq!(answers.len(), urls.len());
    let base = server.url("");
    let found = answers.into_iter().map(|answer| {
        let path = answer.url.strip_prefix(&base).unwrap_or(&answer.url).to_owned();
        (path, (answer.reason, answer.detail.unwrap_or_default()))
    });
    found.collect()
}

fn site(asked_path: &str, before: usize) -> Reply {
    let image = || Reply::new("image/png", picture::png(3, 60, 40));
    match asked_path {
        "/ok.png" | "/a" | "/b" => image(),
        "/wrongtype" => Reply::new("text/html", picture::jpeg(1, 50, 50)),
        "/notimage" => {
            Reply::new("image/jpeg", "<!doctype html><p>This is no picture, whatever the header says of it.")
        }
        "/big" => Reply::new("image/jpeg", vec![0xFF; 200_000]),
        "/bomb.png" => {
            let mut bomb = picture::png(1, 40, 40);
            bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
            Reply::new("image/png", bomb)
        }
        "/truncated" => image().cut(200),
        "/gone" => Reply::status(410),
        "/broken" => Reply::status(500),
        "/once-broken" if before == 0 => Reply::status(502),
        "/limited" if before == 0 => Reply::status(429).header("Retry-After", "0"),
        "/once-broken" | "/limited" => image(),
        "/limited-for-long" => Reply::status(503).header("Retry-After", "3600"),
        "/noai" => image().header("X-Robots-Tag", "noai"),
        "/noindex-for-us" => image().header("X-Robots-Tag", "obelisc: noindex"),
        "/noindex-for-others" => image().header("X-Robots-Tag", "otherbot: noindex"),
        "/reserved" => image().header("TDM-Reservation", "1"),
        "/hop" => Reply::redirect("/ok.png"),
        "/loop" => Reply::redirect("/loop"),
        "/to-file" => Reply::redirect("file:///etc/hostname"),
        "/to-metadata" => Reply::redirect("http://169.254.169.254/latest/meta-data/"),
        "/to-private" => Reply::redirect("http://127.0.0.2/img/0.jpg"),
        "/to-port" => Reply::redirect("http://127.0.0.1:22/"),
        "/robots.txt" => Reply::new("text/plain", "User-agent: *\nDisallow: /private/\n"),
        "/ai.txt" => Reply::new("text/plain", "User-Agent: *\nDisallow: *.gif\n"),
        "/.well-known/tdmrep.json" => {
            Reply::new("application/json", r#"[{"location": "/kept/*", "tdm-reservation": 1}]"#)
        }
        _ => Reply::status(404),
    }
}

#[test]
fn everything_that_can_go_wrong_has_its_own_reason() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let expected: &[(&str, Option<Reason>)] = &[
        ("/ok.png", None),
        ("/wrongtype", None),
        ("/once-broken", None),
        ("/limited", None),
        ("/hop", None),
        ("/noindex-for-others", None),
        ("/notimage", Some(Reason::NotAnImage)),
        ("/big", Some(Reason::ImageTooLarge)),
        ("/bomb.png", Some(Reason::TooManyPixels)),
        ("/truncated", Some(Reason::TruncatedBody)),
        ("/gone", Some(Reason::HttpStatus)),
        ("/broken", Some(Reason::HttpStatus)),
        ("/nowhere", Some(Reason::HttpStatus)),
        ("/limited-for-long", Some(Reason::RateLimited)),
        ("/noai", Some(Reason::OptedOut)),
        ("/noindex-for-us", Some(Reason::OptedOut)),
        ("/reserved", Some(Reason::OptedOut)),
        ("/kept/x.png", Some(Reason::OptedOut)),
        ("/x.gif", Some(Reason::OptedOut)),
        ("/private/x.png", Some(Reason::RobotsDisallowed)),
        ("/loop", Some(Reason::TooManyRedirects)),
        ("/to-file", Some(Reason::UrlRefused)),
        ("/to-metadata", Some(Reason::UrlRefused)),
        ("/to-private", Some(Reason::UrlRefused)),
        ("/to-port", Some(Reason::UrlRefused)),
    ];
    let urls: Vec<String> = expected.iter().map(|(path, _)| server.url(path)).collect();
    let found = fetched(&server, manners(&server), POLICY, &urls);
    for (path, reason) in expected {
        assert_eq!(found[*path].0, *reason, "{path}: {}", found[*path].1);
    }
    // What failed for good was asked for once, what may pass twice; what a site does not want, not at all; each file about the site once.
    for (path, count) in [("/gone", 1), ("/broken", 2), ("/truncated", 2), ("/limited-for-long", 1), ("/notimage", 1)] {
        assert_eq!(server.count(path), count, "{path}");
    }
    for path in ["/private/x.png", "/kept/x.png", "/x.gif"] {
        assert_eq!(server.count(path), 0, "{path}");
    }
    for path in ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json"] {
        assert_eq!(server.count(path), 1, "{path}");
    }
    let ours = "obelisc/1.0 (+https://lab.example/crawl)";
    assert!(server.asked().iter().all(|asked| asked.headers["user-agent"] == ours));
    assert!(server.peak() <= 4, "{}", server.peak());
}

#[test]
fn a_redirect_to_an_address_that_is_not_public_is_refused() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let manners = Manners { ports: vec![server.port(), 80], ..manners(&server) };
    let urls = [server.url("/to-metadata"), server.url("/to-private")];
    let found = fetched(&server, manners, POLICY, &urls);
    assert_eq!(found["/to-metadata"], (Some(Reason::AddressRefused), "169.254.169.254 is cloud metadata".to_owned()));
    assert_eq!(found["/to-private"], (Some(Reason::AddressRefused), "127.0.0.2 is loopback".to_owned()));
}

#[test]
fn what_is_not_honoured_is_asked_for() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let opt_outs =
        OptOuts { robots_txt: false, x_robots_tag: false, tdm_reservation: false, ai_txt: false, list_service: false };
    let urls = ["/noai", "/reserved"].map(|path| server.url(path));
    let found = fetched(&server, manners(&server), Policy { opt_outs, ..POLICY }, &urls);
    assert!(found.values().all(|(reason, _)| reason.is_none()), "{found:?}");
    assert_eq!(server.count("/robots.txt"), 0);
}

#[test]
fn a_site_whose_robots_txt_cannot_be_had_is_not_asked() {
    let server = Server::start(|asked, before| match &*asked.path {
        "/robots.txt" => Reply::status(500),
        path => site(path, before),
    });
    let found = fetched(&server, manners(&server), POLICY, &[server.url("/ok.png")]);
    assert_eq!(found["/ok.png"].0, Some(Reason::RobotsDisallowed));
    assert_eq!(server.count("/ok.png"), 0);
}

#[test]
fn a_host_that_is_not_there_is_told_as_such() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    // A port that nobody listens at any more.
    let gone = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{gone}/x.png");
    let manners = Manners { ports: vec![gone], ..manners(&server) };
    assert_eq!(fetched(&server, manners, POLICY, std::slice::from_ref(&url))[&url].0, Some(Reason::ConnectionFailed));
}

#[test]
fn the_next_candidate_is_asked_for_and_each_url_once() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
    let wish = |paths: &[&str]| Wish { urls: paths.iter().map(|path| server.url(path)).collect() };
    let wishes = || {
        vec![
            wish(&["/gone", "/notimage", "/a", "/b"]),
            wish(&["/gone", "/a"]),
            wish(&["/a"]),
            wish(&["/ok.png", "/nowhere"]),
        ]
    };
    let run = |stop: bool| {
        let mut journal = store.journal("n").unwrap();
        let whole = crawl(manners(&server), POLICY, wishes(), &|_| None, &mut journal, &AtomicBool::new(stop)).unwrap();
        (journal, whole)
    };
    assert!(!run(true).1);
    let (journal, whole) = run(false);
    assert!(whole);
    let known = |path: &str| journal.knows(UrlKey::new(&server.url(path)));
    let expected =
        [("/gone", Some(false)), ("/a", Some(true)), ("/b", None), ("/ok.png", Some(true)), ("/nowhere", None)];
    for (path, answer) in expected {
        assert_eq!(known(path), answer, "{path}");
    }
    drop(journal);
    // Whoever goes on asks for nothing that has its answer.
    let before = server.asked().len();
    let (journal, _) = run(false);
    assert_eq!(server.asked().len(), before);
    assert_eq!(server.count("/gone"), 1);
    let answers = journal.seal().unwrap();
    assert_eq!(store.answers("n").unwrap().unwrap(), answers);
}

#[test]
fn bodies_that_do_not_say_how_long_they_are_leave_room_for_others() {
    let server = Server::start(|asked, _| {
        let number = asked.path.bytes().map(u64::from).sum();
        let image = || picture::png(number, 320, 320);
        match &*asked.path {
            path if path.starts_with("/good") => Reply::new("image/png", image()).chunked(),
            // Longer than what is held for it at first, and no image.
            path if path.starts_with("/damaged") => {
                let mut long = image();
                long.truncate(200);
                long.resize(400_000, 7);
                Reply::new("image/png", long).chunked()
            }
            _ => Reply::status(404),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
    // Room for one body that may be as long as the cap.
    let manners = Manners { max_in_flight_bytes: 1 << 20, deadline: Duration::from_secs(5), ..manners(&server) };
    let limits = Limits { max_image_bytes: 1_000_000, ..LIMITS };
    let policy = Policy { treatment: Treatment { limits, ..TREATMENT }, ..POLICY };
    let wish =
        |number: u32| Wish { urls: ["damaged", "good"].map(|kind| server.url(&format!("/{kind}{number}"))).to_vec() };
    let mut journal = store.journal("n").unwrap();
    let wishes = (0..12).map(wish).collect();
    assert!(crawl(manners, policy, wishes, &|_| None, &mut journal, &AtomicBool::new(false)).unwrap());
    let answers = journal.seal().unwrap();
    let of = |reason| answers.iter().filter(|answer| answer.reason == reason).count();
    assert_eq!((of(None), of(Some(Reason::DamagedImage))), (12, 12), "{answers:?}");
}

#[test]
fn two_crawls_at_once_ask_each_host_no_more_than_one_would() {
    const MAX: u32 = 3;
    /// By host: requests now, and most at a time.
    type Inside = Arc<Mutex<BTreeMap<String, (u32, u32)>>>;
    let inside = Inside::default();
    let seen = Arc::clone(&inside);
    let server = Server::start(move |asked, _| {
        if !asked.path.ends_with(".png") {
            return Reply::status(404);
        }
        let host = asked.headers["host"].clone();
        let count = |by: fn(&mut (u32, u32))| by(seen.lock().unwrap().entry(host.clone()).or_default());
        count(|(now, most)| {
            *now += 1;
            *most = (*most).max(*now);
        });
        // Time for others to come, where they would.
        for _ in 0..2000 {
            std::thread::yield_now();
        }
        count(|(now, _)| *now -= 1);
        Reply::new("image/png", picture::png(3, 60, 40))
    });
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(Box::new(LocalFolder::create(folder.path()).unwrap())).unwrap();
    let manners = Manners { max_per_host: MAX, ..manners(&server) };
    std::thread::scope(|scope| {
        for host in ["127.0.0.1", "localhost"] {
            let (store, manners, port) = (&store, manners.clone(), server.port());
            scope.spawn(move || {
                let url = |number: u32| format!("http://{host}:{port}/{number}.png");
                let wishes = (0..40).map(|number| Wish { urls: vec![url(number)] }).collect();
                let mut journal = store.journal(host).unwrap();
                crawl(manners, POLICY, wishes, &|_| None, &mut journal, &AtomicBool::new(false)).unwrap();
                assert!(journal.seal().unwrap().iter().all(|answer| answer.reason.is_none()));
            });
        }
    });
    let inside = inside.lock().unwrap();
    assert_eq!(inside.len(), 2, "{inside:?}");
    assert!(inside.values().all(|(now, most)| (*now, *most) == (0, MAX)), "{inside:?}");
}

/// Addresses that are made up, and who was asked for.
struct MadeUp {
    addresses: Vec<&'static str>,
    asked: Mutex<Vec<String>>,
}

impl Lookup for MadeUp {
    fn lookup(&self, name: &str) -> Found {
        self.asked.lock().unwrap().push(name.to_owned());
        let addresses: Vec<IpAddr> = self.addresses.iter().map(|address| address.parse().unwrap()).collect();
        Box::pin(async move { Ok(addresses) })
    }
}

fn image(server: &Server, addresses: &[&'static str], url: &str) -> (Result<usize, Reason>, usize) {
    let names = Arc::new(MadeUp { addresses: addresses.to_vec(), asked: Mutex::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let manners = Manners { max_retries: 0, ..manners(server) };
    let network = Network::with_names(manners, POLICY, Arc::clone(&names) as Arc<dyn Lookup>).unwrap();
    let found = runtime.block_on(network.image(url)).map(|body| body.bytes.len()).map_err(|failed| failed.reason);
    let asked = names.asked.lock().unwrap().len();
    (found, asked)
}

#[test]
fn the_addresses_of_a_name_are_judged() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let url = format!("http://pictures.example:{}/ok.png", server.port());
    let length = picture::png(3, 60, 40).len();
    // An address that is refused is left out, also where another one is allowed.
    for addresses in [&["127.0.0.1"][..], &["10.0.0.1", "127.0.0.1"], &["::1", "127.0.0.1"]] {
        assert_eq!(image(&server, addresses, &url).0, Ok(length), "{addresses:?}");
    }
    let before = server.asked().len();
    for addresses in
        [&["10.0.0.1"][..], &["127.0.0.2"], &["::1"], &["::ffff:127.0.0.1"], &["169.254.169.254", "fe80::1"]]
    {
        assert_eq!(image(&server, addresses, &url).0, Err(Reason::AddressRefused), "{addresses:?}");
    }
    assert_eq!(image(&server, &[], &url).0, Err(Reason::HostNotFound));
    assert_eq!(server.asked().len(), before);
}

#[test]
fn addresses_in_urls_are_judged_in_all_ways_to_write_them() {
    let server = Server::start(|asked, before| site(&asked.path, before));
    let port = server.port();
    for host in [
        "127.0.0.2",
        "2130706434",
        "0x7f.2",
        "0177.0.0.2",
        "127.2",
        "[::ffff:127.0.0.2]",
        "[::1]",
        "0.0.0.0",
        "192.168.0.1",
    ] {
        let (found, asked) = image(&server, &["127.0.0.1"], &format!("http://{host}:{port}/ok.png"));
        assert_eq!((found, asked), (Err(Reason::AddressRefused), 0), "{host}");
    }
    for url in ["ftp://a.example/x.png", "http://a.example:22/x.png", "data:image/png;base64,AA", "http://", "x"] {
        assert_eq!(image(&server, &["127.0.0.1"], url).0, Err(Reason::UrlRefused), "{url}");
    }
    assert!(server.asked().is_empty());
}
