//! Request bodies in memory: how long one may take to arrive, and how much all of them may take together.
//!
//! Owns time, size and room. Room is taken as bytes arrive, so that whoever only says how much is to come holds none, and is
//! given back when the request is answered. Does not own who may send a body: keys are looked at before it is read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What bodies may take together. More wait for room.
const ROOM: usize = 96 << 20;
/// Permits stand for so many bytes each.
const UNIT: usize = 1 << 10;
/// So long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);
/// So long a request waits for room.
const ROOM_TIME: Duration = Duration::from_secs(5);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has more bytes than it may.
    #[error("the body may have {most} bytes; send less in one request")]
    TooLarge {
        /// How many it may have.
        most: usize,
    },
    /// The connection broke off.
    #[error("the body did not arrive whole; send it again")]
    Broken,
    /// It took too long.
    #[error("the body did not arrive within {} seconds; send it again", BODY_TIME.as_secs())]
    TooSlow,
    /// Other bodies take all the memory that there is for them.
    #[error("too many large requests arrive at once; send it again in a moment")]
    NoRoom,
}

/// A body with its room.
#[derive(Debug)]
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// The room of all bodies. Clones share.
#[derive(Clone)]
pub struct Bodies {
    room: Arc<Semaphore>,
    room_time: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM / UNIT)), room_time: ROOM_TIME }
    }
}

impl Bodies {
    /// Reads a body of at most so many bytes.
    ///
    /// # Errors
    /// If it is too large, breaks off, is too slow, or there is no room.
    pub async fn read(&self, headers: &HeaderMap, body: Body, most: usize) -> Result<Held, BodyError> {
        let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if said.is_some_and(|length| length > most) {
            return Err(BodyError::TooLarge { most });
        }
        timeout(BODY_TIME, self.collect(body, most)).await.unwrap_or(Err(BodyError::TooSlow))
    }

    async fn collect(&self, body: Body, most: usize) -> Result<Held, BodyError> {
        let mut chunks = body.into_data_stream();
        let (mut whole, mut room, mut units) = (Vec::new(), None::<OwnedSemaphorePermit>, 0);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| BodyError::Broken)?;
            let length = whole.len() + chunk.len();
            if length > most {
                return Err(BodyError::TooLarge { most });
            }
            let wanted = length.div_ceil(UNIT);
            if wanted > units {
                let more = self.take(wanted - units).await?;
                units = wanted;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(Held { bytes: whole.into(), _room: room })
    }

    async fn take(&self, units: usize) -> Result<OwnedSemaphorePermit, BodyError> {
        let units = u32::try_from(units).map_err(|_| BodyError::NoRoom)?;
        let room = timeout(self.room_time, Arc::clone(&self.room).acquire_many_owned(units)).await;
        room.ok().and_then(Result::ok).ok_or(BodyError::NoRoom)
    }
}

/// Reads a body of at most so many bytes, for which no room has to be kept: it is small.
///
/// # Errors
/// If it is too large, breaks off or is too slow.
pub async fn read(body: Body, expected: usize, most: usize) -> Result<Bytes, BodyError> {
    read_within(BODY_TIME, body, expected, most).await
}

async fn read_within(time: Duration, body: Body, expected: usize, most: usize) -> Result<Bytes, BodyError> {
    timeout(time, collect(body, expected, most)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(body: Body, expected: usize, most: usize) -> Result<Bytes, BodyError> {
    let mut chunks = body.into_data_stream();
    let mut whole = Vec::with_capacity(expected);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if whole.len() + chunk.len() > most {
            return Err(BodyError::TooLarge { most });
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn in_chunks(chunks: &[Result<&'static str, &'static str>]) -> Body {
        let chunks = chunks.iter().map(|chunk| chunk.map_err(std::io::Error::other));
        Body::from_stream(stream::iter(chunks.collect::<Vec<_>>()))
    }

    fn of_length(length: usize) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_LENGTH, length.into())])
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_called_too_large() {
        let whole = read(in_chunks(&[Ok("ab"), Ok("cd")]), 0, 4).await.expect("four bytes");
        assert_eq!(whole, "abcd");
        assert_eq!(read(in_chunks(&[Ok("ab"), Ok("cde")]), 0, 4).await, Err(BodyError::TooLarge { most: 4 }));
        assert_eq!(read(in_chunks(&[Ok("ab"), Err("reset")]), 0, 4).await, Err(BodyError::Broken));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read_within(Duration::from_millis(5), never, 0, 4).await, Err(BodyError::TooSlow));
    }

    #[tokio::test]
    async fn bodies_share_their_room_and_give_it_back() {
        let bodies = Bodies { room_time: Duration::from_millis(5), ..Bodies::default() };
        let all = Body::from(vec![b' '; ROOM]);
        let one = bodies.read(&of_length(ROOM), all, ROOM).await.expect("all the room");
        let refused = bodies.read(&of_length(2), in_chunks(&[Ok("ab")]), 4).await;
        assert_eq!(refused.map(|held| held.bytes), Err(BodyError::NoRoom));
        drop(one);
        let held = bodies.read(&HeaderMap::new(), in_chunks(&[Ok("ab")]), 4).await.expect("room again");
        assert_eq!(held.bytes, "ab");
        let long = bodies.read(&of_length(5), in_chunks(&[Ok("ab")]), 4).await;
        assert_eq!(long.map(|held| held.bytes), Err(BodyError::TooLarge { most: 4 }), "by what it says");
    }
}
