//! A real disk that is full for a while, under load, at moments left to chance: what was acknowledged is there.
//!
//! The disk is a small file system in memory, which takes root to mount; elsewhere the test says that it did not run. The
//! seed is printed; FRESHMARK_CRASH_SEED takes it again. FRESHMARK_DISK_ROUNDS makes it longer; `make soak` does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use app::api::freshness::State;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::failing::{Recorder, has_landed, verify};
use crate::server::{OPEN, Server, Staff, client};

const ROUNDS: usize = 20;
/// Of the disk.
const MIB: u64 = 512;
/// Longest time that the disk is full, and that it is not, in milliseconds.
const LONGEST_FULL: u64 = 600;
const LONGEST_FREE: u64 = 400;

/// A small disk; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// Absent where this process may mount nothing.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={MIB}m,mode=700"), "tmpfs"]).arg(at);
        mount.output().is_ok_and(|mounted| mounted.status.success()).then(|| Self(at.to_owned()))
    }

    /// Takes all room that is left, again and again, for so long.
    async fn fill(&self, time: Duration) {
        let filler = self.0.join("filler");
        tokio::task::spawn_blocking(move || take_all_room(&filler, time)).await.expect("filled");
    }
}

fn take_all_room(filler: &Path, time: Duration) {
    let mut file = std::fs::File::create(filler).expect("a file");
    let chunk = vec![0; 1 << 20];
    let began = Instant::now();
    // Not a wait for something to happen: it is what happens.
    while began.elapsed() < time {
        while file.write_all(&chunk).is_ok() {}
        while file.write_all(&chunk[..4096]).is_ok() {}
        std::thread::sleep(Duration::from_millis(2));
    }
    drop(file);
    std::fs::remove_file(filler).expect("removed");
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        debug_assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_and_empties_under_load_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = Disk::mount(&folder.path().join("disk")) else {
        println!("not run: mounting a file system takes root");
        return;
    };
    let seed = from_environment("FRESHMARK_CRASH_SEED").unwrap_or_else(|| rand::rng().random());
    println!("FRESHMARK_CRASH_SEED={seed}");
    let (mut chance, data) = (StdRng::seed_from_u64(seed), disk.0.join("data"));
    let server = Server::quietly(&data);
    let (http, stop, mut recorder) = (client(), AtomicBool::new(false), Recorder::default());
    let disturb = async {
        for _ in 0..from_environment("FRESHMARK_DISK_ROUNDS").unwrap_or(ROUNDS) {
            tokio::time::sleep(Duration::from_millis(chance.random_range(1..=LONGEST_FREE))).await;
            disk.fill(Duration::from_millis(chance.random_range(1..=LONGEST_FULL))).await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let produce = async {
        while !stop.load(Ordering::Relaxed) {
            recorder.hand_in(&http, &server).await;
        }
    };
    tokio::join!(disturb, produce);
    println!("{} submissions acknowledged", recorder.acknowledged.len());
    assert!(recorder.acknowledged.len() > 1, "seed {seed}: no load");
    let healed = Staff::teacher(&server).await.results_when(&server, OPEN, has_landed).await.freshness;
    assert_eq!(healed.state(healed.measured_at), State::Live, "seed {seed}: it heals by itself");
    recorder.check(&server).await;
    server.kill();

    let server = Server::quietly(&data);
    recorder.check(&server).await;
    server.stop();
    verify(&data);
}
