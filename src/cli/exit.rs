//! Exit codes: the contract with scripts and cron.

/// What the process's exit status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line could not be understood.
    Usage = 2,
    /// Part of the work failed and `--fail-on` says that counts.
    Partial = 3,
    /// The configuration is wrong.
    Configuration = 4,
    /// Another run holds the lock.
    Locked = 5,
    /// `doctor` or `check` found something.
    Findings = 6,
}

impl Exit {
    /// The code of work on several things, each on its own: partial when some of it was done and some could not be.
    #[must_use]
    pub fn of_parts(n_done: usize, n_failed: usize) -> Self {
        match (n_done, n_failed) {
            (_, 0) => Self::Done,
            (0, _) => Self::Failed,
            _ => Self::Partial,
        }
    }
}

/// An error that knows its exit code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExitError {
    /// What to tell.
    pub message: String,
    /// The code.
    pub code: Exit,
}

impl ExitError {
    /// An error of the configuration.
    #[must_use]
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Exit::Configuration }
    }

    /// An error in the arguments.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: Exit::Usage }
    }
}

/// The exit code of an error, and whether it is worth telling: a closed pipe is success.
#[must_use]
pub fn code(error: &anyhow::Error) -> Exit {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<ExitError>() {
            return error.code;
        }
        if let Some(error) = cause.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::BrokenPipe
        {
            return Exit::Done;
        }
    }
    Exit::Failed
}
