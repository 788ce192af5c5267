//! Standard output, for people and for machines.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::printable::Harmless;

/// How much is gathered before it is written.
pub(crate) const BUFFER: usize = 64 * 1024;

/// The writer to stdout or to a file.
pub(crate) type Out = BufWriter<Box<dyn Write>>;

/// Stdout, with styles taken out again where it does not know them.
pub(super) fn for_people() -> Out {
    Out::with_capacity(BUFFER, Box::new(anstream::stdout().lock()))
}

/// Stdout for machines, which get every byte as it is. A terminal does not: it would obey some.
pub(super) fn for_machines() -> Out {
    let stdout = io::stdout().lock();
    let out: Box<dyn Write> = if stdout.is_terminal() { Box::new(Harmless::new(stdout)) } else { Box::new(stdout) };
    Out::with_capacity(BUFFER, out)
}
