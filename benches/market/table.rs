//! The table of the policies.

use crate::sim::figures::Figures;
use crate::spread::Spread;

/// The mean over the worlds of a figure.
pub(crate) fn mean(figures: &[Figures], figure: impl Fn(&Figures) -> f64) -> Spread {
    Spread::of(&figures.iter().map(figure).collect::<Vec<_>>())
}

/// The mean over the worlds of a figure against that of other runs of the same worlds, in percent.
pub(crate) fn change(
    figures: &[Figures],
    base: &[Figures],
    figure: impl Fn(&Figures) -> f64,
) -> Spread {
    let pairs = figures.iter().zip(base);
    let changes = pairs.map(|(own, base)| 100.0 * (figure(own) / figure(base) - 1.0));
    Spread::of(&changes.collect::<Vec<_>>())
}

/// Prints the figures by policy, the first of which the others are compared with.
pub(crate) fn print(rows: &[(&'static str, Vec<Figures>)]) {
    println!(
        "| policy | best found | with 200 | newcomers % | wash % | tail % | campaign % | as counted % | Gini | GMV % | clicks % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    let Some((_, base)) = rows.first() else {
        return;
    };
    for (name, row) in rows {
        println!(
            "| {name} | {} | {:.0} % | {:.1} | {:.2} | {:.2} | {:.1} | {:.1} | {:.3} | {:.1} | {:.1} |",
            mean(row, |it| it.found),
            mean(row, |it| 100.0 * it.promised),
            mean(row, |it| 100.0 * it.newcomers),
            mean(row, |it| 100.0 * it.wash),
            mean(row, |it| 100.0 * it.tail),
            mean(row, |it| 100.0 * it.campaign[1]),
            mean(row, |it| 100.0 * it.campaign[0]),
            mean(row, |it| it.gini),
            change(row, base, |it| it.expected[1]),
            change(row, base, |it| it.expected[0]),
        );
    }
}
