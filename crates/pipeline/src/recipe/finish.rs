//! The tables `[finish…]` of a recipe.

use obelisc_filter::options::Options;
use obelisc_shard::{ImageColumn, Limits, Splits};

use super::Sections;

/// How documents become shards.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Bytes or links.
    pub images: ImageColumn,
    /// The order of the documents of a split.
    pub order: Order,
    /// The splits.
    pub splits: Splits,
    /// Uncompressed bytes of one shard.
    pub max_shard_bytes: u64,
    /// Row groups.
    pub row_groups: Limits,
}

/// The order of the documents of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the inputs have them.
    Input,
    /// By a hash of the document's id.
    Shuffled {
        /// What the hash depends on beside.
        seed: u64,
    },
}

pub(super) fn read(mut options: Options<'_>, sections: &mut Sections) -> Finish {
    let limits = Limits::default();
    let images =
        match options.choice("images", &["bytes", "url"], "what the shards hold of an image: its bytes, or a link") {
            "url" => ImageColumn::Url,
            _ => ImageColumn::Bytes,
        };
    let meaning = "order of the documents: as the inputs have them, or shuffled over all shards of a split";
    let order = options.choice("order", &["input", "shuffled"], meaning);
    let meaning = "what a shuffled order depends on beside the documents: another number, another order";
    let seed = options.integer("seed", 42, 0..=u64::MAX >> 1, meaning);
    let splits = read_splits(options.table("splits"), sections);
    let finish = Finish {
        images,
        order: if order == "shuffled" { Order::Shuffled { seed } } else { Order::Input },
        splits,
        max_shard_bytes: options.integer(
            "max_shard_bytes",
            500_000_000,
            1..=1 << 40,
            "uncompressed bytes of a shard; a larger document stands alone",
        ),
        row_groups: Limits {
            max_row_group_bytes: options.integer(
                "max_row_group_bytes",
                limits.max_row_group_bytes,
                1..=1 << 31,
                "uncompressed bytes of a row group; a larger document stands alone",
            ),
            max_row_group_rows: options.integer(
                "max_row_group_rows",
                limits.max_row_group_rows,
                1..=1_000_000,
                "documents of a row group",
            ),
        },
    };
    sections.add("finish", options.finish());
    finish
}

fn read_splits(mut options: Options<'_>, sections: &mut Sections) -> Splits {
    let range = 1..=Splits::WHOLE - 1;
    let mut part = |key, meaning| options.optional_integer(key, None, range.clone(), meaning);
    let splits = Splits {
        validation_per_million: part(
            "validation_per_million",
            "pages of a million, by a hash of their URLs, whose documents are in the split validation",
        ),
        test_per_million: part(
            "test_per_million",
            "pages of a million, by a hash of their URLs, whose documents are in the split test",
        ),
    };
    let taken = splits.validation_per_million.unwrap_or(0) + splits.test_per_million.unwrap_or(0);
    if taken >= Splits::WHOLE {
        let message =
            format!("with validation_per_million {taken} of {} pages are taken; none is left for train", Splits::WHOLE);
        options.problem("test_per_million", message);
    }
    sections.add("finish.splits", options.finish());
    splits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;

    fn recipe(tables: &str) -> Result<Recipe, Vec<String>> {
        let text = format!("stages = [\"extract\", \"finish\"]\n[finish]\nimages = \"url\"\n{tables}");
        Recipe::parse("r.toml", &text, &[])
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_recipe_that_says_nothing_keeps_the_order_and_has_one_split() {
        let finish = recipe("").unwrap().finish;
        assert_eq!((finish.order, finish.splits), (Order::Input, Splits::default()));
        let finish = recipe("order = \"shuffled\"\n[finish.splits]\ntest_per_million = 999_999\n").unwrap().finish;
        assert_eq!(finish.order, Order::Shuffled { seed: 42 });
        assert_eq!(finish.splits, Splits { validation_per_million: None, test_per_million: Some(999_999) });
    }

    #[test]
    fn parts_that_leave_nothing_and_wrong_words_are_refused_by_line_and_key() {
        let found =
            recipe("[finish.splits]\nvalidation_per_million = 500_000\ntest_per_million = 500_000\n").unwrap_err();
        assert!(found[0].starts_with("r.toml:6: finish.splits.test_per_million: "), "{found:?}");
        assert!(found[0].contains("none is left for train"), "{found:?}");
        let found =
            recipe("order = \"shuffle\"\nseed = -1\n[finish.splits]\nvalidation_per_million = 0.01\n").unwrap_err();
        assert!(found[0].starts_with("r.toml:4: finish.order: \"shuffle\" is given"), "{found:?}");
        assert!(found[0].contains("did you mean \"shuffled\"?"), "{found:?}");
        assert!(found[1].starts_with("r.toml:5: finish.seed: -1 is given"), "{found:?}");
        assert!(found[2].starts_with("r.toml:7: finish.splits.validation_per_million: 0.01 is given"), "{found:?}");
        let found = recipe("[finish.splits]\nvalid_per_million = 1\n").unwrap_err();
        assert!(found[0].contains("did you mean \"validation_per_million\"?"), "{found:?}");
    }
}
