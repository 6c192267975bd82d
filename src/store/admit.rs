//! What has to be so for an operation to begin, the same in every store: questions of what was read, which
//! read and write nothing themselves.

use std::collections::BTreeSet;

use bson::oid::ObjectId;

use super::{AdminChange, AdminEdit, Change, Holder, Operation, Result, StoreError, Transfer};
use crate::org::{Admin, Claim, ClaimKind, ListScope, Org, Role, email_key};

/// Refuses an organization that is not on the list of those that the operation is for.
pub(super) fn on_its_list(operation: &Operation) -> Result<()> {
    let scope = operation.kind().scope();
    match operation.org() {
        Some(org) if scope.is_some_and(|scope| scope != ListScope::from_org(org)) => {
            Err(StoreError::Changed)
        }
        Some(_) | None => Ok(()),
    }
}

/// Refuses an organization that is no longer as it was when it was read.
pub(super) fn as_read(read: &Org, now: Option<&Org>) -> Result<()> {
    let now = now.ok_or(StoreError::Gone)?;
    let same = now.name == read.name
        && now.collection == read.collection
        && now.admin_id == read.admin_id
        && now.admin_email == read.admin_email
        && ListScope::from_org(now) == ListScope::from_org(read)
        && now.revision == read.revision;
    if same { Ok(()) } else { Err(StoreError::Changed) }
}

/// Refuses a claim that anybody but `own` has.
pub(super) fn unclaimed(
    claim: &Claim,
    holder: Option<Holder>,
    own: Option<ObjectId>,
) -> Result<()> {
    match holder {
        Some(holder) if holder.org.is_none() || holder.org != own => Err(taken(claim, holder)),
        Some(_) | None => Ok(()),
    }
}

/// That somebody has what is claimed.
pub(super) fn taken(claim: &Claim, holder: Holder) -> StoreError {
    if holder.operator {
        return StoreError::OperatorsEmail;
    }
    StoreError::Taken { what: claim.kind(), by: holder.name, in_trash: holder.in_trash }
}

/// Whether an organization looks like this already. It is in nobody's way then, although another one may
/// look the same: older ones may.
pub(super) fn has_look(org: &Org, claim: &Claim) -> bool {
    Claim::looks_of(org.name.raw()).contains(claim)
}

/// Whether a change is refused where another organization has what it claims: but for what the
/// organization looks like already, or gets back.
pub(super) fn is_exclusive(org: &Org, change: &Change, claim: &Claim) -> bool {
    claim.kind() != ClaimKind::Look || !(change.undoes || has_look(org, claim))
}

/// What a restoration looks at of a change: another name, with its collection.
pub(super) fn restored(change: &Change) -> Change {
    let (name, collection) = (change.name.clone(), change.collection.clone());
    Change { name, collection, ..Change::default() }
}

/// Refuses an e-mail that another admin of the same organization has, of those whose e-mails are given as
/// they are compared.
pub(super) fn no_own_email<'a>(
    org: &Org,
    others: impl IntoIterator<Item = &'a str>,
    email: &str,
) -> Result<()> {
    let key = email_key(email);
    if others.into_iter().any(|other| other == key) { Err(own_email(org)) } else { Ok(()) }
}

/// That another admin of the same organization has an e-mail.
pub(super) fn own_email(org: &Org) -> StoreError {
    StoreError::Taken { what: ClaimKind::Email, by: Some(org.name.clone()), in_trash: false }
}

/// Refuses to appoint an owner where there is one.
pub(super) fn no_owner(admins: &[Admin]) -> Result<()> {
    let there = admins.iter().any(|admin| admin.role == Role::Owner);
    if there { Err(StoreError::Changed) } else { Ok(()) }
}

/// Refuses a transfer where the other owners are not those that were read.
pub(super) fn same_owners(admins: &[Admin], transfer: &Transfer) -> Result<()> {
    let others = admins.iter().filter(|admin| admin.role == Role::Owner && admin.id != transfer.to);
    let others: BTreeSet<ObjectId> = others.map(|admin| admin.id).collect();
    if others == transfer.owners.iter().copied().collect() {
        Ok(())
    } else {
        Err(StoreError::Changed)
    }
}

/// The admin whom the record names after a change, where that is another one.
pub(super) fn successor(first: Option<ObjectId>, change: &AdminChange) -> Option<&Admin> {
    change.successor.as_ref().filter(|_| first == Some(change.admin))
}

/// The e-mail of an admin after a change, as it is compared; given the one before.
pub(super) fn email_after(what: &AdminEdit, was: Option<&str>) -> Option<String> {
    match what {
        AdminEdit::Add(new) | AdminEdit::Appoint(new) => Some(email_key(new.email.as_str())),
        AdminEdit::Remove => None,
        AdminEdit::Set { email: Some(email), .. } => Some(email_key(email.as_str())),
        AdminEdit::Set { email: None, .. } | AdminEdit::SecondFactor(_) => was.map(str::to_owned),
    }
}

/// Refuses a change after which the record would name an admin who is not there, or is called otherwise.
pub(super) fn stays_named(
    first: Option<ObjectId>,
    change: &AdminChange,
    was: Option<&str>,
) -> Result<()> {
    let is_named = first == Some(change.admin) && successor(first, change).is_none();
    let differs = email_after(&change.what, was).as_deref() != was;
    if is_named && differs { Err(StoreError::Changed) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use bson::DateTime;

    use super::*;
    use crate::{
        org::{Email, InTrash, OrgState},
        orgs,
        store::TrashTerms,
    };

    fn org() -> Org {
        let admin_id = ObjectId::from_bytes([2; 12]).to_hex().into();
        Org { admin_id, ..orgs::org(1, "Acme Corp", "ada@acme.com") }
    }

    fn trashed() -> Org {
        let at = DateTime::from_millis(0);
        Org { state: OrgState::InTrash(InTrash { since: at, until: at, released: false }), ..org() }
    }

    fn admin(id: u8, role: Role) -> Admin {
        Admin { id: ObjectId::from_bytes([id; 12]), role, ..orgs::admin_of(&org()) }
    }

    #[test]
    fn what_was_read_is_what_is_there() {
        assert_eq!(as_read(&org(), Some(&org())), Ok(()));
        assert_eq!(as_read(&org(), None), Err(StoreError::Gone));
        let other = ObjectId::from_bytes([3; 12]).to_hex().into();
        for changed in [
            Org { name: "Acme".into(), ..org() },
            Org { collection: "org_acme".into(), ..org() },
            Org { admin_id: other, ..org() },
            Org { admin_email: "bob@acme.com".into(), ..org() },
            Org { revision: 4, ..org() },
            trashed(),
        ] {
            assert_eq!(as_read(&org(), Some(&changed)), Err(StoreError::Changed), "{changed:?}");
            assert_eq!(as_read(&changed, Some(&org())), Err(StoreError::Changed), "{changed:?}");
        }
        // What is only shown, and a suspension by a program that counts nothing, are no reason.
        let shown = Org { admin_gone: true, state: OrgState::Suspended, login_epoch: 9, ..org() };
        assert_eq!(as_read(&shown, Some(&org())), Ok(()));
    }

    #[test]
    fn each_operation_is_for_one_list_or_for_both() {
        let both = |of: fn(Box<Org>) -> Operation| {
            [org(), trashed()].map(|org| on_its_list(&of(Box::new(org))))
        };
        let (live, trash) =
            ([Ok(()), Err(StoreError::Changed)], [Err(StoreError::Changed), Ok(())]);
        assert_eq!(both(|org| Operation::Update(org, Change::default())), live);
        assert_eq!(both(|org| Operation::Trash(org, TrashTerms::reserved(1))), live);
        assert_eq!(both(|org| Operation::Suspend(org, true)), live);
        assert_eq!(both(|org| Operation::Restore(org, Change::default())), trash);
        assert_eq!(both(Operation::Delete), [Ok(()), Ok(())]);
    }

    #[test]
    fn a_claim_is_taken_by_anybody_else_and_by_what_belongs_to_nobody() {
        let claim = Claim::of_email("ada@acme.com");
        let holder =
            |org| Some(Holder { org, name: Some("Acme".into()), in_trash: true, operator: false });
        let taken =
            StoreError::Taken { what: ClaimKind::Email, by: Some("Acme".into()), in_trash: true };
        let (own, other) = (Some(org().id), Some(ObjectId::from_bytes([9; 12])));
        assert_eq!(unclaimed(&claim, None, own), Ok(()));
        assert_eq!(unclaimed(&claim, holder(own), own), Ok(()));
        for (holder, own) in
            [(holder(other), own), (holder(own), None), (holder(None), own), (holder(None), None)]
        {
            assert_eq!(unclaimed(&claim, holder, own), Err(taken.clone()));
        }
    }

    #[test]
    fn only_a_look_of_its_own_can_be_anothers_as_well() {
        let own = Claim::looks_of("Acme Corp").remove(0);
        let new = Claim::looks_of("Other").remove(0);
        let (plain, undoes) = (Change::default(), Change { undoes: true, ..Change::default() });
        assert!(!is_exclusive(&org(), &plain, &own));
        assert!(is_exclusive(&org(), &plain, &new));
        assert!(!is_exclusive(&org(), &undoes, &new));
        for claim in
            [Claim::of_email("a@b.c"), Claim::Name("x".into()), Claim::Collection("x".into())]
        {
            assert!(is_exclusive(&org(), &undoes, &claim));
        }
    }

    #[test]
    fn an_email_of_another_own_admin_is_taken_in_any_case() {
        let others = ["bob@acme.com"];
        assert_eq!(no_own_email(&org(), others, "Bob@ACME.com"), Err(own_email(&org())));
        assert_eq!(no_own_email(&org(), others, "eve@acme.com"), Ok(()));
    }

    #[test]
    fn an_owner_is_appointed_only_where_there_is_none() {
        assert_eq!(no_owner(&[]), Ok(()));
        assert_eq!(no_owner(&[admin(2, Role::Admin)]), Ok(()));
        let both = [admin(2, Role::Admin), admin(3, Role::Owner)];
        assert_eq!(no_owner(&both), Err(StoreError::Changed));
    }

    #[test]
    fn a_transfer_is_from_the_owners_that_were_read() {
        let ids = |ids: &[u8]| ids.iter().map(|id| ObjectId::from_bytes([*id; 12])).collect();
        let all = [admin(2, Role::Owner), admin(3, Role::Owner), admin(4, Role::Admin)];
        let transfer = |to: u8, owners: &[u8]| {
            let to = ObjectId::from_bytes([to; 12]);
            let transfer = Transfer { to, new: None, owners: ids(owners), removes: true };
            same_owners(&all, &transfer)
        };
        for (to, owners) in [(4, &[3, 2][..]), (9, &[2, 3]), (2, &[3])] {
            assert_eq!(transfer(to, owners), Ok(()));
        }
        for (to, owners) in [(4, &[2][..]), (4, &[]), (4, &[2, 3, 5]), (2, &[2, 3])] {
            assert_eq!(transfer(to, owners), Err(StoreError::Changed), "{to} {owners:?}");
        }
    }

    #[test]
    fn the_admin_whom_the_record_names_leaves_only_to_a_successor() {
        let first = Some(ObjectId::from_bytes([2; 12]));
        let email = |email: &str| AdminEdit::Set {
            role: Some(Role::Admin),
            email: Some(Email::parse(email).unwrap()),
            password: None,
            reset: None,
        };
        let change = |id: u8, what, successor| AdminChange {
            admin: ObjectId::from_bytes([id; 12]),
            what,
            successor,
        };
        let named = |change: AdminChange| stays_named(first, &change, Some("ada@acme.com"));
        let bob = || Some(admin(3, Role::Owner));
        for what in [AdminEdit::Remove, email("new@acme.com")] {
            assert_eq!(named(change(2, what.clone(), None)), Err(StoreError::Changed));
            assert_eq!(named(change(2, what.clone(), bob())), Ok(()));
            assert_eq!(named(change(4, what, None)), Ok(()));
        }
        assert_eq!(named(change(2, email("Ada@acme.com"), None)), Ok(()));
        assert_eq!(successor(first, &change(2, AdminEdit::Remove, bob())), bob().as_ref());
        assert_eq!(successor(first, &change(4, AdminEdit::Remove, bob())), None);
    }
}
