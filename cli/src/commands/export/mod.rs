//! `export`: exports the archive to where other programs read it.

mod exports;
#[cfg(any(feature = "lake", feature = "otlp"))]
mod follow;
#[cfg(feature = "lake")]
mod lake;
mod lakes;
#[cfg(feature = "otlp")]
mod otlp;

#[cfg(any(feature = "lake", feature = "otlp"))]
use clap::{Args, Subcommand};

#[cfg(any(feature = "lake", feature = "otlp"))]
use crate::error::{CliError, Exit};
#[cfg(any(feature = "lake", feature = "otlp"))]
use crate::ui::Ui;

pub(crate) use exports::{Exporting, Exports};
pub(crate) use lakes::Lakes;

/// Export the archive to where other programs read it
#[cfg(any(feature = "lake", feature = "otlp"))]
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    to: Destination,
}

#[cfg(any(feature = "lake", feature = "otlp"))]
#[derive(Debug, Subcommand)]
enum Destination {
    #[cfg(feature = "lake")]
    Lake(lake::LakeArgs),
    #[cfg(feature = "otlp")]
    Otlp(otlp::OtlpArgs),
}

#[cfg(any(feature = "lake", feature = "otlp"))]
pub(crate) async fn export(args: ExportArgs, ui: Ui) -> Result<Exit, CliError> {
    match args.to {
        #[cfg(feature = "lake")]
        Destination::Lake(args) => lake::lake(args, ui).await,
        #[cfg(feature = "otlp")]
        Destination::Otlp(args) => otlp::otlp(args, ui).await,
    }
}
