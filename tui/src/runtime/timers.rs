//! Timers: sleeping tasks, and none while none is armed.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::mpsc::UnboundedSender, task::AbortHandle};
use tui_core::effect::Timer;

use super::Event;

/// One arming of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    timer: Timer,
    arming: u64,
}

/// What is armed.
#[derive(Default)]
pub(super) struct Timers {
    armed: HashMap<Timer, (u64, AbortHandle)>,
    armings: u64,
}

impl Timers {
    /// Arms a timer; one that is armed starts anew.
    pub(super) fn arm(&mut self, timer: Timer, after: Duration, events: &UnboundedSender<Event>) {
        self.disarm(timer);
        self.armings += 1;
        let alarm = Alarm { timer, arming: self.armings };
        let events = events.clone();
        let task = tokio::spawn(async move {
            tokio::time::sleep(after).await;
            let _ = events.send(Event::Timer(alarm));
        });
        self.armed.insert(timer, (alarm.arming, task.abort_handle()));
    }

    /// Whether none is armed.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// Disarms a timer.
    pub(super) fn disarm(&mut self, timer: Timer) {
        if let Some((_, task)) = self.armed.remove(&timer) {
            task.abort();
        }
    }

    /// The timer that went off, unless the alarm was under way when it was disarmed.
    pub(super) fn take(&mut self, alarm: Alarm) -> Option<Timer> {
        let (arming, _) = self.armed.get(&alarm.timer)?;
        if *arming != alarm.arming {
            return None;
        }
        self.armed.remove(&alarm.timer).map(|_| alarm.timer)
    }
}
