//! The memory that passwords are hashed in.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use argon2::Block;
use tokio::time::sleep;

/// How long an area is kept for the next password. It has 19 MiB.
const KEPT: Duration = Duration::from_secs(10);

/// The memory areas that no work uses at the moment. Clones share them.
#[derive(Clone)]
pub(super) struct Areas {
    idle: Arc<Mutex<Idle>>,
    kept: Duration,
}

impl Default for Areas {
    fn default() -> Self {
        Self::kept_for(KEPT)
    }
}

#[derive(Default)]
struct Idle {
    areas: Vec<Vec<Block>>,
    /// How often an area was taken or given back.
    uses: u64,
    /// Whether a task waits until they have long been idle.
    is_watched: bool,
}

impl Areas {
    /// No areas. Each is freed when nobody has used one for so long.
    fn kept_for(kept: Duration) -> Self {
        Self { idle: Arc::default(), kept }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An area that was used before, or an empty one.
    pub(super) fn take(&self) -> Vec<Block> {
        let mut idle = self.lock();
        idle.uses += 1;
        idle.areas.pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, area: Vec<Block>) {
        let mut idle = self.lock();
        idle.uses += 1;
        idle.areas.push(area);
    }

    /// The number of areas that are not in use.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.lock().areas.len()
    }

    /// Frees the areas as soon as nobody has used one for the time that they are kept.
    pub(super) fn watch(&self) {
        if std::mem::replace(&mut self.lock().is_watched, true) {
            return;
        }
        let own = self.clone();
        tokio::spawn(async move {
            let mut seen = None;
            loop {
                {
                    let mut idle = own.lock();
                    if seen == Some(idle.uses) {
                        idle.areas = Vec::new();
                        idle.is_watched = false;
                        return;
                    }
                    seen = Some(idle.uses);
                }
                sleep(own.kept).await;
            }
        });
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
                areas.watch();
                let mut area = areas.take();
                area.resize(8, Block::default());
                areas.give_back(area);
                assert_eq!(areas.idle(), 1);
            }
            while areas.idle() > 0 {
                sleep(Duration::from_millis(1)).await;
            }
        }
    }
}
