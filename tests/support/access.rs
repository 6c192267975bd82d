//! Databases of one test each, and users who may do on them what a role in the manual says, and nothing
//! else.

use std::ops::Deref;

use mongodb::{
    Client, Database,
    bson::{Document, doc},
    options::ClientOptions,
};

/// What every such user has for a password.
pub const USER_PASSWORD: &str = "uri-s3cret-word";

/// The role in the manual for everything.
pub const ALL: &str = "tenantry";
/// The role in the manual for `--read-only`.
pub const READING: &str = "tenantry_reader";

/// The actions of a role, as the manual has the operator create it.
pub fn actions(role: &str) -> Vec<String> {
    let (_, role) = include_str!("../../assets/manual/mongodb.md")
        .split_once(&format!("role: \"{role}\", roles: []"))
        .expect("the manual creates it");
    let (_, actions) = role.split_once("actions: [").expect("it has actions");
    let (actions, _) = actions.split_once(']').expect("they end");
    actions.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// A database of one test, dropped at its end together with its user.
pub struct OwnDatabase {
    /// What the program connects with: the user's connection string.
    pub uri: String,
    /// The same database as somebody who may do everything.
    pub db: Database,
    almighty: String,
}

impl OwnDatabase {
    /// On a server, for a user of the manual's role. One without users takes everybody for almighty.
    pub async fn on(server: String, test: &str) -> Self {
        let client = Client::with_uri_str(&server).await.expect("the test's own URI parses");
        let random = bson::oid::ObjectId::new().to_hex();
        let db = client.database(&format!("t_{test}_{}", &random[16..]));
        let mut own = Self { uri: server.clone(), db, almighty: server };
        if let Some((_, at)) = own.almighty.split_once('@') {
            let of = format!("authSource={}", own.db.name());
            own.uri = format!("mongodb://ops:{USER_PASSWORD}@{}", at.replace(SOURCE, &of));
            let role =
                doc! { "createRole": "role", "privileges": own.may(&actions(ALL)), "roles": [] };
            own.db.run_command(role).await.expect("a role");
            let user = doc! {
                "createUser": "ops", "pwd": USER_PASSWORD, "roles": ["role"],
                "mechanisms": ["SCRAM-SHA-256"],
            };
            own.db.run_command(user).await.expect("a user");
        }
        own
    }

    /// From now on the user may do this.
    pub async fn grant(&self, actions: &[String]) {
        let role = doc! { "updateRole": "role", "privileges": self.may(actions) };
        self.db.run_command(role).await.expect("the role");
    }

    fn may(&self, actions: &[String]) -> Vec<Document> {
        let everywhere = doc! { "db": self.db.name(), "collection": "" };
        vec![doc! { "resource": everywhere, "actions": actions }]
    }
}

impl Deref for OwnDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.db
    }
}

impl Drop for OwnDatabase {
    /// A test that failed has said what matters by then, so a server that is gone is no second failure.
    fn drop(&mut self) {
        let (uri, name) = (self.almighty.clone(), self.db.name().to_owned());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(drop_all(&uri, &name))
        });
        let _ = dropped.join();
    }
}

/// How the almighty user of `tests/run` is found.
const SOURCE: &str = "authSource=local";

async fn drop_all(uri: &str, name: &str) -> mongodb::error::Result<()> {
    let mut options = ClientOptions::parse(uri).await?;
    options.server_selection_timeout = Some(std::time::Duration::from_secs(1));
    let db = Client::with_options(options)?.database(name);
    if uri.contains(SOURCE) {
        db.run_command(doc! { "dropAllUsersFromDatabase": 1 }).await?;
        db.run_command(doc! { "dropAllRolesFromDatabase": 1 }).await?;
    }
    db.drop().await
}
