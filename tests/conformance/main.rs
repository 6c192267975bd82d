//! What every store must do, written once and run against each of them.
//!
//! `fixture` says what a kind of database has to offer to be tested; the files named after kinds
//! offer it; the others hold the cases. A case looks at what is stored through the fixture, never
//! only at what the store says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test they are the failure")]

mod admins;
mod admins_factor;
mod api_keys;
mod attack;
mod attempts;
mod audit;
mod audit_filter;
mod copy;
mod create;
mod delete;
mod document_write;
mod documents;
mod export;
mod fixture;
mod guess;
mod import;
mod keep;
mod live;
mod look;
mod mongo;
mod operators;
mod page;
mod race;
mod reason;
mod search;
mod second_factor;
mod session;
mod shared_sessions;
mod short_lived;
mod sizes;
mod sqlite;
mod suspend;
mod transfer;
mod trash;
mod update;

#[path = "../support/mod.rs"]
mod support;

/// Runs all cases against a kind of database: a module of tests, named as in `cargo test sqlite::`.
macro_rules! conforms {
    ($kind:ident: $fixture:ty) => {
        mod $kind {
            mod conforms {
                crate::tests! { $fixture;
                    create:
                        a_created_organization_is_stored_as_the_service_stored_it,
                        a_name_that_is_taken_in_another_case_is_refused,
                        a_name_with_more_spaces_is_the_same,
                        a_name_that_looks_the_same_is_refused,
                        a_name_that_looks_the_same_in_one_case_is_refused,
                        a_collection_that_is_taken_is_refused,
                        a_collection_nobody_owns_is_not_taken_over,
                        an_email_that_is_taken_in_another_case_is_refused,
                        of_two_creates_at_once_exactly_one_succeeds,
                        of_sixteen_creates_over_four_names_exactly_four_succeed;
                    look:
                        an_organization_is_found_by_name_in_any_case,
                        an_organization_is_found_by_its_admin,
                        what_is_on_a_list_is_told_from_what_is_not,
                        an_admin_is_found_by_email_in_any_case,
                        holders_of_claims_are_named,
                        statistics_are_of_what_is_stored,
                        documents_come_by_identity_and_no_more_than_asked,
                        documents_are_walked_both_ways_byte_for_byte,
                        a_document_that_is_too_large_is_named_and_not_read;
                    sizes:
                        sizes_are_of_what_is_stored,
                        a_greatest_id_that_is_no_object_id_has_no_time,
                        what_is_in_the_trash_has_a_size_and_what_is_gone_has_none;
                    document_write:
                        a_document_is_inserted_changed_and_deleted_and_each_is_recorded,
                        every_byte_of_a_document_is_kept,
                        what_is_not_as_it_was_read_is_not_overwritten,
                        a_document_is_written_to_the_organization_whatever_it_is_called_by_now,
                        of_two_changes_of_one_document_at_once_exactly_one_succeeds,
                        what_came_of_a_write_is_found_by_its_entry,
                        a_large_document_is_written_or_refused_with_a_reason,
                        single_fields_of_an_odd_document_change_and_nothing_else;
                    export:
                        every_byte_of_an_organization_is_exported,
                        text_beside_an_archive_has_every_document_exactly_or_says_so,
                        an_export_without_admins_has_none,
                        an_organization_is_exported_as_it_would_be_restored,
                        an_export_is_of_one_time_where_there_is_one,
                        a_cancelled_export_leaves_nothing,
                        who_may_export_what_is_said_by_the_role;
                    import:
                        what_was_exported_and_purged_comes_back_as_it_was,
                        what_is_taken_refuses_an_import_and_nothing_is_written,
                        a_damaged_archive_leaves_nothing,
                        a_cancelled_import_leaves_nothing,
                        what_is_being_imported_is_seen_by_nobody,
                        a_suspended_organization_comes_back_suspended,
                        an_organization_without_admins_gets_an_owner_with_a_code,
                        it_takes_a_manager_to_import,
                        every_byte_goes_to_another_database_and_comes_back;
                    copy:
                        a_copy_is_what_is_copied_and_leaves_it_as_it_was,
                        what_is_moved_is_in_the_trash_and_active_elsewhere,
                        what_changes_while_it_is_moved_stays;
                    documents:
                        matching_documents_are_walked_both_ways_and_counted,
                        a_filter_that_no_index_helps_is_known_from_its_first_page,
                        a_document_is_found_by_its_id_of_whatever_type;
                    page:
                        every_order_visits_each_once_in_both_directions,
                        pages_stay_right_while_others_insert_and_delete,
                        a_search_is_literal,
                        the_best_match_comes_first,
                        a_search_finds_names_and_emails_in_any_case,
                        a_search_that_is_too_long_finds_nothing,
                        a_count_stops_where_told,
                        an_empty_database_has_an_empty_page;
                    search:
                        a_number_of_admins_finds_those_who_have_as_many,
                        any_search_finds_what_a_list_in_memory_finds,
                        what_stays_is_seen_once_while_another_process_changes_the_list;
                    update:
                        the_name_alone_can_change,
                        the_email_alone_can_change,
                        the_password_alone_can_change,
                        everything_can_change_at_once,
                        a_rename_moves_every_document,
                        a_rename_within_the_slug_moves_nothing,
                        a_rename_to_its_own_name_in_another_case_works,
                        what_is_taken_is_refused_and_nothing_changes,
                        a_stale_record_changes_nothing,
                        of_two_updates_at_once_exactly_one_succeeds,
                        each_change_is_counted_and_each_end_of_all_logins,
                        names_left_behind_are_free_again,
                        undoing_a_rename_gives_back_exactly_what_was,
                        a_look_alike_is_undone_like_any_other,
                        an_undo_takes_nothing_from_anybody;
                    delete:
                        nothing_is_left,
                        a_name_made_again_inherits_nothing,
                        only_once,
                        a_stale_record_deletes_nothing;
                    trash:
                        what_is_in_the_trash_is_only_found_there,
                        it_keeps_what_it_claims,
                        what_is_released_can_be_used_by_others_at_once,
                        what_was_released_comes_back_where_nobody_has_it,
                        restoring_gives_everything_back,
                        restoring_under_another_name_moves_everything,
                        a_name_made_again_after_a_purge_inherits_nothing,
                        its_admins_are_found_for_purging_only,
                        a_stale_record_moves_nothing,
                        it_can_only_be_restored_or_purged,
                        of_many_deeds_at_once_exactly_one_succeeds,
                        it_is_purged_when_its_time_is_over_and_not_before,
                        the_first_write_of_a_console_purges_and_nothing_before_it,
                        a_clock_that_the_audit_log_does_not_bear_out_purges_nothing_unseen,
                        pages_of_the_trash_visit_each_once;
                    suspend:
                        suspending_and_reactivating_change_nothing_else,
                        a_suspended_one_comes_back_from_the_trash_suspended,
                        a_password_that_is_set_while_suspended_waits,
                        an_examination_finds_nothing_in_a_sound_database_and_writes_nothing,
                        what_nobody_owns_is_put_aside_and_said;
                    admins:
                        several_are_found_each_by_itself_and_all_in_order,
                        their_emails_are_nobody_elses,
                        each_of_their_emails_is_searched,
                        whoever_is_removed_is_gone_and_the_email_is_free,
                        when_the_first_goes_an_owner_takes_its_place,
                        whom_the_record_names_leaves_only_to_a_successor,
                        role_email_password_and_code_change_together_or_alone,
                        a_stale_record_changes_no_admin,
                        of_two_changes_of_admins_at_once_exactly_one_succeeds,
                        all_of_them_go_to_the_trash_and_come_back,
                        all_of_them_are_deleted_with_it,
                        where_no_owner_is_left_one_can_be_appointed_and_nowhere_else,
                        a_gone_owners_email_can_be_the_new_ones_or_anybody_elses,
                        a_password_nobody_can_log_in_with_is_a_finding,
                        two_organizations_with_each_others_admin_are_left_to_a_person;
                    transfer:
                        one_admin_owns_it_afterwards_and_the_record_names_that_one,
                        what_is_stored_is_what_the_service_reads,
                        what_has_changed_since_it_was_read_is_not_transferred,
                        of_two_transfers_at_once_exactly_one_is_done,
                        an_owner_transfers_it_and_is_none_any_more,
                        an_admin_becomes_the_owner_and_keeps_the_password,
                        a_manager_transfers_any_organization_and_no_lower_role,
                        one_whose_owner_is_gone_is_transferred_without_a_login;
                    reason:
                        a_reason_is_recorded_with_what_takes_away_or_transfers,
                        where_a_reason_is_required_nothing_is_done_without_one;
                    attempts:
                        of_fifty_at_once_exactly_the_free_ones_are_looked_at,
                        whoever_was_in_line_waits_with_the_others_also_when_that_is_over,
                        the_wait_doubles_and_ends_by_itself,
                        a_right_password_gives_its_place_back_and_clears_the_failures,
                        whoever_never_answers_has_no_cheaper_guess,
                        an_answer_that_comes_late_counts_once,
                        an_email_is_one_account_in_any_case_and_no_other,
                        what_was_typed_as_an_email_cannot_be_read_from_it,
                        where_nothing_may_be_written_none_is_granted;
                    audit:
                        each_deed_is_recorded_with_it_and_no_refusal_is,
                        an_entry_is_stored_as_it_is_and_once,
                        consoles_append_at_once_without_a_gap,
                        of_sixty_four_appends_at_once_each_is_there_once,
                        an_entry_that_was_edited_is_named,
                        an_entry_that_was_removed_inserted_or_swapped_is_named,
                        a_tail_that_was_cut_shows_against_a_head_kept_elsewhere,
                        entries_are_found_by_organization_time_and_order,
                        a_recovery_says_once_what_came_of_what_was_unknown,
                        where_nothing_may_be_written_nothing_is_recorded;
                    audit_filter:
                        entries_are_found_by_who_what_result_and_time,
                        any_filter_finds_what_it_lets_through_page_by_page;
                    session:
                        a_forged_token_opens_nothing,
                        a_session_ends_with_its_time,
                        a_session_goes_through_a_rename_and_ends_with_the_logout,
                        a_session_of_another_organization_opens_nothing,
                        a_session_ends_when_its_admin_is_removed,
                        a_session_ends_when_the_password_changes,
                        a_session_ends_with_a_suspension_and_does_not_come_back,
                        a_session_ends_with_the_trash_and_does_not_come_back,
                        a_session_ends_with_its_organization_also_when_that_is_made_again,
                        whoever_is_an_owner_no_more_is_none_at_once,
                        the_last_owner_cannot_go,
                        callers_of_one_console_are_told_apart_and_share_nothing_of_each_other;
                    guess:
                        right_passwords_at_once_are_no_failures,
                        of_right_and_wrong_passwords_at_once_only_the_wrong_ones_fail,
                        a_login_that_was_killed_keeps_others_waiting_and_is_no_failure,
                        a_guess_that_nobody_waits_for_is_counted,
                        fifty_wrong_passwords_at_once_are_counted_and_few_are_looked_at,
                        a_login_says_the_same_of_everybody,
                        a_password_is_the_same_however_its_accents_are_encoded,
                        an_address_is_the_same_however_it_is_spelled,
                        what_was_typed_for_an_email_is_not_recorded,
                        what_was_typed_for_a_name_is_not_recorded_where_it_is_refused,
                        a_code_is_good_once,
                        of_two_uses_of_a_code_at_once_exactly_one_succeeds,
                        a_code_that_is_late_guessed_or_anothers_opens_nothing,
                        a_code_goes_with_its_admin_and_with_another_password,
                        whoever_is_kept_waiting_by_others_gets_in_with_a_code;
                    operators:
                        a_directory_is_written_whole_and_only_as_it_was_read,
                        no_operator_has_the_email_of_an_admin,
                        an_email_becomes_an_operators_or_an_admins_and_never_both,
                        a_role_allows_what_the_table_says_and_nothing_else,
                        where_operators_are_required_nobody_else_writes,
                        a_session_ends_with_the_account_it_was_opened_with,
                        an_operator_deletes_a_customers_organization_and_knows_no_password,
                        the_last_manager_stays_and_the_first_operator_is_one,
                        an_operators_login_is_guessed_no_faster_than_an_admins,
                        of_many_changes_at_once_none_is_lost;
                    api_keys:
                        a_key_is_its_operator_with_the_lower_of_both_roles,
                        no_key_does_what_needs_a_person,
                        a_key_that_is_not_valid_opens_nothing,
                        a_key_works_as_long_as_its_operator_may_log_in,
                        keys_are_created_listed_and_revoked_by_whom_they_belong_to,
                        when_a_key_was_used_is_noted_and_changes_nothing_else;
                    second_factor:
                        a_code_is_accepted_once_also_by_two_consoles_at_once,
                        codes_are_guessed_no_faster_than_passwords,
                        a_factor_is_set_up_with_a_right_code_and_ends_the_sessions_without_it,
                        only_a_manager_or_a_recovery_lifts_it,
                        a_role_that_requires_one_does_nothing_without,
                        a_factor_of_another_key_is_refused_and_says_why;
                    admins_factor:
                        an_admins_code_is_accepted_once_also_by_two_consoles_at_once,
                        a_login_with_a_code_is_no_news_of_an_organization,
                        nothing_done_to_an_organization_lifts_an_admins_factor,
                        another_owner_or_a_manager_resets_an_admins_factor;
                    shared_sessions:
                        a_log_out_holds_for_every_instance_and_after_a_restart,
                        a_login_goes_on_with_refresh_tokens_and_is_not_recent,
                        a_refresh_token_that_is_used_again_ends_all_of_its_login,
                        of_two_refreshes_at_once_both_get_the_same_token,
                        a_token_that_was_just_used_is_answered_as_before_and_not_later,
                        a_log_out_ends_the_login_and_nothing_else,
                        a_refresh_ends_with_what_ends_a_session,
                        a_token_that_was_made_up_ends_nothing;
                    short_lived:
                        a_record_is_added_once_and_is_there_until_it_ends,
                        of_many_claims_of_one_key_at_once_exactly_one_adds,
                        a_value_is_replaced_only_where_it_is_just_that_one,
                        of_many_replacements_at_once_exactly_one_is_done,
                        what_has_ended_is_none_and_can_be_claimed_again,
                        where_nothing_may_be_written_records_are_only_read;
                    live:
                        a_change_of_another_console_is_told,
                        what_is_told_can_be_read,
                        what_was_changed_is_named;
                    race:
                        sixteen_tasks_of_two_processes_get_true_answers;
                    keep:
                        everything_is_there_after_opening_again,
                        a_time_is_the_operations_own_or_the_databases,
                        a_store_opened_read_only_reads_all_and_writes_nothing,
                        documents_of_every_type_survive;
                }
            }
        }
    };
}

macro_rules! tests {
    ($fixture:ty; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case::<$fixture>().await;
            })+
        })+
    };
}
use tests;

conforms!(on_sqlite: crate::sqlite::SqliteFile);
conforms!(on_standalone: crate::mongo::OnMongo<crate::mongo::Standalone>);
conforms!(on_replica_set: crate::mongo::OnMongo<crate::mongo::ReplicaSet>);
