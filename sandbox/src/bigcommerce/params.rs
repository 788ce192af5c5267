//! The query parameters of BigCommerce store logs.

use crate::{
    AboveLimit, BigCommerceBehavior, DateBounds, DateFilters, Obedience, UnknownSeverity, answer::Answer,
    filter::Filter, request::Request,
};

use super::errors;

/// A parsed query.
#[derive(Debug)]
pub(crate) struct Params {
    pub(crate) page: u64,
    pub(crate) limit: u64,
    pub(crate) filter: Filter,
    /// The first second of the time range.
    pub(crate) since: i64,
    /// The first second after the time range.
    pub(crate) until: i64,
    pub(crate) descending: bool,
    pub(crate) by_type: bool,
    /// All parameters but `page` and `limit`, for the links.
    pub(crate) others: Vec<(String, String)>,
}

impl Params {
    pub(crate) fn read(request: &Request, behavior: &BigCommerceBehavior) -> Result<Self, Answer> {
        let page = whole(request, "page", 1)?;
        let limit = limit(request, behavior)?;
        let (since, until) = time_range(request, behavior)?;
        let (by_type, descending) = order(request, behavior)?;
        let text = |name: &str| request.param(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let filter = Filter {
            kind: text("type"),
            kind_not: text("type:not"),
            what: text("module"),
            what_not: text("module:not"),
            fold_case: true,
            rank: integer(request, "severity")?,
            rank_min: integer(request, "severity:min")?,
            rank_max: integer(request, "severity:max")?,
            unknown_rank: match behavior.unknown_severity {
                UnknownSeverity::Ranked(rank) => Some(rank),
                UnknownSeverity::Unmatched => None,
            },
            ids: ids(request)?,
        };
        let others = request.query.iter().filter(|(name, _)| name != "page" && name != "limit").cloned().collect();
        Ok(Self { page, limit, filter, since, until, descending, by_type, others })
    }
}

fn limit(request: &Request, behavior: &BigCommerceBehavior) -> Result<u64, Answer> {
    let limit = whole(request, "limit", behavior.default_limit.max(1))?;
    if limit <= behavior.max_limit {
        return Ok(limit);
    }
    match behavior.above_max_limit {
        AboveLimit::Clamp => Ok(behavior.max_limit.max(1)),
        AboveLimit::Status(status) => {
            let problem = format!("limit must not be greater than {}", behavior.max_limit);
            Err(errors::parameter(status, "limit", &problem))
        }
    }
}

fn time_range(request: &Request, behavior: &BigCommerceBehavior) -> Result<(i64, i64), Answer> {
    let min = request.param("date_created:min");
    let max = request.param("date_created:max");
    match behavior.date_filters {
        DateFilters::Ignored => return Ok((i64::MIN, i64::MAX)),
        DateFilters::Rejected(status) => {
            let name = if min.is_some() { "date_created:min" } else { "date_created:max" };
            return match min.or(max) {
                Some(_) => Err(errors::parameter(status, name, "filter is not supported")),
                None => Ok((i64::MIN, i64::MAX)),
            };
        }
        DateFilters::Obeyed => {}
    }
    let shift = i64::from(behavior.date_bounds == DateBounds::Inclusive);
    let since = integer(request, "date_created:min")?.map_or(i64::MIN, |min| min.saturating_add(1 - shift));
    let until = integer(request, "date_created:max")?.map_or(i64::MAX, |max| max.saturating_add(shift));
    Ok((since, until))
}

/// Whether to sort by type, and whether to list the last first. Both words are case-sensitive.
fn order(request: &Request, behavior: &BigCommerceBehavior) -> Result<(bool, bool), Answer> {
    if behavior.direction == Obedience::Ignored {
        return Ok((false, false));
    }
    let by_type = match request.param("sort") {
        None | Some("date_created") => false,
        Some("type") => true,
        Some(_) => return Err(errors::parameter(422, "sort", "must be date_created or type")),
    };
    match request.param("direction") {
        None | Some("asc") => Ok((by_type, false)),
        Some("desc") => Ok((by_type, true)),
        Some(_) => Err(errors::parameter(422, "direction", "must be asc or desc")),
    }
}

fn ids(request: &Request) -> Result<Option<Vec<u64>>, Answer> {
    let Some(text) = request.param("id:in") else { return Ok(None) };
    let ids: Option<Vec<i64>> = text.split(',').map(|id| number(id.trim())).collect();
    // No entry has a negative id.
    let known = |ids: Vec<i64>| ids.into_iter().filter_map(|id| u64::try_from(id).ok()).collect();
    ids.map(|ids| Some(known(ids))).ok_or_else(|| errors::parameter(422, "id:in", "must be a list of integers"))
}

fn integer(request: &Request, name: &str) -> Result<Option<i64>, Answer> {
    match request.param(name) {
        None => Ok(None),
        Some(text) => match number(text) {
            Some(number) => Ok(Some(number)),
            None => Err(errors::parameter(422, name, "must be an integer")),
        },
    }
}

/// An integer. The document sets no bounds, so one that is too large is as large as can be.
fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if digits.len() < text.len() { i64::MIN } else { i64::MAX }))
}

/// A number of at least 1.
fn whole(request: &Request, name: &str, default: u64) -> Result<u64, Answer> {
    match request.param(name) {
        None => Ok(default),
        Some(text) => match number(text).and_then(|number| u64::try_from(number).ok()) {
            Some(number) if number > 0 => Ok(number),
            _ => Err(errors::parameter(422, name, "must be an integer greater than 0")),
        },
    }
}
