//! Signals: the end, going on after a stop, and stopping as Ctrl-Z does.

use std::{io, time::Duration};

use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::UnboundedSender,
};

use super::{Event, terminal};

/// How long the loop may take to give the terminal back.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the whole end may take.
const END: Duration = Duration::from_secs(12);

/// Tells the loop about signals. Where the loop hangs, the terminal is given back without it.
pub(super) fn watch(events: UnboundedSender<Event>) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut go_on = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let mut stop = signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?;
    let stopping = events.clone();
    tokio::spawn(async move {
        while stop.recv().await.is_some() {
            let _ = stopping.send(Event::Stop);
        }
    });
    let going_on = events.clone();
    tokio::spawn(async move {
        while go_on.recv().await.is_some() {
            let _ = going_on.send(Event::Continued);
        }
    });
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            // The screens are gone already, and somebody does not want to wait for the rest.
            _ = interrupt.recv() => if !terminal::is_entered() { std::process::exit(1) },
            _ = quit.recv() => {}
        }
        let _ = events.send(Event::End);
        tokio::time::sleep(PATIENCE).await;
        if !terminal::is_entered() {
            tokio::time::sleep(END).await;
        }
        terminal::restore();
        std::process::exit(1);
    });
    Ok(())
}

/// Whether the process can be stopped: in the job of the session's leader, no shell could let it go on.
pub(super) fn can_stop() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops the process with all that belong to its job. Ends when it goes on.
pub(super) async fn stop() {
    const MOMENT: Duration = Duration::from_millis(300);
    let Ok(mut go_on) = signal(SignalKind::from_raw(Signal::CONT.as_raw())) else { return };
    // The signal that asks for a stop is handled here, so that it stops nothing by itself.
    if kill_current_process_group(Signal::STOP).is_ok() {
        let _ = tokio::time::timeout(MOMENT, go_on.recv()).await;
    }
}
