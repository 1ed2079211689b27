//! What a user names as input → files, in an order that does not depend on how they were named.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

use crate::{Error, Object, Remotes, Result, local::open_file};

mod archive_file;
mod documents;
mod identity;
mod naming;
mod pattern;
mod remote;
mod spool;

use archive_file::RemoteFile;

pub use archive_file::ArchiveFile;
pub use documents::{DOCUMENT_ENDINGS, find_documents};
pub use naming::of_archives;
pub use spool::Spool;

/// Endings that a folder is searched for.
pub const ARCHIVE_ENDINGS: [&str; 12] = [
    ".warc",
    ".warc.gz",
    ".warc.zst",
    ".warc.lz4",
    ".warc.bz2",
    ".arc",
    ".arc.gz",
    ".arc.lz4",
    ".arc.zst",
    ".arc.bz2",
    ".wacz",
    ".warc.xz",
];
/// Endings of Parquet: of the columnar index, and of shards of datasets.
const PARQUET_ENDINGS: [&str; 1] = [".parquet"];
const PAGE_ENDINGS: [&str; 3] = [".html", ".htm", ".xhtml"];
/// Endings of pages where they are named one by one.  Folders have such files beside the pages that they are copies of, as
/// web servers want them.
const NAMED_PAGE_ENDINGS: [&str; 6] = [".html", ".htm", ".xhtml", ".html.gz", ".htm.gz", ".xhtml.gz"];

/// What is wanted as input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Archives and pages.
    Archives,
    /// Archives, pages, and shards of datasets.
    ArchivesOrShards,
    /// Shards of datasets.
    Shards,
    /// Files of the columnar index.
    Index,
}

impl Wanted {
    /// Endings that a folder is searched for, besides pages.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Archives | Self::ArchivesOrShards => &ARCHIVE_ENDINGS,
            Self::Shards => &[],
            Self::Index => &PARQUET_ENDINGS,
        }
    }

    /// Endings of pages that a folder is searched for, and of those that are named one by one.
    const fn pages(self) -> [&'static [&'static str]; 2] {
        match self {
            Self::Archives | Self::ArchivesOrShards => [&PAGE_ENDINGS, &NAMED_PAGE_ENDINGS],
            Self::Shards | Self::Index => [&[], &[]],
        }
    }

    /// Endings that a folder is searched for where it holds none of the others: a folder of archives may well hold tables.
    const fn endings_instead(self) -> &'static [&'static str] {
        match self {
            Self::ArchivesOrShards | Self::Shards => &PARQUET_ENDINGS,
            Self::Archives | Self::Index => &[],
        }
    }

    fn nothing_in_folder(self) -> String {
        let [pages, _] = self.pages();
        let or = if pages.is_empty() { String::new() } else { format!(" or {}", pages.join(" ")) };
        let endings =
            if pages.is_empty() { [self.endings(), self.endings_instead()].concat() } else { self.endings().to_vec() };
        let or_instead = if self == Self::ArchivesOrShards { ", and without .parquet" } else { "" };
        format!("a folder without {}{or}{or_instead} files", endings.join(" "))
    }
}

/// One input: an archive, a folder of pages, or a file of the columnar index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The name that documents carry: the file name, with as many folders before it as make it unique among the
    /// inputs.  The same files in another place keep their names.  A part that is not UTF-8 is followed by `~` and a
    /// digest of its bytes.
    pub name: String,
    /// Bytes, of all files.
    pub size: u64,
    /// Changes when the bytes may have changed: xxh3-128, hexadecimal, of an archive's size and modification time
    /// (nanoseconds) or entity tag, or of the name, size and modification time of each page.  Where the file lies is no part of it.
    pub identity: String,
    /// What it is.
    pub kind: Kind,
}

impl Input {
    /// The name of a page among the pages of all inputs: `<input name>/<page name>`, or the input's name where the
    /// input is that one file.  No two pages that [`find`] finds share it.
    pub fn page_name(&self, page: &str) -> String {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        match &self.kind {
            Kind::Pages(pages) if pages.len() == 1 && last == page => self.name.clone(),
            _ => format!("{}/{page}", self.name),
        }
    }
}

/// What an input is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A web archive.
    Archive(ArchiveFile),
    /// HTML files: (page name, file), sorted.  The page name is the path below the folder, `/`-separated; of a single
    /// file that the user named it is the file's name.  It is unique within this input only: what names a page
    /// everywhere (a document's id, a URL) is [`Input::page_name`].
    Pages(Vec<(String, PathBuf)>),
    /// A file of the columnar index (Parquet), of which records are selected.
    Index(ArchiveFile),
    /// A shard of a dataset (Parquet), whose rows are documents.
    Shard(ArchiveFile),
}

/// Opens a file that a user named.
///
/// # Errors
/// [`Error::NotFound`] and I/O errors.
pub fn open(path: &Path) -> Result<Box<dyn Object>> {
    Ok(Box::new(open_file(path, &path.to_string_lossy())?))
}

/// The text of a file that a user named; `None` where it has more bytes than `max`.
///
/// # Errors
/// I/O errors, and what is no UTF-8.
pub fn read_text(path: &Path, max: u64) -> std::io::Result<Option<String>> {
    let mut text = String::new();
    let bytes = File::open(path)?.take(max + 1).read_to_string(&mut text)?;
    Ok((bytes as u64 <= max).then_some(text))
}

/// Bytes of a file that a user named, which is not opened; 0 of one that cannot be looked at, and of a pipe.
pub fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 })
}

/// Finds the inputs behind paths, globs, folders and `@list` files.  The result is sorted by name and holds each
/// file once, whatever leads to it.  URLs of object stores and of HTTP are reached through `remotes`: there a folder and a glob lead to
/// archives, not to pages.
///
/// A link that is named, or that a glob's `*` matches, is followed.  Below a named folder, and below a glob's `**`,
/// links to folders are not followed, so that a folder that leads back to itself ends.  A link to a file counts as the
/// file, with the link's name where the file itself is not among what is found.  Of a folder and a folder or page inside
/// it the outer one holds the pages.
///
/// # Errors
/// All names that lead nowhere, links without a file among them, and files that cannot be looked at, each with its
/// reason; none is read besides lists.  Files that are not of the kind that is `wanted` are refused where their names tell.
pub fn find(names: &[String], wanted: Wanted, remotes: &Remotes) -> std::result::Result<Vec<Input>, Vec<Error>> {
    let mut errors = Vec::new();
    let mut found = Found { wanted, remotes, places: BTreeSet::new(), files: BTreeMap::new() };
    for name in names {
        match name.strip_prefix('@') {
            Some(list) => read_list(list, &mut found, &mut errors),
            None => errors.extend(expand(name, &mut found).err()),
        }
    }
    if errors.is_empty() { inputs(found) } else { Err(errors) }
}

/// A path that leads to a file.  Of all that lead to one file the first stands for it: the order puts the file's own
/// path before links, and outer folders before inner ones.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    linked: bool,
    /// The folder whose pages are one input, or the file.
    root: PathBuf,
    path: PathBuf,
    page: bool,
    /// The file itself.
    file: PathBuf,
}

/// What was found so far.
struct Found<'r> {
    wanted: Wanted,
    remotes: &'r Remotes,
    places: BTreeSet<Place>,
    /// Those of the places that lie in an object store, by their URLs.
    files: BTreeMap<PathBuf, RemoteFile>,
}

/// Longest list, in bytes: the paths of a whole crawl are a tenth of it.
const MAX_LIST: u64 = 256 << 20;

fn read_list(list: &str, found: &mut Found<'_>, errors: &mut Vec<Error>) {
    if list.is_empty() {
        let reason = "a list without a name; use @FILE".to_owned();
        return errors.push(Error::Unsupported { name: "@".to_owned(), reason });
    }
    let mut bytes = Vec::new();
    let read = File::open(list).and_then(|file| file.take(MAX_LIST + 1).read_to_end(&mut bytes));
    let text = match read {
        Ok(length) if length as u64 > MAX_LIST => {
            let reason = format!("a list that is longer than {MAX_LIST} bytes");
            return errors.push(Error::Unsupported { name: format!("@{list}"), reason });
        }
        Ok(_) => String::from_utf8_lossy(&bytes),
        Err(source) => return errors.push(Error::io("read", list, source)),
    };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('@') {
            let reason = format!("a list inside the list {list}; lists hold paths, globs and folders");
            errors.push(Error::Unsupported { name: line.to_owned(), reason });
        } else {
            errors.extend(expand(line, found).err());
        }
    }
}

fn expand(name: &str, found: &mut Found<'_>) -> Result<()> {
    if Remotes::is_url(name) {
        for file in remote::find(found.remotes, name, found.wanted)? {
            let archive = ArchiveFile::Remote(file.clone());
            refuse_other(Path::new(&archive.shown()), found.wanted)?;
            // What is behind a `?` may be a secret, and may be all that tells two files apart.
            let query = name.split_once('?').filter(|_| name.starts_with("http"));
            let digest = query.map(|(_, query)| format!("~{:016x}", xxh3_64(query.as_bytes()))).unwrap_or_default();
            let path = PathBuf::from(archive.shown() + &digest);
            found.files.insert(path.clone(), file);
            found.places.insert(Place {
                linked: false,
                root: path.clone(),
                path: path.clone(),
                page: false,
                file: path,
            });
        }
        return Ok(());
    }
    if name.is_empty() {
        let reason = "an empty name leads nowhere; use a local path, glob, folder or @list".to_owned();
        return Err(Error::Unsupported { name: "\"\"".to_owned(), reason });
    }
    let path = Path::new(name);
    // A file may be called like a glob.
    match path.try_exists() {
        Ok(true) => return add(path, found),
        Ok(false) => {}
        Err(source) => return Err(Error::io("open", name, source)),
    }
    if !pattern::is_pattern(name) {
        return Err(Error::NotFound { key: name.to_owned() });
    }
    let mut any = false;
    let matches: BTreeSet<PathBuf> = pattern::matches(name)?.into_iter().collect();
    for path in &matches {
        // A web server's compressed copy beside the page.
        if is_copy(path, &matches) {
            continue;
        }
        let metadata = fs::metadata(path).map_err(|source| Error::io("open", &path.to_string_lossy(), source))?;
        if metadata.is_file() || metadata.is_dir() {
            any = true;
            add(path, found)?;
        }
    }
    if any { Ok(()) } else { Err(Error::NotFound { key: name.to_owned() }) }
}

/// Whether a path is that of a compressed page, and the page is among the others.
fn is_copy(path: &Path, others: &BTreeSet<PathBuf>) -> bool {
    let page = path.with_extension("");
    ends_with(path, &NAMED_PAGE_ENDINGS) && ends_with(&page, &PAGE_ENDINGS) && others.contains(&page)
}

fn real(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|source| Error::io("open", &path.to_string_lossy(), source))
}

fn add(path: &Path, found: &mut Found<'_>) -> Result<()> {
    let kind = fs::metadata(path).map_err(|source| Error::io("open", &path.to_string_lossy(), source))?;
    if !kind.is_file() && !kind.is_dir() {
        // Inputs are read more than once.
        let reason =
            "a pipe or device, neither a file nor a folder; save it as a file, or give it to extract as -".to_owned();
        return Err(Error::Unsupported { name: path.to_string_lossy().into_owned(), reason });
    }
    let file = real(path)?;
    if file.is_file() {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let path = real(parent.unwrap_or(Path::new(".")))?.join(path.file_name().unwrap_or_default());
        // A file that the user names is taken at its word; the reader looks at its bytes.
        refuse_other(&path, found.wanted)?;
        let page = ends_with(&path, found.wanted.pages()[1]);
        found.places.insert(Place { linked: path != file, root: path.clone(), path, page, file });
        return Ok(());
    }
    let mut places = Vec::new();
    search(&file, &file, found.wanted, &mut places)?;
    if places.is_empty() && !found.wanted.endings_instead().is_empty() {
        for (file, path) in documents::shards_of(&file)? {
            let path = real(path.parent().unwrap_or(Path::new(".")))?.join(path.file_name().unwrap_or_default());
            places.push(Place { linked: path != file, root: path.clone(), path, page: false, file });
        }
    }
    if places.is_empty() {
        let reason = found.wanted.nothing_in_folder();
        return Err(Error::Unsupported { name: path.to_string_lossy().into_owned(), reason });
    }
    found.places.extend(places);
    Ok(())
}

/// Collects the files of a folder; no link leads to `folder`.
fn search(root: &Path, folder: &Path, wanted: Wanted, places: &mut Vec<Place>) -> Result<()> {
    let unlisted = |source| Error::io("list", &folder.to_string_lossy(), source);
    for entry in fs::read_dir(folder).map_err(unlisted)? {
        let entry = entry.map_err(unlisted)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unlisted)?);
        if kind.is_dir() {
            search(root, &path, wanted, places)?;
            continue;
        }
        let page = ends_with(&path, wanted.pages()[0]);
        if !page && !ends_with(&path, wanted.endings()) {
            continue;
        }
        let linked = kind.is_symlink();
        let file = if linked { real(&path)? } else { path.clone() };
        // What a listing calls a file is looked at once, by whoever asks for its size.
        if kind.is_file() || (linked && file.is_file()) {
            let root = if page { root.to_owned() } else { path.clone() };
            places.push(Place { linked, root, path, page, file });
        }
    }
    Ok(())
}

/// Refuses a file that is named where another kind is wanted.
fn refuse_other(path: &Path, wanted: Wanted) -> Result<()> {
    let reason = match wanted {
        Wanted::Archives if ends_with(path, &PARQUET_ENDINGS) => {
            "a Parquet file, and archives or pages are wanted; judge reads the documents of a dataset, run does as well"
        }
        Wanted::Shards if !ends_with(path, &PARQUET_ENDINGS) => {
            "no Parquet file, and shards of a dataset are wanted; documents as JSON lines are one file, or standard input"
        }
        Wanted::Index if !ends_with(path, &PARQUET_ENDINGS) => {
            "no Parquet file, and the recipe's stage select reads the columnar index"
        }
        _ => return Ok(()),
    };
    Err(Error::Unsupported { name: path.to_string_lossy().into_owned(), reason: reason.to_owned() })
}

fn ends_with(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Makes inputs of what was found.
fn inputs(mut found: Found<'_>) -> std::result::Result<Vec<Input>, Vec<Error>> {
    let mut seen = HashSet::new();
    let mut roots: BTreeMap<PathBuf, Vec<Place>> = BTreeMap::new();
    for place in found.places {
        if seen.insert(place.file.clone()) {
            roots.entry(place.root.clone()).or_default().push(place);
        }
    }
    let kinds: Vec<(&Path, bool)> =
        roots.iter().map(|(root, places)| (root.as_path(), places.iter().any(|place| place.page))).collect();
    let names = naming::of_inputs(&kinds);
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    let kind_of = |root: &Path| match found.wanted {
        Wanted::Index => Kind::Index,
        Wanted::ArchivesOrShards | Wanted::Shards if ends_with(root, &PARQUET_ENDINGS) => Kind::Shard,
        Wanted::Archives | Wanted::ArchivesOrShards | Wanted::Shards => Kind::Archive,
    };
    for ((root, places), name) in roots.into_iter().zip(names) {
        let page = places.iter().any(|place| place.page);
        let mut paths: Vec<PathBuf> = places.into_iter().map(|place| place.path).collect();
        let kind = match paths.pop() {
            Some(path) if !page => kind_of(&root)(match found.files.remove(&path) {
                Some(file) => ArchiveFile::Remote(file),
                None => ArchiveFile::Local(path),
            }),
            last => {
                paths.extend(last);
                Kind::Pages(naming::of_pages(&root, paths))
            }
        };
        match identity::of(&kind) {
            Ok((size, identity)) => inputs.push(Input { name, size, identity, kind }),
            Err(error) => errors.push(error),
        }
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    if errors.is_empty() { Ok(inputs) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(names: &[String]) -> std::result::Result<Vec<Input>, Vec<Error>> {
        super::find(names, Wanted::Archives, &Remotes::default())
    }

    pub(super) fn tree(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        root
    }

    #[test]
    fn a_folder_of_shards_is_one_of_inputs_where_it_holds_nothing_else_to_read() {
        let root =
            tree(&["d/data/train-0.parquet", "d/data/train-1.parquet", "crawl/a.warc", "crawl/out/run/t.parquet"]);
        let found = |names: &[&str], wanted| {
            let names: Vec<String> = names.iter().map(|name| format!("{}/{name}", root.path().display())).collect();
            super::find(&names, wanted, &Remotes::default())
        };
        let inputs = found(&["d", "crawl"], Wanted::ArchivesOrShards).unwrap();
        assert_eq!(
            inputs.iter().map(|input| &*input.name).collect::<Vec<_>>(),
            ["a.warc", "train-0.parquet", "train-1.parquet"]
        );
        let kinds = inputs.iter().map(|input| matches!(input.kind, Kind::Shard(_)));
        assert_eq!(kinds.collect::<Vec<_>>(), [false, true, true]);
        let index = found(&["d/data/*.parquet"], Wanted::Index).unwrap();
        assert!(index.iter().all(|input| matches!(input.kind, Kind::Index(_))));
        for name in ["d", "d/data/train-0.parquet"] {
            assert!(found(&[name], Wanted::Archives).is_err());
        }
    }

    #[test]
    fn of_the_output_of_a_run_the_last_dataset_is_read_and_no_table() {
        let root = tree(&[
            "o/dataset/manifest.json",
            "o/dataset/data/train-0.parquet",
            "o/run/steps/t.parquet",
            "o/images/i.parquet",
        ]);
        let inputs =
            super::find(&[format!("{}/o", root.path().display())], Wanted::ArchivesOrShards, &Remotes::default());
        assert_eq!(inputs.unwrap().into_iter().map(|input| input.name).collect::<Vec<_>>(), ["train-0.parquet"]);
    }

    fn names(root: &tempfile::TempDir, inputs: &[&str]) -> Vec<String> {
        let inputs: Vec<String> = inputs.iter().map(|name| format!("{}/{name}", root.path().display())).collect();
        find(&inputs).unwrap().into_iter().map(|input| input.name).collect()
    }

    #[test]
    fn a_file_named_twice_is_one_input() {
        let root = tree(&["a/x.warc.gz", "b/y.warc"]);
        assert_eq!(names(&root, &["b/y.warc", "*/x.warc.gz", "a", "b"]), ["x.warc.gz", "y.warc"]);
    }

    #[test]
    fn equal_file_names_get_their_folders() {
        let root = tree(&["a/x.warc", "b/x.warc", "b/z.warc"]);
        assert_eq!(names(&root, &["a", "b"]), ["a/x.warc", "b/x.warc", "z.warc"]);
    }

    #[test]
    fn a_folder_of_pages_is_one_input() {
        let root = tree(&["pages/one.html", "pages/two/two.htm", "pages/style.css"]);
        let inputs = find(&[format!("{}/pages", root.path().display())]).unwrap();
        let Kind::Pages(pages) = &inputs[0].kind else { panic!("not pages") };
        assert_eq!(pages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["one.html", "two/two.htm"]);
        assert_eq!(inputs[0].size, 2);
    }

    #[test]
    fn a_list_holds_names_and_comments() {
        let root = tree(&["a.warc", "b.warc"]);
        let list = root.path().join("list.txt");
        fs::write(&list, format!("# mine\n{0}/a.warc\n\n{0}/b.*\n", root.path().display())).unwrap();
        assert_eq!(find(&[format!("@{}", list.display())]).unwrap().len(), 2);
    }

    #[test]
    fn all_names_that_lead_nowhere_are_told_at_once() {
        let root = tree(&["empty/readme.txt"]);
        let errors = find(&[
            "/does/not/exist.warc".to_owned(),
            "ftp://bucket/x.warc.gz".to_owned(),
            format!("{}/empty", root.path().display()),
            String::new(),
            "@".to_owned(),
        ])
        .unwrap_err();
        assert_eq!(errors.len(), 5);
        assert!(errors[1].to_string().contains("ftp is not known here"));
    }

    #[test]
    fn every_line_of_a_list_that_leads_nowhere_is_told() {
        let root = tree(&["list.txt"]);
        let list = root.path().join("list.txt");
        fs::write(&list, "/does/not/exist.warc\n@other\n/nor/this.warc\n").unwrap();
        assert_eq!(find(&[format!("@{}", list.display())]).unwrap_err().len(), 3);
    }

    fn pages(input: &Input) -> Vec<&str> {
        let Kind::Pages(pages) = &input.kind else { panic!("not pages") };
        pages.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_page_is_found_once_and_by_the_outer_folder() {
        let root = tree(&["a/x.html", "a/b/y.html"]);
        let shown = root.path().display();
        let inputs = find(&["a/b/y.html", "a/b", "a"].map(|name| format!("{shown}/{name}"))).unwrap();
        assert_eq!(inputs.len(), 1);
        assert_eq!(pages(&inputs[0]), ["b/y.html", "x.html"]);
    }

    #[test]
    fn a_single_page_is_named_by_its_file() {
        let root = tree(&["a/one.html", "b/one.html"]);
        let shown = root.path().display();
        let inputs = find(&[format!("{shown}/a/one.html")]).unwrap();
        assert_eq!((inputs[0].name.as_str(), pages(&inputs[0])), ("one.html", vec!["one.html"]));
        assert_eq!(inputs[0].page_name("one.html"), "one.html");
        let both = find(&[format!("{shown}/?/one.html")]).unwrap();
        assert_eq!([&both[0], &both[1]].map(|input| input.page_name("one.html")), ["a/one.html", "b/one.html"]);
    }

    #[test]
    fn a_compressed_page_is_one_where_it_is_named_and_no_copy_in_folders() {
        let root = tree(&["site/one.html", "site/one.html.gz"]);
        let shown = root.path().display();
        let named = find(&[format!("{shown}/site/*.html.gz")]).unwrap();
        assert_eq!(pages(&named[0]), ["one.html.gz"]);
        let folder = find(&[format!("{shown}/site")]).unwrap();
        assert_eq!(pages(&folder[0]), ["one.html"]);
    }

    #[test]
    fn no_two_pages_of_different_folders_share_a_name() {
        // Both could be "a/b/x.html", were the inputs named by their shortest distinct tails alone.
        let root =
            tree(&["1/a/b/x.html", "2/a/b/x.html", "3/b/x.html", "4/pages/x.html", "5/pages/x.html", "6/x.html"]);
        let names = ["1/a", "2/a/b", "3/b", "4/pages", "5/pages/x.html", "6/x.html"];
        let inputs = find(&names.map(|name| format!("{}/{name}", root.path().display()))).unwrap();
        let all: Vec<String> =
            inputs.iter().flat_map(|input| pages(input).into_iter().map(|page| input.page_name(page))).collect();
        let distinct: BTreeSet<&String> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (6, 6), "{all:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_neither_a_file_nor_a_folder() {
        let errors = find(&["/dev/null".to_owned()]).unwrap_err();
        assert!(errors[0].to_string().starts_with("/dev/null: a pipe or device"), "{errors:?}");
    }

    #[cfg(unix)]
    mod links {
        use std::os::unix::fs::symlink;

        use super::*;

        #[test]
        fn a_folder_that_leads_back_to_itself_is_searched_once() {
            let root = tree(&["a/x.warc", "a/p.html"]);
            for name in ["one", "two", "three"] {
                symlink(root.path().join("a"), root.path().join("a").join(name)).unwrap();
            }
            assert_eq!(names(&root, &["a"]), ["a", "x.warc"]);
            assert_eq!(names(&root, &["**/*.warc"]), ["x.warc"]);
        }

        #[test]
        fn a_link_to_a_folder_is_followed_only_where_it_is_named() {
            let root = tree(&["far/x.warc", "near/y.warc"]);
            symlink(root.path().join("far"), root.path().join("near/far")).unwrap();
            assert_eq!(names(&root, &["near"]), ["y.warc"]);
            assert_eq!(names(&root, &["near/far"]), ["x.warc"]);
        }

        #[test]
        fn a_link_to_a_file_counts_as_the_file() {
            let root = tree(&["blobs/0123", "in/x.warc"]);
            symlink("../blobs/0123", root.path().join("in/far.warc")).unwrap();
            symlink("x.warc", root.path().join("in/again.warc")).unwrap();
            assert_eq!(names(&root, &["in"]), ["far.warc", "x.warc"]);
            assert_eq!(names(&root, &["in/far.warc", "in/again.warc"]), ["again.warc", "far.warc"]);
            assert_eq!(names(&root, &["in/far.warc", "blobs/0123"]), ["0123"]);
        }

        #[test]
        fn a_link_to_nothing_is_an_error() {
            let root = tree(&["in/x.warc"]);
            symlink("gone.warc", root.path().join("in/y.warc")).unwrap();
            for name in ["in", "in/*.warc"] {
                let errors = find(&[format!("{}/{name}", root.path().display())]).unwrap_err();
                assert!(matches!(&errors[..], [Error::NotFound { key }] if key.ends_with("in/y.warc")), "{errors:?}");
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_that_are_not_utf_8_stay_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;

        let root = tree(&[]);
        for bytes in [&b"\xfe.warc"[..], b"\xff.warc", b"\xfe.html", b"\xff.html"] {
            fs::write(root.path().join(OsStr::from_bytes(bytes)), b"x").unwrap();
        }
        for name in ["*.warc", "*.html"] {
            let inputs = names(&root, &[name]);
            assert_eq!(inputs.len(), 2);
            assert_ne!(inputs[0], inputs[1]);
        }
        let folder = find(&[root.path().display().to_string()]).unwrap();
        let folder = folder.iter().find(|input| matches!(input.kind, Kind::Pages(_))).unwrap();
        let pages = pages(folder);
        assert_eq!(pages.len(), 2);
        assert_ne!(pages[0], pages[1]);
    }
}
