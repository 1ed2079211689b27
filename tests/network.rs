//! Images over the network: fetched from a server on loopback, as a recipe and a config say.

use std::path::{Path, PathBuf};

use obelisc_testkit::server::{Reply, Server};
use obelisc_testkit::{ArchiveBuilder, Compression, HttpResponse, picture};

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
    let asked = of("download", "asked_urls");
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
