//! Lists the migrations, so that a new one is a file for each database and nothing else.

use std::{
    env,
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

#[expect(clippy::disallowed_methods, reason = "Cargo names the output folder in a variable")]
fn main() -> Result<(), Box<dyn Error>> {
    for database in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(database);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<PathBuf> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        files.sort();
        let mut list = String::new();
        for file in files {
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let (number, name) =
                stem.and_then(|stem| stem.split_once('_')).ok_or("not NNNN_name")?;
            let number: i64 = number.parse()?;
            let path = file.canonicalize()?;
            writeln!(list, "migration({number}, {name:?}, include_str!({path:?})),")?;
        }
        let out = Path::new(&env::var("OUT_DIR")?).join(format!("{database}_migrations.rs"));
        fs::write(out, format!("vec![{list}]"))?;
    }
    Ok(())
}
