//! Answers that name the time before which no other attempt is taken.

use shared::{Kind, Problem};
use tui_core::api::{Failure, wait};

use super::*;

async fn failure(does: impl Fn(&Seen) -> Does + Send + 'static) -> Failure {
    let fake = Fake::start(does);
    client(&fake).send(&login(), None).await.unwrap_err()
}

#[tokio::test]
async fn the_seconds_of_retry_after_reach_the_core() {
    let put_off = |_: &Seen| {
        let problem = Problem::new(Kind::TooManyRequests, "too many attempts: try again in 7 s");
        Does::PutsOff(429, serde_json::to_value(problem).unwrap(), 7)
    };
    let failure = failure(put_off).await;
    assert_eq!(wait(&failure), Some(7));
    let Failure::Problem(problem) = failure else { panic!("{failure:?}") };
    assert_eq!(problem.error, Kind::TooManyRequests.code());
}

#[tokio::test]
async fn a_refusal_without_it_names_no_time() {
    let refused = |_: &Seen| problem(Kind::Unauthenticated, "e-mail or password is wrong");
    assert_eq!(wait(&failure(refused).await), None);
}
