//! Images over the network: fetched from a server on loopback, as a recipe and a config say.

use std::path::{Path, PathBuf};

use obelisc_testkit::server::{Reply, Server};
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, picture, sha256};

use crate::dataset::{accounts, assert_same, dataset_tree, manifest, rows};
use crate::program::{Call, Place, obelisc, run_recipe};

const RECIPE: &str = "stages = [\"extract\", \"filter\", \"fetch\", \"attach\", \"finish\"]\n\
    [fetch]\nsources = [\"archive\", \"network\"]\n";

/// Pages of a site, the first of whose pictures alone is in the archive.
fn archive(place: &Place, server: &Server) -> PathBuf {
    let image =
        |path: &str| format!("<p>A picture of a boat.</p><img src=\"{}\" width=300 height=200>", server.url(path));
    let page = |paths: &[&str]| HttpResponse::html(&paths.iter().map(|path| image(path)).collect::<String>());
    let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
        .warcinfo()
        .response(&server.url("/archived.png"), &HttpResponse::new("image/png", picture::png(1, 200, 160)))
        .response("https://a.example/1", &page(&["/archived.png", "/2.png", "/gone.png"]))
        .response("https://a.example/2", &page(&["/2.png", "/private/3.png", "/noai.png", "/4.jpg"]));
    place.write("1.warc.gz", archive.finish().bytes)
}

fn site() -> Server {
    Server::start(|asked, _| match &*asked.path {
        "/2.png" => Reply::new("image/png", picture::png(2, 200, 160)),
        "/4.jpg" => Reply::new("text/plain", picture::jpeg(4, 200, 160)),
        "/noai.png" => Reply::new("image/png", picture::png(5, 200, 160)).header("X-Robots-Tag", "noai"),
        "/robots.txt" => Reply::new("text/plain", "User-agent: *\nDisallow: /private/\n"),
        _ => Reply::status(404),
    })
}

fn config(place: &Place, server: &Server) -> PathBuf {
    let text = format!(
        "[fetch]\nuser_agent = \"obelisc-test/1.0 (+https://lab.example/crawl)\"\nallowed_addresses = [\"127.0.0.1\"]\nports = [{}]\n",
        server.port()
    );
    place.write("config.toml", text)
}

fn run(recipe: &Path, config: &Path, archive: &Path, output: &Path, store: &Path) -> Call {
    run_recipe(recipe, &[archive], output).word("--config").path(config).word("--image-store").path(store)
}

#[test]
fn images_that_no_archive_has_come_from_their_hosts_and_a_second_run_asks_nobody() {
    let (place, server) = (Place::new(), site());
    let (archive, config) = (archive(&place, &server), config(&place, &server));
    let recipe = place.write("r.toml", RECIPE);
    let (output, store) = (place.path("out"), place.path("images"));
    run(&recipe, &config, &archive, &output, &store).ok();
    let accounts = accounts(&manifest(&output.join("dataset")));
    assert_eq!(images_of(&output), 4);
    let of = |step: &str, unit: &str| accounts.iter().find(|(name, _)| name == step).unwrap().1.0[unit].clone();
    let asked = of("download-1", "asked_urls");
    assert_eq!((asked.entered, asked.kept), (5, 2));
    let reasons = [("http_status", 1), ("opted_out", 1), ("robots_disallowed", 1)];
    assert_eq!(asked.failed, reasons.map(|(reason, count)| (reason.to_owned(), count)).into());
    let failed = of("apply", "images").failed;
    assert_eq!(failed, reasons.map(|(reason, count)| (reason.to_owned(), count)).into());
    assert_eq!((server.count("/archived.png"), server.count("/private/3.png"), server.count("/2.png")), (0, 0, 1));
    let explained = obelisc(["explain"]).path(&output).words(["--url", "https://a.example/2"]).ok();
    assert!(explained.stdout.contains("opted_out") && explained.stdout.contains("x-robots-tag: noai"), "{explained}");

    let before = server.asked().len();
    let again = place.path("again");
    run(&recipe, &config, &archive, &again, &store).ok();
    assert_eq!(server.asked().len(), before);
    assert_same(&dataset_tree(&output), &dataset_tree(&again));

    // Nor does another recipe that wants some of the same.
    let other = place.write("other.toml", RECIPE.to_owned() + "[rules.document.image_count]\nmin_images = 4\n");
    run(&other, &config, &archive, &place.path("other"), &store).ok();
    assert_eq!(server.asked().len(), before);
    assert_eq!(images_of(&place.path("other")), 0);
}

fn images_of(output: &Path) -> usize {
    rows(&output.join("dataset")).iter().map(|row| row.images.iter().flatten().count()).sum()
}

#[test]
fn who_does_not_say_where_they_are_reached_asks_nobody() {
    let (place, server) = (Place::new(), site());
    let archive = archive(&place, &server);
    let recipe = place.write("r.toml", RECIPE);
    let silent = place.write("silent.toml", "[run]\nthreads = 1\n");
    let output = place.path("out");
    run(&recipe, &silent, &archive, &output, &place.path("images")).fails(2).one_error(["fetch.user_agent"]);
    let nameless =
        place.write("nameless.toml", "[fetch]\nuser_agent = \"Mozilla/5.0\"\nports = [0]\ndns_servers = [\"x\"]\n");
    let ended = run(&recipe, &nameless, &archive, &output, &place.path("images")).fails(2);
    for problem in ["fetch.user_agent", "fetch.ports", "an IP address is allowed"] {
        assert!(ended.stderr.contains(problem), "{ended}");
    }
    assert!(server.asked().is_empty() && !output.join("run").exists());
    let recipe = place.write("r.toml", RECIPE.replace("\"archive\", ", ""));
    obelisc(["check"]).path(&recipe).fails(2).one_error(["archives come first"]);
}

#[test]
fn a_candidate_at_another_domain_is_asked_for_where_the_first_fails() {
    let place = Place::new();
    let server = Server::start(|asked, _| match &*asked.path {
        "/small.png" | "/2.png" => Reply::new("image/png", picture::png(2, 200, 160)),
        _ => Reply::status(404),
    });
    // Two names of one server.
    let other = format!("http://localhost:{}", server.port());
    let picture = |first: &str| {
        let first = server.url(first);
        format!("<p>A boat.</p><img src=\"{other}/small.png\" srcset=\"{first} 2x\" width=200 height=160>")
    };
    let archive = ArchiveBuilder::new(Compression::GzipPerRecord)
        .warcinfo()
        .response("https://a.example/1", &HttpResponse::html(&picture("/gone.png")))
        .response("https://a.example/2", &HttpResponse::html(&picture("/2.png")));
    let archive = place.write("1.warc.gz", archive.finish().bytes);
    let config = config(&place, &server);
    let recipe = place.write("r.toml", RECIPE);
    let (output, store) = (place.path("out"), place.path("images"));
    run(&recipe, &config, &archive, &output, &store).ok();
    assert_eq!(images_of(&output), 2);
    assert_eq!(["/gone.png", "/2.png", "/small.png"].map(|path| server.count(path)), [1, 1, 1]);
    let accounts = accounts(&manifest(&output.join("dataset")));
    let asked = |step: &str| accounts.iter().find(|(name, _)| name == step).unwrap().1.0.get("asked_urls").cloned();
    let in_round = |step| asked(step).map(|flow| (flow.entered, flow.kept));
    assert_eq!(
        [in_round("download-1"), in_round("download-2"), in_round("download-3")],
        [Some((2, 1)), Some((1, 1)), None]
    );

    // A cap counts the images of a domain, those of later rounds too.
    let capped = place.write("capped.toml", RECIPE.to_owned() + "max_images_per_domain = 1\n");
    run(&capped, &config, &archive, &place.path("capped"), &place.path("other-images")).ok();
    assert_eq!(server.count("/gone.png") + server.count("/2.png"), 3);
}

#[test]
fn what_failed_is_asked_for_again_when_told_so_and_a_rerun_has_it() {
    let place = Place::new();
    let server = Server::start(|asked, before| match &*asked.path {
        "/2.png" => Reply::new("image/png", picture::png(2, 200, 160)),
        "/once-gone.png" if before > 0 => Reply::new("image/png", picture::png(3, 200, 160)),
        "/once-gone.png" => Reply::status(410),
        _ => Reply::status(404),
    });
    let image = |path: &str| format!("<p>A boat.</p><img src=\"{}\" width=200 height=160>", server.url(path));
    let page = ["/2.png", "/once-gone.png", "/gone.png"].map(image).concat();
    let archive = ArchiveBuilder::new(Compression::GzipPerRecord).warcinfo();
    let archive = archive.response("https://a.example/1", &HttpResponse::html(&page)).finish();
    let archive = place.write("1.warc.gz", archive.bytes);
    let (config, recipe) = (config(&place, &server), place.write("r.toml", RECIPE));
    let (output, store) = (place.path("out"), place.path("images"));
    run(&recipe, &config, &archive, &output, &store).ok();
    assert_eq!(images_of(&output), 1);
    let retry = |reason: &str| {
        let call = obelisc(["fetch", "retry"]).path(&output).words(["--reason", reason, "--config"]).path(&config);
        call.word("--image-store").path(&store)
    };
    let slow = retry("slow").fails(2);
    assert!(slow.stderr.contains("use one of") && slow.stderr.contains("fetch_timeout"), "{slow}");
    assert!(retry("fetch_timeout").ok().stdout.contains("nothing was asked for"));
    let before = server.asked().len();
    let said = retry("http_status").ok().stdout;
    assert!(said.contains("2 URLs were asked for again, 1 are images now"), "{said}");
    assert_eq!((server.count("/2.png"), server.count("/once-gone.png")), (1, 2));
    assert!(server.asked().len() > before);

    let before = server.asked().len();
    run(&recipe, &config, &archive, &output, &store).word("--force").ok();
    assert_eq!((images_of(&output), server.asked().len()), (2, before));

    // All of the store as tar files, each image once.
    let tars = place.path("tars");
    let export = || obelisc(["fetch", "export", "--image-store"]).path(&store).word("--output").path(&tars);
    let said = export().word("--images-per-shard=1").ok().stdout;
    assert!(said.contains("2 images") && said.contains("in 2 tar files"), "{said}");
    assert!(tars.join("00001.tar").exists() && !tars.join("00002.tar").exists());
    export().fails(3).one_error(["00000.tar"]);
}

#[test]
fn images_of_a_list_are_neither_stored_nor_shown() {
    let (place, server) = (Place::new(), site());
    let (archive, config) = (archive(&place, &server), config(&place, &server));
    let list = place.write("list.txt", sha256(&picture::png(2, 200, 160)) + "\n" + &sha256(&picture::png(1, 200, 160)));
    let recipe = |list: &Path| {
        let digest = sha256(&std::fs::read(list).unwrap());
        place.write("r.toml", format!("{RECIPE}hash_list = \"known\"\n[resources.known]\nsha256 = \"{digest}\"\n"))
    };
    let (output, store) = (place.path("out"), place.path("images"));
    let with_list = |list: &Path| {
        let known = format!("known={}", list.display());
        run(&recipe(list), &config, &archive, &output, &store).words(["--resource", &known])
    };
    with_list(&list).ok();
    // Of the archived one and of that which two pages want nothing is left, and the former's host is not asked.
    assert_eq!(server.count("/archived.png"), 0);
    assert_eq!(images_of(&output), 1);
    let explained = obelisc(["explain"]).path(&output).words(["--url", "https://a.example/1"]).ok();
    assert!(explained.stdout.contains("hash_listed"), "{explained}");
    for segment in std::fs::read_dir(store.join("segments")).unwrap() {
        let bytes = std::fs::read(segment.unwrap().path()).unwrap();
        let holds = |image: &[u8]| bytes.windows(image.len()).any(|window| window == image);
        assert!(!holds(&picture::png(2, 200, 160)) && !holds(&picture::png(1, 200, 160)));
    }
    let wrong = place.write("wrong.txt", "no hash\n");
    with_list(&wrong).fails(2).one_error(["fetch.hash_list", "line 1", "64 or 16 hexadecimal digits"]);
}

#[test]
fn what_the_list_of_a_service_holds_is_not_asked_for_nor_taken_from_an_archive() {
    let place = Place::new();
    let server = Server::start(|asked, _| match &*asked.path {
        "/list" => {
            let answers = String::from_utf8_lossy(&asked.body).into_owned();
            let answers = answers.split('\n').map(|url| {
                let listed = url.ends_with("archived.png") || url.ends_with("4.jpg");
                format!("{{\"url\": \"{url}\", \"optOut\": {listed}, \"optIn\": false}}")
            });
            let answers = answers.collect::<Vec<_>>().join(", ");
            Reply::new("application/json", format!("{{\"urls\": [{answers}]}}"))
        }
        "/2.png" => Reply::new("image/png", picture::png(2, 200, 160)),
        _ => Reply::status(404),
    });
    let archive = archive(&place, &server);
    let text = std::fs::read_to_string(config(&place, &server)).unwrap();
    let config = place.write("config.toml", format!("{text}opt_out_service = \"{}\"\n", server.url("/list")));
    let recipe = place.write("r.toml", RECIPE.to_owned() + "[fetch.opt_outs]\nlist_service = true\n");
    let (output, store) = (place.path("out"), place.path("images"));
    run(&recipe, &config, &archive, &output, &store).env("OBELISC_OPT_OUT_TOKEN", "s3cret").ok();
    assert_eq!((images_of(&output), server.count("/4.jpg"), server.count("/2.png")), (2, 0, 1));
    let explained = obelisc(["explain"]).path(&output).words(["--url", "https://a.example/1"]).ok();
    assert!(explained.stdout.contains("opted_out") && explained.stdout.contains("opt-out service"), "{explained}");
    let questions: Vec<_> = server.asked().into_iter().filter(|asked| asked.path == "/list").collect();
    assert!(questions.iter().all(|asked| asked.headers["authorization"] == "API s3cret"));
    let texts: Vec<String> = questions.iter().map(|asked| String::from_utf8_lossy(&asked.body).into_owned()).collect();
    assert!(texts.iter().all(|text| text.contains('\n')), "a question has more than one line: {texts:?}");
    let manifest = std::fs::read_to_string(output.join("dataset/manifest.json")).unwrap();
    assert!(!manifest.contains("s3cret"));

    // A service that is not there ends the run, which can be gone on with.
    let broken =
        place.write("broken.toml", format!("{text}max_retries = 0\nopt_out_service = \"{}\"\n", server.url("/no")));
    let ended = run(&recipe, &broken, &archive, &place.path("broken"), &place.path("other")).fails(3);
    assert!(ended.stderr.contains("opt-out list of"), "{ended}");
}
