//! All wishes of a task: hosts beside each other, the requests of each as politely as the network goes.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use obelisc_document::table::Answer;
use obelisc_document::{Reason, UrlKey};
use tokio::sync::OnceCell;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use url::Url;

use crate::network::{Body, Failed, Manners, Network, Policy};
use crate::{Error, Examined, Journal, opt_out_service};

/// An image that is wanted: the URLs at which it may be, best first.  The next one is asked for where one fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    /// The URLs.
    pub urls: Vec<String>,
}

/// Hosts that are asked at a time.
const MAX_HOSTS: usize = 2000;

/// Whether no other candidate of an image is asked for behind this answer: it is an image, or one that nobody may store, in whatever size.
pub fn ends_wish(answer: &Answer) -> bool {
    matches!(answer.reason, None | Some(Reason::HashListed))
}

/// Whether a URL that several wishes may name ends them, once it was asked for.
type Asked = RefCell<HashMap<UrlKey, Rc<OnceCell<bool>>>>;

/// Grants wishes, each URL asked for once, and none of which it is known (`known`, or the journal) whether it ends a wish; each answer goes into the journal as it comes.  It ends early, with
/// `false`, when it is to stop: what was asked for by then is in the journal.
///
/// It takes this thread for what comes and goes, and one more for decoding.
///
/// # Errors
/// [`Error::Network`] for manners that cannot be kept; those of the journal.
pub fn crawl(
    manners: Manners,
    policy: Policy,
    wishes: Vec<Wish>,
    known: &dyn Fn(UrlKey) -> Option<bool>,
    journal: &mut Journal<'_>,
    stop: &AtomicBool,
) -> Result<bool, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    let runtime = runtime.map_err(|error| Error::Network(error.to_string()))?;
    runtime.block_on(async {
        let network = Network::new(manners, policy).map_err(Error::Network)?;
        grant_all(&network, wishes, known, journal, stop).await
    })
}

/// The same over a network that is there.
async fn grant_all(
    network: &Network,
    wishes: Vec<Wish>,
    known: &dyn Fn(UrlKey) -> Option<bool>,
    journal: &mut Journal<'_>,
    stop: &AtomicBool,
) -> Result<bool, Error> {
    let asked = Asked::default();
    {
        let mut asked = asked.borrow_mut();
        for url in wishes.iter().flat_map(|wish| &wish.urls) {
            let key = UrlKey::new(url);
            if let Some(ends) = journal.knows(key).or_else(|| known(key)) {
                asked.insert(key, Rc::new(OnceCell::new_with(Some(ends))));
            }
        }
    }
    if network.opt_outs().list_service {
        let all = wishes.iter().flat_map(|wish| &wish.urls).map(|url| (UrlKey::new(url), url));
        let open: BTreeMap<UrlKey, &String> = all.filter(|(key, _)| !asked.borrow().contains_key(key)).collect();
        let urls: Vec<String> = open.into_values().cloned().collect();
        let listed = opt_out_service::ask(network.manners(), &urls).await?;
        for url in urls.iter().filter(|url| listed.contains(&UrlKey::new(url))) {
            journal.push(&Examined::failed(url, Reason::OptedOut, opt_out_service::LISTED.to_owned()))?;
            asked.borrow_mut().insert(UrlKey::new(url), Rc::new(OnceCell::new_with(Some(false))));
        }
    }
    // In the order of the hosts' names; which of them answers first is of no matter, since answers are sorted when they are sealed.
    let mut hosts: BTreeMap<String, Vec<Wish>> = BTreeMap::new();
    for wish in wishes {
        hosts.entry(wish.urls.first().map(|url| host(url)).unwrap_or_default()).or_default().push(wish);
    }
    let at_a_time = network.max_per_host();
    let asked = &asked;
    let (sender, mut answers) = unbounded_channel();
    let sender = &sender;
    let granted = futures::stream::iter(hosts.into_values()).map(|wishes| {
        let granted = wishes.into_iter().map(move |wish| grant(network, wish, asked, sender, stop));
        futures::stream::iter(granted).buffer_unordered(at_a_time)
    });
    let mut granted = std::pin::pin!(granted.flatten_unordered(MAX_HOSTS));
    loop {
        // Answers first: none waits for the rest of its wish.
        tokio::select! {
            biased;
            Some((examined, _body)) = answers.recv() => journal.push(&examined)?,
            done = granted.next() => if done.is_none() { break },
        }
    }
    while let Ok((examined, _body)) = answers.try_recv() {
        journal.push(&examined)?;
    }
    Ok(!stop.load(Ordering::Relaxed))
}

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// An answer, and the room that its bytes take.
type Came = (Examined, Option<Body>);

/// Asks for the URLs of a wish until one ends it, and sends the answers to those that nobody else asked for.
async fn grant(network: &Network, wish: Wish, asked: &Asked, answers: &UnboundedSender<Came>, stop: &AtomicBool) {
    for url in wish.urls {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let cell = Rc::clone(asked.borrow_mut().entry(UrlKey::new(&url)).or_default());
        let ends = cell.get_or_init(|| async {
            let (examined, body) = ask(network, &url).await;
            let ends = ends_wish(&examined.answer);
            // The other end is there until all wishes are granted.
            let _ = answers.send((examined, body));
            ends
        });
        if *ends.await {
            break;
        }
    }
}

/// Asks for a URL, and looks at what comes; its body says how long its room is taken.
async fn ask(network: &Network, url: &str) -> (Examined, Option<Body>) {
    let body = match network.image(url).await {
        Ok(body) => body,
        Err(Failed { reason, detail, .. }) => return (Examined::failed(url, reason, detail), None),
    };
    let (owned, treatment) = (url.to_owned(), network.treatment().clone());
    let examined = tokio::task::spawn_blocking(move || {
        let examined = Examined::new(&owned, &body.bytes, &treatment);
        (examined, body)
    });
    match examined.await {
        Ok((examined, body)) => (examined, Some(body)),
        // A panic of the decoder is caught where it happens; what is left is a runtime that ends.
        Err(error) => (Examined::failed(url, Reason::DamagedImage, error.to_string()), None),
    }
}
