//! People who change things, several at once, and go away when it takes too long.
use crate::{
    book::Invariant,
    check::{check_told, confirm},
    locked::locked,
    process::{Alive, Process},
    world::World,
};
use domain::{
    Context, Door, EditProvider, Failure, Mutation, NewProvider, Operation, OperationId, OperationState,
    ProviderName, Restart, SetModel, Target, TypedKey,
};
use fastrand::Rng;
use sandbox::upstreams::keys_of;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
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
    /// Lists of tokens that somebody asked for, by provider.
    tokens: BTreeMap<String, Vec<Vec<&'static str>>>,
}

impl Told {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        locked(&self.0)
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

    /// Lists of tokens that somebody asked a provider to have.
    pub fn tokens(&self, provider: &str) -> Vec<Vec<&'static str>> {
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
    /// Wants one thing only: other keys for one provider.
    pub single_minded: bool,
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
            asked = asked => self.hear(&alive, asked).await,
            () = sleep(patience) => self.told.count("gave up waiting"),
        }
    }

    async fn hear(&self, alive: &Alive, asked: Result<Option<Arc<Operation>>, Box<Failure>>) {
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
                check_told(&self.world, &operation).await;
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
        let single_minded = self.single_minded;
        let wish = if single_minded { 60 } else { chance.u32(0..100) };
        Some(match wish {
            0..44 => {
                let target: Target = chance.choice(self.world.agents())?.parse().ok()?;
                let (provider, model) = MODELS[chance.usize(..MODELS.len())];
                Mutation::SetModel { target, wish: set_model(provider, model)? }
            }
            44..58 => {
                let name = NEW[chance.usize(..NEW.len())];
                self.want_tokens(name, &[0]);
                Mutation::AddProvider(new_provider(name)?)
            }
            58..74 => {
                let names = ["deepseek", "deepseek", "moonshot", "zhipuai"];
                let name = if single_minded { names[0] } else { names[chance.usize(..4)] };
                let keys: &[usize] = [&[0][..], &[1], &[0, 1]][chance.usize(..3)];
                let tokens = self.want_tokens(name, keys);
                let tokens = tokens.into_iter().map(|token| TypedKey::new(token.to_owned())).collect();
                let edit = EditProvider { tokens: Some(tokens), ..EditProvider::default() };
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

    /// Somebody wants a provider to have these keys of the vendor.
    pub fn want_tokens(&self, provider: &str, keys: &[usize]) -> Vec<&'static str> {
        let tokens: Vec<_> = keys.iter().map(|key| keys_of(provider)[*key]).collect();
        self.told.answers().tokens.entry(provider.to_owned()).or_default().push(tokens.clone());
        tokens
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
        restart: Restart::No,
        lasting: false,
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
