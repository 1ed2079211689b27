//! What a site says of being asked: robots.txt, ai.txt, the TDM reservation file; asked for once.

use obelisc_document::Reason;
use tokio::sync::OnceCell;
use url::Url;

use super::{Failed, Kept};
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
#[derive(Default)]
pub(super) struct Sites(Kept<String, Site>);

/// What came of asking a site for one of its files.
pub(super) enum Told {
    /// The file.
    Text(Vec<u8>),
    /// There is none.
    Nothing,
    /// It cannot be had now.
    Unknown(Failed),
}

impl Told {
    fn text(self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }

    /// What a robots.txt says; or why its site cannot be reached at all.
    fn robots(self, product: &str) -> Result<Robots, Failed> {
        match self {
            Self::Text(text) => Ok(Robots::new(&text, product)),
            Self::Nothing => Ok(Robots::default()),
            // The host is there, and keeps it for itself.
            Self::Unknown(Failed { reason: Reason::HttpStatus | Reason::RateLimited, .. }) => Ok(Robots::nothing()),
            Self::Unknown(failed) => Err(Failed::new(failed.reason, format!("robots.txt: {}", failed.detail))),
        }
    }
}

impl Sites {
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
        let site = self.0.get(url.origin().ascii_serialization(), Site::default);
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let told = async |path: &str| match url.join(path) {
            Ok(file) => ask(file).await,
            Err(_) => Told::Nothing,
        };
        let refused = |reason: Reason, by: &str| {
            Err(Failed::new(reason, format!("{by} of {}", url.host_str().unwrap_or_default())))
        };
        if honoured.robots_txt {
            let robots = site.robots.get_or_init(async || told("/robots.txt").await.robots(product));
            if !robots.await.as_ref().map_err(Clone::clone)?.allow(path) {
                return refused(Reason::RobotsDisallowed, "robots.txt");
            }
        }
        if honoured.ai_txt {
            let ai = site.ai.get_or_init(async || {
                told("/ai.txt").await.text().map(|text| Robots::new(&text, product)).unwrap_or_default()
            });
            if !ai.await.allow(path) {
                return refused(Reason::OptedOut, "ai.txt");
            }
        }
        if honoured.tdm_reservation {
            let reservations = site.reservations.get_or_init(async || {
                told("/.well-known/tdmrep.json").await.text().map(|text| Reservations::new(&text)).unwrap_or_default()
            });
            if reservations.await.reserve(path) {
                return refused(Reason::OptedOut, "tdmrep.json");
            }
        }
        Ok(())
    }
}
