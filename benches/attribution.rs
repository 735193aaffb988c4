//! What reading the credits of a 600-word body costs beside cutting it into words.
//!
//! Prints the fastest of many rounds of both, in turn, on a body of our own words in each of three languages.

use std::hint::black_box;
use std::time::{Duration, Instant};

use copytaster::attribution::{self, AttributionIndex, CreditedText, StoredOutlets};
use copytaster::config::tables;
use copytaster::text;

const N_WORDS: usize = 600;
const N_ROUNDS: usize = 200;

/// Paragraphs of a report, repeated up to the length wanted.
const BODIES: [(&str, &str); 3] = [
    (
        "en",
        "The council of Talbach met on Monday evening to hear why the eastern dike had not been repaired, and heard \
         little that was new. The engineer who had inspected it told the Orrin Ledger that he had written four times. \
         Families who spent the night in the gym asked for the letters to be published, Reuters reported. The mayor said \
         that he had never seen them; according to the district office they were received and filed each autumn.",
    ),
    (
        "de",
        "Der Rat von Talbach hörte am Montagabend, warum der östliche Deich nicht ausgebessert wurde, und erfuhr wenig \
         Neues. Der Gutachter hatte viermal geschrieben, wie die Nachrichtenagentur Reuters berichtete. Familien, die in \
         der Turnhalle schliefen, verlangten die Briefe zu sehen. Der Bürgermeister sagte, er kenne sie nicht.",
    ),
    (
        "ru",
        "Совет города в понедельник вечером выслушал, почему не была отремонтирована восточная дамба. Инженер, который её \
         осматривал, писал четыре раза, сообщает агентство Reuters. Семьи, ночевавшие в школьном зале, потребовали \
         показать письма. Мэр сказал, что никогда их не видел и что деньги ушли на мост.",
    ),
];

fn main() {
    let register = tables::embedded_register().expect("the register is sound");
    let lexicon = tables::embedded_lexicon().expect("the grammar is sound");
    let index = AttributionIndex::new(&lexicon, &register).expect("the patterns are sound");
    let stored = StoredOutlets::default();
    for (language, paragraph) in BODIES {
        let n_repeats = N_WORDS.div_ceil(paragraph.split_whitespace().count());
        let body = vec![paragraph; n_repeats].join("\n");
        let credited = CreditedText {
            title: "",
            body: &body,
            byline: "",
            credit_lines: &[],
            links: &[],
            publisher_domain: None,
            language: Some(language),
            stored: &stored,
        };
        let (mut words, mut credits, mut fingerprint) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..N_ROUNDS {
            let start = Instant::now();
            black_box(text::search_terms(black_box(&body)));
            words = words.min(start.elapsed());
            let start = Instant::now();
            black_box(attribution::attributions(black_box(&credited), &index));
            credits = credits.min(start.elapsed());
            let start = Instant::now();
            black_box(copytaster::fingerprint::fingerprint("", Some(black_box(&body)), Some(language)));
            fingerprint = fingerprint.min(start.elapsed());
        }
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        println!(
            "{language}: {} words: words {:.0} µs, credits {:.0} µs, ratio {:.2}; fingerprint {:.0} µs",
            body.split_whitespace().count(),
            micros(words),
            micros(credits),
            credits.as_secs_f64() / words.as_secs_f64(),
            micros(fingerprint)
        );
    }
}
