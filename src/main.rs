//! Maps the result of the command line to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(copytaster::cli::main() as u8)
}
