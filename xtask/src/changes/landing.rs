//! The places of our code that a change affects: the lines of the adapter that name the parameter, the field or the
//! type.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use heck::ToSnakeCase;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::{Change, Place};
use crate::Result;
use crate::generator::PLATFORMS;
use crate::regen::files_below;
use crate::workspace::read;

/// The names that the adapter of a platform uses, and where.
#[derive(Default)]
pub(crate) struct Landing {
    /// The folder of the adapter. Without it nothing is known.
    folder: Option<String>,
    /// The schemas whose new fields are left to `extra`.
    records: Vec<&'static str>,
    names: BTreeMap<Name, BTreeSet<(String, usize)>>,
    texts: Vec<(String, (String, usize))>,
    /// The names that the library's tests use, which must build as well.
    tests: BTreeMap<Name, BTreeSet<(String, usize)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    /// A method called on a generated request: `request.severity_min(…)`.
    Setter(String),
    /// Any other method, by its name.
    Method(String),
    Field(String),
    Type(String),
}

/// The most places that are listed; of more, only the number is given.
const LISTED: usize = 3;

impl Landing {
    /// Reads `src/<platform>/`.
    ///
    /// # Errors
    /// If a file there is not Rust.
    pub(crate) fn read(root: &Path, platform: &str) -> Result<Self> {
        let folder = format!("src/{platform}");
        let records = PLATFORMS.iter().filter(|known| known.name == platform).flat_map(|known| known.records);
        let records = records.map(|record| record.schema).collect();
        let mut landing = Self { folder: Some(folder.clone()), records, ..Self::default() };
        landing.read_below(root, "tests/suite")?;
        (landing.tests, landing.texts) = (std::mem::take(&mut landing.names), Vec::new());
        landing.read_below(root, &folder)?;
        Ok(landing)
    }

    fn read_below(&mut self, root: &Path, folder: &str) -> Result {
        for path in
            files_below(&root.join(folder))?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"))
        {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let file = syn::parse_file(&read(&path)?).map_err(|e| format!("{name}: {e}"))?;
            Reader { landing: self, file: &name }.visit_file(&file);
        }
        Ok(())
    }

    /// The places where our code and its tests set a parameter of a request. `None` if nothing does.
    pub(crate) fn setting(&self, parameter: &str) -> Option<String> {
        let setter = Name::Setter(rust_name(parameter));
        let places = [&self.names, &self.tests].into_iter().filter_map(|names| list(names.get(&setter)?.clone()));
        Some(places.collect::<Vec<_>>().join("; ")).filter(|places| !places.is_empty())
    }

    /// The places of our code that this change affects, in words.
    pub(super) fn of(&self, change: &Change) -> String {
        let Some(folder) = &self.folder else { return String::new() };
        let named = |names: &[Name]| {
            let places: BTreeSet<_> = names.iter().filter_map(|name| self.names.get(name)).flatten().cloned().collect();
            list(places)
        };
        let nothing = |else_say: &str| format!("nothing in {folder}: {else_say}");
        match &change.place {
            Place::Parameter(name) => {
                let setter = rust_name(name);
                let called = format!("users may call `{setter}`");
                named(&[Name::Setter(setter)]).unwrap_or_else(|| nothing(&called))
            }
            Place::NewParameter(name) => {
                nothing(&format!("`page(|request| request.{}(…))` can set it", rust_name(name)))
            }
            Place::Field(name) => {
                named(&[Name::Field(rust_name(name))]).unwrap_or_else(|| nothing("only the raw client has it"))
            }
            Place::NewField { schema: Some(schema), .. } if self.records.contains(&schema.as_str()) => {
                nothing("new field, goes to `extra` as it did")
            }
            Place::NewField { kept: true, .. } => nothing("it went to `extra`, and is a field of its own now"),
            Place::NewField { kept: false, .. } => nothing("only the raw client has it"),
            Place::Type(name) => {
                named(&[Name::Type(name.clone())]).unwrap_or_else(|| nothing("only the raw client has it"))
            }
            Place::Operation(id) => {
                let method = rust_name(id);
                named(&[Name::Method(method)]).unwrap_or_else(|| nothing("only the raw client has it"))
            }
            Place::Server(url) => self.text(host(url)).unwrap_or_else(|| nothing("no address of it is written there")),
            Place::Header(name) => self.text(name).unwrap_or_else(|| nothing("it is not read")),
            Place::Security => "src/transport/auth.rs".into(),
            Place::Nowhere => String::new(),
        }
    }

    fn text(&self, part: &str) -> Option<String> {
        let found = self.texts.iter().filter(|(text, _)| text.to_lowercase().contains(&part.to_lowercase()));
        list(found.map(|(_, place)| place.clone()).collect())
    }
}

fn list(places: BTreeSet<(String, usize)>) -> Option<String> {
    let count = places.len();
    let mut listed: Vec<String> =
        places.into_iter().take(LISTED).map(|(file, line)| format!("{file}:{line}")).collect();
    if count > LISTED {
        listed.push(format!("{} more", count - LISTED));
    }
    (count > 0).then(|| listed.join(", "))
}

/// A name as the generator writes it in Rust.
fn rust_name(name: &str) -> String {
    let name = name.to_snake_case();
    if syn::parse_str::<syn::Ident>(&name).is_ok() { name } else { name + "_" }
}

/// The part of an address that no variable replaces: `api.bigcommerce.com`, `.myshopline.com`.
fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    host.rsplit('}').next().unwrap_or(host)
}

struct Reader<'a> {
    landing: &'a mut Landing,
    file: &'a str,
}

impl Reader<'_> {
    fn note(&mut self, name: Name, span: proc_macro2::Span) {
        self.landing.names.entry(name).or_default().insert((self.file.to_owned(), span.start().line));
    }

    fn member(&mut self, member: &syn::Member) {
        if let syn::Member::Named(name) = member {
            self.note(Name::Field(name.to_string()), name.span());
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        // A parameter that is only pushed down has a method of its own: build/push_down.rs.
        let name = name.strip_prefix("push_").map_or(name.clone(), rust_name);
        let name = if is_request(&call.receiver) { Name::Setter(name) } else { Name::Method(name) };
        self.note(name, call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_field(&mut self, access: &'ast syn::ExprField) {
        self.member(&access.member);
        visit::visit_expr_field(self, access);
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        self.member(&field.member);
        visit::visit_field_value(self, field);
    }

    fn visit_field_pat(&mut self, field: &'ast syn::FieldPat) {
        self.member(&field.member);
        visit::visit_field_pat(self, field);
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        self.note(Name::Type(segment.ident.to_string()), segment.span());
        visit::visit_path_segment(self, segment);
    }

    fn visit_use_name(&mut self, name: &'ast syn::UseName) {
        self.note(Name::Type(name.ident.to_string()), name.span());
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.landing.texts.push((text.value(), (self.file.to_owned(), text.span().start().line)));
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        // The arguments of `format!` and its like are tokens to syn.
        for token in invocation.tokens.clone() {
            if let proc_macro2::TokenTree::Literal(literal) = token {
                let place = (self.file.to_owned(), literal.span().start().line);
                self.landing.texts.push((literal.to_string(), place));
            }
        }
    }
}

/// Whether a chain of calls begins at a variable `request`, which is what the adapter calls the generated builders, or
/// `r`, as the tests call them.
fn is_request(receiver: &syn::Expr) -> bool {
    match receiver {
        syn::Expr::MethodCall(call) => is_request(&call.receiver),
        syn::Expr::Path(path) => path.path.is_ident("request") || path.path.is_ident("r"),
        _ => false,
    }
}
