//! What is exported from register tables, and where to: `docs/registers/NAME.svd` and
//! `docs/src/reference/NAME-registers.md`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use msmemu_regs::BlockDesc;

use crate::{coverage, svd};

/// One kind of block: everything behind one register window.
pub(crate) struct Export {
    /// Name of the files and of the SVD peripheral.
    pub(crate) name: &'static str,
    /// One line for titles.
    pub(crate) title: &'static str,
    /// Size in bytes of the window.
    pub(crate) size: u32,
    /// The register blocks inside the window.
    pub(crate) parts: &'static [Part],
    /// Registers that hardware has and the model has not: name, offset, why.
    pub(crate) absent: &'static [(&'static str, u32, &'static str)],
    /// Markdown that stands before the tables: limits and provenance.
    pub(crate) preface: &'static str,
}

/// One register block inside a window.
pub(crate) struct Part {
    /// Its tables.
    pub(crate) block: BlockDesc,
    /// Byte offset in the window.
    pub(crate) offset: u32,
    /// How the block repeats, if it does.
    pub(crate) banks: Option<Banks>,
}

/// Equal copies of a block.
pub(crate) struct Banks {
    /// Name of one.
    pub(crate) name: &'static str,
    /// Number of copies that the SVD shows.
    pub(crate) count: u32,
    /// Bytes from one to the next.
    pub(crate) stride: u32,
}

/// Every exported block.
pub(crate) const EXPORTS: &[Export] = &[];

fn files(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for export in EXPORTS {
        files.push((root.join(format!("docs/registers/{}.svd", export.name)), svd::file(export)?));
        let page = root.join(format!("docs/src/reference/{}-registers.md", export.name));
        files.push((page, coverage::page(export)));
    }
    Ok(files)
}

/// Writes every export.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("wrote {}", path.strip_prefix(root).unwrap_or(&path).display());
    }
    Ok(())
}

/// Compares every export with the file in the tree.
pub(crate) fn check(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        let found = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        if found != text {
            bail!(
                "{} differs from the tables; `cargo xtask svd` writes it",
                path.strip_prefix(root).unwrap_or(&path).display()
            );
        }
    }
    Ok(())
}
