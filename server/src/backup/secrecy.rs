//! Encryption of backups for the owners of keys, in the format of age (age-encryption.org, v1).

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    sync::Arc,
};

use age::{
    DecryptError, Decryptor, Encryptor, Identity, IdentityFile, Recipient,
    stream::{StreamReader, StreamWriter},
    tagpq, x25519,
};

/// The bytes with which an encrypted file begins.
const MAGIC: &[u8] = b"age-encryption.org/";

/// The public key of somebody who may read backups.
#[derive(Clone)]
pub(super) struct PublicKey(Arc<dyn Recipient + Send + Sync>);

/// Reads a public key, `age1…`.
pub(super) fn recipient(text: &str) -> Result<PublicKey, String> {
    if let Ok(key) = text.parse::<x25519::Recipient>() {
        return Ok(PublicKey(Arc::new(key)));
    }
    match text.parse::<tagpq::Recipient>() {
        Ok(key) => Ok(PublicKey(Arc::new(key))),
        Err(_) => Err("is not a public key of age, which begins with age1".to_owned()),
    }
}

/// Those who may read a backup; at least one.
#[derive(Clone)]
pub(crate) struct Recipients(Vec<PublicKey>);

impl Recipients {
    /// The owners of these keys; `None` if there are none.
    pub(super) fn new(keys: Vec<PublicKey>) -> Option<Self> {
        Some(Self(keys)).filter(|it| !it.0.is_empty())
    }

    /// A writer that encrypts. It must be finished.
    pub(super) fn encrypt<W: Write>(&self, out: W) -> io::Result<StreamWriter<W>> {
        let keys = self.0.iter().map(|key| &*key.0 as &dyn Recipient);
        Encryptor::with_recipients(keys).map_err(io::Error::other)?.wrap_output(out)
    }
}

/// The content of a backup, decrypted where it is encrypted.
pub(super) enum Opened {
    Plain(BufReader<File>),
    Decrypted(Box<BufReader<StreamReader<BufReader<File>>>>),
}

/// Opens the file of a backup. `keys` are files with secret keys.
///
/// Fails with the end of a sentence about the file.
pub(super) fn open(file: File, keys: &[PathBuf]) -> Result<Opened, String> {
    let mut input = BufReader::with_capacity(256 * 1024, file);
    let unread = |error: io::Error| format!("it can't be read: {error}");
    if !input.fill_buf().map_err(unread)?.starts_with(MAGIC) {
        return Ok(Opened::Plain(input));
    }
    if keys.is_empty() {
        return Err("it is encrypted: name the file with its key, with --identity FILE".to_owned());
    }
    let mut identities: Vec<Box<dyn Identity + Send + Sync>> = Vec::new();
    for path in keys {
        let bad = |error: &dyn std::fmt::Display| {
            format!("the file with the key, {}, can't be read: {error}", path.display())
        };
        let content = File::open(path).map_err(|error| bad(&error))?;
        let read =
            IdentityFile::from_buffer(BufReader::new(content)).map_err(|error| bad(&error))?;
        identities.extend(read.into_identities().map_err(|error| bad(&error))?);
    }
    let decryptor = Decryptor::new_buffered(input).map_err(|error| why(&error))?;
    let keys = identities.iter().map(|key| &**key as &dyn Identity);
    let reader = decryptor.decrypt(keys).map_err(|error| why(&error))?;
    Ok(Opened::Decrypted(Box::new(BufReader::with_capacity(256 * 1024, reader))))
}

fn why(error: &DecryptError) -> String {
    match error {
        DecryptError::NoMatchingKeys => {
            "none of the keys can decrypt it: it is encrypted for others".to_owned()
        }
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it is cut off: its end is missing".to_owned()
        }
        DecryptError::Io(error) => format!("it can't be read: {error}"),
        DecryptError::UnknownFormat => {
            "it is encrypted in a newer format: decrypt it with age first".to_owned()
        }
        other => format!("it is damaged: {other}"),
    }
}

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(into),
            Self::Decrypted(input) => input.read(into),
        }
    }
}

impl BufRead for Opened {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Plain(input) => input.fill_buf(),
            Self::Decrypted(input) => input.fill_buf(),
        }
    }

    fn consume(&mut self, count: usize) {
        match self {
            Self::Plain(input) => input.consume(count),
            Self::Decrypted(input) => input.consume(count),
        }
    }
}
