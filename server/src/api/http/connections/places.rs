//! Places for connections: how many exist, how many of them one address may take, and which
//! connection is closed to make room when all are taken.

use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::traffic::Traffic;

/// The time that a connection has to end once it is asked to, before another one is asked.
const GIVE_WAY_TIME: Duration = Duration::from_millis(100);

/// The places of one listening address.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    of_one: usize,
    apart: Vec<IpNet>,
    taken: Mutex<Taken>,
    /// Notified when a connection has ended.
    left: Notify,
}

#[derive(Default)]
struct Taken {
    connections: HashMap<u64, Connection>,
    /// The number of connections of each network that is subject to the limit per address.
    counts: HashMap<IpNet, usize>,
    next: u64,
}

struct Connection {
    /// The network that the connection counts against; `None` where it is exempt from the limit.
    network: Option<IpNet>,
    traffic: Arc<Traffic>,
}

/// A place for one connection. Dropping it frees the place.
pub(crate) struct Place {
    places: Arc<Places>,
    id: u64,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(self.id);
        self.places.left.notify_one();
    }
}

impl Taken {
    fn insert(&mut self, connection: Connection) -> u64 {
        if let Some(network) = connection.network {
            *self.counts.entry(network).or_default() += 1;
        }
        self.next += 1;
        self.connections.insert(self.next, connection);
        self.next
    }

    fn remove(&mut self, id: u64) {
        let connection = self.connections.remove(&id);
        let Some(network) = connection.and_then(|connection| connection.network) else { return };
        if let Some(count) = self.counts.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&network);
            }
        }
    }

    /// The number of connections of a network; `None` where it is exempt.
    fn count(&self, network: Option<IpNet>) -> Option<usize> {
        network.map(|network| self.counts.get(&network).copied().unwrap_or_default())
    }
}

impl Places {
    /// Makes `all` places, of which one address may take `of_one`. Networks in `apart` are exempt
    /// from the limit per address.
    pub(crate) fn new(all: usize, of_one: usize, apart: Vec<IpNet>) -> Self {
        let (free, taken) = (Arc::new(Semaphore::new(all)), Mutex::default());
        Self { free, of_one, apart, taken, left: Notify::new() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network that a connection from this address counts against: the address itself, or its
    /// /64, which is what one subscriber of IPv6 gets. `None` where the address is exempt.
    fn network(&self, address: IpAddr) -> Option<IpNet> {
        let address = address.to_canonical();
        if self.apart.iter().any(|network| network.contains(&address)) {
            return None;
        }
        Some(match address {
            IpAddr::V4(address) => Ipv4Net::from(address).into(),
            IpAddr::V6(address) => {
                Ipv6Net::new(address, 64).unwrap_or_else(|_| address.into()).trunc().into()
            }
        })
    }

    /// Takes a place for a connection from this address. Returns `None` where the address already
    /// has its maximum. Where all places are taken, it asks quiet connections to end and waits.
    pub(crate) async fn take(
        self: &Arc<Self>,
        address: IpAddr,
        traffic: &Arc<Traffic>,
    ) -> Option<Place> {
        let network = self.network(address);
        if self.taken().count(network).is_some_and(|count| count >= self.of_one) {
            return None;
        }
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            self.make_room();
            let freed = timeout(GIVE_WAY_TIME, Arc::clone(&self.free).acquire_owned()).await;
            if let Ok(Ok(permit)) = freed {
                break permit;
            }
        };
        let id = self.taken().insert(Connection { network, traffic: Arc::clone(traffic) });
        Some(Place { places: Arc::clone(self), id, _permit: permit })
    }

    /// Asks a quiet connection to end, and waits until any connection has ended or `time` has
    /// passed.
    pub(crate) async fn make_room_within(&self, time: Duration) {
        self.make_room();
        // If no connection ends in time, the caller simply tries again.
        let _ = timeout(time, self.left.notified()).await;
    }

    /// Asks the connection that has been quiet for the longest time to end: one that has sent no
    /// request yet, or whose requests are all answered. Connections of the network with the most
    /// connections come first, those of exempt networks last.
    fn make_room(&self) {
        let taken = self.taken();
        let quiet = taken.connections.values().filter_map(|connection| {
            let since = connection.traffic.quiet_since()?;
            let count = taken.count(connection.network);
            Some(((count, Reverse(since)), &connection.traffic))
        });
        if let Some((_, traffic)) = quiet.max_by_key(|(rank, _)| *rank) {
            traffic.request_close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    fn places(all: usize, of_one: usize) -> Arc<Places> {
        let apart = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"].map(|text| text.parse().unwrap());
        Arc::new(Places::new(all, of_one, apart.to_vec()))
    }

    fn traffic() -> Arc<Traffic> {
        Traffic::new(&Metrics::new(chrono::DateTime::default()), false)
    }

    /// Takes a place. The short pause gives every connection a different time of becoming quiet.
    async fn take(places: &Arc<Places>, address: &str) -> Option<Place> {
        let taken = places.take(address.parse().unwrap(), &traffic()).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
        taken
    }

    #[tokio::test]
    async fn an_address_has_only_so_many_places_and_gets_them_back() {
        let places = places(100, 2);
        for (one, same, other) in [
            ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
        ] {
            let first = take(&places, one).await;
            let second = take(&places, same).await;
            assert!(first.is_some() && second.is_some());
            assert!(take(&places, one).await.is_none() && take(&places, same).await.is_none());
            assert!(take(&places, other).await.is_some());
            drop(first);
            assert!(take(&places, same).await.is_some());
        }
        let taken = places.taken();
        assert!(taken.connections.is_empty() && taken.counts.is_empty());
    }

    #[tokio::test]
    async fn proxies_and_this_machine_have_no_limit_per_address() {
        let places = places(100, 1);
        let mut kept = Vec::new();
        for address in ["127.0.0.1", "127.9.9.9", "::1", "10.1.2.3", "::ffff:10.1.2.3"] {
            for _ in 0..3 {
                kept.push(take(&places, address).await.expect(address));
            }
        }
        assert_eq!(kept.len(), 15);
    }

    #[tokio::test]
    async fn the_quietest_connection_of_the_busiest_address_gives_way() {
        let places = places(6, 6);
        let mut kept = Vec::new();
        for address in
            ["192.0.2.1", "192.0.2.9", "127.0.0.1", "192.0.2.9", "192.0.2.9", "192.0.2.7"]
        {
            let traffic = traffic();
            let place = places.take(address.parse().unwrap(), &traffic).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
            kept.push((address, traffic, place));
        }
        // The oldest connection of 192.0.2.9 has a running request, so its second one goes first.
        // Then two are left.
        let _running = kept[1].1.begin();
        let mut gone = Vec::new();
        for _ in 0..5 {
            places.make_room();
            let asked = kept.iter().position(|(_, traffic, _)| traffic.is_close_requested());
            gone.push(kept.remove(asked.expect("nobody is asked")).0);
        }
        assert_eq!(gone, ["192.0.2.9", "192.0.2.9", "192.0.2.1", "192.0.2.7", "127.0.0.1"]);
        places.make_room();
        assert!(!kept[0].1.is_close_requested());
    }

    #[tokio::test]
    async fn a_new_connection_waits_for_a_free_place() {
        let places = places(1, 9);
        let (traffic, other) = (traffic(), traffic());
        let running = traffic.begin();
        let place = places.take([192, 0, 2, 1].into(), &traffic).await.unwrap();
        let waiting = places.take([192, 0, 2, 2].into(), &other);
        tokio::pin!(waiting);
        assert!(timeout(Duration::from_millis(250), &mut waiting).await.is_err());
        assert!(!traffic.is_close_requested());
        drop(running);
        assert!(timeout(Duration::from_millis(250), &mut waiting).await.is_err());
        assert!(traffic.is_close_requested());
        drop(place);
        assert!(waiting.await.is_some());
    }
}
