//! A seeded SHOPLINE shop: people and apps at work, and a few changes its owner should hear of.

use std::collections::HashMap;

use crate::table::Table;

use super::{
    Actor, ActorKind, BulkEdit, Cause, IncidentKind, Plan, Planted, SensitiveChange, bigcommerce,
    rhythm::Rhythm,
    write::{Ids, OperationLog, SHOPLINE_OFFSET, Writer},
};

const ROWS_PER_DAY: u32 = 60;

/// Office hours at +08:00, a short Saturday, and apps that never quite sleep.
const RHYTHM: Rhythm = Rhythm {
    offset: SHOPLINE_OFFSET,
    hours: [
        0.05, 0.02, 0.02, 0.02, 0.02, 0.05, 0.10, 0.20, 0.60, 1.20, 1.50, 1.40, 0.70, 1.00, 1.40, 1.50, 1.40, 1.20,
        0.80, 0.40, 0.30, 0.20, 0.10, 0.08,
    ],
    weekend: (0.4, 0.15),
};

const ADMINISTRATORS: [&str; 3] = ["Amelia Wong", "Kenji Tan", "Sofia Lim"];
const CATALOG_APP: &str = "Catalog Helper";
const STOCK_APP: &str = "Stock Sync";
const SHIPPING_APP: &str = "Shipping Rules";
const OPEN_API: &str = "shopline";
/// The least product id.
const PRODUCTS: u64 = 16_065_793_000_000_000_000;
/// Seconds after midnight.
const NIGHT_ENDS: i64 = 5 * 3600;

/// A row before it has an id.
struct Operation {
    at_ms: i64,
    author: &'static str,
    subject_type: &'static str,
    verb: &'static str,
    detail: String,
    sensitive: bool,
    /// The first second of the incident in the owner's other shop that comes of it.
    breaks: Option<i64>,
}

/// Makes the history.
pub(crate) fn make(plan: &Plan) -> (Table, Planted) {
    let mut dice = fastrand::Rng::with_seed(plan.seed ^ 0x5109);
    let per_day = f64::from(plan.rows_per_day.unwrap_or(ROWS_PER_DAY));
    let moments = RHYTHM.moments(plan, per_day, &mut dice);
    let mut operations: Vec<Operation> = moments.into_iter().map(|at| ordinary(at, &mut dice)).collect();
    let bulk_edits = bulk_edits(plan, &mut operations, &mut dice);
    sensitive(plan, &mut operations, &mut dice);
    causes(plan, &mut operations);
    operations.sort_by_key(|operation| operation.at_ms);

    let mut planted = Planted { bulk_edits, ..Planted::default() };
    let mut writer = Writer::new(plan, operations.len());
    let mut ids = Ids::from(0);
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for operation in &operations {
        let at = operation.at_ms.div_euclid(1000);
        let id = ids.shopline(operation.at_ms + plan.moved * 1000, &mut dice);
        *rows.entry(operation.author).or_default() += 1;
        if operation.sensitive {
            planted.sensitive.push(SensitiveChange {
                id: id.to_string(),
                actor: operation.author.to_owned(),
                at,
                subject_type: operation.subject_type.to_owned(),
                verb: operation.verb.to_owned(),
                at_night: (at + plan.moved + SHOPLINE_OFFSET).rem_euclid(86_400) < NIGHT_ENDS,
            });
        }
        if let Some(incident) = operation.breaks {
            planted.causes.push(Cause { id: id.to_string(), actor: operation.author.to_owned(), at, incident });
        }
        let Operation { author, subject_type, verb, detail, .. } = operation;
        OperationLog { id, at, author, detail, subject_type, verb }.write(&mut writer);
    }
    planted.actors = actors(rows);
    (writer.finish(), planted)
}

fn ordinary(at: i64, dice: &mut fastrand::Rng) -> Operation {
    let product = PRODUCTS + u64::from(dice.u16(..800));
    let person = ADMINISTRATORS[[0, 0, 0, 1, 1, 2][dice.usize(..6)]];
    let (author, subject_type, verb, detail) = match dice.u8(..100) {
        0..12 => (
            OPEN_API,
            "products",
            "add_new_product",
            format!("Add new product Product name:Linen shirt id:{product} Mode:Openapi"),
        ),
        12..40 => (person, "products", "edit_product", format!("Edit product Product name:Linen shirt id:{product}")),
        40..55 => (
            STOCK_APP,
            "inventory",
            "update_sku_available",
            format!("Update available inventory SKU:{}", dice.u16(1000..9999)),
        ),
        55..63 => (
            person,
            "inventory",
            "adjust_location_inventory",
            "Adjust location inventory Location:Main warehouse".to_owned(),
        ),
        63..71 => {
            (person, "discount_codes", "add_discount_code", format!("Add discount code EXAMPLE{}", dice.u8(10..99)))
        }
        71..80 => (person, "collections", "edit_collection", "Edit collection Collection name:Summer".to_owned()),
        80..88 => (person, "orders", "change_status", format!("Change order status Order:#{}", dice.u16(1000..9999))),
        88..93 => (person, "store_design", "edit_theme", "Edit theme Theme:Example".to_owned()),
        93..97 => (person, "products", "change_status", format!("Change product status id:{product}")),
        _ => (person, "products", "export_products", "Export products to owner@example.com".to_owned()),
    };
    Operation {
        at_ms: at * 1000 + dice.i64(0..1000),
        author,
        subject_type,
        verb,
        detail,
        sensitive: false,
        breaks: None,
    }
}

/// Hundreds of edits in minutes.
fn bulk_edits(plan: &Plan, operations: &mut Vec<Operation>, dice: &mut fastrand::Rng) -> Vec<BulkEdit> {
    let mut planted = Vec::new();
    let shift = dice.i64(0..3);
    let plans = [
        (
            22 + shift,
            (11, 5),
            180,
            STOCK_APP,
            "inventory",
            "update_sku_available",
            "Update available inventory SKU",
            250,
        ),
        (6 + shift, (16, 30), 300, CATALOG_APP, "products", "edit_product", "Edit product id", 420),
    ];
    for (days, (hour, minute), seconds, actor, subject_type, verb, detail, rows) in plans {
        let start = RHYTHM.days_before_end(plan, days, hour, minute);
        let end = start + seconds;
        if start < plan.start || end > plan.end || plan.calm {
            continue;
        }
        // Nothing else of the same kind by the same actor happens meanwhile, so that the count is the truth.
        operations.retain(|operation| {
            let meanwhile = (start * 1000..end * 1000).contains(&operation.at_ms);
            !(meanwhile && operation.author == actor && operation.verb == verb)
        });
        operations.extend((0..rows).map(|row| Operation {
            at_ms: start * 1000 + row * seconds * 1000 / rows,
            author: actor,
            subject_type,
            verb,
            detail: format!("{detail}:{}", PRODUCTS + row.unsigned_abs()),
            sensitive: false,
            breaks: None,
        }));
        let rows = usize::try_from(rows).unwrap_or(0);
        planted.push(BulkEdit { actor: actor.to_owned(), verb: verb.to_owned(), start, end, rows });
    }
    planted
}

/// Roles changed at night, and where the money and the domain go.
fn sensitive(plan: &Plan, operations: &mut Vec<Operation>, dice: &mut fastrand::Rng) {
    let plans = [
        (17, (15, 20), "domain_management", "add_a_temporary_domain", "Add a temporary domain shop.example.com"),
        (12, (10, 45), "payment_settings", "edit_payment_settings", "Edit payment settings Payout account changed"),
        (
            3,
            (2, 37),
            "administrator_roles_and_permissions",
            "edit_administrator_permissions",
            "Edit administrator permissions Administrator:kenji@example.com Role:Owner",
        ),
    ];
    for (days, (hour, minute), subject_type, verb, detail) in plans {
        let at = RHYTHM.days_before_end(plan, days, hour, minute) + dice.i64(0..60);
        if (plan.start..plan.end).contains(&at) && !plan.calm {
            let detail = detail.to_owned();
            operations.push(Operation {
                at_ms: at * 1000,
                author: ADMINISTRATORS[1],
                subject_type,
                verb,
                detail,
                sensitive: true,
                breaks: None,
            });
        }
    }
}

/// Adds changes made here shortly before the owner's other shop broke.
fn causes(plan: &Plan, operations: &mut Vec<Operation>) {
    let mut dice = fastrand::Rng::with_seed(plan.seed ^ 0xca5e);
    for (incident, kind) in bigcommerce::bad_hours(plan) {
        let at = incident - dice.i64(8 * 60..45 * 60);
        if at < plan.start {
            continue;
        }
        let (author, subject_type, verb, detail, sensitive) = match kind {
            IncidentKind::PaymentOutage => (
                ADMINISTRATORS[2],
                "payment_settings",
                "edit_payment_settings",
                "Edit payment settings Gateway:Test Payment Gateway Mode:Live",
                true,
            ),
            IncidentKind::CarrierFailure => (
                SHIPPING_APP,
                "basic_settings",
                "edit_shipping_settings",
                "Edit shipping settings Carrier:USPS Origin:Second warehouse",
                false,
            ),
        };
        let (at_ms, detail, breaks) = (at * 1000, detail.to_owned(), Some(incident));
        operations.push(Operation { at_ms, author, subject_type, verb, detail, sensitive, breaks });
    }
}

/// The busiest first.
fn actors(rows: HashMap<&str, usize>) -> Vec<Actor> {
    let kind = |name| if ADMINISTRATORS.contains(&name) { ActorKind::Administrator } else { ActorKind::App };
    let mut actors: Vec<Actor> =
        rows.into_iter().map(|(name, rows)| Actor { name: name.to_owned(), kind: kind(name), rows }).collect();
    actors.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    actors
}
