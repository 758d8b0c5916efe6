//! From when on a wait is worth a word: `[freshness]` in the file.
//!
//! Owns these thresholds and their bounds. Does not own the verdict, which is computed from them.

use app::api::freshness::Thresholds;
use serde::Deserialize;

use super::{ConfigError, in_range};

/// As it is written. What is left out is as in [`Thresholds::default`].
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenFreshness {
    on_its_way_ms: Option<u64>,
    patience_ms: Option<u64>,
    stale_after_ms: Option<u64>,
}

impl WrittenFreshness {
    /// Checks it.
    ///
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn thresholds(self) -> Result<Thresholds, ConfigError> {
        let default = Thresholds::default();
        let or = |written: Option<u64>, default: i64| written.unwrap_or(default.unsigned_abs());
        let on_its_way = or(self.on_its_way_ms, default.on_its_way_ms);
        let on_its_way = in_range("freshness.on_its_way_ms", on_its_way, 100..=60_000, "100 to 60000")?;
        let patience = or(self.patience_ms, default.patience_ms);
        let patience = in_range("freshness.patience_ms", patience, 1_000..=3_600_000, "1000 to 3600000")?;
        in_range("freshness.patience_ms", patience, on_its_way + 1..=u64::MAX, "more than freshness.on_its_way_ms")?;
        // Pages ask every three seconds.
        let stale_after = or(self.stale_after_ms, default.stale_after_ms);
        let stale_after = in_range("freshness.stale_after_ms", stale_after, 5_000..=3_600_000, "5000 to 3600000")?;
        Ok(Thresholds {
            on_its_way_ms: on_its_way as i64,
            patience_ms: patience as i64,
            stale_after_ms: stale_after as i64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(text: &str) -> Result<Thresholds, String> {
        let written: WrittenFreshness = toml::from_str(text).map_err(|e| e.to_string())?;
        written.thresholds().map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_not_written_is_the_default_and_what_is_wrong_is_named() {
        assert_eq!(thresholds(""), Ok(Thresholds::default()));
        let patient = Thresholds { patience_ms: 60_000, ..Thresholds::default() };
        assert_eq!(thresholds("patience_ms = 60000"), Ok(patient));
        for (wrong, says) in [
            ("patience_ms = 999", "freshness.patience_ms has to be 1000 to 3600000, not 999"),
            ("on_its_way_ms = 20000", "freshness.patience_ms has to be more than freshness.on_its_way_ms, not 10000"),
            ("stale_after_ms = 0", "freshness.stale_after_ms has to be 5000 to 3600000, not 0"),
        ] {
            assert_eq!(thresholds(wrong), Err(says.to_owned()));
        }
        assert!(thresholds("patience = 1").is_err_and(|e| e.contains("unknown field `patience`")));
    }
}
