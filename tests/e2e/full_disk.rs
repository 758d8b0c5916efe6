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
use tokio::sync::watch;

use crate::failing::{Recorder, has_landed, verify};
use crate::server::{OPEN, Server, Staff, client, from_environment};

const ROUNDS: usize = 20;
/// Of the disk.
const MIB: u64 = 512;
/// Longest time that the disk is full, in milliseconds.
const LONGEST_FULL: u64 = 600;
/// Between two times, so many hand in at the most; then it takes so many milliseconds at the most until the disk fills.
const MOST_BETWEEN: usize = 8;
const LONGEST_MOMENT: u64 = 50;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_and_empties_under_load_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let rounds = from_environment("FRESHMARK_DISK_ROUNDS");
    let Some(disk) = Disk::mount(&folder.path().join("disk")) else {
        assert!(rounds.is_none(), "mounting a file system takes root");
        println!("not run: mounting a file system takes root");
        return;
    };
    let seed = from_environment("FRESHMARK_CRASH_SEED").unwrap_or_else(|| rand::rng().random());
    println!("FRESHMARK_CRASH_SEED={seed}");
    let (mut chance, data) = (StdRng::seed_from_u64(seed), disk.0.join("data"));
    let server = Server::quietly(&data);
    let (http, stop, mut recorder) = (client(), AtomicBool::new(false), Recorder::default());
    let (heard, mut hearing) = watch::channel(0);
    let disturb = async {
        for _ in 0..rounds.unwrap_or(ROUNDS) {
            // Some hand in while there is room, however slow the machine is; then comes a moment left to chance.
            let enough = *hearing.borrow() + chance.random_range(1..=MOST_BETWEEN);
            hearing.wait_for(|heard| *heard >= enough).await.expect("somebody hands in");
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..=LONGEST_MOMENT))).await;
            disk.fill(Duration::from_millis(chance.random_range(1..=LONGEST_FULL))).await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let produce = async {
        while !stop.load(Ordering::Relaxed) {
            recorder.hand_in(&http, &server).await;
            heard.send_replace(recorder.acknowledged.len());
        }
    };
    tokio::join!(disturb, produce);
    let over = Instant::now();
    println!("{} submissions acknowledged, {} tries refused", recorder.acknowledged.len(), recorder.refused);
    assert!(recorder.refused > 0, "seed {seed}: nobody noticed a full disk");
    let healed = Staff::teacher(&server).await.results_when(&server, OPEN, has_landed).await.freshness;
    println!("healed after {} ms", over.elapsed().as_millis());
    assert_eq!(healed.state(healed.measured_at), State::Live, "seed {seed}: it heals by itself");
    recorder.check(&server).await;
    server.kill();

    let server = Server::quietly(&data);
    recorder.check(&server).await;
    server.stop();
    verify(&data, &[]);
}
