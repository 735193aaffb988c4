//! Words too common to tell texts apart.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Stop words by language, space-separated; a language without a line has none.
const STOP_WORDS: &[(&str, &str)] = &[
    (
        "en",
        "a about above after again against all also am an and any are as at be because been before being below between \
         both but by can could did do does doing don't down during each few for from further had has have having he her \
         here hers herself him himself his how i if in into is it its itself just me more most mr mrs ms my myself new no \
         nor not now of off on once one only or other our ours out over own per said same say says she should so some \
         such than that the their theirs them themselves then there these they this those through to too two under until \
         up us very via was we were what when where which while who whom why will with would you your yours may might \
         didn't doesn't hadn't hasn't haven't isn't it's won't wouldn't according",
    ),
    (
        "ru",
        "а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вот впрочем все всегда всего \
         всех вы где да даже для до его ее ей ему если есть еще ещё её же за здесь и из или им их к как какая какой когда \
         кто ли между меня мне много может можно мы на над нас не него нее ней нет ни них но о об один он она они оно от \
         перед по под после при про с сам свою себя со так также такой там то тоже только том тот у уж уже чего чем через \
         что чтобы эти это этого этой этом этот эту я сообщил сообщила сообщает заявил заявила",
    ),
    (
        "uk",
        "а або але б без був була були було бути в вже ви від він вона вони воно все всі де для до є ж за з зі і й із його \
         її їх як який які коли ли ми на над не нею ні ну о об один от по при про та також так там те ти то тому у це цей ці \
         чи чому що щоб я",
    ),
    (
        "de",
        "aber als am an auch auf aus bei bin bis bist da damit das dass dein dem den der des die dies diese dieser doch \
         dort du durch ein eine einem einen einer eines er es für habe haben hat hatte hier ich ihr ihre im in ist ja kann \
         mehr mein mit nach nicht noch nur oder ohne sagte schon sei sein seine sich sie sind so über um und uns unter vom \
         von vor war waren was wegen wenn wer werden wie wieder will wir wird worden wurde zu zum zur",
    ),
    (
        "fr",
        "a ai alors après au aussi autre aux avait avant avec ce ces cet cette ceux chez comme contre dans de depuis des \
         deux dit donc dont du elle en entre est et été être eu fait il ils je la le les leur leurs lui mais même mes mon ne \
         nos notre nous on ont ou où par pas pendant plus pour qu que qui sa sans se selon ses si son sont sous sur ta tout \
         tous très tu un une vos votre vous y était",
    ),
    (
        "es",
        "a al algo ante antes aunque como con contra cual cuando de del desde dijo donde dos el ella ellas ellos en entre era \
         es esa ese eso esta está este esto estos fue ha había han hasta hay la las le les lo los más me mi mientras muy no \
         nos o otra otro para pero por porque que qué se según ser si sí sin sobre son su sus también tan tiene todo todos \
         tras tu un una uno y ya yo",
    ),
    (
        "it",
        "a ad ai al alla alle anche anni c che chi ci come con contro cui da dal dalla dei del della delle detto di dopo due e \
         è ed era fra gli ha hanno i il in io la le lei lo loro ma mi nel nella nelle noi non o ogni per perché più prima \
         quando quello questa questo secondo sia si sono stata stato su sua sue sui sul sulla suo tra tutti un una uno",
    ),
    (
        "pt",
        "a à ao aos as às até com como da das de dela dele depois disse do dos e é ela ele eles em entre era essa esse esta \
         está este eu foi foram há isso já lhe mais mas me mesmo muito na não nas no nos nós o os ou para pela pelo por qual \
         quando que quem se segundo sem ser seu seus sobre sua são também te tem um uma você",
    ),
    (
        "nl",
        "aan al als bij dan dat de deze die dit door een en er had heeft het hij hun ik in is je kan maar me meer met mijn na \
         naar niet nog nu of om onder ook op over te tegen tot uit van veel voor was wat we werd wij worden wordt zei zich \
         zij zijn zo zou",
    ),
    (
        "pl",
        "a aby ale bez był była było być co czy dla do gdy go i ich im ja jak jako je jego jej jest już kiedy która które \
         który ma może na nad nie niż o od on ona oni oraz po pod przed przez przy są się tak także tego tej to tym w we z za \
         ze że",
    ),
    (
        "tr",
        "ama ancak bir bu çok da daha de diye en gibi göre her için ile ise kadar ki mi ne o olan olarak oldu olduğu son sonra \
         şu ve ya",
    ),
    (
        "el",
        "ένα ένας αλλά αν από αυτή αυτό για δεν είναι είπε ή η θα και κατά με μια να ο οι όπως ότι που προς σε στα στη στην στις \
         στο στον στους τα τη την της τις το τον του τους των ως",
    ),
    (
        "sv",
        "att av blev de den det dig din du där efter ej en ett från för ha han har hon i inte jag kan med men mot ni nu och om på sa ska som till under upp ut var vi vid är över",
    ),
    ("ar", "في من على إلى عن أن إن كان كانت هذا هذه ذلك التي الذي ما لا قد مع بعد قبل كما أو ثم هو هي و قال وقال"),
];

/// The languages with stop words.
pub(super) fn languages() -> impl Iterator<Item = &'static str> {
    STOP_WORDS.iter().map(|(code, _)| *code)
}

/// Every stop word with its languages, as positions in the list.
static LANGUAGES_OF_WORD: LazyLock<FxHashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut languages: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, (_, words)) in STOP_WORDS.iter().enumerate() {
        words.split_ascii_whitespace().for_each(|word| languages.entry(word).or_default().push(at));
    }
    languages
});

/// How many words of a text are stop words, by language.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) n_words: usize,
    by_language: [usize; STOP_WORDS.len()],
}

impl Counts {
    /// Takes a lower-case word.
    pub(super) fn add(&mut self, word: &str) {
        self.n_words += 1;
        for language in LANGUAGES_OF_WORD.get(word).into_iter().flatten() {
            self.by_language[*language] += 1;
        }
    }

    /// The count of a language and the highest one of the others; none where the language has no list.
    pub(super) fn of(&self, language: &str) -> Option<(usize, usize)> {
        let own = languages().position(|code| code == language)?;
        let others = self.by_language.iter().enumerate().filter(|(at, _)| *at != own);
        Some((self.by_language[own], others.map(|(_, n)| *n).max().unwrap_or(0)))
    }
}

/// The lower-case words of a language that are too common to count.
pub fn stop_words(language: &str) -> impl Iterator<Item = &'static str> {
    let found = STOP_WORDS.iter().find(|(code, _)| *code == language);
    found.into_iter().flat_map(|(_, words)| words.split_ascii_whitespace())
}
