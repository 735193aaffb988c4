//! Phrases by which a line shows that it is not the article, in the languages of the outlet register, lower case.

use std::sync::LazyLock;

/// Phrases by their first byte, so that a text is compared with the few that can begin at a place.
pub(super) struct Phrases(Vec<Vec<&'static str>>);

impl Phrases {
    fn new(phrases: &[&'static str]) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for phrase in phrases {
            if let Some(first) = phrase.bytes().next() {
                by_first[usize::from(first)].push(*phrase);
            }
        }
        Self(by_first)
    }

    /// Whether a text begins with one of the phrases.
    pub(super) fn begin(&self, lower: &str) -> bool {
        self.begin_at(lower.as_bytes())
    }

    fn begin_at(&self, bytes: &[u8]) -> bool {
        let candidates = bytes.first().map(|first| &self.0[usize::from(*first)]);
        candidates.is_some_and(|phrases| phrases.iter().any(|phrase| bytes.starts_with(phrase.as_bytes())))
    }

    /// Whether one of the phrases stands in a text, from the beginning of a word on.
    pub(super) fn stand_in(&self, lower: &str) -> bool {
        let bytes = lower.as_bytes();
        (0..bytes.len()).any(|at| {
            // Scripts without spaces have no beginnings of words: there any letter is one.
            !self.0[usize::from(bytes[at])].is_empty()
                && (at == 0 || !bytes[at].is_ascii() || !bytes[at - 1].is_ascii_alphanumeric())
                && self.begin_at(&bytes[at..])
        })
    }
}

/// Beginnings of lines that lead away from the article, lower case, in the languages of the outlet register.
pub(super) static LEADS_AWAY: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(&[
        "read also",
        "also read",
        "read more",
        "read next",
        "see also",
        "more on this",
        "related:",
        "related article",
        "recommended",
        "click here to",
        "watch |",
        "watch:",
        "get the latest",
        "for the latest",
        "join us on",
        "lest auch",
        "sign up",
        "subscribe",
        "follow us",
        "lesen sie auch",
        "lesen sie mehr",
        "lesen sie hier",
        "lesen sie dazu",
        "mehr zum thema",
        "mehr dazu",
        "auch interessant",
        "das könnte sie auch",
        "weitere nachrichten",
        "lire aussi",
        "à lire aussi",
        "lire également",
        "voir aussi",
        "leia também",
        "leia mais",
        "veja também",
        "lea también",
        "lee también",
        "leer más",
        "te puede interesar",
        "le puede interesar",
        "leggi anche",
        "lees ook",
        "läs också",
        "les også",
        "læs også",
        "читайте также",
        "читать также",
        "читайте також",
        "czytaj więcej",
        "czytaj też",
        "czytaj także",
        "zobacz też",
        "přečtěte si",
        "čtěte také",
        "olvasta már",
        "citește și",
        "ayrıca okuyun",
        "διαβάστε επίσης",
        "اقرأ أيضا",
        "阅读更多",
        "相关阅读",
        "延伸阅读",
        "相關新聞",
        "あわせて読みたい",
        "関連記事",
    ])
});

/// Whole lines that name what stands below or beside them.
pub(super) const LABELS: &[&str] = &[
    "advertisement",
    "advertising",
    "sponsored",
    "article continues below",
    "story continues below",
    "article continues after advertisement",
    "continue reading below",
    "anzeige",
    "werbung",
    "publicité",
    "publicidad",
    "publicidade",
    "pubblicità",
    "реклама",
    "reklama",
    "reklam",
    "reklame",
    "reclame",
    "annons",
    "annonse",
    "mainos",
    "hirdetés",
    "publicitate",
    "διαφήμιση",
    "إعلان",
    "广告",
    "広告",
    "광고",
    "table of contents",
    "inhaltsverzeichnis",
    "share this",
    "share this article",
    "share",
    "teilen",
    "partager",
    "compartir",
    "compartilhar",
    "condividi",
    "поделиться",
    "udostępnij",
    "paylaş",
    "comments",
    "print",
    "save",
    "loading...",
    "video",
    "related",
];

/// Words of a last line that asks for attention rather than reports.
pub(super) static PROMOTIONS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(&[
        "newsletter",
        "whatsapp",
        "google news",
        "app store",
        "telegram channel",
        "telegram-kanal",
        "subscribe",
        "sign up",
        "follow us",
        "folgen sie uns",
        "abonnier",
        "abonnez",
        "suscríb",
        "iscriviti",
        "inscreva-se",
        "подпис",
        "підпис",
        "push notification",
        "breaking news alerts",
        "our community",
        "support our",
        "unterstützen sie uns",
        "donate",
        "copyright",
        "all rights reserved",
        "alle rechte vorbehalten",
        "tous droits réservés",
    ])
});

/// Words of a line that offers the rest of the text for money.
pub(super) static PAYWALLS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(&[
        "subscribe to continue",
        "subscribe to read",
        "subscribe now to read",
        "to continue reading",
        "to keep reading",
        "already a subscriber",
        "this article is for subscribers",
        "exclusive to subscribers",
        "subscribers only",
        "for subscribers only",
        "register to read",
        "sign in to read",
        "log in to read",
        "become a member to",
        "start your free trial",
        "jetzt weiterlesen",
        "weiterlesen mit",
        "lesen sie weiter mit",
        "artikel freischalten",
        "exklusiv für abonnenten",
        "nur für abonnenten",
        "mit einem abo",
        "bereits abonnent",
        "réservé aux abonnés",
        "réservée aux abonnés",
        "réservé à nos abonnés",
        "il vous reste",
        "pour lire la suite",
        "suscríbete para",
        "suscríbase para",
        "solo para suscriptores",
        "exclusivo para suscriptores",
        "exclusivo para assinantes",
        "conteúdo exclusivo",
        "contenuto riservato agli abbonati",
        "abbonati per leggere",
        "alleen voor abonnees",
        "только для подписчиков",
        "оформите подписку",
        "tylko dla subskrybentów",
        "dostęp dla prenumeratorów",
        "pouze pro předplatitele",
        "前払い",
        "有料会員",
        "会員限定",
    ])
});

/// Beginnings of a line that credits a picture.
pub(super) static PICTURE_CREDITS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(&[
        "photo:",
        "photo by",
        "photograph:",
        "photos:",
        "photo credit",
        "picture:",
        "image:",
        "images:",
        "image credit",
        "foto:",
        "fotos:",
        "bild:",
        "bildrechte",
        "bildquelle",
        "crédit photo",
        "crédits photo",
        "фото:",
        "fot.",
        "zdjęcie:",
        "ảnh:",
        "写真：",
        "写真＝",
        "사진=",
        "图片来源",
    ])
});
