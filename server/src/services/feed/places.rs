//! Limits on the number of subscribers. Anyone may register where registration is open, so such
//! users must not be able to take the places of the front desk.

use std::collections::HashMap;

use shared::{UserId, account::Role};

use crate::error::Error;

/// The maximum number of subscribers in this process with up to 1,024 connections.
const ALL: usize = 1_000;
/// With more connections the subscribers may take so many of each 128. The others are for requests.
const OF_128_CONNECTIONS: usize = 125;
/// The maximum number of subscribers of one user of the front desk, and of one user of another
/// role.
const OF_ONE_DESK: usize = 20;
const OF_ONE_MEMBER: usize = 5;

/// A group of roles that share places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Staff and administrators. They may take all places.
    FrontDesk,
    /// All other roles. They share a part of the places.
    Others,
}

impl Group {
    /// The group of a role. A subscription ends when the role changes, so no subscriber changes
    /// groups.
    pub(super) fn of(role: Role) -> Self {
        if role.is_staff() { Self::FrontDesk } else { Self::Others }
    }
}

/// The places that are taken.
pub(super) struct Places {
    /// The maximum number of subscribers in this process. All roles other than staff and admin
    /// together may be half of them.
    max: usize,
    of_one: HashMap<UserId, usize>,
    all: usize,
    members: usize,
}

impl Places {
    /// No place is taken in a process that accepts so many connections.
    pub(super) fn new(max_connections: u32) -> Self {
        let connections = usize::try_from(max_connections).unwrap_or(usize::MAX);
        let max = (connections.saturating_mul(OF_128_CONNECTIONS) / 128).max(ALL);
        Self { max, of_one: HashMap::new(), all: 0, members: 0 }
    }

    /// Takes a place.
    ///
    /// Fails where the user, the group or the process has its maximum.
    pub(super) fn take(&mut self, user: UserId, group: Group) -> Result<(), Error> {
        let of_one = self.of_one.get(&user).copied().unwrap_or_default();
        let (most, is_group_full) = match group {
            Group::FrontDesk => (OF_ONE_DESK, false),
            Group::Others => (OF_ONE_MEMBER, self.members >= self.max / 2),
        };
        if of_one >= most {
            let reason = "this user has too many streams open here";
            return Err(Error::Unavailable { reason, after: 5 });
        }
        if is_group_full || self.all >= self.max {
            return Err(Error::Unavailable { reason: "too many streams are open", after: 5 });
        }
        self.of_one.insert(user, of_one + 1);
        self.all += 1;
        self.members += usize::from(group == Group::Others);
        Ok(())
    }

    /// Frees a place.
    pub(super) fn give_back(&mut self, user: UserId, group: Group) {
        if let Some(count) = self.of_one.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                self.of_one.remove(&user);
            }
        }
        self.all -= 1;
        self.members -= usize::from(group == Group::Others);
    }

    /// Whether there is no subscriber.
    pub(super) fn are_empty(&self) -> bool {
        self.all == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all places that users from this id on can get. Returns the number of places and of
    /// users.
    fn fill(places: &mut Places, group: Group, first: i64) -> (usize, i64) {
        let mut taken = 0;
        let mut user = first;
        loop {
            let mut own = 0;
            while places.take(UserId(user), group).is_ok() {
                own += 1;
            }
            if own == 0 {
                return (taken, user - first);
            }
            (taken, user) = (taken + own, user + 1);
        }
    }

    #[test]
    fn members_can_not_take_the_places_of_the_front_desk() {
        let mut places = Places::new(1_024);
        assert_eq!(fill(&mut places, Group::Others, 1), (500, 100));
        assert!(matches!(
            places.take(UserId(200), Group::Others),
            Err(Error::Unavailable { after: 5, .. })
        ));
        assert_eq!(fill(&mut places, Group::FrontDesk, 1_000), (500, 25));
        assert!(matches!(
            places.take(UserId(2_000), Group::FrontDesk),
            Err(Error::Unavailable { .. })
        ));
        places.give_back(UserId(1), Group::Others);
        assert!(places.take(UserId(200), Group::Others).is_ok());
        assert!(places.take(UserId(201), Group::Others).is_err());
    }

    #[test]
    fn the_front_desk_may_have_all_places_and_gives_them_back() {
        let mut places = Places::new(1_024);
        assert_eq!(fill(&mut places, Group::FrontDesk, 1), (1_000, 50));
        assert!(places.take(UserId(100), Group::Others).is_err());
        for user in 1..=50 {
            for _ in 0..20 {
                assert!(!places.are_empty());
                places.give_back(UserId(user), Group::FrontDesk);
            }
        }
        assert!(places.are_empty() && places.of_one.is_empty());
        assert!(places.take(UserId(100), Group::Others).is_ok());
    }

    #[test]
    fn more_connections_have_more_places() {
        let mut places = Places::new(12_800);
        assert_eq!(fill(&mut places, Group::Others, 1), (6_250, 1_250));
        assert_eq!(fill(&mut places, Group::FrontDesk, 10_000).0, 6_250);
        let mut places = Places::new(10);
        assert_eq!(fill(&mut places, Group::FrontDesk, 1).0, 1_000);
    }

    #[test]
    fn the_front_desk_is_staff_and_administrators() {
        for role in [Role::Member, Role::Patient, Role::Doctor] {
            assert_eq!(Group::of(role), Group::Others);
        }
        for role in [Role::Staff, Role::Admin] {
            assert_eq!(Group::of(role), Group::FrontDesk);
        }
    }
}
