//! A sign of life on the terminal, for work that takes long.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What takes less than this needs no sign.
const DELAY: Duration = Duration::from_millis(300);

/// How often the sign changes.
const INTERVAL: Duration = Duration::from_millis(120);

const SIGNS: [&str; 6] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"];

/// Shown from [`Progress::begin`] to [`Progress::end`], if standard error is a terminal.
pub(crate) struct Progress {
    is_wanted: bool,
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self {
            is_wanted: is_wanted && io::stderr().is_terminal(),
            running: None,
        }
    }

    pub(crate) fn begin(&mut self) {
        if !self.is_wanted || self.running.is_some() {
            return;
        }
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let began = Instant::now();
            let mut wait = DELAY;
            let mut signs = SIGNS.iter().cycle();
            while matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
                wait = INTERVAL;
                let sign = signs.next().copied().unwrap_or_default();
                let seconds = began.elapsed().as_secs_f32();
                let _ = write!(io::stderr(), "\r{sign} reading migrations, {seconds:.1} s ");
            }
            if wait == INTERVAL {
                // The line as it was before.
                let _ = write!(io::stderr(), "\r\u{1b}[2K");
            }
        });
        self.running = Some((stop, thread));
    }

    pub(crate) fn end(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
