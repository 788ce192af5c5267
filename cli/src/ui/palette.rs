//! The colours, and what each is for.

use anstyle::{AnsiColor, Style};
use storelogs::Severity;
use storelogs_collector::verdict::Verdict;

/// The styles that text is written in. Without colours each of them is plain.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Palette {
    pub(crate) red: Style,
    pub(crate) yellow: Style,
    pub(crate) green: Style,
    pub(crate) cyan: Style,
    pub(crate) magenta: Style,
    pub(crate) dim: Style,
    pub(crate) bold: Style,
}

impl Palette {
    /// With colours.
    pub(crate) const COLOURED: Self = Self {
        red: AnsiColor::Red.on_default().bold(),
        yellow: AnsiColor::Yellow.on_default(),
        green: AnsiColor::Green.on_default(),
        cyan: AnsiColor::Cyan.on_default(),
        magenta: AnsiColor::Magenta.on_default(),
        dim: Style::new().dimmed(),
        bold: Style::new().bold(),
    };

    /// Without colours.
    pub(crate) const PLAIN: Self = Self {
        red: Style::new(),
        yellow: Style::new(),
        green: Style::new(),
        cyan: Style::new(),
        magenta: Style::new(),
        dim: Style::new(),
        bold: Style::new(),
    };

    /// Whether there are colours.
    pub(crate) fn is_coloured(&self) -> bool {
        self.red != Style::new()
    }

    /// A style that stands out more.
    pub(crate) fn strong(&self, style: Style) -> Style {
        if self.is_coloured() { style.bold() } else { style }
    }

    /// The style of a severity's name.
    pub(crate) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.red,
            Severity::Warning => self.yellow,
            Severity::Notice => self.cyan,
            Severity::Info => self.green,
            Severity::Unspecified => self.magenta,
        }
    }

    /// The style of a verdict: whether nothing is missing, something may be, or it is not known.
    pub(crate) fn verdict(&self, verdict: &Verdict) -> Style {
        match verdict {
            verdict if verdict.is_complete() => self.green,
            verdict if verdict.may_lack() => self.red,
            _ => self.yellow,
        }
    }
}
