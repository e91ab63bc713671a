//! Hashing passwords with Argon2id. As many are hashed at a time as there are cores, in memory
//! areas that are reused. Without this limit a flood of logins would take gigabytes and all cores.
//! Known callers go before strangers, so that a flood of strangers does not keep a known device
//! out.

mod areas;

use std::{sync::Arc, thread, time::Duration};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use shared::{
    FieldError,
    account::{Role, check_password},
};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{error::Error, keys::random_bytes};
use areas::Areas;

/// The longest wait for a place.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The length of each queue as a multiple of the places. A longer queue would mean too long a wait
/// anyway.
const QUEUE_FACTOR: usize = 64;

/// By how much the priority of hashing is lower. On a busy machine it still gets a third of what another
/// thread gets.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// The result of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is wrong.
    Wrong,
    /// The password is right.
    Right {
        /// Whether its hash has weaker parameters than new hashes.
        is_outdated: bool,
    },
}

/// The priority of a caller who waits for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashPriority {
    /// A caller with a session, a known device or a valid one-time code.
    Known,
    /// Any other caller.
    Stranger,
}

/// Hashes and verifies passwords.
pub struct Passwords {
    cores: usize,
    places: Arc<Semaphore>,
    /// A stranger needs a turn before queueing for a place. The number of turns equals that of
    /// places, so known callers never wait behind more strangers than that.
    turns: Arc<Semaphore>,
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    areas: Areas,
    /// The cost of a new hash.
    cost: Params,
    /// Verified where the user does not exist, so that this takes as long as usual.
    decoy: String,
}

impl Passwords {
    /// Makes as many places as there are cores. New hashes have this cost: `Params::default()`,
    /// except in tests, which would otherwise spend most of their time on hashing.
    pub fn new(cost: Params) -> Result<Self, String> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let decoy = decoy(&cost).map_err(|error| error.to_string())?;
        Ok(Self {
            cores,
            places: Arc::new(Semaphore::new(cores)),
            turns: Arc::new(Semaphore::new(cores)),
            known: Arc::new(Semaphore::new(cores * QUEUE_FACTOR)),
            strangers: Arc::new(Semaphore::new(cores * QUEUE_FACTOR)),
            areas: Areas::default(),
            cost,
            decoy,
        })
    }

    /// The numbers of passwords that are being hashed and that wait to be hashed.
    pub fn load(&self) -> (usize, usize) {
        let working = self.cores.saturating_sub(self.places.available_permits());
        let queue = self.cores * QUEUE_FACTOR;
        let asked = |queued: &Semaphore| queue.saturating_sub(queued.available_permits());
        let asked = asked(&self.known) + asked(&self.strangers);
        (working, asked.saturating_sub(working))
    }

    /// The hash of a new password, as a PHC string. Fails where too many callers wait.
    pub async fn hash(&self, password: &str, rank: HashPriority) -> Result<String, Error> {
        let (password, cost) = (password.as_bytes().to_vec(), self.cost.clone());
        self.run(rank, move |area| hash_in(area, &cost, &password)).await
    }

    /// Verifies a password. Without a stored hash the result is [`Verdict::Wrong`], after the same
    /// work. Fails where too many callers wait.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<&str>,
        rank: HashPriority,
    ) -> Result<Verdict, Error> {
        let is_known = stored.is_some();
        let stored = stored.unwrap_or(&self.decoy).to_owned();
        let (password, cost) = (password.as_bytes().to_vec(), self.cost.clone());
        let verdict =
            self.run(rank, move |area| verify_in(area, &cost, &password, &stored)).await?;
        Ok(if is_known { verdict } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(
        &self,
        rank: HashPriority,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let busy = || Error::Unavailable { reason: "too many logins at once", after: 2 };
        let queue = match rank {
            HashPriority::Known => &self.known,
            HashPriority::Stranger => &self.strangers,
        };
        let _queued = Arc::clone(queue).try_acquire_owned().map_err(|_| busy())?;
        let waited = tokio::time::timeout(WAIT_MAX, self.place(rank)).await;
        let place = waited.map_err(|_| busy())?.map_err(|e| Error::Internal(Box::new(e)))?;
        let mut area = self.areas.request();
        let (done, outcome) = oneshot::channel();
        // A thread of its own, whose priority can be lowered. Its start is a thousandth of the work.
        let started = thread::Builder::new().name("password".to_owned()).spawn(move || {
            // The place belongs to the work, not to the request, which may be dropped before the
            // work ends.
            let _place = place;
            give_way();
            let result = work(&mut area.blocks);
            drop(area);
            // The request may be gone.
            drop(done.send(result));
        });
        started.map_err(failed)?;
        outcome.await.map_err(failed)?
    }

    /// Waits for a place. A stranger holds the turn as long as the place.
    async fn place(
        &self,
        rank: HashPriority,
    ) -> Result<(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>), AcquireError> {
        let turn = match rank {
            HashPriority::Known => None,
            HashPriority::Stranger => Some(Arc::clone(&self.turns).acquire_owned().await?),
        };
        Ok((Arc::clone(&self.places).acquire_owned().await?, turn))
    }
}

/// Lets the threads that serve other requests go first: a core that hashes would otherwise keep each of them
/// waiting for milliseconds. Linux has a priority for each thread.
#[cfg(target_os = "linux")]
fn give_way() {
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the priority of a thread could not be lowered");
    }
}

#[cfg(not(target_os = "linux"))]
fn give_way() {}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("hashing a password: {error}"))
}

fn fill(
    area: &mut Vec<Block>,
    params: Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), Error> {
    let blocks = params.block_count();
    if area.len() < blocks {
        area.resize(blocks, Block::default());
    }
    let area = area.get_mut(..blocks).unwrap_or_default();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, output, area).map_err(failed)
}

fn hash_in(area: &mut Vec<Block>, cost: &Params, password: &[u8]) -> Result<String, Error> {
    let salt = Salt::generate();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    fill(area, cost.clone(), password, salt.as_ref(), &mut output)?;
    phc(cost, salt, &output)
}

/// A hash of this cost that no password is known to have.
fn decoy(cost: &Params) -> Result<String, Error> {
    let output = random_bytes::<{ Params::DEFAULT_OUTPUT_LEN }>().map_err(failed)?;
    phc(cost, Salt::generate(), &output)
}

/// A hash as a PHC string.
fn phc(cost: &Params, salt: Salt, output: &[u8]) -> Result<String, Error> {
    let hash = PasswordHash {
        algorithm: Ident::new("argon2id").map_err(failed)?,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(cost).map_err(failed)?,
        salt: Some(salt),
        hash: Some(Output::new(output).map_err(failed)?),
    };
    Ok(hash.to_string())
}

fn verify_in(
    area: &mut Vec<Block>,
    cost: &Params,
    password: &[u8],
    stored: &str,
) -> Result<Verdict, Error> {
    let parsed = PasswordHash::new(stored).map_err(failed)?;
    let params = Params::try_from(&parsed).map_err(failed)?;
    // A manipulated row must not make the server allocate all memory.
    if params.m_cost() > 256 * 1024 || params.t_cost() > 10 || params.p_cost() > 4 {
        return Err(failed("the stored parameters are out of bounds"));
    }
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
        return Err(failed("the stored hash has no salt or no value"));
    };
    let is_outdated = params.m_cost() < cost.m_cost() || params.t_cost() < cost.t_cost();
    let mut output = vec![0; expected.len()];
    fill(area, params, password, salt.as_ref(), &mut output)?;
    // The comparison of `phc` takes constant time.
    let is_right = Output::new(&output).map_err(failed)? == expected;
    Ok(if is_right { Verdict::Right { is_outdated } } else { Verdict::Wrong })
}

/// The minimum number of guesses, by zxcvbn's estimate, for the password of a role.
fn guesses_min(role: Role) -> u64 {
    if role.is_staff() { 100_000_000 } else { 10_000 }
}

/// How many characters of a password the estimate reads. In the worst case this takes as long as a hash.
/// More characters take much longer, because substitutions such as `4` for `a` multiply.
const ESTIMATED_MAX: usize = 24;

/// Checks a new password: the rules that clients check too, and zxcvbn's estimate of how many guesses it
/// takes. The estimate knows common passwords, words, and `own`: the user's e-mail address, username and
/// name.
pub fn check_new(password: &str, role: Role, own: &[&str]) -> Result<(), FieldError> {
    check_password(password, role, own)?;
    if guesses(password, own) < guesses_min(role) {
        let message = "is too easy to guess: use several words that have nothing to do with you or \
            with one another";
        return Err(FieldError::new("well_known", message));
    }
    Ok(())
}

/// The estimated number of guesses for the beginning of a password.
fn guesses(password: &str, own: &[&str]) -> u64 {
    let beginning = |text: &str| text.chars().take(ESTIMATED_MAX).collect::<String>();
    let parts = own.iter().flat_map(|own| own.split(['@', ' ']).chain([*own]));
    let known: Vec<String> = parts.filter(|part| !part.is_empty()).map(beginning).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    zxcvbn::zxcvbn(&beginning(password), &known).guesses()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use shared::account::PASSWORD_MAX;

    use super::*;

    #[tokio::test]
    async fn the_same_password_is_right_and_any_other_wrong() {
        let passwords = Passwords::new(Params::default()).unwrap();
        let hash = passwords.hash("a long walk by the sea", HashPriority::Known).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let right = Verdict::Right { is_outdated: false };
        assert_eq!(
            passwords
                .verify("a long walk by the sea", Some(&hash), HashPriority::Known)
                .await
                .unwrap(),
            right
        );
        assert_eq!(
            passwords
                .verify("A long walk by the sea", Some(&hash), HashPriority::Known)
                .await
                .unwrap(),
            Verdict::Wrong
        );
        assert_eq!(
            passwords.verify("nobody's password", None, HashPriority::Known).await.unwrap(),
            Verdict::Wrong
        );
    }

    #[tokio::test]
    async fn weak_hashes_are_recognised_and_oversized_ones_refused() {
        let passwords = Passwords::new(Params::default()).unwrap();
        let salt = "c29tZXNhbHRzb21lc2FsdA";
        let weak = {
            let argon2 = Argon2::new(
                Algorithm::Argon2id,
                Version::V0x13,
                Params::new(1024, 1, 1, None).unwrap(),
            );
            let mut output = [0; 32];
            argon2.hash_password_into(b"x", b"somesaltsomesalt", &mut output).unwrap();
            let output = Output::new(&output).unwrap();
            format!("$argon2id$v=19$m=1024,t=1,p=1${salt}${output}")
        };
        let outdated = Verdict::Right { is_outdated: true };
        assert_eq!(
            passwords.verify("x", Some(&weak), HashPriority::Known).await.unwrap(),
            outdated
        );
        let monstrous = weak.replace("m=1024", "m=9999999");
        assert!(passwords.verify("x", Some(&monstrous), HashPriority::Known).await.is_err());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_gives_way_to_other_threads() {
        let priority = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let (_, numbers) = stat.rsplit_once(')').unwrap();
            // proc_pid_stat(5): the nineteenth value is the nice value.
            numbers.split_whitespace().nth(16).unwrap().parse::<i32>().unwrap()
        };
        let passwords = Passwords::new(Params::default()).unwrap();
        let own = priority();
        let hashing = passwords.run(HashPriority::Known, move |_| Ok(priority())).await.unwrap();
        assert_eq!(hashing, (own + NICE).min(19));
        assert_eq!(priority(), own);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn too_many_waiting_hashes_are_refused() {
        let passwords = Arc::new(Passwords::new(Params::default()).unwrap());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let attempts = (0..cores * QUEUE_FACTOR * 4).map(|_| {
            let passwords = Arc::clone(&passwords);
            tokio::spawn(async move { passwords.verify("x", None, HashPriority::Stranger).await })
        });
        let (mut hashed, mut refused) = (0, 0);
        for attempt in attempts.collect::<Vec<_>>() {
            match attempt.await.unwrap() {
                Ok(_) => hashed += 1,
                Err(Error::Unavailable { after, .. }) if after > 0 => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(hashed > 0 && refused > 0, "{hashed} hashed, {refused} refused");
        assert!(passwords.areas.idle() <= cores);
    }

    /// Starts work that lasts until the returned sender is dropped, and that records its number
    /// when it begins.
    fn begin(
        passwords: &Arc<Passwords>,
        rank: HashPriority,
        number: usize,
        begun: &Arc<Mutex<Vec<usize>>>,
    ) -> std::sync::mpsc::Sender<()> {
        let (done, end) = std::sync::mpsc::channel::<()>();
        let (passwords, begun) = (Arc::clone(passwords), Arc::clone(begun));
        tokio::spawn(async move {
            let work = move |_: &mut Vec<Block>| {
                begun.lock().unwrap().push(number);
                let _ = end.recv();
                Ok(())
            };
            let _ = passwords.run(rank, work).await;
        });
        done
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_known_user_is_hashed_before_waiting_strangers() {
        const KNOWN: usize = usize::MAX;
        let passwords = Arc::new(Passwords::new(Params::default()).unwrap());
        let (cores, begun) = (passwords.cores, Arc::new(Mutex::default()));
        let until = async |is_so: &dyn Fn() -> bool| {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        let waiting = cores * (QUEUE_FACTOR - 1);
        let mut strangers: Vec<_> = (0..cores * QUEUE_FACTOR)
            .map(|number| Some(begin(&passwords, HashPriority::Stranger, number, &begun)))
            .collect();
        until(&|| passwords.load() == (cores, waiting)).await;
        let refused = passwords.verify("x", None, HashPriority::Stranger).await;
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
        let _known = begin(&passwords, HashPriority::Known, KNOWN, &begun);
        until(&|| passwords.load() == (cores, waiting + 1)).await;
        until(&|| begun.lock().unwrap().len() == cores).await;
        // One place becomes free, and one waiting caller gets it.
        let at_work = begun.lock().unwrap()[0];
        strangers[at_work].take();
        until(&|| begun.lock().unwrap().len() > cores).await;
        assert_eq!(begun.lock().unwrap()[cores], KNOWN);
    }

    #[test]
    fn passwords_that_are_guessed_early_are_refused() {
        let own = ["ana.gomez@hospital.example.com", "ana_g", "Ana Gómez"];
        let code = |password: &str, role| check_new(password, role, &own).err().map(|c| c.code);
        for early in [
            "password",
            "12345678",
            "qwertyuiop",
            "Iloveyou",
            "PASSWORD1",
            "P@ssw0rd",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "Ana.Gomez",
        ] {
            assert_eq!(code(early, Role::Member), Some("well_known"), "{early}");
        }
        for early in
            ["securepassword123", "123456789012345", "PasswordPassword", "aaaaaaaaaaaaaaaa"]
        {
            assert_eq!(code(early, Role::Staff), Some("well_known"), "{early}");
            assert_eq!(code(early, Role::Admin), Some("well_known"), "{early}");
        }
        assert_eq!(code("ana.gomez@hospital.example.com1", Role::Staff), Some("well_known"));
        for late in ["a long walk by the sea", "correct horse battery staple", "quiet-lamp-otter-7"]
        {
            assert_eq!(code(late, Role::Admin), None, "{late}");
        }
    }

    #[test]
    fn the_passwords_that_earlier_systems_print_are_good_enough_for_members() {
        for (password, own) in [
            ("securepassword123", ["john@example.com", "johndoe", "John Doe"]),
            ("securepassword123", ["user@example.com", "", "John Doe"]),
            ("yourpassword", ["user@example.com", "", "Your Name"]),
            ("Secure@123", ["rahul.kumar@gmail.com", "rahul_kumar", ""]),
            ("testpass123", ["test@example.com", "", "Test User"]),
        ] {
            for role in [Role::Member, Role::Patient, Role::Doctor] {
                assert_eq!(check_new(password, role, &own), Ok(()), "{password}");
            }
        }
    }

    #[test]
    fn long_passwords_are_estimated_in_bounded_time() {
        let leet: String = "4@8({[<369!1|705$+7%2".chars().cycle().take(PASSWORD_MAX).collect();
        let beginning: String = leet.chars().take(ESTIMATED_MAX).collect();
        assert_eq!(guesses(&leet, &[]), guesses(&beginning, &[]));
        assert!(guesses(&leet, &[]) > guesses_min(Role::Admin));
    }
}
