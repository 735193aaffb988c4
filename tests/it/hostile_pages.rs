//! Pages made to exhaust a reader cost time and memory in proportion to their size, and no stack.
//!
//! Each is read by a process of its own, which the system stops when it takes more.

use std::fmt::Write as _;
use std::process::Command;

use copytaster::extract::{self, ExtractOptions};

/// What the unoptimized program may take of a processor for one page, in seconds: what is quadratic takes minutes.
const CPU_S: u32 = 40;

/// Address space for one page, in KiB. A page of 20 MB is cut at 10 MiB, whose tree and lists take 180 MB; the program
/// itself is mapped into it too.
const MEMORY_KIB: u32 = 512 * 1024;

/// Reads a page within the limits and returns what is printed of it.
fn check(name: &str, html: &[u8]) -> serde_json::Value {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page.html");
    std::fs::write(&path, html).expect("a page");
    let limits = format!("ulimit -t {CPU_S}; ulimit -v {MEMORY_KIB} 2>/dev/null; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limits, env!("CARGO_BIN_EXE_copytaster"), "extract", "--url", "https://ledger.example/a"])
        .arg(&path)
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{name}: {} {}", output.status, String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn nested(tag: &str, n: usize) -> String {
    format!("<{tag}>").repeat(n)
}

#[test]
fn depth_is_bounded() {
    check("div", nested("div", 100_000).as_bytes());
    for tag in ["span", "ul><li", "table><tr><td", "b", "svg", "noscript", "p><font color=a"] {
        check(tag, nested(tag, 30_000).as_bytes());
    }
    let text = "A sentence that is deep inside of it all. ".repeat(9);
    let page = check("deep text", format!("{}<p>{text}</p>", nested("div", 100_000)).as_bytes());
    assert!(page["body"].as_str().expect("a body").starts_with("A sentence that is deep"));
    let data = format!("<script type='application/ld+json'>{}</script>", "[".repeat(200_000));
    check("nested data", data.as_bytes());
}

#[test]
fn floods_are_bounded() {
    check("20 MB of one tag", nested("p", 7_000_000).as_bytes());
    let mut attributes = "<p".to_owned();
    for n in 0..1_000_000 {
        let _ = write!(attributes, " a{n}=1");
    }
    let page = check("a million attributes", format!("{attributes}>text</p>").as_bytes());
    assert_eq!(page["warnings"], serde_json::json!(["a tag had more than 256 attributes"]));
    let fonts: String = (0..390).map(|n| format!("<font id={n}>")).collect();
    check("reopened", format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(100_000)).as_bytes());
    check("headings", nested("h1>The same heading</h1", 20_000).as_bytes());
    check("comments", "<!-- ".repeat(400_000).as_bytes());
    check("open quotes", "<p title='".repeat(100_000).as_bytes());
    let objects = "{\"@type\":\"Article\"},".repeat(50_000);
    check("objects", format!("<script type='application/ld+json'>[{objects}{{}}]</script>").as_bytes());
}

#[test]
fn odd_bytes_are_read() {
    check("zeros", &vec![0; 200_000]);
    let zeros = "<p>A line with a \0 in the middle of it that is long enough to be one, they say.</p>".repeat(9);
    assert!(!check("zeros in a text", zeros.as_bytes())["body"].as_str().expect("a body").contains('\0'));
    check("mixed encodings", &[b"<p>caf\xe9 ".as_slice(), "ключ ".as_bytes(), b"\xff\xfe\x00\x81</p>"].concat());
    check("half a tag", b"<p title='never closed");
    check("half a character", &[b"\xff\xfe<\0p\0>\0a".as_slice(), &[0x3d]].concat());
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn extraction_never_panics(html in "(<[a-z/!]{1,8}[ =\"'a-z]{0,8}>|[a-z<>&;\u{0}é年 ]{0,12}){0,60}") {
            let article = extract::article(html.as_bytes(), "https://ledger.example/a", &ExtractOptions::default());
            prop_assert!(article.body.len() <= html.len() * 3, "a text is no longer than its page");
            prop_assert!(article.body.lines().all(|line| !line.trim().is_empty()));
        }

        #[test]
        fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = extract::article(&bytes, "", &ExtractOptions::default());
        }

        #[test]
        fn any_nesting_ends(tags in proptest::collection::vec(
            prop::sample::select(vec!["<div>", "<p class=a>", "<table>", "<b>", "<a href=x>", "</div>", "<li>", "<svg>", "</b>",
                "<select>", "<template>", "<h1>", "text. ", "<br>", "</p>", "<math>", "<td>", "<button>", "<form>"]), 0..2_000)
        ) {
            let _ = extract::article(tags.concat().as_bytes(), "https://ledger.example/a", &ExtractOptions::default());
        }
    }
}
