//! Pixel art from text maps: one letter is one pixel. Runs of a letter become one rectangle, and all rectangles of a
//! letter one `<path>`, so that a drawing costs little HTML and few nodes.
pub mod maps;

use leptos::prelude::*;

/// The drawing of `map`, with its upper left corner at `(x, y)`: for each letter the `d` of its path, in the order
/// in which letters first appear. A space or a dot is no pixel.
pub fn layers(map: &str, x: usize, y: usize) -> Vec<(char, String)> {
    let mut layers: Vec<(char, String)> = Vec::new();
    for (row, line) in map.lines().enumerate() {
        let mut rest = line;
        while let Some(letter) = rest.chars().next() {
            let after = rest.trim_start_matches(letter);
            let (start, width) = (line.len() - rest.len() + x, rest.len() - after.len());
            rest = after;
            if matches!(letter, '.' | ' ') {
                continue;
            }
            let rect = format!("M{start} {}h{width}v1h-{width}z", row + y);
            match layers.iter_mut().find(|(l, _)| *l == letter) {
                Some((_, path)) => path.push_str(&rect),
                None => layers.push((letter, rect)),
            }
        }
    }
    layers
}

/// What a letter is made of: a class that gives the fill, so that themes and people tint it.
fn material(letter: char) -> &'static str {
    match letter {
        'o' => "px-ink",
        'h' => "px-hair",
        's' => "px-skin",
        'S' => "px-shade",
        'w' => "px-white",
        'm' => "px-mouth",
        't' => "px-shirt",
        'T' => "px-fold",
        'd' => "px-desk",
        'D' => "px-edge",
        'k' => "px-case",
        'g' => "px-glass",
        'l' => "px-lit",
        'C' => "px-chair",
        'b' => "px-mug",
        'f' => "px-metal",
        _ => "px-tint",
    }
}

/// The paths of a map, for use inside an `<svg>`.
pub fn draw(map: &str, x: usize, y: usize) -> AnyView {
    layers(map, x, y)
        .into_iter()
        .map(|(letter, path)| view! { <path class=material(letter) d=path></path> })
        .collect_view()
        .into_any()
}

/// A sign of 7 × 7 pixels in the colour of the text around it. Decoration: words say the same.
pub fn icon(map: &str) -> AnyView {
    view! { <svg class="icon" viewBox="0 0 7 7" aria-hidden="true">{draw(map, 0, 0)}</svg> }.into_any()
}

/// A number that stays the same for a name, for looks that tell people apart: FNV-1a, whose bits are then mixed as MurmurHash3
/// does, because names that differ in their last letter only would share most of them.
pub fn hash(name: &str) -> u32 {
    let mut hash: u32 =
        name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_become_rectangles_and_letters_paths() {
        let drawn = layers("aab\n.a", 2, 1);
        assert_eq!(drawn, [('a', "M2 1h2v1h-2zM3 2h1v1h-1z".to_owned()), ('b', "M4 1h1v1h-1z".to_owned())]);
    }

    #[test]
    fn every_map_is_a_rectangle_of_known_letters() {
        for (name, map) in maps::ALL {
            let width = map.lines().next().map_or(0, str::len);
            assert!(map.lines().all(|line| line.len() == width), "{name}");
            assert!(map.chars().all(|c| "ohsSwmtTdDkglCbfc.\n".contains(c)), "{name}");
        }
    }

    #[test]
    fn names_of_the_demo_look_different() {
        let looks: std::collections::BTreeSet<_> = ["alice", "bob", "carol", "dave", "erin"].map(hash).into();
        assert_eq!(looks.len(), 5);
    }
}
