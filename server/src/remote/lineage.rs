//! Which shards of a stream may be delivered: a child not before its parents are drained, so that records of one
//! partition key stay in order across a split or a merge.
//!
//! Owns that rule alone.

/// One shard as a stream lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: String,
    /// Whether it still takes records.
    pub is_open: bool,
    /// The shards that it was made of: none, one that was split, or two that were merged. One that the stream has
    /// forgotten holds no record any more.
    pub parents: Vec<String>,
}

/// The shards that may begin now. `is_begun` says which have, `is_drained` which are done for good.
pub fn ready<'a>(
    listed: &'a [Listed],
    is_begun: impl Fn(&str) -> bool + 'a,
    is_drained: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = &'a Listed> {
    let is_listed = |id: &str| listed.iter().any(|shard| shard.id == id);
    listed.iter().filter(move |shard| {
        let is_done = |parent: &String| is_drained(parent) || !is_listed(parent);
        !is_begun(&shard.id) && !is_drained(&shard.id) && shard.parents.iter().all(is_done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(id: &str, parents: &[&str]) -> Listed {
        Listed { id: id.to_owned(), is_open: false, parents: parents.iter().map(|&parent| parent.to_owned()).collect() }
    }

    fn ids<'a>(listed: &'a [Listed], begun: &'a [&str], drained: &'a [&str]) -> Vec<&'a str> {
        ready(listed, |id| begun.contains(&id), |id| drained.contains(&id)).map(|shard| shard.id.as_str()).collect()
    }

    #[test]
    fn a_child_begins_when_all_its_parents_are_drained() {
        // 0 was split into 2 and 3; then 3 was merged with 1 into 4.
        let listed =
            [shard("0", &[]), shard("1", &[]), shard("2", &["0"]), shard("3", &["0"]), shard("4", &["3", "1"])];
        assert_eq!(ids(&listed, &[], &[]), ["0", "1"]);
        assert_eq!(ids(&listed, &["0", "1"], &["1"]), [""; 0]);
        assert_eq!(ids(&listed, &["0", "1"], &["0", "1"]), ["2", "3"]);
        assert_eq!(ids(&listed, &["2", "3"], &["0", "1"]), [""; 0], "one of two parents");
        assert_eq!(ids(&listed, &["2"], &["0", "1", "3"]), ["4"]);
    }

    #[test]
    fn a_parent_that_is_listed_no_more_holds_nothing_back() {
        assert_eq!(ids(&[shard("4", &["3", "1"])], &[], &[]), ["4"]);
        assert_eq!(ids(&[shard("1", &[]), shard("4", &["3", "1"])], &[], &[]), ["1"]);
    }
}
