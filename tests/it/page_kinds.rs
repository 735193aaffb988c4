//! Kinds of pages that the fixtures do not show: what is text there, and what the page is.

use copytaster::extract::{self, ExtractOptions};
use copytaster::model::{BodyState, ExtractedArticle};

const SENTENCES: [&str; 4] = [
    "The ferry to the island stopped at noon on Friday, when a crack was found in the ramp that the cars use to get on board.",
    "Its captain told passengers that a second ship would come in the evening, and that tickets stay valid until next month.",
    "The shipping office expects repairs to take nine days, since the part has to be made at a yard across the bay.",
    "Farmers on the island said they would lose a week of deliveries, and asked the council for a barge to bring fodder.",
];

fn paragraphs() -> String {
    SENTENCES.iter().map(|sentence| format!("<p>{sentence}</p>")).collect()
}

fn article(head: &str, body: &str) -> ExtractedArticle {
    let page = format!("<html lang=en><head><title>Ferry stops</title>{head}</head><body>{body}</body></html>");
    extract::article(page.as_bytes(), "https://isle.example/news/ferry-stops", &ExtractOptions::default())
}

/// A page whose text are the four sentences, each a line.
fn check(kind: &str, head: &str, body: &str) {
    let article = article(head, body);
    assert_eq!((article.state, article.title.as_deref()), (BodyState::Complete, Some("Ferry stops")), "{kind}");
    assert_eq!(article.body, SENTENCES.join("\n"), "{kind}");
}

#[test]
fn the_text_is_found_in_every_markup() {
    let joined = |separator: &str| SENTENCES.join(separator);
    check("plain divs", "", &format!("<div><div>Ferry stops</div><div>{}</div></div>", joined("</div><div>")));
    check(
        "tables and line breaks",
        "",
        &format!(
            "<table><tr><td><font size=2>{}</font></td><td><a href=1>one link</a></td></tr></table>",
            joined("<br><br>")
        ),
    );
    check("without scripts", "", &format!("<div id=app></div><noscript>{}</noscript>", paragraphs()));
    check(
        "elements of its own",
        "",
        &format!(
            "<article><h1>Ferry stops</h1>{}<newsletter-signup><p>Get our letter every morning, with all that happens \
             on the islands and at sea.</p></newsletter-signup><amp-consent><div>We use cookies and share personal data \
             with our partners.</div></amp-consent></article>",
            paragraphs()
        ),
    );
    check(
        "the inside of an element of its own",
        "",
        &format!(
            "<isle-story><template shadowrootmode=open><style>p {{ margin: 0 }}</style><article><h1>Ferry stops</h1>{}\
             <slot></slot></article></template></isle-story><template><p>{}</p></template>",
            paragraphs(),
            "A row that a script fills in for each of the ferries that are late today, with their names and times."
        ),
    );
    check(
        "a quoted document",
        "",
        &format!("<article><h1>Ferry stops</h1><blockquote>{}</blockquote></article>", paragraphs()),
    );
    check(
        "captions of a gallery",
        "",
        &format!(
            "<article><h1>Ferry stops</h1><figure><img src=1><figcaption>{}</figcaption></figure></article>",
            joined("</figcaption></figure><figure><img src=2><figcaption>")
        ),
    );
    let script = |json: &str| format!("<script type='application/ld+json'>{json}</script>");
    check(
        "the whole body in data",
        &script(&format!(r#"{{"@type":"NewsArticle","headline":"Ferry stops","articleBody":"{}"}}"#, joined("\\n\\n"))),
        &format!("<h1>Ferry stops</h1><p>{}</p>", SENTENCES[0]),
    );
    check(
        "a cut body in data",
        &script(&format!(r#"{{"@type":"NewsArticle","headline":"Ferry stops","articleBody":"{}..."}}"#, SENTENCES[0])),
        &format!("<article><h1>Ferry stops</h1>{}</article>", paragraphs()),
    );
}

/// The lines of a page's body under its headline.
fn lines(body: &str) -> Vec<String> {
    let body = format!("<article><h1>Ferry stops</h1>{body}</article>");
    article("", &body).body.lines().map(str::to_owned).collect()
}

#[test]
fn what_the_author_repeats_is_kept() {
    let [first, second, third, _] = SENTENCES;
    let refrain = [first, second, first, third, first];
    let paragraphs = refrain.map(|text| format!("<p>{text}</p>")).concat();
    assert_eq!(lines(&paragraphs), refrain);
    // A quote in large letters, and a body that is sent again for small screens, are copies.
    let pulled = format!("<p>{first}</p><p class=pull>{second}</p><p>{second}</p><p>{third}</p>");
    assert_eq!(lines(&pulled), [first, second, third]);
    let twice = format!(
        "<div class=wide><p>{first}</p><p>{second}</p></div><div class=small><p>{first}</p><p>{second}</p></div>"
    );
    assert_eq!(lines(&twice), [first, second]);
}

#[test]
fn last_lines_that_speak_of_a_shop_are_kept() {
    let shop =
        "The timetable can still be had in the app store of either system, for 2 euros, said the shipping office.";
    let offer = "Subscribe to our newsletter and never miss a ferry.";
    let page = format!("{}<p>{shop} <a href=/b>bo</a></p><p>{offer}</p>", paragraphs());
    assert_eq!(lines(&page)[4..], [format!("{shop} bo")]);
}

#[test]
fn ids_that_are_headings_tell_nothing() {
    let section =
        |id: &str, heading: &str, text: &str| format!("<section id={id}><h2>{heading}</h2><p>{text}</p></section>");
    let [first, second, third, fourth] = SENTENCES;
    let manual = [
        section("the-ramp", "The ramp", first),
        section("sharing-a-ship", "Sharing a ship", second),
        section("repairs", "Repairs", third),
    ]
    .concat();
    let expected = ["The ramp", first, "Sharing a ship", second, "Repairs", third];
    assert_eq!(lines(&format!("<p>{fourth}</p>{manual}"))[1..], expected);
    // One box that is called by its heading is still a box.
    let boxed = section("related-articles", "Related articles", third);
    assert_eq!(lines(&format!("<p>{first}</p><p>{second}</p>{boxed}")), [first, second]);
}

#[test]
fn other_articles_below_are_not_taken_for_the_article() {
    let card = |n: usize| {
        let text = SENTENCES[n % 4].replace("ferry", &format!("ferry number {n}")).replace("The ", "Another ");
        format!(
            "<li><time datetime=2025-11-2{}>1h</time><h3><a href=/n/{n}>Another headline of the day</a></h3><p>{text}</p></li>",
            n % 9
        )
    };
    let stream = (0..18).map(card).collect::<String>();
    let shown = |page: &str| article("", page);
    let page = format!(
        "<div><div><p><a href=/>Home</a></p><h1>Ferry stops</h1>{0}{1}</div><div><ul>{stream}</ul></div></div>",
        paragraphs(),
        "<p>No one was hurt, and the cars on board were driven off by their owners one after another before dark.</p>\
         <p>It is the third time this year that the ramp has failed, and the first in the season of the storms.</p>"
    );
    let article = shown(&page);
    assert!(
        article.body.starts_with(SENTENCES[0]) && article.body.ends_with("season of the storms."),
        "{}",
        article.body
    );
    assert_eq!(article.published, None);
    // A list of the best is the article, though each of its headings leads to another page.
    let best = (0..6).map(card).collect::<String>();
    let article = shown(&format!("<article><h1>Ferry stops</h1><p>{}</p><ul>{best}</ul></article>", SENTENCES[3]));
    assert!(article.body.contains("Another ferry number 4 to the island"), "{}", article.body);
}

#[test]
fn nested_data_gives_its_metadata() {
    let data = r#"<script type="application/ld+json">[{"@graph":[{"@type":"WebPage"},[{"@type":["NewsArticle","Article"],
        "headline":"Ferry stops","datePublished":["2025-11-28T12:30:00+01:00"],
        "author":{"@list":[{"@type":"Person","name":"Ada Quay"},{"@type":"Person","name":"Bo Reef"}]}}]]}]</script>"#;
    let article = article(data, &paragraphs());
    assert_eq!(article.authors, ["Ada Quay", "Bo Reef"]);
    assert_eq!(
        article.published.and_then(|claim| claim.utc).map(|utc| utc.rfc3339()).as_deref(),
        Some("2025-11-28T11:30:00Z")
    );
}

#[test]
fn names_are_found_where_no_markup_tells_them() {
    let check = |head: &str, above: &str, below: &str, expected: &[&str]| {
        let body = format!("<article><h1>Ferry stops</h1>{above}{}{below}</article>", paragraphs());
        assert_eq!(article(head, &body).authors, expected, "{head}{above}{below}");
    };
    check("", "<p>By Ada Quay and Bo Reef</p>", "", &["Ada Quay", "Bo Reef"]);
    check("", "<p>Text: Ada Quay</p>", "", &["Ada Quay"]);
    check("", "<div>Ada Quay | 28.11.2025</div>", "", &["Ada Quay"]);
    check("", "<div>Far Harbor | 28.11.2025 | Ada Quay</div>", "", &[]);
    check("", "<p>By the shore <a href=/staff/ada-quay>Ada Quay</a></p>", "", &["Ada Quay"]);
    check("", "<p>By noon all was quiet at the shore</p>", "", &[]);
    check("", "", "<p><b>Ada Quay</b></p>", &["Ada Quay"]);
    check("", "", "<p>Written by Ada Quay</p>", &["Ada Quay"]);
    check("", "", "<p>港口的桥梁将于下个星期二的早上重新开放。（记者 张小明 李四）</p>", &["张小明", "李四"]);
    check("", "<p class=author>Ada Quay, Nov 28, 3 min read</p>", "", &["Ada Quay"]);
    check("", "<p class=byline>Updated 28 November by the desk</p>", "", &[]);
    // An outlet that JSON-LD calls the author gives way to a person whom the page shows.
    let data = r#"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Ferry stops",
        "author":{"@type":"Organization","name":"Isle Ledger"}}</script>"#;
    check(data, "<p>By Ada Quay</p>", "", &["Ada Quay"]);
    check(data, "", "", &["Isle Ledger"]);
}

#[test]
fn the_headline_is_not_the_name_of_the_site() {
    let check = |title: &str, headings: &str, expected: &str| {
        let page = format!("<title>{title}</title><body>{headings}<article>{}</article>", paragraphs());
        let found = extract::article(page.as_bytes(), "https://isle.example/n/1", &ExtractOptions::default());
        assert_eq!(found.title.as_deref(), Some(expected), "{title} {headings}");
    };
    check("Ferry stops : Isle Letters", "<h1><a href=/>Isle Letters</a></h1>", "Ferry stops : Isle Letters");
    check("Isle Letters", "<h1><a href=https://isle.example>Isle Letters</a></h1><h1>Ferry stops</h1>", "Ferry stops");
    check("Isle Letters", "<h1><a href=https://far.example/>Ferry stops</a></h1>", "Ferry stops");
    let data = |kind: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type":"{kind}","headline":"Why the ferry stops today"}}</script>"#
        )
    };
    let heading = "<h1>Why the ferry to the island stops today</h1>";
    check("x", &format!("{}{heading}", data("BlogPosting")), "Why the ferry to the island stops today");
    check("x", &format!("{}{heading}", data("NewsArticle")), "Why the ferry stops today");
}

#[test]
fn users_of_forums_are_authors() {
    let check = |head: &str, above: &str, expected: &str| {
        let body = format!(
            "<nav><span class=username>reader9</span></nav><h1>Ferry stops</h1><div>{above}<div>{}</div></div>",
            paragraphs()
        );
        assert_eq!(article(head, &body).authors, [expected], "{head}{above}");
    };
    check("", "<p>» 28 Nov 2025 by <span class=username>heron7</span></p>", "heron7");
    check("", "<div class=postInfo><a href=/users/1742/heron>heron</a></div>", "heron");
    let question = r#"<script type="application/ld+json">{"@type":"QAPage","mainEntity":{"@type":"Question",
        "name":"Ferry stops","author":{"@type":"Person","name":"heron7"},
        "acceptedAnswer":{"@type":"Answer","author":{"name":"gull"}}}}</script>"#;
    check(question, "", "heron7");
    let posting = r#"<script type="application/ld+json">{"@type":"DiscussionForumPosting","headline":"Ferry stops",
        "author":{"@type":"Person","name":"heron7"}}</script>"#;
    check(posting, "", "heron7");
}

#[test]
fn what_is_no_article_is_told() {
    let check = |body: &str, expected: BodyState| assert_eq!(article("", body).state, expected, "{body}");
    check(
        "<h1>Before you continue</h1><p>We and our partners use cookies to store personal data on your device.</p>\
         <p>You can accept all, reject all or manage your consent at any time in the privacy policy.</p>",
        BodyState::Consent,
    );
    check("<h1>isle.example</h1><p>Verifying you are human. This may take a few seconds.</p>", BodyState::Consent);
    let cards: String = (0..20)
        .map(|n| {
            format!(
                "<div><h3><a href=/n/{n}>Headline number {n} of the day, on something</a></h3><p>{}…</p></div>",
                &SENTENCES[n % 4][..90]
            )
        })
        .collect();
    check(&cards, BodyState::Listing);
    check(&format!("<h1>Ferry stops</h1><video></video><p>{}</p>", SENTENCES[0]), BodyState::NotAnArticle);
    check(
        &format!(
            "<article><p>{}</p><p>{}</p><p>Subscribe to continue reading this story.</p></article>",
            SENTENCES[0], SENTENCES[1]
        ),
        BodyState::PaywalledStub,
    );
    let disguise = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_graphic() { char::from(33 + (c as u8 - 33 + 47) % 94) } else { c })
            .flat_map(|c| match c {
                '<' => "&lt;".chars().collect::<Vec<_>>(),
                '&' => "&amp;".chars().collect(),
                c => vec![c],
            })
            .collect()
    };
    let disguised: String = SENTENCES.map(|sentence| format!("<p>{}</p>", disguise(sentence))).concat();
    check(
        &format!("<article><p>{}</p><p>{}</p>{disguised}</article>", SENTENCES[0], SENTENCES[1]),
        BodyState::Scrambled,
    );
}

#[test]
fn dates_in_words_are_read_in_many_languages() {
    for date in [
        "28 November 2025",
        "Nov. 28th, 2025",
        "28. November 2025",
        "vendredi 28 novembre 2025 à 18h15",
        "28 de noviembre de 2025",
        "28 de novembro de 2025",
        "28 listopada 2025",
        "28. listopadu 2025",
        "28 ноября 2025",
        "28 листопада 2025",
        "28 Kasım 2025",
        "2025. november 28.",
        "28 noiembrie 2025",
        "28 Νοεμβρίου 2025",
        "28 نوفمبر 2025",
        "۲۸ نوامبر ۲۰۲۵",
        "28 בנובמבר 2025",
        "28. marraskuuta 2025",
        "2025年11月28日",
        "2025년 11월 28일",
        "2025 m. lapkričio 28 d.",
        "28. studenoga 2025.",
        "28 қараша 2025",
        "28 noyabr 2025",
        "28. nóvember 2025",
        "28 พฤศจิกายน 2568",
        "28 พ.ย. 2568, 18:15 น.",
        "28 พฤศจิกายน พ.ศ. ๒๕๖๘",
        "28 नवंबर 2025",
        "२८ नवम्बर २०२५",
        "২৮ নভেম্বর ২০২৫",
        "28 نومبر 2025",
    ] {
        let article = article("", &format!("<article><h1>Ferry stops</h1><div>{date}</div>{}</article>", paragraphs()));
        let day = article
            .published
            .and_then(|claim| copytaster::text::dates::as_written(&claim.raw))
            .map(|(time, _)| time.rfc3339());
        assert_eq!(day.as_deref().and_then(|day| day.get(..10)), Some("2025-11-28"), "{date}");
    }
}
