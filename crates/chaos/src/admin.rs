//! People who change things, several at once, and go away when it takes too long.
use crate::{
    book::Invariant,
    check::confirm,
    process::{Alive, Process},
    world::{AGENTS, World},
};
use domain::{
    Context, Door, EditProvider, Failure, Mutation, NewProvider, Operation, OperationId, OperationState,
    ProviderName, SetModel, Target, TypedKey,
};
use fastrand::Rng;
use sandbox::upstreams::keys_of;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

const MODELS: [(&str, &str); 9] = [
    ("qwen", "qwen3.5-plus"),
    ("qwen", "qwen-max"),
    ("qwen", "qwen3-coder-plus"),
    ("deepseek", "deepseek-chat"),
    ("deepseek", "deepseek-reasoner"),
    ("moonshot", "kimi-k2.5"),
    ("moonshot", "kimi-k2-turbo-preview"),
    ("zhipuai", "glm-5"),
    ("minimax", "MiniMax-M2.7"),
];
/// Providers that are not there at the beginning.
const NEW: [&str; 2] = ["zhipuai", "minimax"];

/// What people were told, and what they asked for.
#[derive(Default)]
pub struct Told(Mutex<Answers>);

#[derive(Default)]
struct Answers {
    ended: Vec<Arc<Operation>>,
    /// `refused BUSY`, `gave up waiting`, …
    counts: BTreeMap<String, u64>,
    /// Tokens that somebody asked for, by provider.
    tokens: BTreeMap<String, Vec<String>>,
}

impl Told {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, what: impl Into<String>) {
        *self.answers().counts.entry(what.into()).or_default() += 1;
    }

    /// The ends that somebody was told.
    pub fn ended(&self) -> Vec<Arc<Operation>> {
        self.answers().ended.clone()
    }

    /// How often what was answered.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.answers().counts.clone()
    }

    /// Tokens that somebody asked a provider to have.
    pub fn tokens(&self, provider: &str) -> Vec<String> {
        self.answers().tokens.get(provider).cloned().unwrap_or_default()
    }

    fn one_committed(&self, chance: &mut Rng) -> Option<OperationId> {
        let answers = self.answers();
        let all: Vec<_> = answers
            .ended
            .iter()
            .filter(|operation| operation.state == OperationState::Committed && operation.undoes.is_none())
            .collect();
        chance.choice(all).map(|operation| operation.id.clone())
    }
}

/// One person.
pub struct Admin {
    pub name: String,
    pub process: Arc<Process>,
    pub world: Arc<World>,
    pub told: Arc<Told>,
    pub chance: Rng,
    /// How many changes the person asks for.
    pub wishes: usize,
    /// Of 100 waits so many are broken off.
    pub impatience: u32,
}

impl Admin {
    /// Asks for one change after the other.
    pub async fn work(mut self) {
        for _ in 0..self.wishes {
            sleep(Duration::from_millis(self.chance.u64(0..20_000))).await;
            let Some(mutation) = self.wish() else { continue };
            let alive = self.process.alive().await;
            self.ask(alive, mutation).await;
        }
    }

    /// Asks for a change and waits for its end, or goes away.
    pub async fn ask(&mut self, alive: Alive, mutation: Mutation) {
        let context =
            Context { actor: self.name.clone(), door: Door::Rest, idempotency_key: None, bulk: None };
        self.world.trace.note(format_args!("{} asks for {}", self.name, describe(&mutation)));
        self.world.book.submitted(self.world.moment());
        let patience = match self.chance.u32(0..100) < self.impatience {
            true => Duration::from_millis(self.chance.u64(0..3_000)),
            false => Duration::from_secs(900),
        };
        let asked = async {
            let running = alive.operations.submit(mutation, context).await.map_err(Box::new)?;
            let mut watch = running.watch();
            let ended = watch.wait_for(|operation| operation.state.is_final()).await;
            Ok::<_, Box<Failure>>(ended.ok().map(|operation| operation.clone()))
        };
        tokio::select! {
            biased;
            () = alive.life.ended() => self.told.count("the process ended"),
            asked = asked => self.hear(&alive, asked),
            () = sleep(patience) => self.told.count("gave up waiting"),
        }
    }

    fn hear(&self, alive: &Alive, asked: Result<Option<Arc<Operation>>, Box<Failure>>) {
        if alive.life.is_over() {
            return;
        }
        match asked {
            Ok(Some(operation)) => {
                let state = operation.state;
                self.world.trace.note(format_args!("{} hears {} {state:?}", self.name, operation.id));
                self.told.count(format!("{state:?}"));
                if state == OperationState::Committed {
                    confirm(&self.world, &operation);
                }
                self.told.answers().ended.push(operation);
            }
            Ok(None) => {
                let what = "an operation broke off without a word";
                self.world.book.broken(Invariant::EndsInTime, what);
            }
            Err(failure) => {
                self.world.trace.note(format_args!("{} is refused: {}", self.name, failure.message));
                self.told.count(format!("refused {:?}", failure.code));
            }
        }
    }

    fn wish(&mut self) -> Option<Mutation> {
        let chance = &mut self.chance;
        Some(match chance.u32(0..100) {
            0..44 => {
                let target: Target = AGENTS[chance.usize(..AGENTS.len())].parse().ok()?;
                let (provider, model) = MODELS[chance.usize(..MODELS.len())];
                Mutation::SetModel { target, wish: set_model(provider, model)? }
            }
            44..58 => {
                let name = NEW[chance.usize(..NEW.len())];
                self.want_token(name, 0);
                Mutation::AddProvider(new_provider(name)?)
            }
            58..74 => {
                let name = ["deepseek", "deepseek", "moonshot", "zhipuai"][chance.usize(..4)];
                let key = chance.usize(..2);
                self.want_token(name, key);
                let edit = EditProvider {
                    tokens: Some(vec![TypedKey::new(keys_of(name)[key].to_owned())]),
                    ..EditProvider::default()
                };
                Mutation::EditProvider { name: name.parse().ok()?, edit }
            }
            74..80 => {
                let name = ["moonshot", "zhipuai", "minimax"][chance.usize(..3)];
                self.world.book.unwanted(format!("provider:{name}"));
                self.world.book.unwanted(format!("route:{name}-ai-route"));
                Mutation::RemoveProvider { name: name.parse().ok()? }
            }
            80..87 => Mutation::RepairRoutes { route: None, consumer: None },
            _ => Mutation::Undo { operation: self.told.one_committed(chance)? },
        })
    }

    /// Somebody wants a provider to have a key of the vendor.
    pub fn want_token(&self, provider: &str, key: usize) {
        let token = keys_of(provider)[key].to_owned();
        self.told.answers().tokens.entry(provider.to_owned()).or_default().push(token);
    }
}

/// A wish for a model.
pub fn set_model(provider: &str, model: &str) -> Option<SetModel> {
    Some(SetModel {
        provider: provider.parse().ok()?,
        model: model.parse().ok()?,
        context_window: None,
        max_tokens: None,
        reasoning: None,
    })
}

/// A provider of a vendor, with a key that works.
pub fn new_provider(name: &str) -> Option<NewProvider> {
    let provider: ProviderName = name.parse().ok()?;
    Some(NewProvider {
        name: provider,
        kind: name.parse().ok()?,
        protocol: Default::default(),
        base_url: None,
        tokens: vec![TypedKey::new(keys_of(name)[0].to_owned())],
        failover: None,
        settings: Default::default(),
    })
}

fn describe(mutation: &Mutation) -> String {
    match mutation {
        Mutation::SetModel { target, wish } => format!("set_model {target} {} {}", wish.provider, wish.model),
        Mutation::AddProvider(new) => format!("add_provider {}", new.name),
        Mutation::EditProvider { name, .. } => format!("edit_provider {name}"),
        Mutation::RemoveProvider { name } => format!("remove_provider {name}"),
        Mutation::Undo { operation } => format!("undo {operation}"),
        other => other.kind().to_owned(),
    }
}
