//! The OpenAPI document of all calls, and a page to read it and try them: Swagger UI, from within the program.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, InfoBuilder, KnownFormat, ObjectBuilder, OpenApi, PathItem, Ref, RefOr,
        ResponseBuilder, SchemaFormat, SecurityRequirement, Tag,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{Schema, SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{Service, fastapi, v1};
use crate::org::{Secret, StoredText};

/// Where it is.
const DOCUMENT: &str = "/openapi.json";

const JSON: &str = "application/json";

/// What the security scheme is called in the document.
const BEARER: &str = "bearer";

/// The page loads nothing from elsewhere, and no other page shows it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The document and the page, given our own part of the document.
pub(super) fn routes(v1: OpenApi) -> Router<Arc<Service>> {
    let config = Config::from(DOCUMENT).validator_url("none").try_it_out_enabled(false);
    let page = SwaggerUi::new("/docs").config(config).url(DOCUMENT, document(v1));
    Router::from(page).layer(middleware::from_fn(kept_in))
}

async fn kept_in(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The groups of calls in their order, and whether their changes are done once where they have an `Idempotency-Key`.
const GROUPS: [(&str, bool); 9] = [
    ("Sessions", false),
    ("Your own account", false),
    ("Organizations", true),
    ("Documents", true),
    ("Archives", false),
    ("Operators", true),
    ("API keys", true),
    ("Audit log", false),
    ("Figures", false),
];
const FASTAPI: &str = "FastAPI";

/// The changes that take no body: method and path.
pub(super) fn bodiless(document: &OpenApi) -> BTreeSet<(Method, String)> {
    let mut found = BTreeSet::new();
    for (path, PathItem { put, post, delete, patch, .. }) in &document.paths.paths {
        let changes = [
            (Method::PUT, put),
            (Method::POST, post),
            (Method::DELETE, delete),
            (Method::PATCH, patch),
        ];
        for (method, operation) in changes {
            if operation.as_ref().is_some_and(|operation| operation.request_body.is_none()) {
                found.insert((method, path.clone()));
            }
        }
    }
    found
}

/// What a client may send with a change.
fn allow_headers(item: &mut PathItem) {
    let PathItem { put, post, delete, patch, .. } = item;
    for operation in [put, post, delete, patch].into_iter().flatten() {
        let tag = operation.tags.iter().flatten().next().map_or("", String::as_str);
        if !GROUPS.contains(&(tag, true)) {
            continue;
        }
        let header = |name: &str, what: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .description(Some(what))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .build()
        };
        let id = if tag == "Documents" { "doc_id" } else { "id" };
        let parameters = operation.parameters.get_or_insert_default();
        if parameters.iter().any(|known| matches!(known, RefOr::T(known) if known.name == id)) {
            let what = "The ETag of what is to be changed: what others have changed since is kept";
            parameters.push(header("If-Match", what).into());
        }
        let what =
            "A name of your own for this change: sent again with it, the change is done once";
        parameters.push(header("Idempotency-Key", what).into());
    }
}

/// The operations of a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Adds what is answered where the call is not done.
fn refused(operation: &mut Operation, kinds: &[&str], schema: &RefOr<Schema>) {
    let content = ContentBuilder::new().schema(Some(schema.clone())).build();
    let response = ResponseBuilder::new().description("Why the call was not done");
    let response =
        kinds.iter().fold(response, |response, kind| response.content(*kind, content.clone()));
    operation.responses.responses.insert("default".to_owned(), response.build().into());
}

/// All calls: our own, and those of the FastAPI service.
fn document(v1: OpenApi) -> OpenApi {
    let mut document = v1;
    document.info = InfoBuilder::new()
        .title("Tenantry")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Calls below /v1 need the access token of a login or an API key, as `Authorization: Bearer …`; those \
             below /org and /admin are the calls of the FastAPI service before this one. The manual says more: \
             `tenantry help http`.",
        ))
        .build();
    document.paths.paths.values_mut().for_each(allow_headers);
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        // Several things have a “list”.
        let tag = operation.tags.iter().flatten().next().map(|tag| tag.to_lowercase());
        let id = operation.operation_id.take().unwrap_or_default();
        operation.operation_id =
            Some(format!("{}_{id}", tag.unwrap_or_default().replace(' ', "_")));
        let problem = Ref::from_schema_name(v1::ProblemFields::name()).into();
        // The second for clients that accept it.
        refused(operation, &[JSON, v1::PROBLEM], &problem);
    }
    let mut old = fastapi::document();
    for operation in old.paths.paths.values_mut().flat_map(operations) {
        // A sentence, or a list of what is wrong with the input.
        let any = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
        let detail = ObjectBuilder::new().property("detail", any).into();
        refused(operation, &[JSON], &detail);
    }
    document.merge(old);
    let components = document.components.get_or_insert_default();
    let problem = (v1::ProblemFields::name().into_owned(), v1::ProblemFields::schema());
    components.schemas.insert(problem.0, problem.1);
    let mut of_problems = Vec::new();
    v1::ProblemFields::schemas(&mut of_problems);
    components.schemas.extend(of_problems);
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert(BEARER.to_owned(), scheme.into());
    let names = GROUPS.iter().map(|(name, _)| *name).chain([FASTAPI]);
    document.tags = Some(names.map(Tag::new).collect());
    document.security = Some(vec![SecurityRequirement::new(BEARER, [""; 0])]);
    document
}

/// What is typed, and never shown.
impl PartialSchema for Secret {
    fn schema() -> RefOr<Schema> {
        let password = SchemaFormat::KnownFormat(KnownFormat::Password);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(password))
            .min_length(Some(1))
            .into()
    }
}

impl ToSchema for Secret {}

impl PartialSchema for StoredText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

impl ToSchema for StoredText {
    fn name() -> Cow<'static, str> {
        "Text".into()
    }
}
