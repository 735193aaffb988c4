//! Documents made to exhaust a reader: bombs, floods and depths. What is read of them stays bounded; a reader whose
//! cost grows with the square of such a document would not come to an end here.

use copytaster::feed::{self, FeedError, ParseOptions};
use copytaster::model::{ParsedFeed, Timestamp};

const MAX_ENTRIES: usize = 1_000;

fn parse(document: &[u8]) -> Result<ParsedFeed, FeedError> {
    let options =
        ParseOptions { content_type: None, base_url: None, now: Timestamp(1_764_100_000), max_entries: MAX_ENTRIES };
    feed::parse(document, &options)
}

/// An RSS document around `inside`.
fn rss(inside: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Flood</title>{inside}</channel></rss>")
}

fn item(inside: &str) -> String {
    rss(&format!("<item>{inside}<title>After the flood</title></item>"))
}

/// All text that was kept of a document, in bytes.
fn n_kept(feed: &ParsedFeed) -> usize {
    let entries = feed.entries.iter().map(|entry| {
        let texts = [&entry.title, &entry.summary, &entry.content, &entry.url, &entry.guid];
        let lists = entry.tags.iter().chain(&entry.authors).chain(&entry.media_credits);
        texts.into_iter().flatten().chain(lists).map(String::len).sum::<usize>()
    });
    entries.sum::<usize>() + feed.title.as_ref().map_or(0, String::len)
}

#[test]
fn entity_bombs_stay_small() {
    let levels: String = (0..12)
        .map(|level| {
            let inside = if level == 0 { "lol".to_owned() } else { format!("&a{};", level - 1).repeat(10) };
            format!("<!ENTITY a{level} \"{inside}\">")
        })
        .collect();
    let nested = format!("<!DOCTYPE r [{levels}]>{}", item("<description>&a11;</description>"));
    assert!(n_kept(&parse(nested.as_bytes()).unwrap()) < 1_000);
    let long = "x".repeat(1_000);
    let repeated = "&a;".repeat(50_000);
    let wide =
        format!("<!DOCTYPE r [<!ENTITY a \"{long}\">]>{}", item(&format!("<description>{repeated}</description>")));
    assert!(n_kept(&parse(wide.as_bytes()).unwrap()) < 4 * 1024 * 1024);
}

#[test]
fn floods_of_entries_are_cut_with_a_warning() {
    let check = |document: &str, n: usize| {
        let feed = parse(document.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), MAX_ENTRIES);
        let told = format!("{n} entries, only the first {MAX_ENTRIES} were read");
        assert!(feed.warnings.contains(&told), "{:?}", feed.warnings);
    };
    check(&rss(&"<item><title>One of many</title></item>".repeat(30_000)), 30_000);
    check(&rss(&"<item><title>Never closed".repeat(30_000)), 30_000);
    check(&rss(&"<item/>".repeat(30_000)), 30_000);
    let items = vec!["{\"id\":7,\"title\":\"t\"}"; 30_000].join(",");
    check(&format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{items}]}}"), 30_000);
}

#[test]
fn long_lists_in_one_entry_are_cut() {
    let numbered = |before: &str, after: &str| (0..30_000).map(|n| format!("{before}{n}{after}")).collect::<String>();
    let tags = parse(item(&numbered("<category>", "</category>")).as_bytes()).unwrap();
    assert_eq!((tags.entries.len(), tags.entries[0].tags.len()), (1, 500));
    let authors = numbered("<author><name>Jane ", "</name></author>");
    let atom = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id>{authors}</entry></feed>");
    assert_eq!(parse(atom.as_bytes()).unwrap().entries[0].authors.len(), 500);
}

#[test]
fn depth_costs_no_stack_and_no_square() {
    for inside in [
        format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000)),
        format!("<description>{}</description>", "<div>".repeat(50_000)),
        format!("<description>{}</description>", "&lt;div&gt;".repeat(30_000)),
        (0..50_000).map(|n| format!("<x xmlns:p{n}=\"urn:n{n}\">")).collect::<String>() + &"</x>".repeat(50_000),
    ] {
        let feed = parse(item(&inside).as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 1);
        assert_eq!(feed.entries[0].title.as_deref(), Some("After the flood"), "{}", &inside[..20]);
    }
    let unclosed = rss(&format!("<item>{}</item><item><title>Next</title></item>", "<a>".repeat(50_000)));
    assert_eq!(parse(unclosed.as_bytes()).unwrap().entries[1].title.as_deref(), Some("Next"));
    let brackets = format!("{{\"items\":[{{\"id\":\"1\",\"x\":{}", "[".repeat(50_000));
    assert!(matches!(parse(brackets.as_bytes()), Err(FeedError::NotAFeed(_))));
}

#[test]
fn one_endless_piece_of_markup_is_one_piece() {
    let long = "x".repeat(2_000_000);
    assert_eq!(parse(rss(&format!("<item><title a=\"{long}\">T</title></item>")).as_bytes()).unwrap().entries.len(), 1);
    let attributes: String = (0..50_000).map(|n| format!(" a{n}=\"1\"")).collect();
    assert_eq!(parse(rss(&format!("<item><title{attributes}>T</title></item>")).as_bytes()).unwrap().entries.len(), 1);
    for piece in
        ["<", "<a ", "<!-- ", "<item><title><![CDATA[", "<a b=\"", "<a b='x\" c=\"y'>", "</a>", "<?x ", "&", "\0"]
    {
        let flood = format!("<rss version=\"2.0\"><channel><title>Flood</title>{}", piece.repeat(50_000));
        let feed = parse(flood.as_bytes()).unwrap();
        assert_eq!(feed.title.as_deref(), Some("Flood"), "{piece}");
    }
    assert!(parse(format!("{}<rss><channel/></rss>", "<!DOCTYPE r [".repeat(50_000)).as_bytes()).is_err());
}

#[test]
fn gzip_unpacks_to_its_limit_only() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"<rss><channel><title>Bomb</title><item><title>First</title></item><description>").unwrap();
    for _ in 0..52 {
        packed.write_all(&vec![b'x'; 1024 * 1024]).unwrap();
    }
    let feed = parse(&packed.finish().unwrap()).unwrap();
    assert_eq!((feed.title.as_deref(), feed.entries.len()), (Some("Bomb"), 1));
    assert!(feed.warnings.iter().any(|warning| warning.contains("breaks off")), "{:?}", feed.warnings);
}
