//! The figures of reports: their product is the GMV, whatever was sold and clicked.

use proptest::prelude::*;

use super::revenue::figures;
use crate::money::Money;
use crate::race::Trade;

proptest! {
    #![proptest_config(crate::tests::cases(512))]

    #[test]
    fn the_product_is_the_gmv(clicked in 0..5_000u64, buyers in 0..1_000u32, more in 0..1_000u32, micros in 0..1_000_000_000_000i64) {
        let orders = if buyers == 0 { 0 } else { buyers + more };
        let gmv = Money(if orders == 0 { 0 } else { micros });
        let [visitors, of_visitors, of_buyers, of_orders, sum, ..] = figures(clicked, &Trade { buyers, orders, gmv });
        prop_assert_eq!(sum, Some(gmv.units()));
        prop_assert!(visitors >= Some(f64::from(buyers)));
        let product = [of_visitors, of_buyers, of_orders].into_iter().try_fold(visitors.unwrap(), |all, it| Some(all * it?));
        match product {
            Some(product) => prop_assert!((product - gmv.units()).abs() <= 1e-12 * gmv.units(), "{product} {gmv:?}"),
            None => prop_assert_eq!(gmv, Money::ZERO),
        }
    }
}
