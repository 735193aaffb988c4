//! `export story --evidence`: a folder with what stands behind a story, to keep or to hand on.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ring::digest;

use super::compare;
use super::context::Context;
use super::exit::ExitError;
use crate::export::{self, ExportError, TableStyle, counted};
use crate::model::ArticleId;
use crate::store::{ReadConnection, versions};
use crate::view::StoryDetail;
use crate::view::compare::{EvidenceView, VersionView};

/// What the folder is, for whoever finds it.
const README: &str = "\
What copytaster knew of one story when this folder was written.

story.html      the story for people: first report, timeline, who credits whom, copies
story.json      the same for programs
articles/       each article: its clocks, its credits, every text that was seen of it (.txt for people, .json exactly)
pairs/          each copy beside its source: shares of shared text, shared passages, why they are together
SHA256SUMS      checks that no file was changed since: sha256sum -c SHA256SUMS

\"First\" means first in that database; a missing credit is no proof of copying. Texts belong to their outlets.
";

/// A folder that is written aside and put in its place when it is whole.
struct Folder {
    part: PathBuf,
    path: PathBuf,
    /// The files so far, with the digest of each.
    sums: String,
    is_whole: bool,
}

impl Folder {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path.exists() && fs::read_dir(path).is_ok_and(|mut files| files.next().is_none()) {
            fs::remove_dir(path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if path.exists() {
            let message = format!("{} is there already; evidence is never mixed with other files", path.display());
            return Err(ExitError::usage(message).into());
        }
        let Some(name) = path.file_name() else {
            return Err(ExitError::usage(format!("{} is no name for a folder", path.display())).into());
        };
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(part);
        for inner in ["articles", "pairs"] {
            let inner = part.join(inner);
            fs::create_dir_all(&inner).with_context(|| format!("cannot create {}", inner.display()))?;
        }
        Ok(Self { part, path: path.to_owned(), sums: String::new(), is_whole: false })
    }

    fn file(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>) -> Result<(), ExportError>) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let sum: String =
            digest::digest(&digest::SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.sums.push_str(&format!("{sum}  {name}\n"));
        self.put(name, &bytes)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let file = self.part.join(name);
        let written = File::create(&file).map(BufWriter::new).and_then(|mut out| {
            out.write_all(bytes)?;
            out.flush()
        });
        written.with_context(|| format!("cannot write {}", file.display()))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.put("SHA256SUMS", self.sums.as_bytes())?;
        fs::rename(&self.part, &self.path).with_context(|| format!("cannot write {}", self.path.display()))?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_whole
            && let Err(error) = fs::remove_dir_all(&self.part)
        {
            tracing::warn!("cannot remove {}: {error}", self.part.display());
        }
    }
}

/// Writes what stands behind a story into a new folder.
pub(super) fn write(
    context: &Context,
    connection: &ReadConnection,
    story: &StoryDetail,
    style: &TableStyle,
    path: &Path,
) -> anyhow::Result<()> {
    let mut folder = Folder::open(path)?;
    folder.file("README.txt", |out| Ok(out.write_all(README.as_bytes())?))?;
    folder.file("story.html", |out| export::html(&export::pages::story(story, style), out))?;
    folder.file("story.json", |out| export::json(story, out))?;
    let mut n_versions = 0;
    for article in &story.members {
        let versions = versions::versions(connection, article.id)?.into_iter().map(|version| VersionView {
            version: version.version,
            seen_at: version.seen_at,
            source: version.source,
            title: version.title,
            body: version.body,
        });
        let evidence = EvidenceView { article: article.clone(), versions: versions.collect() };
        n_versions += evidence.versions.len();
        folder.file(&format!("articles/{}.txt", article.id), |out| export::evidence_text(&evidence, out))?;
        folder.file(&format!("articles/{}.json", article.id), |out| export::json(&evidence, out))?;
    }
    let pairs: Vec<(ArticleId, ArticleId)> =
        story.members.iter().flat_map(|member| member.copy_of.iter().map(|copy| (member.id, copy.of))).collect();
    for (copy, source) in &pairs {
        let (copy_text, source_text) = (copy.to_string(), source.to_string());
        let view = compare::explained(context, connection, &copy_text, &source_text)?;
        folder.file(&format!("pairs/{copy}-{source}.json"), |out| export::json(&view, out))?;
    }
    folder.finish()?;
    context.talk(&format!(
        "evidence of story {} in {}: {}, {}, {} of texts",
        story.story.id,
        path.display(),
        counted(story.members.len(), "article"),
        counted(n_versions, "version"),
        counted(pairs.len(), "pair")
    ));
    Ok(())
}
