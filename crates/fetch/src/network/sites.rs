//! What a site says of being asked: robots.txt, ai.txt, the TDM reservation file; asked for once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use obelisc_document::Reason;
use tokio::sync::OnceCell;
use url::Url;

use super::Failed;
use crate::opt_out::{OptOuts, Reservations};
use crate::robots::Robots;

/// What one site says.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// Why the site cannot be reached at all, where its robots.txt told.
    robots: OnceCell<Result<Robots, Failed>>,
    ai: OnceCell<Robots>,
    reservations: OnceCell<Reservations>,
}

/// The sites of a fetch, by scheme, host and port.
#[derive(Debug, Default)]
pub(super) struct Sites(Mutex<HashMap<String, Arc<Site>>>);

/// What came of asking a site for one of its files.
pub(super) enum Told {
    /// The file.
    Text(Vec<u8>),
    /// There is none.
    Nothing,
    /// It cannot be had now.
    Unknown(Failed),
}

impl Sites {
    fn of(&self, url: &Url) -> Arc<Site> {
        let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sites.entry(url.origin().ascii_serialization()).or_default())
    }

    /// Refuses a URL that its site does not want to be asked for, or of which it reserves the rights.  `ask` brings a file of the site.
    pub(super) async fn check<F>(
        &self,
        url: &Url,
        product: &str,
        honoured: OptOuts,
        ask: impl Fn(Url) -> F,
    ) -> Result<(), Failed>
    where
        F: Future<Output = Told>,
    {
        let site = self.of(url);
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let file = |path: &str| url.join(path).map(&ask);
        let opted_out =
            |by: &str| Failed::new(Reason::OptedOut, format!("{by} of {}", url.host_str().unwrap_or_default()));
        if honoured.robots_txt {
            let robots = site.robots.get_or_init(|| async {
                match file("/robots.txt") {
                    Ok(told) => match told.await {
                        Told::Text(text) => Ok(Robots::new(&text, product)),
                        Told::Nothing => Ok(Robots::default()),
                        // The host is there, and keeps it for itself.
                        Told::Unknown(Failed { reason: Reason::HttpStatus | Reason::RateLimited, .. }) => {
                            Ok(Robots::nothing())
                        }
                        Told::Unknown(failed) => {
                            Err(Failed::new(failed.reason, format!("robots.txt: {}", failed.detail)))
                        }
                    },
                    Err(_) => Ok(Robots::default()),
                }
            });
            if !robots.await.as_ref().map_err(Clone::clone)?.allow(path) {
                return Err(Failed::new(
                    Reason::RobotsDisallowed,
                    format!("robots.txt of {}", url.host_str().unwrap_or_default()),
                ));
            }
        }
        if honoured.ai_txt {
            let ai = site.ai.get_or_init(|| async {
                match file("/ai.txt") {
                    Ok(told) => match told.await {
                        Told::Text(text) => Robots::new(&text, product),
                        Told::Nothing | Told::Unknown(_) => Robots::default(),
                    },
                    Err(_) => Robots::default(),
                }
            });
            if !ai.await.allow(path) {
                return Err(opted_out("ai.txt"));
            }
        }
        if honoured.tdm_reservation {
            let reservations = site.reservations.get_or_init(|| async {
                match file("/.well-known/tdmrep.json") {
                    Ok(told) => match told.await {
                        Told::Text(text) => Reservations::new(&text),
                        Told::Nothing | Told::Unknown(_) => Reservations::default(),
                    },
                    Err(_) => Reservations::default(),
                }
            });
            if reservations.await.reserve(path) {
                return Err(opted_out("tdmrep.json"));
            }
        }
        Ok(())
    }
}
