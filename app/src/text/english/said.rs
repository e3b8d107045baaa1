//! What the server says in fixed words.
use domain::{
    CheckGroup, CheckId, CheckState, Code, LimitSource, OperationState, Reason, StepName, StepState,
    WorkerStatus,
};

pub fn system_name(name: &str) -> &str {
    match name {
        "higress" => "Higress",
        "gateway" => "Gateway",
        "store" => "Store",
        "manager" => "Manager",
        "storage" => "Own data",
        "containers" => "Containers",
        other => other,
    }
}

pub fn source(source: LimitSource) -> &'static str {
    match source {
        LimitSource::KnownModels => "table of known models",
        LimitSource::Provider => "the provider's own list",
        LimitSource::Openclaw => "the agent's openclaw.json",
        LimitSource::Request => "as typed",
        LimitSource::Default => "HiClaw's defaults, for this model is not known",
    }
}

/// [`source`] where there is little room.
pub fn source_short(source: LimitSource) -> &'static str {
    match source {
        LimitSource::KnownModels => "known",
        LimitSource::Provider => "listed",
        LimitSource::Openclaw => "openclaw.json",
        LimitSource::Request => "typed",
        LimitSource::Default => "guessed",
    }
}

pub fn warning(code: &str) -> &'static str {
    match code {
        "VISION_LOST" => "No more vision",
        "CONTEXT_SHRINKS" => "A smaller context",
        "LIMITS_ARE_DEFAULTS" => "Limits are guessed",
        "DEFAULT_ROUTE_CHANGES" => "The default route changes",
        "DEFAULT_ROUTE_MISSING" => "No default route",
        "RESET_BY_HICLAW" => "HiClaw will reset this",
        "MODEL_LIST_UNREADABLE" => "The model list could not be read",
        "PREDICATE_TAKEN" => "Another route takes this model",
        "CONSUMER_MISSING" => "Consumer missing",
        "AGENT_UNREADABLE" => "An agent could not be read",
        "ACCESS_LOST" => "Access is lost",
        "SHADOWED" => "Never reached",
        "LEFT_OUT" => "Left out",
        "NOT_RESTORED" => "Cannot be restored",
        "STAYS" => "Stays as it is",
        _ => "Note",
    }
}

pub fn step(step: StepName) -> &'static str {
    match step {
        StepName::Plan => "Plan",
        StepName::Provider => "Provider",
        StepName::Route => "Route",
        StepName::Test => "Test",
        StepName::Neighbours => "Neighbours",
        StepName::Record => "model.json",
        StepName::Config => "openclaw.json",
        StepName::Reload => "Taken up",
        StepName::Verify => "Read everything back",
    }
}

pub fn step_state(state: StepState) -> &'static str {
    match state {
        StepState::Pending => "waiting",
        StepState::Running => "running",
        StepState::Done => "done",
        StepState::Failed => "failed",
        StepState::Undone => "undone",
        StepState::Skipped => "skipped",
    }
}

pub fn operation_state(state: OperationState) -> &'static str {
    match state {
        OperationState::Planned => "planned",
        OperationState::Applying => "applying",
        OperationState::Verifying => "verifying",
        OperationState::Compensating => "rolling back",
        OperationState::Committed => "done",
        OperationState::RolledBack => "rolled back",
        OperationState::NeedsOperator => "needs an operator",
    }
}

pub fn kind(kind: &str) -> &'static str {
    match kind {
        "set_model" => "Set model",
        "add_provider" => "Add provider",
        "edit_provider" => "Edit provider",
        "remove_provider" => "Remove provider",
        "repair_routes" => "Repair access",
        "undo" => "Undo",
        "apply" => "Apply a file",
        "restore" => "Restore",
        _ => "Change",
    }
}

pub fn worker_status(status: WorkerStatus) -> &'static str {
    match status {
        WorkerStatus::Idle => "idle",
        WorkerStatus::Busy => "busy",
        WorkerStatus::Sleeping => "asleep",
        WorkerStatus::Stopped => "stopped",
        WorkerStatus::Starting => "starting",
        WorkerStatus::Running => "running",
        WorkerStatus::Offline => "offline",
        WorkerStatus::Failed => "failed",
        WorkerStatus::Remote => "remote",
        WorkerStatus::Unknown => "unknown",
    }
}

pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Auth => "the key was refused",
        Reason::ConsumerNotAllowed => "the route does not let this agent in",
        Reason::RouteNotFound => "no route takes the model",
        Reason::ModelNotFound => "the provider does not know the model",
        Reason::RateLimit => "the provider limits the rate",
        Reason::Billing => "the provider wants to be paid",
        Reason::Timeout => "no answer in time",
        Reason::DnsTls => "the host could not be reached",
        Reason::Format => "the answer is no chat completion",
        Reason::GatewayNotReady => "the gateway does not serve the change yet",
        Reason::Unknown => "cause unknown",
    }
}

pub fn code(code: Code) -> &'static str {
    match code {
        Code::InvalidRequest => "Something in the form is not right.",
        Code::MalformedRequest => "The request cannot be read.",
        Code::AuthRequired => "Sign in first.",
        Code::AuthFailed => "Wrong name or password.",
        Code::Forbidden => "This request is not allowed.",
        Code::ProviderNotFound => "No such provider.",
        Code::WorkerNotFound => "No such worker.",
        Code::RouteNotFound => "No such route.",
        Code::OperationNotFound => "No such operation.",
        Code::ProviderExists => "This name is taken.",
        Code::ProviderInUse => "The provider is in use.",
        Code::Conflict => "Something changed meanwhile.",
        Code::Busy => "Another operation is at work.",
        Code::InvalidModel => "This model cannot be used.",
        Code::ModelNotReachable => "The model did not pass its test.",
        Code::UpstreamUnavailable => "A system could not be reached.",
        Code::UpstreamTimeout => "A system did not answer in time.",
        Code::ReadOnlyTarget => "This agent's model cannot be changed here.",
        Code::StorageUnavailable => "The data directory cannot be written.",
        Code::IdempotencyMismatch => "This key came with another request before.",
        Code::NotFound => "There is nothing here.",
        Code::MethodNotAllowed => "This method is not taken.",
        Code::UnsupportedMediaType => "This content type is not taken.",
        Code::PayloadTooLarge => "The request is too large.",
        Code::RateLimited => "Too many attempts.",
        Code::RolledBack => "It failed, and everything was put back.",
        Code::NeedsOperator => "Somebody has to look.",
        Code::Internal => "Something is wrong with this server.",
    }
}

pub fn check(check: CheckId) -> &'static str {
    match check {
        CheckId::ConsoleReachable => "The Higress Console answers",
        CheckId::ConsoleSignIn => "The console accepts our account",
        CheckId::ConsoleVersion => "The console's version is a tested one",
        CheckId::ConsolePassword => "The console's password is not a known one",
        CheckId::ClockSkew => "The console's clock agrees with ours",
        CheckId::StoreReachable => "The object store answers",
        CheckId::StoreConditionalWrites => "The object store honours conditional writes",
        CheckId::ManagerAnswers => "The Manager runs",
        CheckId::WorkerList => "The list of workers can be read",
        CheckId::GatewayReachable => "The AI gateway answers",
        CheckId::GatewayMetrics => "The AI gateway gives figures",
        CheckId::RoutesReadable => "Routes and providers can be read",
        CheckId::DefaultRoute => "There is a default route",
        CheckId::RouteProviders => "Routes lead to providers that exist",
        CheckId::RouteShadowed => "No route hides another",
        CheckId::RouteConsumers => "Routes let every agent in",
        CheckId::RouteOpen => "Routes ask for a key",
        CheckId::RouteLive => "The gateway has what the console stores",
        CheckId::ProviderKey => "It has its key",
        CheckId::ProviderReachable => "It was reached when last asked",
        CheckId::ProviderKeyAccepted => "Its key was accepted",
        CheckId::ProviderLasts => "Changes to it outlast a restart",
        CheckId::AgentConfig => "Its config can be read",
        CheckId::AgentModel => "It names a model over the gateway",
        CheckId::AgentModelEntry => "It lists that model",
        CheckId::AgentKey => "The gateway knows its key",
        CheckId::AgentRoute => "A route takes its model",
        CheckId::AgentAllowed => "The route lets it in",
        CheckId::AgentProvider => "The provider of its model exists",
        CheckId::AgentModelListed => "The provider lists its model",
        CheckId::AgentRecord => "It runs the recorded model",
        CheckId::AgentAnswered => "A model answered it",
        CheckId::WorkerRuns => "Its container runs or sleeps",
        CheckId::DataWritable => "The data directory can be written",
        CheckId::DataSpace => "The data directory has space left",
        CheckId::DataLock => "No other agm uses the data directory",
        CheckId::JournalReadable => "The journal can be read",
        CheckId::OperationsSettled => "No operation waits for a person",
        CheckId::AuditChain => "The audit log is as it was written",
        CheckId::OwnPassword => "The password of agm is not a known one",
    }
}

pub fn check_group(group: CheckGroup) -> &'static str {
    match group {
        CheckGroup::Installation => "Installation",
        CheckGroup::Gateway => "Gateway",
        CheckGroup::Providers => "Providers",
        CheckGroup::Agents => "Agents",
        CheckGroup::Server => "Server",
    }
}

pub fn check_state(state: CheckState) -> &'static str {
    match state {
        CheckState::Ok => "well",
        CheckState::Unknown => "not looked at",
        CheckState::Warning => "take care",
        CheckState::Failed => "failed",
    }
}

pub fn setting_source(source: &str) -> &str {
    match source {
        "flag" => "command line",
        "file" => "configuration file",
        other => other,
    }
}
