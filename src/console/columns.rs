//! The columns of the list: which fit, and how wide they are. The name always shows; what else there is room for,
//! a person can hide. State needs it to say what shows, the view to draw.

use crate::keymap::Column;

/// The cells of an age and of the space before it.
pub const AGE: u16 = 7;
/// The cells of the number of admins and of the space before it.
pub const ADMINS: u16 = 8;
/// The cells of the number of documents and of the space before it.
pub const DOCUMENTS: u16 = 13;
/// The cells of a size and of the space before it.
pub const SIZE: u16 = 11;
/// The cells of the age of the newest document and of the space before it.
pub const NEWEST: u16 = 8;
/// The cells of a state and of the space behind it.
pub const STATE: u16 = 11;
/// With less room than this for names and e-mails, names have it for themselves: they are what organizations are told
/// apart by, and the details say the rest.
const BOTH: u16 = 45;
/// The room that they keep, and that names alone keep, before there are more columns.
const BOTH_BESIDE: u16 = 64;
const NAME_BESIDE: u16 = 36;
/// The room that names keep beside the columns that show only where they were asked for.
const NAME_BESIDE_SIZES: u16 = 24;

/// The columns of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The cells of a name.
    pub name: u16,
    /// Whether the state shows.
    pub state: bool,
    /// The cells of an e-mail; none where e-mails do not show.
    pub email: u16,
    /// Whether the number of admins shows.
    pub admins: bool,
    /// Whether the number of documents shows.
    pub documents: bool,
    /// Whether their size shows.
    pub size: bool,
    /// Whether the age of the newest shows.
    pub newest: bool,
    /// Whether the age shows.
    pub age: bool,
}

impl Columns {
    /// Those of a list of `width` cells without the hidden ones; one that is `sorted` by e-mail shows those rather.
    #[must_use]
    pub fn new(width: u16, hidden: &[Column], sorted: bool) -> Self {
        let shown = |column| !hidden.contains(&column);
        let age = shown(Column::Age);
        // Margins, and the space between names and what follows.
        let mut room = width.saturating_sub(4 + if age { AGE } else { 0 });
        // These were asked for by name, so that they have room before all others.
        let mut asked_for = |column, cells| {
            let fits = shown(column) && room >= NAME_BESIDE_SIZES + cells;
            room -= if fits { cells } else { 0 };
            fits
        };
        let documents = asked_for(Column::Documents, DOCUMENTS);
        let size = asked_for(Column::Size, SIZE);
        let newest = asked_for(Column::Newest, NEWEST);
        let email = shown(Column::Email) && (room >= BOTH || sorted);
        // Whoever hides e-mails has room; a list that is too narrow for them has none.
        let kept = if shown(Column::Email) { BOTH_BESIDE } else { NAME_BESIDE };
        let mut fits = |column, cells| {
            let fits = shown(column) && room >= kept + cells;
            room -= if fits { cells } else { 0 };
            fits
        };
        let state = fits(Column::State, STATE);
        let admins = fits(Column::Admins, ADMINS);
        let name = match (email, state || admins) {
            (true, _) if room < 60 => part(room, 3, 5),
            (true, _) => part(room, 11, 20),
            (false, true) => room,
            // Nothing follows that a space would part from it.
            (false, false) => room + 2,
        };
        let email = if email { room - name } else { 0 };
        Self { name, state, email, admins, documents, size, newest, age }
    }

    /// Whether a column shows.
    #[must_use]
    pub fn shows(&self, column: Column) -> bool {
        match column {
            Column::State => self.state,
            Column::Email => self.email > 0,
            Column::Admins => self.admins,
            Column::Documents => self.documents,
            Column::Size => self.size,
            Column::Newest => self.newest,
            Column::Age => self.age,
        }
    }

    /// Whether any column shows how much organizations hold.
    #[must_use]
    pub fn has_sizes(&self) -> bool {
        self.documents || self.size || self.newest
    }

    /// How many cells the columns behind one have that ends with a number; none behind the other ones.
    #[must_use]
    pub fn behind(&self, column: Column) -> u16 {
        let ends = [
            (Column::Admins, self.admins, ADMINS),
            (Column::Documents, self.documents, DOCUMENTS),
            (Column::Size, self.size, SIZE),
            (Column::Newest, self.newest, NEWEST),
            (Column::Age, self.age, AGE),
        ];
        let behind = ends.into_iter().skip_while(|(one, ..)| *one != column).skip(1);
        behind.map(|(_, shows, cells)| if shows { cells } else { 0 }).sum()
    }

    /// Where states begin, or what follows names.
    #[must_use]
    pub fn state_at(&self) -> u16 {
        self.name + 3
    }

    /// Where e-mails begin.
    #[must_use]
    pub fn email_at(&self) -> u16 {
        self.state_at() + if self.state { STATE } else { 0 }
    }
}

/// So many parts of this.
fn part(of: u16, parts: u32, all: u32) -> u16 {
    u16::try_from(u32::from(of) * parts / all).unwrap_or(of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_screen_of_eighty_columns_has_no_more_than_names_emails_and_ages() {
        for width in 0..=80 {
            let columns = Columns::new(width, &Column::SIZES, false);
            assert!(!columns.state && !columns.admins && columns.age, "{width}");
        }
        let columns = Columns::new(80, &Column::SIZES, false);
        assert_eq!((columns.name, columns.email), (37, 32));
    }

    #[test]
    fn there_are_more_where_there_is_room() {
        let shown = |width, hidden: &[Column]| {
            let hidden = [hidden, &Column::SIZES[..]].concat();
            let columns = Columns::new(width, &hidden, false);
            [Column::State, Column::Email, Column::Admins, Column::Age]
                .map(|column| columns.shows(column))
        };
        assert_eq!(shown(40, &[]), [false, false, false, true]);
        assert_eq!(shown(60, &[]), [false, true, false, true]);
        assert_eq!(shown(86, &[]), [true, true, false, true]);
        assert_eq!(shown(94, &[]), [true, true, true, true]);
        assert_eq!(shown(94, &[Column::State]), [false, true, true, true]);
        assert_eq!(shown(70, &[Column::Email]), [true, false, true, true]);
        assert_eq!(shown(40, &Column::ALL), [false; 4]);
    }

    #[test]
    fn sizes_are_shown_where_they_are_asked_for_and_names_still_have_room() {
        let sizes = |width| {
            let columns = Columns::new(width, &[], false);
            (columns.name, columns.email, Column::SIZES.map(|column| columns.shows(column)))
        };
        assert_eq!(sizes(40), (31, 0, [false; 3]));
        assert_eq!(sizes(60), (27, 0, [true, true, false]));
        assert_eq!(sizes(80), (39, 0, [true; 3]));
        assert_eq!(sizes(90), (28, 19, [true; 3]));
    }

    #[test]
    fn what_ends_with_a_number_has_its_place_from_the_right() {
        let all = Columns::new(200, &[], false);
        assert_eq!(all.behind(Column::Age), 0);
        assert_eq!(all.behind(Column::Newest), AGE);
        assert_eq!(all.behind(Column::Documents), SIZE + NEWEST + AGE);
        let few = Columns::new(200, &[Column::Size, Column::Age], false);
        assert_eq!(few.behind(Column::Admins), DOCUMENTS + NEWEST);
    }

    proptest! {
        /// Whatever shows, it all fits, and names keep most of the room.
        #[test]
        fn no_column_pushes_the_name_out(
            width in 40_u16..,
            hidden in prop::collection::vec(prop::sample::select(&Column::ALL[..]), 0..7),
            sorted: bool,
        ) {
            let columns = Columns::new(width, &hidden, sorted);
            let all = columns.email_at()
                + columns.email
                + if columns.admins { ADMINS } else { 0 }
                + columns.behind(Column::Admins);
            prop_assert!(all <= width + 2, "{columns:?}");
            let least = if columns.has_sizes() { 14 } else { 35 };
            prop_assert!(columns.name >= (width - 11) / 2 - 4 || columns.name >= least, "{columns:?}");
            for column in hidden {
                prop_assert!(!columns.shows(column));
            }
        }
    }
}
