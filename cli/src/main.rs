//! The program `storelogs`.

fn main() -> std::process::ExitCode {
    storelogs_cli::main()
}
