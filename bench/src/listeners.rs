//! Many listeners of live changes: what they take while nothing happens, and how soon all hear of a change.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

use crate::{
    Outcome,
    check::Checker,
    fill, goals,
    report::{Table, grouped, judged, memory, number, seconds},
    rounds::Extent,
    say,
    target::{Kind, Target},
};

/// The streams that a user of the front desk may have.
const OF_ONE_USER: u64 = 20;
/// Listeners who connect at the same time.
const AT_ONCE: usize = 64;
/// Files of the server and of this program besides the connections.
const OTHER_FILES: u64 = 500;
/// How long a listener waits for what it must hear.
const PATIENCE: Duration = Duration::from_secs(60);
/// The beginning of a stream, and the event of the change.
const BEGUN: &[u8] = b"\nid: ";
const CHANGED: &[u8] = b"event: patient.created";

/// Connects the listeners to a server on a SQLite file, in which it makes accounts for them.
pub(crate) async fn listeners(
    programs: &Path,
    (file, folder): (&Path, &Path),
    extent: &Extent,
    title: &str,
) -> Outcome<Table> {
    let count = extent.listeners;
    say(&format!("{} listeners of live changes", grouped(count)));
    allow_files(count + OTHER_FILES)?;
    let database = format!("sqlite:{}", file.display());
    let users = count.div_ceil(OF_ONE_USER);
    let emails = fill::listeners(&database, users).await?;
    // Of 128 connections 125 may be streams.
    let options = ["--max-connections".to_owned(), (count * 128 / 125 + 128).to_string()];
    let mut target = Target::frontdesk(programs, &database, folder, &options).await?;
    let checker = Checker::new(0);
    checker.admit(&mut target).await?;
    let mut tokens = Vec::new();
    for email in emails {
        tokens.push(checker.token(&target, &email).await?);
    }
    let before = target.memory_after(extent.pause).await?;
    let streams = connect(&target, &tokens, count).await?;
    let (cpu, since) = (target.usage()?.cpu, Instant::now());
    let with = target.memory_after(extent.pause).await?;
    let idle = (target.usage()?.cpu - cpu) as f64 / since.elapsed().as_micros() as f64 * 100.0;
    let took = hear(&target, streams).await?;
    target.stop().await?;
    let added = judged(Some(with - before), Some(goals::LISTENERS), memory);
    let head = [
        "listeners",
        "resident without",
        "with",
        "added",
        "% of a core while idle",
        "last heard after",
    ];
    let row = [
        grouped(count),
        memory(Some(before)),
        memory(Some(with)),
        added,
        number(Some(idle)),
        judged(Some(took.as_secs_f64()), Some(goals::HEARD), seconds),
    ];
    Ok(Table {
        title: format!("{title}: listeners of live changes"),
        head: head.map(str::to_owned).to_vec(),
        rows: vec![row.to_vec()],
        notes: vec![format!(
            "{} users with up to {OF_ONE_USER} streams each, one connection for a stream. Then a patient is \
             created: the time is from sending that request until the last of the listeners has the event.",
            grouped(users)
        )],
    })
}

/// Lets this program and those that it starts open so many files.
fn allow_files(files: u64) -> Outcome<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|maximum| maximum.max(files));
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum })
        .map_err(|error| format!("{files} files can't be opened ({error}): ulimit -n").into())
}

/// Opens the streams, and waits until each has begun.
async fn connect(target: &Target, tokens: &[String], count: u64) -> Outcome<Vec<TcpStream>> {
    let address = target.url.trim_start_matches("http://").to_owned();
    let mut connecting = JoinSet::new();
    let mut streams = Vec::new();
    for token in tokens.iter().cycle().take(usize::try_from(count)?) {
        if connecting.len() >= AT_ONCE
            && let Some(stream) = connecting.join_next().await
        {
            streams.push(stream??);
        }
        let head = format!(
            "GET /api/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        let address = address.clone();
        connecting.spawn(async move {
            let mut stream = TcpStream::connect(&address).await?;
            stream.write_all(head.as_bytes()).await?;
            until(&mut stream, BEGUN).await?;
            Outcome::Ok(stream)
        });
    }
    while let Some(stream) = connecting.join_next().await {
        streams.push(stream??);
    }
    Ok(streams)
}

/// Reads a stream until it holds a text.
async fn until(stream: &mut TcpStream, wanted: &[u8]) -> Outcome<()> {
    let mut held = Vec::new();
    let read = async {
        while !held.windows(wanted.len()).any(|part| part == wanted) {
            if stream.read_buf(&mut held).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        std::io::Result::Ok(())
    };
    let read = timeout(PATIENCE, read).await;
    let held = String::from_utf8_lossy(&held).into_owned();
    match read {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("a listener heard {held:?}: {error}").into()),
        Err(_) => Err(format!("a listener heard only {held:?}").into()),
    }
}

/// Creates a patient, and waits until all listeners have heard of it.
async fn hear(target: &Target, streams: Vec<TcpStream>) -> Outcome<Duration> {
    let mut hearing = JoinSet::new();
    for mut stream in streams {
        hearing.spawn(async move { until(&mut stream, CHANGED).await });
    }
    let since = Instant::now();
    let request =
        reqwest::Client::new().post(format!("{}{}", target.url, Kind::Frontdesk.paths()[1]));
    let request = request.bearer_auth(&target.token).header("Content-Type", "application/json");
    let body = json!({"first_name": "Heard", "last_name": "Everywhere"}).to_string();
    request.body(body).send().await?.error_for_status()?;
    while let Some(heard) = hearing.join_next().await {
        heard??;
    }
    Ok(since.elapsed())
}
