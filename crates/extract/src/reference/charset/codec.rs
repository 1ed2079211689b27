//! The codecs that the reference's language has for names on the web, strict ones, built on those of the Encoding Standard.
//!
//! Where both differ, a codec says how: what ISO 8859 leaves to control characters, what Windows leaves free, pairs that only
//! a later standard has, and single characters.  (Compared byte by byte with CPython 3.10; pairs of two standards' private
//! rows are not told apart, and neither are those of Big5.)

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15, ISO_8859_16, KOI8_R,
    KOI8_U, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258, X_MAC_CYRILLIC,
};

use self::Difference::{Ascii, Controls, Free, NewPairs, Other, Same};

/// How a codec differs from its encoding in the Standard.
#[derive(Clone, Copy, Debug)]
enum Difference {
    Same,
    /// Bytes from 0x80 on are errors.
    Ascii,
    /// 0x80 to 0x9F are control characters.
    Controls,
    /// Bytes that the Standard takes for control characters are errors.
    Free,
    /// Pairs with a byte below 0xA1 are errors; and some characters are others.
    NewPairs(&'static [(char, char)]),
    /// Some characters are others.
    Other(&'static [(char, char)]),
}

/// A strict decoder.
#[derive(Debug)]
pub(super) struct Codec {
    /// Name of the charset, as the Encoding Standard spells those that it has.
    pub(super) name: &'static str,
    encoding: &'static Encoding,
    difference: Difference,
    /// Names and aliases, as [`normalised`] leaves them.
    names: &'static [&'static str],
}

impl Codec {
    /// The codec of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let find = |name: &str| {
            let name = normalised(name);
            CODECS.iter().find(|codec| codec.names.contains(&name.as_str()))
        };
        find(name).or_else(|| find(&name.replace('-', "")))
    }

    /// Decodes bytes without byte order mark; `None` where one of them is an error.
    pub(super) fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        let decode = || self.encoding.decode_without_bom_handling_and_without_replacement(bytes);
        match self.difference {
            Same => decode(),
            Ascii => decode().filter(|_| bytes.is_ascii()),
            Controls => self.with_controls(bytes),
            Free => decode().filter(|text| !text.contains(|c| matches!(c, '\u{80}'..='\u{9f}'))),
            NewPairs(others) => decode().filter(|_| is_old_pairs(bytes)).map(|text| with_others(text, others)),
            Other(others) => decode().map(|text| with_others(text, others)),
        }
    }

    fn with_controls<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        let mut text = String::with_capacity(bytes.len());
        let is_control = |byte: &u8| matches!(byte, 0x80..=0x9f);
        for run in bytes.chunk_by(|a, b| is_control(a) == is_control(b)) {
            if run.first().is_some_and(is_control) {
                text.extend(run.iter().copied().map(char::from));
            } else {
                text.push_str(&self.encoding.decode_without_bom_handling_and_without_replacement(run)?);
            }
        }
        Some(Cow::Owned(text))
    }
}

/// Whether all pairs have both bytes above 0xA0.
fn is_old_pairs(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(&byte) = bytes.next() {
        if byte >= 0x80 && (byte < 0xa1 || bytes.next().is_none_or(|&byte| byte < 0xa1)) {
            return false;
        }
    }
    true
}

fn with_others<'a>(text: Cow<'a, str>, others: &[(char, char)]) -> Cow<'a, str> {
    let other = |c: char| others.iter().find(|(standard, _)| *standard == c).map(|(_, other)| *other);
    if text.chars().any(|c| other(c).is_some()) {
        Cow::Owned(text.chars().map(|c| other(c).unwrap_or(c)).collect())
    } else {
        text
    }
}

/// Lower case, and one underscore for each run of characters that are neither letters, digits nor full stops; none at the ends.
fn normalised(name: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '.';
    let words = name.split(|c| !is_word(c)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

const KOI8_U_OTHERS: &[(char, char)] = &[('ў', '╝'), ('Ў', '╬')];
const GB2312_OTHERS: &[(char, char)] = &[('·', '・'), ('—', '―')];
const JIS_OTHERS: &[(char, char)] = &[('～', '〜'), ('∥', '‖'), ('－', '−'), ('￠', '¢'), ('￡', '£'), ('￢', '¬')];

macro_rules! codecs {
    ($($name:literal $encoding:ident $difference:expr, $($alias:literal)+;)+) => {
        const CODECS: &[Codec] = &[$(
            Codec { name: $name, encoding: $encoding, difference: $difference, names: &[$($alias),+] },
        )+];
    };
}

codecs! {
    "UTF-8" UTF_8 Same, "utf_8" "utf8" "u8" "utf" "cp65001" "utf8_ucs2" "utf8_ucs4" "utf_8_sig";
    "US-ASCII" UTF_8 Ascii, "ascii" "us_ascii" "646" "ansi_x3.4_1968" "ansi_x3_4_1968" "ansi_x3.4_1986" "cp367" "csascii" "ibm367"
        "iso646_us" "iso_646.irv_1991" "iso_ir_6" "us";
    "ISO-8859-1" WINDOWS_1252 Controls, "iso_8859_1" "iso8859_1" "latin_1" "latin1" "8859" "cp819" "csisolatin1" "ibm819" "iso8859"
        "iso_8859_1_1987" "iso_ir_100" "l1" "latin";
    "windows-1252" WINDOWS_1252 Free, "windows_1252" "cp1252" "1252";
    "UTF-16LE" UTF_16LE Same, "utf_16" "utf16" "u16" "utf_16_le" "utf_16le" "unicodelittleunmarked";
    "UTF-16BE" UTF_16BE Same, "utf_16_be" "utf_16be" "unicodebigunmarked";
    "ISO-8859-2" ISO_8859_2 Same, "iso_8859_2" "iso8859_2" "csisolatin2" "iso_8859_2_1987" "iso_ir_101" "l2" "latin2";
    "ISO-8859-3" ISO_8859_3 Same, "iso_8859_3" "iso8859_3" "csisolatin3" "iso_8859_3_1988" "iso_ir_109" "l3" "latin3";
    "ISO-8859-4" ISO_8859_4 Same, "iso_8859_4" "iso8859_4" "csisolatin4" "iso_8859_4_1988" "iso_ir_110" "l4" "latin4";
    "ISO-8859-5" ISO_8859_5 Same, "iso_8859_5" "iso8859_5" "csisolatincyrillic" "cyrillic" "iso_8859_5_1988" "iso_ir_144";
    "ISO-8859-6" ISO_8859_6 Same, "iso_8859_6" "iso8859_6" "arabic" "asmo_708" "csisolatinarabic" "ecma_114" "iso_8859_6_1987"
        "iso_ir_127";
    "ISO-8859-7" ISO_8859_7 Same, "iso_8859_7" "iso8859_7" "csisolatingreek" "ecma_118" "elot_928" "greek" "greek8"
        "iso_8859_7_1987" "iso_ir_126";
    "ISO-8859-8" ISO_8859_8 Same, "iso_8859_8" "iso8859_8" "csisolatinhebrew" "hebrew" "iso_8859_8_1988" "iso_ir_138";
    "ISO-8859-9" WINDOWS_1254 Controls, "iso_8859_9" "iso8859_9" "csisolatin5" "iso_8859_9_1989" "iso_ir_148" "l5" "latin5";
    "ISO-8859-10" ISO_8859_10 Same, "iso_8859_10" "iso8859_10" "csisolatin6" "iso_8859_10_1992" "iso_ir_157" "l6" "latin6";
    "ISO-8859-11" WINDOWS_874 Controls, "iso_8859_11" "iso8859_11" "iso_8859_11_2001" "thai" "tis_620" "tis620" "tis_620_0"
        "tis_620_2529_0" "tis_620_2529_1" "iso_ir_166";
    "ISO-8859-13" ISO_8859_13 Same, "iso_8859_13" "iso8859_13" "l7" "latin7";
    "ISO-8859-14" ISO_8859_14 Same, "iso_8859_14" "iso8859_14" "iso_8859_14_1998" "iso_celtic" "iso_ir_199" "l8" "latin8";
    "ISO-8859-15" ISO_8859_15 Same, "iso_8859_15" "iso8859_15" "l9" "latin9";
    "ISO-8859-16" ISO_8859_16 Same, "iso_8859_16" "iso8859_16" "iso_8859_16_2001" "iso_ir_226" "l10" "latin10";
    "windows-874" WINDOWS_874 Free, "cp874";
    "windows-1250" WINDOWS_1250 Free, "windows_1250" "cp1250" "1250";
    "windows-1251" WINDOWS_1251 Free, "windows_1251" "cp1251" "1251";
    "windows-1253" WINDOWS_1253 Free, "windows_1253" "cp1253" "1253";
    "windows-1254" WINDOWS_1254 Free, "windows_1254" "cp1254" "1254";
    "windows-1255" WINDOWS_1255 Free, "windows_1255" "cp1255" "1255";
    "windows-1256" WINDOWS_1256 Same, "windows_1256" "cp1256" "1256";
    "windows-1257" WINDOWS_1257 Free, "windows_1257" "cp1257" "1257";
    "windows-1258" WINDOWS_1258 Free, "windows_1258" "cp1258" "1258";
    "KOI8-R" KOI8_R Same, "koi8_r" "cskoi8r";
    "KOI8-U" KOI8_U Other(KOI8_U_OTHERS), "koi8_u";
    "IBM866" IBM866 Same, "cp866" "866" "csibm866" "ibm866";
    "macintosh" MACINTOSH Same, "macintosh" "mac_roman" "macroman";
    "x-mac-cyrillic" X_MAC_CYRILLIC Same, "mac_cyrillic" "maccyrillic";
    "GBK" GBK Same, "gbk" "936" "cp936" "ms936";
    "GBK" GBK NewPairs(GB2312_OTHERS), "gb2312" "chinese" "csiso58gb231280" "euc_cn" "euccn" "eucgb2312_cn" "gb2312_1980" "gb2312_80"
        "iso_ir_58" "x_mac_simp_chinese";
    "gb18030" GB18030 Same, "gb18030" "gb18030_2000";
    "Big5" BIG5 Same, "big5" "big5_tw" "csbig5" "x_mac_trad_chinese" "big5hkscs" "big5_hkscs" "hkscs" "cp950" "950" "ms950";
    "Shift_JIS" SHIFT_JIS Other(JIS_OTHERS), "shift_jis" "csshiftjis" "s_jis" "shiftjis" "sjis" "x_mac_japanese" "x_sjis";
    "Shift_JIS" SHIFT_JIS Same, "cp932" "932" "ms932" "mskanji" "ms_kanji";
    "EUC-JP" EUC_JP Other(JIS_OTHERS), "euc_jp" "eucjp" "u_jis" "ujis";
    "ISO-2022-JP" ISO_2022_JP Same, "iso2022_jp" "csiso2022jp" "iso2022jp" "iso_2022_jp";
    "EUC-KR" EUC_KR NewPairs(&[]), "euc_kr" "euckr" "korean" "ksc5601" "ks_c_5601" "ks_c_5601_1987" "ksx1001" "ks_x_1001"
        "x_mac_korean";
    "EUC-KR" EUC_KR Same, "cp949" "949" "ms949" "uhc";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(name: &str, bytes: &[u8]) -> String {
        Codec::named(name).and_then(|codec| codec.decode(bytes)).map_or_else(|| "none".to_owned(), Cow::into_owned)
    }

    #[test]
    fn names_are_found_however_they_are_spelled() {
        for name in ["UTF-8", "utf8", " Utf_8\n", "u-t-f-8"] {
            assert_eq!(Codec::named(name).unwrap().name, "UTF-8", "{name}");
        }
        assert_eq!(Codec::named("Windows-1252").unwrap().name, "windows-1252");
        assert_eq!(Codec::named("x-sjis").unwrap().name, "Shift_JIS");
        assert!(["", "windows-874", "none", "iso-8859-8-i"].iter().all(|name| Codec::named(name).is_none()));
    }

    #[test]
    fn strict_codecs_refuse_what_they_do_not_define() {
        assert_eq!(decode("latin-1", b"caf\xe9\x93"), "café\u{93}");
        assert_eq!(decode("windows-1252", b"\x93\xe9"), "“é");
        assert_eq!(decode("windows-1252", b"\x81"), "none");
        assert_eq!(decode("ascii", b"\xe9"), "none");
        assert_eq!(decode("iso-8859-9", b"\xf0\x80"), "ğ\u{80}");
        assert_eq!(decode("utf-16", b"a\0b"), "none");
    }

    #[test]
    fn east_asian_characters_are_those_of_the_older_standards() {
        assert_eq!(decode("gb2312", b"\xa1\xa4\xb0\xa1"), "・啊");
        assert_eq!(decode("gbk", b"\xa1\xa4\x81\x40"), "·丂");
        assert_eq!(decode("gb2312", b"\x81\x40"), "none");
        assert_eq!(decode("euc-kr", b"\xb0\xa1"), "가");
        assert_eq!(decode("euc-kr", b"\x81\x41"), "none");
        assert_eq!(decode("shift_jis", b"\x81\x60"), "〜");
        assert_eq!(decode("cp932", b"\x81\x60"), "～");
    }
}
