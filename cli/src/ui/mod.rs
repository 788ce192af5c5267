//! The user interface, and the only place that writes to a screen.

mod bar;
mod logs;
mod new_file;
mod palette;
mod progress;
mod prompt;
mod screen;
mod shell;
mod signals;
mod stdout;
mod table;
mod text;

pub(crate) use bar::{bar, blocks, sparkline};
pub(crate) use logs::LogSettings;
pub(crate) use new_file::{NewFile, Unfinished};
pub(crate) use palette::Palette;
pub(crate) use progress::{Bar, Bars, Progress};
pub(crate) use prompt::{Prompt, Typed};
pub(crate) use screen::{Colour, Ui, usage};
pub(crate) use shell::quoted;
pub(crate) use signals::{Signal, Signals, end_on_signal, outlive_file_limits};
pub(crate) use stdout::Out;
pub(crate) use storelogs_collector::printable;
pub(crate) use storelogs_collector::search::search_command;
pub(crate) use table::{Column, Table};
pub(crate) use text::{Text, wrap};
