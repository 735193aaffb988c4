//! Where an export goes: stdout, or a file that is only replaced once the whole export is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// What an export is written to. Without [`Destination::finish`] a file stays as it was.
pub(super) struct Destination {
    out: BufWriter<Box<dyn Write>>,
    /// The file written, and the one it replaces.
    replaces: Option<(PathBuf, PathBuf)>,
}

impl Destination {
    /// Opens it; `output` is `-o`, and none means stdout.
    pub(super) fn open(output: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = output else {
            return Ok(Self { out: BufWriter::new(Box::new(std::io::stdout().lock())), replaces: None });
        };
        let context = || format!("cannot write {}", path.display());
        // A link stays a link: what it leads to is replaced. Pipes and devices are written to as they are.
        let path_to = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let old = path_to.metadata().ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return Ok(Self {
                out: BufWriter::new(Box::new(File::create(&path_to).with_context(context)?)),
                replaces: None,
            });
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(path_to.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        let part = path_to.with_file_name(name);
        let file = File::create(&part).with_context(context)?;
        if let Some(old) = old {
            // A file that may not be written is not replaced behind its owner's back.
            let opened = File::options().append(true).open(&path_to).map(drop);
            let kept = opened.and_then(|()| file.set_permissions(old.permissions()));
            if let Err(error) = kept {
                std::fs::remove_file(&part).with_context(context)?;
                return Err(error).with_context(context);
            }
        }
        Ok(Self { out: BufWriter::new(Box::new(file)), replaces: Some((part, path_to)) })
    }

    /// Writes what is left and puts the file in its place.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.out.flush()?;
        if let Some((part, path)) = self.replaces.take() {
            std::fs::rename(&part, &path).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Some((part, _)) = self.replaces.take()
            && let Err(error) = std::fs::remove_file(&part)
        {
            tracing::warn!("cannot remove {}: {error}", part.display());
        }
    }
}
