//! Times and memory as configs write them.

use std::fmt;

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    seconds: u64,
}

/// An amount of memory in whole MiB (2²⁰ bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory {
    mib: u64,
}

/// Longest time that is read: what Slurm can write in four digits of days.
const MAX_SECONDS: u64 = 9999 * 86_400;
/// Units of time, the longest first, with their seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// Units of memory with their MiB, as `sbatch --mem` has them.
const MEMORY_UNITS: [(char, u64); 3] = [('M', 1), ('G', 1 << 10), ('T', 1 << 20)];

impl Time {
    /// What is allowed where a time is read.
    pub(crate) const ALLOWED: &'static str = "a time as in \"4h\", \"3h45m\" or \"2d\", or as Slurm writes it";

    /// So many seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// Its seconds.
    pub const fn seconds(self) -> u64 {
        self.seconds
    }

    /// Reads `3h45m`, or one of Slurm's own forms: `MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, `DAYS-HOURS`,
    /// `DAYS-HOURS:MINUTES`, `DAYS-HOURS:MINUTES:SECONDS` (`sbatch(1)`, `--time`).
    pub fn parse(text: &str) -> Option<Self> {
        let seconds = if text.ends_with(UNITS.map(|(unit, _)| unit)) { with_units(text) } else { of_slurm(text) };
        seconds.filter(|seconds| (1..=MAX_SECONDS).contains(seconds)).map(Self::from_seconds)
    }

    /// What is left when `other` is taken away.
    pub fn less(self, other: Self) -> Option<Self> {
        self.seconds.checked_sub(other.seconds).filter(|&seconds| seconds > 0).map(Self::from_seconds)
    }

    /// As Slurm writes it: `4:00:00`, `2-12:00:00`.
    pub fn to_slurm(self) -> String {
        let (days, rest) = (self.seconds / 86_400, self.seconds % 86_400);
        let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
        match days {
            0 => format!("{hours}:{minutes:02}:{seconds:02}"),
            _ => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
        }
    }
}

/// As `obelisc work --until` reads it: `3h45m`, hours being the longest unit.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.seconds;
        for (unit, seconds) in &UNITS[1..] {
            if rest >= *seconds {
                write!(f, "{}{unit}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Numbers with units, each unit once, the longest first.
fn with_units(text: &str) -> Option<u64> {
    let (mut rest, mut seconds, mut units) = (text, 0, UNITS.iter());
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest[end..].chars().next()?;
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        seconds += number(&rest[..end])? * length;
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(seconds)
}

fn of_slurm(text: &str) -> Option<u64> {
    let (days, clock) = text.split_once('-').map_or((None, text), |(days, clock)| (Some(days), clock));
    let parts: Vec<u64> = clock.split(':').map(number).collect::<Option<_>>()?;
    let clock = match (days, &parts[..]) {
        (None, [minutes]) => minutes * 60,
        (None, [minutes, seconds]) => minutes * 60 + seconds,
        (Some(_), [hours]) => hours * 3_600,
        (Some(_), [hours, minutes]) => hours * 3_600 + minutes * 60,
        (_, [hours, minutes, seconds]) => hours * 3_600 + minutes * 60 + seconds,
        _ => return None,
    };
    Some(days.map_or(Some(0), number)? * 86_400 + clock)
}

impl Memory {
    /// What is allowed where memory is read.
    pub(crate) const ALLOWED: &'static str = "memory as in \"8G\" or \"512M\", which are GiB and MiB";

    /// So many MiB.
    pub const fn from_mib(mib: u64) -> Self {
        Self { mib }
    }

    /// Its MiB.
    pub const fn mib(self) -> u64 {
        self.mib
    }

    /// Reads `512M`, `8G`, `1T`, up to a PiB.
    pub fn parse(text: &str) -> Option<Self> {
        let (unit, mib) = MEMORY_UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
        let mib = number(text.strip_suffix(*unit)?)? * mib;
        (1..=1 << 30).contains(&mib).then_some(Self { mib })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_our_words_and_in_slurm_s() {
        let cases = [
            ("4h", 14_400),
            ("3h45m", 13_500),
            ("2d12h", 216_000),
            ("90s", 90),
            ("240", 14_400),
            ("30:15", 1_815),
            ("04:00:00", 14_400),
            ("1-6", 108_000),
            ("1-06:30", 109_800),
            ("1-06:30:05", 109_805),
        ];
        for (text, seconds) in cases {
            assert_eq!(Time::parse(text), Some(Time::from_seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "0",
            "0h",
            "h",
            "4 h",
            "4h4h",
            "3m4h",
            "4h30",
            "-4h",
            "1-2-3",
            "1:2:3:4",
            "unlimited",
            "9999999999h",
            "４h",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_written_for_slurm_and_for_a_worker() {
        let told = |text: &str| Time::parse(text).map(|time| (time.to_slurm(), time.to_string())).unwrap();
        assert_eq!(told("3h45m"), ("3:45:00".to_owned(), "3h45m".to_owned()));
        assert_eq!(told("2d12h"), ("2-12:00:00".to_owned(), "60h".to_owned()));
        assert_eq!(told("90s"), ("0:01:30".to_owned(), "1m30s".to_owned()));
    }

    #[test]
    fn memory_is_read_with_its_unit_alone() {
        assert_eq!(Memory::parse("8G"), Some(Memory::from_mib(8_192)));
        assert_eq!(Memory::parse("512M"), Some(Memory::from_mib(512)));
        for text in ["", "8", "8GB", "8g", "0G", "1.5G", "-1G", "G"] {
            assert_eq!(Memory::parse(text), None, "{text}");
        }
    }
}
