//! Whether a worker takes up the model of its stored config while it runs.
use crate::Upkeep;
use domain::Worker;

/// The last image of a worker that does. Later ones take it when they start.
const TAKES_IT_UP: [u64; 3] = [1, 1, 0];

/// By its image, which HiClaw names by its release.
pub fn by_image(worker: &Worker) -> Upkeep {
    match worker.image.as_deref().map(|image| (image, version(image))) {
        None => Upkeep::Unseen("the image of its container is not known".into()),
        Some((image, None)) => Upkeep::Unseen(format!("its image {image} does not tell its version")),
        Some((_, Some(version))) if version <= TAKES_IT_UP => Upkeep::Well,
        Some((image, Some(_))) => Upkeep::Lacking {
            evidence: format!(
                "its image {image} keeps its own model: a switch reaches it when it starts again"
            ),
            fix: format!(
                "Restart its container after a switch: docker restart hiclaw-worker-{}",
                worker.name
            ),
        },
    }
}

/// `higress/hiclaw-worker:v1.0.9`. None: the tag is no release.
fn version(image: &str) -> Option<[u64; 3]> {
    let (_, tag) = image.rsplit_once(':')?;
    let numbers = tag.trim_start_matches('v').split('.').map(str::parse);
    numbers.collect::<Result<Vec<_>, _>>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_release_tells_its_version() {
        assert_eq!(version("higress/hiclaw-worker:v1.0.9"), Some([1, 0, 9]));
        assert_eq!(version("1.2.3:1.1.10"), Some([1, 1, 10]));
        for other in ["hiclaw-worker", "hiclaw-worker:latest", "host:5000/hiclaw-worker", "x:1.2", "x:sha-1"]
        {
            assert_eq!(version(other), None, "{other}");
        }
        assert!(version("x:v1.1.1") > Some(TAKES_IT_UP) && version("x:1.1.0") == Some(TAKES_IT_UP));
    }
}
