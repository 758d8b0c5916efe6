//! What an admin can do about a stage that fails.

/// In a sentence or two, by the stage's name.
#[must_use]
pub fn what_to_do(stage: &str) -> &'static str {
    match stage {
        "quiz" => {
            "Nobody can submit until it is mended; answers wait on the students’ devices. Look at the room and the rights of \
             the data folder, or at the transactional store."
        }
        "gateway" => {
            "Answers are saved, and are sent on as soon as it takes them. Look at its address, its key and the network."
        }
        "stream" => {
            "What waits is kept. Look at the stream that is named: its room, its rights, and the network to it."
        }
        "lake" => {
            "What waits is kept and tried again. Look at the room and the rights of the lake’s folder, or at the bucket and \
             its credentials."
        }
        "warehouse" => {
            "The records lie safe in the lake. Mend what is named; what waits is tried again by itself, and what was parked \
             comes in with Replay."
        }
        "delivery" => {
            "What waits is kept and tried again. If the stream has a transform, look at its function. The log has the rest."
        }
        _ => "What waits is kept and tried again. The log has the rest.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_advice_of_its_own_and_says_what_becomes_of_what_waits() {
        let stages = ["quiz", "gateway", "stream", "delivery", "lake", "warehouse"];
        let advice: std::collections::BTreeSet<&str> = stages.into_iter().map(what_to_do).collect();
        assert_eq!(advice.len(), stages.len());
        let is_told = |says: &&str| {
            ["waits is kept", "answers wait", "are saved", "lie safe"].iter().any(|words| says.contains(words))
        };
        assert!(advice.iter().all(is_told), "{advice:?}");
        assert!(!advice.contains(what_to_do("another")), "one that is not known here");
    }
}
