//! A history of many plain rows, made fast.

use crate::{Platform, table::Table};

use super::{
    Plan,
    write::{Ids, OperationLog, SystemLog, Writer},
};

const SYSTEM: [(&str, &str, u8, &str); 6] = [
    ("shipping", "USPS (endicia)", 1, "Successfully retrieved shipping quote"),
    ("general", "", 2, "Marking order as shipped"),
    ("payment", "Test Payment Gateway", 4, "The payment was declined"),
    ("notification", "Email Message", 1, "Order confirmation sent"),
    ("ordersettings", "Order Status", 2, "Order status changed"),
    ("tax", "Basic Tax", 3, "The tax estimate was not available"),
];

const OPERATIONS: [(&str, &str, &str); 5] = [
    ("products", "edit_product", "Edit product"),
    ("products", "add_new_product", "Add new product"),
    ("inventory", "update_sku_available", "Update available inventory"),
    ("collections", "edit_collection", "Edit collection"),
    ("orders", "change_status", "Change order status"),
];

/// `rows` rows spread evenly over the plan's time, `per_second` of them in each second that has any.
pub(crate) fn make(plan: &Plan, platform: Platform, rows: usize, per_second: usize) -> Table {
    let mut dice = fastrand::Rng::with_seed(plan.seed);
    let mut writer = Writer::new(plan, rows);
    let mut ids = Ids::from(if platform == Platform::BigCommerce { dice.u64(1000..100_000) } else { 0 });
    let groups = rows.div_ceil(per_second).max(1) as i128;
    let span = i128::from((plan.end - plan.start).max(1));
    for index in 0..rows {
        let group = (index / per_second) as i128;
        let at = plan.start + i64::try_from(group * span / groups).unwrap_or(0);
        match platform {
            Platform::BigCommerce => {
                let (log_type, module, rank, summary) = SYSTEM[dice.usize(..SYSTEM.len())];
                let id = ids.bigcommerce(&mut dice);
                let summary = format!("{summary} ({index})");
                SystemLog { id, at, log_type, module, rank, summary: &summary, message: None }.write(&mut writer);
            }
            Platform::Shopline => {
                let (subject_type, verb, detail) = OPERATIONS[dice.usize(..OPERATIONS.len())];
                // The milliseconds rise within a second as the rows do.
                let ms = i64::try_from((index % per_second) * 1000 / per_second).unwrap_or(0);
                let id = ids.shopline((at + plan.moved) * 1000 + ms, &mut dice);
                let detail = format!("{detail} ({index})");
                OperationLog { id, at, author: "shopline", detail: &detail, subject_type, verb }.write(&mut writer);
            }
        }
    }
    writer.finish()
}
