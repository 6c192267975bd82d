//! The FastAPI service that was there first (`service.py`), as `tests/run` has installed it.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use crate::serve::SECRET_KEY;

/// It, while it runs. Ended when it is dropped.
pub struct FastApi {
    child: Child,
    pub address: SocketAddr,
}

/// Python, with what the service needs.
pub fn python() -> Command {
    let packages = env::var("TENANTRY_TEST_FASTAPI").expect("run the suite with tests/run");
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

impl FastApi {
    pub fn on(uri: &str, database: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http");
        let mut child = python()
            .args(["-m", "uvicorn", "service:app", "--port", "0", "--no-access-log"])
            .current_dir(here)
            .env("MONGO_URI", uri)
            .env("MASTER_DB", database)
            .env("SECRET_KEY", SECRET_KEY)
            .env("BCRYPT_ROUNDS", "4")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("it does not start: {said:#?}") };
            if let Some((_, at)) = line.split_once("running on http://") {
                break at.split(' ').next().unwrap().parse().unwrap();
            }
            said.push(line);
        };
        // Whatever it says must not block it.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }
}

impl Drop for FastApi {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
