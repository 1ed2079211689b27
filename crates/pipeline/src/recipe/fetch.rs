//! The recipe's table `[fetch]`.

use std::num::{NonZeroU8, NonZeroU32};

use obelisc_fetch::{HashList, Limits, OptOuts, Policy, Treatment};
use obelisc_filter::options::Options;
use obelisc_image::{Encoding, Reencode};

use super::Sections;

/// Where images come from, and which count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Whether images that no archive of the run holds are asked for over the network.
    pub asks_network: bool,
    /// What decides which images there are.
    pub policy: Policy,
    /// Images of a registered domain that are asked for.
    pub max_images_per_domain: Option<u64>,
}

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections) -> Fetch {
    let allowed = ["archive", "network"];
    let meaning = "where images come from, in order: the archives of the run, then the hosts themselves";
    let sources = options.texts("sources", &["archive"], &allowed, meaning);
    if sources.first().is_none_or(|first| first != "archive") {
        options.problem("sources", "archives come first: [\"archive\"] or [\"archive\", \"network\"]");
    }
    let mut table = options.table("opt_outs");
    let opt_outs = OptOuts {
        robots_txt: table.flag("robots_txt", true, "ask for nothing that a site's robots.txt does not allow (RFC 9309)"),
        x_robots_tag: table.flag(
            "x_robots_tag",
            true,
            "take no image whose header X-Robots-Tag says noai, noimageai, noindex, noimageindex or none, archived ones too",
        ),
        tdm_reservation: table.flag(
            "tdm_reservation",
            true,
            "take no image whose rights are reserved by a header tdm-reservation or by /.well-known/tdmrep.json, archived ones by the header",
        ),
        ai_txt: table.flag("ai_txt", true, "ask for nothing that a site's ai.txt does not allow"),
        list_service: table.flag(
            "list_service",
            false,
            "take no image that is in the list of the opt-out service that the config names, archived ones neither",
        ),
    };
    let opt_outs_taken = table.finish();
    let mut table = options.table("reencode");
    let encoded = reencode(&mut table);
    let reencode_taken = table.finish();
    let fetch = Fetch {
        asks_network: sources.iter().any(|source| source == "network"),
        policy: Policy {
            treatment: treatment(&mut options, encoded),
            max_redirects: u32::try_from(options.integer("max_redirects", 5, 0..=20, "redirects that are followed"))
            .unwrap_or(5),
        opt_outs,
        },
        max_images_per_domain: options.optional_integer(
            "max_images_per_domain",
            None,
            1..=1 << 40,
            "images of a registered domain that are asked for over the network; those behind them are not in any archive",
        ),
    };
    sections.add("fetch", options.finish());
    sections.add("fetch.opt_outs", opt_outs_taken);
    sections.add("fetch.reencode", reencode_taken);
    fetch
}

fn treatment(options: &mut Options<'_>, reencode: Option<Reencode>) -> Treatment {
    let limits = Limits {
        max_image_bytes: options.integer(
            "max_image_bytes",
            20_000_000,
            1024..=1 << 31,
            "bytes of an image; larger ones fail",
        ),
        max_image_pixels: options.integer(
            "max_image_pixels",
            89_478_485,
            1..=1 << 40,
            "pixels of an image; larger ones fail",
        ),
    };
    let decode = options.flag(
        "decode",
        true,
        "decode each image, to know that it can be and what it looks like; without, its structure decides and it has no perceptual hash",
    );
    let list = options.resource(
        "hash_list",
        "file of hashes of images that nobody may store: of those that match no more than the hash is kept; on each line a sha256 or a perceptual hash",
    );
    let distance = options.integer(
        "max_hash_distance",
        4,
        0..=16,
        "bits in which the perceptual hash of an image may differ from one of the list that it matches",
    );
    let unwanted = list.and_then(|list| match list.open(|bytes| HashList::parse((*bytes).as_ref())) {
        Ok(list) => Some(list),
        Err(error) => {
            options.problem("hash_list", error.to_string());
            None
        }
    });
    if !decode && unwanted.as_ref().is_some_and(|list| list.has_perceptual()) {
        options.problem(
            "hash_list",
            "has perceptual hashes, which decode = false compares with nothing; decode, or use a list without them",
        );
    }
    let max_hash_distance = u32::try_from(distance).unwrap_or_default();
    Treatment { limits, decode, reencode, unwanted, max_hash_distance }
}

/// The table `[fetch.reencode]`.
fn reencode(table: &mut Options<'_>) -> Option<Reencode> {
    let format = table.choice(
        "format",
        &["off", "jpeg", "png", "webp"],
        "format that all images are encoded in anew before they are stored, animations excepted; webp is lossless; \"off\" stores them as they come",
    );
    let quality = table.integer("quality", 90, 1..=100, "quality of JPEG, as libjpeg counts it");
    let max_side = table.optional_integer(
        "max_side",
        None,
        16..=65_535,
        "pixels of the longer side of images that are encoded anew; larger ones are made smaller, with their proportions kept",
    );
    if format == "off" && max_side.is_some() {
        table.problem("max_side", "images that are stored as they come keep their size; give a format as well");
    }
    let format = match format {
        "jpeg" => Encoding::Jpeg { quality: u8::try_from(quality).ok().and_then(NonZeroU8::new)? },
        "png" => Encoding::Png,
        "webp" => Encoding::Webp,
        _ => return None,
    };
    let max_side = max_side.and_then(|side| u32::try_from(side).ok()).and_then(NonZeroU32::new);
    Some(Reencode { format, max_side })
}
