//! The answers of each assignment, place by place: whether they are the same.
//!
//! Owns the comparison, and how a difference is said. Does not own the sums.

use std::collections::BTreeSet;

use super::Report;
use super::books::{ByAssignment, together};

/// Where answers may be.
pub(super) struct Places {
    pub accepted: ByAssignment,
    pub outbox: ByAssignment,
    pub log: ByAssignment,
    pub parked: ByAssignment,
    pub lake: ByAssignment,
    pub warehouse: ByAssignment,
    /// In the outbox, the log or a parked batch, and not in the warehouse.
    pub outside: ByAssignment,
}

impl Places {
    /// What lies elsewhere on its way cannot be seen, so that answers may be missing then; never may others be there.
    pub fn compare(&self, are_elsewhere: bool, report: &mut Report) {
        let all = [&self.accepted, &self.outbox, &self.log, &self.parked, &self.lake, &self.warehouse];
        let assignments: BTreeSet<i64> = all.iter().flat_map(|place| place.keys().copied()).collect();
        println!(
            "{:>12} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "assignment", "accepted", "outbox", "log", "parked", "lake", "warehouse"
        );
        for assignment in assignments {
            let of = |place: &ByAssignment| together(&[place], assignment);
            let [accepted, outbox, log, parked, lake, warehouse] = all.map(|place| of(place).answers);
            println!("{assignment:>12} {accepted:>10} {outbox:>10} {log:>10} {parked:>10} {lake:>10} {warehouse:>10}");
            let found = together(&[&self.outside, &self.warehouse], assignment);
            let missing = accepted - found.answers;
            if are_elsewhere && missing > 0 {
                println!("             {missing} are elsewhere on their way, as far as can be seen from here");
            } else if found.answers != accepted {
                // A store that was set back, or has lost what was written last.
                let known_elsewhere = if found.answers > accepted {
                    "; the transactional store lacks the others, and the next start brings back those that had gone by this \
                     server's own log"
                } else {
                    ""
                };
                report.differs(&format!(
                    "assignment {assignment}: {accepted} answers were accepted, {} are in the warehouse or on their \
                     way{known_elsewhere}",
                    found.answers
                ));
            } else if found != of(&self.accepted) {
                report.differs(&format!(
                    "assignment {assignment}: its {accepted} answers are not those that were accepted: the sums of their \
                     numbers, choices and times are others"
                ));
            }
            if of(&self.lake) != of(&self.warehouse) {
                report.differs(&format!(
                    "assignment {assignment}: the lake has {lake} answers, the warehouse {warehouse}"
                ));
            }
        }
    }
}
