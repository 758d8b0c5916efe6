//! What staff read of their classes: results, grids, students, comparisons and files.
//!
//! Owns the join of the two stores: names, texts and keys from the transactional one, counts from the warehouse. Grades while
//! reading, against each question's current key. Implements the front end's port. Does not own who may see what (`access`
//! does), nor how current a figure is (`freshness`), nor a page.

mod analysis;
mod assignment;
mod classes;
mod error;
mod export;
mod following;
mod grid;
mod overview;
mod port;
mod rulings;

use std::sync::Arc;

use app::api::class::ClassGrid;
use app::api::freshness::Freshness;
use app::api::results::{ClassResults, View};

pub use error::ReportError;
pub use export::{Export, FileName, Ready};
pub use following::{Following, Said};

use self::following::OpenPages;
use crate::access::Access;
use crate::freshness::Measure;
use crate::live::Live;
use crate::shared::Shared;
use crate::store::Store;
use crate::warehouse::Warehouse;

/// What is asked of an assignment, and whether by somebody who may rule on its questions: they see what can be undone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ReportKey {
    view: View,
    may_rule: bool,
}

/// How many pages are open, and what they have asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageCounts {
    /// Connections over which pages are told of changes.
    pub connections: u32,
    /// Assignments that are followed over any of them.
    pub assignments: usize,
    /// Requests for an assignment's results since the server started.
    pub asked: u64,
    /// Results that were worked out for them.
    pub worked_out: u64,
}

/// The room's handle. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Reports {
    store: Store,
    warehouse: Warehouse,
    measure: Measure,
    access: Access,
    live: Live,
    results: Arc<Shared<ReportKey, Arc<ClassResults>>>,
    grids: Arc<Shared<View, Arc<ClassGrid>>>,
    open: Arc<OpenPages>,
}

impl Reports {
    /// Reads the stores that freshness is measured of; what changes is told by `live`.
    #[must_use]
    pub fn new(measure: Measure, access: Access, live: Live) -> Self {
        Self {
            store: measure.store.clone(),
            warehouse: measure.warehouse.clone(),
            measure,
            access,
            results: Arc::new(Shared::new(live.clone())),
            grids: Arc::new(Shared::new(live.clone())),
            open: Arc::default(),
            live,
        }
    }

    /// How many pages are open, and what they have asked.
    #[must_use]
    pub fn page_counts(&self) -> PageCounts {
        let (connections, assignments) = self.open.counts();
        let (asked, worked_out) = self.results.counts();
        PageCounts { connections, assignments, asked, worked_out }
    }

    /// The freshness in a result of a moment ago, if there is one.
    fn latest_freshness(&self, assignment: i64) -> Option<Freshness> {
        let key = |may_rule| ReportKey { view: View::of(assignment), may_rule };
        let latest = self.results.latest(&key(true)).or_else(|| self.results.latest(&key(false)));
        latest.map(|results| results.freshness)
    }
}
