//! Which assignments a page of many follows.

use std::collections::BTreeMap;

use super::measured::Measured;
use crate::api::Millis;
use crate::api::freshness::State;
use crate::api::results::{AssignmentSummary, ClassSummary};

/// So many at most: other tabs of the browser follow theirs over the same connection.
const MOST: usize = 32;

/// Those that can still change, the open ones first and of each kind the newest first. One is left alone once it is
/// closed and everything that was submitted is counted.
#[must_use]
pub fn to_follow(classes: &[ClassSummary], known: &BTreeMap<i64, Measured>, now: Millis) -> Vec<i64> {
    let is_final = |id: i64| known.get(&id).is_some_and(|known| known.freshness.state(now) == State::Final);
    let all = classes.iter().flat_map(|class| &class.assignments);
    let mut changing: Vec<&AssignmentSummary> = all.filter(|assignment| !is_final(assignment.id)).collect();
    changing.sort_by_key(|assignment| (assignment.closed_at.is_some(), -assignment.opened_at, assignment.id));
    changing.truncate(MOST);
    changing.into_iter().map(|assignment| assignment.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::freshness::{Freshness, Thresholds};
    use crate::api::results::Participation;

    const T: Millis = 1_700_000_000_000;

    fn assignment(id: i64, opened_at: Millis, closed_at: Option<Millis>) -> AssignmentSummary {
        AssignmentSummary {
            id,
            quiz_title: String::new(),
            questions: 10,
            join_code: String::new(),
            opened_at,
            closed_at,
            participation: Participation::default(),
        }
    }

    fn class(assignments: Vec<AssignmentSummary>) -> ClassSummary {
        ClassSummary { id: 1, name: String::new(), students: 0, assignments }
    }

    fn measured(closed: bool, landed: i64) -> Measured {
        let freshness = Freshness {
            measured_at: T,
            accepted: 10,
            landed,
            complete_through: T,
            oldest_waiting: (landed < 10).then_some(T),
            closed,
            submissions: 1,
            submissions_waiting: i64::from(landed < 10),
            last_submitted_at: Some(T),
            thresholds: Thresholds::default(),
        };
        Measured { connection: 1, freshness }
    }

    #[test]
    fn what_is_open_comes_first_and_what_is_final_is_left_alone() {
        let classes = [
            class(vec![assignment(3, 30, Some(31)), assignment(1, 10, None)]),
            class(vec![assignment(4, 40, Some(41)), assignment(2, 20, None)]),
        ];
        let follows = |known: &[(i64, Measured)]| to_follow(&classes, &known.iter().copied().collect(), T);
        assert_eq!(follows(&[]), [2, 1, 4, 3]);
        assert_eq!(follows(&[(4, measured(true, 10)), (2, measured(false, 10))]), [2, 1, 3]);
        assert_eq!(follows(&[(4, measured(true, 9))]), [2, 1, 4, 3], "closed, and an answer waits");
    }

    #[test]
    fn there_is_a_limit_and_the_open_ones_are_within_it() {
        let closed = (1..=100).map(|id| assignment(id, id, Some(id)));
        let classes = [class(closed.chain([assignment(101, 0, None)]).collect())];
        let follows = to_follow(&classes, &BTreeMap::new(), T);
        assert_eq!((follows.len(), follows[0], follows[1]), (MOST, 101, 100));
    }
}
