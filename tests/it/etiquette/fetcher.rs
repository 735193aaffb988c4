//! Single fetches, for rows that need no database.

use std::future::Future;

use copytaster::fetch::{FetchOptions, FetchRequest, Fetcher, Purpose};
use copytaster::model::{FetchFailure, FetchOutcome, FetchedBody};

use super::world::NOW;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts").block_on(work)
}

pub(crate) fn fetcher(options: FetchOptions) -> Fetcher {
    Fetcher::new(options).expect("the options are fine")
}

pub(crate) fn feed(url: String) -> FetchRequest {
    FetchRequest { url, purpose: Purpose::Feed, now: NOW, ..FetchRequest::default() }
}

pub(crate) fn fetch(fetcher: &Fetcher, request: &FetchRequest) -> FetchOutcome {
    run(fetcher.fetch(request))
}

pub(crate) fn body(outcome: FetchOutcome) -> FetchedBody {
    match outcome {
        FetchOutcome::Body(body) => body,
        other => panic!("no body: {other:?}"),
    }
}

pub(crate) fn failure(outcome: FetchOutcome) -> FetchFailure {
    match outcome {
        FetchOutcome::Failed(failure) => failure,
        other => panic!("no failure: {other:?}"),
    }
}
