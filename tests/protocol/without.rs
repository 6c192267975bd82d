//! With one of its mends taken out the protocol goes wrong, and the search finds it.

use crate::{
    mends::{Mend, Mends},
    scenario::{FOLLOWED, Scenario},
    state::{Kind, Legacy, Life},
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

#[test]
fn a_late_drop_takes_the_collection_of_a_new_customer_of_the_same_name() {
    late(&[Mend::DropByLease], of(Kind::Delete), Wrong::ForeignDropped);
}

#[test]
fn a_late_rename_moves_the_documents_of_a_new_customer_of_the_same_name() {
    late(&[Mend::TwoRenames, Mend::Uuid], of(Kind::Rename), Wrong::ForeignMoved);
}

#[test]
fn a_late_rename_moves_what_was_renamed_back_although_it_names_the_uuid() {
    late(&[Mend::TwoRenames], of(Kind::Rename), Wrong::NotWhereRecorded);
}

#[test]
fn a_late_rename_takes_what_was_restored_to_the_trash() {
    late(&[Mend::TwoRenames], of(Kind::Trash), Wrong::NotWhereRecorded);
}

#[test]
fn a_late_rename_of_a_restoration_takes_what_is_in_the_trash_out() {
    late(
        &[Mend::TwoRenames],
        Scenario::collections(Kind::Restore, Life::Trashed),
        Wrong::NotWhereRecorded,
    );
}

#[test]
fn a_late_first_document_is_in_the_collection_of_a_new_customer() {
    late(&[Mend::FirstInLease], of(Kind::Create), Wrong::ForeignName);
}

#[test]
fn a_late_update_of_a_trash_hides_the_admin_of_what_was_restored() {
    late(&[Mend::AdminMarks], with_admins(Kind::Trash), Wrong::LivingIsHidden);
}

#[test]
fn a_late_update_of_a_restoration_shows_the_admin_of_what_is_in_the_trash() {
    late(&[Mend::AdminMarks], Scenario::admins(Kind::Restore, Life::Trashed), Wrong::TrashedIsSeen);
}

#[test]
fn a_late_insert_brings_a_removed_admin_back() {
    late(&[Mend::RecordLists], with_admins(Kind::AddAdmin), Wrong::RemovedIsValid);
}

#[test]
fn a_late_insert_shows_a_removed_admin_to_the_old_service() {
    late(&[Mend::HiddenUntilSettled], with_admins(Kind::AddAdmin), Wrong::UnlistedIsSeen);
}

#[test]
fn a_late_password_replaces_a_newer_one() {
    late(&[Mend::AdminMarks], with_admins(Kind::Password), Wrong::OldPassword);
}

#[test]
fn a_late_removal_takes_an_admin_whose_removal_was_taken_back() {
    late(&[Mend::AdminMarks], with_admins(Kind::RemoveAdmin), Wrong::AdminGone);
}

#[test]
fn connecting_gives_a_collection_away_that_the_old_service_has_just_filled() {
    let legacy = Legacy::Create { step: 0, name: 1 };
    slow(&[Mend::NothingOnConnecting], Scenario { legacy, ..of(Kind::Trash) }, Wrong::ForeignMoved);
}

#[test]
fn connecting_gives_a_copy_away_that_the_old_service_is_making() {
    let legacy = Legacy::Rename { step: 0, from: 0, to: 1 };
    slow(&[Mend::NothingOnConnecting], Scenario { legacy, ..of(Kind::Trash) }, Wrong::ForeignMoved);
}

#[test]
fn a_record_to_which_the_old_service_gave_our_collection_takes_it() {
    let legacy = Legacy::Rename { step: 0, from: 0, to: 1 };
    slow(&[Mend::OneRecordEach], Scenario { legacy, ..of(Kind::Rename) }, Wrong::ForeignMoved);
}

#[test]
fn without_placeholders_an_earlier_lease_still_moves() {
    late(&[Mend::Placeholder], of(Kind::Rename), Wrong::NotWhereRecorded);
    late(&[Mend::Placeholder], of(Kind::Trash), Wrong::NotWhereRecorded);
    slow(&[Mend::Placeholder], of(Kind::Create), Wrong::ForeignName);
    slow(&[Mend::Placeholder], of(Kind::Delete), Wrong::BackTooLate);
}

#[test]
fn without_a_validator_a_placeholder_takes_a_late_first_document() {
    late(&[Mend::Validator], of(Kind::Create), Wrong::WrittenIntoPlaceholder);
}

#[test]
fn without_uuids_a_late_rename_moves_the_placeholder() {
    late(&[Mend::Uuid], of(Kind::Rename), Wrong::PlaceholderInPlace);
}

#[test]
fn a_creation_that_may_have_two_collections_leaves_one_behind() {
    slow(&[Mend::ExtraDropped], of(Kind::Create), Wrong::ForeignName);
}

#[test]
fn who_reads_the_mark_after_losing_the_lease_passes_the_fence() {
    slow(&[Mend::HeldAfterMarks], with_admins(Kind::Trash), Wrong::LivingIsHidden);
    slow(&[Mend::HeldAfterMarks], with_admins(Kind::Password), Wrong::OldPassword);
}

#[test]
fn who_goes_to_the_trash_while_joining_is_shown_there() {
    slow(&[Mend::TrashEndsJoining], with_admins(Kind::AddAdmin), Wrong::TrashedIsSeen);
}

#[test]
fn a_restoration_shows_an_admin_whose_joining_was_taken_back() {
    slow(&[Mend::ListedRestored], with_admins(Kind::AddAdmin), Wrong::UnlistedIsSeen);
}

#[test]
fn what_had_not_begun_is_carried_out_after_somebody_was_told_that_it_was_not() {
    slow(&[Mend::OnlyBegun], of(Kind::Delete), Wrong::SaidNotDone);
}

#[test]
fn giving_up_without_a_fence_leaves_a_slow_console_free_to_act() {
    slow(&[Mend::FenceGivingUp], of(Kind::Rename), Wrong::NotWhereRecorded);
    slow(&[Mend::FenceGivingUp], with_admins(Kind::Password), Wrong::OldPassword);
}

#[test]
fn what_is_not_noted_before_the_log_says_it_is_carried_out_after_all() {
    slow(&[Mend::NoteBeforeBack], of(Kind::Trash), Wrong::SaidNotDone);
}

#[test]
fn trying_again_in_the_same_lease_lets_the_first_try_come_later() {
    slow(&[Mend::NewLease], of(Kind::Rename), Wrong::NotWhereRecorded);
}

#[test]
fn who_looks_at_the_organization_and_not_into_the_log_does_not_tell_the_truth() {
    slow(&[Mend::AnswerByLog], of(Kind::Rename), Wrong::SaidNotDone);
    slow(&[Mend::AnswerByLog], of(Kind::Delete), Wrong::SaidDone);
}

#[test]
fn who_never_began_and_asks_the_log_is_told_that_it_was_done() {
    slow(&[Mend::NeverSentNotDone], of(Kind::Rename), Wrong::SaidDone);
}

#[test]
fn who_reads_the_log_before_the_record_does_not_tell_the_truth() {
    slow(&[Mend::RecordBeforeLog], of(Kind::Rename), Wrong::SaidDone);
}
