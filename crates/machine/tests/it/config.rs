//! Machine files: the shipped ones, round trips, and malformed ones with their messages.

use msmemu_machine::config::{self, BUILTIN, Config};

use crate::cases;

/// Applies `- old` and `+ new` lines to the smallest shipped machine; a case whose lines all
/// start with `! ` is a file of its own.
fn edited(edits: &str) -> String {
    let own: String = edits
        .lines()
        .filter_map(|l| l.strip_prefix('!'))
        .map(|l| l.strip_prefix(' ').unwrap_or(l).to_owned() + "\n")
        .collect();
    if !own.is_empty() {
        return own;
    }
    let mut text = BUILTIN.iter().find(|b| b.name == "smmu-lab").unwrap().text.to_owned();
    let mut old: Option<String> = None;
    let mut new: Vec<&str> = Vec::new();
    let mut apply = |old: &mut Option<String>, new: &mut Vec<&str>| {
        if let Some(old) = old.take() {
            assert!(text.contains(&old), "`{old}` is not in the file");
            let removed = if new.is_empty() { old + "\n" } else { old };
            text = text.replacen(&removed, &new.join("\n"), 1);
            new.clear();
        } else if !new.is_empty() {
            text = format!("{text}\n{}\n", new.join("\n"));
            new.clear();
        }
    };
    for line in edits.lines() {
        if let Some(line) = line.strip_prefix("- ") {
            apply(&mut old, &mut new);
            old = Some(line.to_owned());
        } else {
            new.push(line.strip_prefix("+").unwrap().trim_start());
        }
    }
    apply(&mut old, &mut new);
    text
}

#[test]
fn malformed_files_show_every_mistake() {
    let count = cases::run("config.txt", |input| match Config::parse("lab.toml", &edited(input)) {
        Ok(_) => panic!("accepted: {input}"),
        Err(error) => error.to_string(),
    });
    assert!(count >= 40, "{count} cases");
}

#[test]
fn shipped_machines_are_accepted_and_survive_a_dump() {
    for builtin in BUILTIN {
        let config = Config::builtin(builtin.name).unwrap().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(config.name, builtin.name);
        let dump = config.dump();
        let again = Config::parse("dump", &dump).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(config, again);
        assert_eq!(config.digest(), again.digest());
        assert_eq!(dump, again.dump());
    }
}

#[test]
fn digest_follows_the_meaning_not_the_text() {
    let text = BUILTIN[2].text;
    let config = Config::parse("a", text).unwrap();
    let spelt = text.replace("spi = 224", "spi = 0xe0 # the same number");
    assert_ne!(spelt, text);
    assert_eq!(Config::parse("b", &spelt).unwrap().digest(), config.digest());
    let other = text.replace("spi = 224", "spi = 225");
    assert_ne!(Config::parse("c", &other).unwrap().digest(), config.digest());
}

/// The numbers of the 8x60 map, transcribed from the SoC map rather than from the file:
/// name, base, banks, secure SPI, non-secure SPI.
const MSM8660_SMMUS: [(&str, u32, u32, u32, u32); 12] = [
    ("jpegd", 0x0730_0000, 2, 65, 66),
    ("vpe", 0x0740_0000, 2, 51, 52),
    ("mdp0", 0x0750_0000, 2, 63, 64),
    ("mdp1", 0x0760_0000, 2, 61, 62),
    ("rot", 0x0770_0000, 2, 59, 60),
    ("ijpeg", 0x0780_0000, 2, 67, 68),
    ("vfe", 0x0790_0000, 2, 53, 54),
    ("vcodec_a", 0x07A0_0000, 2, 57, 58),
    ("vcodec_b", 0x07B0_0000, 2, 55, 56),
    ("gfx3d", 0x07C0_0000, 3, 69, 70),
    ("gfx2d0", 0x07D0_0000, 2, 71, 72),
    ("gfx2d1", 0x07E0_0000, 2, 210, 211),
];

#[test]
fn msm8660_has_the_smmus_of_the_part() {
    let config = Config::builtin("msm8660").unwrap().unwrap();
    let found: Vec<_> = config
        .smmu
        .iter()
        .map(|s| (s.name.as_str(), s.base, s.banks, s.secure_spi, s.non_secure_spi))
        .collect();
    assert_eq!(found, MSM8660_SMMUS);
    let contexts: usize = config.smmu.iter().map(|s| s.context.len()).sum();
    assert_eq!(contexts, 21);
    for smmu in &config.smmu {
        for context in &smmu.context {
            let served = config
                .traffic_engine
                .iter()
                .any(|t| t.smmu.as_deref() == Some(&smmu.name) && t.mids == context.mids);
            assert!(served, "no engine for {}", context.name);
        }
    }
}

#[test]
fn apq8064_has_the_nodes_of_the_mainline_tree() {
    let config = Config::builtin("apq8064").unwrap().unwrap();
    for (name, base, secure, non_secure, banks) in [
        ("mdp0", 0x0750_0000, 63, 64, 2),
        ("mdp1", 0x0760_0000, 61, 62, 2),
        ("gfx3d", 0x07C0_0000, 69, 70, 3),
        ("gfx3d1", 0x07D0_0000, 210, 211, 3),
    ] {
        let smmu = config.smmu.iter().find(|s| s.name == name).unwrap();
        let found = (smmu.base, smmu.secure_spi, smmu.non_secure_spi, smmu.banks);
        assert_eq!(found, (base, secure, non_secure, banks), "{name}");
    }
}

#[test]
fn schema_is_the_checked_in_one() {
    let schema = serde_json::to_string_pretty(&Config::json_schema()).unwrap() + "\n";
    cases::golden("../../machine-configs/schema.json", &schema);
}

/// The shape check reads these keywords; a derive that starts to use another one must not
/// go unnoticed.
#[test]
fn schema_uses_only_keywords_the_shape_check_knows() {
    fn walk(schema: &serde_json::Value, path: &str) {
        let Some(object) = schema.as_object() else { return };
        for (key, value) in object {
            match key.as_str() {
                "properties" | "$defs" => {
                    for (name, inner) in value.as_object().unwrap() {
                        walk(inner, &format!("{path}/{name}"));
                    }
                }
                "items" => walk(value, &format!("{path}[]")),
                "anyOf" => {
                    // An optional table.
                    for kind in value.as_array().unwrap() {
                        assert!(kind["$ref"].is_string() || kind["type"] == "null", "{path}: {kind}");
                    }
                }
                "oneOf" => {
                    for variant in value.as_array().unwrap() {
                        assert!(variant["const"].is_string(), "{path}: {variant}");
                    }
                }
                "$schema"
                | "title"
                | "description"
                | "type"
                | "required"
                | "additionalProperties"
                | "$ref"
                | "format"
                | "minimum"
                | "maximum"
                | "multipleOf"
                | "minItems"
                | "maxItems"
                | "default" => {}
                other => panic!("{path}: keyword `{other}`"),
            }
        }
    }
    walk(&Config::json_schema(), "");
}

/// A file that is no machine file at all does not fill the memory with messages about itself.
#[test]
fn very_many_mistakes_are_counted_and_very_large_files_refused() {
    let text: String = (0..5000).map(|n| format!("key{n} = {n}\n")).collect();
    let shown = Config::parse("many.toml", &text).unwrap_err().render(false);
    assert!(shown.lines().count() < 600, "{} lines", shown.lines().count());
    assert!(shown.contains("unknown key `key0`") && shown.contains("\nand "), "{shown}");
    assert!(shown.trim_end().ends_with(" more mistakes"), "{shown}");
    let text = "#".repeat(config::MAX_FILE + 1);
    let shown = Config::parse("large.toml", &text).unwrap_err().to_string();
    assert!(shown.contains("the file has 262145 bytes"), "{shown}");
    assert!(shown.contains("a machine file has at most 262144"), "{shown}");
}
