//! `cargo xtask guest`: builds the bare-metal images of `guest-images/images.toml`.
//!
//! The built ELF files are committed, so that running them needs no cross compiler; `--check` rebuilds them
//! elsewhere and compares every byte.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// `guest-images/images.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// First line of `COMPILER --version` that the committed files were built with.
    compiler_version: String,
    /// Flags of every image.
    flags: Vec<String>,
    /// Groups of images.
    group: Vec<Group>,
}

/// Images that share a folder, flags and a linker script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Folder under `guest-images/`.
    folder: String,
    /// Further flags.
    #[serde(default)]
    flags: Vec<String>,
    /// Linker script, in the folder.
    script: String,
    /// Sources of every image of the group, in the folder.
    #[serde(default)]
    shared: Vec<String>,
    /// Where the ELF files go, in the folder.
    #[serde(default)]
    out: String,
    /// Image name, and its own sources.
    images: std::collections::BTreeMap<String, Vec<String>>,
}

const COMPILER: &str = "arm-linux-gnueabihf-gcc";

/// Builds the images named (all when none is), in place or, with `check`, elsewhere and compares.
pub(crate) fn run(root: &Path, names: &[String], check: bool) -> Result<()> {
    let folder = root.join("guest-images");
    let path = folder.join("images.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let manifest: Manifest = toml::from_str(&text).with_context(|| format!("reading {}", path.display()))?;
    let version = compiler_version()?;
    if version != manifest.compiler_version {
        bail!(
            "the images are built with \"{}\", this is \"{version}\"; other compilers give other bytes",
            manifest.compiler_version
        );
    }
    let known: Vec<&String> = manifest.group.iter().flat_map(|g| g.images.keys()).collect();
    if let Some(unknown) = names.iter().find(|n| !known.contains(n)) {
        bail!("no image is called {unknown}; there are {known:?}");
    }
    let mut differ = Vec::new();
    for group in &manifest.group {
        for (name, sources) in &group.images {
            if !names.is_empty() && !names.contains(name) {
                continue;
            }
            let committed = folder.join(&group.folder).join(&group.out).join(format!("{name}.elf"));
            let built = build(&folder, &manifest, group, name, sources)?;
            if !check {
                std::fs::write(&committed, built)
                    .with_context(|| format!("writing {}", committed.display()))?;
                println!("built {name}");
            } else if std::fs::read(&committed).with_context(|| format!("reading {}", committed.display()))?
                != built
            {
                differ.push(name.as_str());
            }
        }
    }
    if !differ.is_empty() {
        bail!("a rebuild gives other bytes than the committed files of: {}", differ.join(", "));
    }
    if check {
        println!("a rebuild gives the bytes of the committed images");
    }
    Ok(())
}

fn compiler_version() -> Result<String> {
    let output = Command::new(COMPILER)
        .arg("--version")
        .output()
        .with_context(|| format!("{COMPILER} can not be started (Debian package gcc-arm-linux-gnueabihf)"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn build(
    folder: &Path,
    manifest: &Manifest,
    group: &Group,
    name: &str,
    sources: &[String],
) -> Result<Vec<u8>> {
    let at = folder.join(&group.folder);
    let scratch: PathBuf = std::env::temp_dir().join(format!("msmemu-guest-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    // Sources are named relative to their folder and objects relative to the scratch folder: both names get
    // into the symbol table, and must be the same everywhere.
    let mut objects = Vec::new();
    for source in group.shared.iter().chain(sources) {
        let object = Path::new(source).with_extension("o").display().to_string().replace('/', "-");
        let mut command = compiler(manifest, group, &at);
        run_compiler(command.arg("-c").arg(source).arg("-o").arg(scratch.join(&object)), name)?;
        objects.push(object);
    }
    let mut command = compiler(manifest, group, &scratch);
    command.args(&objects).arg("-T").arg(at.join(&group.script)).args(["-o", "image.elf"]);
    run_compiler(&mut command, name)?;
    let bytes = std::fs::read(scratch.join("image.elf"))?;
    std::fs::remove_dir_all(&scratch)?;
    Ok(bytes)
}

fn compiler(manifest: &Manifest, group: &Group, folder: &Path) -> Command {
    let mut command = Command::new(COMPILER);
    command.current_dir(folder).args(&manifest.flags).args(&group.flags);
    command
}

fn run_compiler(command: &mut Command, name: &str) -> Result<()> {
    let status = command.status()?;
    if !status.success() {
        bail!("building {name} failed: {COMPILER} ended with {status}");
    }
    Ok(())
}
