//! Dates of records, without a clock.

/// Seconds since 1970-01-01T00:00:00Z. Leap seconds do not exist, as in POSIX time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Where every builder starts: 2024-03-20T09:00:00Z.
    pub const START: Self = Self(1_710_925_200);

    /// This moment and `seconds` more.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0 + seconds)
    }

    /// As WARC writes it (W3C profile of ISO 8601): `2024-03-20T09:00:00Z`.
    #[must_use]
    pub fn iso(self) -> String {
        let [year, month, day, hour, minute, second] = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// As ARC writes it: fourteen digits, `20240320090000`.
    #[must_use]
    pub fn digits(self) -> String {
        let [year, month, day, hour, minute, second] = self.parts();
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }

    /// Year, month, day, hour, minute, second of the proleptic Gregorian calendar.
    fn parts(self) -> [u64; 6] {
        let (mut days, rest) = (self.0 / 86_400, self.0 % 86_400);
        let mut year = 1970;
        while days >= days_in_year(year) {
            days -= days_in_year(year);
            year += 1;
        }
        let february = days_in_year(year) - 337;
        let mut month = 1;
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        [year, month, days + 1, rest / 3600, rest / 60 % 60, rest % 60]
    }
}

fn days_in_year(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_a_spring_morning() {
        assert_eq!(Timestamp::START.iso(), "2024-03-20T09:00:00Z");
        assert_eq!(Timestamp::START.digits(), "20240320090000");
    }

    #[test]
    fn leap_days_and_year_ends_are_where_the_calendar_has_them() {
        assert_eq!(Timestamp(951_782_400).iso(), "2000-02-29T00:00:00Z");
        assert_eq!(Timestamp(4_107_542_400).iso(), "2100-03-01T00:00:00Z");
        assert_eq!(Timestamp(1_704_067_199).iso(), "2023-12-31T23:59:59Z");
    }
}
