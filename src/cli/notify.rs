//! Tells a service manager how the daemon is, by the protocol of `sd_notify(3)`: datagrams to `NOTIFY_SOCKET`.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// Where messages go; nowhere when no service manager listens.
#[derive(Debug)]
pub(super) struct Notifier {
    socket: Option<(UnixDatagram, String)>,
    /// How often the manager wants to hear that the daemon is alive, halved as its manual advises.
    pub(super) watchdog: Option<Duration>,
}

impl Notifier {
    /// Looks at `NOTIFY_SOCKET` and `WATCHDOG_USEC` through `lookup`.
    pub(super) fn new(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let name = lookup("NOTIFY_SOCKET").filter(|name| name.starts_with(['/', '@']));
        let socket = name.and_then(|name| UnixDatagram::unbound().ok().map(|socket| (socket, name)));
        // A watchdog set for another process, a parent of ours, is none of our business.
        let is_ours = lookup("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let watchdog = lookup("WATCHDOG_USEC")
            .filter(|_| is_ours)
            .and_then(|microseconds| microseconds.parse().ok())
            .filter(|microseconds| *microseconds > 0)
            .map(|microseconds: u64| Duration::from_micros(microseconds / 2));
        Self { socket, watchdog }
    }

    /// Tells that the configuration is read again, and since when by the monotonic clock in microseconds: without it a
    /// manager of `Type=notify-reload` can't tell this reload from an earlier one and waits for the right one in vain.
    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// Sends `READY=1` and the like. A manager that went away is no reason to stop, so that a failure is only logged.
    pub(super) fn send(&self, message: &str) {
        let Some((socket, name)) = &self.socket else { return };
        if let Err(error) = send(socket, name, message) {
            tracing::debug!(%error, "the service manager could not be told");
        }
    }
}

fn send(socket: &UnixDatagram, name: &str, message: &str) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt as _;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return socket.send_to_addr(message.as_bytes(), &address).map(|_| ());
    }
    socket.send_to(message.as_bytes(), name).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_reach_the_socket_of_the_manager() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(|name| match name {
            "NOTIFY_SOCKET" => path.to_str().map(str::to_owned),
            "WATCHDOG_USEC" => Some("20000000".to_owned()),
            _ => None,
        });
        notifier.send("READY=1");
        let mut buffer = [0; 32];
        let n = manager.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"READY=1");
        assert_eq!(notifier.watchdog, Some(Duration::from_secs(10)));
        let other = Notifier::new(|name| match name {
            "WATCHDOG_USEC" => Some("20000000".to_owned()),
            "WATCHDOG_PID" => Some("1".to_owned()),
            _ => None,
        });
        assert_eq!(other.watchdog, None, "it is for another process");
        let alone = Notifier::new(|_| None);
        alone.send("READY=1");
        assert_eq!(alone.watchdog, None);
    }
}
