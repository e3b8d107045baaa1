//! What the server says in its own sentences, which are English. A Chinese page has those of a known form in Chinese; the
//! others come after what their types tell, and are marked, so that a screen reader reads them as English.
use super::in_the_way;
use crate::text::{Lang, t};
#[cfg(feature = "ssr")]
use domain::Check;
use domain::{Affected, Failure, FieldError, Warning};
use leptos::prelude::*;

/// A sentence of the server.
#[component]
pub fn Said(#[prop(into)] text: String) -> impl IntoView {
    if let Some(own) = t().evidence(&text) {
        return own.into_any();
    }
    let foreign = (!is_of_the_page(&text)).then_some("en");
    view! { <span lang=foreign>{text}</span> }.into_any()
}

/// Whether a sentence is in the language of the page: some failures are the page's own. An English one may quote a
/// vendor's Chinese, so its beginning decides.
fn is_of_the_page(text: &str) -> bool {
    let is_chinese = |c: char| ('\u{2e80}'..='\u{ffef}').contains(&c);
    Lang::current() == Lang::En || text.chars().find(|c| c.is_alphabetic()).is_some_and(is_chinese)
}

/// A line: the page's own words, and what the server says behind them. One of the two may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub own: String,
    pub said: String,
}

impl Told {
    /// What the server says, and nothing else.
    pub fn said(said: Option<&str>) -> Self {
        Self { own: String::new(), said: said.unwrap_or_default().to_owned() }
    }

    /// Both, for looking something up.
    pub fn text(&self) -> String {
        format!("{} {}", self.own, self.said).trim().to_owned()
    }

    /// The same behind what leads to it.
    #[must_use]
    pub fn after(self, lead: &str) -> Self {
        Self { own: format!("{lead} {}", self.own).trim_end().to_owned(), ..self }
    }

    pub fn view(self) -> AnyView {
        let gap = (!self.own.is_empty() && !self.said.is_empty()).then_some(" ");
        let said = (!self.said.is_empty()).then(|| view! { <Said text=self.said/> });
        view! { {self.own} {gap} {said} }.into_any()
    }
}

impl From<&str> for Told {
    fn from(own: &str) -> Self {
        own.to_owned().into()
    }
}

impl From<String> for Told {
    fn from(own: String) -> Self {
        Self { own, said: String::new() }
    }
}

/// What went wrong. The server's sentence tells more than its code, so an English page has it alone.
impl From<Failure> for Told {
    fn from(failure: Failure) -> Self {
        match is_of_the_page(&failure.message) {
            true => failure.message.into(),
            false => Self { own: t().failure(&failure), said: failure.message },
        }
    }
}

/// What is wrong with a field.
impl From<FieldError> for Told {
    fn from(error: FieldError) -> Self {
        match is_of_the_page(&error.message) {
            true => error.message.into(),
            false => Self { own: t().field_wrong(&error.field).to_owned(), said: error.message },
        }
    }
}

/// What went wrong, what to do next, and the server's own words for both.
pub fn failure(failure: Failure) -> AnyView {
    let next = t().next_step(&failure).map(|next| view! { <p class="error-hint">{next}</p> });
    let hint = failure.hint.clone().map(|hint| view! { <p class="error-hint"><Said text=hint/></p> });
    view! {
        <p class="error-title">{t().failure(&failure)}</p>
        {next}
        <p><Said text=failure.message/></p>
        {hint}
        {failure.used_by.map(|used_by| in_the_way::users(used_by, failure.provider.as_ref()))}
    }
    .into_any()
}

/// What to know before saying yes.
pub fn warning(warning: Warning) -> AnyView {
    let sentence = match t().warning_sentence(&warning) {
        Some(sentence) => sentence.into_any(),
        None => view! { <Said text=warning.message/> }.into_any(),
    };
    view! { <li class="note warn"><strong>{t().warning(warning.code)}</strong> " " {sentence}</li> }
        .into_any()
}

/// An agent that is concerned, and how.
pub fn affected(one: Affected) -> AnyView {
    let how = match one.way.as_ref().and_then(|way| t().way(way)) {
        Some(how) => how.into_any(),
        None => view! { <Said text=one.how/> }.into_any(),
    };
    view! { <b>{one.agent}</b> " " {how} }.into_any()
}

/// What to do about a check. A command of agm stands as one.
#[cfg(feature = "ssr")]
pub fn fix(check: &Check) -> Option<AnyView> {
    let fix = check.fix.clone()?;
    let own = t().check_fix(check).map(|own| view! { {own} " " });
    let said = match fix.starts_with("agm ") {
        true => view! { <code>{fix}</code> }.into_any(),
        false => view! { <Said text=fix/> }.into_any(),
    };
    Some(view! { {own} {said} }.into_any())
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use domain::{CheckId, CheckState, Code, Reason, Repair, WarningCode, Way};

    fn html(lang: Lang, view: impl FnOnce() -> AnyView) -> String {
        let owner = Owner::new();
        owner.with(|| {
            provide_context(lang);
            view().to_html().replace("<!>", "")
        })
    }

    fn refused() -> Failure {
        let failure = Failure::new(Code::ModelNotReachable, "qwen answered 401").hint("Replace the key.");
        Failure { reason: Some(Reason::Auth), ..failure }
    }

    /// Whether all of them are there, one after the other.
    fn follow(text: &str, parts: &[&str]) -> bool {
        let mut rest = text;
        parts.iter().all(|part| rest.split_once(part).map(|(_, after)| rest = after).is_some())
    }

    #[test]
    fn a_chinese_page_says_what_failed_and_what_to_do_before_the_servers_english() {
        let said = html(Lang::Zh, || failure(refused()));
        let order = [
            "模型测试未通过（密钥被拒绝）。",
            "请更换该提供商的密钥。",
            "<span lang=\"en\">qwen answered 401</span>",
            "<span lang=\"en\">Replace the key.</span>",
        ];
        assert!(follow(&said, &order), "{said}");
        let line = html(Lang::Zh, || Told::from(refused()).view());
        assert!(
            follow(&line, &["模型测试未通过（密钥被拒绝）。", "<span lang=\"en\">qwen answered 401</span>"]),
            "{line}"
        );
    }

    #[test]
    fn an_english_page_has_the_servers_sentences_alone() {
        let said = html(Lang::En, || failure(refused()));
        let order = [
            "The model did not pass its test (the key was refused).",
            "qwen answered 401",
            "Replace the key.",
        ];
        assert!(follow(&said, &order) && !said.contains("lang="), "{said}");
        assert_eq!(html(Lang::En, || Told::from(refused()).view()).matches("qwen").count(), 1);
    }

    #[test]
    fn a_failure_names_its_system() {
        let of = |code, system: &str| {
            html(Lang::Zh, || failure(Failure { system: Some(system.into()), ..Failure::new(code, "x") }))
        };
        assert!(of(Code::UpstreamUnavailable, "gateway").contains("无法访问网关。"));
        assert!(of(Code::UpstreamTimeout, "higress").contains("Higress 未及时响应。"));
    }

    #[test]
    fn what_the_page_says_itself_is_not_marked_as_english() {
        let own = Failure::new(Code::AuthRequired, "登录已过期，请重新登录。");
        let said = html(Lang::Zh, || Told::from(own).view());
        assert!(said.contains("登录已过期") && !said.contains("lang="), "{said}");
        let quoted = Failure::new(Code::ModelNotReachable, "the test of qwen failed: 402 余额不足");
        let said = html(Lang::Zh, || Told::from(quoted).view());
        assert!(follow(&said, &["模型测试未通过。", "<span lang=\"en\">the test"]), "{said}");
        let field = FieldError { field: "tokens[0]".into(), message: "too long".into() };
        let said = html(Lang::Zh, || Told::from(field).view());
        assert!(follow(&said, &["密钥不符合要求。", "<span lang=\"en\">too long</span>"]), "{said}");
    }

    #[test]
    fn a_warning_is_chinese_where_its_type_tells_enough() {
        let shown = |named: &[&str], code| {
            let one = Warning::new(code, "in English").about(named);
            html(Lang::Zh, || warning(one))
        };
        let shrinks = shown(&["262144", "65536"], WarningCode::ContextShrinks);
        assert!(
            shrinks.contains("上下文将从 262144 缩小到 65536 token。") && !shrinks.contains("English"),
            "{shrinks}"
        );
        // What a record of an older version did not name, and causes that are known in English only.
        for code in [WarningCode::ContextShrinks, WarningCode::NotRestored] {
            let shown = shown(&[], code);
            assert!(shown.contains("<span lang=\"en\">in English</span>"), "{shown}");
        }
    }

    #[test]
    fn what_to_do_for_an_agent_without_an_answer_is_what_its_button_does() {
        let fixed = |repair: Option<Repair>| {
            let check = Check::new(CheckId::AgentAnswered, CheckState::Failed, "worker:dave", "HTTP 403");
            html(Lang::Zh, || fix(&Check { repair, ..check.fix("in English") }).into_any())
        };
        let opens = Repair::RouteAccess { route: "qwen-ai-route".parse().unwrap(), consumer: None };
        assert!(fixed(Some(opens)).starts_with("请在该路由中授权此智能体。"));
        let edits = Repair::EditProvider { provider: "qwen".parse().unwrap() };
        assert!(fixed(Some(edits)).starts_with("请更换该提供商的密钥。"));
        let unknown = fixed(None);
        assert!(unknown.trim().starts_with("<span lang=\"en\">in English</span>"), "{unknown}");
    }

    #[test]
    fn an_observation_of_a_known_form_is_chinese() {
        let shown = |text: &str| html(Lang::Zh, || view! { <Said text=text.to_owned()/> }.into_any());
        assert_eq!(shown("3 objects read back as written"), "3 个对象已回读，与写入一致");
        assert_eq!(shown("disk is on fire"), "<span lang=\"en\">disk is on fire</span>");
    }

    #[test]
    fn an_agent_that_is_reached_is_told_in_chinese() {
        let way = Way::ShutOut { route: "qwen-ai-route".parse().unwrap() };
        let one = Affected { agent: "bob".into(), how: "in English".into(), way: Some(way) };
        let shown = html(Lang::Zh, || affected(one));
        assert!(shown.contains("路由 qwen-ai-route 不再授权它") && !shown.contains("English"), "{shown}");
    }
}
