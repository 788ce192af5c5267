//! A seeded BigCommerce shop in Texas: quotes, payments, e-mails and orders, and a few bad hours.

use std::collections::BTreeMap;

use crate::table::Table;

use super::{
    Form, Incident, IncidentKind, Plan, Planted, messages,
    rhythm::Rhythm,
    write::{Ids, SystemLog, Writer},
};

const ROWS_PER_DAY: u32 = 160;
const ERROR: u8 = 4;
const USPS: &str = "USPS (endicia)";
/// One of this many orders is refunded.
const REFUNDED: i64 = 12;
const GATEWAY: &str = "Test Payment Gateway";
const FEDEX: &str = "FedEx Ground Home Delivery (5-7 Business Days) (flatrate)";

/// Central Standard Time; shops are open to buyers all evening and at weekends.
const RHYTHM: Rhythm = Rhythm {
    offset: -6 * 3600,
    hours: [
        0.20, 0.10, 0.05, 0.05, 0.05, 0.10, 0.30, 0.50, 0.80, 1.00, 1.10, 1.20, 1.40, 1.30, 1.10, 1.00, 1.00, 1.10,
        1.20, 1.40, 1.50, 1.30, 0.80, 0.40,
    ],
    weekend: (0.8, 0.7),
};

/// The topic of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Quote(&'static str),
    Payment,
    Email,
    OrderStatus,
    General,
    Export,
    Tax,
    Theme,
    Checkout,
    /// Only up to the day on which somebody fixed it.
    Rates,
    /// Only since some day: a new app.
    Channel,
}

impl Event {
    /// One of the day's events, as often as they happen.
    fn pick(dice: &mut fastrand::Rng) -> Self {
        match dice.u16(..1000) {
            0..180 => Self::Quote(USPS),
            180..340 => Self::Quote(FEDEX),
            340..450 => Self::Quote("UPS® Ready"),
            450..600 => Self::Payment,
            600..740 => Self::Email,
            740..860 => Self::OrderStatus,
            860..910 => Self::General,
            910..940 => Self::Export,
            940..980 => Self::Tax,
            980..985 => Self::Theme,
            _ => Self::Checkout,
        }
    }

    /// How often it fails on a good day, of 1000, and how its failure is ranked.
    fn failure(self) -> (u16, u8) {
        match self {
            Self::Quote(_) => (20, ERROR),
            Self::Payment => (40, ERROR),
            Self::Email => (10, ERROR),
            Self::Tax => (100, 3),
            Self::Checkout => (60, 3),
            Self::Rates | Self::Channel => (1000, ERROR),
            Self::OrderStatus | Self::General | Self::Export | Self::Theme => (0, ERROR),
        }
    }

    /// The summary of its failure, with `{}` for each part that varies.
    fn complaint(self) -> &'static str {
        match self {
            Self::Quote(_) => "Some shipping quotes were not able to be retrieved",
            Self::Payment => "The payment for order {} was declined by the gateway",
            Self::Email => "Order confirmation could not be sent to {}",
            Self::Tax => "The tax estimate fell back to basic tax",
            Self::Checkout => "The checkout was slow to load",
            Self::Rates => "The exchange rates could not be read: no answer in {} seconds",
            Self::Channel => "Product {} could not be sent to the channel: it has no price in list {}",
            Self::OrderStatus | Self::General | Self::Export | Self::Theme => "",
        }
    }
}

/// The names of products without a price.
const PRODUCTS: [&str; 8] = ["Lamp", "Chair", "Table", "Desk", "Shelf", "Sofa", "Stool", "Mirror"];

/// Makes the history.
pub(crate) fn make(plan: &Plan) -> (Table, Planted) {
    let mut dice = dice(plan);
    let per_day = f64::from(plan.rows_per_day.unwrap_or(ROWS_PER_DAY));
    let mut incidents = incidents(plan, &mut dice);
    let mut events: Vec<(i64, Event)> =
        RHYTHM.moments(plan, per_day, &mut dice).into_iter().map(|at| (at, Event::pick(&mut dice))).collect();
    // Buyers try again, and so does the shop: a failure makes rows of its own.
    for incident in &incidents {
        let (event, every) = match incident.kind {
            IncidentKind::PaymentOutage => (Event::Payment, 150),
            IncidentKind::CarrierFailure => (Event::Quote(USPS), 400),
        };
        let count = (incident.end - incident.start) / every;
        events.extend((0..count).map(|_| (dice.i64(incident.start..incident.end), event)));
    }
    events.extend(passing(plan));
    events.sort_by_key(|&(at, _)| at);
    let mut forms: BTreeMap<&str, Form> = BTreeMap::new();
    let mut writer = Writer::new(plan, events.len());
    let mut ids = Ids::from(dice.u64(1000..50_000));
    for (at, event) in events {
        let fails = fails(event, at, &mut incidents, &mut dice);
        if fails {
            let words = event.complaint();
            let form =
                forms.entry(words).or_insert_with(|| Form { words: words.to_owned(), rows: 0, first: at, last: at });
            (form.rows, form.last) = (form.rows + 1, at);
        }
        write(event, at, fails, &mut ids, &mut dice, &mut writer);
    }
    (writer.finish(), Planted { incidents, forms: forms.into_values().collect(), ..Planted::default() })
}

fn dice(plan: &Plan) -> fastrand::Rng {
    fastrand::Rng::with_seed(plan.seed ^ 0xb16)
}

/// The bad hours of the owner's shop on this platform, with what fails in them, oldest first.
pub(super) fn bad_hours(plan: &Plan) -> Vec<(i64, IncidentKind)> {
    incidents(plan, &mut dice(plan)).into_iter().map(|incident| (incident.start, incident.kind)).collect()
}

/// Faults that last for a while: a few entries every day.
fn passing(plan: &Plan) -> Vec<(i64, Event)> {
    let mut dice = fastrand::Rng::with_seed(plan.seed ^ 0xf0f);
    let fixed = RHYTHM.days_before_end(plan, 40 + dice.i64(0..6), 12, 0);
    let begun = RHYTHM.days_before_end(plan, 5 + dice.i64(0..3), 9, 0);
    let mut events = Vec::new();
    for (since, until, every, event) in
        [(plan.start, fixed, 10 * 3600, Event::Rates), (begun, plan.end, 4 * 3600, Event::Channel)]
    {
        let mut at = since.max(plan.start) + dice.i64(0..every);
        while at < until {
            events.push((at, event));
            at += every / 2 + dice.i64(0..every);
        }
    }
    events
}

/// The bad hours, oldest first.
fn incidents(plan: &Plan, dice: &mut fastrand::Rng) -> Vec<Incident> {
    let mut incidents = Vec::new();
    let mut plant = |kind, days: i64, (hour, minute), minutes: i64, log_type: &str, module: &str| {
        let start = RHYTHM.days_before_end(plan, days, hour, minute);
        let end = start + minutes * 60;
        if start >= plan.start && end <= plan.end && !plan.calm {
            let (log_type, module) = (log_type.to_owned(), module.to_owned());
            incidents.push(Incident { kind, log_type, module, start, end, rows: 0 });
        }
    };
    let shift = dice.i64(0..4);
    plant(IncidentKind::PaymentOutage, 41 + shift, (19, 40), 95, "payment", GATEWAY);
    plant(IncidentKind::PaymentOutage, 10 + shift, (13, 10), 150, "payment", GATEWAY);
    plant(IncidentKind::CarrierFailure, 4 + shift, (9, 20), 380, "shipping", USPS);
    incidents
}

/// Whether an event fails. A failure in the bad hours counts for the incident.
fn fails(event: Event, at: i64, incidents: &mut [Incident], dice: &mut fastrand::Rng) -> bool {
    let incident = incidents.iter_mut().find(|incident| {
        let hit = match incident.kind {
            IncidentKind::PaymentOutage => event == Event::Payment,
            IncidentKind::CarrierFailure => event == Event::Quote(USPS),
        };
        hit && (incident.start..incident.end).contains(&at)
    });
    match incident {
        Some(incident) => {
            let spared = incident.kind == IncidentKind::PaymentOutage && dice.u8(..20) == 0;
            incident.rows += usize::from(!spared);
            !spared
        }
        None => dice.u16(..1000) < event.failure().0,
    }
}

fn write(event: Event, at: i64, fails: bool, ids: &mut Ids, dice: &mut fastrand::Rng, writer: &mut Writer) {
    let order = 100_000 + at.rem_euclid(50_000_000) / 600;
    let complaint = event.complaint();
    let customer = format!("customer{}@example.com", dice.u16(1..400));
    let (log_type, module, good, summary, message) = match event {
        Event::Quote(carrier) => {
            let summary = if fails { complaint } else { "Successfully retrieved shipping quote" };
            ("shipping", carrier, 1, summary.to_owned(), Some(messages::quote(carrier, &customer, fails, dice)))
        }
        Event::Payment if fails => {
            let summary = complaint.replace("{}", &order.to_string());
            ("payment", GATEWAY, 1, summary, Some(messages::declined(order, &customer)))
        }
        // Now and then an order is refunded.
        Event::Payment if order % REFUNDED == 0 => {
            ("payment", GATEWAY, 1, format!("A refund for order {order} was sent to the gateway"), Some(String::new()))
        }
        Event::Payment => {
            ("payment", GATEWAY, 1, format!("Payment for order {order} was captured"), Some(String::new()))
        }
        Event::Email => {
            let form = if fails { complaint } else { "Order confirmation was sent to {}" };
            let summary = form.replace("{}", &customer);
            ("notification", "Email Message", 1, summary, Some(messages::email(order)))
        }
        Event::OrderStatus => {
            let status = ["Awaiting Fulfillment", "Shipped", "Completed", "Refunded"][dice.usize(..4)];
            ("ordersettings", "Order Status", 2, format!("Order {order} changed to {status}"), None)
        }
        Event::General => {
            let verb = ["Marking order", "Restoring order"][dice.usize(..2)];
            let summary = format!("{verb} {order}");
            ("general", "", 2, summary.clone(), Some(summary))
        }
        Event::Export => {
            ("emailintegration", "Export Only", 1, format!("Subscriber {customer} stored for export."), None)
        }
        Event::Tax => {
            let summary = if fails { complaint } else { "Tax was estimated" };
            ("tax", "Basic Tax", 1, summary.to_owned(), Some(String::new()))
        }
        Event::Theme => {
            let summary = format!("owner@example.com Downloaded Cornerstone-6.{}.0.zip", dice.u8(1..20));
            ("design", "Theme Download", 1, summary.clone(), Some(summary))
        }
        Event::Checkout => {
            let summary = if fails { complaint } else { "The checkout settings were read" };
            ("general", "Optimized Checkout", 2, summary.to_owned(), None)
        }
        Event::Rates => ("general", "", 2, complaint.replace("{}", &dice.u8(30..90).to_string()), None),
        Event::Channel => {
            let product = PRODUCTS[dice.usize(..PRODUCTS.len())];
            let list = dice.u8(2..9).to_string();
            ("general", "Channel Manager", 1, complaint.replacen("{}", product, 1).replace("{}", &list), None)
        }
    };
    let rank = if fails { event.failure().1 } else { good };
    let id = ids.bigcommerce(dice);
    SystemLog { id, at, log_type, module, rank, summary: &summary, message: message.as_deref() }.write(writer);
}
