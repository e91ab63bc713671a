//! What the figures depend on: the machine, the versions, and what a process has used.

use std::{path::Path, process::Command};

use server::clock::Clock;

use crate::Outcome;

/// The machine and the versions of the programs, as a sentence.
pub(crate) fn describe() -> Outcome<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let memory = std::fs::read_to_string("/proc/meminfo")?;
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let today = Clock::new(chrono_tz::Tz::UTC).today();
    let programs: [&[&str]; 4] =
        [&["rustc", "-V"], &["wrk", "-v"], &["psql", "-V"], &["node", "-v"]];
    let versions: Vec<_> = programs.into_iter().filter_map(said).collect();
    let commit = said(&["git", "rev-parse", "--short", "HEAD"]).unwrap_or_default();
    Ok(format!(
        "{today}, {cores} cores of {}, {} of memory, Linux {}; load {load} at the start; {}; commit \
         {commit}.",
        model.trim_start_matches(['\t', ' ', ':']),
        gigabytes(memory),
        kernel.trim(),
        versions.join(", "),
    ))
}

/// The first line that a program prints, up to its copyright.
fn said(words: &[&str]) -> Option<String> {
    let (program, words) = words.split_first()?;
    let output = Command::new(program).args(words).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next().filter(|line| !line.is_empty())?;
    let line = line.split(" Copyright").next().unwrap_or(line);
    Some(if *program == "node" { format!("node {line}") } else { line.to_owned() })
}

fn gigabytes(meminfo: &str) -> String {
    let kilobytes = meminfo.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    format!("{} GiB", (kilobytes + (1 << 19)) >> 20)
}

/// What a process uses, or several do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor time since the start, in microseconds.
    pub(crate) cpu: u64,
    /// Resident memory, in bytes.
    pub(crate) resident: u64,
    /// The most that was resident since the start, in bytes.
    pub(crate) peak: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.resident += other.resident;
        self.peak += other.peak;
    }
}

/// What a process and its children use now.
pub(crate) fn usage(pid: u32) -> Outcome<Usage> {
    let mut all = usage_alone(pid)?;
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
        // One that has just ended uses nothing any more.
        all += usage(child).unwrap_or_default();
    }
    Ok(all)
}

/// What a process without its children uses now.
pub(crate) fn usage_alone(pid: u32) -> Outcome<Usage> {
    let folder = format!("/proc/{pid}");
    let read = |file: &str| std::fs::read_to_string(Path::new(&folder).join(file));
    let stat = read("stat")?;
    // The name of the program is in parentheses and may hold spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Ticks of a hundredth of a second, which is so on every Linux.
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    let status = read("status")?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix(" kB"));
        line.and_then(|it| it.trim().parse::<u64>().ok()).unwrap_or_default() << 10
    };
    Ok(Usage { cpu: ticks * 10_000, resident: bytes("VmRSS:"), peak: bytes("VmHWM:") })
}
