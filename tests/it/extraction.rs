//! Extraction of whole pages: our own files in tests/data/pages, hostile pages, and the command's batch.

use std::fmt::Write as _;

use copytaster::extract::{self, ExtractOptions, SiteRule, SiteRules};
use copytaster::model::{BodyState, ExtractedArticle, Outlet, OutletRegister};

const URL: &str = "https://www.ledger.example/2025/11/25/pilots-end-strike?utm_source=x";

fn page(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/pages/{name}.html", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn article(name: &str, url: &str) -> ExtractedArticle {
    extract::article(&page(name), url, &ExtractOptions::default())
}

#[test]
fn a_page_gives_its_article_and_nothing_else() {
    let article = article("article", URL);
    let lines: Vec<&str> = article.body.lines().collect();
    assert_eq!(
        lines,
        [
            "Ships begin to move again on Tuesday, but a backlog of forty vessels will take a week to clear.",
            "Pilots at the country’s largest harbour went back to work on Tuesday after their union and the port agreed on \
             rest hours.",
            "The deal was first reported by the Wire, which cited two people at the table. The port confirmed it an hour \
             later.",
            "What was agreed",
            "Eleven hours of rest between two shifts, as the union had asked.",
            "A second boat on nights with heavy traffic.",
            "“Nobody should board a tanker after three hours of sleep,” the union’s secretary said.",
            "Ships waiting Forty",
            "Ships a day Six",
            "The backlog will be gone within a week, the harbour master said.",
        ]
    );
    assert_eq!(article.state, BodyState::Complete);
}

#[test]
fn a_page_gives_its_metadata() {
    let article = article("article", URL);
    assert_eq!(article.title.as_deref(), Some("Harbour pilots end strike after night of talks"));
    assert_eq!(article.authors, ["Ada Quill", "Tom Rudder"]);
    assert_eq!(article.outlet.as_deref(), Some("The Coast Ledger"));
    assert_eq!(article.canonical_url.as_deref(), Some("https://www.ledger.example/2025/11/25/pilots-end-strike"));
    assert_eq!(article.language.as_deref(), Some("en-GB"));
    assert_eq!(article.tags, ["Business", "Ports"]);
    assert_eq!(article.credit_lines, ["https://wire.example/pilots"]);
    let date =
        |claim: Option<copytaster::model::ClaimedDate>| claim.and_then(|claim| claim.utc).map(|utc| utc.rfc3339());
    assert_eq!(date(article.published).as_deref(), Some("2025-11-25T06:40:00Z"));
    assert_eq!(date(article.updated).as_deref(), Some("2025-11-25T09:00:00Z"));
}

#[test]
fn a_page_that_calls_another_sites_address_its_own_credits_it() {
    let syndicated = article("syndicated", "https://ledger.example/ferry-line");
    assert_eq!(syndicated.state, BodyState::Complete);
    assert_eq!(
        syndicated.credit_lines,
        ["Crews buy the ferry line", "Quay Wire", "https://www.quaywire.example/2025/11/25/ferry-line"]
    );
    assert_eq!(syndicated.canonical_url.as_deref(), Some("https://www.quaywire.example/2025/11/25/ferry-line"));
    assert_eq!(syndicated.amp_url.as_deref(), Some("https://ledger.example/amp/ferry-line"));
    assert_eq!(syndicated.is_free, Some(true));
    // One owner publishes on both sites.
    let outlet = |name: &str, domain: &str| Outlet {
        name: name.to_owned(),
        domains: vec![domain.to_owned()],
        owner: Some("Harbour Press".to_owned()),
        ..Outlet::default()
    };
    let register =
        OutletRegister::new(vec![outlet("Ledger", "ledger.example"), outlet("Quay Wire", "quaywire.example")]);
    let options = ExtractOptions { register: Some(&register), ..ExtractOptions::default() };
    let owned = extract::article(&page("syndicated"), "https://ledger.example/ferry-line", &options);
    assert_eq!(owned.credit_lines, ["Crews buy the ferry line", "Quay Wire"]);
}

#[test]
fn pages_in_any_encoding_and_direction_are_read() {
    let check = |label: &str, encoding: &'static encoding_rs::Encoding, lines: [&str; 3]| {
        let html = format!(
            "<html><head><meta charset=\"{label}\"><title>{0}</title></head><body><article><h1>{0}</h1><p>{1}</p><p>{2}</p>\
             </article></body></html>",
            lines[0], lines[1], lines[2]
        );
        let (bytes, _, had_errors) = encoding.encode(&html);
        assert!(!had_errors, "{label}");
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(html.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let undeclared = encoding.encode(&html.replace("charset", "chars")).0.into_owned();
        let mut variants =
            vec![("declared", bytes.into_owned()), ("UTF-16", wide), ("UTF-8", html.clone().into_bytes())];
        // A page that is plain ASCII to the eye is read as such where nothing says otherwise.
        if encoding != encoding_rs::ISO_2022_JP {
            variants.push(("undeclared", undeclared));
        }
        for (variant, bytes) in variants {
            let article = extract::article(&bytes, "https://ledger.example/2025/11/25/a", &ExtractOptions::default());
            assert_eq!(article.title.as_deref(), Some(lines[0]), "{label} {variant}");
            assert_eq!(article.body, format!("{}\n{}", lines[1], lines[2]), "{label} {variant}");
        }
    };
    check(
        "windows-1251",
        encoding_rs::WINDOWS_1251,
        [
            "Старый мост снова открыт для движения",
            "Мост через реку открыли во вторник после одиннадцати месяцев ремонта, сообщила городская администрация.",
            "Инженеры нашли трещины в двух опорах, и движение по нему было закрыто ещё прошлой зимой.",
        ],
    );
    check(
        "windows-1256",
        encoding_rs::WINDOWS_1256,
        [
            "إعادة فتح الجسر القديم أمام حركة المرور",
            "أعيد فتح الجسر القديم فوق النهر يوم الثلاثاء بعد أحد عشر شهرا من الإصلاحات، كما أعلن مجلس المدينة في بيان.",
            "وكان المهندسون قد عثروا على شقوق في اثنتين من دعائمه وأغلق أمام السيارات في الشتاء الماضي.",
        ],
    );
    check(
        "gb18030",
        encoding_rs::GB18030,
        [
            "河上老桥修复后重新开放通行",
            "市政府在一份声明中说，河上的老桥经过十一个月的修复，于星期二重新开放，行人和车辆都可以通过。",
            "工程师去年冬天在两座桥墩上发现裂缝，因此关闭了这座桥，电车将在明年春天恢复运行。",
        ],
    );
    let japanese = [
        "川の古い橋が修理を終えて再び開通した",
        "市の発表によると、川にかかる古い橋は十一か月の修理を終え、火曜日に歩行者と車の通行を再開したという。",
        "技術者が昨年の冬に二本の橋脚でひび割れを見つけ、橋は通行止めになっていた。路面電車は来年の春に戻る。",
    ];
    check("Shift_JIS", encoding_rs::SHIFT_JIS, japanese);
    check("EUC-JP", encoding_rs::EUC_JP, japanese);
    check("ISO-2022-JP", encoding_rs::ISO_2022_JP, japanese);
    check(
        "EUC-KR",
        encoding_rs::EUC_KR,
        [
            "강 위의 오래된 다리가 다시 열렸다",
            "시 당국은 성명에서 강 위의 오래된 다리가 열한 달의 보수를 마치고 화요일에 다시 통행을 시작했다고 밝혔다.",
            "기술자들은 지난겨울 교각 두 곳에서 균열을 발견했고 그 뒤로 차량 통행이 금지되어 있었다.",
        ],
    );
    check(
        "Big5",
        encoding_rs::BIG5,
        [
            "河上老橋修復後重新開放通行",
            "市政府在一份聲明中說，河上的老橋經過十一個月的修復，於星期二重新開放，行人和車輛都可以通過。",
            "工程師去年冬天在兩座橋墩上發現裂縫，因此關閉了這座橋，電車將在明年春天恢復運行。",
        ],
    );
    check(
        "windows-1255",
        encoding_rs::WINDOWS_1255,
        [
            "הגשר הישן נפתח מחדש לתנועה",
            "הגשר הישן מעל הנהר נפתח ביום שלישי לאחר אחד עשר חודשים של תיקונים, כך מסרה מועצת העיר בהודעה.",
            "המהנדסים מצאו סדקים בשניים מעמודיו, והוא נסגר לתנועת כלי רכב בחורף שעבר.",
        ],
    );
    check(
        "windows-874",
        encoding_rs::WINDOWS_874,
        [
            "สะพานเก่าเปิดใช้อีกครั้งหลังซ่อม",
            "สภาเมืองแถลงว่าสะพานเก่าข้ามแม่น้ำเปิดใช้อีกครั้งเมื่อวันอังคารหลังจากซ่อมแซมนานสิบเอ็ดเดือนสำหรับคนเดินและรถยนต์",
            "วิศวกรพบรอยร้าวที่ตอม่อสองต้นเมื่อฤดูหนาวปีก่อนจึงปิดสะพานไม่ให้รถผ่านจนกว่าจะซ่อมเสร็จ",
        ],
    );
}

#[test]
fn links_have_their_anchor_and_sentence() {
    let article = article("article", URL);
    let [link] = article.links.as_slice() else { panic!("{:?}", article.links) };
    assert_eq!(link.url, "https://wire.example/pilots");
    assert_eq!(link.anchor, "first reported by the Wire");
    assert_eq!(link.sentence, "The deal was first reported by the Wire, which cited two people at the table.");
}

#[test]
fn the_article_under_the_headline_is_taken() {
    let article = article("two_articles", "https://flussbote.example/wehr");
    assert!(article.body.starts_with("Das alte Wehr"), "{}", article.body);
    assert!(!article.body.contains("Markthalle"), "{}", article.body);
    assert_eq!(article.title.as_deref(), Some("Wehr am Stadtrand wird erneuert"));
}

#[test]
fn the_state_tells_what_the_body_is() {
    let check = |name: &str, url: &str, expected: BodyState| {
        let article = article(name, url);
        assert_eq!(article.state, expected, "{name}: {}", article.body);
        article
    };
    let stub = check("paywall", "https://journal.example/pont", BodyState::PaywalledStub);
    assert!(!stub.body.contains("abonnés"), "{}", stub.body);
    assert!(check("challenge", "https://ledger.example/a", BodyState::Consent).body.is_empty());
    check("front_page", "https://ledger.example/", BodyState::Listing);
    assert!(check("consent", "https://bote.example/a", BodyState::Consent).body.is_empty());
    check("contact", "https://ledger.example/contact", BodyState::NotAnArticle);
    check("truncated", "https://ledger.example/lighthouse", BodyState::Truncated);
    check("scrambled_rot47", "https://ledger.example/school", BodyState::Scrambled);
    check("scrambled_shifted", "https://ledger.example/school", BodyState::Scrambled);
}

#[test]
fn a_users_selectors_win() {
    let some = |text: &str| Some(text.to_owned());
    let rule = SiteRule {
        domain: "flussbote.example".to_owned(),
        body: some(".market p, .market h2"),
        remove: vec![".market .box".to_owned()],
        title: some(".market h1"),
        author: some(".market .pen"),
        published: some(".market time"),
    };
    let sites = SiteRules::new(&[rule]).expect("selectors");
    let html = "<html><head><title>Wehr am Stadtrand</title></head><body><article><h1>Wehr am Stadtrand</h1><p>Das alte \
        Wehr am Stadtrand wird im Frühjahr erneuert, teilte die Stadt am Dienstag mit, und der Weg am Ufer bleibt \
        offen.</p></article><div class='market'><h1>Markthalle öffnet</h1><span class='pen'>Von Ida Feder</span> <time \
        datetime='2025-11-24T08:00:00+01:00'>gestern</time><p>Zwei Jahre <b class='box'>Anzeige </b>war sie zu.</p>\
        <h2>Neue Stände</h2><p class='box'>Jetzt abonnieren.</p><p>Zwölf <a href='/haendler'>Händler</a> ziehen \
        ein.</p></div></body></html>";
    let extract = |url: &str| {
        let options = ExtractOptions { sites: Some(&sites), ..ExtractOptions::default() };
        extract::article(html.as_bytes(), url, &options)
    };
    let ruled = extract("https://www.flussbote.example/markt");
    assert_eq!(ruled.body, "Zwei Jahre war sie zu.\nNeue Stände\nZwölf Händler ziehen ein.");
    assert_eq!(ruled.title.as_deref(), Some("Markthalle öffnet"));
    assert_eq!(ruled.authors, ["Ida Feder"]);
    assert_eq!(
        ruled.published.and_then(|claim| claim.utc).map(|utc| utc.rfc3339()).as_deref(),
        Some("2025-11-24T07:00:00Z")
    );
    assert_eq!(ruled.links[0].url, "https://www.flussbote.example/haendler");
    assert!(extract("https://other.example/markt").body.starts_with("Das alte Wehr"));
}

#[test]
fn posts_of_a_live_blog_stand_with_their_times() {
    let article = article("live_blog", "https://ledger.example/live/storm");
    let lines: Vec<&str> = article.body.lines().collect();
    assert_eq!(lines[..2], ["2025-11-25T08:10:00Z", "Ferries cancelled"]);
    assert!(lines[2].starts_with("All ferries"));
    assert_eq!(lines.len(), 6);
}

#[test]
fn posts_in_markup_keep_their_times() {
    let article = article("live_markup", "https://ledger.example/live/count");
    let lines: Vec<&str> = article.body.lines().collect();
    assert_eq!(
        [lines[1], lines[2], lines[4], lines[5]],
        ["2025-11-25T20:40:00Z", "Old harbour counted", "2025-11-25T19:05:00Z", "Stations closed"],
        "{lines:?}"
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn the_text_of_a_feed_is_cleaned_as_a_page_is() {
    let html = "<p>The crews of the island ferries have bought the line they work on, both sides said on Tuesday.</p>\
        <figure><img src='a.jpg'><figcaption>A ferry at the quay, seen from the old lighthouse.</figcaption></figure>\
        <p>Read also: <a href='/other'>How the line came to be sold</a></p>\
        <p>The boats sail under the <a href='/name'>old name</a> until the spring, and the timetable stays as it is.</p>\
        <ul><li><a href='/1'>Timetables of the islands</a></li><li><a href='/2'>All fares of the line</a></li></ul>";
    let (text, links) = extract::feed_text(html, "https://ledger.example/ferry-line");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with("The boats sail under the old name"));
    assert_eq!(links.len(), 1);
    assert_eq!(extract::feed_text("<p>Read more</p>", "").0, "Read more");
}

#[test]
fn a_batch_keeps_the_order_of_its_manifest() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest = String::new();
    for n in 0..600 {
        let path = folder.path().join(format!("{n}.html"));
        std::fs::write(&path, format!("<h1>Page {n} of the batch</h1>")).expect("a page");
        let _ = writeln!(
            manifest,
            "{}",
            serde_json::json!({"id": n.to_string(), "path": path, "url": "https://a.example/"})
        );
    }
    manifest.push_str("not json\n");
    let path = folder.path().join("manifest.jsonl");
    std::fs::write(&path, manifest).expect("a manifest");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_copytaster"))
        .args(["extract", "--batch"])
        .arg(&path)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let ids: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["id"].as_str().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(ids, (0..600).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(String::from_utf8_lossy(&output.stderr).contains(":601:"));
}
