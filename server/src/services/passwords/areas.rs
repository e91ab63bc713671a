//! The memory that passwords are hashed in.

use std::{
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use argon2::Block;
use tokio::time::sleep;

/// How long an area is kept for the next password. It has 19 MiB.
const KEPT: Duration = Duration::from_secs(2);
/// The blocks of 1 KiB for which an area has room: somewhat over 32 MiB. glibc takes so much from the system
/// itself, and gives it back at once when it is freed; less may remain with the process (mallopt(3),
/// `M_MMAP_THRESHOLD`). Only what is used takes memory.
const ROOM: usize = 33 * 1024;

/// The memory areas. Clones share them.
#[derive(Clone)]
pub(super) struct Areas {
    held: Arc<Mutex<Held>>,
    kept: Duration,
}

#[derive(Default)]
struct Held {
    /// The areas that are not in use.
    idle: Vec<Vec<Block>>,
    /// How many are in use.
    in_use: usize,
    /// How often one was requested.
    requests: u64,
    /// Whether a task waits until nobody has requested one for some time.
    is_watched: bool,
}

impl Default for Areas {
    fn default() -> Self {
        Self::kept_for(KEPT)
    }
}

impl Areas {
    /// No areas. They are freed when nobody has used one for this time, at the latest after twice
    /// this time.
    fn kept_for(kept: Duration) -> Self {
        Self { held: Arc::default(), kept }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an area that was used before, or an empty one.
    pub(super) fn request(&self) -> Area {
        let mut held = self.lock();
        held.in_use += 1;
        held.requests += 1;
        let blocks = held.idle.pop().unwrap_or_else(|| Vec::with_capacity(ROOM));
        let is_watched = std::mem::replace(&mut held.is_watched, true);
        drop(held);
        if !is_watched {
            tokio::spawn(free_when_idle(self.clone()));
        }
        Area { blocks, areas: self.clone() }
    }

    /// The areas, to be freed, if none is in use and none was requested since `seen`. Otherwise it
    /// notes what was seen.
    fn unused_since(&self, seen: &mut u64) -> Option<Vec<Vec<Block>>> {
        let mut held = self.lock();
        if held.in_use == 0 && held.requests == *seen {
            held.is_watched = false;
            return Some(take(&mut held.idle));
        }
        *seen = held.requests;
        None
    }

    /// The number of areas that are not in use.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }
}

async fn free_when_idle(areas: Areas) {
    let mut seen = 0;
    loop {
        sleep(areas.kept).await;
        if let Some(unused) = areas.unused_since(&mut seen) {
            return drop(unused);
        }
    }
}

/// An area in use. Dropping it makes it available to others.
pub(super) struct Area {
    pub(super) blocks: Vec<Block>,
    areas: Areas,
}

impl Drop for Area {
    fn drop(&mut self) {
        let mut held = self.areas.lock();
        held.in_use -= 1;
        held.idle.push(take(&mut self.blocks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn areas_are_reused_and_freed_when_nobody_needs_one() {
        let areas = Areas::kept_for(Duration::from_millis(1));
        for _ in 0..2 {
            for _ in 0..3 {
                areas.request().blocks.resize(8, Block::default());
                assert_eq!(areas.idle(), 1);
            }
            let long = areas.request();
            assert_eq!(long.blocks.len(), 8);
            sleep(Duration::from_millis(20)).await;
            assert!(areas.lock().is_watched, "nobody would free what is in use");
            drop(long);
            while areas.idle() > 0 {
                sleep(Duration::from_millis(1)).await;
            }
            assert!(!areas.lock().is_watched);
        }
    }
}
