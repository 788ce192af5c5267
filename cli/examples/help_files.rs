//! Writes the man pages into a folder, one for each command, and the completions of every shell.
//!
//! `cargo run -p storelogs-cli --example help_files -- FOLDER [DATE]`. The program itself carries neither the pages nor
//! what makes them.

use std::error::Error;
use std::path::Path;
use std::{env, fs, io};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let date = arguments.next().unwrap_or_default();
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut program = storelogs_cli::arguments().disable_help_subcommand(true);
    program.build();
    let source = format!("storelogs {}", program.get_version().unwrap_or_default());
    write_pages(&program, folder, &source, &date)?;
    for (shell, name) in [(Shell::Bash, "storelogs.bash"), (Shell::Zsh, "_storelogs"), (Shell::Fish, "storelogs.fish")]
    {
        fs::write(folder.join(name), storelogs_cli::completions(shell))?;
    }
    Ok(())
}

fn write_pages(command: &Command, folder: &Path, source: &str, date: &str) -> io::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write_pages(below, folder, source, date)?;
    }
    let page = Man::new(command.clone()).source(source).date(date).manual("storelogs");
    fs::write(folder.join(page.get_filename()), text(&page, command)?)
}

/// A page, with the end of the help in sections of its own: clap's generator has one called EXTRA, and fills examples as
/// if they were prose.
fn text(page: &Man, command: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    if let Some(end) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        sections(&end.to_string()).to_writer(&mut text)?;
    }
    if let Some((above, _)) = page.get_filename().rsplit_once('-') {
        let mut roff = Roff::new();
        roff.control("SH", ["SEE ALSO"]).text([roman(format!("{above}(1)"))]);
        roff.to_writer(&mut text)?;
    }
    Ok(text)
}

/// The end of a command's help: a line such as `Examples:` begins a section, what is indented stays as it is, and the rest
/// is prose.
fn sections(help: &str) -> Roff {
    let mut roff = Roff::new();
    let mut as_it_is = false;
    let mut after_a_gap = true;
    for line in help.lines() {
        if line.is_empty() {
            after_a_gap = true;
            continue;
        }
        let indented = line.starts_with(' ');
        if as_it_is && !indented {
            roff.control("fi", []);
        }
        match line.strip_suffix(':') {
            Some(heading) if after_a_gap && !indented => {
                // The name of a file stays what it is.
                let plain = heading.chars().all(|c| c.is_alphabetic() || c == ' ');
                let heading = if plain { heading.to_uppercase() } else { heading.to_owned() };
                roff.control("SH", [heading.as_str()]);
            }
            _ => {
                if after_a_gap {
                    roff.control("PP", []);
                }
                if indented && !as_it_is {
                    roff.control("nf", []);
                }
                roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
        }
        as_it_is = indented;
        after_a_gap = false;
    }
    if as_it_is {
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn examples_stay_as_they_are_and_prose_is_filled() {
        let page = sections("Examples:\n  one   # first\n\n  two\n\nNext: go on\nand on.\n\nExit codes:\n  0  done");
        let page = page.render();
        let body = page.split_once(".SH").unwrap().1;
        assert_eq!(
            body,
            " EXAMPLES\n.nf\none   # first\n.PP\ntwo\n.fi\n.PP\nNext: go on\nand on.\n.SH \"EXIT CODES\"\n.nf\n0  done\n.fi\n"
        );
    }
}
