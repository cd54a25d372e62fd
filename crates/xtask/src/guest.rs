//! `cargo xtask guest`: builds the bare-metal images of `guest-images/images.toml`.
//!
//! The built ELF files are committed, so that running them needs no cross compiler, and so are their hashes;
//! `--check` rebuilds them elsewhere and compares every byte. Another compiler builds them for the slow suite.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// `guest-images/images.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// First line of `gcc --version` that the committed files were built with.
    compiler_version: String,
    /// What another compiler needs in place of the flags written for gcc.
    clang: Clang,
    /// Objects that groups share.
    library: Vec<Library>,
    /// Groups of images.
    group: Vec<Group>,
}

/// Changes of flags for clang.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clang {
    /// Flags that it does not know.
    without: Vec<String>,
    /// Flags that it needs.
    with: Vec<String>,
}

/// Sources that are compiled once and linked into every image of its groups.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    name: String,
    /// Folder under `guest-images/`.
    folder: String,
    /// Flags of its sources, and of those of its groups.
    flags: Vec<String>,
    /// Linker script of its groups, in the folder.
    script: String,
    sources: Vec<String>,
}

/// Images that share a folder, flags and a linker script.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    /// Folder under `guest-images/`.
    folder: String,
    /// Name of a library that gives flags, script and objects.
    library: Option<String>,
    /// Further flags.
    #[serde(default)]
    flags: Vec<String>,
    /// Linker script in the folder, without a library.
    script: Option<String>,
    /// Sources of every image of the group, in the folder.
    #[serde(default)]
    shared: Vec<String>,
    /// Where the ELF files go, in the folder.
    #[serde(default)]
    out: String,
    images: BTreeMap<String, Image>,
}

/// An image: its own sources, in the folder of the group.
#[derive(Deserialize)]
#[serde(untagged)]
enum Image {
    Sources(Vec<String>),
    Flagged { sources: Vec<String>, flags: Vec<String> },
}

impl Image {
    fn sources(&self) -> &[String] {
        match self {
            Self::Sources(sources) | Self::Flagged { sources, .. } => sources,
        }
    }

    fn flags(&self) -> &[String] {
        match self {
            Self::Sources(_) => &[],
            Self::Flagged { flags, .. } => flags,
        }
    }
}

/// Which compiler builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Compiler {
    /// The distribution's cross compiler, that of the committed files.
    Gcc,
    /// clang with the distribution's cross linker.
    Clang,
}

impl Compiler {
    fn program(self) -> &'static str {
        match self {
            Self::Gcc => "arm-linux-gnueabihf-gcc",
            Self::Clang => "clang",
        }
    }
}

/// What to build, and what to do with it.
pub(crate) struct Job<'a> {
    /// Images; all when none is named.
    pub names: &'a [String],
    /// Compare with the committed files.
    pub check: bool,
    pub compiler: Compiler,
    /// Write them here, in place of where they are committed.
    pub to: Option<&'a Path>,
}

/// The list, its folder and the scratch folder of one build.
struct Builder {
    list: List,
    folder: PathBuf,
    scratch: PathBuf,
    compiler: Compiler,
}

/// Name of the file of hashes, in `guest-images/`.
const MANIFEST: &str = "MANIFEST";

/// Does a job.
pub(crate) fn run(root: &Path, job: &Job<'_>) -> Result<()> {
    if job.compiler != Compiler::Gcc && (job.check || job.to.is_none()) {
        bail!("the committed files are gcc's: name a folder for others with --to");
    }
    let folder = root.join("guest-images");
    let builder = Builder {
        list: read(&folder)?,
        scratch: std::env::temp_dir().join(format!("msmemu-guest-{}", std::process::id())),
        folder,
        compiler: job.compiler,
    };
    if job.compiler == Compiler::Gcc {
        let version = compiler_version()?;
        if version != builder.list.compiler_version {
            bail!(
                "the images are built with \"{}\", this is \"{version}\"; other compilers give other bytes",
                builder.list.compiler_version
            );
        }
    }
    let known: Vec<&String> = builder.list.group.iter().flat_map(|g| g.images.keys()).collect();
    if let Some(unknown) = job.names.iter().find(|n| !known.contains(n)) {
        bail!("no image is called {unknown}; there are {known:?}");
    }
    let result = builder.images(job);
    let _ = std::fs::remove_dir_all(&builder.scratch);
    result
}

/// Compares the committed files with their hashes.
pub(crate) fn check_hashes(root: &Path) -> Result<()> {
    let folder = root.join("guest-images");
    let written = manifest(&folder, &read(&folder)?)?;
    let committed = std::fs::read_to_string(folder.join(MANIFEST)).context("reading the hashes of images")?;
    if written != committed {
        bail!("guest-images/{MANIFEST} is not that of the committed images: `cargo xtask guest` writes both");
    }
    Ok(())
}

/// BLAKE3 of every committed image, as `b3sum` writes them.
fn manifest(folder: &Path, list: &List) -> Result<String> {
    let mut lines = Vec::new();
    for group in &list.group {
        for name in group.images.keys() {
            let path = Path::new(&group.folder).join(&group.out).join(format!("{name}.elf"));
            let bytes =
                std::fs::read(folder.join(&path)).with_context(|| format!("reading {}", path.display()))?;
            lines.push(format!("{}  {}\n", blake3::hash(&bytes), path.display()));
        }
    }
    Ok(lines.concat())
}

fn read(folder: &Path) -> Result<List> {
    let path = folder.join("images.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
}

fn compiler_version() -> Result<String> {
    let program = Compiler::Gcc.program();
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("{program} can not be started (Debian package gcc-arm-linux-gnueabihf)"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

impl Builder {
    fn images(&self, job: &Job<'_>) -> Result<()> {
        let mut differ = Vec::new();
        let mut libraries = BTreeMap::new();
        for group in &self.list.group {
            // What is built by another compiler is to run with the kit; the others test this compiler's code.
            if self.compiler != Compiler::Gcc && group.library.is_none() {
                continue;
            }
            for (name, image) in &group.images {
                if !job.names.is_empty() && !job.names.contains(name) {
                    continue;
                }
                let library = self.library(group, &mut libraries)?;
                let built = self.image(group, library.as_ref(), name, image)?;
                let file = format!("{name}.elf");
                let committed = self.folder.join(&group.folder).join(&group.out).join(&file);
                if job.check {
                    let bytes = std::fs::read(&committed)
                        .with_context(|| format!("reading {}", committed.display()))?;
                    if bytes != built {
                        differ.push(name.as_str());
                    }
                    continue;
                }
                let target = job.to.map_or(committed, |to| to.join(&file));
                if let Some(parent) = target.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(&target, built).with_context(|| format!("writing {}", target.display()))?;
                println!("built {name}");
            }
        }
        if !differ.is_empty() {
            bail!("a rebuild gives other bytes than the committed files of: {}", differ.join(", "));
        }
        if job.check {
            println!("a rebuild gives the bytes of the committed images");
        } else if job.to.is_none() {
            std::fs::write(self.folder.join(MANIFEST), manifest(&self.folder, &self.list)?)?;
        }
        Ok(())
    }

    /// The library of a group with its objects, compiled at the first use.
    fn library<'a>(
        &'a self,
        group: &Group,
        built: &mut BTreeMap<&'a str, Vec<PathBuf>>,
    ) -> Result<Option<(&'a Library, Vec<PathBuf>)>> {
        let Some(name) = &group.library else { return Ok(None) };
        let library = self
            .list
            .library
            .iter()
            .find(|l| l.name == *name)
            .with_context(|| format!("images.toml has no library {name}"))?;
        if !built.contains_key(library.name.as_str()) {
            let objects = self.objects(&library.folder, &library.name, &library.flags, &library.sources)?;
            built.insert(&library.name, objects);
        }
        Ok(built.get(library.name.as_str()).map(|objects| (library, objects.clone())))
    }

    fn image(
        &self,
        group: &Group,
        library: Option<&(&Library, Vec<PathBuf>)>,
        name: &str,
        image: &Image,
    ) -> Result<Vec<u8>> {
        let mut flags: Vec<String> = Vec::new();
        let mut objects = Vec::new();
        let script = match (library, &group.script) {
            (Some((library, shared)), None) => {
                flags.extend_from_slice(&library.flags);
                objects.extend_from_slice(shared);
                self.folder.join(&library.folder).join(&library.script)
            }
            (None, Some(script)) => self.folder.join(&group.folder).join(script),
            _ => bail!("{name}: a group has a library, or a script"),
        };
        flags.extend_from_slice(&group.flags);
        flags.extend_from_slice(image.flags());
        let sources: Vec<String> = group.shared.iter().chain(image.sources()).cloned().collect();
        objects.extend(self.objects(&group.folder, name, &flags, &sources)?);
        // Objects come before the libraries that flags name.
        let (libraries, options): (Vec<_>, Vec<_>) = flags.iter().partition(|f| f.starts_with("-l"));
        let mut command = self.command(options.into_iter());
        command.current_dir(&self.scratch).args(&objects).arg("-T").arg(script);
        run_compiler(command.args(libraries).args(["-o", "image.elf"]), name)?;
        Ok(std::fs::read(self.scratch.join("image.elf"))?)
    }

    /// Compiles sources. They are named relative to their folder and the objects relative to the scratch
    /// folder: both names get into symbol tables, and must be the same everywhere.
    fn objects(
        &self,
        folder: &str,
        prefix: &str,
        flags: &[String],
        sources: &[String],
    ) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(&self.scratch)?;
        let mut objects = Vec::new();
        for source in sources {
            let object = Path::new(source).with_extension("o").display().to_string().replace('/', "-");
            let object = PathBuf::from(format!("{prefix}-{}", object.replace("..", "")));
            let mut command = self.command(flags.iter().filter(|f| !f.starts_with("-l")));
            command.current_dir(self.folder.join(folder));
            command.arg("-c").arg(source).arg("-o").arg(self.scratch.join(&object));
            run_compiler(&mut command, prefix)?;
            objects.push(object);
        }
        Ok(objects)
    }

    fn command<'a>(&self, flags: impl Iterator<Item = &'a String>) -> Command {
        let mut command = Command::new(self.compiler.program());
        match self.compiler {
            Compiler::Gcc => command.args(flags),
            Compiler::Clang => {
                let known = flags.filter(|f| !self.list.clang.without.contains(f));
                command.args(known).args(&self.list.clang.with)
            }
        };
        command
    }
}

fn run_compiler(command: &mut Command, name: &str) -> Result<()> {
    let status =
        command.status().with_context(|| format!("{:?} can not be started", command.get_program()))?;
    if !status.success() {
        bail!("building {name} failed: {:?} ended with {status}", command.get_program());
    }
    Ok(())
}
