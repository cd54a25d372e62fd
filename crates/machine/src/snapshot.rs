//! Snapshot files: a list of named, versioned parts, bound to a configuration.
//!
//! A file is a header (magic, format version, digest of the configuration, number of parts), the parts
//! (component, kind, version, BLAKE3 digest, length, zstd-compressed bytes) and a BLAKE3 digest
//! of everything before it. Numbers are little-endian. Nothing in a damaged file is
//! taken for state: every part is checked before the first is handed out.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"MSMSNAP\0";
/// Version of the container. The parts have versions of their own.
pub const FORMAT_VERSION: u32 = 1;
/// zstd level: the default, which packs 64 MiB of mostly empty RAM in well under a second.
const LEVEL: i32 = 3;
const DIGEST: usize = 32;

/// State of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name of the instance in the configuration, such as `mdp0`.
    pub component: String,
    /// What it is, such as `smmu`.
    pub kind: String,
    /// Version of the encoding of `bytes`.
    pub version: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

/// A machine's state on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Digest of the configuration of the machine it was taken from.
    pub config: [u8; DIGEST],
    /// State of every component.
    pub parts: Vec<Part>,
}

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Another kind of file.
    #[error("not a snapshot file")]
    NotASnapshot,
    /// Written by another version of the emulator.
    #[error("the snapshot has format version {found}, this build reads version {FORMAT_VERSION}")]
    Format {
        /// Version in the file.
        found: u32,
    },
    /// The file ends early.
    #[error("the snapshot ends at offset {size:#x}, inside {what} at offset {offset:#x}")]
    Truncated {
        /// What is cut.
        what: &'static str,
        /// Where it starts.
        offset: usize,
        /// Bytes of the file.
        size: usize,
    },
    /// Bytes after the end.
    #[error("the snapshot has {extra} bytes after its end at offset {end:#x}")]
    Trailing {
        /// Where it should end.
        end: usize,
        /// How many bytes follow.
        extra: usize,
    },
    /// The digest over the file does not match.
    #[error("the snapshot is damaged: the digest over the file does not match")]
    Damaged,
    /// A name is no text.
    #[error("the snapshot is damaged: the name at offset {offset:#x} is not UTF-8")]
    Name {
        /// Where it starts.
        offset: usize,
    },
    /// A part cannot be unpacked, or its digest does not match.
    #[error("the snapshot is damaged: {component} ({kind}) {why}")]
    Part {
        /// Component.
        component: String,
        /// Kind.
        kind: String,
        /// What is wrong.
        why: String,
    },
    /// Two parts for one component.
    #[error("the snapshot has two parts for {component} ({kind})")]
    Duplicate {
        /// Component.
        component: String,
        /// Kind.
        kind: String,
    },
    /// Taken from another machine.
    #[error("the snapshot was taken from another machine configuration ({found}, this one is {expected})")]
    OtherMachine {
        /// Start of the digest in the file.
        found: String,
        /// Start of the digest of this machine.
        expected: String,
    },
    /// A component of the machine has no part.
    #[error("the snapshot has no state for {component} ({kind})")]
    Missing {
        /// Component.
        component: String,
        /// Kind.
        kind: String,
    },
    /// A part has another version than this build reads.
    #[error("the snapshot has version {found} of {component} ({kind}), this build reads version {expected}")]
    Version {
        /// Component.
        component: String,
        /// Kind.
        kind: String,
        /// Version in the file.
        found: u32,
        /// Version of this build.
        expected: u32,
    },
    /// Parts that no component of the machine takes.
    #[error("the snapshot has state for what this machine does not have: {0}")]
    Leftover(String),
    /// The state of a component does not make sense to it.
    #[error("the state of {component} ({kind}) in the snapshot is not valid: {why}")]
    State {
        /// Component.
        component: String,
        /// Kind.
        kind: String,
        /// What it says.
        why: String,
    },
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Snapshot {
    /// The bytes of the file. Equal snapshots give equal bytes.
    ///
    /// # Errors
    /// Only when the compressor fails (out of memory).
    pub fn encode(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.extend(FORMAT_VERSION.to_le_bytes());
        out.extend(self.config);
        out.extend((self.parts.len() as u32).to_le_bytes());
        for part in &self.parts {
            for name in [&part.component, &part.kind] {
                out.extend((name.len() as u32).to_le_bytes());
                out.extend(name.as_bytes());
            }
            out.extend(part.version.to_le_bytes());
            out.extend(blake3::hash(&part.bytes).as_bytes());
            out.extend((part.bytes.len() as u64).to_le_bytes());
            let packed = zstd::encode_all(part.bytes.as_slice(), LEVEL)
                .map_err(|e| damaged(&part.component, &part.kind, &format!("cannot be packed: {e}")))?;
            out.extend((packed.len() as u64).to_le_bytes());
            out.extend(packed);
        }
        let digest = blake3::hash(&out);
        out.extend(digest.as_bytes());
        Ok(out)
    }

    /// Reads a file's bytes and checks every part.
    ///
    /// # Errors
    /// Anything that is not exactly what [`Snapshot::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut cursor = Cursor { bytes, at: 0 };
        if bytes.len() < MAGIC.len() || cursor.take(MAGIC.len(), "the header")? != MAGIC {
            return Err(SnapshotError::NotASnapshot);
        }
        let found = cursor.u32("the header")?;
        if found != FORMAT_VERSION {
            return Err(SnapshotError::Format { found });
        }
        let config = cursor.digest("the header")?;
        let count = cursor.u32("the header")?;
        let mut parts: Vec<Part> = Vec::new();
        for _ in 0..count {
            let part = cursor.part()?;
            if parts.iter().any(|p| p.component == part.component && p.kind == part.kind) {
                return Err(SnapshotError::Duplicate { component: part.component, kind: part.kind });
            }
            parts.push(part);
        }
        let end = cursor.at;
        let digest = cursor.digest("the digest")?;
        if cursor.at != bytes.len() {
            return Err(SnapshotError::Trailing { end: cursor.at, extra: bytes.len() - cursor.at });
        }
        if bytes.get(..end).is_none_or(|body| *blake3::hash(body).as_bytes() != digest) {
            return Err(SnapshotError::Damaged);
        }
        Ok(Self { config, parts })
    }

    /// Writes the file beside its final place and renames it, so that no half-written file ever has
    /// the name.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        // The temporary file has a random name, which a message must not show.
        let io = |e: std::io::Error| SnapshotError::Io { path: path.to_owned(), source: e.kind().into() };
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(io)?;
        file.write_all(&self.encode()?).map_err(io)?;
        file.as_file().sync_all().map_err(io)?;
        file.persist(path).map_err(|e| io(e.error))?;
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What the file system says, and anything wrong with the contents.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let bytes =
            std::fs::read(path).map_err(|source| SnapshotError::Io { path: path.to_owned(), source })?;
        Self::decode(&bytes)
    }

    /// Starts handing out the parts to a machine with the given configuration digest.
    ///
    /// # Errors
    /// When it was taken from another machine.
    pub fn for_machine(self, config: &[u8; DIGEST]) -> Result<Parts, SnapshotError> {
        if self.config != *config {
            let short = |digest: &[u8; DIGEST]| blake3::Hash::from(*digest).to_hex()[..12].to_owned();
            return Err(SnapshotError::OtherMachine { found: short(&self.config), expected: short(config) });
        }
        Ok(Parts { left: self.parts })
    }
}

/// The parts of a snapshot that have not been handed out yet.
#[derive(Debug)]
pub struct Parts {
    left: Vec<Part>,
}

impl Parts {
    /// Takes the state of a component.
    ///
    /// # Errors
    /// When there is none, or one of another version.
    pub fn take(&mut self, component: &str, kind: &str, version: u32) -> Result<Vec<u8>, SnapshotError> {
        let (component, kind) = (component.to_owned(), kind.to_owned());
        let found = self.left.iter().position(|p| p.component == component && p.kind == kind);
        let Some(index) = found else {
            return Err(SnapshotError::Missing { component, kind });
        };
        let part = self.left.remove(index);
        if part.version != version {
            let (found, expected) = (part.version, version);
            return Err(SnapshotError::Version { component, kind, found, expected });
        }
        Ok(part.bytes)
    }

    /// Checks that everything was taken.
    ///
    /// # Errors
    /// When the snapshot has state for components the machine does not have.
    pub fn finish(self) -> Result<(), SnapshotError> {
        if self.left.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.left.iter().map(|p| format!("{} ({})", p.component, p.kind)).collect();
        Err(SnapshotError::Leftover(names.join(", ")))
    }
}

fn damaged(component: &str, kind: &str, why: &str) -> SnapshotError {
    SnapshotError::Part { component: component.into(), kind: kind.into(), why: why.into() }
}

struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'b [u8], SnapshotError> {
        let end = self.at.checked_add(length);
        let Some(bytes) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return Err(SnapshotError::Truncated { what, offset: self.at, size: self.bytes.len() });
        };
        self.at += length;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], SnapshotError> {
        let offset = self.at;
        let size = self.bytes.len();
        let bytes = self.take(N, what)?;
        bytes.try_into().map_err(|_| SnapshotError::Truncated { what, offset, size })
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, SnapshotError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    fn digest(&mut self, what: &'static str) -> Result<[u8; DIGEST], SnapshotError> {
        self.array(what)
    }

    fn name(&mut self) -> Result<String, SnapshotError> {
        let length = self.u32("a part's header")? as usize;
        let offset = self.at;
        let bytes = self.take(length, "a part's name")?;
        let name = core::str::from_utf8(bytes).map_err(|_| SnapshotError::Name { offset })?;
        Ok(name.to_owned())
    }

    fn part(&mut self) -> Result<Part, SnapshotError> {
        let component = self.name()?;
        let kind = self.name()?;
        let version = self.u32("a part's header")?;
        let digest = self.digest("a part's header")?;
        let length = self.u64("a part's header")?;
        let packed_length = self.u64("a part's header")?;
        let packed_length = usize::try_from(packed_length).unwrap_or(usize::MAX);
        let packed = self.take(packed_length, "a part's state")?;
        let fail = |why: &str| damaged(&component, &kind, why);
        // The length is a claim: memory is taken only as bytes really come out, and never more.
        let mut bytes = Vec::new();
        let decoder = zstd::Decoder::new(packed).map_err(|e| fail(&format!("cannot be unpacked: {e}")))?;
        let mut limited = decoder.take(length.saturating_add(1));
        limited.read_to_end(&mut bytes).map_err(|e| fail(&format!("cannot be unpacked: {e}")))?;
        if bytes.len() as u64 != length {
            return Err(fail("has another length than announced"));
        }
        if *blake3::hash(&bytes).as_bytes() != digest {
            return Err(fail("does not match its digest"));
        }
        Ok(Part { component, kind, version, bytes })
    }
}
