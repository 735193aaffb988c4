//! `setup timer --print`: what makes the system run `fetch` by itself, to be put in place by hand.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::arguments::{GlobalArguments, Scheduler, SetupCommand};
use super::context;
use super::exit::{Exit, ExitError};

/// Prints a systemd user timer, a cron line and a launchd property list.
pub(super) fn setup(command: &SetupCommand, global: &GlobalArguments) -> anyhow::Result<Exit> {
    let SetupCommand::Timer { print: _, every, scheduler } = command;
    let every = context::duration(every)?;
    if every < Duration::from_secs(60) {
        return Err(ExitError::usage("a timer runs every minute at most; write --every 10m").into());
    }
    let words = command_line(&std::env::current_exe()?, global)?;
    let mut out = std::io::stdout().lock();
    let wanted = |one: Scheduler| scheduler.is_none_or(|wanted| wanted == one);
    if wanted(Scheduler::Systemd) {
        write!(out, "{}", systemd(&words, every))?;
    }
    if wanted(Scheduler::Cron) {
        write!(out, "{}", cron(&words, every))?;
    }
    if wanted(Scheduler::Launchd) {
        write!(out, "{}", launchd(&words, every))?;
    }
    Ok(Exit::Done)
}

fn command_line(program: &Path, global: &GlobalArguments) -> anyhow::Result<Vec<String>> {
    let absolute = |path: &Path| {
        let path = std::path::absolute(path)?;
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| anyhow::anyhow!("{} can't be written in a timer: it is not UTF-8", path.display()))
    };
    let mut words = vec![absolute(program)?];
    for (flag, path) in [("--config", &global.config), ("--db", &global.db)] {
        if let Some(path) = context::named(path) {
            words.extend([flag.to_owned(), absolute(&path)?]);
        }
    }
    words.extend(["--quiet", "fetch", "--skip-if-running"].map(str::to_owned));
    Ok(words)
}

fn systemd(words: &[String], every: Duration) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let escaped = word.replace('\\', r"\\").replace('"', r#"\""#).replace('%', "%%").replace('$', "$$");
            if escaped.contains([' ', '"', '\'', ';']) { format!("\"{escaped}\"") } else { escaped }
        })
        .collect();
    // systemd takes the path of a program as it is, dollars and all, and none with quotes or backslashes: the shell does.
    let by_shell = if words[0].contains(['$', '"', '\'', '\\']) { r#"/bin/sh -c 'exec "$$0" "$$@"' "# } else { "" };
    format!(
        "# ~/.config/systemd/user/copytaster.service\n[Unit]\nDescription=Fetch news feeds with copytaster\n\
         \n[Service]\nType=oneshot\nExecStart={by_shell}{}\nNice=10\n\n\
         # ~/.config/systemd/user/copytaster.timer, then: systemctl --user enable --now copytaster.timer\n[Unit]\n\
         Description=Fetch news feeds with copytaster\n\n[Timer]\nOnBootSec=2min\nOnUnitActiveSec={}s\n\
         RandomizedDelaySec=30s\n\n[Install]\nWantedBy=timers.target\n\n",
        quoted.join(" "),
        every.as_secs()
    )
}

/// Cron knows no intervals, only moments: minutes up to an hour, hours up to a day, then once a day.
fn cron(words: &[String], every: Duration) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            let is_plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+:@".contains(c));
            // An unquoted percent sign ends the command, and no quotes help against it.
            let word = word.replace('\'', r"'\''").replace('%', r"\%");
            if is_plain { word } else { format!("'{word}'") }
        })
        .collect();
    let minutes = every.as_secs() / 60;
    let moments = match minutes {
        1 => "* * * * *".to_owned(),
        2..=59 => format!("*/{minutes} * * * *"),
        60..=119 => "7 * * * *".to_owned(),
        120..=1439 => format!("7 */{} * * *", minutes / 60),
        _ => "7 5 * * *".to_owned(),
    };
    format!("# crontab -e; it mails only when a feed breaks or recovers\n{moments} {}\n\n", quoted.join(" "))
}

fn launchd(words: &[String], every: Duration) -> String {
    let arguments: String = words
        .iter()
        .map(|word| {
            let escaped = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!("    <string>{escaped}</string>\n")
        })
        .collect();
    format!(
        // Nothing may stand before the declaration.
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- ~/Library/LaunchAgents/copytaster.fetch.plist, then: launchctl load ~/Library/LaunchAgents/copytaster.fetch.plist -->\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n  <key>Label</key>\n  <string>copytaster.fetch</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{arguments}  </array>\n\
         \x20 <key>StartInterval</key>\n  <integer>{}</integer>\n  <key>RunAtLoad</key>\n  <true/>\n</dict>\n</plist>\n",
        every.as_secs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(program: &str) -> Vec<String> {
        [program, "--quiet", "fetch"].map(str::to_owned).to_vec()
    }

    #[test]
    fn intervals_become_moments_of_cron() {
        let check = |minutes: u64, expected: &str| {
            let text = cron(&words("/bin/copytaster"), Duration::from_secs(minutes * 60));
            assert_eq!(text.lines().nth(1), Some(format!("{expected} /bin/copytaster --quiet fetch").as_str()));
        };
        check(1, "* * * * *");
        check(10, "*/10 * * * *");
        check(60, "7 * * * *");
        check(180, "7 */3 * * *");
        check(3000, "7 5 * * *");
    }

    #[test]
    fn odd_paths_are_escaped_for_each() {
        let words = words("/my apps/50% & more/copytaster");
        let every = Duration::from_secs(600);
        assert!(systemd(&words, every).contains("ExecStart=\"/my apps/50%% & more/copytaster\" --quiet fetch"));
        assert!(systemd(&words, every).contains("OnUnitActiveSec=600s"));
        let named = systemd(&self::words(r"/o'b/$x/copytaster"), every);
        assert!(named.contains(r#"ExecStart=/bin/sh -c 'exec "$$0" "$$@"' "/o'b/$$x/copytaster" --quiet"#), "{named}");
        assert!(cron(&words, every).contains(r"*/10 * * * * '/my apps/50\% & more/copytaster' --quiet fetch"));
        let plist = launchd(&words, every);
        assert!(plist.contains("<string>/my apps/50% &amp; more/copytaster</string>"));
        assert!(plist.contains("<integer>600</integer>"));
    }
}
