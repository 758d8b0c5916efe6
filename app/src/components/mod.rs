//! Small, dumb views. Each file is one thing on the page.

mod anew;
mod banner;
mod bar;
mod chart;
mod deliveries;
mod dialog;
mod fresh;
mod heading;
mod health;
mod menu;
mod problem;
mod reach;
mod seen;
mod segments;
mod staff;
mod ticking;

pub use anew::anew;
pub use banner::StaffBanner;
pub use bar::{Logo, StaffBar};
pub use chart::{Bar, Chart};
pub use deliveries::Deliveries;
pub use dialog::ConfirmDialog;
pub use fresh::{FreshLine, sign, tone};
pub use heading::Heading;
pub use health::Health;
pub use menu::Menu;
pub use problem::Problem;
pub use reach::Reach;
pub use seen::seen;
pub use segments::{ChartOrTable, Segment, Segments};
pub use staff::{Staff, StaffPage, query};
pub use ticking::Ticking;
