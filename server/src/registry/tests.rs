use std::collections::BTreeSet;

use super::*;
use crate::delivery::test_bench::{config, plant};
use crate::stream::Record;

#[tokio::test]
async fn of_two_starts_of_one_name_at_the_same_time_one_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::new(plant(folder.path()));
    let (one, other) = tokio::join!(registry.start(config()), registry.start(config()));
    assert!(one.is_ok(), "the first");
    assert!(matches!(other, Err(RegistryError::Taken(name)) if name == "s"));
    assert_eq!(registry.all().len(), 1);
    end(registry).await;
}

async fn end(registry: Registry) {
    tokio::task::spawn_blocking(move || registry.end()).await.expect("ended");
}

/// A data stream as the wire makes it, whose log is a new one.
fn made(generation: usize) -> StreamConfig {
    StreamConfig { generation: format!("g{generation}"), ..StreamConfig::data_stream("clicks", 2) }
}

async fn make(registry: &Registry, generation: usize) -> Result<Arc<DeliveryStream>, RegistryError> {
    let turn = registry.turn("clicks").await;
    registry.start_in(&turn, made(generation), Origin::Made).await
}

async fn remove(registry: &Registry) -> Result<(), RegistryError> {
    let turn = registry.turn("clicks").await;
    registry.removable("clicks")?;
    registry.remove_in(&turn).await
}

/// Puts records one by one and returns those that were acknowledged.
async fn put(stream: &DeliveryStream, round: usize) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for n in 0..8 {
        let data = format!("{round}-{n}");
        let record = Incoming { key: Some(data.clone()), hash: None, data: data.clone().into() };
        if stream.take(stream.check([record], None)).await[0].is_ok() {
            acknowledged.insert(data);
        }
    }
    acknowledged
}

fn kept(stream: &DeliveryStream) -> BTreeSet<String> {
    let shards = stream.log().shards();
    let records = shards.iter().flat_map(|shard| shard.records(0, 1_000, 1 << 20).expect("read"));
    records.map(|kept| String::from_utf8(kept.data.to_vec()).expect("text")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_that_is_deleted_and_made_at_once_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::new(plant(folder.path()));
    let mut stream = make(&registry, 0).await.expect("made");
    for round in 1..=40 {
        // Somebody still puts to the old stream while it goes and the new one comes.
        let (late, again) = (Arc::clone(&stream), registry.clone());
        let late = tokio::spawn(async move { put(&late, 1_000 + round).await });
        let removed = tokio::spawn(async move { remove(&again).await });
        stream = loop {
            match make(&registry, round).await {
                Ok(stream) => break stream,
                Err(RegistryError::Taken(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        let acknowledged = put(&stream, round).await;
        removed.await.expect("ended").expect("removed");
        late.await.expect("ended");
        assert_eq!(acknowledged.len(), 8, "a stream that is there takes records");
        assert_eq!(kept(&stream), acknowledged, "and holds these and no others");
        assert!(stream.failing().is_none());
    }
    let names = [stream.config().log_name()];
    let before = kept(&stream);
    drop(stream);
    end(registry).await;

    let plant = plant(folder.path());
    plant.logs.sweep(&names).expect("swept");
    let registry = Registry::new(plant);
    let turn = registry.turn("clicks").await;
    let stream = registry.start_in(&turn, made(40), Origin::Restored).await.expect("started again");
    assert_eq!(kept(&stream), before, "after a restart, too");
    end(registry).await;
}

#[tokio::test]
async fn a_log_that_no_row_names_is_removed_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::new(plant(folder.path()));
    let stream = make(&registry, 0).await.expect("made");
    let log = stream.log().clone();
    registry.plant().logs.sweep(&[]).expect("swept");
    let record = Record { key: "a".to_owned(), hash: None, data: "x".into() };
    let refused = log.append(&[record], crate::records::source::Form::Raw).await;
    assert!(matches!(refused, Err(StreamError::NotWritten(_) | StreamError::Removed)), "{refused:?}");
    end(registry).await;
}

#[tokio::test]
async fn streams_and_shards_of_the_wire_are_bounded_and_room_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::new(plant(folder.path()));
    let make = async |name: &str, shards: u32| {
        let turn = registry.turn(name).await;
        registry.start_in(&turn, StreamConfig::data_stream(name, shards), Origin::Made).await
    };
    make("a", MOST_SHARDS as u32 - 1).await.expect("all shards but one");
    make("b", 1).await.expect("the last");
    assert!(matches!(make("c", 1).await, Err(RegistryError::NoRoom)));
    let turn = registry.turn("a").await;
    registry.remove_in(&turn).await.expect("removed");
    drop(turn);
    make("c", 2).await.expect("there is room again");
    for n in 2..MOST_STREAMS {
        make(&format!("s{n}"), 1).await.expect("one of so many");
    }
    assert!(matches!(make("last", 1).await, Err(RegistryError::NoRoom)));
    end(registry).await;
}
