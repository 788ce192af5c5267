//! Starting servers, certificates and the program, all on loopback and in one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::cases::{Case, Server};
use crate::Result;
use crate::workspace::write;

/// Debian puts servers where a user's PATH does not look.
const PLACES: [&str; 4] = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];
/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);
/// How far back a store is read: enough pages for eight of them to be under way at once.
const DAYS: i64 = 90;

pub(super) fn is_installed(program: &str) -> bool {
    find(program).is_some()
}

fn find(program: &str) -> Option<PathBuf> {
    let own = std::env::var_os("PATH").unwrap_or_default();
    let places = PLACES.iter().map(PathBuf::from).chain(std::env::split_paths(&own));
    places.map(|place| place.join(program)).find(|path| path.is_file())
}

/// A process that ends with its case.
pub(super) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) struct Stage {
    pub(super) folder: PathBuf,
    program: PathBuf,
    store: BTreeMap<String, String>,
    sandbox: String,
    /// The time from which every case reads. One time for all of them: counted from each case's own start, the oldest
    /// row would be in the first and not in the last.
    since: String,
    /// The uids that every case should read.
    pub(super) everything: BTreeSet<String>,
    _sandbox: Running,
}

/// The result of a run of the program.
pub(super) struct Run {
    pub(super) uids: BTreeSet<String>,
    pub(super) code: Option<i32>,
    pub(super) text: String,
    pub(super) seconds: f64,
}

impl Stage {
    /// The sandbox runs, the certificates are made, and what there is to read is known.
    pub(super) fn new(program: &Path, folder: &Path) -> Result<Self> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut sandbox = Command::new(program);
        sandbox.args(["sandbox", "--no-quota", "--port-bigcommerce", "0", "--port-shopline", "0"]);
        let mut child = spawn(sandbox.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let lines = BufReader::new(child.stdout.take().ok_or("the sandbox has no output")?).lines();
        let running = Running(child);
        let mut store = BTreeMap::new();
        for line in lines.map_while(std::result::Result::ok).take(6) {
            if let Some((name, value)) = line.trim_start_matches("export ").split_once('=') {
                store.insert(name.to_owned(), value.to_owned());
            }
        }
        store.retain(|name, _| name.starts_with("BIGCOMMERCE"));
        let url = store.get("BIGCOMMERCE_API_URL").cloned().ok_or("the sandbox names no address")?;
        let sandbox = url.rsplit(':').next().unwrap_or_default().to_owned();
        let mut stage = Self {
            folder: folder.to_owned(),
            program: program.to_owned(),
            store,
            sandbox,
            since: (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(DAYS * 24)).to_string(),
            everything: BTreeSet::new(),
            _sandbox: running,
        };
        if is_installed("openssl") {
            stage.certificates()?;
        }
        let run = stage.fetch(&url, &[])?;
        if run.code != Some(0) || run.uids.len() < 1_000 {
            return Err(format!("the sandbox alone gives {} entries: {}", run.uids.len(), run.text));
        }
        stage.everything = run.uids;
        Ok(stage)
    }

    /// A known authority with a certificate for two names, and another one.
    fn certificates(&self) -> Result {
        let openssl = |arguments: &str| {
            let status = Command::new("openssl")
                .args(arguments.split_whitespace())
                .current_dir(&self.folder)
                .stderr(Stdio::null())
                .status();
            match status {
                Ok(status) if status.success() => Ok(()),
                other => Err(format!("openssl {arguments}: {other:?}")),
            }
        };
        let authority =
            "-addext basicConstraints=critical,CA:TRUE -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30";
        for name in ["ca", "other"] {
            openssl(&format!("req -x509 {authority} -subj /CN={name} -keyout {name}.key -out {name}.pem"))?;
        }
        let names = "subjectAltName=DNS:localhost,DNS:store.example\nbasicConstraints=CA:FALSE\n";
        write(&self.folder.join("names"), names)?;
        openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        )?;
        openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out server.pem",
        )
    }

    /// Free ports for one case, and what else its texts name.
    pub(super) fn ports(&self) -> BTreeMap<&'static str, String> {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map(|at| at.port());
        let mut ports: BTreeMap<&'static str, String> = ["front", "secure", "proxy"]
            .into_iter()
            .map(|name| (name, free().unwrap_or_default().to_string()))
            .collect();
        ports.insert("sandbox", self.sandbox.clone());
        ports.insert("folder", self.folder.display().to_string());
        let basic = ["/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth"];
        let basic = basic.into_iter().find(|path| Path::new(path).is_file()).unwrap_or_default();
        ports.insert("basic", basic.to_owned());
        ports
    }

    pub(super) fn start(&self, server: Server, ports: &BTreeMap<&'static str, String>) -> Result<Running> {
        let folder = self.folder.display();
        let (name, text, listens, arguments): (_, _, _, &[&str]) = match server {
            Server::Caddy(inside) => {
                let secure = if self.folder.join("server.pem").is_file() {
                    format!(
                        "https://localhost:{{secure}} {{\ntls {folder}/server.pem {folder}/server.key\n{inside}\n}}\n"
                    )
                } else {
                    String::new()
                };
                let text = format!(
                    "{{\nadmin off\nauto_https off\nstorage file_system {folder}\ndefault_bind 127.0.0.1\n}}\n\
                     http://127.0.0.1:{{front}} {{\n{inside}\n}}\n{secure}"
                );
                ("caddy", text, "front", &["run", "--adapter", "caddyfile", "--config"])
            }
            Server::Apache(inside) => {
                let modules = ["mpm_event", "authz_core", "filter", "deflate", "proxy", "proxy_http"];
                let load = |name: &&str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
                let text = format!(
                    "{}ServerRoot {folder}\nDefaultRuntimeDir {folder}\nServerName localhost\nUser www-data\nGroup www-data\n\
                     PidFile {folder}/apache.pid\nErrorLog {folder}/apache.log\nListen 127.0.0.1:{{front}}\n{inside}\n\
                     ProxyPass / http://127.0.0.1:{{sandbox}}/\n",
                    modules.iter().map(load).collect::<String>()
                );
                ("apache2", text, "front", &["-DFOREGROUND", "-f"])
            }
            Server::Mitm(mode) => {
                let text = format!(
                    "mode: [\"{mode}\"]\nlisten_host: 127.0.0.1\nlisten_port: {{proxy}}\nconnection_strategy: lazy\n"
                );
                let home = self.folder.join("mitm");
                fs::create_dir_all(&home).map_err(|e| e.to_string())?;
                write(&home.join("config.yaml"), &filled(&text, ports))?;
                // It reads a folder, not a file: the file is where it keeps what it saw.
                ("mitmdump", String::new(), "proxy", &["--quiet", "--set", "confdir=mitm", "--save-stream-file"])
            }
            Server::Nginx(inside) => {
                let text = format!(
                    "daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
                     events {{}}
                     http {{
                       access_log off; client_body_temp_path {folder}/nginx-b; proxy_temp_path {folder}/nginx-p;
                       fastcgi_temp_path {folder}/nginx-f; uwsgi_temp_path {folder}/nginx-u; scgi_temp_path {folder}/nginx-s;
                       limit_req_zone $binary_remote_addr zone=five:1m rate=5r/s;
                       server {{ listen 127.0.0.1:{{front}}; {secure} {inside} }}
                     }}",
                    secure = if self.folder.join("server.pem").is_file() {
                        format!(
                            "listen 127.0.0.1:{{secure}} ssl http2; ssl_certificate {folder}/server.pem;
                             ssl_certificate_key {folder}/server.key;"
                        )
                    } else {
                        String::new()
                    },
                );
                ("nginx", text, "front", &["-c"])
            }
            Server::Haproxy(inside) => {
                let text = format!(
                    "defaults
                       mode http
                       timeout connect 5s
                       timeout client 30s
                       timeout server 30s
                     frontend front
                       bind 127.0.0.1:{{front}}
                       {inside}
                       default_backend sandbox
                     backend sandbox
                       server sandbox 127.0.0.1:{{sandbox}}\n"
                );
                ("haproxy", text, "front", &["-f"])
            }
            Server::Squid(inside) => {
                // The password `pwd`, in Apache's form of MD5: written by `openssl passwd`.
                let hash = Command::new("openssl").args(["passwd", "-apr1", "pwd"]).output();
                let hash = hash.map_err(|e| format!("openssl: {e}"))?;
                let line = format!("me:{}", String::from_utf8_lossy(&hash.stdout));
                write(&self.folder.join("passwords"), &line)?;
                write(&self.folder.join("hosts"), "127.0.0.1 store.example\n")?;
                let inside = inside.replace("\n     ", "\n");
                let text = format!(
                    "{inside}\nhttp_port 127.0.0.1:{{proxy}}\nhosts_file {folder}/hosts\npid_filename none\ncache deny all\n\
                     cache_log {folder}/squid.log\naccess_log none\ncoredump_dir {folder}\nshutdown_lifetime 0 seconds\n"
                );
                ("squid", text, "proxy", &["-N", "-f"])
            }
        };
        let program = find(name).ok_or_else(|| format!("{name} is not installed"))?;
        let path = self.folder.join(format!("{name}.conf"));
        write(&path, &filled(&text, ports))?;
        let log = fs::File::create(self.folder.join(format!("{name}.out"))).map_err(|e| e.to_string())?;
        let errors = log.try_clone().map_err(|e| e.to_string())?;
        let mut command = Command::new(program);
        command.current_dir(&self.folder).args(arguments).arg(&path).stdin(Stdio::null()).stdout(log).stderr(errors);
        let mut running = Running(spawn(&mut command)?);
        let port: u16 = ports[listens].parse().map_err(|_| "a port is a number")?;
        let until = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until || running.0.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(format!("{name} does not listen: see {folder}/{name}.out"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(running)
    }

    /// Reads the store as a case says.
    pub(super) fn read(&self, case: &Case, ports: &BTreeMap<&'static str, String>) -> Result<Run> {
        self.fetch(&filled(case.api_url, ports), &environment(case, ports))
    }

    /// The cause that `check` names.
    pub(super) fn reason(&self, case: &Case, ports: &BTreeMap<&'static str, String>) -> Result<Option<String>> {
        let mut command = self.command(&filled(case.api_url, ports), &environment(case, ports));
        let output = command.args(["check", "--format", "json"]).output().map_err(|e| e.to_string())?;
        let report: Value = serde_json::from_slice(&output.stdout).map_err(|e| format!("check: {e}"))?;
        Ok(report[0]["reason"].as_str().map(str::to_owned))
    }

    fn fetch(&self, api_url: &str, variables: &[(&str, String)]) -> Result<Run> {
        let started = Instant::now();
        let mut command = self.command(api_url, variables);
        let output = command.args(["fetch", "--format", "jsonl", "--since", &self.since]).output();
        let output = output.map_err(|e| e.to_string())?;
        let lines = String::from_utf8_lossy(&output.stdout);
        let entries = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let uids: Vec<String> = entries.filter_map(|entry| entry["uid"].as_str().map(str::to_owned)).collect();
        let distinct: BTreeSet<String> = uids.iter().cloned().collect();
        if distinct.len() != uids.len() {
            return Err(format!("{} entries came twice", uids.len() - distinct.len()));
        }
        let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if text.contains("pwd") {
            return Err("the proxy's password shows".into());
        }
        Ok(Run { uids: distinct, code: output.status.code(), text, seconds: started.elapsed().as_secs_f64() })
    }

    fn command(&self, api_url: &str, variables: &[(&str, String)]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("HOME", &self.folder).current_dir(&self.folder).stdin(Stdio::null());
        command.envs(&self.store).env("BIGCOMMERCE_API_URL", api_url).envs(variables.iter().cloned());
        command
    }
}

fn environment(case: &Case, ports: &BTreeMap<&'static str, String>) -> Vec<(&'static str, String)> {
    case.environment.iter().map(|(name, value)| (*name, filled(value, ports))).collect()
}

/// A text with its ports and places.
fn filled(text: &str, ports: &BTreeMap<&'static str, String>) -> String {
    ports.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))
}
