//! What a page loads before it is asked to: style, fonts, and the client. The loader of Leptos would wait until the browser
//! is idle, and look for islands, of which there are none.
use leptos::prelude::*;
use std::path::PathBuf;

/// The fonts of what is seen first.
const FONTS: [&str; 3] = ["press-start-2p", "silkscreen", "vt323"];

/// Ends the fetch of a part of the client that hangs. What the build makes to fetch it knows no limit, and asks again only
/// for what it was told is lost. Half a minute: a slow line is no reason to begin anew. A part that is lost while others are
/// waited for is told of once they are there: until then it is no error that nobody heeds.
const LIMIT: &str = "const ask=fetch;\
    window.fetch=(what,how)=>{\
    if(!/\\/pkg\\/(split|chunk)_/.test(what))return ask(what,how);\
    const part=ask(what,{...how,signal:AbortSignal.timeout(30000)});part.catch(()=>{});return part};";

/// The site's list of hashes, which are parts of the names of its files: a line `KIND: HASH` for each.
#[derive(Clone, Debug)]
pub enum Hashes {
    /// Names have no hashes.
    None,
    /// Read for each page, for a site may be built anew under a running server, and then the old files are gone.
    File(PathBuf),
    /// Of a site that is part of the program.
    Fixed(String),
}

/// The addresses of the built files.
#[derive(Debug, PartialEq, Eq)]
struct Files {
    style: String,
    script: String,
    wasm: String,
    /// What `script` imports, so that it can be fetched beside it; known only where names have hashes.
    imported: Option<String>,
}

impl Files {
    fn of(hashes: &Hashes) -> Self {
        match hashes {
            Hashes::None => Self::named(""),
            Hashes::Fixed(hashes) => Self::named(hashes),
            Hashes::File(file) => Self::named(&std::fs::read_to_string(file).unwrap_or_else(|error| {
                leptos::logging::error!("the site's list of hashes cannot be read: {error}");
                String::new()
            })),
        }
    }

    /// Where the list has no line for a file, its name has no hash.
    fn named(hashes: &str) -> Self {
        let hash = |kind: &str| hashes.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(": "));
        let file = |kind: &str| match hash(kind) {
            Some(hash) => format!("/agm/pkg/agm.{hash}.{kind}"),
            None => format!("/agm/pkg/agm.{kind}"),
        };
        let imported = hash("split").map(|hash| format!("/agm/pkg/__wasm_split.{hash}.js"));
        Self { style: file("css"), script: file("js"), wasm: file("wasm"), imported }
    }

    /// Starts the client as soon as the document is read.
    fn start(&self) -> String {
        let Self { script, wasm, .. } = self;
        format!(
            "import load,{{hydrate}}from'{script}';{LIMIT}await load({{module_or_path:'{wasm}'}});hydrate()"
        )
    }
}

/// The tags in the head of the document.
#[component]
pub fn Loader(hashes: Hashes) -> impl IntoView {
    // Nothing is handed over to the client: it looks at the page itself.
    if let Some(context) = Owner::current_shared_context() {
        context.set_is_hydrating(false);
    }
    let files = Files::of(&hashes);
    let font = |font: &str| {
        let href = format!("/agm/fonts/{font}.woff2");
        view! { <link rel="preload" r#as="font" r#type="font/woff2" crossorigin="anonymous" href=href/> }
    };
    let start = files.start();
    let imported = files.imported.map(|href| view! { <link rel="modulepreload" href=href/> });
    view! {
        <link rel="stylesheet" href=files.style/>
        {FONTS.map(font).collect_view()}
        <link rel="modulepreload" href=files.script/>
        {imported}
        <link rel="preload" r#as="fetch" r#type="application/wasm" crossorigin="anonymous" href=files.wasm/>
        <script r#type="module" nonce=use_nonce()>{start}</script>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::Files;

    #[test]
    fn names_have_the_hashes_of_the_list() {
        let files = Files::named("js: Aa-1\nwasm: Bb_2\ncss: Cc\nmanifest: Dd\nsplit: Ee\n");
        let expected = Files {
            style: "/agm/pkg/agm.Cc.css".into(),
            script: "/agm/pkg/agm.Aa-1.js".into(),
            wasm: "/agm/pkg/agm.Bb_2.wasm".into(),
            imported: Some("/agm/pkg/__wasm_split.Ee.js".into()),
        };
        assert_eq!(files, expected);
    }

    #[test]
    fn without_a_list_names_have_no_hashes() {
        let files = Files::named("");
        assert_eq!((files.style.as_str(), files.imported), ("/agm/pkg/agm.css", None));
    }
}
