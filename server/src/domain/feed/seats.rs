//! The seats for listeners. Everybody may open an account, so those who have opened one themselves
//! must not be able to take the seats of the front desk.

use std::collections::HashMap;

use shared::{UserId, account::Role};

use crate::error::Error;

/// Most listeners in this process, and of all roles but staff and admin together.
const ALL: usize = 1_000;
const MEMBERS: usize = 500;
/// Most listeners of one user of the front desk, and of one of another role.
const OF_ONE_DESK: usize = 20;
const OF_ONE_MEMBER: usize = 5;

/// Who sits where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// Staff and administrators, who may have all seats.
    Desk,
    /// Everybody else: they share a part of the seats.
    Members,
}

impl Row {
    /// Where somebody with this role sits. A stream ends with the role, so nobody changes rows.
    pub(super) fn of(role: Role) -> Self {
        if role.is_staff() { Self::Desk } else { Self::Members }
    }
}

/// The seats that are taken.
#[derive(Default)]
pub(super) struct Seats {
    of_one: HashMap<UserId, usize>,
    all: usize,
    members: usize,
}

impl Seats {
    /// Takes a seat.
    ///
    /// Fails where the user, the row or the process has as many as it may.
    pub(super) fn take(&mut self, user: UserId, row: Row) -> Result<(), Error> {
        let of_one = self.of_one.get(&user).copied().unwrap_or_default();
        let (most, is_row_full) = match row {
            Row::Desk => (OF_ONE_DESK, false),
            Row::Members => (OF_ONE_MEMBER, self.members >= MEMBERS),
        };
        if of_one >= most {
            let reason = "this user has too many streams open here";
            return Err(Error::Unavailable { reason, after: 5 });
        }
        if is_row_full || self.all >= ALL {
            return Err(Error::Unavailable { reason: "too many streams are open", after: 5 });
        }
        self.of_one.insert(user, of_one + 1);
        self.all += 1;
        self.members += usize::from(row == Row::Members);
        Ok(())
    }

    /// Gives a seat back.
    pub(super) fn leave(&mut self, user: UserId, row: Row) {
        if let Some(count) = self.of_one.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.of_one.remove(&user);
            }
        }
        self.all -= 1;
        self.members -= usize::from(row == Row::Members);
    }

    /// Whether nobody listens.
    pub(super) fn are_empty(&self) -> bool {
        self.all == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes as many seats as there are for users from this id on; answers by how many and whom.
    fn fill(seats: &mut Seats, row: Row, first: i64) -> (usize, i64) {
        let mut taken = 0;
        let mut user = first;
        loop {
            let mut own = 0;
            while seats.take(UserId(user), row).is_ok() {
                own += 1;
            }
            if own == 0 {
                return (taken, user - first);
            }
            (taken, user) = (taken + own, user + 1);
        }
    }

    #[test]
    fn members_can_not_take_the_seats_of_the_front_desk() {
        let mut seats = Seats::default();
        assert_eq!(fill(&mut seats, Row::Members, 1), (500, 100));
        assert!(matches!(
            seats.take(UserId(200), Row::Members),
            Err(Error::Unavailable { after: 5, .. })
        ));
        assert_eq!(fill(&mut seats, Row::Desk, 1_000), (500, 25));
        assert!(matches!(seats.take(UserId(2_000), Row::Desk), Err(Error::Unavailable { .. })));
        seats.leave(UserId(1), Row::Members);
        assert!(seats.take(UserId(200), Row::Members).is_ok());
        assert!(seats.take(UserId(201), Row::Members).is_err());
    }

    #[test]
    fn the_front_desk_may_have_all_seats_and_gives_them_back() {
        let mut seats = Seats::default();
        assert_eq!(fill(&mut seats, Row::Desk, 1), (1_000, 50));
        assert!(seats.take(UserId(100), Row::Members).is_err());
        for user in 1..=50 {
            for _ in 0..20 {
                assert!(!seats.are_empty());
                seats.leave(UserId(user), Row::Desk);
            }
        }
        assert!(seats.are_empty() && seats.of_one.is_empty());
        assert!(seats.take(UserId(100), Row::Members).is_ok());
    }

    #[test]
    fn the_desk_is_staff_and_administrators() {
        for role in [Role::Member, Role::Patient, Role::Doctor] {
            assert_eq!(Row::of(role), Row::Members);
        }
        for role in [Role::Staff, Role::Admin] {
            assert_eq!(Row::of(role), Row::Desk);
        }
    }
}
