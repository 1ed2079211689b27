//! Pages that could cost more than their bytes: the time of one size, of twice and of four times that.

use anyhow::{Result, ensure};
use clap::Args;
use obelisc_extract::{Extractor, Input, Limits, Profile};
use serde_json::json;

use super::cpu_time;

/// How often, how slow.
#[derive(Args, Debug)]
pub(crate) struct Linear {
    /// Runs; the shortest counts: what else the machine does can only add
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Fail if four times the page takes more than so many times as long; in the square of its size it would be 16
    #[arg(long, default_value_t = 8.0)]
    max_ratio: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A page of about that many bytes.
type Page = fn(usize) -> String;

/// Bytes of the smallest page of each shape.
const SIZE: usize = 1 << 20;

const SHAPES: [(&str, Page); 14] = [
    ("deep nesting", |size| format!("{}a{}", "<div>".repeat(200), "</div>".repeat(200)).repeat(size / 2_200)),
    ("deep inline nesting", |size| format!("<p>{}a{}", "<b><i>".repeat(60), "</i></b>".repeat(60)).repeat(size / 850)),
    ("wide table", |size| format!("<table>{}", "<tr><td>a<td>b".repeat(size / 28))),
    ("table in tables", |size| {
        format!("{}{}", "<table><tr><td>a".repeat(50), "</table>".repeat(50)).repeat(size / 1_200)
    }),
    ("endless attributes", |size| format!("<p{}>a", (0..size / 10).map(|k| format!(" a{k}=b")).collect::<String>())),
    ("one attribute", |size| format!("<p title='{}'>a", "b ".repeat(size / 2))),
    ("unclosed paragraphs", |size| "<p>a".repeat(size / 10)),
    ("unclosed items", |size| format!("<ul>{}", "<li>a<li><b>c".repeat(size / 60))),
    ("unclosed formatting", |size| "<p><font color=red>a".repeat(size / 20)),
    ("unclosed comments", |size| "<!-- a <".repeat(size / 8)),
    ("escaped scripts", |size| "<script><!--<script>a</script".repeat(size / 29)),
    ("lone signs", |size| "< & </ <! &a".repeat(size / 12)),
    ("NUL", |size| "a\0".repeat(size / 2)),
    ("references", |size| "&amp;&#65;&notit;&zz".repeat(size / 19)),
];

/// Measures; says whether every shape costs what its bytes cost.
pub(super) fn run(options: &Linear) -> Result<bool> {
    let extractor = Extractor::new(Profile::named("default")?, Limits::default());
    let mut all_linear = true;
    let mut rows = Vec::new();
    if !options.json {
        println!("one thread, shortest of {} runs, milliseconds of CPU time", options.runs);
        println!("{:<22} {:>8} {:>8} {:>8} {:>6}  result", "page", "1 MiB", "2 MiB", "4 MiB", "ratio");
    }
    for (name, page) in SHAPES {
        let mut times = Vec::new();
        let mut result = String::new();
        for factor in [1, 2, 4] {
            let body = page(SIZE * factor);
            let input = Input {
                body: body.as_bytes(),
                url: "https://linear.example/",
                http_content_type: Some("text/html; charset=utf-8"),
                ..Input::default()
            };
            let mut shortest = f64::INFINITY;
            for _ in 0..options.runs {
                let started = cpu_time();
                let document = extractor.extract(&input);
                shortest = shortest.min((cpu_time() - started).as_secs_f64() * 1e3);
                result = document.map_or_else(
                    |failure| failure.reason.to_string(),
                    |document| format!("{} nodes", document.nodes.len()),
                );
            }
            times.push(shortest);
        }
        let [one, two, four] = times[..] else { continue };
        ensure!(one > 0.0, "{name} takes no time");
        // Where the page is refused, it costs the same whatever its size.
        let ratio = four / one;
        all_linear &= ratio <= options.max_ratio;
        if options.json {
            rows.push(json!({"page": name, "ms": times, "ratio": ratio, "result": result}));
        } else {
            println!("{name:<22} {one:>8.1} {two:>8.1} {four:>8.1} {ratio:>6.1}  {result}");
        }
    }
    if options.json {
        println!("{:#}", json!({"bench": "linear", "runs": options.runs, "pages": rows, "linear": all_linear}));
    }
    Ok(all_linear)
}
