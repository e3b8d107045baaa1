//! What listeners are told, and when.
use super::*;
use domain::Topic::{Backups, Metrics, Office, Routes};
use futures::{FutureExt, StreamExt};
use std::pin::Pin;

/// A listener of a board that nobody looks for.
fn listen(board: &Board, since: Option<Mark>) -> Pin<Box<dyn Stream<Item = News>>> {
    let looking = Looker::new(PACE, board.clone()).join(|| None);
    Box::pin(board.listen(since.map(|mark| mark.to_string()).as_deref(), looking))
}

async fn topics(listener: &mut Pin<Box<dyn Stream<Item = News>>>) -> Vec<Topic> {
    listener.next().await.unwrap().topics
}

#[tokio::test(start_paused = true)]
async fn news_that_come_close_together_are_told_together() {
    let board = Board::default();
    let mut listener = listen(&board, None);
    assert!(listener.next().now_or_never().is_none(), "there is nothing new");
    board.tell(&[Routes]);
    let began = Instant::now();
    assert_eq!(topics(&mut listener).await, [Routes]);
    assert_eq!(began.elapsed(), Duration::ZERO, "the first is told at once");
    for _ in 0..1_000 {
        board.tell(&[Routes, Office]);
    }
    assert_eq!(topics(&mut listener).await, [Office, Routes]);
    assert!(began.elapsed() >= PACE && began.elapsed() < PACE * 2, "{:?}", began.elapsed());
    assert!(listener.next().now_or_never().is_none(), "all was told");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_told_what_came_meanwhile_and_nothing_else() {
    let board = Board::default();
    board.tell(&[Office]);
    let mark = board.mark();
    assert!(listen(&board, Some(mark)).next().now_or_never().is_none());
    board.tell(&[Backups, Metrics]);
    let told = listen(&board, Some(mark)).next().await.unwrap();
    assert_eq!((told.topics, told.mark), (vec![Metrics, Backups], board.mark()));
    assert!(listen(&board, Some(told.mark)).next().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn of_another_life_of_the_server_everything_is_old() {
    let (board, other) = (Board::default(), Board::default());
    let mark = Mark { life: board.0.life.wrapping_add(1), ..other.mark() };
    assert_eq!(topics(&mut listen(&board, Some(mark))).await, Topic::ALL);
    let looking = Looker::new(PACE, board.clone()).join(|| None);
    let told = Box::pin(board.listen(Some("nonsense"), looking)).next().await.unwrap();
    assert_eq!((told.topics, told.mark), (Topic::ALL.to_vec(), board.mark()));
}

#[test]
fn a_mark_is_read_as_it_was_written_and_nothing_else_is() {
    let board = Board::default();
    board.tell(&[Office, Metrics]);
    let mark = board.mark();
    assert_eq!(mark.to_string().parse(), Ok(mark));
    for text in
        ["", "5", "x-0-0-0-0-0-0", "5-0-0-0-0-0", "5-0-0-0-0-0-0-0", "5-0-0-0-0-0-y", "5-0-0-0-0-0--1"]
    {
        assert_eq!(text.parse::<Mark>(), Err(NoMark), "{text}");
    }
}
