//! The file of a backup: three Zstandard frames (RFC 8878).
//!
//! 1. A skippable frame with the [`Manifest`], JSON that can be read with any pager.
//! 2. The image: a SQLite file, compressed, with Zstandard's own checksum of its bytes.
//! 3. A skippable frame with the seal: the SHA-256 of all bytes before this frame.
//!
//! Programs for Zstandard skip the first and the last, so `zstd -d` and `sqlite3` read a backup without Frontdesk.
//! Every byte is covered: those before the seal by its hash, and those of the seal because it can have
//! only one form.

use std::{
    fs::File,
    io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write},
};

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    db::image::{Contents, Progress},
    digest::hexadecimal,
};

/// The magic numbers of the two skippable frames, as they stand in the file (RFC 8878, 3.1.2).
const MANIFEST_MAGIC: [u8; 4] = 0x184D_2A50_u32.to_le_bytes();
const SEAL_MAGIC: [u8; 4] = 0x184D_2A51_u32.to_le_bytes();
/// The most bytes that a manifest may have. It has some hundreds.
const MANIFEST_MAX: u32 = 1024 * 1024;
/// The version of this format.
const FORMAT_VERSION: u32 = 1;
const FORMAT: &str = "frontdesk-backup";
/// The level of compression. Higher ones save little room and cost much time.
const LEVEL: i32 = 1;
/// The bytes that are read, compressed and hashed at once.
const PIECE: usize = 1024 * 1024;

/// What a backup holds, and how to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Always `frontdesk-backup`.
    format: String,
    /// The version of the format.
    format_version: u32,
    /// How a reader without Frontdesk reads it.
    how_to_read: String,
    /// The program that made it, with its version.
    program: String,
    /// The time at which it was begun.
    pub(crate) made_at: DateTime<Utc>,
    /// The kind of the database that was copied.
    pub(crate) database: String,
    /// The number of bytes of the image.
    pub(crate) image_bytes: u64,
    /// The version of its tables, and the number of rows of each.
    #[serde(flatten)]
    pub(crate) contents: Contents,
}

impl Manifest {
    /// The manifest of an image.
    pub(super) fn new(
        made_at: DateTime<Utc>,
        database: &str,
        image_bytes: u64,
        contents: Contents,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            how_to_read: "zstd -d --stdout FILE > frontdesk.sqlite, then sqlite3 frontdesk.sqlite (of a file that \
                          ends in .age, age --decrypt makes FILE first)"
                .to_owned(),
            program: format!("frontdesk-server {}", env!("CARGO_PKG_VERSION")),
            made_at,
            database: database.to_owned(),
            image_bytes,
            contents,
        }
    }

    /// What it holds, in words.
    pub(crate) fn summary(&self) -> String {
        let kinds = [
            ("patients", "patient"),
            ("doctors", "doctor"),
            ("assignments", "assignment"),
            ("visits", "visit"),
            ("users", "account"),
        ];
        let counts = kinds.map(|(table, one)| match self.count(table) {
            1 => format!("1 {one}"),
            many => format!("{many} {one}s"),
        });
        counts.join(", ")
    }

    /// The number of rows of a table.
    pub(crate) fn count(&self, table: &str) -> u64 {
        self.contents.counts.get(table).copied().unwrap_or_default()
    }
}

/// Why a backup can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("it is not a backup of Frontdesk")]
    NotABackup,
    #[error("it is cut off: its end is missing")]
    CutOff,
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("it was made by a newer version of Frontdesk ({0}): use that one")]
    Newer(String),
    #[error("it can't be read: {0}")]
    Unread(String),
    #[error("{0}")]
    NoRoom(String),
}

impl Unreadable {
    fn from_reading(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::CutOff,
            // What zstd and age say of bytes that they can't have written.
            ErrorKind::Other | ErrorKind::InvalidData => Self::Damaged(error.to_string()),
            _ => Self::Unread(error.to_string()),
        }
    }
}

/// A writer or reader that hashes what passes.
struct Hashed<T> {
    inner: T,
    hash: Context,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Context::new(&SHA256) }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // The bytes are still in the buffer, so this reads nothing.
        if let Ok(bytes) = self.inner.fill_buf() {
            self.hash.update(bytes.get(..count).unwrap_or_default());
        }
        self.inner.consume(count);
    }
}

/// Writes a backup with the bytes of an image.
pub(super) fn write(
    out: impl Write,
    manifest: &Manifest,
    image: &mut File,
    progress: &Progress,
) -> io::Result<()> {
    let mut out = Hashed::new(out);
    let json = serde_json::to_string_pretty(manifest).map_err(io::Error::other)? + "\n";
    write_skippable(&mut out, MANIFEST_MAGIC, json.as_bytes())?;
    image.seek(SeekFrom::Start(0))?;
    let mut packed = zstd::Encoder::new(&mut out, LEVEL)?;
    packed.include_checksum(true)?;
    packed.set_pledged_src_size(Some(manifest.image_bytes))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    packed.multithread(u32::try_from(cores.min(4)).unwrap_or(1))?;
    let (mut piece, mut done) = (vec![0; PIECE], 0);
    loop {
        let read = image.read(&mut piece)?;
        let Some(bytes @ [_, ..]) = piece.get(..read) else { break };
        packed.write_all(bytes)?;
        done += u64::try_from(read).unwrap_or_default();
        progress(done, manifest.image_bytes);
    }
    packed.finish()?;
    let seal = seal(out.hash.clone());
    write_skippable(&mut out, SEAL_MAGIC, seal.as_bytes())
}

/// The content of the seal. There is only one for the bytes before it.
fn seal(hash: Context) -> String {
    format!("{{\"sha256_before_this_frame\":\"{}\"}}\n", hexadecimal(hash.finish().as_ref()))
}

fn write_skippable(out: &mut impl Write, magic: [u8; 4], content: &[u8]) -> io::Result<()> {
    let length = u32::try_from(content.len()).map_err(io::Error::other)?;
    out.write_all(&magic)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(content)
}

/// Reads the manifest, with which a backup begins.
pub(super) fn read_manifest(input: &mut impl Read) -> Result<Manifest, Unreadable> {
    let mut head = [0; 8];
    let mut first = Vec::new();
    input.take(8).read_to_end(&mut first).map_err(Unreadable::from_reading)?;
    if !first.starts_with(MANIFEST_MAGIC.get(..first.len().min(4)).unwrap_or_default())
        || first.is_empty()
    {
        return Err(Unreadable::NotABackup);
    }
    if first.len() < head.len() {
        return Err(Unreadable::CutOff);
    }
    head.copy_from_slice(&first);
    let [.., a, b, c, d] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    if length > MANIFEST_MAX {
        return Err(Unreadable::Damaged("its manifest has no end".to_owned()));
    }
    let mut json = Vec::new();
    input.take(length.into()).read_to_end(&mut json).map_err(Unreadable::from_reading)?;
    if json.len() != usize::try_from(length).unwrap_or(usize::MAX) {
        return Err(Unreadable::CutOff);
    }
    let bad = |error: serde_json::Error| Unreadable::Damaged(format!("its manifest: {error}"));
    // A newer manifest need not have these members, but it says that it is newer.
    let any: serde_json::Value = serde_json::from_slice(&json).map_err(bad)?;
    let member = |name: &str| any.get(name).cloned().unwrap_or_default();
    if member("format") != FORMAT {
        return Err(Unreadable::NotABackup);
    }
    match member("format_version").as_u64() {
        Some(version) if version > FORMAT_VERSION.into() => {
            let program = member("program");
            Err(Unreadable::Newer(program.as_str().unwrap_or("an unknown one").to_owned()))
        }
        _ => serde_json::from_value(any).map_err(bad),
    }
}

/// Reads a backup, and writes its image into a file. If this succeeds, every byte is as it was written.
pub(super) fn read(
    input: impl BufRead,
    image: &mut File,
    progress: &Progress,
) -> Result<Manifest, Unreadable> {
    let mut input = Hashed::new(input);
    let manifest = read_manifest(&mut input)?;
    let no_room = |error: io::Error| Unreadable::NoRoom(format!("it can't be unpacked: {error}"));
    let mut unpacked =
        zstd::Decoder::with_buffer(&mut input).map_err(Unreadable::from_reading)?.single_frame();
    let (mut piece, mut done) = (vec![0; PIECE], 0);
    loop {
        let read = unpacked.read(&mut piece).map_err(Unreadable::from_reading)?;
        let Some(bytes @ [_, ..]) = piece.get(..read) else { break };
        done += u64::try_from(read).unwrap_or_default();
        if done > manifest.image_bytes {
            return Err(Unreadable::Damaged("it holds more than its manifest says".to_owned()));
        }
        image.write_all(bytes).map_err(no_room)?;
        progress(done, manifest.image_bytes);
    }
    image.flush().map_err(no_room)?;
    drop(unpacked);
    let expected = seal(input.hash.clone());
    let mut wanted = Vec::new();
    write_skippable(&mut wanted, SEAL_MAGIC, expected.as_bytes()).map_err(no_room)?;
    let mut found = Vec::new();
    // One byte more than there may be.
    let most = u64::try_from(wanted.len()).unwrap_or_default() + 1;
    input.take(most).read_to_end(&mut found).map_err(Unreadable::from_reading)?;
    if found.len() < wanted.len() {
        return Err(Unreadable::CutOff);
    }
    if found.len() > wanted.len() {
        return Err(Unreadable::Damaged("something follows its end".to_owned()));
    }
    if found != wanted || done != manifest.image_bytes {
        return Err(Unreadable::Damaged("its bytes are not those that were written".to_owned()));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use super::*;

    fn quiet() -> Progress {
        Arc::new(|_, _| {})
    }

    fn sample() -> (Manifest, Vec<u8>, Vec<u8>) {
        let content: Vec<u8> = (0..40_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let mut image = tempfile::tempfile().unwrap();
        image.write_all(&content).unwrap();
        let counts = BTreeMap::from([("patients".to_owned(), 3)]);
        let contents = Contents { schema_version: 12, counts };
        let bytes = u64::try_from(content.len()).unwrap();
        let made_at = "2026-11-20T08:30:00Z".parse().unwrap();
        let manifest = Manifest::new(made_at, "SQLite", bytes, contents);
        let mut file = Vec::new();
        write(&mut file, &manifest, &mut image, &quiet()).unwrap();
        (manifest, content, file)
    }

    fn read_back(file: &[u8]) -> Result<(Manifest, Vec<u8>), Unreadable> {
        let mut image = tempfile::tempfile().unwrap();
        let manifest = read(file, &mut image, &quiet())?;
        let mut content = Vec::new();
        image.seek(SeekFrom::Start(0)).unwrap();
        image.read_to_end(&mut content).unwrap();
        Ok((manifest, content))
    }

    #[test]
    fn what_was_written_is_read_and_a_program_for_zstandard_reads_it_too() {
        let (manifest, content, file) = sample();
        assert_eq!(read_back(&file).unwrap(), (manifest, content.clone()));
        assert_eq!(zstd::decode_all(file.as_slice()).unwrap(), content);
        assert!(file.len() < content.len());
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let (_, _, file) = sample();
        for place in 0..file.len() {
            let mut altered = file.clone();
            altered[place] ^= 1 << (place % 8);
            assert!(read_back(&altered).is_err(), "byte {place} of {}", file.len());
        }
    }

    #[test]
    fn every_missing_end_is_noticed_and_anything_behind_the_end() {
        let (_, _, file) = sample();
        for length in 1..file.len() {
            assert_eq!(read_back(&file[..length]).unwrap_err(), Unreadable::CutOff, "{length}");
        }
        assert_eq!(read_back(&[]).unwrap_err(), Unreadable::NotABackup);
        let more = [file, b"x".to_vec()].concat();
        assert!(matches!(read_back(&more), Err(Unreadable::Damaged(_))));
    }

    #[test]
    fn a_newer_format_is_told_from_a_damaged_one() {
        let (_, _, file) = sample();
        let text = String::from_utf8_lossy(&file[8..]).into_owned();
        let (json, _) = text.split_once("\n}\n").unwrap();
        let newer = json.replace("\"format_version\": 1", "\"format_version\": 2") + "\n}\n";
        let mut made = Vec::new();
        write_skippable(&mut made, MANIFEST_MAGIC, newer.as_bytes()).unwrap();
        assert!(matches!(read_back(&made), Err(Unreadable::Newer(_))));
        assert_eq!(read_back(b"PK\x03\x04 an archive").unwrap_err(), Unreadable::NotABackup);
    }
}
