//! The files for containers say what the program knows. Their own rules are checked by tools that know them.
use serde_json::Value;
use server::{cli, config::ALL, http::all_routes};
use std::collections::BTreeSet;

fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Every variable that the server reads.
fn variables() -> BTreeSet<String> {
    let settings = ALL.iter().flat_map(|setting| setting.variables).map(|name| (*name).to_owned());
    settings.chain(["AGM_CONFIG", "AGM_LOG"].map(str::to_owned)).collect()
}

/// Where a container keeps its data and listens, as its variables say.
struct Container {
    data: String,
    port: u64,
}

/// Reads the variables, all of which must be known.
fn container<'a>(variables_of: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Container {
    let known = variables();
    let (mut data, mut port) = (None, None);
    for (name, value) in variables_of {
        assert!(known.contains(name), "{name} is no variable that the server reads");
        match name {
            "AGM_DATA_DIR" => data = value.map(str::to_owned),
            "AGM_ADDR" => port = value.and_then(|addr| addr.rsplit(':').next()?.parse().ok()),
            _ => {}
        }
    }
    Container { data: data.unwrap(), port: port.unwrap() }
}

/// The paths from the root of the project that a release is packed from.
fn packed_in(release: &str) -> Vec<&str> {
    let copies = release.lines().filter_map(|line| line.trim().strip_prefix("cp "));
    let words = copies.flat_map(str::split_whitespace).map(|word| word.trim_matches('"'));
    words.filter(|word| !word.starts_with(['-', '$']) && !word.starts_with("target/")).collect()
}

/// The paths from the root of the project that a source file has the program built from, beside sources.
fn built_in(source: &str) -> Vec<String> {
    let quoted = source.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
    quoted.filter_map(|path| path.strip_prefix("../../../")).map(str::to_owned).collect()
}

#[test]
fn the_image_is_built_from_all_that_the_program_has_inside_and_a_release_packs() {
    let admitted = file(".dockerignore");
    let (inside, release) = (built_in(&file("server/src/packaging/files.rs")), file("tools/release"));
    let packed = packed_in(&release);
    assert!(!inside.is_empty() && packed.contains(&"docs"), "{packed:?}");
    for path in inside.iter().map(String::as_str).chain(packed) {
        let folder = path.split('/').next().unwrap();
        assert!(admitted.lines().any(|line| line == format!("!{folder}")), "{path} stays out of the image");
    }
}

#[test]
fn the_image_has_the_programs_variables_paths_and_commands() {
    let text = file("Dockerfile");
    let image = text.rsplit("\nFROM ").next().unwrap();
    let said = |word: &str| {
        let mut lines = image.lines().filter_map(|line| line.strip_prefix(word)).map(str::trim);
        lines.next_back().unwrap_or_else(|| panic!("the image says no {word}")).to_owned()
    };
    let environment = said("ENV");
    let container = container(environment.split(' ').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name, Some(value))
    }));
    assert_eq!(said("VOLUME"), container.data);
    assert_eq!(said("EXPOSE"), container.port.to_string());
    let list = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap();
    let program = list(&said("ENTRYPOINT"));
    let check = said("HEALTHCHECK");
    let check = list(check.split_once("CMD ").unwrap().1);
    assert!(check.starts_with(&program), "{check:?}");
    for words in [check[1..].to_vec(), list(&said("CMD"))] {
        let line = std::iter::once("agm".to_owned()).chain(words.clone());
        assert!(cli::command().try_get_matches_from(line).is_ok(), "{words:?}");
    }
}

#[test]
fn the_compose_file_says_what_the_server_reads_and_mounts_what_it_keeps() {
    let file = yaml(&file("compose.yaml"));
    let service = &file["services"]["agm"];
    let environment = service["environment"].as_object().unwrap();
    let container = container(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let volumes = service["volumes"].as_array().unwrap().iter().map(|volume| volume.as_str().unwrap());
    let mounted: Vec<_> =
        volumes.map(|volume| volume.trim_end_matches(":ro").rsplit(':').next().unwrap()).collect();
    assert!(mounted.contains(&container.data.as_str()), "{mounted:?}");
    let config = environment["OPENCLAW_CONFIG_PATH"].as_str().unwrap();
    assert!(mounted.iter().any(|folder| config.starts_with(&format!("{folder}/"))), "{mounted:?}");
    let token = environment["HICLAW_AUTH_TOKEN_FILE"].as_str().unwrap();
    assert!(mounted.contains(&token), "{mounted:?}");
    let hardened = (&service["read_only"], &service["cap_drop"][0], &service["security_opt"][0]);
    assert_eq!(hardened, (&true.into(), &"ALL".into(), &"no-new-privileges:true".into()));
    assert_eq!(file["networks"]["hiclaw-net"]["external"], true);
}

#[test]
fn the_objects_of_kubernetes_say_what_the_server_reads_and_answers() {
    let text = file("packaging/kubernetes.yaml");
    let objects: Vec<Value> = text.split("\n---\n").map(yaml).collect();
    let of_kind = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap();
    let deployment = of_kind("Deployment");
    let (spec, pod) = (&deployment["spec"], &deployment["spec"]["template"]["spec"]);
    assert_eq!((&spec["replicas"], &spec["strategy"]["type"]), (&1.into(), &"Recreate".into()));
    let agm = &pod["containers"][0];
    let environment = agm["env"].as_array().unwrap().iter();
    let container =
        container(environment.map(|said| (said["name"].as_str().unwrap(), said["value"].as_str())));
    assert_eq!(agm["volumeMounts"][0]["mountPath"], container.data);
    assert_eq!(agm["ports"][0]["containerPort"], container.port);
    assert_eq!(of_kind("Service")["spec"]["ports"][0]["port"], container.port);
    let volumes = pod["volumes"].as_array().unwrap();
    let volume = |name: &str| volumes.iter().find(|volume| volume["name"] == name).unwrap();
    let claim = &volume("data")["persistentVolumeClaim"]["claimName"];
    assert_eq!(claim, &of_kind("PersistentVolumeClaim")["metadata"]["name"]);
    let said = |name: &str| {
        let mut all = agm["env"].as_array().unwrap().iter();
        all.find(|said| said["name"] == name).and_then(|said| said["value"].as_str()).unwrap().to_owned()
    };
    let mounts = agm["volumeMounts"].as_array().unwrap();
    let mount = mounts.iter().find(|mount| mount["name"] == "controller-token").unwrap();
    let token = &volume("controller-token")["projected"]["sources"][0]["serviceAccountToken"]["path"];
    let (folder, file) = (mount["mountPath"].as_str().unwrap(), token.as_str().unwrap());
    assert_eq!(said("HICLAW_AUTH_TOKEN_FILE"), format!("{folder}/{file}"));
    assert_eq!(pod["serviceAccountName"], of_kind("ServiceAccount")["metadata"]["name"]);
    let routes = all_routes();
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let path = agm[probe]["httpGet"]["path"].as_str().unwrap();
        assert!(routes.contains(&("GET".into(), path.into())), "{probe} asks {path}");
    }
    for said in agm["env"].as_array().unwrap() {
        let name = said["name"].as_str().unwrap();
        let setting = ALL.iter().find(|setting| setting.variables.contains(&name));
        let secret = setting.is_some_and(|setting| setting.kind.is_secret());
        assert!(!secret || said["valueFrom"]["secretKeyRef"].is_object(), "{name} stands in the file");
    }
    assert_eq!(
        of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        spec["selector"]["matchLabels"]
    );
}

#[test]
fn no_file_for_containers_holds_a_password() {
    for path in ["Dockerfile", "compose.yaml"] {
        let text = file(path);
        for setting in ALL.iter().filter(|setting| setting.kind.is_secret()) {
            for name in setting.variables {
                let sets = |line: &str| {
                    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                    !line.trim_start().starts_with('#') && words.into_iter().any(|word| word == *name)
                };
                assert!(!text.lines().any(sets), "{path} sets {name}");
            }
        }
    }
}
