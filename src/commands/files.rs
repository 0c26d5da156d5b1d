//! Writing files of the user: all of a text or nothing of it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use crate::commands::CommandError;

/// Writes a file as a whole: whoever reads it finds all of the old or all of the new text. Permissions stay.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), CommandError> {
    write_whole(path, text).map_err(|source| failed(path, source))
}

/// Writes at the end of a file, which need not be there.
pub(super) fn append(path: &Path, text: &[u8]) -> Result<(), CommandError> {
    let opened = OpenOptions::new().create(true).append(true).open(path);
    opened
        .and_then(|mut file| file.write_all(text))
        .map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> CommandError {
    CommandError::WriteFile {
        path: path.display().to_string(),
        source,
    }
}

fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let before = std::fs::symlink_metadata(path).ok();
    // Devices, pipes and links are written through, not replaced.
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
        return file.write_all(text);
    }
    // A file that must not be written must not be replaced either.
    if before.is_some() {
        OpenOptions::new().append(true).open(path)?;
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = Builder::new();
    // What the umask leaves of reading and writing for all, as of any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    if let Some(before) = before {
        builder.permissions(before.permissions());
    }
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.json");
        replace(&path, b"one").unwrap();
        append(&path, b" two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o640);
            std::fs::set_permissions(&path, private).unwrap();
            replace(&path, b"three").unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
        }
        assert!(replace(&folder.path().join("no/such/folder"), b"").is_err());
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "no temporary file stays behind");
    }
}
