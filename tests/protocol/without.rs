//! With one of its mends taken out the protocol goes wrong, and the search finds it: the shortest way
//! to it is printed (`cargo test --test protocol without -- --nocapture`).

use crate::{
    mends::{Mend, Mends},
    scenario::{FOLLOWED, Scenario},
    state::{Kind, Legacy, Life},
    traces::Trace,
    wrong::Wrong,
};

fn search(mends: &[Mend], scenario: Scenario, wanted: Wrong, by_late_command: bool) {
    let mut model = scenario.model(Mends::without(mends), FOLLOWED, Some(wanted));
    model.by_late_command = by_late_command;
    let done = model.search();
    let found = done.wrong.unwrap_or_else(|| panic!("nothing found in {} states", done.states));
    println!("without {mends:?}, found in {} states: {found}", done.states);
}

/// It goes wrong by a command that arrives when its console is past it.
fn late(mends: &[Mend], scenario: Scenario, wanted: Wrong) {
    search(mends, scenario, wanted, true);
}

/// It goes wrong, be it by a console that is only slow.
fn slow(mends: &[Mend], scenario: Scenario, wanted: Wrong) {
    search(mends, scenario, wanted, false);
}

const fn of(kind: Kind) -> Scenario {
    Scenario::collections(kind, Life::Live)
}

const fn with_admins(kind: Kind) -> Scenario {
    Scenario::admins(kind, Life::Live)
}

/// The searches that find a way once what keeps it off is taken out. None where that cannot be taken out:
/// a write to the record itself names the lease. Whoever adds a way says here which.
const fn found_by(trace: Trace) -> &'static [fn()] {
    match trace {
        Trace::DropAfterNewCustomer => {
            &[a_late_drop_takes_the_collection_of_a_new_customer_of_the_same_name]
        }
        Trace::DeletionAfterSameName | Trace::DropOfPlaceholder | Trace::CreationMoves => {
            &[without_placeholders_an_earlier_lease_still_moves]
        }
        Trace::RenameAfterSameName => {
            &[a_late_rename_moves_the_documents_of_a_new_customer_of_the_same_name]
        }
        Trace::RenameAfterBack => {
            &[a_late_rename_moves_what_was_renamed_back_although_it_names_the_uuid]
        }
        Trace::SecondRename => &[without_uuids_a_late_rename_moves_the_placeholder],
        Trace::TrashGivenUp => &[giving_up_without_a_fence_leaves_a_slow_console_free_to_act],
        Trace::TrashAfterRestore => &[a_late_rename_takes_what_was_restored_to_the_trash],
        Trace::HidingAfterRestore => {
            &[a_late_update_of_a_trash_hides_the_admin_of_what_was_restored]
        }
        Trace::TrashAsleep | Trace::PasswordAsleep => {
            &[who_reads_the_mark_after_losing_the_lease_passes_the_fence]
        }
        Trace::RestoreAfterTrash => {
            &[a_late_rename_of_a_restoration_takes_what_is_in_the_trash_out]
        }
        Trace::ShowingAfterTrash => {
            &[a_late_update_of_a_restoration_shows_the_admin_of_what_is_in_the_trash]
        }
        Trace::FirstDocumentFinished => {
            &[without_a_validator_a_placeholder_takes_a_late_first_document]
        }
        Trace::FirstDocumentTakenBack => {
            &[a_late_first_document_is_in_the_collection_of_a_new_customer]
        }
        Trace::TwoCollections => &[a_creation_that_may_have_two_collections_leaves_one_behind],
        Trace::NewAdminTakenBack => &[a_late_insert_shows_a_removed_admin_to_the_old_service],
        Trace::RemovedAdminInserted => &[
            a_late_insert_brings_a_removed_admin_back,
            a_late_insert_shows_a_removed_admin_to_the_old_service,
        ],
        Trace::GivenUpAdminRestored => &[a_restoration_shows_an_admin_whose_joining_was_taken_back],
        Trace::ShowingAfterSettling => &[who_goes_to_the_trash_while_joining_is_shown_there],
        Trace::RemovalTakenBack => &[a_late_removal_takes_an_admin_whose_removal_was_taken_back],
        Trace::OlderPassword => &[a_late_password_replaces_a_newer_one],
        Trace::Reservation => &[who_never_began_and_asks_the_log_is_told_that_it_was_done],
        Trace::Entry => &[
            what_had_not_begun_is_carried_out_after_somebody_was_told_that_it_was_not,
            what_is_not_noted_before_the_log_says_it_is_carried_out_after_all,
        ],
        Trace::AnswerOfSettling => {
            &[who_looks_at_the_organization_and_not_into_the_log_does_not_tell_the_truth]
        }
        Trace::SettlingAfterBack | Trace::TakingOver => &[],
    }
}

/// Nothing else asks for it: it is the compiler that does.
const _: fn(Trace) -> &'static [fn()] = found_by;

/// A: delete, `drop org_0` held up, goes on with a new lease, drops, settles. B: creates `org_0` for somebody
/// else. The drop arrives.
#[test]
fn a_late_drop_takes_the_collection_of_a_new_customer_of_the_same_name() {
    late(&[Mend::DropByLease], of(Kind::Delete), Wrong::ForeignDropped);
}

/// A: rename `org_0` to `org_1`, held up, done again with a new lease. B: creates `org_0` for somebody else and
/// moves ours to the trash. The rename arrives.
#[test]
fn a_late_rename_moves_the_documents_of_a_new_customer_of_the_same_name() {
    late(&[Mend::TwoRenames, Mend::Uuid], of(Kind::Rename), Wrong::ForeignMoved);
}

/// A: rename, held up, named by its UUID. B takes it over and takes it back. The rename arrives: a rename
/// keeps the UUID.
#[test]
fn a_late_rename_moves_what_was_renamed_back_although_it_names_the_uuid() {
    late(&[Mend::TwoRenames], of(Kind::Rename), Wrong::NotWhereRecorded);
}

/// A: trash, its rename held up. B takes it over and takes it back. The rename arrives.
#[test]
fn a_late_rename_takes_what_was_restored_to_the_trash() {
    late(&[Mend::TwoRenames], of(Kind::Trash), Wrong::NotWhereRecorded);
}

/// A: restore, its rename held up. B takes it over and takes it back. The rename arrives.
#[test]
fn a_late_rename_of_a_restoration_takes_what_is_in_the_trash_out() {
    late(
        &[Mend::TwoRenames],
        Scenario::collections(Kind::Restore, Life::Trashed),
        Wrong::NotWhereRecorded,
    );
}

/// A: create, its first document held up. B takes it over and takes it back, or another is created with the
/// same name. The document arrives.
#[test]
fn a_late_first_document_is_in_the_collection_of_a_new_customer() {
    late(&[Mend::FirstInLease], of(Kind::Create), Wrong::ForeignName);
}

/// A: trash, hiding the admin held up. B takes it over and takes it back. The update arrives.
#[test]
fn a_late_update_of_a_trash_hides_the_admin_of_what_was_restored() {
    late(&[Mend::AdminMarks], with_admins(Kind::Trash), Wrong::LivingIsHidden);
}

/// A: restore, showing the admin held up. B takes it over and takes it back. The update arrives.
#[test]
fn a_late_update_of_a_restoration_shows_the_admin_of_what_is_in_the_trash() {
    late(&[Mend::AdminMarks], Scenario::admins(Kind::Restore, Life::Trashed), Wrong::TrashedIsSeen);
}

/// A: admin add, the insert held up, done again with a new lease, settled. B: removes the admin. The insert
/// arrives: a document that no record lists.
#[test]
fn a_late_insert_brings_a_removed_admin_back() {
    late(&[Mend::RecordLists], with_admins(Kind::AddAdmin), Wrong::RemovedIsValid);
}

/// A: admin add, the insert held up, and stops. The insert arrives.
#[test]
fn a_late_insert_shows_a_removed_admin_to_the_old_service() {
    late(&[Mend::HiddenUntilSettled], with_admins(Kind::AddAdmin), Wrong::UnlistedIsSeen);
    late(&[Mend::HiddenUntilSettled], of(Kind::Create), Wrong::UnlistedIsSeen);
}

/// A: password, the update held up. B takes it over and takes it back, or sets another. The update arrives.
#[test]
fn a_late_password_replaces_a_newer_one() {
    late(&[Mend::AdminMarks], with_admins(Kind::Password), Wrong::OldPassword);
}

/// A: admin remove, the delete held up. B takes it over and takes it back. The delete arrives.
#[test]
fn a_late_removal_takes_an_admin_whose_removal_was_taken_back() {
    late(&[Mend::AdminMarks], with_admins(Kind::RemoveAdmin), Wrong::AdminGone);
}

/// The old service has filled `org_1` and not written its record; organization 0 once was `org_1`. A connects.
#[test]
fn connecting_gives_a_collection_away_that_the_old_service_has_just_filled() {
    let legacy = Legacy::Create { step: 0, name: 1 };
    slow(&[Mend::NothingOnConnecting], Scenario { legacy, ..of(Kind::Trash) }, Wrong::ForeignMoved);
}

/// The old service has copied `org_0` to `org_1` and not changed the record; organization 1 once was `org_1`.
/// A connects.
#[test]
fn connecting_gives_a_copy_away_that_the_old_service_is_making() {
    let legacy = Legacy::Rename { step: 0, from: 0, to: 1 };
    slow(&[Mend::NothingOnConnecting], Scenario { legacy, ..of(Kind::Trash) }, Wrong::ForeignMoved);
}

/// The old service renames organization 0 to `org_1` while A has just done so with organization 1. B renames
/// organization 0, by the UUID of what is at its name.
#[test]
fn a_record_to_which_the_old_service_gave_our_collection_takes_it() {
    let legacy = Legacy::Rename { step: 0, from: 0, to: 1 };
    slow(&[Mend::OneRecordEach], Scenario { legacy, ..of(Kind::Rename) }, Wrong::ForeignMoved);
}

/// A slow or late first rename finds its own lease's name free after B has settled or given up.
#[test]
fn without_placeholders_an_earlier_lease_still_moves() {
    late(&[Mend::Placeholder], of(Kind::Rename), Wrong::NotWhereRecorded);
    late(&[Mend::Placeholder], of(Kind::Trash), Wrong::NotWhereRecorded);
    slow(&[Mend::Placeholder], of(Kind::Create), Wrong::ForeignName);
    slow(&[Mend::Placeholder], of(Kind::Delete), Wrong::BackTooLate);
}

/// B has finished; the placeholder is dropped; a command arrives that was later than that, or A wakes up.
#[test]
fn a_command_that_is_later_than_the_placeholder_stays_is_not_fenced() {
    late(&[Mend::PlaceholdersStay], of(Kind::Rename), Wrong::NotWhereRecorded);
}

/// A: create, its first document held up. B puts the placeholder there. The document arrives.
#[test]
fn without_a_validator_a_placeholder_takes_a_late_first_document() {
    late(&[Mend::Validator], of(Kind::Create), Wrong::WrittenIntoPlaceholder);
}

/// A: rename, `lease_1` to `org_1` held up. B moves the collection on and puts the placeholder at `lease_1`.
/// The rename arrives.
#[test]
fn without_uuids_a_late_rename_moves_the_placeholder() {
    late(&[Mend::Uuid], of(Kind::Rename), Wrong::PlaceholderInPlace);
}

/// A: create, its first document late, a second lease. B takes over and moves the collection away from the
/// earlier lease; A looks before the placeholder is there, sees nothing, makes another and moves that to
/// `org_1`. B is refused there and takes back.
#[test]
fn a_creation_that_may_have_two_collections_leaves_one_behind() {
    slow(&[Mend::ExtraDropped], of(Kind::Create), Wrong::ForeignName);
}

/// A sleeps between entry and reading the mark. B finishes or takes back. A reads B's mark and writes by it.
#[test]
fn who_reads_the_mark_after_losing_the_lease_passes_the_fence() {
    slow(&[Mend::HeldAfterMarks], with_admins(Kind::Trash), Wrong::LivingIsHidden);
    slow(&[Mend::HeldAfterMarks], with_admins(Kind::Password), Wrong::OldPassword);
}

/// A: admin add, settled, not shown yet. B: trash. A or whoever repairs shows the admin.
#[test]
fn who_goes_to_the_trash_while_joining_is_shown_there() {
    slow(&[Mend::TrashEndsJoining], with_admins(Kind::AddAdmin), Wrong::TrashedIsSeen);
}

/// A: admin add, taken back by B; the insert comes after that. B: trash and restore of all whose organization
/// it is.
#[test]
fn a_restoration_shows_an_admin_whose_joining_was_taken_back() {
    slow(&[Mend::ListedRestored], with_admins(Kind::AddAdmin), Wrong::UnlistedIsSeen);
}

/// A: delete, its entry never arrives, A is told “not done”. B finds the reservation and carries it out.
#[test]
fn what_had_not_begun_is_carried_out_after_somebody_was_told_that_it_was_not() {
    slow(&[Mend::OnlyBegun], of(Kind::Delete), Wrong::SaidNotDone);
}

/// B finds no entry and gives up; A appends it and acts before B has unset the reservation.
#[test]
fn giving_up_without_a_fence_leaves_a_slow_console_free_to_act() {
    slow(&[Mend::FenceGivingUp], of(Kind::Rename), Wrong::NotWhereRecorded);
    slow(&[Mend::FenceGivingUp], with_admins(Kind::Password), Wrong::OldPassword);
}

/// B gives up, and stops after “taken back” is in the log. Whoever comes next finds an entry: begun.
#[test]
fn what_is_not_noted_before_the_log_says_it_is_carried_out_after_all() {
    slow(&[Mend::NoteBeforeBack], of(Kind::Trash), Wrong::SaidNotDone);
}

/// A: `org_0` to `lease_1` held up, sent again, all done; taken back or renamed back. The first one arrives.
#[test]
fn trying_again_in_the_same_lease_lets_the_first_try_come_later() {
    slow(&[Mend::NewLease], of(Kind::Rename), Wrong::NotWhereRecorded);
}

/// B finishes A's operation and begins another, or somebody else does the same.
#[test]
fn who_looks_at_the_organization_and_not_into_the_log_does_not_tell_the_truth() {
    slow(&[Mend::AnswerByLog], of(Kind::Rename), Wrong::SaidNotDone);
    slow(&[Mend::AnswerByLog], of(Kind::Delete), Wrong::SaidDone);
}

/// A's reservation arrives after A has read the record; B gives it up, its entry is in the log, “taken back”
/// not yet. A reads the log.
#[test]
fn who_never_began_and_asks_the_log_is_told_that_it_was_done() {
    slow(&[Mend::NeverSentNotDone], of(Kind::Rename), Wrong::SaidDone);
}

/// A reads the log; B appends “taken back” and unsets the reservation; A reads the record.
#[test]
fn who_reads_the_log_before_the_record_does_not_tell_the_truth() {
    slow(&[Mend::RecordBeforeLog], of(Kind::Rename), Wrong::SaidDone);
}
