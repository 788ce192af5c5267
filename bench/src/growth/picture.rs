//! The picture of how costs grow, as an SVG: four panels with logarithmic axes, and a line for each kind of cost.
//!
//! Costs have different units, so each is drawn as a multiple of what it is at the smallest size. The dashed lines are as
//! steep as a linear cost. Readers on light and on dark pages each get their colours.

use std::fmt::{Display, Write};

use storelogs_collector::wording::format_count;

use super::curve::Curve;

/// Curves that belong together.
pub(crate) struct Panel<'a> {
    pub(crate) title: &'a str,
    /// What the sizes count.
    pub(crate) sizes: &'a str,
    pub(crate) curves: &'a [Curve],
}

const WIDTH: f64 = 960.0;
/// The room that a panel has.
const PANEL: (f64, f64) = (WIDTH / 2.0, 340.0);
/// The plot within its panel: left, top, right, bottom. The names of the lines stand to its right.
const PLOT: (f64, f64, f64, f64) = (84.0, 44.0, 334.0, 284.0);
/// The least distance between two names.
const LINE: f64 = 15.0;
/// A part of a decade that is too short for a line.
const SHORT: f64 = 0.1;

const STYLE: &str = "\
text { font: 12px -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; fill: #24292f }
.page { fill: #fff } .title { font-weight: 600; font-size: 14px } .end { text-anchor: end } .middle { text-anchor: middle }
.grid { stroke: #d8dee4 } .axis { stroke: #6e7781 } .linear { stroke: #8c959f; stroke-dasharray: 3 4 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round } .name { stroke-opacity: 0.5 }
.c0 { stroke: #0a5fb4 } .c1 { stroke: #b34700 } .c2 { stroke: #00714f } .c3 { stroke: #a03c80 }
.c4 { stroke: #7a5c00 } .c5 { stroke: #5345c9 } .c6 { stroke: #57606a }
.f0 { fill: #0a5fb4 } .f1 { fill: #b34700 } .f2 { fill: #00714f } .f3 { fill: #a03c80 }
.f4 { fill: #7a5c00 } .f5 { fill: #5345c9 } .f6 { fill: #57606a }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .page { fill: #0d1117 } .grid { stroke: #2a3038 } .axis { stroke: #8b949e } .linear { stroke: #6e7681 }
.c0 { stroke: #6cb6ff } .c1 { stroke: #ff9a57 } .c2 { stroke: #3ecf9f } .c3 { stroke: #f0a3d4 }
.c4 { stroke: #e3c44f } .c5 { stroke: #b3a7ff } .c6 { stroke: #adb5bd }
.f0 { fill: #6cb6ff } .f1 { fill: #ff9a57 } .f2 { fill: #3ecf9f } .f3 { fill: #f0a3d4 }
.f4 { fill: #e3c44f } .f5 { fill: #b3a7ff } .f6 { fill: #adb5bd }
}
";
const COLOURS: usize = 7;

/// Draws panels in rows of two.
pub(crate) fn svg(panels: &[Panel<'_>]) -> String {
    let height = PANEL.1 * panels.len().div_ceil(2) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>How costs grow with entries and with stores</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    for (place, panel) in panels.iter().enumerate() {
        let (x, y) = ((place % 2) as f64 * PANEL.0, (place / 2) as f64 * PANEL.1);
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel.draw(&mut svg);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

impl Panel<'_> {
    fn draw(&self, svg: &mut String) {
        let axes = Axes::of(self.curves);
        let (left, top, right, bottom) = PLOT;
        text(svg, "title", left, top - 18.0, self.title);
        let largest = Some(axes.x.to.0).filter(|largest| largest.fract() >= 0.5);
        for size in axes.x.decades().chain(largest) {
            let x = axes.x.place(size);
            line(svg, "grid", (x, top), (x, bottom));
            text(svg, "middle", x, bottom + 17.0, short(10_f64.powf(size)));
        }
        for decade in axes.y.decades() {
            let y = axes.y.place(decade);
            line(svg, "grid", (left, y), (right, y));
            text(svg, "end", left - 7.0, y + 4.0, format!("{} ×", format_count(10_f64.powi(decade as i32) as u64)));
        }
        axes.linear(svg);
        line(svg, "axis", (left, bottom), (right, bottom));
        line(svg, "axis", (left, top), (left, bottom));
        text(svg, "middle", f64::midpoint(left, right), bottom + 36.0, self.sizes);
        let (x, y) = (18.0, f64::midpoint(top, bottom));
        let _ = writeln!(
            svg,
            "<text class=\"middle\" transform=\"translate({x} {y:.1}) rotate(-90)\">cost, against the smallest</text>"
        );
        let mut names = Vec::new();
        for (number, curve) in self.curves.iter().enumerate() {
            let places = axes.places(curve);
            let colour = number % COLOURS;
            let path = Vec::from_iter(places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")));
            let _ = writeln!(svg, "<polyline class=\"line c{colour}\" points=\"{}\"/>", path.join(" "));
            for (x, y) in &places {
                let _ = writeln!(svg, "<circle class=\"f{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>");
            }
            names.extend(places.last().map(|&end| (end, colour, curve.what)));
        }
        for (end, y, colour, what) in apart(names, top, bottom) {
            line(svg, &format!("name c{colour}"), (end.0 + 4.0, end.1), (right + 16.0, y));
            text(svg, &format!("f{colour}"), right + 20.0, y + 4.0, what);
        }
    }
}

/// An axis: the logarithms of its ends, and where those are drawn.
struct Axis {
    from: (f64, f64),
    to: (f64, f64),
}

impl Axis {
    fn place(&self, log: f64) -> f64 {
        self.from.1 + (log - self.from.0) / (self.to.0 - self.from.0) * (self.to.1 - self.from.1)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        let (from, to) = (self.from.0.ceil() as i32, self.to.0.floor() as i32);
        (from.max(0)..=to).map(f64::from)
    }
}

struct Axes {
    x: Axis,
    y: Axis,
}

impl Axes {
    fn of(curves: &[Curve]) -> Self {
        let (left, top, right, bottom) = PLOT;
        let ends = |of: fn((f64, f64)) -> f64| {
            let all = curves.iter().flat_map(logs).map(of);
            all.fold(None, |ends: Option<(f64, f64)>, log| {
                Some(ends.map_or((log, log), |(least, most)| (least.min(log), most.max(log))))
            })
        };
        let (from, to) = ends(|log| log.0).unwrap_or_default();
        let (low, high) = ends(|log| log.1).unwrap_or_default();
        // A linear cost goes from corner to corner, if nothing grows faster. Below 1 × is what got cheaper.
        let (low, high) = (low.min(0.0), high.max(to - from));
        let low = if low < 0.0 { (low * 4.0).floor() / 4.0 } else { low };
        Self {
            x: Axis { from: (from, left), to: (to.max(from + 1.0), right) },
            y: Axis { from: (low, bottom), to: (high.max(low + 1.0), top) },
        }
    }

    fn places(&self, curve: &Curve) -> Vec<(f64, f64)> {
        logs(curve).map(|(size, cost)| (self.x.place(size), self.y.place(cost))).collect()
    }

    /// Lines as steep as a linear cost, one from each decade.
    fn linear(&self, svg: &mut String) {
        for cost in self.y.decades().filter(|cost| *cost < self.y.to.0 - SHORT) {
            let reach = (self.x.to.0 - self.x.from.0).min(self.y.to.0 - cost);
            let from = (self.x.place(self.x.from.0), self.y.place(cost));
            line(svg, "linear", from, (self.x.place(self.x.from.0 + reach), self.y.place(cost + reach)));
        }
        for size in self.x.decades().filter(|size| *size > self.x.from.0 && *size < self.x.to.0 - SHORT) {
            let reach = (self.x.to.0 - size).min(self.y.to.0);
            let from = (self.x.place(size), self.y.place(0.0));
            line(svg, "linear", from, (self.x.place(size + reach), self.y.place(reach)));
        }
    }
}

/// The logarithms of the sizes, and of the costs as multiples of the smallest size's.
fn logs(curve: &Curve) -> impl Iterator<Item = (f64, f64)> {
    let first = curve.points.first().map_or(1.0, |point| point.cost);
    let drawn = curve.points.iter().filter(move |point| first > 0.0 && point.cost > 0.0 && point.size > 0.0);
    drawn.map(move |point| (point.size.log10(), (point.cost / first).log10()))
}

/// The end of a line, its colour and its name.
type Name<'a> = ((f64, f64), usize, &'a str);

/// Moves names apart that would overlap: each gets its height beside the plot.
fn apart<'a>(mut names: Vec<Name<'a>>, top: f64, bottom: f64) -> Vec<((f64, f64), f64, usize, &'a str)> {
    names.sort_by(|one, other| one.0.1.total_cmp(&other.0.1));
    let mut heights: Vec<f64> = Vec::new();
    for (place, (end, ..)) in names.iter().enumerate() {
        let above = heights.last().map_or(top, |above| above + LINE);
        let below = bottom - LINE * (names.len() - 1 - place) as f64;
        heights.push(end.1.min(below).max(above));
    }
    names.into_iter().zip(heights).map(|((end, colour, what), y)| (end, y, colour, what)).collect()
}

/// `10k`, `1M`
fn short(size: f64) -> String {
    match size {
        ..1e3 => format!("{size:.0}"),
        ..1e6 => format!("{:.0}k", size / 1e3),
        _ => format!("{:.0}M", size / 1e6),
    }
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: impl Display) {
    let text = text.to_string().replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::curve::{Point, Unit};
    use super::*;

    fn curve(what: &'static str, cost: impl Fn(f64) -> f64) -> Curve {
        let points = [1e3, 1e4, 1e5, 1e6, 1e7].map(|size| Point { size, cost: cost(size) }).to_vec();
        Curve { what, unit: Unit::Seconds, points }
    }

    fn drawn(curves: &[Curve]) -> String {
        svg(&[Panel { title: "Costs < & >", sizes: "entries", curves }])
    }

    /// The points of each line.
    fn lines(svg: &str) -> Vec<Vec<(f64, f64)>> {
        let line = |rest: &str| {
            let points = rest.split('"').next().unwrap().split(' ');
            points
                .map(|point| point.split_once(',').unwrap())
                .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
                .collect()
        };
        svg.split("points=\"").skip(1).map(line).collect()
    }

    #[test]
    fn a_quadratic_cost_is_drawn_twice_as_steep_as_a_linear_one_and_a_fixed_one_level() {
        let svg = drawn(&[curve("fixed", |_| 5.0), curve("linear", |size| size), curve("square", |size| size * size)]);
        let rises: Vec<f64> = lines(&svg).iter().map(|points| points[0].1 - points[4].1).collect();
        assert!(rises[0].abs() < 0.1 && (rises[2] - 2.0 * rises[1]).abs() < 0.2 && rises[1] > 100.0, "{rises:?}");
    }

    #[test]
    fn every_point_is_within_its_plot() {
        let svg = drawn(&[curve("falling", |size| 1.0 / size), curve("cube", |size| size.powi(3))]);
        for (x, y) in lines(&svg).concat() {
            assert!((PLOT.0..=PLOT.2).contains(&x) && (PLOT.1..=PLOT.3).contains(&y), "{x} {y}");
        }
    }

    #[test]
    fn names_of_lines_that_end_together_do_not_overlap() {
        let names =
            Vec::from_iter((0..9).map(|number| ((330.0, 50.0 + f64::from(number % 2)), number as usize, "name")));
        let heights = Vec::from_iter(apart(names, 44.0, 284.0).into_iter().map(|(_, y, ..)| y));
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= LINE), "{heights:?}");
        assert!(heights.iter().all(|y| (44.0..=284.0).contains(y)), "{heights:?}");
    }

    #[test]
    fn texts_are_escaped_and_dark_pages_have_their_colours() {
        let svg = drawn(&[curve("linear", |size| size)]);
        assert!(svg.contains(">Costs &lt; &amp; ></text>") && svg.contains("prefers-color-scheme: dark"));
        assert!(svg.contains(">10k</text>") && svg.contains(">1M</text>") && svg.contains(">1,000 ×</text>"), "{svg}");
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn a_curve_without_a_cost_draws_no_number_that_is_none() {
        let svg = drawn(&[curve("nothing", |_| 0.0), Curve::new("empty", Unit::Count)]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
