//! The settings of the pipeline for a platform.

/// A platform whose client is generated.
pub(crate) struct Platform {
    pub(crate) name: &'static str,
    /// The vendor's document, YAML or JSON.
    pub(crate) document: &'static str,
    /// The corrections to it, as a JSON Patch.
    pub(crate) patch: Option<&'static str>,
    /// The operations that the adapter calls, as the generated methods are named.
    pub(crate) operations: &'static [&'static str],
    pub(crate) records: &'static [Record],
    pub(crate) pushed_down: &'static [PushedDown],
    /// The path of the crate `storelogs` as the generated code sees it.
    pub(crate) library: &'static str,
}

/// The fields of a record that the adapter knows. Those that the vendor adds one day stay in `extra`, where they were
/// while the document did not name them: no entry loses them, and nobody's code has to change on the vendor's day.
pub(crate) struct Record {
    /// The schema, by its name in the document.
    pub(crate) schema: &'static str,
    pub(crate) fields: &'static [&'static str],
}

/// The parameters of an operation that a walk narrows or orders a list with, and can do without: those that a document may
/// lose without breaking the build.
pub(crate) struct PushedDown {
    /// The operation, as the generated method is named.
    pub(crate) operation: &'static str,
    /// The parameters, by their names in the document.
    pub(crate) parameters: &'static [&'static str],
}
