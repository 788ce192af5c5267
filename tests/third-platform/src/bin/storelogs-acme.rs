//! The program `storelogs` with a third platform in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Err(error) = storelogs::platform::register(&third_platform::Facts) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    storelogs_cli::main()
}
