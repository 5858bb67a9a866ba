//! The plot of the policies: the share of the tail by day, and what newcomers got.

use std::fmt::Write;

use crate::sim::figures::Figures;
use crate::sim::world::count;
use crate::spread::Spread;
use crate::table::mean;

/// Colours of the policies.
const COLOURS: [&str; 7] = [
    "#888888", "#1b7f4d", "#b35c00", "#7a4fbf", "#c2185b", "#00758f", "#5d4037",
];
/// Height of the panels, and where they end.
const HEIGHT: f64 = 180.0;
const FLOOR: f64 = 220.0;
/// Width of the left panel, and where it begins.
const WIDTH: f64 = 290.0;
const LEFT: f64 = 48.0;
/// Where the right panel begins.
const RIGHT: f64 = 400.0;
/// Highest share of the left panel.
const MOST: f64 = 0.15;

/// Draws the plot as SVG, by attributes alone: a policy of content security may forbid styles.
pub(crate) fn svg(rows: &[(&'static str, Vec<Figures>)]) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 300\" width=\"760\" height=\"300\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"760\" height=\"300\" fill=\"#ffffff\"/>\n",
    );
    text(
        &mut svg,
        LEFT,
        24.0,
        "Share of the tail by day, target 10 %",
    );
    text(
        &mut svg,
        RIGHT,
        24.0,
        "Best fifth of the newcomers found · newcomers with 200",
    );
    axis(
        &mut svg,
        LEFT,
        WIDTH,
        &[(0.0, "0 %"), (5.0, "5 %"), (10.0, "10 %"), (15.0, "15 %")],
        MOST * 100.0,
    );
    axis(
        &mut svg,
        RIGHT,
        310.0,
        &[(0.0, "0 %"), (50.0, "50 %"), (100.0, "100 %")],
        100.0,
    );
    let drawn = ["plain", "ladder", "tail 10 %", "all three"];
    let drawn = rows.iter().filter(|(name, _)| drawn.contains(name));
    for (number, (name, figures)) in drawn.enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        line(&mut svg, figures, colour);
        let x = RIGHT + 14.0 + count(number) * 76.0;
        bar(&mut svg, (x, colour, "1"), mean(figures, |it| it.found));
        bar(
            &mut svg,
            (x + 28.0, colour, "0.5"),
            mean(figures, |it| it.promised),
        );
        let y = 262.0;
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            LEFT + count(number) * 90.0,
            y - 9.0
        );
        text(&mut svg, LEFT + 15.0 + count(number) * 90.0, y, name);
    }
    text(
        &mut svg,
        LEFT,
        286.0,
        "Means over simulated worlds; whiskers: 95 % intervals. Dark bars: found; light bars: with 200 exposures.",
    );
    svg + "</svg>\n"
}

fn text(svg: &mut String, x: f64, y: f64, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"#222222\">{text}</text>"
    );
}

/// Draws the floor and the levels of a panel.
fn axis(svg: &mut String, left: f64, width: f64, levels: &[(f64, &str)], most: f64) {
    for (level, label) in levels {
        let y = FLOOR - HEIGHT * level / most;
        let right = left + width;
        let _ = writeln!(
            svg,
            "<line x1=\"{left:.0}\" y1=\"{y:.0}\" x2=\"{right:.0}\" y2=\"{y:.0}\" stroke=\"#dddddd\"/>"
        );
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" fill=\"#222222\">{label}</text>",
            left - 5.0,
            y + 4.0
        );
    }
}

/// Draws the share of the tail by day, the mean of the worlds.
fn line(svg: &mut String, figures: &[Figures], colour: &str) {
    let days = figures.first().map_or(0, |it| it.tail_days.len());
    let point = |day: usize| {
        let share = mean(figures, |it| it.tail_days.get(day).copied().unwrap_or(0.0)).mean;
        let x = LEFT + WIDTH * (count(day) + 0.5) / count(days);
        format!("{x:.1},{:.1}", FLOOR - HEIGHT * (share / MOST).min(1.0))
    };
    let points: Vec<String> = (0..days).map(point).collect();
    let _ = writeln!(
        svg,
        "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" points=\"{}\"/>",
        points.join(" ")
    );
}

/// Draws a share with its interval.
fn bar(svg: &mut String, (x, colour, opacity): (f64, &str, &str), share: Spread) {
    let height = |share: f64| HEIGHT * share.clamp(0.0, 1.0);
    let top = FLOOR - height(share.mean);
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.0}\" y=\"{top:.1}\" width=\"24\" height=\"{:.1}\" fill=\"{colour}\" fill-opacity=\"{opacity}\"/>",
        height(share.mean)
    );
    if let Some(half) = share.half {
        let [low, high] = [share.mean - half, share.mean + half].map(|share| FLOOR - height(share));
        let middle = x + 12.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{middle:.0}\" y1=\"{low:.1}\" x2=\"{middle:.0}\" y2=\"{high:.1}\" stroke=\"#222222\"/>"
        );
    }
}
