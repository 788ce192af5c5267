//! The examples under `deploy/`: other programs accept them, and they work.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HASH, Program, serve};

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A program set up as the examples are, in folders of its own.
struct Set {
    sandbox: Sandbox,
    program: Program,
}

impl Set {
    fn new() -> Self {
        let history = History::seeded(8);
        let sandbox = serve([Store::bigcommerce(HASH).history(history).behavior(Behavior::unlimited())]);
        let program = Program::new().with("ABC123_TOKEN", sandbox.token(Platform::BigCommerce, HASH));
        for folder in ["etc", "var"] {
            std::fs::create_dir(program.home.path().join(folder)).unwrap();
        }
        let text = format!(
            "[[store]]\nplatform = \"bigcommerce\"\nstore = \"{HASH}\"\napi_url = \"{}\"\naccess_token = {{ env = \"ABC123_TOKEN\" }}\n",
            sandbox.bigcommerce_url()
        );
        program.file("etc/storelogs.toml", &text);
        Self { sandbox, program }
    }

    /// The arguments of an example, with our folders in the place of its own and any free port.
    fn arguments(&self, of: &[String]) -> Vec<String> {
        let home = self.program.home.path().display();
        let here = |argument: &String| {
            argument
                .replace("/etc/storelogs/", &format!("{home}/etc/"))
                .replace("/var/lib/storelogs/", &format!("{home}/var/"))
                .replace("127.0.0.1:9464", "127.0.0.1:0")
        };
        of.iter().map(here).collect()
    }

    fn archive(&self) -> PathBuf {
        self.program.home.path().join("var/archive.db")
    }

    fn held(&self) -> usize {
        let archive = self.archive();
        let count =
            self.program.run(&["sql", "--archive", &archive.display().to_string(), "SELECT count(*) FROM entries"]);
        count.out.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(0)
    }
}

/// The keys and values of a unit, by section, in their order.
fn unit(text: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.strip_suffix(']').unwrap().to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("neither a section nor a setting: {line}"));
        found.push((section.clone(), key.to_owned(), value.to_owned()));
    }
    found
}

fn setting<'a>(unit: &'a [(String, String, String)], key: &str) -> Option<&'a str> {
    unit.iter().find(|(_, other, _)| other == key).map(|(_, _, value)| value.as_str())
}

#[test]
fn alarms_and_the_dashboard_name_metrics_that_there_are() {
    let documented =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md")).unwrap();
    for file in ["prometheus/storelogs.rules.yml", "prometheus/storelogs.rules.test.yml", "grafana/storelogs.json"] {
        let text = example(file);
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names: std::collections::BTreeSet<&str> =
            text.split(|c| !of_a_name(c)).filter(|name| name.starts_with("storelogs_")).collect();
        assert!(names.len() > 6, "{file}: {names:?}");
        for name in names {
            assert!(documented.contains(&format!("| `{name}` |")), "{file}: there is no metric {name}");
        }
    }
    let dashboard: Value = serde_json::from_str(&example("grafana/storelogs.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 8);
}

#[test]
fn the_settings_of_packages_name_no_store_and_show_two() {
    let text = example("packages/storelogs.toml");
    let path = Path::new("storelogs.toml");
    assert!(storelogs_cli::configured(&text, path).unwrap().is_empty());
    let examples = text.lines().skip_while(|line| !line.contains("[[")).map(|line| line.trim_start_matches(['#', ' ']));
    let shown = storelogs_cli::configured(&examples.collect::<Vec<_>>().join("\n"), path).unwrap();
    assert_eq!(shown.len(), 2);
}

#[test]
fn the_unit_is_a_unit() {
    let text = example("systemd/storelogs.service");
    let unit = unit(&text);
    let once: std::collections::HashSet<_> = unit.iter().map(|(_, key, _)| key).collect();
    assert_eq!(once.len(), unit.len(), "a setting stands twice");
    assert!(unit.iter().all(|(section, ..)| matches!(section.as_str(), "Unit" | "Service" | "Install")), "{unit:?}");
    for (key, value) in [
        ("Type", "exec"),
        ("Restart", "on-failure"),
        ("DynamicUser", "yes"),
        ("StateDirectory", "storelogs"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("NoNewPrivileges", "yes"),
        ("WantedBy", "multi-user.target"),
        ("LoadCredential", "token:/etc/storelogs/tokens"),
    ] {
        assert_eq!(setting(&unit, key), Some(value), "{key}");
    }
    // systemd's own opinion, where there is systemd.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("storelogs.service");
    std::fs::write(&path, text.replace("/usr/local/bin/storelogs", env!("CARGO_BIN_EXE_storelogs"))).unwrap();
    let Ok(output) = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output() else { return };
    let said = String::from_utf8_lossy(&output.stderr);
    let about = said.lines().filter(|line| line.contains("storelogs.service")).collect::<Vec<_>>();
    assert!(about.is_empty() && output.status.success(), "{said}");
}

#[cfg(unix)]
#[test]
fn the_service_collects_and_ends_well_when_it_is_stopped() {
    let set = Set::new();
    let unit = unit(&example("systemd/storelogs.service"));
    let words: Vec<String> = setting(&unit, "ExecStart").unwrap().split(' ').map(str::to_owned).collect();
    assert_eq!(words[0], "/usr/local/bin/storelogs");
    let arguments = set.arguments(&words[1..]);
    runs_until_it_is_stopped(&set, &arguments);
}

#[cfg(unix)]
#[test]
fn the_service_alerts_too_if_it_is_called_as_it_says() {
    let set = Set::new();
    let text = example("systemd/storelogs.service");
    assert!(text.contains("`watch --sync` in place of `sync --follow`"), "{text}");
    let exec = setting(&unit(&text), "ExecStart").unwrap().replace("sync --follow", "watch --sync");
    let configured = std::fs::read_to_string(set.program.home.path().join("etc/storelogs.toml")).unwrap();
    let rule = "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\n";
    set.program.file("etc/storelogs.toml", &format!("{configured}{rule}"));
    let words: Vec<String> = exec.split(' ').skip(1).map(str::to_owned).collect();
    let arguments = set.arguments(&words);
    runs_until_it_is_stopped(&set, &arguments);
}

/// Starts it, waits until everything is archived, and stops it as systemd does.
#[cfg(unix)]
fn runs_until_it_is_stopped(set: &Set, arguments: &[String]) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = set.program.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let all = set.sandbox.records(Platform::BigCommerce, HASH).len();
    let begun = Instant::now();
    while set.held() < all {
        assert!(begun.elapsed() < Duration::from_secs(120), "{} of {all}", set.held());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_job_collects_everything() {
    let set = Set::new();
    let job = &documents()[1];
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let given = container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned());
    let arguments = set.arguments(&given.collect::<Vec<_>>());
    let run = set.program.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    // On a busy machine it takes long enough to say how far it is.
    let said = run.err.lines().find(|line| !line.contains(" stores up to date"));
    assert_eq!((run.code, said), (0, None), "{run:?}");
    assert_eq!(set.held(), set.sandbox.records(Platform::BigCommerce, HASH).len());
}

fn documents() -> Vec<Value> {
    manifest("kubernetes/cronjob.yaml")
}

fn manifest(path: &str) -> Vec<Value> {
    let text = example(path);
    text.split("\n---\n").map(|document| yaml_serde::from_str(document).unwrap()).collect()
}

/// The shapes of the manifests: what the value of each key may look like. `[x]` is a list of x, a text is a kind of
/// text, a key with `!` has to be there, and `*` stands for any key.
fn shapes() -> [Value; 2] {
    let meta = json!({"!name": "label", "labels": {"*": "text"}});
    let claim = json!({"!apiVersion": "v1", "!kind": "PersistentVolumeClaim", "!metadata": meta,
        "!spec": {"!accessModes": ["text"], "!resources": {"!requests": {"!storage": "quantity"}}}});
    let container = json!({"!name": "label", "!image": "text", "args": ["text"],
        "envFrom": [{"!secretRef": {"!name": "label"}}],
        "resources": {"requests": {"*": "quantity"}, "limits": {"*": "quantity"}},
        "securityContext": {"allowPrivilegeEscalation": "flag", "readOnlyRootFilesystem": "flag",
            "capabilities": {"drop": ["text"]}},
        "volumeMounts": [{"!name": "label", "!mountPath": "path", "readOnly": "flag"}]});
    let pod = json!({"!restartPolicy": "Never", "!containers": [container], "terminationGracePeriodSeconds": "number",
        "automountServiceAccountToken": "flag",
        "securityContext": {"runAsNonRoot": "flag", "runAsUser": "number", "runAsGroup": "number", "fsGroup": "number",
            "seccompProfile": {"!type": "RuntimeDefault"}},
        "volumes": [{"!name": "label", "configMap": {"!name": "label"}, "emptyDir": {},
            "persistentVolumeClaim": {"!claimName": "label"}}]});
    let job = json!({"!apiVersion": "batch/v1", "!kind": "CronJob", "!metadata": meta, "!spec": {"!schedule": "schedule",
        "!concurrencyPolicy": "Forbid", "startingDeadlineSeconds": "number", "successfulJobsHistoryLimit": "number",
        "failedJobsHistoryLimit": "number", "!jobTemplate": {"!spec": {"backoffLimit": "number",
            "!template": {"metadata": {"labels": {"*": "text"}}, "!spec": pod}}}}});
    [claim, job]
}

/// Collects the places where a manifest differs from its shape.
fn faults(value: &Value, shape: &Value, at: &str, faults: &mut Vec<String>) {
    match (shape, value) {
        (Value::Object(shape), Value::Object(fields)) => {
            for key in shape.keys().filter_map(|key| key.strip_prefix('!')) {
                if !fields.contains_key(key) {
                    faults.push(format!("{at}.{key} is missing"));
                }
            }
            for (key, field) in fields {
                let known = [key.as_str(), &format!("!{key}"), "*"].iter().find_map(|key| shape.get(*key));
                match known {
                    Some(known) => self::faults(field, known, &format!("{at}.{key}"), faults),
                    None => faults.push(format!("{at}.{key} is not known")),
                }
            }
        }
        (Value::Array(shape), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                self::faults(item, &shape[0], &format!("{at}[{index}]"), faults);
            }
        }
        (Value::String(kind), value) if !fits(kind, value) => faults.push(format!("{at}: {value} is no {kind}")),
        (Value::String(_), _) => {}
        _ => faults.push(format!("{at} is of another kind")),
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    let all = |text: &str, fine: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fine);
    match kind {
        "flag" => value.is_boolean(),
        "number" => value.is_u64(),
        "text" => text.is_some(),
        "label" => text.is_some_and(|text| all(text, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')),
        "path" => text.is_some_and(|text| text.starts_with('/')),
        "quantity" => text.is_some_and(|text| {
            let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
            !number.is_empty() && matches!(unit, "" | "m" | "Ki" | "Mi" | "Gi" | "Ti")
        }),
        "schedule" => text.is_some_and(|text| {
            text.split(' ').count() == 5 && all(text, |b| b.is_ascii_digit() || b" */,-".contains(&b))
        }),
        exactly => text == Some(exactly),
    }
}

#[test]
fn the_manifests_have_only_what_kubernetes_knows() {
    let documents = documents();
    let mut found = Vec::new();
    for (document, shape) in documents.iter().zip(shapes()) {
        faults(document, &shape, "", &mut found);
    }
    assert!(found.is_empty() && documents.len() == 2, "{found:#?}");
    // A slip of the pen would be found.
    let mut wrong = documents[1].clone();
    wrong["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["arg"] = json!([]);
    wrong["spec"]["schedule"] = json!("*/15 * * *");
    faults(&wrong, &shapes()[1], "", &mut found);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn what_the_job_mounts_is_there_and_nobody_is_root() {
    let [claim, job] = documents().try_into().unwrap();
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let names = |of: &Value| -> Vec<String> {
        let mut names: Vec<String> =
            of.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
    let volume = pod["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == "archive").unwrap();
    assert_eq!(volume["persistentVolumeClaim"]["claimName"], claim["metadata"]["name"]);
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
}

/// The shapes of the manifests of many collectors.
fn many_shapes() -> [Value; 2] {
    let meta = json!({"!name": "label", "labels": {"*": "text"}});
    let service = json!({"!apiVersion": "v1", "!kind": "Service", "!metadata": meta,
        "!spec": {"!clusterIP": "None", "!selector": {"*": "text"}, "!ports": [{"!name": "label", "!port": "number"}]}});
    let mut pod = shapes()[1]["!spec"]["!jobTemplate"]["!spec"]["!template"]["!spec"].clone();
    pod.as_object_mut().unwrap().remove("!restartPolicy");
    let container = &mut pod["!containers"][0];
    container["env"] = json!([{"!name": "text", "value": "text", "valueFrom": {"!fieldRef": {"!fieldPath": "text"}}}]);
    container["ports"] = json!([{"!name": "label", "!containerPort": "number"}]);
    container["livenessProbe"] = json!({"!httpGet": {"!path": "path", "!port": "label"}, "periodSeconds": "number",
        "failureThreshold": "number"});
    let claim = json!({"!metadata": {"!name": "label"}, "!spec": {"!accessModes": ["text"],
        "!resources": {"!requests": {"!storage": "quantity"}}}});
    let set = json!({"!apiVersion": "apps/v1", "!kind": "StatefulSet", "!metadata": meta, "!spec": {
        "!serviceName": "label", "!replicas": "number", "!ordinals": {"!start": "number"},
        "podManagementPolicy": "Parallel", "updateStrategy": {"!type": "RollingUpdate"},
        "persistentVolumeClaimRetentionPolicy": {"!whenDeleted": "Retain", "!whenScaled": "Retain"},
        "!selector": {"!matchLabels": {"*": "text"}}, "!template": {"!metadata": {"!labels": {"*": "text"}}, "!spec": pod},
        "!volumeClaimTemplates": [claim]}});
    [service, set]
}

#[test]
fn the_set_of_collectors_has_only_what_kubernetes_knows_and_a_share_for_each_pod() {
    let documents = manifest("kubernetes/statefulset.yaml");
    let mut found = Vec::new();
    for (document, shape) in documents.iter().zip(many_shapes()) {
        faults(document, &shape, "", &mut found);
    }
    assert!(found.is_empty() && documents.len() == 2, "{found:#?}");
    let spec = &documents[1]["spec"];
    let container = &spec["template"]["spec"]["containers"][0];
    let shards = container["env"].as_array().unwrap().iter().find(|variable| variable["name"] == "SHARDS").unwrap();
    assert_eq!(shards["value"], spec["replicas"].to_string());
    assert_eq!(spec["ordinals"]["start"], 1, "the program counts shares from 1");
    assert_eq!(spec["template"]["metadata"]["labels"], spec["selector"]["matchLabels"]);
    // It is a call of the program; without --follow it ends by itself.
    let set = Set::new();
    let given = container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    let given = given.filter(|word| *word != "--follow" && !word.starts_with("--metrics-listen"));
    let given: Vec<String> = given.map(|word| word.replace("$(SHARD)/$(SHARDS)", "1/1")).collect();
    let arguments = set.arguments(&given);
    let run = set.program.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(set.held(), set.sandbox.records(Platform::BigCommerce, HASH).len());
}
