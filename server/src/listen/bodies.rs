//! Request bodies in memory: how long one may take to arrive, and how much all of them may take together.
//!
//! Owns time, size and room. Room is taken as bytes arrive, so that whoever only says how much is to come holds none; for a
//! body that does not say its length, up to twice as much. It is given back when the request is answered. A body waits for
//! room only before it holds any. Does not own who may send a body: keys are looked at before it is read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// What bodies may take together. More wait for room, or are refused if they hold some.
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
        within(BODY_TIME, collect(body, most, Some((self, said.unwrap_or(0))))).await
    }

    /// Makes the room of a body so large. Only a body that holds no room yet waits for some: two that hold a part each,
    /// and wait for the rest, would wait for each other.
    async fn grow(&self, room: &mut Option<OwnedSemaphorePermit>, length: usize) -> Result<(), BodyError> {
        let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = length.div_ceil(UNIT).saturating_sub(held);
        let more = u32::try_from(more).map_err(|_| BodyError::NoRoom)?;
        let all = Arc::clone(&self.room);
        match room {
            Some(room) => room.merge(all.try_acquire_many_owned(more).map_err(|_| BodyError::NoRoom)?),
            None => {
                let first = timeout(self.room_time, all.acquire_many_owned(more)).await;
                *room = Some(first.ok().and_then(Result::ok).ok_or(BodyError::NoRoom)?);
            }
        }
        Ok(())
    }
}

/// Reads a body of at most so many bytes, for which no room has to be kept: it is small.
///
/// # Errors
/// If it is too large, breaks off or is too slow.
pub async fn read(body: Body, most: usize) -> Result<Bytes, BodyError> {
    Ok(within(BODY_TIME, collect(body, most, None)).await?.bytes)
}

async fn within(time: Duration, read: impl Future<Output = Result<Held, BodyError>>) -> Result<Held, BodyError> {
    timeout(time, read).await.unwrap_or(Err(BodyError::TooSlow))
}

/// Reads a body, in the room of all bodies if that is kept for it: with how long the body says that it is.
async fn collect(body: Body, most: usize, kept: Option<(&Bodies, usize)>) -> Result<Held, BodyError> {
    let mut chunks = body.into_data_stream();
    let (mut whole, mut room) = (Vec::new(), None);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        let length = whole.len() + chunk.len();
        if length > most {
            return Err(BodyError::TooLarge { most });
        }
        if let Some((bodies, said)) = kept {
            if length <= said {
                // Reserved at once, which takes no memory before bytes are there.
                bodies.grow(&mut room, length).await?;
                whole.reserve_exact(said - whole.len());
            } else if length > whole.capacity() {
                let reserved = (2 * length).min(most);
                bodies.grow(&mut room, reserved).await?;
                whole.reserve_exact(reserved - whole.len());
            }
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Held { bytes: whole.into(), _room: room })
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
        let whole = read(in_chunks(&[Ok("ab"), Ok("cd")]), 4).await.expect("four bytes");
        assert_eq!(whole, "abcd");
        assert_eq!(read(in_chunks(&[Ok("ab"), Ok("cde")]), 4).await, Err(BodyError::TooLarge { most: 4 }));
        assert_eq!(read(in_chunks(&[Ok("ab"), Err("reset")]), 4).await, Err(BodyError::Broken));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let given_up = within(Duration::from_millis(5), collect(never, 4, None)).await;
        assert_eq!(given_up.map(|held| held.bytes), Err(BodyError::TooSlow));
    }

    /// Two of two units each, with room for two in all.
    #[tokio::test]
    async fn bodies_that_hold_room_do_not_wait_for_each_other() {
        let bodies = Bodies { room: Arc::new(Semaphore::new(2)), room_time: BODY_TIME };
        let unit: &str = " ".repeat(UNIT).leak();
        let read = || async {
            let chunks = in_chunks(&[Ok(unit), Ok(unit)]).into_data_stream();
            // Each takes its first before either takes its second.
            let in_turns = chunks.then(|chunk| async move {
                tokio::task::yield_now().await;
                chunk
            });
            bodies.read(&of_length(2 * UNIT), Body::from_stream(in_turns), 2 * UNIT).await.map(|held| held.bytes.len())
        };
        let both = timeout(BODY_TIME / 2, async { tokio::join!(read(), read()) }).await;
        assert_eq!(both, Ok((Err(BodyError::NoRoom), Ok(2 * UNIT))), "without a wait");
    }

    #[tokio::test]
    async fn of_a_body_of_unknown_length_all_that_is_reserved_is_counted_and_grows_by_doubling() {
        let bodies = Bodies { room: Arc::new(Semaphore::new(16)), room_time: BODY_TIME };
        let unit: &str = " ".repeat(UNIT).leak();
        for (chunks, units) in [(1, 2), (2, 2), (3, 6), (6, 6), (7, 12)] {
            let body = in_chunks(&vec![Ok(unit); chunks]);
            let held = bodies.read(&HeaderMap::new(), body, 12 * UNIT).await.expect("room");
            assert_eq!((held.bytes.len(), 16 - bodies.room.available_permits()), (chunks * UNIT, units));
        }
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
