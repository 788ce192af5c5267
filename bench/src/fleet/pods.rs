//! The collectors, as a StatefulSet runs them: each has a number, a shard and a volume, and is started again on its volume
//! whatever ended it.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use storelogs_collector::sync::Shard;
use tokio::process::{Child, Command};

use crate::Result;

/// How long a pod may take to end before it is killed, as the manifest says.
const GRACE: Duration = Duration::from_secs(120);
const TICK: Duration = Duration::from_millis(50);
/// How often progress is shown.
const SHOWN: Duration = Duration::from_secs(15);

/// How often it is looked whether something is so: the journal is long.
const LOOKED: Duration = Duration::from_secs(2);

/// How long things take.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    /// From the end of a pod to the start of the next one on its volume.
    start: Duration,
    /// The longest time from a kill to the start, which is between that and `start`.
    again: Duration,
    /// From one kill to the next, on average.
    kill: Duration,
}

impl Timing {
    pub(crate) const WHOLE: Self =
        Self { start: Duration::from_secs(2), again: Duration::from_secs(12), kill: Duration::from_secs(10) };
    pub(crate) const QUICK: Self =
        Self { start: Duration::from_millis(500), again: Duration::from_secs(3), kill: Duration::from_secs(4) };
}

struct Pod {
    /// Its number, from 1 on: the number of its shard.
    ordinal: u32,
    child: Option<Child>,
    /// How many shards there were when it was started last, or will be when it is next.
    shards: u32,
    /// When it is started.
    due: Option<Instant>,
    /// When it was asked to end.
    ending: Option<Instant>,
    /// It was killed, and has not been started since.
    killed: bool,
}

/// Pods, and what was done to them.
pub(crate) struct Pods {
    program: PathBuf,
    folder: PathBuf,
    timing: Timing,
    random: fastrand::Rng,
    begun: Instant,
    pods: Vec<Pod>,
    /// The numbers of shards that there were, one after the other.
    sizes: Vec<u32>,
    next_kill: Option<Instant>,
    pub(crate) kills: u32,
    pub(crate) restarts: u32,
    /// How often each store had its collector started, on average.
    pub(crate) starts_of_each: f64,
    slowest_end: Duration,
    /// What must not be.
    pub(crate) wrong: Vec<String>,
}

impl Pods {
    pub(crate) fn new(program: &Path, folder: &Path, seed: u64, timing: Timing) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            timing,
            random: fastrand::Rng::with_seed(seed),
            begun: Instant::now(),
            pods: Vec::new(),
            sizes: Vec::new(),
            next_kill: None,
            kills: 0,
            restarts: 0,
            starts_of_each: 0.0,
            slowest_end: Duration::ZERO,
            wrong: Vec::new(),
        }
    }

    /// How much time has passed.
    pub(crate) fn clock(&self) -> String {
        let seconds = self.begun.elapsed().as_secs();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }

    pub(crate) fn size(&self) -> u32 {
        self.sizes.last().copied().unwrap_or_default()
    }

    pub(crate) fn progress(&self) -> String {
        let running = self.pods.iter().filter(|pod| pod.child.is_some()).count();
        format!("{running} of {} collectors run; {} kills", self.size(), self.kills)
    }

    pub(crate) fn slowest_end(&self) -> String {
        format!("the slowest collector took {:.1} s to end", self.slowest_end.as_secs_f64())
    }

    /// Those that were killed when they were to end, or just before: what they had last was exported by nobody.
    pub(crate) fn killed_for_good(&self) -> impl Iterator<Item = u32> {
        self.pods.iter().filter(|pod| pod.killed).map(|pod| pod.ordinal)
    }

    /// The pods that a store was of, one after the other.
    pub(crate) fn owners(&self, store: &str) -> Result<Vec<u32>> {
        let store = store.parse()?;
        let mut owners = Vec::new();
        for size in &self.sizes {
            for ordinal in 1..=*size {
                let shard: Shard = format!("{ordinal}/{size}").parse()?;
                if shard.holds(&store) && !owners.contains(&ordinal) {
                    owners.push(ordinal);
                }
            }
        }
        Ok(owners)
    }

    /// Makes them this many, each a shard. New ones are started and those beyond are ended at once; the others are restarted
    /// one after the other, the last one first. It is a rolling restart if their number stays.
    pub(crate) async fn scale(&mut self, size: u32) -> Result<()> {
        let before = self.size();
        self.sizes.push(size);
        for ordinal in before + 1..=size {
            let due = Some(Instant::now() + self.timing.start);
            match self.pods.iter_mut().find(|pod| pod.ordinal == ordinal) {
                Some(pod) => (pod.shards, pod.due) = (size, due),
                None => self.pods.push(Pod { ordinal, child: None, shards: size, due, ending: None, killed: false }),
            }
        }
        for index in size as usize..before as usize {
            self.pods[index].due = None;
            self.ask_to_end(index)?;
        }
        for index in (0..before.min(size) as usize).rev() {
            self.pods[index].shards = size;
            self.ask_to_end(index)?;
            self.pass_until_of(index, |pod| pod.child.is_none()).await?;
            let due = Instant::now() + self.timing.start;
            self.pods[index].due.get_or_insert(due);
            self.pass_until_of(index, |pod| pod.child.is_some()).await?;
            self.restarts += 1;
        }
        for index in 0..self.pods.len() {
            let wanted = index < size as usize;
            self.pass_until_of(index, |pod| pod.child.is_some() == wanted).await?;
        }
        Ok(())
    }

    pub(crate) fn kill_from_now_on(&mut self) {
        self.next_kill = Some(Instant::now() + self.timing.kill);
    }

    /// Merges the small files of the lake, as a job does once a day with the archive of any pod.
    pub(crate) async fn compact(&mut self) -> Result<()> {
        let mut job = self.command();
        job.args(["export", "lake", "lake", "--compact", "--archive", "volume-1/archive.db"]);
        let mut job = job.stdout(self.log("compact")?).stderr(self.log("compact")?).spawn()?;
        loop {
            if let Some(status) = job.try_wait()? {
                if !status.success() {
                    self.wrong.push(format!("the compaction ended with {status}: see compact.log"));
                }
                return Ok(());
            }
            self.tick().await?;
        }
    }

    /// Lets time pass, and shows something now and then.
    pub(crate) async fn pass(&mut self, time: Duration, show: impl Fn(&Self)) -> Result<()> {
        let until = Instant::now() + time;
        let mut shown = Instant::now();
        while Instant::now() < until {
            if shown.elapsed() >= SHOWN {
                show(self);
                shown = Instant::now();
            }
            self.tick().await?;
        }
        show(self);
        Ok(())
    }

    /// Lets time pass until something is so, or no more than that. Says whether it is so.
    pub(crate) async fn pass_until(&mut self, is_so: impl Fn() -> bool, most: Duration) -> Result<bool> {
        let until = Instant::now() + most;
        while Instant::now() < until {
            if is_so() {
                return Ok(true);
            }
            let again = Instant::now() + LOOKED;
            while Instant::now() < again {
                self.tick().await?;
            }
        }
        Ok(false)
    }

    async fn pass_until_of(&mut self, index: usize, is_so: impl Fn(&Pod) -> bool) -> Result<()> {
        while !is_so(&self.pods[index]) {
            self.tick().await?;
        }
        Ok(())
    }

    /// Kills all at once, and starts them again after a while. From now on nobody is killed any more.
    pub(crate) async fn cut_power(&mut self, off: Duration) -> Result<()> {
        self.next_kill = None;
        for index in 0..self.pods.len() {
            self.kill(index, off).await?;
            // One that was down already comes back with the others.
            if let Some(due) = &mut self.pods[index].due {
                *due = Instant::now() + off;
            }
        }
        Ok(())
    }

    /// Ends all, for good.
    pub(crate) async fn end(&mut self) -> Result<()> {
        self.next_kill = None;
        for index in 0..self.pods.len() {
            self.pods[index].due = None;
            self.ask_to_end(index)?;
        }
        for index in 0..self.pods.len() {
            self.pass_until_of(index, |pod| pod.child.is_none()).await?;
        }
        Ok(())
    }

    /// A moment in which pods that are due are started, some are killed, and those that have ended are noticed.
    async fn tick(&mut self) -> Result<()> {
        tokio::time::sleep(TICK).await;
        let now = Instant::now();
        for index in 0..self.pods.len() {
            self.notice_end(index)?;
            if self.pods[index].due.is_some_and(|due| due <= now) {
                self.start(index)?;
            }
        }
        if self.next_kill.is_some_and(|at| at <= now) {
            self.next_kill = Some(now + self.timing.kill.mul_f64(0.5 + self.random.f64()));
            let running: Vec<usize> = (0..self.pods.len()).filter(|index| self.pods[*index].child.is_some()).collect();
            if let Some(index) = self.random.choice(running) {
                let again = self.timing.start + (self.timing.again - self.timing.start).mul_f64(self.random.f64());
                self.kill(index, again).await?;
                self.kills += 1;
            }
        }
        Ok(())
    }

    fn start(&mut self, index: usize) -> Result<()> {
        let (ordinal, shards) = (self.pods[index].ordinal, self.pods[index].shards);
        std::fs::create_dir_all(self.folder.join(format!("volume-{ordinal}")))?;
        let log = self.log(&format!("pod-{ordinal}"))?;
        let mut command = self.command();
        command
            .args(["sync", "--follow", "--config=storelogs.toml", "--metrics-listen=127.0.0.1:0", "--log-format=json"])
            .args([format!("--shard={ordinal}/{shards}"), format!("--archive=volume-{ordinal}/archive.db")])
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn()?;
        self.starts_of_each += 1.0 / f64::from(shards);
        let pod = &mut self.pods[index];
        (pod.child, pod.due, pod.ending, pod.killed) = (Some(child), None, None, false);
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).kill_on_drop(true);
        for name in ["STORELOGS_CONFIG", "STORELOGS_ARCHIVE"] {
            command.env_remove(name);
        }
        command
    }

    fn log(&self, name: &str) -> Result<File> {
        Ok(File::options().create(true).append(true).open(self.folder.join(format!("{name}.log")))?)
    }

    /// Asks a pod to end, if it runs.
    fn ask_to_end(&mut self, index: usize) -> Result<()> {
        let pod = &mut self.pods[index];
        let pid = pod.child.as_ref().and_then(Child::id).and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid {
            // It is not waited for yet, so that it is nobody else's number.
            kill_process(pid, Signal::TERM)?;
            pod.ending = Some(Instant::now());
        }
        Ok(())
    }

    /// Kills a pod, if it runs. It is started again after a while, unless it was to end.
    async fn kill(&mut self, index: usize, again: Duration) -> Result<()> {
        let pod = &mut self.pods[index];
        let Some(mut child) = pod.child.take() else { return Ok(()) };
        child.kill().await?;
        pod.killed = true;
        if pod.ending.take().is_none() {
            pod.due = Some(Instant::now() + again);
        }
        Ok(())
    }

    /// Takes note of a pod that has ended by itself or because it was asked to, and kills one that does not.
    fn notice_end(&mut self, index: usize) -> Result<()> {
        let (pod, timing) = (&mut self.pods[index], self.timing);
        let Some(child) = &mut pod.child else { return Ok(()) };
        let name = format!("the collector {}/{}", pod.ordinal, pod.shards);
        if let Some(status) = child.try_wait()? {
            pod.child = None;
            match pod.ending.take() {
                Some(asked) => {
                    self.slowest_end = self.slowest_end.max(asked.elapsed());
                    if !status.success() && status.signal().is_none() {
                        self.wrong.push(format!(
                            "{name} was asked to end, and ended with {status}: see pod-{}.log",
                            pod.ordinal
                        ));
                    }
                }
                None => {
                    pod.due = Some(Instant::now() + timing.start);
                    self.wrong.push(format!("{name} ended by itself with {status}: see pod-{}.log", pod.ordinal));
                }
            }
        } else if pod.ending.is_some_and(|asked| asked.elapsed() > GRACE) {
            child.start_kill()?;
            self.wrong.push(format!("{name} did not end within {} s", GRACE.as_secs()));
            pod.ending = Some(Instant::now());
        }
        Ok(())
    }
}
