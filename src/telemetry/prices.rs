//! What pages give up for each rule, campaign and target: means by scene.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::metric::{Declare, Figure, Labelled};
use crate::model::LeverPrice;
use crate::model::view::ReportPrice;
use crate::number::real;

/// Number of pages at which the mean begins to forget: then both sums are halved.
const MOST: u64 = 20_000;

/// Scene, rule and name.
type Key = (String, &'static str, String);

/// The mean price of one lever in one scene.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    pages: u64,
}

impl Mean {
    fn add(&mut self, price: f64) -> f64 {
        if self.pages == MOST {
            (self.sum, self.pages) = (self.sum / 2.0, self.pages / 2);
        }
        self.sum += price;
        self.pages += 1;
        self.sum / real(self.pages)
    }
}

/// The prices of rules, campaigns and targets. At most one for each of them that is configured, by scene.
#[derive(Debug)]
pub struct Prices {
    price: Labelled<Figure, 3>,
    pages: Labelled<Counter, 3>,
    means: Mutex<BTreeMap<Key, Mean>>,
}

impl Declare for Prices {
    type Labels = [&'static str; 3];

    fn declare(to: &mut Registry, name: &str, labels: Self::Labels, help: &str) -> Self {
        let pages = "Pages that were arranged once more without a rule, campaign or target";
        Self {
            price: Labelled::declare(to, name, labels, help),
            pages: Labelled::declare(to, &format!("{name}_pages"), labels, pages),
            means: Mutex::default(),
        }
    }
}

impl Prices {
    /// Adds the prices of one page of a scene. Pass only configured names.
    pub fn add(&self, scene: &str, prices: &[LeverPrice]) {
        if prices.is_empty() {
            return;
        }
        let mut means = self.means.lock();
        for LeverPrice { rule, name, price } in prices {
            let key = (scene.to_owned(), *rule, name.to_string());
            let mean = means.entry(key).or_default().add(*price);
            let labels = [scene, rule, name];
            self.price.with(labels).set(mean);
            self.pages.with(labels).inc();
        }
    }

    /// Returns the mean price of a rule, campaign or target over the pages of some scenes; `None` while none was looked at.
    #[must_use]
    pub fn mean(&self, scenes: &[String], rule: &'static str, name: &str) -> Option<f64> {
        let means = self.means.lock();
        let of = |scene: &String| means.get(&(scene.clone(), rule, name.to_owned()));
        let each = scenes.iter().filter_map(of);
        let (sum, pages) = each.fold((0.0, 0), |(sum, pages), mean| {
            (sum + mean.sum, pages + mean.pages)
        });
        (pages > 0).then(|| sum / real(pages))
    }

    /// Returns the mean prices of a scene, by rule and name.
    #[must_use]
    pub fn of_scene(&self, scene: &str) -> Vec<ReportPrice> {
        let means = self.means.lock();
        let first = (scene.to_owned(), "", String::new());
        let of = means.range(first..).take_while(|(key, _)| key.0 == scene);
        of.map(|((scene, rule, name), mean)| ReportPrice {
            scene: scene.clone(),
            rule,
            name: name.clone(),
            price: mean.sum / real(mean.pages.max(1)),
            pages: mean.pages,
        })
        .collect()
    }

    /// Removes the prices for which `is_live` of scene, rule and name does not hold.
    pub fn retain(&self, is_live: impl Fn(&str, &str, &str) -> bool) {
        self.means.lock().retain(|(scene, rule, name), _| {
            let is_live = is_live(scene, rule, name);
            if !is_live {
                let labels = [scene.as_str(), rule, name.as_str()];
                self.price.remove(labels);
                self.pages.remove(labels);
            }
            is_live
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_forgets_old_pages() {
        let mut mean = Mean::default();
        assert!((mean.add(0.5) - 0.5).abs() < 1e-9);
        assert!((mean.add(0.25) - 0.375).abs() < 1e-9);
        let old = (0..MOST).fold(1.0, |_, _| mean.add(0.0));
        let new = (0..10 * MOST).fold(0.0, |_, _| mean.add(1.0));
        assert!(mean.pages <= MOST && old < 0.01 && new > 0.99);
    }
}
