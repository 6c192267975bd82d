//! The bodies of these calls, for the OpenAPI document. They are read field by field, since FastAPI reports all that is
//! wrong with one at once: see `body`.
#![expect(dead_code, reason = "only described")]

use utoipa::ToSchema;

#[derive(ToSchema)]
pub(super) struct CreateOrg {
    organization_name: String,
    email: String,
    #[schema(format = Password)]
    password: String,
}

#[derive(ToSchema)]
pub(super) struct UpdateOrg {
    organization_name: String,
    new_organization_name: Option<String>,
    /// Of the first admin.
    email: Option<String>,
    /// Of the first admin.
    #[schema(format = Password)]
    password: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct DeleteOrg {
    organization_name: String,
    /// Why; required where the service is set to ask for it.
    reason: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct AdminLogin {
    email: String,
    #[schema(format = Password)]
    password: String,
    /// Of the second factor, where the account has one.
    code: Option<String>,
}

/// An answer without data.
#[derive(ToSchema)]
pub(super) struct Done {
    success: bool,
    message: String,
}
