use super::*;
use crate::delivery::works::{config, plant};

#[tokio::test]
async fn of_two_starts_of_one_name_at_the_same_time_one_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = Registry::new(plant(folder.path()));
    let (one, other) = tokio::join!(registry.start(config()), registry.start(config()));
    assert!(one.is_ok(), "the first");
    assert!(matches!(other, Err(RegistryError::Taken(name)) if name == "s"));
    assert_eq!(registry.all().len(), 1);
    tokio::task::spawn_blocking(move || registry.end()).await.expect("ended");
}
