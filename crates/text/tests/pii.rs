//! What the finders of personal information find and what they leave: a table for each.  Addresses are reserved ones, keys are made up.

use obelisc_text::pii::{emails, ip_addresses, keys, users};
use obelisc_text::spans::{Span, apply};

/// `[…]` stands around what is found.
fn check(find: fn(&str) -> Vec<Span>, tag: &str, rows: &[&str]) {
    for row in rows {
        let text = row.replace(['⟦', '⟧'], "");
        let marked =
            row.split('⟦').map(|part| part.split_once('⟧').map_or(part.to_owned(), |(_, rest)| format!("{tag}{rest}")));
        assert_eq!(apply(&text, &find(&text)), marked.collect::<String>(), "{row}");
    }
}

#[test]
fn email_addresses_are_found() {
    check(
        emails,
        "PI:EMAIL",
        &[
            "⟦alice@site.example⟧",
            "Write to ⟦alice.b-c+news@mail.site.example⟧.",
            "<⟦alice_b@site.example⟧>, (⟦b@site.example⟧); \"⟦c@site.example⟧\"",
            "mailto:⟦alice@site.example⟧?subject=x",
            "邮箱：⟦alice@site.example⟧。请写信到⟦bob@site.example⟧吧",
            "メールは⟦alice@site.example⟧まで、⟦bob@example.org⟧です",
            "ติดต่อ⟦alice@site.example⟧ได้",
            "이메일은 ⟦alice@site.example⟧로 보내세요",
            "راسلنا على ⟦alice@site.example⟧، شكرا",
            "⟦müller@bücher.example⟧ ⟦иван@пример.испытание⟧",
            "⟦12345@163.example⟧ ⟦a@mail.163.example⟧",
            "⟦a@xn--bcher-kva.example⟧ ⟦a@xn--0zwm56d.xn--g6w251d⟧",
            "https://alice:⟦secret@site.example⟧/path",
            "⟦ALICE@SITE.EXAMPLE⟧\0⟦b@site.example⟧",
            "⟦a@site.example⟧-team and ⟦b@site.example⟧—or me...⟦c@site.example⟧...",
            "⟦a@example.org⟧,⟦b@example.org⟧;⟦c@example.org⟧",
        ],
    );
}

#[test]
fn what_looks_like_an_email_address_is_left() {
    let long = format!("{}@site.example", "a".repeat(65));
    let deep = format!("a@{}example", "label.".repeat(50));
    check(
        emails,
        "PI:EMAIL",
        &[
            "me@localhost and you @ home",
            "root@192.0.2.1",
            "react@18.2.0, tool@1.2.3-beta.rc",
            "logo@2x.png icon@3x.webp",
            "@alice and @bob@social.example",
            "alice (at) site.example, alice%40site.example",
            "a@b.c",
            "@",
            "a@",
            "@site.example",
            "a@.example a@-site.example",
            "...@site.example --@site.example",
            "a@site..example",
            "a@b@c",
            "a@site,example",
            &long,
            &deep,
        ],
    );
}

#[test]
fn names_of_users_are_found() {
    check(
        users,
        "PI:USER",
        &[
            "⟦@alice⟧",
            "Thanks ⟦@alice_b⟧, ⟦@Bob.C⟧ and ⟦@carol-d⟧!",
            "RT ⟦@alice⟧: hello (⟦@bob⟧)",
            "⟦@alice@social.example⟧ wrote",
            "https://social.example/⟦@alice⟧/1234 and social.example/⟦@bob⟧",
            "⟦@alice⟧'s dog, \"⟦@bob⟧\" — ⟦@carol⟧…",
            "请关注⟦@alice⟧吧，还有⟦@bob_c⟧。",
            "转发 ⟦@张三丰⟧：好 ⟦@日本語ユーザー⟧",
            "تابع ⟦@مستخدم⟧ و⟦@alice⟧",
            "⟦@हिन्दी_नाम⟧ ⟦@иванов⟧ ⟦@ëlise⟧",
            "Hi.⟦@alice⟧.⟦@bob⟧",
            "⟦@9people⟧ ⟦@50cents⟧ ⟦@a1b⟧",
            "⟦@alice.site.example⟧ is a name too",
            "-⟦@alice⟧\0⟦@bob⟧\n⟦@carol⟧",
            "⟦@pages⟧ ⟦@importer⟧",
            "#⟦@alice⟧ a",
        ],
    );
}

#[test]
fn what_looks_like_the_name_of_a_user_is_left() {
    let long = format!("@{}", "a".repeat(65));
    check(
        users,
        "PI:USER",
        &[
            "alice@site.example",
            "me@home",
            "meet @ noon, @10am or @8:30",
            "logo @2x, video @1080p @60fps @2.4GHz",
            "@media screen { } @import url(x) @font-face",
            "@param name @return value @Override",
            "@app.route(\"/\") @cached()",
            "@scope/name",
            "@ab @a @",
            "@@",
            "a@b@c",
            "@2021",
            "5@10 each",
            "@-- @.. @!?",
            "é@alice",
            "@keyframes{",
            &long,
        ],
    );
}

#[test]
fn ip_addresses_are_found() {
    check(
        ip_addresses,
        "PI:IP_ADDRESS",
        &[
            "⟦192.0.2.1⟧",
            "from ⟦192.0.2.1⟧:8080 to ⟦198.51.100.255⟧, then ⟦203.0.113.7⟧.",
            "http://⟦192.0.2.1⟧/index.html",
            "⟦192.0.2.0⟧/24 and ⟦192.0.2.1⟧-⟦192.0.2.9⟧",
            "root@⟦192.0.2.1⟧ (⟦192.0.2.2⟧)",
            "地址是⟦192.0.2.1⟧。另一个是⟦2001:db8::1⟧，",
            "アドレスは⟦192.0.2.1⟧です",
            "⟦2001:db8::1⟧",
            "⟦2001:db8:0:1:2:3:4:5⟧ ⟦2001:0DB8:0000:0000:0000:FF00:0042:8329⟧",
            "[⟦2001:db8::1⟧]:443, IP:⟦2001:db8::⟧: unreachable",
            "⟦fe80::1%eth0⟧ ⟦fe80::a1⟧",
            "⟦::1⟧ ⟦::ffff:192.0.2.1⟧ ⟦64:ff9b::192.0.2.1⟧",
            "IP:⟦192.0.2.1⟧ ip=⟦10.0.0.1⟧",
            "the server: ⟦192.0.2.1⟧...⟦192.0.2.2⟧",
            "\0⟦192.0.2.1⟧\0⟦127.0.0.1⟧",
            "the hosts ⟦10.2.3.4⟧ and ⟦8.8.8.18⟧",
            "⟦10.0.0.12⟧\n⟦10.0.0.13⟧ - - [04/Mar/2021]\n⟦10.0.0.14⟧:80",
            "⟦203.0.113.7⟧ - - [04/Mar/2021:10:20:30 +0000]",
        ],
    );
}

#[test]
fn what_looks_like_an_ip_address_is_left() {
    check(
        ip_addresses,
        "PI:IP_ADDRESS",
        &[
            ":: and :::",
            "2021.03.04.10 04.03.2021 31.12.2021.",
            "v1.2.3.4 V10.0.0.1 version 1.2.3.4 Ver. 10.20.30.40 (version: 10.0.0.2)",
            "Reader/1.2.3.4 lib-1.2.3.4-beta 1.2.3.4-rc1",
            "版本1.2.3.4 версия 1.2.3.4 versión 1.2.3.4 §1.2.3.4",
            "1.2.3.4 A heading\n  15.4.1.2. Another, see 1.2.3.5 and 6.3.4.6",
            "Section 2.10.3.4",
            "1.2.3 1.2.3.4.5 256.1.1.1 1.2.3.999",
            "std::cout << a::b; foo::1234",
            "a::before { } p::after dead::beef",
            "c3::d4 12::30",
            "00:1a:2b:3c:4d:5e 00-1A-2B-3C-4D-5E 00:11:22:33:44:55:66:77",
            "12:30:45 2021-03-04T10:20:30 10:20",
            "1:2 3:4:5 2021:03:04:10:20:30",
            "2001:db8::12345 2001:db8:::1 1::2::3",
            "x192.0.2.1 192.0.2.1x é192.0.2.1 4.3.2.1.in-addr.arpa",
            "... . : 1. 1: .1 :1",
            "91.0.4472.124",
            "01.02.03.04",
        ],
    );
}

#[test]
fn keys_are_found() {
    let capitals = format!("id ⟦{}{}⟧.", "AKIA", "MADE0UP1KEY2HERE");
    let hub = format!("token=⟦{}{}⟧", "ghp_", "n0tA1real2Key3".repeat(3));
    let chat = format!("⟦{}{}⟧", "xoxb-", "1234567890-n0tARealKey1n0tARealKey");
    let ai = format!("(⟦{}{}⟧)", "sk-", "n0tA1real2Key3n0tA1real2Key3n0tA1real2");
    let label = "PRIVATE KEY-----";
    let pem = format!("a\n⟦-----BEGIN RSA {label}\nAbC1\nDe==\n-----END RSA {label}⟧\nb");
    let signed = format!("Bearer ⟦{0}.{0}.n0tA-real_signature⟧, then", "eyJuMHRyZWFsMQn0t");
    check(
        keys,
        "PI:KEY",
        &[
            "⟦5f4dcc3b5aa765d61d8327deb882cf99⟧",
            "key: \"⟦DA39A3EE5E6B4B0D3255BFEF95601890AFD80709⟧\", next",
            "api_key=⟦q7Xz2Kp9Rm4Tv8Wb3Nd6⟧&x=1",
            "密钥是⟦q7Xz2Kp9Rm4Tv8Wb3Nd6⟧。",
            "鍵は⟦q7Xz2Kp9Rm4Tv8Wb3Nd6⟧です",
            "⟦a1b2c3d4e5f6g7h8i9j0k1l2⟧",
            "⟦q7Xz2Kp9Rm4Tv8Wb3Nd6==⟧ and --⟦q7Xz2Kp9Rm4Tv8Wb3Nd6⟧--",
            "⟦q7Xz2Kp9-Rm4Tv8Wb3Nd6x5_Y⟧",
            "⟦wJ4rX9/tN2+bQ7zL5mK8/vC3hF6pD1/sG0yA2Te7⟧",
            "⟦A1B2C-D3E4F-G5H6I-J7K8L-M9N0P⟧",
            "⟦A1B2-C3D4-E5F6-G7H8⟧\0x",
            &capitals,
            &hub,
            &chat,
            &ai,
            &pem,
            &signed,
        ],
    );
}

#[test]
fn what_looks_like_a_key_is_left() {
    let data = "q7Xz2Kp9Rm4Tv8Wb3Nd6".repeat(11);
    check(
        keys,
        "PI:KEY",
        &[
            "a word, another-hyphenated-word-of-some-length",
            "iPhone12ProMaxSiliconeCase2020Review",
            "covid-19-vaccines-what-to-know-in-2021-and-2022",
            "windows10home64bit2020edition",
            "12345678901234567890123456789012",
            "123e4567-e89b-12d3-a456-426614174000",
            "#q7Xz2Kp9Rm4Tv8Wb3Nd6",
            "q7Xz2Kp9Rm4Tv8Wb3Nd6@site.example",
            "https://site.example/commit/5f4dcc3b5aa765d61d8327deb882cf99",
            "q7Xz2Kp9Rm4Tv8Wb3Nd6.png photo.q7Xz2Kp9Rm4Tv8Wb3Nd6",
            "q7Xz2Kp9Rm4Tv8W",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH",
            "2021-03-04-10-20-30 1234-5678-9012-3456",
            "1h301h301h301h301h301h301h301h30",
            "donaudampfschifffahrtsgesellschaftskapitän",
            "-----BEGIN CERTIFICATE----- AbC1 -----END CERTIFICATE-----",
            "AKIA ghp_ sk-learn-and-other-libraries-compared-2020-2021",
            "éq7Xz2Kp9Rm4Tv8Wb3Nd6 q7Xz2Kp9Rm4Tv8Wb3Nd6é",
            &data,
        ],
    );
}

/// Texts of random pieces, always the same ones.
fn random_texts() -> impl Iterator<Item = String> {
    const PIECES: [&str; 36] = [
        "@",
        "@",
        ".",
        ":",
        "::",
        "-",
        "/",
        "#",
        "=",
        " ",
        "\n",
        "\0",
        "。",
        "é",
        "日本",
        "हि",
        "a",
        "alice",
        "bob.c",
        "site.example",
        "example.org",
        "192.0.2.1",
        "2001:db8::1",
        "1",
        "::1",
        "%eth0",
        "v",
        "version ",
        "q7Xz2Kp9Rm4Tv8Wb3Nd6",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "-----END ",
        "eyJuMHRyZWFsMQn0t",
        "sk-",
        "+",
    ];
    let mut state = 4_u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 40).unwrap_or_default() % below
    };
    (0..20_000).map(move |_| (0..=next(12)).map(|_| PIECES[next(PIECES.len())]).collect())
}

#[test]
fn spans_are_sorted_disjoint_and_never_of_what_another_finder_put_there() {
    let finders = [
        ("PI:KEY", keys as fn(&str) -> Vec<Span>),
        ("PI:EMAIL", emails),
        ("PI:USER", users),
        ("PI:IP_ADDRESS", ip_addresses),
    ];
    let mut found = [0; 4];
    for original in random_texts() {
        let count = |text: &str| finders.map(|(tag, _)| text.matches(tag).count());
        let mut text = original.clone();
        for (index, (tag, find)) in finders.iter().enumerate() {
            let spans = find(&text);
            assert!(spans.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start), "{text:?}: {spans:?}");
            for span in &spans {
                let part = text.get(span.range.clone()).unwrap_or_default();
                assert!(!part.is_empty() && span.replacement == *tag, "{text:?}: {span:?}");
                assert!(finders.iter().all(|(tag, _)| !part.contains(tag)), "{original:?}: {part:?}");
            }
            found[index] += spans.len();
            let mut expected = count(&text);
            expected[index] += spans.len();
            text = apply(&text, &spans);
            assert_eq!(count(&text), expected, "{original:?}");
            // Two addresses that touch may be told apart only once one of them is gone.
            assert!(*tag == "PI:IP_ADDRESS" || find(&text).is_empty(), "{original:?}");
        }
    }
    assert!(found.iter().all(|&count| count > 100), "{found:?}");
}

#[test]
fn long_texts_of_one_kind_are_read_to_their_end() {
    let pieces = [
        "@",
        "a@",
        "a.",
        "1.",
        ":",
        "::",
        "1:",
        "a",
        "aB1",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJa",
        "eyJ.",
        "@a-",
        "/+",
        "é",
    ];
    for piece in pieces {
        let mut text = piece.repeat(200_000 / piece.len());
        text.push_str(" 日 @alice b@site.example 10.2.3.4 ");
        for find in [keys, emails, users, ip_addresses] {
            text = apply(&text, &find(&text));
        }
        assert!(text.ends_with(" 日 PI:USER PI:EMAIL PI:IP_ADDRESS "), "{piece}");
    }
}
