//! Files of the host for semihosting, confined to one directory.
//!
//! Names that the guest gives are relative to the directory; absolute ones and those that lead out of it, also by way of
//! symbolic links, are refused. Only regular files can be opened: a pipe or a device could block the emulator. Error numbers
//! are those of Linux on every host.

use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use msmemu_machine::cpu::semihosting::{Errno, HostFile, OpenMode};

/// A directory whose files the guest may open, write, rename and remove.
#[derive(Debug)]
pub struct Directory {
    dir: Dir,
    /// Open files by their numbers.
    files: Vec<Option<File>>,
}

/// The error number that stands for a failure of the host.
fn errno(error: &io::Error) -> Errno {
    Errno(match error.kind() {
        ErrorKind::NotFound => 2,
        ErrorKind::PermissionDenied => 13,
        ErrorKind::AlreadyExists => 17,
        ErrorKind::NotADirectory => 20,
        ErrorKind::IsADirectory => 21,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => 22,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => 28,
        ErrorKind::FileTooLarge => 27,
        ErrorKind::ReadOnlyFilesystem => 30,
        ErrorKind::DirectoryNotEmpty => 39,
        _ => 5,
    })
}

/// Neither a file's length nor a position can be told in 32 bits.
const OVERFLOW: Errno = Errno(75);

/// A name as the guest gave it; the call may count the byte that ends it.
fn name(bytes: &[u8]) -> Result<&str, Errno> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .ok()
        .filter(|name| !name.is_empty() && !name.contains('\0'))
        .ok_or(Errno::INVAL)
}

impl Directory {
    /// Gives the guest a directory.
    ///
    /// # Errors
    /// When it is none, or can not be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { dir, files: Vec::new() })
    }

    /// SYS_OPEN.
    pub(crate) fn open_file(&mut self, file: &[u8], mode: OpenMode) -> Result<HostFile, Errno> {
        let name = name(file)?;
        let create = mode.truncate || mode.append;
        match self.dir.metadata(name) {
            Ok(found) if found.is_file() => {}
            Ok(found) if found.is_dir() => return Err(Errno(21)),
            Ok(_) => return Err(Errno(13)),
            Err(error) if error.kind() == ErrorKind::NotFound && create => {}
            Err(error) => return Err(errno(&error)),
        }
        let mut options = OpenOptions::new();
        // A file that is appended to is not opened for writing anywhere else.
        options.read(mode.read).write(mode.write && !mode.append).append(mode.append);
        options.truncate(mode.truncate).create(create);
        let opened = self.dir.open_with(name, &options).map_err(|error| errno(&error))?;
        let free = self.files.iter().position(Option::is_none).unwrap_or_else(|| {
            self.files.push(None);
            self.files.len() - 1
        });
        self.files[free] = Some(opened);
        Ok(HostFile(free as u32))
    }

    fn file(&mut self, file: HostFile) -> Result<&mut File, Errno> {
        self.files.get_mut(file.0 as usize).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    /// SYS_CLOSE.
    pub(crate) fn close(&mut self, file: HostFile) -> Result<(), Errno> {
        self.file(file)?;
        self.files[file.0 as usize] = None;
        Ok(())
    }

    /// SYS_READ.
    pub(crate) fn read(&mut self, file: HostFile, buffer: &mut [u8]) -> Result<usize, Errno> {
        let file = self.file(file)?;
        let mut done = 0;
        // As much as there is: how the host cuts a read is not to be seen.
        while done < buffer.len() {
            match file.read(&mut buffer[done..]) {
                Ok(0) => break,
                Ok(more) => done += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(&error)),
            }
        }
        Ok(done)
    }

    /// SYS_WRITE.
    pub(crate) fn write(&mut self, file: HostFile, bytes: &[u8]) -> Result<usize, Errno> {
        self.file(file)?.write_all(bytes).map_err(|error| errno(&error))?;
        Ok(bytes.len())
    }

    /// SYS_SEEK.
    pub(crate) fn seek(&mut self, file: HostFile, position: u32) -> Result<(), Errno> {
        self.file(file)?.seek(SeekFrom::Start(position.into())).map_err(|error| errno(&error))?;
        Ok(())
    }

    /// SYS_FLEN.
    pub(crate) fn length(&mut self, file: HostFile) -> Result<u32, Errno> {
        let length = self.file(file)?.metadata().map_err(|error| errno(&error))?.len();
        u32::try_from(length).map_err(|_| OVERFLOW)
    }

    /// SYS_REMOVE.
    pub(crate) fn remove(&mut self, file: &[u8]) -> Result<(), Errno> {
        self.dir.remove_file(name(file)?).map_err(|error| errno(&error))
    }

    /// SYS_RENAME.
    pub(crate) fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.dir.rename(name(from)?, &self.dir, name(to)?).map_err(|error| errno(&error))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const READ: OpenMode =
        OpenMode { read: true, write: false, truncate: false, append: false, binary: true };
    const WRITE: OpenMode =
        OpenMode { read: false, write: true, truncate: true, append: false, binary: true };
    const APPEND: OpenMode =
        OpenMode { read: true, write: true, truncate: false, append: true, binary: true };

    #[test]
    fn files_are_written_read_renamed_and_removed() {
        let place = tempfile::tempdir().unwrap();
        let mut host = Directory::open(place.path()).unwrap();
        assert_eq!(host.open_file(b"a", READ), Err(Errno::NOENT));
        let file = host.open_file(b"a\0", WRITE).unwrap();
        assert_eq!(host.write(file, b"0123456789"), Ok(10));
        assert_eq!(host.seek(file, 3), Ok(()));
        assert_eq!(host.write(file, b"x"), Ok(1));
        assert!(host.read(file, &mut [0; 4]).is_err(), "not opened for reading");
        assert_eq!((host.close(file), host.close(file)), (Ok(()), Err(Errno::BADF)));
        let file = host.open_file(b"a", APPEND).unwrap();
        assert_eq!((host.write(file, b"!"), host.length(file)), (Ok(1), Ok(11)));
        assert_eq!(host.seek(file, 2), Ok(()));
        let mut buffer = [0; 20];
        assert_eq!(host.read(file, &mut buffer), Ok(9));
        assert_eq!(&buffer[..9], b"2x456789!");
        assert_eq!(host.rename(b"a", b"b"), Ok(()));
        assert_eq!((host.remove(b"a"), host.remove(b"b")), (Err(Errno::NOENT), Ok(())));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_outside_of_the_directory_is_reached() {
        let place = tempfile::tempdir().unwrap();
        let inside = place.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(place.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../secret", inside.join("link")).unwrap();
        std::os::unix::fs::symlink(place.path(), inside.join("up")).unwrap();
        let mut host = Directory::open(&inside).unwrap();
        let absolute = place.path().join("secret");
        let absolute = absolute.to_str().unwrap().as_bytes();
        for name in [b"../secret".as_slice(), b"link", b"up/secret", b"inside/../../secret", absolute] {
            assert!(host.open_file(name, READ).is_err(), "{}", String::from_utf8_lossy(name));
            assert!(host.open_file(name, WRITE).is_err(), "{}", String::from_utf8_lossy(name));
        }
        assert!(host.remove(b"../secret").is_err() && host.rename(b"../secret", b"mine").is_err());
        assert!(host.rename(b"link", b"../link").is_err());
        for name in [b"".as_slice(), b"\0", b"a\0b", b"\xff\xfe"] {
            assert_eq!(host.open_file(name, WRITE), Err(Errno::INVAL));
        }
        assert_eq!(std::fs::read(place.path().join("secret")).unwrap(), b"x");
    }

    #[test]
    fn only_regular_files_are_opened() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("folder")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(place.path().join("socket")).unwrap();
        let mut host = Directory::open(place.path()).unwrap();
        assert_eq!(host.open_file(b"folder", READ), Err(Errno(21)));
        assert_eq!(host.open_file(b"socket", READ), Err(Errno(13)));
        assert!(Directory::open(&place.path().join("none")).is_err());
    }
}
