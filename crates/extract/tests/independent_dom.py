#!/usr/bin/env python3
"""Looks for images of pages that extraction lost, by another parser's DOM.

    obelisc extract PAGES.warc.gz --whole-page > documents.jsonl
    independent_dom.py documents.jsonl PAGES.warc.gz [--list CLASS] [--page URL]

Compares  each `img` in the body of each page's DOM, as lexbor builds it, with the image nodes of our document.  An
          `img` is found where one of its addresses is the `src` or a candidate of a node that no other `img` has, in
          such a way that the order of both is the same; or where it shows the picture of its neighbour once more with no
          text between, and so is one image with it.
Left out  and counted by class, are only those of which the specification says so (extraction.md, 2 and 3):
          dropped NAME   below an element that does not speak, or hidden by attribute, role or inline style;
          no source      without any address by http or https: nothing, or `data:` alone;
          tiny           both sides at most one pixel, by attribute or inline style, which nothing enlarges;
          placeholder    every address names a file by words such as blank, spacer, pixel, loading;
          tracker        every address is a counting service's.
          The rules are written here once more, from the specification, and read nothing of the program's.
Scripting is on, as in a reader's browser: what `noscript` holds is cut from the page before it is parsed.

Prints each lost `img` with its page, and a table of counts.  Exit: 0 none is lost, 1 some are, 2 unusable input.
Needs Python 3.11 and `pip install selectolax fastwarc` (lexbor by selectolax's LexborHTMLParser).
"""
import argparse
import json
import re
import sys
from bisect import bisect_left
from collections import Counter
from urllib.parse import unquote, urljoin, urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecordType
from selectolax.lexbor import LexborHTMLParser

# extraction.md 2.  A `video` is dropped but for its poster; `noscript` is no part of the DOM with scripting.
DROPPED = set(
    "head script style template iframe object embed applet canvas svg audio video map dialog noscript noembed noframes nav footer"
    " button datalist input meter optgroup option output progress select textarea".split()
)
ROLES = set("navigation banner contentinfo search menu menubar toolbar dialog alertdialog".split())
# extraction.md 3: names of files that stand in for a picture.
STANDS_IN = set(
    "blank spacer placeholder pixel transparent transp trans loading loader lazy lazyload lazyloading spinner clear cleardot shim pix"
    " preloader ajaxloader".split()
)
FILLS = set(
    "image img gif px x dot grey gray white black ajax icon default bg load small large thumb square wide".split()
)
TRACKERS = re.compile(
    r"//([\w-]+\.)*(facebook\.com/tr|doubleclick\.net|google-analytics\.com|googleadservices\.com|bat\.bing\.com"
    r"|scorecardresearch\.com|quantserve\.com|pixel\.wp\.com|stats\.wp\.com|ct\.pinterest\.com|analytics\.twitter\.com"
    r"|px\.ads\.linkedin\.com|imrworldwide\.com|mc\.yandex\.ru|counter\.yadro\.ru|pixel\.quantcount\.com|t\.co/i/adsct)"
)
# Text that classes keep for screen readers does not stand between two images.
UNSEEN = re.compile(r"\b(sr-only|visually-?hidden|screen-?reader|show-for-sr|element-invisible)\b", re.I)
RAW = re.compile(
    r"<!--.*?-->|<(script|style|title|textarea|iframe|xmp|noembed|noframes)\b.*?</\1\s*>|<noscript\b[^>]*>.*?</noscript\s*>",
    re.S | re.I,
)
IMAGE_NAME = re.compile(r"\.(jpe?g|png|gif|webp|avif|svg|bmp)([?#]|$)", re.I)


def parse(text):
    """The DOM with scripting."""
    return LexborHTMLParser(RAW.sub(lambda found: "" if found[0][:9].lower() == "<noscript" else found[0], text))


def declared(style, name):
    """Value of an inline style's last declaration of a property."""
    value = None
    for declaration in style.split(";"):
        key, colon, found = declaration.partition(":")
        if colon and key.strip().lower() == name:
            value = found.lower().replace("!important", "").strip()
    return value


def silence(node):
    """Why an element does not speak, or None."""
    if node.tag in DROPPED:
        return node.tag
    if node.tag in ("html", "body"):
        return None
    attributes = node.attributes
    if "hidden" in attributes:
        return "hidden"
    if (attributes.get("aria-hidden") or "").strip().lower() == "true":
        return "aria-hidden"
    role = (attributes.get("role") or "").lower().split()
    if role and role[0] in ROLES:
        return "role"
    style = attributes.get("style") or ""
    if declared(style, "display") == "none" or declared(style, "visibility") in ("hidden", "collapse"):
        return "style"
    return None


def srcset(text):
    """Addresses of a srcset (HTML Standard 4.8.4.2.2)."""
    found = []
    while text := text.lstrip(" \t\n\f\r,"):
        url, _, text = re.match(r"(\S+)(\s*)(.*)", text, re.S).groups()
        if url.endswith(","):
            url = url.rstrip(",")
        else:
            text = re.sub(r"^(\([^)]*\)|[^,(])*", "", text)
        found.append(url)
    return found


def level(url):
    """An address without what does not tell two images apart."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return host + unquote(parts.path or "/") + ("?" + unquote(parts.query) if parts.query else "")


def resolved(base, references):
    """Absolute http addresses."""
    addresses = []
    for reference in references:
        reference = re.sub(r"[\t\n\r]", "", reference.strip()).replace("\\", "/") if reference else ""
        # `#` is the page itself.
        if not reference or reference.startswith("#"):
            continue
        try:
            url = urljoin(base, reference)
            if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname:
                addresses.append(url)
        except ValueError:
            continue
    return addresses


def offered(node, base):
    """All that an `img` and the picture around it offer."""
    references = []
    elements = [node]
    if node.parent is not None and node.parent.tag == "picture":
        elements += [child for child in node.parent.iter() if child.tag == "source"]
    for element in elements:
        for name, value in element.attributes.items():
            if not value:
                continue
            if name.endswith(("srcset", "src-set", "bgset")):
                references += srcset(value)
            elif name == "src" or name not in ("alt", "title", "href") and IMAGE_NAME.search(value) and " " not in value:
                references.append(value)
    return resolved(base, references)


def stands_in(url):
    """Whether a file's name says that nothing is to be seen in it."""
    name = urlsplit(url).path.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    words = re.findall(r"[a-z]+", re.sub(r"(?<![0-9])1x1(?![0-9])", " pixel ", name))
    return bool(words) and set(words) <= STANDS_IN | FILLS and not set(words) <= FILLS


def is_tiny(node):
    """Both sides at most one pixel."""
    sides = []
    for name in ("width", "height"):
        value = node.attributes.get(name) or declared(node.attributes.get("style") or "", name) or ""
        number = re.match(r"\s*(\d+)\s*(px)?\s*$", value)
        sides.append(int(number[1]) if number else 99)
    style = node.attributes.get("style") or ""
    grows = any((declared(style, name) or "").endswith("%") for name in ("width", "min-width"))
    return max(sides) <= 1 and not grows and "srcset" not in node.attributes


def images(text, url):
    """The page's `img`s in order: (class or None, addresses, tag, whether text stands before it)."""
    tree = parse(text)
    base = url
    if (element := tree.css_first("base[href]")) is not None:
        base = (resolved(url, [element.attributes.get("href") or ""]) or [url])[0]
    found = []
    if tree.body is None:
        return found
    spoke = True
    # Depth first with a stack of our own: pages nest deep.
    stack = [(tree.body, None, False)]
    while stack:
        node, why, unseen = stack.pop()
        if node.next is not None and node.mem_id != tree.body.mem_id:
            stack.append((node.next, why, unseen))
        if node.is_text_node:
            spoke = spoke or not why and not unseen and bool((node.text_content or "").strip())
            continue
        if not node.is_element_node:
            continue
        why = why or silence(node)
        unseen = unseen or bool(UNSEEN.search(node.attributes.get("class") or ""))
        if node.tag == "img":
            addresses = offered(node, base)
            if why:
                kind = f"dropped {why}"
            elif not addresses:
                kind = "no source"
            elif is_tiny(node):
                kind = "tiny"
            elif all(stands_in(address) for address in addresses):
                kind = "placeholder"
            elif all(TRACKERS.search(address) for address in addresses):
                kind = "tracker"
            else:
                kind = None
            found.append((kind, {level(address) for address in addresses}, node.html, spoke))
            spoke = spoke and kind is not None
        if node.child is not None:
            stack.append((node.child, why, unseen))
    return found


def matched(wanted, nodes):
    """For each `img` the node that it is, in one order (Hunt and Szymanski's longest common subsequence)."""
    places = {}
    for position, addresses in enumerate(nodes):
        for address in addresses:
            places.setdefault(address, []).append(position)
    tails, chains = [], []
    for number, addresses in enumerate(wanted):
        for position in sorted({p for a in addresses for p in places.get(a, ())}, reverse=True):
            at = bisect_left(tails, position)
            link = (number, position, chains[at - 1] if at else None)
            if at == len(tails):
                tails.append(position)
                chains.append(link)
            else:
                tails[at], chains[at] = position, link
    found, link = {}, chains[-1] if chains else None
    while link:
        found[link[0]] = link[1]
        link = link[2]
    return found


def lost(page, document, counts):
    """The `img`s of a page that its document has not."""
    nodes = []
    for image, about in zip(document["images"], document["metadata"], strict=True):
        if image is not None:
            nodes.append({level(url) for url in [image, *about.get("candidates", ())]})
    counts["pages"] += 1
    # `img`s in a row that show the same picture, with no text between, are one image.
    rows = []
    for kind, addresses, tag, spoke in page:
        counts["img elements"] += 1
        if kind:
            counts[kind] += 1
        elif rows and not spoke and rows[-1][0] & addresses:
            rows[-1][0].update(addresses)
            counts["found as one with its neighbour"] += 1
        else:
            rows.append((set(addresses), tag, spoke))
    found = matched([addresses for addresses, _, _ in rows], nodes)
    everywhere = set().union(*nodes) if nodes else set()
    for number, (addresses, tag, spoke) in enumerate(rows):
        # Two sizes of one picture are one image, too: it has both addresses.
        before = not spoke and number > 0 and number - 1 in found and nodes[found[number - 1]] & addresses
        after = number + 1 in found and not rows[number + 1][2] and nodes[found[number + 1]] & addresses
        if number in found:
            counts["found"] += 1
        elif before or after:
            counts["found as one with its neighbour"] += 1
        else:
            reason = "lost in this place" if addresses & everywhere else "lost"
            counts[reason] += 1
            yield reason, tag


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents")
    parser.add_argument("archive")
    parser.add_argument("--list", metavar="CLASS", help="print the elements of a class that is left out, too")
    parser.add_argument("--page", metavar="URL", help="this page alone")
    args = parser.parse_args()
    try:
        with open(args.documents, encoding="utf-8") as lines:
            documents = {}
            for line in lines:
                document = json.loads(line)
                documents[document["general_metadata"]["warc_record_offset"]] = document
        archive = open(args.archive, "rb")
    except (OSError, ValueError, KeyError) as error:
        print(f"independent_dom: {error}", file=sys.stderr)
        return 2
    counts = Counter()
    with archive:
        for record in ArchiveIterator(archive, record_types=WarcRecordType.response):
            document = documents.get(record.stream_pos)
            if document is None:
                counts["records without document"] += 1
                continue
            if args.page and document["url"] != args.page:
                continue
            charset = document["general_metadata"].get("charset") or "utf-8"
            text = record.reader.read().decode(charset, "replace")
            page = images(text, document["url"])
            for kind, _, tag, _ in page:
                if kind and kind == args.list:
                    print(f"{kind}\t{document['url']}\t{tag[:500]}")
            for reason, tag in lost(page, document, counts):
                print(f"{reason}\t{document['url']}\t{tag[:1000]}")
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"{count:8} {name}", file=sys.stderr)
    return int(counts["lost"] + counts["lost in this place"] > 0)


if __name__ == "__main__":
    sys.exit(main())
