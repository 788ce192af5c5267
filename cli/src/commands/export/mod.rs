//! `export`: brings the archive to where other programs read it.

mod lake;

use clap::{Args, Subcommand};

use crate::error::{CliError, Exit};
use crate::ui::Ui;

/// Bring the archive to where other programs read it
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    to: Destination,
}

#[derive(Debug, Subcommand)]
enum Destination {
    Lake(lake::LakeArgs),
}

pub(crate) async fn export(args: ExportArgs, ui: Ui) -> Result<Exit, CliError> {
    match args.to {
        Destination::Lake(args) => lake::lake(args, ui).await,
    }
}
