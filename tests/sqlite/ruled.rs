//! Rules that allow no writing hold from the opening on, whoever forgot to say so a second time.

use tenantry::store::{Access, Examination, StoreError, Target};
use tenantry::tenancy::{self, Error, Rules};

use crate::deeds::{two, wait};
use crate::fixture::file;

#[test]
fn nothing_is_made_or_written_where_the_rules_allow_no_writing() {
    let (_directory, path) = file();
    let access = Access { operator: "tester@here".to_owned(), read_only: false };
    let rules = Rules { read_only: true, ..Rules::default() };
    let target = Target::File(path.clone());
    let opened = wait(tenancy::open(&target, &access, rules.clone()));
    assert!(matches!(opened.err(), Some(Error::Store(StoreError::Misconfigured { .. }))));
    assert!(!path.exists());
    two(&path);
    let opened = wait(tenancy::open(&target, &access, rules.clone())).unwrap();
    assert!(opened.tenancy.read_only().is_some());
    let fix = Examination::plain(true);
    let examined = wait(opened.tenancy.examine(&fix, &|_| panic!()));
    assert!(matches!(examined.err(), Some(Error::ReadOnly(_))));
}
