//! Measurements as lines of text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Measured, Part, WHO};

/// One measurement.
pub(super) fn json(measured: &Measured) -> Value {
    json!({"who": measured.who, "rows": measured.rows, "threads": measured.threads, "seconds": measured.seconds,
        "cpu_seconds": measured.cpu_seconds, "peak_mib": mib(measured.peak_bytes),
        "spilled_mib": mib(measured.spilled_bytes), "found": measured.found})
}

/// All measurements of a part: by threads, by who, by size.  `growth` is how many times as long twice the rows take,
/// beside n log n.
pub(super) fn text(part: Part, memory_mib: u64, runs: u32, all: &[Measured]) -> String {
    let mut text = format!("\n{part}, at most {memory_mib} MiB, median of {runs} runs");
    let mut threads: Vec<usize> = all.iter().map(|measured| measured.threads).collect();
    threads.dedup();
    threads.sort_unstable();
    threads.dedup();
    for threads in threads {
        let _ = write!(
            text,
            "\n{:<10} {:>10} {:>8} {:>11} {:>7} {:>8} {:>8} {:>9} {:>12} {:>10}\n",
            format!("{threads} threads"),
            "rows",
            "s",
            "rows/s",
            "growth",
            "n log n",
            "CPU s",
            "peak MiB",
            "spilled MiB",
            "ours/its s"
        );
        for who in WHO {
            let of = |who: &str| {
                let rows = all.iter().filter(move |measured| measured.threads == threads && measured.who == who);
                rows.collect::<Vec<_>>()
            };
            let (rows, ours) = (of(who), of(WHO[0]));
            for (place, measured) in rows.iter().enumerate() {
                let before = place.checked_sub(1).and_then(|before| rows.get(before));
                let same = ours.iter().find(|ours| ours.rows == measured.rows && who != WHO[0]);
                let ratio = same.map(|ours| format!("{:.2}", ours.seconds / measured.seconds));
                text += &line(measured, before.copied());
                let _ = writeln!(text, " {:>10}", ratio.unwrap_or_default());
            }
        }
    }
    text
}

fn line(measured: &Measured, before: Option<&Measured>) -> String {
    let Measured { who, rows, seconds, cpu_seconds, peak_bytes, spilled_bytes, .. } = measured;
    let n_log_n = |rows: u64| rows as f64 * (rows as f64).log2();
    let growth = before.map(|before| format!("{:.2}", seconds / before.seconds)).unwrap_or_default();
    let bound = before.map(|before| format!("{:.2}", n_log_n(*rows) / n_log_n(before.rows))).unwrap_or_default();
    format!(
        "{who:<10} {rows:>10} {seconds:>8.2} {:>11.0} {growth:>7} {bound:>8} {cpu_seconds:>8.2} {:>9.0} {:>12.0}",
        *rows as f64 / seconds,
        mib(*peak_bytes),
        mib(*spilled_bytes),
    )
}

/// Bytes in MiB.
pub(in crate::bench) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_and_ratios_are_of_the_same_run() {
        let measured = |who, rows, seconds| Measured {
            who,
            rows,
            threads: 1,
            seconds,
            cpu_seconds: seconds,
            peak_bytes: 3 << 20,
            spilled_bytes: 0,
            found: Value::Null,
        };
        let all =
            [measured("obelisc", 1 << 20, 1.0), measured("duckdb", 1 << 20, 4.0), measured("obelisc", 1 << 21, 2.5)];
        let shown = text(Part::Pages, 2048, 1, &all);
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[4][..6], ["obelisc", "2097152", "2.50", "838861", "2.50", "2.10"]);
        assert_eq!((lines[5][0], lines[5].last()), ("duckdb", Some(&"0.25")));
    }
}
