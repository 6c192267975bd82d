//! A caller who may only read makes and writes nothing, from the opening on.

use tenantry::store::{Examination, StoreError, Target};
use tenantry::tenancy::{self, Caller, Error, Rules};

use crate::cases::{two, wait};
use crate::fixture::file;

#[test]
fn nothing_is_made_or_written_for_a_caller_who_may_only_read() {
    let (_directory, path) = file();
    let caller = Caller::new("tester@here").with_read_only(true);
    let target = Target::File(path.clone());
    let opened = wait(tenancy::open(&target, &caller, Rules::default()));
    assert!(matches!(opened.err(), Some(Error::Store(StoreError::Misconfigured { .. }))));
    assert!(!path.exists());
    two(&path);
    let opened = wait(tenancy::open(&target, &caller, Rules::default())).unwrap();
    assert!(opened.tenancy.read_only().is_some());
    let fix = Examination::plain(true);
    let examined = wait(opened.tenancy.examine(&fix, &|_| panic!()));
    assert!(matches!(examined.err(), Some(Error::ReadOnly(_))));
}
