//! The program `storelogs` with a third platform in it.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = storelogs::platform::register(&third_platform::Facts) {
        let _ = writeln!(io::stderr(), "error: {error}"); // nobody may be there to read it
        return ExitCode::FAILURE;
    }
    storelogs_cli::main()
}
